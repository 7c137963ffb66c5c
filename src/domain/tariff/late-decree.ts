import { type LineCode } from '../bill/debt.js';
import { sumsByCode, subtractSums } from '../correction/correction.js';
import { type Rial, subtractRial, sumRial } from '../rial.js';
import type { Bill } from '../settlement/settlement.js';
import type { Tariff } from './tariff.js';
import { type BillInputs, recompute } from '../settlement/verification.js';

/** What an earlier run posted for the same bill. */
export interface PostedDifference {
  amount: Rial;
  lines: Partial<Record<LineCode, Rial>>;
}

export interface DecreeDifference {
  /** total as announced, with what was posted since */
  before: Rial;
  /** total under the tariffs that are published now */
  after: Rial;
  amount: Rial;
  /** difference by line code */
  lines: Partial<Record<LineCode, Rial>>;
}

/**
 * What a decree that came late makes of a bill on account (domain.md): the stored inputs under the tariffs published now,
 * against the bill as announced and what was posted for it since. The bill itself stays as it is. `none` says why it
 * gives no debt any more.
 */
export function decreeDifference(
  { bill, inputs, posted }: { bill: Pick<Bill, 'lines' | 'total'>; inputs: BillInputs; posted: readonly PostedDifference[] },
  tariffs: readonly Tariff[],
): DecreeDifference | { none: string } {
  const debt = recompute(inputs, tariffs);
  if ('none' in debt) return debt;
  const before = sumRial([bill.total, ...posted.map(({ amount }) => amount)]);
  const lines = posted.reduce(
    (left, { lines: sums }) => subtractSums(left, sums),
    subtractSums(sumsByCode(debt.lines), sumsByCode(bill.lines)),
  );
  return { before, after: debt.total, amount: subtractRial(debt.total, before), lines };
}
