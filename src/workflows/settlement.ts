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
import { type Finding, blocking, overridden } from '../domain/settlement/finding.js';
import type { Opening } from '../domain/outbox/cycle.js';
import { COVERED, type Outcome, becameTrouble, isOpen, isOverdue, isWithdrawn, waitsFor } from '../domain/outbox/outbox.js';
import { paidOf } from '../domain/settlement/payment.js';
import {
  AT_RISK_MS,
  type Outbox,
  type Settlement,
  type SettlementOrder,
  type StepTime,
  TARGET_MS,
  receivedSettlement,
  sameFacts,
} from '../domain/settlement/settlement.js';
import type { TaskKind } from '../domain/settlement/task.js';
import type { Scheduled, Targeted } from '../activities/outbox.js';
import {
  type Delivery,
  NOT_ALLOWED_NOW,
  REJECTED,
  SETTLEMENT_EXISTS,
  announceBalance,
  billingCycleOpened,
  confirmDelivery,
  outboxChanged,
  paymentReceived,
  postingRefused,
  postingRetracted,
  postingTaken,
  settlementState,
} from './messages.js';
import { AT_RISK, BREACHED, CORRECTIONS, CYCLE, FEE_OVERDUE, STATUS } from './search-attributes.js';
import { expectedEnd } from './failures.js';
import { startRework } from './rework.js';
import { runStep } from './steps.js';

/** What came in and waits for the main loop. */
type Message =
  | { kind: 'delivery'; delivery: Delivery }
  | { kind: 'cycleOpened'; opened: Opening }
  | { kind: 'outcome'; eventId: string; outcome: Outcome; seq: number | null }
  /** what a person asked for, done in its turn */
  | { kind: 'act'; act: () => Promise<void> };

