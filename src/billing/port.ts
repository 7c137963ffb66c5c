import type { Account, AccountSnapshot, Meter } from '../domain/account.js';
import type { JalaliDate } from '../domain/jalali.js';
import type { Rial } from '../domain/rial.js';
import type { Instant, PostingKind } from '../domain/settlement.js';

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

/** A numbered batch of postings, frozen: its content never changes. */
export interface PostingBatch {
  cycle: string;
  batch: number;
  count: number;
  /** sum of the amounts, rial */
  sum: number;
  frozenAt: Instant;
  items: BatchItem[];
}

export interface BatchItem {
  posting: string;
  kind: PostingKind;
  subscription: string;
  settlement: string;
  amount: Rial;
  detail: Record<string, unknown>;
}

/** What we ask of the company's billing system. */
export interface BillingPort {
  /**
   * Subscribers by subscription no., bill id, national id, meter serial, name or address (normalised),
   * in the order of `subscription`. `office` null = every office.
   */
  findAccounts(search: { query: string; office: string | null; limit: number; after: string | null }): Promise<AccountHit[]>;
  /** The subscriber read in one snapshot, or null. `today` (Tehran) selects the cycles that still take postings. */
  account(subscription: string, today: JalaliDate): Promise<AccountSnapshot | null>;
  /**
   * Hands a frozen batch to a billing system that is told instead of asking; absent where billing fetches its batches itself.
   * Repeating it is harmless: billing keeps one batch per cycle and number. Throws when it is not known to have arrived.
   */
  submitBatch?(batch: PostingBatch): Promise<void>;
}
