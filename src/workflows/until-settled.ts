import type { SignalDefinition } from '@temporalio/common';
import { allHandlersFinished, condition, setHandler, upsertSearchAttributes } from '@temporalio/workflow';
import type { Issued } from '../activities/issue.js';
import type { Targeted } from '../activities/outbox.js';
import type { Opening } from '../domain/outbox/cycle.js';
import { COVERED, type Outcome, becameTrouble, isOpen, isOverdue, isWithdrawn, waitsFor } from '../domain/outbox/outbox.js';
import type { Instant, Outbox, Settlement, SettlementOrder } from '../domain/settlement/settlement.js';
import type { TaskKind } from '../domain/settlement/task.js';
import type { Inbox } from './acts.js';
import { expectedEnd } from './failures.js';
import {
  type Delivery,
  NOT_ALLOWED_NOW,
  billingCycleOpened,
  confirmDelivery,
  outboxChanged,
  paymentReceived,
  postingRefused,
  postingRetracted,
  postingTaken,
} from './messages.js';
import { startRework } from './rework.js';
import { CORRECTIONS, CYCLE, FEE_OVERDUE, STATUS } from './search-attributes.js';
import { runStep } from './steps.js';

/** Hand-over, the next cycle, billing's acknowledgements and the rework, in whatever order they come, until all is answered. */
export function untilSettled(
  order: SettlementOrder,
  view: Settlement,
  inbox: Inbox,
  tellView: (details: string) => void,
): { run(issued: Issued): Promise<void>; lookAgain(): void } {
  const { id } = order;
  let outbox: Outbox = { postings: [], closesAt: null, objectionEndsAt: null };
  const heard = new Set<string>();
  const about = () => ({
    id,
    facts: { subscription: order.facts.subscription, settlementDate: order.facts.settlementDate },
    at: new Date().toISOString(),
  });
  const task = (kind: TaskKind, summary: string): Promise<void> =>
    inbox.surely(summary, () => runStep('openTask', summary, { settlementId: id, kind, office: order.clerk.office }));
  const keep = async ({ outbox: next, open }: Targeted): Promise<void> => {
    const { late, refused } = becameTrouble(outbox.postings, next.postings);
    const [overdue, cycle] = [isOverdue(next.postings), waitsFor(next.postings)];
    if (overdue !== isOverdue(outbox.postings)) upsertSearchAttributes([{ key: FEE_OVERDUE, value: overdue }]);
    if (cycle !== null && cycle !== waitsFor(outbox.postings)) upsertSearchAttributes([{ key: CYCLE, value: cycle }]);
    outbox = next;
    view.postings = next.postings;
    // an opening is told once by its event; what is new since must be handed over all the same
    if (open && next.postings.some(({ status, cycle }) => (status === 'waiting' || status === 'late') && cycle === open.cycle))
      inbox.add(handOverSummary(open), () => handOver(open));
    if (late.some(({ reason }) => reason === COVERED)) await task('settlementCovered', 'وظیفه: رقم تسویه در قبضی که همین روزها را دارد');
    if (late.some(({ reason }) => reason !== COVERED)) await task('postingLate', 'وظیفه: ارسال دیرمانده به صورتحساب');
    for (const posting of refused) await inbox.surely('ثبت خطا: رد قلم در صورتحساب', () => rework.refused(posting));
    await rework.resolved(next.postings);
  };
  const lookAgain = (): void =>
    inbox.add('نگاه دوباره به اقلام', async () => {
      await keep(await runStep('lookAtOutbox', 'نگاه دوباره به اقلام', { order, at: new Date().toISOString() }));
      await rework.goOn();
    });

  const deliver = async (delivery: Delivery): Promise<Settlement> => {
    if (view.delivery) return view;
    view.delivery = await runStep('recordDelivery', 'تحویل صورتحساب', { id, ...delivery });
    if (view.status === 'announced') view.status = 'delivered';
    tellView(`صورتحساب تحویل شد؛ ${waitingFor(outbox)}`);
    return view;
  };
  const handOver = async (opened: Opening): Promise<void> => {
    await keep({ outbox: await runStep('handOver', handOverSummary(opened), { ...about(), opened }), open: null });
    heard.add(opened.eventId);
    if (!outbox.postings.some(({ status }) => status === 'handedOver')) return;
    if (view.status === 'announced' || view.status === 'delivered') view.status = 'handedOver';
    tellView(waitingFor(outbox));
  };
  const recordOutcome = async (eventId: string, outcome: Outcome, seq: number | null): Promise<void> => {
    const newName = order.facts.newSubscriber?.name ?? null;
    await keep({
      outbox: await runStep('recordOutcome', OUTCOME_SUMMARY[outcome.outcome], { id, eventId, outcome, seq, newName }),
      open: null,
    });
    if (view.status === 'settled' && outbox.postings.some(isOpen)) view.status = 'handedOver';
    // billing refused it, or never had it: its successor or nothing is to be charged
    if (outcome.outcome === 'taken' && isWithdrawn(outbox.postings, outcome.posting))
      await task('postingWithdrawn', 'وظیفه: قلم پذیرفته‌شده دیگر معتبر نیست');
    tellView(waitingFor(outbox));
  };
  const fetchPayments = async (reference: string): Promise<void> => {
    // all that is on record, so that news that never came is made good too
    Object.assign(view, await runStep('fetchPayments', `پرداخت ${reference}`, { id }));
    const remaining = view.paid?.remaining ?? 0;
    tellView(view.paid?.remaining === 0 ? 'صورتحساب پرداخت شد' : `پرداخت ${reference} ثبت شد؛ ${remaining} ریال مانده است`);
  };
  const closeDue = async (): Promise<void> => {
    await keep(await runStep('closeDue', 'دوره بسته شد: اقلام دیرمانده به دوره بعد می‌رود', about()));
    tellView(waitingFor(outbox));
    closing = false;
  };
  const settle = async (): Promise<void> => {
    if (!closed()) return;
    await runStep('settle', 'پایان تسویه', { id });
    view.status = 'settled';
    tellView('تسویه پایان یافت');
  };

  setHandler(confirmDelivery, (delivery) => inbox.ask(() => deliver(delivery)), {
    validator: (_delivery) => {
      if (view.announcedAt === null) throw expectedEnd(NOT_ALLOWED_NOW, 'the balance is not announced yet');
    },
  });
  /** A signal is an act in its turn, once per event. */
  const hear = <A extends { eventId: string }>(
    signal: SignalDefinition<[A]>,
    what: string,
    act: (said: A) => Promise<void>,
    eventOf = ({ eventId }: A): string => eventId,
  ): void =>
    setHandler(signal, (said) =>
      inbox.add(what, async () => {
        if (heard.has(eventOf(said))) return;
        await act(said);
        heard.add(eventOf(said));
      }),
    );
  const outcomeOf =
    (outcome: Outcome['outcome']) =>
    ({ eventId, seq = null, ...said }: { eventId: string; seq?: number | null; posting: string }): Promise<void> =>
      recordOutcome(eventId, { ...said, outcome }, seq);
  hear(billingCycleOpened, 'باز شدن دوره', handOver);
  hear(postingTaken, OUTCOME_SUMMARY.taken, outcomeOf('taken'));
  hear(postingRefused, OUTCOME_SUMMARY.refused, outcomeOf('refused'));
  hear(postingRetracted, OUTCOME_SUMMARY.retracted, outcomeOf('retracted'));
  hear(
    paymentReceived,
    'پرداخت',
    ({ reference }) => fetchPayments(reference),
    ({ eventId }) => `payment/${eventId}`,
  );
  setHandler(outboxChanged, lookAgain);

  const rework = startRework({ order, view, keep, tell: tellView, inTurn: inbox.ask, surely: inbox.surely });

  let closing = false;
  let deliverBy: Instant | null = null;
  const passed = (instant: string | null): boolean => instant !== null && Date.parse(instant) <= Date.now();
  const answered = (): boolean => view.delivery !== null && !outbox.postings.some(isOpen) && !rework.isOpen();
  const closed = (): boolean =>
    view.status === 'cancelled' || (answered() && (outbox.objectionEndsAt === null || passed(outbox.objectionEndsAt)));
  /** What comes first by itself: one timer at a time. */
  const deadline = (): { at: Instant; summary: string; due?: () => void } | null => {
    const times = [
      ...(deliverBy !== null && view.delivery === null ? [{ at: deliverBy, summary: 'تحویل تا پایان روز', due: remind }] : []),
      ...(outbox.closesAt !== null && !closing ? [{ at: outbox.closesAt, summary: 'بسته شدن دوره', due: close }] : []),
      ...(outbox.closesAt === null && answered() && outbox.objectionEndsAt !== null
        ? [{ at: outbox.objectionEndsAt, summary: 'پایان مهلت اعتراض' }]
        : []),
    ];
    return times.sort((a, b) => Date.parse(a.at) - Date.parse(b.at))[0] ?? null;
  };
  const remind = (): void => {
    const dueAt = deliverBy;
    deliverBy = null;
    const what = 'وظیفه: تحویل صورتحساب';
    inbox.add(what, () => runStep('openTask', what, { settlementId: id, kind: 'deliver', office: order.clerk.office, dueAt }));
  };
  const close = (): void => {
    closing = true;
    inbox.add('بسته شدن دوره', closeDue);
  };
  let shown = '';
  const showState = (): void => {
    const state = `${view.status} ${view.corrections.length}`;
    if (state === shown) return;
    shown = state;
    upsertSearchAttributes([
      { key: STATUS, value: view.status },
      { key: CORRECTIONS, value: view.corrections.length },
    ]);
  };

  const run = async ({ outbox: first, open, dayEndsAt }: Issued): Promise<void> => {
    outbox = first;
    deliverBy = dayEndsAt;
    shown = `${view.status} 0`;
    if (open) inbox.add(handOverSummary(open), () => handOver(open));
    for (;;) {
      const next = deadline();
      if (closed() && inbox.isIdle()) {
        if (view.status !== 'cancelled' && view.status !== 'settled') inbox.add('پایان تسویه', settle);
        else if (allHandlersFinished()) return;
        else await condition(() => inbox.holds() || allHandlersFinished());
      } else if (!inbox.holds()) {
        if (next === null || (passed(next.at) && !next.due)) await condition(() => inbox.holds() || (closed() && inbox.isIdle()));
        else if (passed(next.at)) next.due?.();
        else await condition(() => inbox.holds(), Date.parse(next.at) - Date.now(), { summary: next.summary });
      }
      if (!inbox.holds()) continue;
      await inbox.next();
      showState();
    }
  };
  return { run, lookAgain };
}

function handOverSummary({ cycle }: Opening): string {
  return `ارسال به صورتحساب دوره ${cycle}`;
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
