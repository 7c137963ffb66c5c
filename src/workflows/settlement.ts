import {
  ApplicationFailure,
  CancellationScope,
  allHandlersFinished,
  condition,
  isCancellation,
  setCurrentDetails,
  setHandler,
  sleep,
  upsertSearchAttributes,
} from '@temporalio/workflow';
import { ApplicationFailureCategory } from '@temporalio/common';
import { type Finding, blocking, overridden } from '../domain/finding.js';
import { AT_RISK_MS, type Settlement, type SettlementOrder, type StepTime, TARGET_MS, receivedSettlement, sameFacts } from '../domain/settlement.js';
import {
  type BillingCycleOpened,
  type Delivery,
  NOT_ALLOWED_NOW,
  type PostingTaken,
  REJECTED,
  SETTLEMENT_EXISTS,
  announceBalance,
  billingCycleOpened,
  confirmDelivery,
  postingTaken,
  settlementState,
} from './messages.js';
import { AT_RISK, BREACHED, CYCLE, STATUS } from './search-attributes.js';
import { runStep } from './steps.js';

/** What came in and waits for the main loop. */
type Message =
  | { kind: 'delivery'; delivery: Delivery }
  | { kind: 'cycleOpened'; opened: BillingCycleOpened }
  | { kind: 'taken'; taken: PostingTaken };

/** The announcement of the outstanding balance, SSS-PM-02, from the request to the end. */
export async function settlement(order: SettlementOrder): Promise<Settlement> {
  const view = receivedSettlement(order);
  const inbox: Message[] = [];
  const seen = new Set<string>();
  let rejection: ApplicationFailure | undefined;

  setHandler(settlementState, () => view);
  setHandler(announceBalance, async (asked) => {
    if (!sameFacts(asked.facts, order.facts)) throw expectedEnd(SETTLEMENT_EXISTS, `settlement ${view.id} exists with other facts`, [view]);
    await condition(() => view.announcedAt !== null || rejection !== undefined);
    if (rejection) throw rejection;
    return view;
  });
  setHandler(
    confirmDelivery,
    async (delivery) => {
      inbox.push({ kind: 'delivery', delivery });
      await condition(() => view.delivery !== null);
      return view;
    },
    {
      validator: (_delivery) => {
        if (view.announcedAt === null) throw expectedEnd(NOT_ALLOWED_NOW, 'the balance is not announced yet');
      },
    },
  );
  const once = (eventId: string, message: Message): void => {
    if (seen.has(eventId)) return;
    seen.add(eventId);
    inbox.push(message);
  };
  setHandler(billingCycleOpened, (opened) => once(opened.eventId, { kind: 'cycleOpened', opened }));
  setHandler(postingTaken, (taken) => once(taken.eventId, { kind: 'taken', taken }));

  tell(view, 'درخواست دریافت شد');
  const clock = fiveMinutes(order, view);
  try {
    const objectionEndsAt = await announceTheBalance(order, view, clock);
    await untilSettled(view, inbox, objectionEndsAt);
  } catch (error) {
    if (!(error instanceof ApplicationFailure) || (error.type !== REJECTED && error.type !== SETTLEMENT_EXISTS)) throw error;
    rejection = expectedEnd(error.type, error.message, error.details ?? []);
  } finally {
    clock.stop();
  }
  await condition(allHandlersFinished);
  if (rejection) throw rejection;
  return view;
}

