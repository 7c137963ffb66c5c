import { isDeepStrictEqual } from 'node:util';
import type { BillingPort } from '../billing/port.js';
import type { AccountSnapshot, LedgerPayment } from '../domain/settlement/account.js';
import { accountView, assess } from '../domain/settlement/assessment.js';
import {
  type Comparison,
  type CorrectedFacts,
  type Correction,
  type CorrectionCause,
  type CorrectionKind,
  compareBills,
  correctedFacts,
  receivedSince,
  withReceived,
  correctionWaitsFor,
  needsApproval,
} from '../domain/correction/correction.js';
import { nextCycle } from '../domain/outbox/cycle.js';
import { type Finding, blocking } from '../domain/settlement/finding.js';
import { type JalaliDate, todayInTehran } from '../domain/calendar/jalali.js';
import { postingsOf, targetOf } from '../domain/outbox/posting.js';
import { sumRial } from '../domain/rial.js';
import type { Bill, Instant, Operator, Refund, Role, SettlementFacts, SettlementOrder } from '../domain/settlement/settlement.js';
import { taskId } from '../domain/settlement/task.js';
import { workingHoursAfter } from '../domain/calendar/working-calendar.js';
import type { CorrectionStore, Submission } from '../store/corrections.js';
import type { OverrideStore } from '../store/overrides.js';
import type { PaymentStore } from '../store/payments.js';
import type { PostingStore } from '../store/postings.js';
import { PaymentPeriodsExhaustedError, type SettlementStore } from '../store/settlements.js';
import type { TariffStore } from '../store/tariffs.js';
import type { TaskStore } from '../store/tasks.js';
import { draftOf, periodsExhausted } from './bill-draft.js';
import type { LedgerRead } from './ledger.js';
import type { Targeted } from './outbox.js';
import { termsOn } from './service-terms.js';
import { runId } from './step.js';
import type { TaskDesk } from './task-desk.js';

/** An error that someone saw, or that billing's refusal shows. */
export interface ErrorReport {
  kind: CorrectionKind;
  cause: CorrectionCause;
  description: string;
  /** the posting whose refusal by billing opens it; absent: a person reports it */
  posting?: string | undefined;
  by: Operator;
  /** who is to correct it; absent: the clerk who issued, or the supervisor when someone else's data is wrong */
  referTo?: { role: Role; user: string | null } | undefined;
}

export interface CorrectionSubmission {
  n: number;
  by: Operator;
  corrected: CorrectedFacts;
  /** `first`: what the bill was computed from; `now`: the ledger and tariffs of today, when those were wrong */
  basis: 'first' | 'now';
}

/** What a submission comes to: the findings that stand in its way, or old and new side by side. */
export interface Submitted {
  findings: Finding[];
  comparison: Comparison | null;
  corrections: Correction[];
}

interface Dependencies {
  corrections: CorrectionStore;
  desk: TaskDesk;
  tasks: Pick<TaskStore, 'ofSettlement'>;
  postings: PostingStore;
  billing: BillingPort;
  tariffs: TariffStore;
  overrides: OverrideStore;
  settlements: Pick<SettlementStore, 'get'>;
  payments: Pick<PaymentStore, 'reported'>;
  read(order: SettlementOrder): Promise<LedgerRead>;
}

