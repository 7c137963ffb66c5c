import { makeBillId, makePaymentId, barcode, splitPayable } from '../../../src/domain/bill/bill-id.js';
import type { Debt } from '../../../src/domain/bill/debt.js';
import { decreeDifference } from '../../../src/domain/tariff/late-decree.js';
import type { Bill } from '../../../src/domain/settlement/settlement.js';
import { type BillInputs, differences, recompute } from '../../../src/domain/settlement/verification.js';
import { T1, bill as ledgerBill, facts, isDebt, snapshot, stepTariff } from '../sample.js';

const tariff = stepTariff(T1);
const inputs = (change: Partial<BillInputs> = {}): BillInputs => ({
  snapshot: snapshot({ lastBill: ledgerBill('1397/02/01', 1_000, { totalDue: 5_500 }) }),
  facts: facts('1397/02/31', 1_045),
  tariffs: ['T'],
  fee: null,
  ...change,
});
function computed(of: BillInputs = inputs()): Debt {
  const debt = recompute(of, [tariff]);
  if ('none' in debt) throw new Error(debt.none);
  isDebt(debt);
  return debt;
}
function issued(debt: Debt): Bill {
  const { account } = inputs().snapshot;
  const billId = makeBillId(account);
  const payments = splitPayable(debt.payable).map((amount, i) => {
    const paymentId = makePaymentId({ billId, amount, yearDigit: 7, period: i + 1 });
    return { amount, paymentId, barcode: barcode(billId, paymentId) };
  });
  return { ...debt, number: '01-1397-1', revision: 1, issuedAt: '2018-05-21T05:00:00.000Z', billId, payments };
}
const found = (change: (bill: Bill) => Bill) =>
  differences(change(issued(computed())), computed(), inputs().snapshot.account).map(({ line, code, field }) => [line, code, field]);

test('the stored inputs give the bill again: 45 m³ in 30 days of T1 and what was owed', () => {
  const debt = computed();
  expect(debt.lines.map(({ code, amount }) => [code, amount])).toEqual([
    ['GAS_STEP', 48_645],
    ['PREVIOUS_DEBT', 5_500],
  ]);
  expect(differences(issued(debt), debt, inputs().snapshot.account)).toEqual([]);
});

test('inputs that give no debt say why', () => {
  expect(recompute(inputs({ facts: facts('1397/02/31', 999) }), [tariff])).toEqual({ none: 'READING_BELOW_PREVIOUS' });
  expect(recompute(inputs(), [])).toEqual({ none: expect.stringMatching(/NO_TARIFF/) as string });
});

test('whatever was changed is named with its line', () => {
  const line =
    (i: number, change: object) =>
    (bill: Bill): Bill => ({ ...bill, lines: bill.lines.map((each, at) => (at === i ? { ...each, ...change } : each)) });
  expect(found((bill) => bill)).toEqual([]);
  expect(found(line(1, { amount: 5_501 }))).toEqual([[2, 'PREVIOUS_DEBT', 'amount']]);
  expect(found(line(0, { rate: '1', basis: 'x' }))).toEqual([
    [1, 'GAS_STEP', 'rate'],
    [1, 'GAS_STEP', 'basis'],
  ]);
  expect(found(line(0, { stranger: 1 }))).toEqual([[1, 'GAS_STEP', 'stranger']]);
  expect(found((bill) => ({ ...bill, total: 1 }))).toEqual([[null, null, 'total']]);
  expect(
    found((bill) => ({ ...bill, carry: 1, days: 31, consumption: '46' }))
      .map(([, , field]) => field)
      .sort(),
  ).toEqual(['carry', 'consumption', 'days']);
  expect(found((bill) => ({ ...bill, billId: '1' })).map(([, , field]) => field)).toContain('billId');
  expect(found((bill) => ({ ...bill, payments: [] }))).toEqual([[null, null, 'payments']]);
  expect(found((bill) => ({ ...bill, payments: bill.payments.map((each) => ({ ...each, barcode: 'x' })) }))).toEqual([
    [null, null, 'payments.0.paymentId'],
  ]);
});