/** Steps 1 to 7; answers when the objection days end. Throws REJECTED with the findings that stand in the way. */
async function announceTheBalance(order: SettlementOrder, view: Settlement, clock: Clock): Promise<string | null> {
  const { id } = order;
  const run: typeof runStep = (name, summary, input) => runStep(name, summary, input, () => clock.start());
  const stepDone = (time: StepTime): void => void view.steps.push(time);
  const findings: Finding[] = [];
  const stopAtFindings = async (found: Finding[]): Promise<void> => {
    findings.push(...found);
    const errors = blocking(findings, order.facts.confirmations);
    view.warnings = findings.filter((each) => each.severity !== 'error');
    if (errors.length === 0) return;
    view.errors = errors;
    await run('reject', 'ثبت رد درخواست', { id, errors, warnings: view.warnings, steps: view.steps });
    view.status = 'rejected';
    tell(view, `رد شد: ${errors.map((each) => each.code).join('، ')}`);
    throw rejected(errors);
  };

  // steps that do not need each other go side by side: a clerk waits for the slower of the two
  const [registered, fetched] = await Promise.all([
    run('register', '۱. ثبت درخواست', { order }),
    run('fetchAccount', '۲. دریافت آخرین صورتحساب', { order }),
  ]);
  stepDone(registered.time);
  stepDone(fetched.time);
  const { snapshot, account, tariffs, fee, overrides } = fetched.value;
  await stopAtFindings(fetched.value.findings);
  if (!snapshot || !account) throw rejected(fetched.value.findings);

  // both sets of findings are answered together, so that the clerk mends all at once
  const [checked, computed] = await Promise.all([
    run('checkReading', '۳. بررسی رقم کنتور', { order, snapshot, tariffs }),
    run('computeDebt', '۴. محاسبه مانده بدهی', { order, snapshot, tariffs, fee }),
  ]);
  stepDone(checked.time);
  stepDone(computed.time);
  await stopAtFindings(overridden([...checked.value, ...computed.value.findings], overrides));
  const { debt } = computed.value;
  if (!debt) throw rejected(view.errors);

  const issued = await run('issueBill', '۵. صدور صورتحساب تسویه', { order, snapshot, tariffs, fee, debt, revision: 1, steps: view.steps }).catch(
    async (error: unknown) => {
      // no payment id is left: found only while issuing, answered like any other finding
      if (error instanceof ApplicationFailure && error.type === REJECTED) await stopAtFindings(error.details?.[0] as Finding[]);
      throw error;
    },
  );
  stepDone(issued.time);
  const bill = issued.value;

  const announced = await run('announce', '۶. اعلام مانده بدهی', { id, account, warnings: view.warnings, steps: [issued.time] });
  stepDone(announced.time);
  clock.stop();

  const show = (postings: Settlement['postings']): void => {
    Object.assign(view, { bill, account, revision: bill.revision, postings, ...announced.value, status: 'announced' });
  };
  // who waits for the announcement sees the whole, unless the outbox is slow: then the balance alone
  const scheduled = await runStep('scheduleFee', '۷. ثبت هزینه در بدهی متفرقه دوره آتی', { order, snapshot, bill }, () => show([]));
  stepDone(scheduled.time);
  show(scheduled.value.postings);
  const cycle = scheduled.value.postings[0]?.cycle;
  upsertSearchAttributes([{ key: STATUS, value: view.status }, ...(cycle ? [{ key: CYCLE, value: cycle }] : [])]);
  tell(view, `مانده اعلام شد: ${bill.payable} ریال؛ در انتظار تحویل صورتحساب`);
  if (!view.withinTarget && !view.lateEntry) await markDelay(view, order, 'breached');
  void remindOfDelivery(view, order, scheduled.value.dayEndsAt);
  return scheduled.value.objectionEndsAt;
}

/** Hand-over, the next cycle, and billing's acknowledgements, in whatever order they come. */
async function untilSettled(view: Settlement, inbox: Message[], objectionEndsAt: string | null): Promise<void> {
  const { id } = view;
  let objectionOver = objectionEndsAt === null;
  if (objectionEndsAt) {
    void sleepUntil(objectionEndsAt, 'پایان مهلت اعتراض').then(() => {
      objectionOver = true;
    });
  }
  const closed = (): boolean => objectionOver && view.delivery !== null && view.postings.every((each) => each.status === 'taken');

  for (;;) {
    await condition(() => inbox.length > 0 || closed());
    const message = inbox.shift();
    if (!message) break;
    switch (message.kind) {
      case 'delivery': {
        if (view.delivery) break;
        const delivery = await runStep('recordDelivery', 'تحویل صورتحساب', { id, ...message.delivery });
        view.delivery = delivery;
        if (view.status === 'announced') view.status = 'delivered';
        tell(view, `صورتحساب تحویل شد؛ در انتظار دوره ${view.postings[0]?.cycle ?? 'آتی'}`);
        break;
      }
      case 'cycleOpened': {
        const { cycle, eventId } = message.opened;
        const handedOver = await runStep('handOver', `ارسال به صورتحساب دوره ${cycle}`, { id, cycle, eventId });
        if (handedOver.length === 0) break;
        for (const posting of view.postings) {
          if (posting.status === 'waiting' && handedOver.includes(posting.posting)) posting.status = 'handedOver';
        }
        view.status = 'handedOver';
        tell(view, `هزینه و رقم تسویه به دوره ${cycle} ارسال شد؛ در انتظار تأیید صورتحساب`);
        break;
      }
      case 'taken': {
        const posting = view.postings.find((each) => each.posting === message.taken.posting);
        await runStep('recordTaken', 'تأیید واحد صورتحساب', { id, taken: message.taken });
        if (!posting || (posting.status !== 'waiting' && posting.status !== 'handedOver')) break;
        posting.status = 'taken';
        const open = view.postings.filter((each) => each.status !== 'taken').length;
        tell(view, open > 0 ? `${open} قلم در انتظار تأیید صورتحساب` : 'همه اقلام در صورتحساب دوره آتی آمد');
        break;
      }
    }
    upsertSearchAttributes([{ key: STATUS, value: view.status }]);
  }
  await runStep('settle', 'پایان تسویه', { id });
  view.status = 'settled';
  upsertSearchAttributes([{ key: STATUS, value: view.status }]);
  tell(view, 'تسویه پایان یافت');
}

