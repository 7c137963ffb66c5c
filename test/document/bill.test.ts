import { type BillDocument, createBillPrinter } from '../../src/document/bill.js';
import { type BillLine, computeDebt } from '../../src/domain/bill/debt.js';
import { finding } from '../../src/domain/settlement/finding.js';
import { decimal } from '../../src/domain/fraction.js';
import type { JalaliDate } from '../../src/domain/calendar/jalali.js';
import { type Change, settlement } from './settlement-sample.js';
import { decodeCode128C } from './code128.js';
import { readPdfs } from './read-pdf.js';
import { isDebt, on, snapshot, stepTariff } from '../domain/sample.js';

const printer = createBillPrinter({ issuer: 'شرکت گاز استان' });

function printed(change: Change = {}, marks: Partial<BillDocument> = {}) {
  const [bill] = printedAll([change], marks);
  if (!bill) throw new Error('nothing printed');
  return bill;
}

function printedAll(changes: Change[], marks: Partial<BillDocument> = {}) {
  return readPdfs(changes.map((change) => printer.bill({ settlement: settlement(change), copy: false, void: false, ...marks })));
}

function debt(amount: number, label = 'بدهی پیشین'): BillLine {
  return { code: 'PREVIOUS_DEBT', label, quantity: null, unit: null, rate: null, days: null, from: null, to: null, amount, basis: 'مانده' };
}

describe('an ordinary bill', () => {
  const bill = printed();

  test('case 33: holds the exact amount, date and name, digits in their order', () => {
    expect(bill.text).toContain('۱۲٬۳۴۵٬۰۰۰');
    expect(bill.text).toContain('۱۴۰۵/۰۳/۲۱');
    expect(bill.text).toContain('علی کریمی');
    expect(bill.text).toContain('دوازده میلیون و سیصد و چهل و پنج هزار ریال');
    expect(bill.text).toContain('−۵۰۰٬۰۰۰');
  });

  test('case 17: prints every line, and the total that they add up to', () => {
    for (const amount of ['۵۰٬۲۶۷', '۱۹۰٬۳۱۴', '۱۲٬۴۰۰', '۳٬۱۰۰', '۲۴٬۰۵۸', '۲۵٬۲۹۸', '۱۲٬۵۴۰٬۰۶۳']) expect(bill.text).toContain(amount);
    expect(bill.text).toContain('جمع۱۲٬۳۴۵٬۵۰۰');
    expect(bill.text).toMatch(/کسر هزار ریال\)۵۰۰$/m);
  });

  test('fits a page with its slip, and explains the lines on the second', () => {
    expect(bill.pages).toHaveLength(2);
    expect(bill.pages[0]?.barcodes).toHaveLength(1);
    expect(bill.inside).toBe(true);
    expect(bill.pages[1]?.lines.join('\n')).toContain('۸۷۱/۶');
    expect(bill.pages[1]?.lines.join('\n')).toContain('۱٬۰۸۱');
  });

  test('keeps a figure with a dash inside a sentence in its order', () => {
    expect(bill.text).toContain('۱۴۰۵-۰۲');
  });

  test('case 18: encodes the two ids that it prints', () => {
    const sample = settlement().bill;
    const digits = decodeCode128C(bill.barcodes[0] ?? []);
    expect(digits).toBe(`${sample?.billId.padStart(13, '0')}${sample?.payments[0]?.paymentId.padStart(13, '0')}`);
    expect(bill.text.replaceAll(' ', '')).toContain(digits);
    expect(bill.text).toContain(sample?.billId);
    expect(bill.text).toContain(sample?.payments[0]?.paymentId);
  });

  test('says when the fee is collected, and that nothing is due for it now', () => {
    expect(bill.text).toMatch(/۴۹٬۰۰۰.*۱۴۰۵\/۱۱۲/);
    expect(bill.text).toContain('ستون بدهی متفرقه');
    expect(bill.text).toContain('مبلغی پرداخت نکنید');
    expect(bill.text).toContain('قطعی');
    expect(bill.text).not.toContain('نمایشی');
  });

  test('gives the times in Tehran, whatever zone the machine is in', () => {
    expect(bill.text).toContain('۱۰:۱۱');
    expect(bill.text).toContain('۱۰:۱۲');
  });
});