test('a line too many or too few: it alone is named, wherever it stood', () => {
  expect(found((bill) => ({ ...bill, lines: bill.lines.slice(1) }))).toEqual([[1, 'GAS_STEP', 'line']]);
  expect(found((bill) => ({ ...bill, lines: bill.lines.slice(0, 1) }))).toEqual([[2, 'PREVIOUS_DEBT', 'line']]);
  expect(found((bill) => ({ ...bill, lines: [{ ...(bill.lines[1] as Bill['lines'][number]), amount: 7 }, ...bill.lines] }))).toEqual([
    [1, 'PREVIOUS_DEBT', 'line'],
  ]);
});

test('both values are told, null where a side has none', () => {
  const was = issued(computed());
  const { fee: _, ...without } = was;
  const changed = {
    ...without,
    total: 1,
    lines: was.lines.map((line, i) => (i === 0 ? { ...line, rate: '7', stranger: 1 } : line)),
  } as unknown as Bill;
  expect(differences(changed, { ...computed(), fee: { amount: 5 } as Debt['fee'] }, inputs().snapshot.account)).toEqual([
    { line: 1, code: 'GAS_STEP', field: 'rate', issued: '7', computed: '1081' },
    { line: 1, code: 'GAS_STEP', field: 'stranger', issued: 1, computed: null },
    { line: null, code: null, field: 'total', issued: 1, computed: 54_145 },
    { line: null, code: null, field: 'fee', issued: null, computed: { amount: 5 } },
  ]);
});

test('the order of fields is a database’s own affair at any depth, and a field without a value is none; that of a list is not', () => {
  const turned = <T extends object>(value: T): T =>
    Object.fromEntries([...Object.entries(value).reverse(), ['none', undefined]]) as unknown as T;
  const fee = { amount: 49_000, resolution: { number: '7', on: '1397/01/10' } };
  const [was, is] = [
    { ...issued(computed()), fee: turned({ ...fee, resolution: turned(fee.resolution) }), tariff: ['A', 'B'] },
    { ...computed(), fee, tariff: ['A', 'B'] },
  ] as unknown as [Bill, Debt];
  const fields = (bill: Bill): string[] => differences(bill, is, inputs().snapshot.account).map(({ field }) => field);
  expect(fields({ ...was, lines: was.lines.map(turned) })).toEqual([]);
  expect(fields({ ...was, tariff: ['B', 'A'] })).toEqual(['tariff']);
  expect(fields({ ...was, fee: { ...fee, resolution: { ...fee.resolution, number: '8' } } } as unknown as Bill)).toEqual(['fee']);
});

describe('a decree that came late', () => {
  const of = inputs();
  const { lines, total } = computed(of);
  const dearer = [tariff, { ...stepTariff(T1.map((step) => ({ ...step, rialPerM3: step.rialPerM3 + 10 }))), version: 'later' }];
  test('the difference by line code, against what was announced', () => {
    expect(decreeDifference({ bill: { lines, total }, inputs: of, posted: [] }, dearer)).toEqual({
      before: 54_145,
      after: 54_595,
      amount: 450,
      lines: { GAS_STEP: 450 },
    });
  });
  test('what was posted since counts: the same decree again gives nothing, a further one the rest', () => {
    const posted = [{ amount: 400, lines: { GAS_STEP: 400 } }];
    expect(decreeDifference({ bill: { lines, total }, inputs: of, posted }, dearer)).toEqual({
      before: 54_545,
      after: 54_595,
      amount: 50,
      lines: { GAS_STEP: 50 },
    });
    expect(
      decreeDifference({ bill: { lines, total }, inputs: of, posted: [...posted, { amount: 50, lines: { GAS_STEP: 50 } }] }, dearer),
    ).toEqual({ before: 54_595, after: 54_595, amount: 0, lines: {} });
  });
  test('a bill whose inputs give no debt any more says why', () => {
    expect(decreeDifference({ bill: { lines, total }, inputs: of, posted: [] }, [])).toEqual({
      none: expect.stringMatching(/NO_TARIFF/) as string,
    });
  });
});

test('the day of issue does not matter: a settlement of a day to come is recomputed as any other', () => {
  expect('none' in recompute(inputs({ facts: facts('1497/12/29', 1_100) }), [tariff])).toBe(false);
});
