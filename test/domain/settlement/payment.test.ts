import fc from 'fast-check';
import { type PaymentReport, paidOf, sameReport } from '../../../src/domain/settlement/payment.js';
import { on } from '../sample.js';

const of = (...amounts: (number | [amount: number, counted: number])[]) =>
  amounts.map((each) => (Array.isArray(each) ? { amount: each[0], counted: each[1] } : { amount: each, counted: 0 }));

describe('paidOf', () => {
  test.each<[string, number, ReturnType<typeof of>, ReturnType<typeof paidOf>]>([
    ['nothing came', 48_000, of(), { amount: 0, remaining: 48_000, status: 'none' }],
    ['a part', 48_000, of(20_000), { amount: 20_000, remaining: 28_000, status: 'partial' }],
    ['a rial too few', 48_000, of(20_000, 27_999), { amount: 47_999, remaining: 1, status: 'partial' }],
    ['in parts', 48_000, of(20_000, 28_000), { amount: 48_000, remaining: 0, status: 'paid' }],
    ['a rial too much', 48_000, of(48_001), { amount: 48_001, remaining: 0, status: 'overpaid' }],
    ['a credit or a small sum: nothing is to be paid', 0, of(), { amount: 0, remaining: 0, status: 'paid' }],
    ['paid though nothing was to be paid', 0, of(1_000), { amount: 1_000, remaining: 0, status: 'overpaid' }],
    [
      'a slip of the void revision, before the reissue: the new total counts it',
      20_000,
      of([100_000, 100_000]),
      { amount: 0, remaining: 20_000, status: 'none' },
    ],
    [
      'a slip of the void revision, after the reissue: it pays the new bill',
      20_000,
      of(100_000),
      { amount: 100_000, remaining: 0, status: 'overpaid' },
    ],
    [
      'counted with a sum that the ledger has corrected since: the difference',
      20_000,
      of([95_000, 100_000], 25_000),
      { amount: 20_000, remaining: 0, status: 'paid' },
    ],
    [
      'corrected below what was counted: more is to be paid',
      20_000,
      of([95_000, 100_000]),
      { amount: -5_000, remaining: 25_000, status: 'none' },
    ],
    ['beyond 32 bits (case 21)', 2_147_483_648_000, of(2_147_483_648_000), { amount: 2_147_483_648_000, remaining: 0, status: 'paid' }],
  ])('%s', (_, payable, payments, paid) => expect(paidOf(payable, payments)).toEqual(paid));

  test('what is paid and what remains make the payable sum, whatever the order and the parts', () => {
    const rials = fc.integer({ min: 0, max: 10_000_000 });
    fc.assert(
      fc.property(rials, fc.array(fc.tuple(rials, rials), { maxLength: 6 }), (payable, parts) => {
        const payments = of(...parts.map(([a, b]): [number, number] => [Math.max(a, b), Math.min(a, b)]));
        const paid = paidOf(payable, payments);
        expect(Math.min(paid.amount, payable) + paid.remaining).toBe(payable);
        expect(paidOf(payable, [...payments].reverse())).toEqual(paid);
        expect(paid.status === 'overpaid').toBe(paid.amount > payable);
        expect(paid.remaining === 0).toBe(paid.status === 'paid' || paid.status === 'overpaid');
      }),
    );
  });

  test('no sum leaves the exact range', () => expect(() => paidOf(1_000, of(Number.MAX_SAFE_INTEGER, 1))).toThrow('exact range'));
});

test('the same report: every word but the message’s own name', () => {
  const report: PaymentReport = {
    reference: 'R1',
    subscription: '014123456701',
    paymentId: '119050154',
    amount: 119_000,
    paidOn: on('1405/09/05'),
  };
  expect(sameReport(report, { ...report })).toBe(true);
  for (const change of [
    { reference: 'R2' },
    { subscription: '014123456702' },
    { paymentId: '119050162' },
    { amount: 119_001 },
    { paidOn: on('1405/09/06') },
  ]) {
    expect(sameReport(report, { ...report, ...change })).toBe(false);
  }
});