test('what was computed is printed: decimals in the sentences, and the exact quantity where hundredths do not tell it', () => {
  const computed = computeDebt({
    snapshot: snapshot(),
    facts: { settlementDate: on('1397/02/11'), reading: 0, readingSource: 'staff', purpose: 'balance' },
    usage: { previous: { reading: 0, on: on('1397/02/01'), source: 'staff' }, days: 10, consumption: decimal('40.125') },
    tariffs: [
      stepTariff([
        { uptoM3PerMonth: 45, rialPerM3: 1081 },
        { uptoM3PerMonth: 95, rialPerM3: 1311 },
        { uptoM3PerMonth: null, rialPerM3: 1656 },
      ]),
    ],
    fee: null,
  });
  isDebt(computed);
  const [, second, third] = computed.lines;
  expect([second?.quantity, third?.quantity]).toEqual(['50/3', '203/24']);
  const { text, inside } = printed({ lines: computed.lines });
  expect(inside).toBe(true);
  // the reader of the PDF gives figures and letters in their order, but not each gap and mark between them
  const holds = (printedText: string, parts: string[]) =>
    parts.filter((part) => !printedText.replace(/\s/g, '').includes(part.replaceAll(' ', '')));
  expect(holds(text, ['حدود ۱۶٫۶۶۷ متر مکعب', 'حدود ۳۱٫۶۶۷', 'مقدار دقیق ۵۰/۳ مترمکعب', '۱۶٫۶۷ مترمکعب', 'مقدار دقیق ۲۰۳/۲۴'])).toEqual([]);
  // an exact decimal of more than two places is told as such
  const eighth = printed({ lines: [{ ...computed.lines[0]!, quantity: '321/8', basis: '40.125 متر مکعب × 1081 ریال' }] }).text;
  expect(holds(eighth, ['۴۰٫۱۳ مترمکعب', '۴۰٫۱۲۵ متر مکعب', 'مقدار دقیق ۴۰٫۱۲۵ مترمکعب'])).toEqual([]);
});

test('marks figures that are for illustration on every page', () => {
  const { pages } = printed({ bill: { illustrative: true } });
  for (const page of pages) expect(page.lines.join('\n')).toContain('ارقام نمایشی است');
});

test('says on account, new subscriber, late entry and revision', () => {
  const { text, inside } = printed({
    bill: { definitive: false, revision: 2 },
    facts: {
      newSubscriber: { name: 'زهرا نوری', nationalId: '0084575948', from: '1405/03/22' as JalaliDate },
      lateEntry: { slip: 'K-0412', receivedAt: '2026-06-11T06:00:00.000Z' },
    },
  });
  expect(text).toContain('الحساب');
  expect(text).toContain('زهرا نوری');
  expect(text).toContain('۱۴۰۵/۰۳/۲۲');
  expect(text).toContain('K-0412');
  expect(text).toMatch(/قبض کاغذی/);
  expect(text).toMatch(/ویرایش ?۲/);
  expect(inside).toBe(true);
});

test('a reprint is marked and equal in everything else', () => {
  const copy = printed({}, { copy: 3 });
  expect(copy.text).toMatch(/المثنی.*۳/);
  expect(copy.text).toContain('۱۲٬۳۴۵٬۰۰۰');
  expect(copy.barcodes).toHaveLength(1);
});

test.each([
  ['asked for', {}, { void: true }],
  ['cancelled', { settlement: { status: 'cancelled' as const } }, {}],
])('a void bill (%s) is marked and cannot be scanned', (_, change, marks) => {
  const { text, barcodes } = printed(change, marks);
  expect(text).toContain('باطل است');
  expect(barcodes).toHaveLength(0);
});

test.each([
  ['zero', [debt(500_000), debt(-500_000)], 'مانده بدهی صفر است'],
  ['a credit', [debt(-1_234_567)], 'مشترک بستانکار است'],
  ['not collected', [debt(9_500)], 'کمتر از حد وصول'],
])('case 19: %s: no barcode, and it says why', (_, lines, sentence) => {
  const { text, barcodes } = printed({ lines });
  expect(text).toContain(sentence);
  expect(text).toContain('صفر ریال');
  expect(barcodes).toHaveLength(0);
});

test('a credit is printed with its sign before its digits', () => {
  expect(printed({ lines: [debt(-1_234_567)] }).text).toContain('جمع−۱٬۲۳۴٬۵۶۷');
});

test('40 lines run on, the header again, none lost', () => {
  const lines = Array.from({ length: 40 }, (_, i) => debt(100_000 + i * 1_117, `مورد ${i + 1}`));
  const { pages, text, inside } = printed({ lines });
  expect(pages.length).toBeGreaterThan(2);
  const table = pages.slice(0, 2).map((page) => page.lines.join('\n'));
  for (const part of table) expect(part).toMatch(/ردیف.*شرح.*مقدار/);
  for (const { amount } of lines) {
    const figure = amount.toLocaleString('fa-IR');
    expect(table.join('\n')).toContain(figure);
    // in the table and in the explanation
    expect(text.split(figure).length - 1).toBeGreaterThanOrEqual(2);
  }
  expect(inside).toBe(true);
});

describe('on a strip of 80 mm', () => {
  test('the same figures as on A5, on one page, the barcode of the same ids', () => {
    const change: Change = { bill: { revision: 2 } };
    const [strip] = printedAll([change], { paper: 'receipt' });
    const a5 = printed(change);
    expect(strip?.pages).toHaveLength(1);
    expect(strip?.inside).toBe(true);
    expect(strip?.barcodes.map(decodeCode128C)).toEqual(a5.barcodes.map(decodeCode128C));
    const figures = (text: string): string[] => [...new Set(text.match(/[−]?[۰-۹]{1,3}(?:٬[۰-۹]{3})+/g))].sort();
    const shown = figures(strip?.text ?? '');
    expect(shown).toContain('۱۲٬۳۴۵٬۰۰۰');
    expect(figures(a5.pages[0]?.lines.join('\n') ?? '').filter((figure) => !shown.includes(figure))).toEqual([]);
    expect(strip?.text).toContain('علی کریمی');
  });

  test('void: said at the top, and no barcode', () => {
    const [strip] = printedAll([{}], { paper: 'receipt', void: true, copy: 3 });
    expect(strip?.text).toContain('باطل');
    expect(strip?.text).toContain('المثنی');
    expect(strip?.barcodes).toEqual([]);
  });

  test('nothing to pay is said', () => {
    const [strip] = printedAll([{ lines: [debt(-500)] }], { paper: 'receipt' });
    expect(strip?.text).toContain('بستانکار');
    expect(strip?.barcodes).toEqual([]);
  });
});

