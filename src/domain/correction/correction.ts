import type { AccountSnapshot, LedgerPayment } from '../settlement/account.js';
import type { BillLine, LineCode } from '../bill/debt.js';
import { type Rial, subtractRial, sumRial } from '../rial.js';
import type { Bill, Instant, Operator, Role, SettlementFacts } from '../settlement/settlement.js';

export const CORRECTION_KINDS = ['reading', 'date', 'meter', 'tariff', 'subscriber', 'name', 'payment', 'document', 'other'] as const;
export type CorrectionKind = (typeof CORRECTION_KINDS)[number];
export const CORRECTION_CAUSES = ['applicant', 'clerk', 'feed', 'tariffData', 'system'] as const;
export type CorrectionCause = (typeof CORRECTION_CAUSES)[number];

/** Persian, as documents and lists name them. */
export const CORRECTION_KIND_TITLES: Record<CorrectionKind, string> = {
  reading: 'رقم کنتور',
  date: 'تاریخ',
  meter: 'کنتور',
  tariff: 'تعرفه',
  subscriber: 'مشترک',
  name: 'نام',
  payment: 'پرداخت',
  document: 'مدرک',
  other: 'دیگر',
};
export const CORRECTION_CAUSE_TITLES: Record<CorrectionCause, string> = {
  applicant: 'اظهار متقاضی',
  clerk: 'ثبت کارمند',
  feed: 'دادهٔ رسیده',
  tariffData: 'دادهٔ تعرفه',
  system: 'سامانه',
};

/**
 * Error → referral → correction → verification by another person → above a set amount approval → the next revision
 * (plan, rework line). A rejected submission goes back to its owner; a withdrawn error ends it.
 */
export type CorrectionStatus = 'reported' | 'referred' | 'submitted' | 'verified' | 'rejected' | 'withdrawn' | 'issued';

/** One reported error of a settlement and what came of it. */
export interface Correction {
  /** 1 for the settlement's first */
  n: number;
  kind: CorrectionKind;
  cause: CorrectionCause;
  description: string;
  /** the posting whose refusal by billing opened it; null: a person reported it */
  posting: string | null;
  status: CorrectionStatus;
  /** who is to correct it; `user` null: anyone of the role in the office */
  owner: { role: Role; user: string | null };
  reportedBy: string;
  reportedAt: Instant;
  dueAt: Instant;
  submittedBy: string | null;
  /** new total − old total, rial; null before the submission */
  difference: Rial | null;
  /** the corrected facts give the same bill and the same facts */
  noChange: boolean | null;
  verifiedBy: string | null;
  approvedBy: string | null;
  /** the bill that came of it */
  revision: number | null;
  note: string | null;
}

/** What of the facts a correction may change; what is absent stays. */
export type CorrectedFacts = Partial<
  Pick<
    SettlementFacts,
    'settlementDate' | 'reading' | 'readingSource' | 'meterState' | 'purpose' | 'applicant' | 'documents' | 'confirmations'
  >
> & { newSubscriber?: SettlementFacts['newSubscriber'] | null };

export function correctedFacts(facts: SettlementFacts, corrected: CorrectedFacts): SettlementFacts {
  const { newSubscriber, ...rest } = corrected;
  const next: SettlementFacts = { ...facts, ...rest };
  if (newSubscriber !== undefined) next.newSubscriber = newSubscriber ?? undefined;
  return next;
}

const OPEN: ReadonlySet<CorrectionStatus> = new Set(['reported', 'referred', 'submitted', 'verified', 'rejected']);

export function isOpenCorrection({ status }: Pick<Correction, 'status'>): boolean {
  return OPEN.has(status);
}

/** The one that is being worked on: errors of a settlement are handled one after another. */
export function currentCorrection<C extends Pick<Correction, 'status'>>(corrections: readonly C[]): C | undefined {
  return corrections.find(isOpenCorrection);
}

/** Whom a correction waits for: its owner, then another person's role, above the set amount the approver; null when it has ended or waits for one before it. */
export function correctionWaitsFor(
  { status, owner, difference, noChange }: Pick<Correction, 'status' | 'owner' | 'difference' | 'noChange'>,
  submitter: Role | null,
  { approvalAbove }: { approvalAbove: Rial },
): { kind: 'correction' | 'verification' | 'approval'; role: Role; user: string | null } | null {
  switch (status) {
    case 'referred':
    case 'rejected':
      return { kind: 'correction', ...owner };
    case 'submitted':
      // a supervisor's own correction is looked at by another unit
      return { kind: 'verification', role: submitter === 'supervisor' ? 'quality' : 'supervisor', user: null };
    case 'verified':
      return needsApproval(difference, approvalAbove) && noChange !== true ? { kind: 'approval', role: 'approver', user: null } : null;
    default:
      return null;
  }
}

/** Whether a difference of the totals is above what one verifier may let pass, up or down. */
export function needsApproval(difference: Rial | null, approvalAbove: Rial): boolean {
  return Math.abs(difference ?? 0) > approvalAbove;
}

export type CorrectionRefusal = 'NOT_ALLOWED_NOW' | 'NOT_THE_OWNER' | 'SECOND_PERSON_NEEDED' | 'APPROVER_NEEDED';