/** The steps of the rework: report, correction, verification, the next revision; cancellation and refund. */
export function createCorrectionActivities({
  corrections,
  desk,
  tasks,
  postings,
  billing,
  tariffs,
  overrides,
  settlements,
  payments,
  read,
}: Dependencies) {
  const terms = (at: Instant) => termsOn(tariffs, todayInTehran(new Date(at)));
  const dueAt = async (at: Instant): Promise<Instant> => {
    const { correction, daysOff } = await terms(at);
    return workingHoursAfter(at, correction.dueHours, daysOff);
  };

  /** R5: whom each correction waits for now has a task, and nobody has one for a step that is done. */
  const keepTasks = async ({ id, office, at }: { id: string; office: string; at: Instant }): Promise<void> => {
    const [steps, { correction: due }, before] = await Promise.all([corrections.steps(id), terms(at), tasks.ofSettlement(id)]);
    const waiting = steps.flatMap((step) => {
      const waits = correctionWaitsFor(step, step.submitter, due);
      return waits ? [{ step, ...waits, subject: `${id}.${step.n}.${step.round}` }] : [];
    });
    const open = new Set(waiting.map(({ kind, subject }) => taskId(kind, subject)));
    for (const { id: task, kind, detail } of before) {
      if (kind !== 'correction' && kind !== 'verification' && kind !== 'approval') continue;
      // closed ones too: the attempt that closed one may not have reached its timer
      if (!open.has(task))
        await desk.close(task, { by: null, outcome: steps.find(({ n }) => n === detail['correction'])?.status ?? 'withdrawn' });
    }
    for (const { step, kind, role, user, subject } of waiting) {
      const { n, kind: of, cause, description, difference } = step;
      const detail = { correction: n, kind: of, cause, description, ...(kind === 'correction' ? {} : { difference }) };
      await desk.open({ kind, settlementId: id, subject, office, role, assignee: user, at, about: `خطای ${n} تسویه ${id}`, detail });
    }
  };
  /** The cycle for what is posted now, and its opening when billing has opened it already. */
  const target = async ({ facts }: Pick<SettlementOrder, 'facts'>, at: Instant) => {
    const today = todayInTehran(new Date(at));
    const snapshot = await billing.account(facts.subscription, today);
    return nextCycle(snapshot?.cycles ?? [], today, facts.settlementDate);
  };

  /** Payments that came by the settlement's slips, and those that the ledger or a report tells today. */
  const received = async ({ id, facts }: SettlementOrder, today: JalaliDate): Promise<LedgerPayment[]> => {
    const [settlement, reported] = await Promise.all([settlements.get(id, { office: null }), payments.reported(facts.subscription)]);
    const snapshot = await billing.account(facts.subscription, today, reported);
    const bySlip = (settlement?.payments ?? []).map(({ reference, paidOn, amount, paymentId }) => ({
      reference,
      paidOn,
      amount,
      paymentId,
    }));
    const ledger = snapshot?.payments ?? [];
    // a later bill may count one by a slip already: for this settlement it was received all the same
    return [...ledger, ...receivedSince(ledger, bySlip)];
  };

  /** The postings as they stand, and their cycle when it is open. */
  const lookAtOutbox = async ({ order, at }: { order: SettlementOrder; at: Instant }): Promise<Targeted> => {
    const [outbox, cycle] = await Promise.all([postings.of(order.id), target(order, at)]);
    return { outbox, open: await postings.opened(cycle?.cycle ?? null) };
  };

  return {
    async reportError({
      order,
      n,
      first,
      report,
      at,
    }: {
      order: SettlementOrder;
      n: number;
      first: boolean;
      report: ErrorReport;
      at: Instant;
    }): Promise<Correction[]> {
      const owner =
        report.referTo ??
        (report.cause === 'clerk' || report.cause === 'applicant'
          ? { role: order.clerk.role, user: order.clerk.id }
          : { role: 'supervisor' as const, user: null });
      const now = await corrections.report(order.id, n, first ? 'referred' : 'reported', { ...report, owner, at, dueAt: await dueAt(at) });
      await keepTasks({ id: order.id, office: order.clerk.office, at });
      return now;
    },

    /** The one before it has ended: now its owner is asked. */
    async referCorrection({ id, office, n, at }: { id: string; office: string; n: number; at: Instant }): Promise<Correction[]> {
      const now = await corrections.refer(id, n, await dueAt(at));
      await keepTasks({ id, office, at });
      return now;
    },

    /** Computes the corrected bill beside the standing one and keeps it for the verification; a finding that blocks keeps nothing. */
    async submitCorrection({
      order,
      submission,
      at,
    }: {
      order: SettlementOrder;
      submission: CorrectionSubmission;
      at: Instant;
    }): Promise<Submitted> {
      const standing = await corrections.standing(order.id);
      if (!standing) throw new Error(`settlement ${order.id} has no bill`);
      const facts = correctedFacts(standing.inputs.facts, submission.corrected);
      const today = todayInTehran(new Date(at));
      const fresh = submission.basis === 'now' ? await read({ ...order, facts }) : null;
      // after the difference of a late decree was posted, the bill is what the decree makes of it
      const versions = standing.decreed ? await tariffs.versions() : standing.inputs.tariffs;
      const { snapshot, ...first } = fresh
        ? { snapshot: fresh.snapshot, tariffs: fresh.tariffs, fee: standing.inputs.fee }
        : { ...standing.inputs, tariffs: versions };
      const [documents, accepted] = await Promise.all([tariffs.tariffs(first.tariffs), overrides.of(order.id, facts.reading)]);
      // the data of the first bill is as old as it was then
      const readOn = fresh ? today : todayInTehran(new Date(order.receivedAt));
      const assessOn = (ledger: AccountSnapshot | null) =>
        assess({ ...order, facts }, ledger, documents, first.fee, today, accepted, { readOn, askedBy: submission.by.id });
      const same = isDeepStrictEqual(JSON.parse(JSON.stringify(facts)), standing.inputs.facts);
      const alone = assessOn(snapshot);
      // what was paid since changes no bill by itself: only one that is issued anew counts it
      const unchanged = alone.debt !== null && compareBills(standing.bill, alone.debt, same).noChange;
      const counted = snapshot === null || unchanged || fresh ? snapshot : withReceived(snapshot, await received(order, today));
      const { debt, findings } = counted === snapshot ? alone : assessOn(counted);
      const errors = blocking(findings, facts.confirmations);
      if (errors.length > 0 || !debt || !counted)
        return { findings: errors, comparison: null, corrections: await corrections.of(order.id) };
      const inputs = { ...first, facts, snapshot: counted };
      const since = receivedSince(standing.inputs.snapshot.payments, inputs.snapshot.payments);
      const comparison = compareBills(standing.bill, debt, same, sumRial(since.map(({ amount }) => amount)));
      const kept: Submission = { facts, inputs, debt, comparison };
      const now = await corrections.submit(order.id, submission.n, kept, submission.by);
      await keepTasks({ id: order.id, office: order.clerk.office, at });
      return { findings: findings.filter(({ severity }) => severity !== 'error'), comparison, corrections: now };
    },

    /** Verified, rejected or withdrawn; `approval` says that the difference is above what one verifier may let pass. */
    async decideCorrection({
      id,
      office,
      n,
      decision,
      by,
      note,
      at,
    }: {
      id: string;
      office: string;
      n: number;
      decision: 'verified' | 'rejected' | 'withdrawn';
      by: Operator;
      note: string | null;
      at: Instant;
    }): Promise<{ corrections: Correction[]; approval: boolean }> {
      const now = await corrections.decide(id, n, decision, by, note);
      await keepTasks({ id, office, at });
      if (decision !== 'verified') return { corrections: now, approval: false };
      // what the subscriber paid meanwhile is no part of the error that somebody must answer for
      const comparison = (await corrections.submission(id, n))?.comparison;
      return {
        corrections: now,
        approval: needsApproval(
          comparison ? comparison.difference + comparison.received : null,
          (await terms(at)).correction.approvalAbove,
        ),
      };
    },

    /** Issues the next revision from what was verified; the old one is void but kept, and its postings are replaced or followed by the difference. */
    async reissueBill({
      order,
      n,
      revision,
      approvedBy,
      at,
    }: {
      order: SettlementOrder;
      n: number;
      revision: number;
      approvedBy: Operator | null;
      at: Instant;
    }): Promise<Targeted & { bill: Bill; facts: SettlementFacts; account: ReturnType<typeof accountView>; corrections: Correction[] }> {
      const submission = await corrections.submission(order.id, n);
      if (!submission) throw new Error(`correction ${n} of ${order.id} holds no submission`);
      const { facts, inputs, debt } = submission;
      const corrected = { ...order, facts };
      const documents = await tariffs.tariffs(inputs.tariffs);
      const cycle = await target(corrected, at);
      try {
        const { bill, corrections: now } = await corrections.reissue(
          {
            id: order.id,
            n,
            approvedBy,
            facts,
            draft: draftOf({ order: corrected, inputs, debt, revision, documents }),
            entries: (issued) => postingsOf(corrected, issued, cycle, inputs.snapshot.earlierSettlement),
          },
          runId(),
        );
        await keepTasks({ id: order.id, office: order.clerk.office, at });
        return {
          bill,
          facts,
          account: accountView(inputs.snapshot, facts.settlementDate),
          corrections: now,
          outbox: await postings.of(order.id),
          open: await postings.opened(cycle?.cycle ?? null),
        };
      } catch (error) {
        if (error instanceof PaymentPeriodsExhaustedError) throw periodsExhausted(error, facts);
        throw error;
      }
    },

    /** What billing refused waits again once its correction has ended; it joins the cycle that is open. */
    async releaseRefused({ order, at }: { order: SettlementOrder; at: Instant }): Promise<Targeted> {
      await corrections.release(order.id);
      return lookAtOutbox({ order, at });
    },
    lookAtOutbox,

    /** Null when billing holds a posting already. */
    async cancelSettlement({ id, reason, by, at }: { id: string; reason: string; by: Operator; at: Instant }) {
      if (!(await corrections.cancel(id, reason, by, at))) return null;
      await desk.closeAll(id, 'cancelled');
      return postings.of(id);
    },

    requestRefund: ({ id, amount, reason, by }: { id: string; amount: number; reason: string; by: Operator }): Promise<Refund> =>
      corrections.requestRefund(id, amount, reason, by),

    /** The credit is paid back: what the ledger holds of it is taken out by a posting. */
    async confirmRefund({
      order,
      by,
      at,
    }: {
      order: SettlementOrder;
      by: Operator;
      at: Instant;
    }): Promise<Targeted & { refund: Refund | null }> {
      const refund = await corrections.refund(order.id);
      if (!refund) throw new Error(`no refund of ${order.id} was asked for`);
      const cycle = await target(order, at);
      const confirmed = await corrections.confirmRefund(order.id, by, {
        posting: `${order.id}/difference/refund`,
        kind: 'difference',
        amount: refund.amount,
        ...targetOf(cycle),
        status: 'waiting',
        timesLate: 0,
        reason: null,
        billSerial: null,
        detail: { refund: true, reason: refund.reason },
      });
      return { refund: confirmed, outbox: await postings.of(order.id), open: await postings.opened(cycle?.cycle ?? null) };
    },
  };
}
