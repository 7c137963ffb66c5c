import { type UpdateDefinition } from '@temporalio/common';
import { ApplicationFailure, setHandler } from '@temporalio/workflow';
import type { Targeted } from '../activities/outbox.js';
import {
  type Correction,
  type CorrectionRefusal,
  currentCorrection,
  isOpenCorrection,
  refusalOf,
} from '../domain/correction/correction.js';
import type { Rial } from '../domain/rial.js';
import type { Operator, Posting, Settlement, SettlementOrder } from '../domain/settlement/settlement.js';
import {
  APPROVER_NEEDED,
  type CorrectionDecision,
  type ErrorReport,
  NOT_ALLOWED_NOW,
  NOT_THE_OWNER,
  POSTINGS_TAKEN,
  REJECTED,
  SECOND_PERSON_NEEDED,
  approveCorrection,
  cancelSettlement,
  confirmRefund,
  reportError,
  requestRefund,
  submitCorrection,
  verifyCorrection,
  withdrawCorrection,
} from './messages.js';
import { failureOf } from './acts.js';
import { expectedEnd } from './failures.js';
import { runStep } from './steps.js';

/** What the rework needs of the settlement that it belongs to. */
export interface Ground {
  /** its facts are the corrected ones from the first reissue on */
  order: SettlementOrder;
  view: Settlement;
  /** runs `act` in the main loop, one thing after another, and answers what it answers */
  inTurn<T>(act: () => Promise<T>): Promise<T>;
  /** runs `act` now, and again later when it fails */
  surely(what: string, act: () => unknown): Promise<void>;
  /** takes a changed outbox over; postings join the cycle when it is open */
  keep(changed: Targeted): Promise<void>;
  tell(details: string): void;
}

const BY_BILLING: Operator = { id: 'billing', name: 'صورتحساب', role: 'billing', office: '' };
const TYPES: Record<CorrectionRefusal, string> = { NOT_ALLOWED_NOW, NOT_THE_OWNER, SECOND_PERSON_NEEDED, APPROVER_NEEDED };

/**
 * Error → referral → correction → verification by another person → approval above a set amount → the next revision.
 */
