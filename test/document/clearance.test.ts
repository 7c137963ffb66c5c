import { createBillPrinter } from '../../src/document/bill.js';
import { clearanceLetter, type ClearanceLetter } from '../../src/domain/settlement/clearance.js';
import { type JalaliDate } from '../../src/domain/calendar/jalali.js';
import { paidOf } from '../../src/domain/settlement/payment.js';
import { readPdfs } from './read-pdf.js';
import { type Change, settlement } from './settlement-sample.js';

const printer = createBillPrinter({ issuer: 'شرکت گاز استان' });
const GIVEN = {
  number: 'M-01-1405-000012',
  issuedAt: '2026-06-12T06:41:12.000Z',
  issuedBy: { id: 'c1', name: 'مریم صادقی', office: '01' },
};

function letter(amounts: number[] = [12_000_000, 345_000], change: Change = {}): ClearanceLetter {
  const sample = settlement(change);
  const payments = amounts.map((amount, i) => ({
    reference: `8845${i}`,
    paymentId: '1',
    amount,
    paidOn: '1405/03/22' as JalaliDate,
    revision: 1,
    outcome: 'matched' as const,
    reportedAmount: null,
    counted: 0,
  }));
  return clearanceLetter({ ...sample, payments, paid: paidOf(sample.bill?.payable ?? 0, payments) }, GIVEN);
}

test('says who, until when and by which payments; fits one page', () => {
  const [paid, nothing, onAccount, erased] = readPdfs([
    printer.clearance(letter()),
    printer.clearance(letter([], { lines: [{ ...settlement().bill!.lines[6]!, amount: 500 }] })),
    printer.clearance(letter([12_346_000], { bill: { definitive: false, illustrative: true } })),
    printer.clearance({ ...letter(), person: { name: '', address: '', postalCode: '' } }),
  ]);
  for (const each of [paid, nothing, onAccount, erased]) expect([each?.pages.length, each?.inside]).toEqual([1, true]);
  for (const text of [
    'مفاصاحساب',
    'M-01-1405-000012',
    'علی کریمی',
    '۱۴۰۵/۰۳/۲۱',
    '۱۴۰۵/۰۳/۲۲',
    '۱۲٬۰۰۰٬۰۰۰',
    '۳۴۵٬۰۰۰',
    '۱۲٬۳۴۵٬۰۰۰',
    '123004567814',
    '1405-02-000318',
    'دوازده میلیون و سیصد و چهل و پنج هزار ریال',
    '88451',
    'مریم صادقی',
    '۴٬۹۸۲'.replace('٬', ''),
  ]) {
    expect(paid?.text).toContain(text);
  }
  // the carry is not hidden: the letter is for what was payable
  expect(paid?.text).toContain('۵۰۰');
  expect(paid?.text).not.toContain('نمایشی');
  expect(nothing?.text.replaceAll('\n', ' ')).toContain('مبلغی برای پرداخت ندارد');
  expect(nothing?.text).not.toContain('شمارهٔ مرجع');
  expect(onAccount?.text).toContain('الحساب');
  expect(onAccount?.text).toContain('نمایشی');
  expect(onAccount?.text).toContain('۱٬۰۰۰');
  expect(erased?.text).not.toContain('کریمی');
  expect(erased?.text).toContain('123004567814');
});

test('the same letter prints the same bytes', () => {
  const same = letter();
  expect(Buffer.from(printer.clearance(same)).equals(Buffer.from(createBillPrinter({ issuer: 'شرکت گاز استان' }).clearance(same)))).toBe(
    true,
  );
});
