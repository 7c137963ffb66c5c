import { isOpenCorrection } from '../correction/correction.js';
import type { JalaliDate } from '../calendar/jalali.js';
import { type Rial, subtractRial } from '../rial.js';
import type { Instant, Operator, Purpose, Settlement } from './settlement.js';

/** The clearance letter (مفاصاحساب) as it was issued: all that is printed, so that it is never computed anew. */
export interface ClearanceLetter {
  number: string;
  issuedAt: Instant;
  issuedBy: Pick<Operator, 'id' | 'name' | 'office'>;
  settlement: string;
  subscription: string;
  billId: string;
  file: string;
  series: string;
  settlementDate: JalaliDate;
  /** m³ on the counter; null for the ledger's balance alone */
  reading: number | null;
  purpose: Purpose;
  bill: {
    number: string;
    revision: number;
    issuedAt: Instant;
    total: Rial;
    payable: Rial;
    carry: Rial;
    definitive: boolean;
    illustrative: boolean;
  };
  /** what paid it; none when there was nothing to pay */
  payments: { reference: string; paidOn: JalaliDate; amount: Rial }[];
  paid: Rial;
  /** collected in the next cycle's bill */
  fee: Rial | null;
  /** can be erased without changing the rest; empty then */
  person: { name: string; address: string; postalCode: string };
}

/** Why no letter can be issued now, with what is still owed (rial). */
export type ClearanceRefusal =
  | { code: 'NO_BILL' | 'NOT_ALLOWED_NOW' }
  | { code: 'CORRECTION_OPEN'; n: number }
  | { code: 'STILL_OWED'; payable: Rial; paid: Rial; remaining: Rial };

/** A letter is for a bill that stands, is not being corrected, and is paid or leaves nothing to be paid. Null: it may be issued. */
export function clearanceRefusal({ status, announcedAt, bill, paid, corrections }: Settlement): ClearanceRefusal | null {
  if (status === 'cancelled' || status === 'rejected') return { code: 'NOT_ALLOWED_NOW' };
  if (announcedAt === null || bill === null || paid === null) return { code: 'NO_BILL' };
  const open = corrections.find(isOpenCorrection);
  if (open) return { code: 'CORRECTION_OPEN', n: open.n };
  if (paid.remaining > 0) return { code: 'STILL_OWED', payable: bill.payable, paid: paid.amount, remaining: paid.remaining };
  return null;
}

/** The letter of a settlement that `clearanceRefusal` lets pass. */
export function clearanceLetter(
  { id, facts, account, bill, payments, paid }: Settlement,
  given: Pick<ClearanceLetter, 'number' | 'issuedAt' | 'issuedBy'>,
): ClearanceLetter {
  if (!account || !bill || !paid) throw new Error(`settlement ${id} has nothing to be cleared`);
  const { number, revision, issuedAt, total, payable, carry, definitive, illustrative } = bill;
  return {
    ...given,
    settlement: id,
    subscription: account.subscription,
    billId: account.billId,
    file: account.file,
    series: account.series,
    settlementDate: facts.settlementDate,
    reading: facts.reading,
    purpose: facts.purpose,
    bill: { number, revision, issuedAt, total, payable, carry, definitive, illustrative },
    // what the bill's total counts already is in its lines
    payments: payments
      .map(({ reference, paidOn, amount, counted }) => ({ reference, paidOn, amount: subtractRial(amount, counted) }))
      .filter(({ amount }) => amount !== 0),
    paid: paid.amount,
    fee: bill.fee?.amount ?? null,
    person: { name: account.name, address: account.address, postalCode: account.postalCode },
  };
}
