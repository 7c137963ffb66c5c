import type { Account, Meter } from './account.js';
import type { Correction } from '../correction/correction.js';
import type { Debt } from '../bill/debt.js';
import type { Finding, Confirmation } from './finding.js';
import type { JalaliDate } from '../calendar/jalali.js';
import type { Paid, SettlementPayment } from './payment.js';
import type { MeterState, ReadingSource } from './reading.js';
import type { Rial } from '../rial.js';

/** A moment in UTC as ISO 8601 text: only plain JSON crosses a workflow boundary. */
export type Instant = string;

export type Purpose = 'balance' | 'final';
export type SettlementStatus = 'received' | 'announced' | 'delivered' | 'handedOver' | 'settled' | 'rejected' | 'cancelled';

export interface Person {
  name: string;
  nationalId: string;
  mobile?: string | undefined;
}

/** What the counter asks for, normalised at the edge (digits, letters, dates). */
export interface SettlementFacts {
  subscription: string;
  settlementDate: JalaliDate;
  /** whole m³ on the counter; null only with readingSource `none` */
  reading: number | null;
  readingSource: ReadingSource;
  /** normal when absent */
  meterState?: MeterState | undefined;
  purpose: Purpose;
  applicant: Person & { kind: 'owner' | 'tenant' };
  documents: string[];
  newSubscriber?: (Person & { from: JalaliDate }) | undefined;
  lateEntry?: { slip: string; receivedAt: Instant } | undefined;
  confirmations: Confirmation[];
}

/** The person who acts, as the token names them. */
export interface Operator {
  id: string;
  name: string;
  role: Role;
  office: string;
}
export const ROLES = ['clerk', 'supervisor', 'approver', 'quality', 'billing', 'admin'] as const;
export type Role = (typeof ROLES)[number];

/** Start argument of the settlement workflow. */
export interface SettlementOrder {
  /** `<subscription>-<yyyymmdd>`, successors `-2`, `-3` */
  id: string;
  facts: SettlementFacts;
  clerk: Operator;
  /** receipt of the request; the five minutes run from here */
  receivedAt: Instant;
  /** only for a further settlement of the same subscriber and date */
  predecessor?: Predecessor | undefined;
}

/** Why there is a further settlement of the same subscriber and date, and who allowed it. */
export interface Predecessor {
  id: string;
  reason: string;
  by: string;
}

export interface StepTime {
  name: StepName;
  startedAt: Instant;
  endedAt: Instant;
  attempts: number;
}
/** The seven steps of the plan, in its order. Two activities carry them out: `assess` the second to the fourth, `issue` the others. */
export const STEP_NAMES = ['register', 'fetchAccount', 'checkReading', 'computeDebt', 'issueBill', 'announce', 'scheduleFee'] as const;
export type StepName = (typeof STEP_NAMES)[number];

/** One slip of a bill: an amount that fits a payment id, its id and its 26-digit barcode. */
export interface BillPayment {
  amount: Rial;
  paymentId: string;
  barcode: string;
}

/** An issued revision: the computed debt with its number and its ways to pay. */
export interface Bill extends Debt {
  number: string;
  revision: number;
  issuedAt: Instant;
  billId: string;
  payments: BillPayment[];
}

export type PostingKind = 'fee' | 'settlement' | 'nameChange' | 'difference';
export type PostingStatus = 'waiting' | 'handedOver' | 'taken' | 'refused' | 'late' | 'replaced' | 'cancelled';
export interface Posting {
  /** `<settlement id>/<kind>`, unique for ever */
  posting: string;
  kind: PostingKind;
  /** `<series>-<yyyy>-<nn>`; null while the timetable holds no next cycle */
  cycle: string | null;
  /** last day on which billing takes it, through 24:00 Tehran */
  dueOn: JalaliDate | null;
  amount: Rial;
  status: PostingStatus;
  /** how many cycles closed without billing having taken it */
  timesLate: number;
  /** why billing refused it, or why it waits outside a cycle; null otherwise */
  reason: string | null;
  /** serial of the bill that it came in; null until billing took it */
  billSerial: string | null;
}

