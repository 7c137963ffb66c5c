import type { AccountSnapshot } from './account.js';
import { checkPayment, makeBillId, splitPayable } from '../bill/bill-id.js';
import { type BillLine, type Debt, type Fee, computeDebt } from '../bill/debt.js';
import { checkReading } from './reading.js';
import type { Bill, SettlementFacts } from './settlement.js';
import type { Tariff } from '../tariff/tariff.js';

/** What an issued bill was computed from, as it is stored with it. */
export interface BillInputs {
  snapshot: AccountSnapshot;
  facts: SettlementFacts;
  /** tariff versions in the order of publication */
  tariffs: string[];
  fee: Fee | null;
}

/** One place where an issued bill is not what its inputs give. */
export interface Difference {
  /** 1 for the first printed line; null for the bill as a whole */
  line: number | null;
  /** the line's code; null for the bill as a whole */
  code: BillLine['code'] | null;
  field: string;
  issued: unknown;
  computed: unknown;
}

/** The debt that the stored inputs give, or why they give none. */
export function recompute({ snapshot, facts, fee }: BillInputs, tariffs: readonly Tariff[]): Debt | { none: string } {
  // the day of issue decides only whether a date was in the future
  const { usage, findings } = checkReading(snapshot, facts, tariffs, facts.settlementDate);
  if (!usage) return { none: findings.map(({ code }) => code).join(', ') };
  const debt = computeDebt({ snapshot, facts, usage, tariffs, fee });
  return 'noTariffOn' in debt ? { none: `NO_TARIFF ${debt.noTariffOn}` } : debt;
}

/** Compares an issued bill with its recomputation: line by line, then its sums and particulars, then its ways to pay. */
export function differences(issued: Bill, computed: Debt, account: Pick<AccountSnapshot['account'], 'file' | 'company'>): Difference[] {
  const found = lineDifferences(issued.lines, computed.lines);
  const whole = (field: string, was: unknown, is: unknown): void => {
    if (!same(was, is)) found.push({ line: null, code: null, field, issued: was ?? null, computed: is ?? null });
  };
  const { lines: _, ...particulars } = computed;
  for (const field of Object.keys(particulars) as (keyof typeof particulars)[]) whole(field, issued[field], computed[field]);
  whole('billId', issued.billId, makeBillId(account));
  whole(
    'payments',
    issued.payments.map(({ amount }) => amount),
    splitPayable(computed.payable),
  );
  issued.payments.forEach(({ amount, paymentId, barcode }, i) => {
    const printed = checkPayment(issued.billId, paymentId);
    whole(`payments.${i}.paymentId`, { amount, barcode }, { amount: printed.amountRial, barcode: printed.barcode });
  });
  return found;
}

function lineDifferences(issued: readonly BillLine[], computed: readonly BillLine[]): Difference[] {
  if (issued.length === computed.length) {
    return computed.flatMap((line, i) => {
      const was = issued[i] as BillLine;
      const fields = [...new Set([...Object.keys(was), ...Object.keys(line)])] as (keyof BillLine)[];
      return fields
        .filter((field) => !same(was[field], line[field]))
        .map((field) => ({ line: i + 1, code: line.code, field, issued: was[field] ?? null, computed: line[field] ?? null }));
    });
  }
  // a line too many or too few: the others are found again wherever they stand
  const left = [...computed];
  const extra = issued.flatMap((line, i): Difference[] => {
    const at = left.findIndex((each) => same(each, line));
    if (at < 0) return [{ line: i + 1, code: line.code, field: 'line', issued: line.amount, computed: null }];
    left.splice(at, 1);
    return [];
  });
  const missing = left.map((line): Difference => ({
    line: computed.indexOf(line) + 1,
    code: line.code,
    field: 'line',
    issued: null,
    computed: line.amount,
  }));
  return [...extra, ...missing];
}

/** Equal as JSON, whatever the order of the fields: a database keeps its own. */
function same(a: unknown, b: unknown): boolean {
  return JSON.stringify(sorted(a)) === JSON.stringify(sorted(b));
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value ?? null;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, part]) => part !== undefined)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, part]) => [key, sorted(part)]),
  );
}
