import type { JalaliDate } from '../calendar/jalali.js';
import type { PreviousReading, ReadingSource } from './reading.js';
import type { Rial } from '../rial.js';
import type { Instant } from './settlement.js';

export interface Account {
  subscription: string;
  file: string;
  company: string;
  name: string;
  nationalId: string;
  mobile: string;
  address: string;
  postalCode: string;
  office: string;
  series: string;
  /** `household`, `commercial`, …: the names that the tariff uses */
  use: string;
  climate: number;
  area: 'urban' | 'rural';
  /** units (واحد) behind the meter */
  units: number;
  welfare: boolean;
  connectedOn: JalaliDate;
  closedOn: JalaliDate | null;
}

export interface Meter {
  serial: string;
  /** digits of the counter: it rolls over at 10^digits */
  digits: number;
  /** m³/h as decimal text (G4 passes `6`) */
  capacity: string;
  /** counter m³ → standard m³, decimal text; `1` for ordinary meters */
  coefficient: string;
  installedOn: JalaliDate;
  startReading: number;
  removedOn: JalaliDate | null;
  endReading: number | null;
}

export interface LedgerBill {
  serial: string;
  cycle: string;
  issuedOn: JalaliDate;
  fromDate: JalaliDate;
  toDate: JalaliDate;
  fromReading: number;
  toReading: number;
  readingSource: ReadingSource;
  /** signed: all that is owed after this bill, carry included */
  totalDue: Rial;
}

export interface LedgerPayment {
  reference: string;
  paidOn: JalaliDate;
  amount: Rial;
  paymentId: string | null;
}

export interface LedgerAdjustment {
  reference: string;
  on: JalaliDate;
  /** signed, added to the debt */
  amount: Rial;
  reason: string;
}

export interface Instalment {
  reference: string;
  dueOn: JalaliDate;
  amount: Rial;
}

export interface Deposit {
  reference: string;
  amount: Rial;
  on: JalaliDate;
}

export interface Cycle {
  /** `<series>-<yyyy>-<nn>` */
  cycle: string;
  series: string;
  fromDate: JalaliDate;
  toDate: JalaliDate;
  /** last day for postings, through 24:00 Tehran */
  closesOn: JalaliDate;
  issuesOn: JalaliDate;
  objectionDays: number;
}

export const FEED_KINDS = ['accounts', 'meters', 'bills', 'payments', 'adjustments', 'instalments', 'deposits', 'cycles'] as const;
export type FeedKind = (typeof FEED_KINDS)[number];

/** When a feed last came in and up to which day its data speaks. */
export interface FeedState {
  kind: FeedKind;
  loadedAt: Instant;
  asOf: JalaliDate;
}

/** A sum of the ledger that a settlement's total counts already. */
export interface CountedSum {
  reference: string;
  amount: Rial;
}

/** The latest valid settlement that rests on the same last bill: the next one starts where it ended. */
export interface EarlierSettlement {
  billNumber: string;
  settlementDate: JalaliDate;
  /** where the next period starts; a settlement of the ledger alone leaves it where it was */
  previous: PreviousReading | null;
  /** signed: all that was owed after it, carry included */
  total: Rial;
  counted: { payments: CountedSum[]; adjustments: CountedSum[]; instalments: CountedSum[]; deposits: CountedSum[] };
}

/** All that a settlement needs to know of a subscriber, read at one moment. */
export interface AccountSnapshot {
  account: Account;
  /** by installedOn, oldest first */
  meters: Meter[];
  lastBill: LedgerBill | null;
  /** earlier periods, newest first, lastBill included; two years at most */
  history: LedgerBill[];
  /** what lastBill.totalDue does not count, by `countedInBill`, never by date */
  payments: LedgerPayment[];
  adjustments: LedgerAdjustment[];
  instalments: Instalment[];
  deposits: Deposit[];
  /** absent when none stands after the last bill; it is not billing's to tell, so it is filled beside the port */
  earlierSettlement?: EarlierSettlement | undefined;
  /** the series' cycles that still take postings today, nearest first; three at most */
  cycles: Cycle[];
  feeds: FeedState[];
}