/** A settlement's postings, with what its workflow waits for because of them. */
export interface Outbox {
  postings: Posting[];
  /** 24:00 of the next closing day of a cycle that has not taken all of its postings yet; null when none waits for one */
  closesAt: Instant | null;
  /** when the objection days of its cycles are over; null while no cycle is known */
  objectionEndsAt: Instant | null;
}

/** The subscriber as known at the announcement, kept with the bill. */
export interface AccountView extends Pick<
  Account,
  'subscription' | 'name' | 'address' | 'postalCode' | 'office' | 'series' | 'use' | 'climate' | 'area' | 'units' | 'file' | 'company'
> {
  billId: string;
  meter: Pick<Meter, 'serial' | 'digits' | 'capacity' | 'coefficient'> | null;
}

/** A credit that is paid back instead of carried: asked for by one person, confirmed by another. */
export interface Refund {
  amount: Rial;
  reason: string;
  requestedBy: string;
  requestedAt: Instant;
  confirmedBy: string | null;
  confirmedAt: Instant | null;
}

/** A reprint of a revision's bill; `n` counts those of the revision. */
export interface Copy {
  revision: number;
  n: number;
  by: string;
  at: Instant;
}

/** A settlement as the API answers it. */
export interface Settlement {
  id: string;
  status: SettlementStatus;
  revision: number;
  receivedAt: Instant;
  announcedAt: Instant | null;
  elapsedMs: number | null;
  withinTarget: boolean | null;
  lateEntry: boolean;
  facts: SettlementFacts;
  clerk: Operator;
  account: AccountView | null;
  bill: Bill | null;
  warnings: Finding[];
  errors: Finding[];
  postings: Posting[];
  /** what came by the slips of its revisions */
  payments: SettlementPayment[];
  /** against the valid revision's payable sum; null while none stands */
  paid: Paid | null;
  corrections: Correction[];
  cancellation: { by: string; reason: string; at: Instant } | null;
  refund: Refund | null;
  copies: Copy[];
  /** the clearance letter of the valid revision */
  clearance: { number: string; issuedAt: Instant; by: string } | null;
  /** the settlement of the same subscriber and date before this one */
  predecessor: Predecessor | null;
  steps: StepTime[];
  delivery: { deliveredTo: string; channel: string; at: Instant } | null;
}

/** Five minutes from the receipt to the announcement (plan, time target); at risk at half of it. */
export const TARGET_MS = 5 * 60_000;
export const AT_RISK_MS = 150_000;

export function settlementId(subscription: string, settlementDate: JalaliDate): string {
  return `${subscription}-${settlementDate.replaceAll('/', '')}`;
}

export const SETTLEMENT_WORKFLOW_PREFIX = 'settlement/';
export function settlementWorkflowId(id: string): string {
  return `${SETTLEMENT_WORKFLOW_PREFIX}${id}`;
}

/** The facts that must agree for two requests of one id to be the same settlement, as text that can be compared and hashed. */
export function agreeingFacts({ reading, readingSource, meterState = 'normal', purpose, newSubscriber: next }: SettlementFacts): string {
  const facts = [reading, readingSource, purpose, next ? [next.name, next.nationalId, next.mobile ?? null, next.from] : null];
  return JSON.stringify(meterState === 'normal' ? facts : [...facts, meterState]);
}

export function sameFacts(a: SettlementFacts, b: SettlementFacts): boolean {
  return agreeingFacts(a) === agreeingFacts(b);
}

/** The settlement of an order of which nothing is known but that it was received. */
export function receivedSettlement(order: SettlementOrder): Settlement {
  return {
    id: order.id,
    status: 'received',
    revision: 0,
    receivedAt: order.receivedAt,
    announcedAt: null,
    elapsedMs: null,
    withinTarget: null,
    lateEntry: order.facts.lateEntry !== undefined,
    facts: order.facts,
    clerk: order.clerk,
    account: null,
    bill: null,
    warnings: [],
    errors: [],
    postings: [],
    payments: [],
    paid: null,
    corrections: [],
    cancellation: null,
    refund: null,
    copies: [],
    clearance: null,
    predecessor: order.predecessor ?? null,
    steps: [],
    delivery: null,
  };
}