test('case 19: more than a payment id carries: a slip and a barcode for each part', () => {
  const change = { lines: [debt(350_000_000_777)] };
  const { barcodes, text, inside } = printed(change);
  const payments = settlement(change).bill?.payments ?? [];
  expect(payments).toHaveLength(4);
  expect(barcodes.map(decodeCode128C)).toEqual(payments.map((payment) => payment.barcode));
  for (const payment of payments) expect(text).toContain(payment.amount.toLocaleString('fa-IR'));
  expect(text).toMatch(/قبض ?۴ ?از ?۴/);
  expect(inside).toBe(true);
});

test('case 33: a name that looks like markup or a formula is printed as it is', () => {
  const names = [
    '#import "x"',
    '*bold*',
    '$a$',
    '=1+1',
    '<b>x</b>',
    'back\\slash \\u{41}',
    '[ not closed',
    'it\'s "quoted"',
    '#panic() // /* @ref',
  ];
  const applicant = { nationalId: '0084575948', kind: 'owner' as const };
  const bills = printedAll(names.map((name) => ({ account: { name }, facts: { applicant: { ...applicant, name } } })));
  names.forEach((name, i) => {
    // as the subscriber's and as the applicant's
    expect((bills[i]?.text ?? '').split(name).length - 1).toBeGreaterThanOrEqual(2);
  });
});

test('names and addresses of any length stay on the page', () => {
  const { text, inside } = printed({
    account: { name: 'محمد '.repeat(40), address: 'W'.repeat(200), postalCode: '' },
    facts: { newSubscriber: { name: 'ن'.repeat(200), nationalId: '1', from: '1405/03/22' as JalaliDate } },
  });
  expect(inside).toBe(true);
  expect(text.split('محمد').length - 1).toBe(40);
  expect(text.match(/W/g)).toHaveLength(200);
});

test('controls, bidi overrides and half characters in a name turn nothing', () => {
  const { text } = printed({ account: { name: '\u202eعلی\u0000\nکریمی\ud800\u2067' } });
  expect(text).toContain('علی کریمی');
  expect(text).toContain('۱۲٬۳۴۵٬۰۰۰');
});

test('a balance without a reading', () => {
  const { text } = printed({
    lines: [debt(20_000)],
    bill: { previousReading: null, days: 0, consumption: '0', tariff: [], dataAsOf: null, fee: null },
    facts: { reading: null, readingSource: 'none', purpose: 'balance' },
    account: { meter: null },
    settlement: { postings: [] },
  });
  expect(text).toContain('بدون قرائت');
  expect(text).toMatch(/صدور دریافت ن/);
});

test('plan R2: up to which day the data speaks, and that stale data was confirmed', () => {
  const fresh = printed({}).text;
  expect(fresh).toContain('۱۴۰۵/۰۳/۲۰');
  expect(fresh).not.toContain('روز نبود');
  const { text, inside } = printed({ settlement: { warnings: [finding('STALE_FEED', 'subscription', '…')] } });
  expect(text).toContain('روز نبود');
  expect(inside).toBe(true);
});

test('sums to the end of the exact range stay whole', () => {
  const { text, inside } = printed({ lines: [debt(9_000_000_000_000_000), debt(-8_999_999_000_000_000)] });
  expect(text).toContain('۹٬۰۰۰٬۰۰۰٬۰۰۰٬۰۰۰٬۰۰۰');
  expect(inside).toBe(true);
});

describe('what does not agree with itself is not printed', () => {
  const of = (change: Change) => () => printer.bill({ settlement: settlement(change), copy: false, void: false });
  const sample = settlement().bill;
  const [payment] = sample?.payments ?? [];
  test.each<[string, Change, RegExp]>([
    ['lines and total', { bill: { total: 12_345_501 } }, /lines/],
    ['payable and carry', { bill: { carry: 501 } }, /carry/],
    ['slips and payable', { bill: { payments: [] } }, /slips/],
    ['barcode and ids', { bill: { payments: [{ ...payment!, barcode: '0'.repeat(26) }] } }, /barcode/],
    ['no bill', { settlement: { bill: null } }, /no bill/],
  ])('%s', (_, change, message) => {
    expect(of(change)).toThrow(message);
  });
});

test('the same bill gives the same bytes', () => {
  const input = { settlement: settlement(), copy: false as const, void: false };
  expect(Buffer.from(printer.bill(input)).equals(printer.bill(input))).toBe(true);
});
