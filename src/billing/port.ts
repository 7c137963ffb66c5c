import type { Account, AccountSnapshot, Cycle, FeedState, LedgerPayment, Meter } from '../domain/settlement/account.js';
import type { JalaliDate } from '../domain/calendar/jalali.js';
import type { PostingBatch } from '../domain/outbox/outbox.js';

/** A row of a search: enough to say the name aloud and choose. */
export interface AccountHit {
  subscription: string;
  billId: string;
  name: string;
  address: string;
  office: string;
  use: Account['use'];
  meterSerial: Meter['serial'] | null;
}

/** What we ask of the company's billing system. */
export interface BillingPort {
  /**
   * Subscribers by subscription no., bill id, national id, meter serial, name or address (normalised),
   * in the order of `subscription`. `office` null = every office.
   */
  findAccounts(search: { query: string; office: string | null; limit: number; after: string | null }): Promise<AccountHit[]>;
  /**
   * The subscriber read in one snapshot, or null. `today` (Tehran) selects the cycles that still take postings.
   * `reported` are payments that came by call: one whose reference the ledger does not hold is among the answer's
   * payments; as soon as the ledger holds it, counted by a bill or not, the ledger's word alone stands.
   */
  account(subscription: string, today: JalaliDate, reported?: readonly LedgerPayment[]): Promise<AccountSnapshot | null>;
  /** When each feed last came in; those that never came are not there. Absent where billing is asked instead of fed. */
  feeds?(): Promise<FeedState[]>;
  /** The timetable: cycles that close between two days (both included), nearest first; `series` null = all. */
  timetable(search: { series: string | null; from: JalaliDate; to: JalaliDate }): Promise<Cycle[]>;
  /**
   * Hands a frozen batch to a billing system that is told instead of asking; absent where billing fetches its batches itself.
   * Repeating it is harmless: billing keeps one batch per cycle and number. Throws when it is not known to have arrived.
   */
  submitBatch?(batch: PostingBatch): Promise<void>;
}