/** Whether `by` may act on a correction now; the state is looked at first, so that the second of two hears what happened. */
export function refusalOf(
  act: 'submit' | 'withdraw' | 'verify' | 'approve',
  correction: Correction | undefined,
  by: Operator,
): CorrectionRefusal | null {
  if (!correction) return 'NOT_ALLOWED_NOW';
  const { status, owner, submittedBy, verifiedBy } = correction;
  switch (act) {
    case 'submit':
    case 'withdraw':
      if (status !== 'referred' && status !== 'rejected') return 'NOT_ALLOWED_NOW';
      if (by.role === 'supervisor') return null;
      return (owner.user === null ? owner.role === by.role : owner.user === by.id) ? null : 'NOT_THE_OWNER';
    case 'verify':
      if (status !== 'submitted') return 'NOT_ALLOWED_NOW';
      return by.id === submittedBy ? 'SECOND_PERSON_NEEDED' : null;
    case 'approve':
      if (status !== 'verified') return 'NOT_ALLOWED_NOW';
      if (by.role !== 'approver') return 'APPROVER_NEEDED';
      return by.id === submittedBy || by.id === verifiedBy ? 'SECOND_PERSON_NEEDED' : null;
  }
}

/** One line of the old bill beside its successor; a side is null where the line is new or dropped. */
export interface ComparedLine {
  code: LineCode;
  label: string;
  before: Rial | null;
  after: Rial | null;
}

/** Old and new bill side by side. */
export interface Comparison {
  lines: ComparedLine[];
  total: { before: Rial; after: Rial };
  payable: { before: Rial; after: Rial };
  /** new total − old total */
  difference: Rial;
  /** payments received since the old bill was computed, which the new total counts: part of the difference, not of the error */
  received: Rial;
  noChange: boolean;
}

/** The payments of `after` that `before` does not hold, by their reference. */
export function receivedSince(before: readonly LedgerPayment[], after: readonly LedgerPayment[]): LedgerPayment[] {
  const held = new Set(before.map(({ reference }) => reference));
  return after.filter(({ reference }) => !held.has(reference));
}

/** `snapshot` with the payments received since it was taken, in the order of payment; those that it holds stay as they are. */
export function withReceived(snapshot: AccountSnapshot, received: readonly LedgerPayment[]): AccountSnapshot {
  const news = receivedSince(snapshot.payments, received);
  if (news.length === 0) return snapshot;
  const order = ({ paidOn, reference }: LedgerPayment): string => `${paidOn} ${reference}`;
  return { ...snapshot, payments: [...snapshot.payments, ...news].sort((a, b) => (order(a) < order(b) ? -1 : 1)) };
}

/** Lines are matched by code, label and order: every line of the old bill is there, with its successor or without. */
export function compareBills(
  before: Pick<Bill, 'lines' | 'total' | 'payable'>,
  after: Pick<Bill, 'lines' | 'total' | 'payable'>,
  sameFacts: boolean,
  received: Rial = 0,
): Comparison {
  const left = [...after.lines];
  const lines = before.lines.map((line): ComparedLine => {
    const at = left.findIndex(({ code, label }) => code === line.code && label === line.label);
    const [successor] = at < 0 ? [] : left.splice(at, 1);
    return { code: line.code, label: line.label, before: line.amount, after: successor?.amount ?? null };
  });
  lines.push(...left.map(({ code, label, amount }): ComparedLine => ({ code, label, before: null, after: amount })));
  return {
    lines,
    total: { before: before.total, after: after.total },
    payable: { before: before.payable, after: after.payable },
    difference: subtractRial(after.total, before.total),
    received,
    noChange:
      sameFacts &&
      before.lines.length === after.lines.length &&
      before.lines.every((line, i) => sameLine(line, after.lines[i] as BillLine)),
  };
}

const LINE_FIELDS = [
  'code',
  'label',
  'quantity',
  'unit',
  'rate',
  'days',
  'from',
  'to',
  'amount',
  'basis',
] as const satisfies (keyof BillLine)[];

/** Field by field: a database keeps its own order of them. */
function sameLine(a: BillLine, b: BillLine): boolean {
  return LINE_FIELDS.every((field) => a[field] === b[field]);
}

/** Sums by line code: what billing books, and of which a difference posting is the difference. */
export function sumsByCode(lines: readonly Pick<BillLine, 'code' | 'amount'>[]): Partial<Record<LineCode, Rial>> {
  const sums: Partial<Record<LineCode, Rial>> = {};
  for (const { code, amount } of lines) sums[code] = sumRial([sums[code] ?? 0, amount]);
  return sums;
}

/** a − b by line code; codes whose difference is 0 are left out. */
export function subtractSums(a: Partial<Record<LineCode, Rial>>, b: Partial<Record<LineCode, Rial>>): Partial<Record<LineCode, Rial>> {
  const codes = [...new Set([...Object.keys(a), ...Object.keys(b)])] as LineCode[];
  return Object.fromEntries(
    codes.map((code) => [code, subtractRial(a[code] ?? 0, b[code] ?? 0)] as const).filter(([, amount]) => amount !== 0),
  );
}