interface Clock {
  /** Told when the quick path did not answer: from then on a timer is worth its history. */
  start(): void;
  stop(): void;
}

/** At half of the five minutes the settlement is at risk, at five breached; the work goes on. */
function fiveMinutes(order: SettlementOrder, view: Settlement): Clock {
  const scope = new CancellationScope();
  let running = false;
  const watch = async (): Promise<void> => {
    const receivedAt = Date.parse(order.receivedAt);
    await sleepUntil(new Date(receivedAt + AT_RISK_MS).toISOString(), 'در آستانه تأخیر (۲:۳۰)');
    upsertSearchAttributes([{ key: AT_RISK, value: true }]);
    tell(view, 'در آستانه تأخیر: دو دقیقه و نیم از درخواست گذشت');
    // the mark must not keep the clock from going on
    void markDelay(view, order, 'atRisk').catch(ignoreCancellation);
    await sleepUntil(new Date(receivedAt + TARGET_MS).toISOString(), 'پایان پنج دقیقه');
    tell(view, 'تأخیر: پنج دقیقه گذشت و مانده هنوز اعلام نشده است');
    await markDelay(view, order, 'breached');
  };
  return {
    start() {
      // a paper slip's five minutes passed during the outage: nobody is to be called now
      if (running || view.lateEntry) return;
      running = true;
      void scope.run(watch).catch(ignoreCancellation);
    },
    stop: () => scope.cancel(),
  };
}

async function markDelay(view: Settlement, order: SettlementOrder, delay: 'atRisk' | 'breached'): Promise<void> {
  if (delay === 'breached') upsertSearchAttributes([{ key: BREACHED, value: true }]);
  // written even when the announcement comes in between
  await CancellationScope.nonCancellable(() =>
    runStep('markDelay', delay === 'atRisk' ? 'در آستانه تأخیر' : 'تأخیر: وظیفه برای سرپرست', { id: view.id, office: order.clerk.office, delay }),
  );
}

async function remindOfDelivery(view: Settlement, order: SettlementOrder, dayEndsAt: string): Promise<void> {
  if (await condition(() => view.delivery !== null, Math.max(1, Date.parse(dayEndsAt) - Date.now()), { summary: 'تحویل تا پایان روز' })) return;
  await runStep('openTask', 'وظیفه: تحویل صورتحساب', {
    settlementId: view.id,
    kind: 'deliver',
    office: order.clerk.office,
    dueAt: dayEndsAt,
  });
}

async function sleepUntil(instant: string, summary: string): Promise<void> {
  const wait = Date.parse(instant) - Date.now();
  if (wait > 0) await sleep(wait, { summary });
}

function tell(view: Settlement, details: string): void {
  setCurrentDetails(`**تسویه ${view.id}**\n\n${details}`);
}

/** An expected end: the applicant's facts do not allow the settlement. The same id may be asked for again. */
function rejected(errors: Finding[]): ApplicationFailure {
  return expectedEnd(REJECTED, errors.map((each) => each.code).join(', '), [errors]);
}

/** A failure that belongs to the ordinary course of things: no alarm in logs and metrics. */
function expectedEnd(type: string, message: string, details: unknown[] = []): ApplicationFailure {
  return ApplicationFailure.create({ type, message, nonRetryable: true, category: ApplicationFailureCategory.BENIGN, details });
}

function ignoreCancellation(error: unknown): void {
  if (!isCancellation(error)) throw error;
}