/** The announcement of the outstanding balance, SSS-PM-02, from the request to the end. */
export async function settlement(asked: SettlementOrder): Promise<Settlement> {
  // a correction changes the facts
  const order = { ...asked };
  const view = receivedSettlement(order);
  const inbox: Message[] = [];
  const seen = new Set<string>();
  let rejection: ApplicationFailure | undefined;

  setHandler(settlementState, () => view);
  setHandler(announceBalance, async ({ facts }) => {
    if (!sameFacts(facts, order.facts)) throw expectedEnd(SETTLEMENT_EXISTS, `settlement ${view.id} exists with other facts`, [view]);
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
  const told =
    (outcome: Outcome['outcome']) =>
    ({ eventId, seq = null, ...said }: { eventId: string; seq?: number | null; posting: string }): void =>
      once(eventId, { kind: 'outcome', eventId, outcome: { ...said, outcome }, seq });
  setHandler(postingTaken, told('taken'));
  setHandler(postingRefused, told('refused'));
  setHandler(postingRetracted, told('retracted'));

  setHandler(paymentReceived, ({ eventId, reference }) =>
    once(`payment/${eventId}`, {
      kind: 'act',
      act: async () => {
        // all that is on record, so that news that never came is made good too
        Object.assign(view, await runStep('fetchPayments', `پرداخت ${reference}`, { id: view.id }));
        tell(
          view,
          view.paid?.remaining === 0 ? 'صورتحساب پرداخت شد' : `پرداخت ${reference} ثبت شد؛ ${view.paid?.remaining ?? 0} ریال مانده است`,
        );
      },
    }),
  );

  const life = untilSettled(order, view, inbox);

  tell(view, 'درخواست دریافت شد');
  const clock = fiveMinutes(order, view);
  try {
    const { outbox, open } = await announceTheBalance(order, view, clock);
    if (open) once(open.eventId, { kind: 'cycleOpened', opened: open });
    await life.run(outbox);
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

/** Steps 1 to 7; answers what waits for billing. Throws REJECTED with the findings that stand in the way. */
async function announceTheBalance(order: SettlementOrder, view: Settlement, clock: Clock): Promise<Scheduled> {
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

  const fetch = () => run('fetchAccount', '۲. دریافت آخرین صورتحساب', { order });
  // steps that do not need each other go side by side: a clerk waits for the slower of the two
  const [registered, first] = await Promise.all([run('register', '۱. ثبت درخواست', { order }), fetch()]);
  stepDone(registered.time);

  /** Steps 2 to 5 from a fetched account; null when another settlement of the subscriber was issued meanwhile. */
  const issueFrom = async (fetched: typeof first) => {
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
    await stopAtFindings(overridden([...checked.value, ...computed.value.findings], overrides, order.clerk.id));
    const { debt } = computed.value;
    if (!debt) throw rejected(view.errors);

    try {
      const issued = await run('issueBill', '۵. صدور صورتحساب تسویه', {
        order,
        snapshot,
        tariffs,
        fee,
        debt,
        revision: 1,
        steps: view.steps,
      });
      stepDone(issued.time);
      return { snapshot, account, issued };
    } catch (error) {
      const type = error instanceof ApplicationFailure ? error.type : undefined;
      if (type === 'LEDGER_CHANGED') return null;
      // no payment id is left: found only while issuing, answered like any other finding
      if (type === REJECTED) await stopAtFindings((error as ApplicationFailure).details?.[0] as Finding[]);
      throw error;
    }
  };
  let outcome = await issueFrom(first);
  while (!outcome) {
    findings.length = 0;
    view.steps.length = 1;
    outcome = await issueFrom(await fetch());
  }
  const { snapshot, account, issued } = outcome;
  const bill = issued.value;

  const announced = await run('announce', '۶. اعلام مانده بدهی', { id, account, warnings: view.warnings, steps: [issued.time] });
  stepDone(announced.time);
  clock.stop();

  const show = (postings: Settlement['postings']): void => {
    Object.assign(view, {
      bill,
      account,
      revision: bill.revision,
      postings,
      paid: paidOf(bill.payable, []),
      ...announced.value,
      status: 'announced',
    });
  };
  // who waits for the announcement sees the whole, unless the outbox is slow: then the balance alone
  const scheduled = await runStep('scheduleFee', '۷. ثبت هزینه در بدهی متفرقه دوره آتی', { order, snapshot, bill }, () => show([]));
  stepDone(scheduled.time);
  const { outbox } = scheduled.value;
  show(outbox.postings);
  const cycle = waitsFor(outbox.postings);
  upsertSearchAttributes([
    { key: STATUS, value: view.status },
    { key: CORRECTIONS, value: 0 },
    ...(cycle !== null ? [{ key: CYCLE, value: cycle }] : []),
  ]);
  tell(view, `مانده اعلام شد: ${bill.payable} ریال؛ در انتظار تحویل صورتحساب`);
  if (!view.withinTarget && !view.lateEntry) await markDelay(view, order, 'breached');
  void remindOfDelivery(view, order, scheduled.value.dayEndsAt);
  return scheduled.value;
}

/** Hand-over, the next cycle, billing's acknowledgements and the rework, in whatever order they come. */
function untilSettled(order: SettlementOrder, view: Settlement, inbox: Message[]): { run(scheduled: Outbox): Promise<void> } {
  const { id } = order;
  let outbox: Outbox = { postings: [], closesAt: null, objectionEndsAt: null };
  const about = () => ({
    id,
    facts: { subscription: order.facts.subscription, settlementDate: order.facts.settlementDate },
    at: new Date().toISOString(),
  });
  const task = (kind: TaskKind, summary: string): Promise<unknown> =>
    runStep('openTask', summary, { settlementId: id, kind, office: order.clerk.office });
  const keep = async ({ outbox: next, open }: Targeted): Promise<void> => {
    const { late, refused } = becameTrouble(outbox.postings, next.postings);
    const [overdue, cycle] = [isOverdue(next.postings), waitsFor(next.postings)];
    if (overdue !== isOverdue(outbox.postings)) upsertSearchAttributes([{ key: FEE_OVERDUE, value: overdue }]);
    if (cycle !== null && cycle !== waitsFor(outbox.postings)) upsertSearchAttributes([{ key: CYCLE, value: cycle }]);
    outbox = next;
    view.postings = next.postings;
    // an opening is told once by its event; what is new since must be handed over all the same
    if (open && next.postings.some(({ status, cycle }) => (status === 'waiting' || status === 'late') && cycle === open.cycle))
      inbox.push({ kind: 'cycleOpened', opened: open });
    if (late.some(({ reason }) => reason === COVERED)) await task('settlementCovered', 'وظیفه: رقم تسویه در قبضی که همین روزها را دارد');
    if (late.some(({ reason }) => reason !== COVERED)) await task('postingLate', 'وظیفه: ارسال دیرمانده به صورتحساب');
    await rework.refused(refused);
    await rework.resolved(next.postings);
  };
  setHandler(
    outboxChanged,
    () =>
      void inbox.push({
        kind: 'act',
        act: async () => keep(await runStep('lookAtOutbox', 'نگاه دوباره به اقلام', { order, at: new Date().toISOString() })),
      }),
  );
  const rework = startRework({
    order,
    view,
    keep,
    tell: (details) => tell(view, details),
    inTurn: (act) => new Promise((resolve, reject) => inbox.push({ kind: 'act', act: () => act().then(resolve, reject) })),
  });

  const passed = (instant: string | null): boolean => instant !== null && Date.parse(instant) <= Date.now();
  const answered = (): boolean => view.delivery !== null && !outbox.postings.some(isOpen) && !rework.isOpen();
  const closed = (): boolean =>
    view.status === 'cancelled' || (answered() && (outbox.objectionEndsAt === null || passed(outbox.objectionEndsAt)));
  const deadline = (): { at: string; summary: string } | null => {
    if (outbox.closesAt !== null) return { at: outbox.closesAt, summary: 'بسته شدن دوره' };
    return answered() && outbox.objectionEndsAt !== null ? { at: outbox.objectionEndsAt, summary: 'پایان مهلت اعتراض' } : null;
  };

  const showState = (): void =>
    upsertSearchAttributes([
      { key: STATUS, value: view.status },
      { key: CORRECTIONS, value: view.corrections.length },
    ]);

  const run = async (scheduled: Outbox): Promise<void> => {
    outbox = scheduled;
    for (;;) {
      if (view.status === 'cancelled' && inbox.length === 0) return;
      if (closed() && inbox.length === 0) {
        await runStep('settle', 'پایان تسویه', { id });
        view.status = 'settled';
        // what came in meanwhile was accepted: it is heard as well
        if (inbox.length === 0) break;
      }
      const next = deadline();
      if (next === null) await condition(() => inbox.length > 0 || closed());
      else if (!passed(next.at)) await condition(() => inbox.length > 0, Date.parse(next.at) - Date.now(), { summary: next.summary });
      const message = inbox.shift();
      if (!message) {
        if (!passed(outbox.closesAt)) continue;
        await keep(await runStep('closeDue', 'دوره بسته شد: اقلام دیرمانده به دوره بعد می‌رود', about()));
        tell(view, waitingFor(outbox));
        continue;
      }
      switch (message.kind) {
        case 'delivery': {
          if (view.delivery) break;
          view.delivery = await runStep('recordDelivery', 'تحویل صورتحساب', { id, ...message.delivery });
          if (view.status === 'announced') view.status = 'delivered';
          tell(view, `صورتحساب تحویل شد؛ ${waitingFor(outbox)}`);
          break;
        }
        case 'cycleOpened': {
          const { opened } = message;
          await keep({ outbox: await runStep('handOver', `ارسال به صورتحساب دوره ${opened.cycle}`, { ...about(), opened }), open: null });
          if (!outbox.postings.some(({ status }) => status === 'handedOver')) break;
          if (view.status === 'announced' || view.status === 'delivered') view.status = 'handedOver';
          tell(view, waitingFor(outbox));
          break;
        }
        case 'outcome': {
          const { eventId, outcome, seq } = message;
          const newName = order.facts.newSubscriber?.name ?? null;
          await keep({
            outbox: await runStep('recordOutcome', OUTCOME_SUMMARY[outcome.outcome], { id, eventId, outcome, seq, newName }),
            open: null,
          });
          if (view.status === 'settled' && outbox.postings.some(isOpen)) view.status = 'handedOver';
          // billing refused it, or never had it: its successor or nothing is to be charged
          if (outcome.outcome === 'taken' && isWithdrawn(outbox.postings, outcome.posting))
            await task('postingWithdrawn', 'وظیفه: قلم پذیرفته‌شده دیگر معتبر نیست');
          tell(view, waitingFor(outbox));
          break;
        }
        case 'act': {
          await message.act();
          break;
        }
      }
      showState();
    }
    showState();
    tell(view, 'تسویه پایان یافت');
  };
  return { run };
}

const OUTCOME_SUMMARY: Record<Outcome['outcome'], string> = {
  taken: 'تأیید واحد صورتحساب',
  refused: 'رد در واحد صورتحساب',
  retracted: 'پس گرفتن تأیید صورتحساب',
};

/** Where the postings stand, for the supervisor. */
function waitingFor({ postings }: Outbox): string {
  const open = postings.filter(isOpen);
  const of = (status: string): number => open.filter((posting) => posting.status === status).length;
  if (open.length === 0) return 'همه اقلام در صورتحساب دوره آتی آمد';
  const cycle = waitsFor(postings);
  return [
    cycle === null ? 'در انتظار جدول زمان‌بندی' : `دوره ${cycle}`,
    ...(of('waiting') > 0 ? [`${of('waiting')} قلم در انتظار دوره`] : []),
    ...(of('late') > 0 ? [`${of('late')} قلم دیرمانده`] : []),
    ...(of('handedOver') > 0 ? [`${of('handedOver')} قلم در انتظار تأیید صورتحساب`] : []),
    ...(of('refused') > 0 ? [`${of('refused')} قلم ردشده`] : []),
  ].join('؛ ');
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
    runStep('markDelay', delay === 'atRisk' ? 'در آستانه تأخیر' : 'تأخیر: وظیفه برای سرپرست', {
      id: view.id,
      office: order.clerk.office,
      delay,
    }),
  );
}

async function remindOfDelivery(view: Settlement, order: SettlementOrder, dayEndsAt: string): Promise<void> {
  if (await condition(() => view.delivery !== null, Math.max(1, Date.parse(dayEndsAt) - Date.now()), { summary: 'تحویل تا پایان روز' }))
    return;
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

/** Scopes end by being cancelled; anything else is a fault. */
function ignoreCancellation(error: unknown): void {
  if (!isCancellation(error)) throw error;
}