export function startRework({ order, view, inTurn, surely, keep, tell }: Ground) {
  const now = (): string => new Date().toISOString();
  const refuse = (type: string, message: string): never => {
    throw expectedEnd(type, message, [view]);
  };
  const mustBeIssued = (): void => {
    if (view.announcedAt === null || view.status === 'cancelled' || view.status === 'settled')
      refuse(NOT_ALLOWED_NOW, `settlement ${view.id} is ${view.status}`);
  };
  const find = (n: number): Correction | undefined => view.corrections.find((each) => each.n === n);
  const mustBeAllowed = (act: Parameters<typeof refusalOf>[0], n: number, by: Operator): void => {
    const refusal = refusalOf(act, find(n), by);
    if (refusal) refuse(TYPES[refusal], `${act} of correction ${n} (${find(n)?.status ?? 'unknown'})`);
  };
  const keepAll = (corrections: Correction[]): void => {
    view.corrections = corrections;
  };

  /** The next reported error is referred when the one before it has ended; what billing refused waits again. */
  const ended = async (): Promise<void> => {
    const next = currentCorrection(view.corrections);
    if (next?.status === 'reported')
      keepAll(await runStep('referCorrection', `ارجاع خطای ${next.n}`, { id: view.id, office: order.clerk.office, n: next.n, at: now() }));
    if (!next && view.postings.some(({ status }) => status === 'refused'))
      await keep(await runStep('releaseRefused', 'ارسال دوباره قلم ردشده', { order, at: now() }));
  };

  /** Held against the bill that stands now; what came by another's slip is flagged. */
  const whatIsPaid = async (): Promise<void> =>
    void Object.assign(view, await runStep('fetchPayments', 'پرداخت‌های تسویه', { id: view.id }));

  const report = async (given: ErrorReport): Promise<Correction> => {
    const n = view.corrections.length + 1;
    const at = now();
    keepAll(await runStep('reportError', `ثبت خطای ${n}`, { order, n, first: !currentCorrection(view.corrections), report: given, at }));
    tell(`خطای ${n} ثبت و ارجاع شد: ${given.description}`);
    await surely('خطاهای تکراری ماه', () => runStep('watchRepeats', 'خطاهای تکراری ماه', { id: view.id, n, at }));
    return find(n) as Correction;
  };

  /** What was decided must come: when a step fails for good, whoever decided hears it, and it is tried again later. */
  const reissue = async (n: number, approvedBy: Operator | null): Promise<void> => {
    const revision = view.revision + 1;
    const what = `صدور ویرایش ${revision} صورتحساب`;
    const issue = async (): Promise<void> => {
      if (view.revision < revision) {
        const issued = await runStep('reissueBill', what, { order, n, revision, approvedBy, at: now() });
        order.facts = issued.facts;
        Object.assign(view, { bill: issued.bill, revision, facts: issued.facts, account: issued.account });
        keepAll(issued.corrections);
        await keep(issued);
      }
      await whatIsPaid();
      tell(`ویرایش ${revision} صادر شد: ${view.bill?.payable ?? 0} ریال`);
      await ended();
    };
    let failure: Error | undefined;
    await surely(what, async () => {
      try {
        await issue();
      } catch (error) {
        failure ??= failureOf(error);
        // no payment id is left: nothing that a repeat mends
        if (!(error instanceof ApplicationFailure && error.type === REJECTED)) throw error;
      }
    });
    if (failure !== undefined) throw failure;
  };

  /** Looked at before it is accepted and again in its turn: of two who act at once the second hears what happened. */
  const offer = <T, A>(update: UpdateDefinition<T, [A]>, mayI: (asked: A) => void, act: (asked: A) => Promise<T>): void =>
    setHandler(
      update,
      (asked: A) =>
        inTurn(() => {
          mayI(asked);
          return act(asked);
        }),
      { validator: mayI },
    );
  const decide = async (decision: 'verified' | 'rejected' | 'withdrawn', { n, by, note }: CorrectionDecision): Promise<boolean> => {
    const { corrections, approval } = await runStep('decideCorrection', DECISION[decision](n), {
      id: view.id,
      office: order.clerk.office,
      n,
      decision,
      by,
      note,
      at: now(),
    });
    keepAll(corrections);
    return approval;
  };

  offer(reportError, mustBeIssued, report);

  offer(
    submitCorrection,
    ({ n, by }) => mustBeAllowed('submit', n, by),
    async (submission) => {
      const { n } = submission;
      const { findings, comparison, corrections } = await runStep('submitCorrection', `اصلاح خطای ${n}`, { order, submission, at: now() });
      keepAll(corrections);
      if (!comparison) throw expectedEnd(REJECTED, findings.map(({ code }) => code).join(', '), [findings]);
      tell(`اصلاح خطای ${n} در انتظار تأیید نفر دوم`);
      return { correction: find(n) as Correction, comparison, warnings: findings };
    },
  );

  offer(
    withdrawCorrection,
    ({ n, by }) => mustBeAllowed('withdraw', n, by),
    async (decision) => {
      await decide('withdrawn', decision);
      await ended();
      return view;
    },
  );

  offer(
    verifyCorrection,
    ({ n, by }) => mustBeAllowed('verify', n, by),
    async (decision) => {
      const { n, accepted } = decision;
      if (!accepted) {
        await decide('rejected', decision);
        tell(`اصلاح خطای ${n} برگشت`);
        return view;
      }
      // nothing to issue anew: there was no error
      if (find(n)?.noChange === true) {
        await decide('withdrawn', decision);
        await ended();
        return view;
      }
      if (await decide('verified', decision)) tell(`اصلاح خطای ${n} در انتظار تصویب`);
      else await reissue(n, null);
      return view;
    },
  );

  offer(
    approveCorrection,
    ({ n, by }) => mustBeAllowed('approve', n, by),
    async (decision) => {
      if (decision.accepted) await reissue(decision.n, decision.by);
      else await decide('rejected', decision);
      return view;
    },
  );

  offer(
    cancelSettlement,
    ({ by }) => {
      mustBeIssued();
      if (by.id === order.clerk.id) refuse(SECOND_PERSON_NEEDED, 'who issued it does not cancel it');
    },
    async ({ reason, by }) => {
      const at = now();
      const outbox = await runStep('cancelSettlement', 'ابطال تسویه', { id: view.id, reason, by, at });
      if (!outbox) return refuse(POSTINGS_TAKEN, 'billing holds a posting already');
      view.status = 'cancelled';
      view.cancellation = { by: by.id, reason, at };
      await whatIsPaid();
      await keep({ outbox, open: null });
      // as Postgres has them: nobody works on an error of what is void
      keepAll(view.corrections.map((each) => (isOpenCorrection(each) ? { ...each, status: 'withdrawn', note: 'cancelled' } : each)));
      tell(`باطل شد: ${reason}`);
      return view;
    },
  );

  /** A credit may be paid back while no error is open: a correction could change it. */
  const mustHaveCredit = (): Rial => {
    mustBeIssued();
    const credit = -(view.bill?.total ?? 0);
    if (credit <= 0 || currentCorrection(view.corrections)) refuse(NOT_ALLOWED_NOW, 'there is no credit to pay back');
    return credit;
  };
  offer(
    requestRefund,
    () => void mustHaveCredit(),
    async ({ reason, by }) => {
      view.refund = await runStep('requestRefund', 'درخواست بازپرداخت بستانکاری', { id: view.id, amount: mustHaveCredit(), reason, by });
      return view;
    },
  );
  offer(
    confirmRefund,
    ({ by }) => {
      const credit = mustHaveCredit();
      if (view.refund === null) refuse(NOT_ALLOWED_NOW, 'nobody asked for a refund');
      if (view.refund?.confirmedBy === null && view.refund.amount !== credit)
        refuse(NOT_ALLOWED_NOW, 'a correction has changed the credit: it must be asked for again');
      if (view.refund?.requestedBy === by.id) refuse(SECOND_PERSON_NEEDED, 'who asked for the refund does not confirm it');
    },
    async ({ by }) => {
      const { refund, ...changed } = await runStep('confirmRefund', 'تأیید بازپرداخت', { order, by, at: now() });
      view.refund = refund;
      await keep(changed);
      return view;
    },
  );

  return {
    /** After an act that failed half done: whose turn it is is asked, what billing refused waits again. */
    goOn: ended,
    /** Whether an error is still being worked on. */
    isOpen: (): boolean => view.corrections.some(isOpenCorrection),
    /** Billing took after all what it had refused, or took its refusal back: there is nothing to correct any more. */
    async resolved(postings: readonly Posting[]): Promise<void> {
      const refused = new Set(postings.filter(({ status }) => status === 'refused').map(({ posting }) => posting));
      const over = view.corrections.filter(
        ({ posting, status }) => posting !== null && (status === 'reported' || status === 'referred') && !refused.has(posting),
      );
      for (const { n } of over) await decide('withdrawn', { n, by: BY_BILLING, note: 'صورتحساب پذیرفت' });
      if (over.length > 0) await ended();
    },
    /** What billing refused is an error with an owner. */
    async refused({ posting, kind, reason }: Posting): Promise<void> {
      await report({
        kind: kind === 'nameChange' ? 'name' : 'other',
        cause: 'system',
        description: `${posting}: ${reason ?? ''}`,
        posting,
        by: BY_BILLING,
        referTo: { role: 'supervisor', user: null },
      });
    },
  };
}

const DECISION = {
  verified: (n: number) => `تأیید اصلاح خطای ${n}`,
  rejected: (n: number) => `برگشت اصلاح خطای ${n}`,
  withdrawn: (n: number) => `انصراف از خطای ${n}`,
} as const;
