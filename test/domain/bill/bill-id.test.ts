import fc from 'fast-check';
import {
  MAX_PAYMENT_ID_AMOUNT,
  barcode,
  checkBillId,
  checkPayment,
  makeBillId,
  makePaymentId,
  splitPayable,
} from '../../../src/domain/bill/bill-id.js';
import { persianDigits } from '../../../src/domain/text.js';
import vectors from '../../vectors/bill-ids.json';

const NO_BILL_ID = { valid: false, file: null, company: null, service: null };
const NO_PAYMENT = { valid: false, amountRial: null, yearDigit: null, period: null, barcode: null };

const subscriber = fc.record({
  file: fc.integer({ min: 1, max: 99_999_999 }).map(String),
  company: fc.integer({ min: 0, max: 999 }).map((n) => String(n).padStart(3, '0')),
  service: fc.integer({ min: 0, max: 9 }),
});
const slip = fc.record({
  amount: fc.integer({ min: 1, max: 99_999_999 }).map((thousands) => thousands * 1000),
  yearDigit: fc.integer({ min: 0, max: 9 }),
  period: fc.integer({ min: 0, max: 99 }),
});

describe('vectors', () => {
  test.each(vectors.valid)('$billId $paymentId is valid', ({ billId, paymentId, service, amountRial, barcode: bars }) => {
    expect(checkBillId(billId)).toMatchObject({ valid: true, service });
    expect(checkPayment(billId, paymentId)).toMatchObject({ valid: true, amountRial, barcode: bars });
    expect(barcode(billId, paymentId)).toBe(bars);
    // the ids can be made again from their parts
    const parts = checkBillId(billId);
    const payment = checkPayment(billId, paymentId);
    if (!parts.valid || !payment.valid) throw new Error('invalid');
    expect(makeBillId(parts)).toBe(billId);
    expect(makePaymentId({ billId, amount: payment.amountRial, ...payment })).toBe(paymentId);
  });

  test.each(vectors.invalid)('$billId $paymentId is not: $why', ({ billId, paymentId, why }) => {
    expect(checkPayment(billId, paymentId)).toEqual(NO_PAYMENT);
    expect(checkBillId(billId).valid).toBe(why !== 'bill check digit');
    expect(() => barcode(billId, paymentId)).toThrow(RangeError);
  });

  test.each(vectors.gas)('gas: file $file of $company, $amountRial rial', (v) => {
    expect(makeBillId({ file: v.file, company: v.company })).toBe(v.billId);
    expect(makeBillId({ file: v.file.padStart(8, '0'), company: v.company, service: 3 })).toBe(v.billId);
    expect(makePaymentId({ billId: v.billId, amount: v.amountRial, yearDigit: v.yearDigit, period: v.period })).toBe(v.paymentId);
    expect(checkBillId(v.billId)).toEqual({ valid: true, file: v.file, company: v.company, service: 3 });
    const payment = {
      valid: true,
      amountRial: v.amountRial,
      yearDigit: v.yearDigit,
      period: v.period,
      barcode: v.barcode,
    };
    expect(checkPayment(v.billId, v.paymentId)).toEqual(payment);
    // the halves of a scanned barcode, and a slip typed with Persian digits (case 34)
    expect(checkPayment(v.barcode.slice(0, 13), v.barcode.slice(13))).toEqual(payment);
    expect(checkPayment(persianDigits(v.billId), ` ${persianDigits(v.paymentId)}\u200f`)).toEqual(payment);
  });
});

describe('refused', () => {
  test.each(['', '0', '00000000', '123456789', '12a', '-1', ' 1', '۱۲۳'])('file %j', (file) =>
    expect(() => makeBillId({ file, company: '014' })).toThrow(RangeError),
  );
  test.each(['14', '0014', '', 'abc'])('company %j', (company) => expect(() => makeBillId({ file: '1', company })).toThrow(RangeError));
  test.each([-1, 10, 1.5, Number.NaN])('service %p', (service) =>
    expect(() => makeBillId({ file: '1', company: '014', service })).toThrow(RangeError),
  );

  const good = { billId: '857372322339', amount: 4_300_000, yearDigit: 7, period: 1 };
  test.each([
    { amount: 0 },
    { amount: -1000 },
    { amount: 999 },
    { amount: 1500 },
    { amount: 12_345_500 },
    { amount: 0.5 },
    { amount: Number.NaN },
    { amount: MAX_PAYMENT_ID_AMOUNT + 1000 },
    { yearDigit: 10 },
    { yearDigit: -1 },
    { yearDigit: 0.5 },
    { period: 100 },
    { period: -1 },
    { billId: '857372322338' },
    { billId: '' },
  ])('payment id of %p', (wrong) => expect(() => makePaymentId({ ...good, ...wrong })).toThrow(RangeError));

  test.each(['', '12345', '00000000101434', '0000000101434', '12345678901234', '85737232233x', '0000000000000', '８57372322339'])(
    'bill id %j',
    (billId) => {
      expect(checkBillId(billId)).toEqual(NO_BILL_ID);
      expect(checkPayment(billId, '430070179')).toEqual(NO_PAYMENT);
    },
  );
  test.each(['', '70179', '0000000070179', '00000430070179', '430070178', '430070189', '4300701790'])('payment id %j', (id) =>
    expect(checkPayment('857372322339', id)).toEqual(NO_PAYMENT),
  );
});

