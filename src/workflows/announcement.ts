import { ApplicationFailure, CancellationScope, isCancellation, sleep, upsertSearchAttributes } from '@temporalio/workflow';
import type { Issued } from '../activities/issue.js';
import type { Finding } from '../domain/settlement/finding.js';
import { paidOf } from '../domain/settlement/payment.js';
import { AT_RISK_MS, type Settlement, type SettlementOrder, TARGET_MS } from '../domain/settlement/settlement.js';
import { waitsFor } from '../domain/outbox/outbox.js';
import type { Inbox } from './acts.js';
import { showDetails, stepsSummary } from './details.js';
import { expectedEnd } from './failures.js';
import { REJECTED, SETTLEMENT_EXISTS } from './messages.js';
import { AT_RISK, BREACHED, CORRECTIONS, CYCLE, STATUS } from './search-attributes.js';
import { runStep } from './steps.js';

const ASSESS = stepsSummary('fetchAccount', 'checkReading', 'computeDebt');
const ISSUE = stepsSummary('register', 'issueBill', 'announce', 'scheduleFee');

/**
 * The seven steps in two rounds: what stands in the way is found first, then everything is issued at once. Throws REJECTED
 * with the findings, or SETTLEMENT_EXISTS.
 */
export async function announceTheBalance(order: SettlementOrder, view: Settlement, inbox: Inbox): Promise<Issued> {
  const clock = fiveMinutes(order, view, inbox);
  const run: typeof runStep = (name, summary, input) => runStep(name, summary, input, clock.start);
  const reject = async (errors: Finding[]): Promise<never> => {
    await run('reject', 'ثبت رد درخواست', { order, errors, warnings: view.warnings, steps: view.steps });
    Object.assign(view, { errors, status: 'rejected' });
    const codes = errors.map((each) => each.code);
    showDetails(view, `رد شد: ${codes.join('، ')}`);
    throw expectedEnd(REJECTED, codes.join(', '), [errors]);
  };
  try {
    for (;;) {
      const { basis, errors, warnings, steps } = await run('assess', ASSESS, { order });
      Object.assign(view, { warnings, steps });
      if (!basis) return await reject(errors);
      try {
        const issued = await run('issue', ISSUE, { order, basis, warnings, steps });
        announced(view, issued);
        if (!view.withinTarget && !view.lateEntry) inbox.add(DELAY.breached, () => markDelay(view, order, 'breached'));
        if (view.bill?.fee === null) inbox.add(NO_FEE, () => runStep('reportNoFee', NO_FEE, { id: view.id, at: issued.announcedAt }));
        return issued;
      } catch (error) {
        const failure = error instanceof ApplicationFailure ? error : null;
        // another settlement of the subscriber was issued meanwhile: what it counts must be fetched
        if (failure?.type === 'LEDGER_CHANGED') continue;
        // no payment id is left: found only while issuing, answered like any other finding
        if (failure?.type === REJECTED) return await reject(failure.details?.[0] as Finding[]);
        throw error;
      }
    }
  } finally {
    clock.stop();
  }
}

const NO_FEE = 'وظیفه: مصوبهٔ هزینهٔ صدور';

function announced(view: Settlement, { outbox, bill, account, steps, announcedAt, elapsedMs, withinTarget, lateEntry }: Issued): void {
  const { postings } = outbox;
  Object.assign(view, { status: 'announced', bill, account, steps, announcedAt, elapsedMs, withinTarget, lateEntry, postings });
  Object.assign(view, { revision: bill.revision, paid: paidOf(bill.payable, []) });
  const cycle = waitsFor(postings);
  upsertSearchAttributes([
    { key: STATUS, value: view.status },
    { key: CORRECTIONS, value: 0 },
    ...(cycle !== null ? [{ key: CYCLE, value: cycle }] : []),
  ]);
  showDetails(view, `مانده اعلام شد: ${bill.payable} ریال؛ در انتظار تحویل صورتحساب`);
}

interface Clock {
  /** Called when the quick path did not answer: from then on a timer is worth its history, and the request is listed by itself. */
  start: () => void;
  stop: () => void;
}

/** At half of the five minutes the settlement is at risk, at five breached; the work goes on. */
function fiveMinutes(order: SettlementOrder, view: Settlement, inbox: Inbox): Clock {
  const scope = new CancellationScope();
  let running = false;
  const watch = async (): Promise<void> => {
    const receivedAt = Date.parse(order.receivedAt);
    await sleepUntil(receivedAt + AT_RISK_MS, 'در آستانه تأخیر (۲:۳۰)');
    upsertSearchAttributes([{ key: AT_RISK, value: true }]);
    showDetails(view, 'در آستانه تأخیر: دو دقیقه و نیم از درخواست گذشت');
    // beside the steps, which are still under way; nor may the mark keep the clock from going on
    void inbox.surely(DELAY.atRisk, () => markDelay(view, order, 'atRisk'));
    await sleepUntil(receivedAt + TARGET_MS, 'پایان پنج دقیقه');
    showDetails(view, 'تأخیر: پنج دقیقه گذشت و مانده هنوز اعلام نشده است');
    void inbox.surely(DELAY.breached, () => markDelay(view, order, 'breached'));
  };
  return {
    start() {
      if (running) return;
      running = true;
      void inbox.surely('ثبت درخواست', () => register(order));
      // a paper slip's five minutes passed during the outage: nobody is to be called now
      if (!view.lateEntry) void scope.run(watch).catch(ignoreCancellation);
    },
    stop: () => scope.cancel(),
  };
}

/** By itself, so that what takes long is listed; the announcement registers what this does not. */
async function register(order: SettlementOrder): Promise<void> {
  try {
    await runStep('register', stepsSummary('register'), { order });
  } catch (error) {
    // the announcement finds it as well, and answers it
    if (!(error instanceof ApplicationFailure && error.type === SETTLEMENT_EXISTS)) throw error;
  }
}

const DELAY = { atRisk: 'در آستانه تأخیر', breached: 'تأخیر: وظیفه برای سرپرست' } as const;

async function markDelay(view: Settlement, order: SettlementOrder, delay: 'atRisk' | 'breached'): Promise<void> {
  if (delay === 'breached') upsertSearchAttributes([{ key: BREACHED, value: true }]);
  // written even when the announcement comes in between
  await CancellationScope.nonCancellable(() => runStep('markDelay', DELAY[delay], { id: view.id, office: order.clerk.office, delay }));
}

async function sleepUntil(instant: number, summary: string): Promise<void> {
  const wait = instant - Date.now();
  if (wait > 0) await sleep(wait, { summary });
}

/** Scopes end by being cancelled; anything else is a fault. */
function ignoreCancellation(error: unknown): void {
  if (!isCancellation(error)) throw error;
}
