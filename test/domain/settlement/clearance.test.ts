import type { AccountView, Bill, Settlement } from '../../../src/domain/settlement/settlement.js';
import { receivedSettlement } from '../../../src/domain/settlement/settlement.js';
import { clearanceLetter, clearanceRefusal } from '../../../src/domain/settlement/clearance.js';
import type { Correction } from '../../../src/domain/correction/correction.js';
import { paidOf } from '../../../src/domain/settlement/payment.js';
import { facts, on, order } from '../sample.js';

const account = {
  subscription: '123004567814',
  name: 'علی کریمی',
  address: 'سنندج',
  postalCode: '66',
  office: '01',
  series: '12',
  file: '45678',
  company: '123',
  billId: '4567812314328',
  meter: null,
} as unknown as AccountView;
const bill = {
  number: '01-1397-7',
  revision: 2,
  issuedAt: '2018-05-21T05:00:00.000Z',
  total: 54_145,
  payable: 54_000,
  carry: 145,
  definitive: true,
  illustrative: false,
  fee: { amount: 49_000 },
} as unknown as Bill;
const payment = (amount: number, counted = 0) => ({
  reference: `P${amount}`,
  paymentId: '1',
  amount,
  paidOn: on('1397/03/01'),
  revision: 2,
  outcome: 'matched' as const,
  reportedAmount: null,
  counted,
});
const settlement = (change: Partial<Settlement> = {}): Settlement => {
  const payments = change.payments ?? [payment(54_000)];
  return {
    ...receivedSettlement(order(facts('1397/02/31', 1_234))),
    status: 'settled',
    announcedAt: '2018-05-21T05:00:00.000Z',
    account,
    bill,
    payments,
    paid: paidOf(bill.payable, payments),
    ...change,
  };
};
const correction = (status: Correction['status'], n = 1) => ({ n, status }) as Correction;

test.each<[string, Partial<Settlement>, ReturnType<typeof clearanceRefusal>]>([
  ['paid', {}, null],
  ['paid too much', { payments: [payment(60_000)] }, null],
  ['nothing to be paid', { bill: { ...bill, payable: 0 }, payments: [], paid: paidOf(0, []) }, null],
  ['a rial of a thousand is missing', { payments: [payment(53_999)] }, { code: 'STILL_OWED', payable: 54_000, paid: 53_999, remaining: 1 }],
  [
    'what the total counts already pays nothing more',
    { payments: [payment(54_000, 54_000)] },
    { code: 'STILL_OWED', payable: 54_000, paid: 0, remaining: 54_000 },
  ],
  ['an error is open', { corrections: [correction('issued'), correction('submitted', 2)] }, { code: 'CORRECTION_OPEN', n: 2 }],
  ['an error that ended', { corrections: [correction('withdrawn')] }, null],
  ['cancelled', { status: 'cancelled' }, { code: 'NOT_ALLOWED_NOW' }],
  ['rejected', { status: 'rejected' }, { code: 'NOT_ALLOWED_NOW' }],
  ['not announced yet', { announcedAt: null }, { code: 'NO_BILL' }],
  ['without a bill', { bill: null }, { code: 'NO_BILL' }],
  ['no revision stands', { paid: null }, { code: 'NO_BILL' }],
])('%s', (_, change, refusal) => expect(clearanceRefusal(settlement(change))).toEqual(refusal));

const given = { number: 'M-01-1397-000001', issuedAt: '2018-06-01T05:00:00.000Z', issuedBy: { id: 'c1', name: 'متصدی', office: '01' } };

test('the letter says whose, of what date and reading, by which bill, and what paid it', () => {
  const of = settlement({ payments: [payment(54_000), payment(5_000, 2_000), payment(1_000, 1_000)] });
  expect(clearanceLetter(of, given)).toEqual({
    ...given,
    settlement: '123004567814-13970231',
    subscription: '123004567814',
    billId: '4567812314328',
    file: '45678',
    series: '12',
    settlementDate: '1397/02/31',
    reading: 1_234,
    purpose: 'balance',
    bill: {
      number: '01-1397-7',
      revision: 2,
      issuedAt: '2018-05-21T05:00:00.000Z',
      total: 54_145,
      payable: 54_000,
      carry: 145,
      definitive: true,
      illustrative: false,
    },
    payments: [
      { reference: 'P54000', paidOn: '1397/03/01', amount: 54_000 },
      { reference: 'P5000', paidOn: '1397/03/01', amount: 3_000 },
    ],
    paid: 57_000,
    fee: 49_000,
    person: { name: 'علی کریمی', address: 'سنندج', postalCode: '66' },
  });
});

test('without a fee none is printed; of nothing there is no letter', () => {
  expect(clearanceLetter(settlement({ bill: { ...bill, fee: null } }), given).fee).toBeNull();
  for (const change of [{ account: null }, { bill: null }, { paid: null }])
    expect(() => clearanceLetter(settlement(change), given)).toThrow('nothing to be cleared');
});