test('a file or an amount of nothing but zeros is none, whatever the check digit', () => {
  for (const digit of '0123456789') {
    expect(checkBillId(`000000001113${digit}`)).toEqual(NO_BILL_ID);
    for (const second of '0123456789') {
      expect(checkPayment('857372322339', `00000000701${digit}${second}`)).toEqual(NO_PAYMENT);
    }
  }
});

test('a payment id belongs to one bill id', () => {
  expect(checkPayment('857372322339', '430070179').valid).toBe(true);
  expect(checkPayment('123456701439', '430070179')).toEqual(NO_PAYMENT);
});

test('case 18: what is encoded is the rounded sum that is printed', () => {
  const billId = makeBillId({ file: '1234567', company: '014' });
  const paymentId = makePaymentId({ billId, amount: 12_345_000, yearDigit: 5, period: 1 });
  expect(paymentId).toMatch(/^12345501\d\d$/);
  expect(checkPayment(billId, paymentId)).toMatchObject({ amountRial: 12_345_000 });
  expect(() => makePaymentId({ billId, amount: 12_345_500, yearDigit: 5, period: 1 })).toThrow(RangeError);
});

describe('case 19: splitPayable', () => {
  test.each([
    [0, []],
    [1000, [1000]],
    [MAX_PAYMENT_ID_AMOUNT, [MAX_PAYMENT_ID_AMOUNT]],
    [100_000_000_000, [MAX_PAYMENT_ID_AMOUNT, 1000]],
    [2 * MAX_PAYMENT_ID_AMOUNT, [MAX_PAYMENT_ID_AMOUNT, MAX_PAYMENT_ID_AMOUNT]],
  ])('%d', (payable, amounts) => expect(splitPayable(payable)).toEqual(amounts));

  test.each([-1000, 500, 1001, 0.5, Number.NaN, Infinity])('%p is refused', (payable) =>
    expect(() => splitPayable(payable)).toThrow(RangeError),
  );

  test('property: nothing is lost, and every part has its payment id', () => {
    const billId = makeBillId({ file: '7654321', company: '014' });
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2_000_000_000 }), (thousands) => {
        const parts = splitPayable(thousands * 1000);
        expect(parts.reduce((sum, part) => sum + part, 0)).toBe(thousands * 1000);
        parts.forEach((amount, i) => {
          const paymentId = makePaymentId({ billId, amount, yearDigit: 5, period: i });
          expect(checkPayment(billId, paymentId)).toMatchObject({ amountRial: amount });
        });
      }),
    );
  });
});

describe('properties', () => {
  test('what is made is valid, reads back and has a barcode of 26 digits', () => {
    fc.assert(
      fc.property(subscriber, slip, (who, what) => {
        const billId = makeBillId(who);
        const paymentId = makePaymentId({ billId, ...what });
        expect(billId).toMatch(/^[1-9]\d{5,12}$/);
        expect(paymentId).toMatch(/^[1-9]\d{5,12}$/);
        const bars = barcode(billId, paymentId);
        expect(bars).toMatch(/^\d{26}$/);
        expect(checkBillId(bars.slice(0, 13))).toEqual({ valid: true, ...who });
        expect(checkPayment(bars.slice(0, 13), bars.slice(13))).toEqual({
          valid: true,
          amountRial: what.amount,
          yearDigit: what.yearDigit,
          period: what.period,
          barcode: bars,
        });
      }),
      { numRuns: 500 },
    );
  });

  test('about 1.7 % of the single wrong digits in a bill id pass, no more', () => {
    let tried = 0;
    let passed = 0;
    for (let file = 1_000_003; file < 99_999_999; file += 494_999) {
      const billId = makeBillId({ file: String(file), company: '014' });
      for (let i = 0; i < billId.length; i++) {
        for (const digit of '0123456789') {
          if (digit === billId[i]) continue;
          tried++;
          if (checkBillId(billId.slice(0, i) + digit + billId.slice(i + 1)).valid) passed++;
        }
      }
    }
    expect(passed / tried).toBeGreaterThan(0.01);
    expect(passed / tried).toBeLessThan(0.025);
  });

  test('in a payment id, both digits together let fewer pass', () => {
    const billId = makeBillId({ file: '1234567', company: '014' });
    let tried = 0;
    let passed = 0;
    for (let thousands = 1003; thousands < 99_999_999; thousands += 494_999) {
      const id = makePaymentId({ billId, amount: thousands * 1000, yearDigit: 5, period: 7 });
      for (let i = 0; i < id.length; i++) {
        for (const digit of '0123456789') {
          if (digit === id[i]) continue;
          tried++;
          if (checkPayment(billId, id.slice(0, i) + digit + id.slice(i + 1)).valid) passed++;
        }
      }
    }
    expect(passed / tried).toBeLessThan(0.017);
  });
});
