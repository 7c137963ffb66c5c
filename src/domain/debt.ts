import type { JalaliDate } from './jalali.js';
import type { Rial } from './rial.js';

export type LineCode =
  | 'GAS_STEP'
  | 'GAS_FLAT'
  | 'SUBSCRIPTION'
  | 'INSURANCE'
  | 'GAS_LEVY'
  | 'VAT'
  | 'PREVIOUS_DEBT'
  | 'PAYMENT'
  | 'ADJUSTMENT'
  | 'INSTALMENTS'
  | 'DEPOSIT'
  | 'DISCOUNT';

/** One printed line. `amount` is the only rounded figure of it. */
export interface BillLine {
  code: LineCode;
  /** Persian, as printed */
  label: string;
  /** exact: a whole number, a decimal or a fraction `n/d`; null where none applies */
  quantity: string | null;
  unit: 'm3' | 'month' | 'rial' | null;
  /** rial per m³ or month as decimal text, or percent (`9%`); null where none applies */
  rate: string | null;
  days: number | null;
  from: JalaliDate | null;
  to: JalaliDate | null;
  amount: Rial;
  /** plain Persian sentence: formula with its numbers, limits, tariff version or source */
  basis: string;
}

export interface Debt {
  lines: BillLine[];
  /** sum of the lines, signed */
  total: Rial;
  /** what is to be paid: a multiple of the rounding unit, never negative */
  payable: Rial;
  /** what stays in the ledger: payable + carry = total */
  carry: Rial;
  /** days of the period: after the last reading's date up to the settlement date */
  days: number;
  /** m³ (standard), exact text as in BillLine.quantity */
  consumption: string;
  previousReading: { reading: number; on: JalaliDate } | null;
  /** read by staff: definitive (قطعی); else on account (علی‌الحساب) */
  definitive: boolean;
  /** tariff versions used */
  tariff: string[];
  /** the tariff's figures are for illustration, not in force */
  illustrative: boolean;
  /** the oldest as-of date of the feeds the debt rests on */
  dataAsOf: JalaliDate | null;
  /** issuing fee collected in the next cycle's bill; null without a board resolution */
  fee: { amount: Rial; resolution: string; illustrative: boolean } | null;
}
