import type { JalaliDate } from '../calendar/jalali.js';
import { type Rial, subtractRial, sumRial } from '../rial.js';

/** A payment that billing reports by call, before its ledger tells it. */
export interface PaymentReport {
  /** billing's name of the payment, the same as in its ledger */
  reference: string;
  subscription: string;
  /** without leading zeros */
  paymentId: string;
  amount: Rial;
  paidOn: JalaliDate;
}

/** A payment that a settlement's workflow must receive; `eventId` names the news, not the payment. */
export interface PaidSettlement {
  settlement: string;
  reference: string;
  eventId: string;
}

/** The effect of a feed's payments: settlements whose workflows must receive them, and tasks that nobody needs to do any more. */
export interface FedPayments {
  paid: PaidSettlement[];
  closedTasks: string[];
}

/** What was paid by a slip of a settlement bill. */
export interface SettlementPayment {
  reference: string;
  paymentId: string;
  /** the ledger's figure; until the ledger holds the payment, the reported one */
  amount: Rial;
  paidOn: JalaliDate;
  /** whose slip was used */
  revision: number;
  /** `void`: by a slip of a revision that no longer stands; the money is the subscriber's all the same */
  outcome: 'matched' | 'void';
  /** the reported sum where the ledger holds another one */
  reportedAmount: Rial | null;
  /** what of it the valid revision's total counts already */
  counted: Rial;
}

/** How far a settlement bill is paid. */
export interface Paid {
  amount: Rial;
  /** never negative: what is too much is `amount` beyond the payable sum */
  remaining: Rial;
  status: 'none' | 'partial' | 'paid' | 'overpaid';
}

/**
 * How far the valid revision's `payable` (rial, ≥ 0) is paid. A payment counts by what that revision's total does not
 * count yet, whichever slip was used (domain notes: by reference, never by date). Nothing to be paid is paid.
 */
export function paidOf(payable: Rial, payments: readonly Pick<SettlementPayment, 'amount' | 'counted'>[]): Paid {
  const amount = sumRial(payments.map((payment) => subtractRial(payment.amount, payment.counted)));
  const remaining = Math.max(0, subtractRial(payable, amount));
  if (remaining > 0) return { amount, remaining, status: amount > 0 ? 'partial' : 'none' };
  return { amount, remaining, status: amount > payable ? 'overpaid' : 'paid' };
}

/** Whether two reports of one reference say the same. */
export function sameReport(a: PaymentReport, b: PaymentReport): boolean {
  return (['reference', 'subscription', 'paymentId', 'amount', 'paidOn'] as const).every((field) => a[field] === b[field]);
}
