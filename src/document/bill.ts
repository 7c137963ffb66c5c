import { toSVG } from 'bwip-js/node';
import type { BillLine } from '../domain/bill/debt.js';
import { barcode } from '../domain/bill/bill-id.js';
import { exactDecimal, readFraction } from '../domain/fraction.js';
import { todayInTehran } from '../domain/calendar/jalali.js';
import type { ReadingSource } from '../domain/settlement/reading.js';
import { sumRial } from '../domain/rial.js';
import type { ClearanceLetter } from '../domain/settlement/clearance.js';
import type { Bill, BillPayment, Purpose, Settlement } from '../domain/settlement/settlement.js';
import { persianDigits } from '../domain/text.js';
import { clearancePage } from './clearance.js';
import { date, id, isolated, moment, number, prose } from './figures.js';
import { typesetter } from './typst.js';
import { amountInWords } from './words.js';

/** What is printed: plain JSON, nothing is looked up or computed anew, so a reprint is equal in every amount. */
export interface BillDocument {
  /** announced: with its account and its bill */
  settlement: Settlement;
  /** which reprint it is, from 1: it carries the mark المثنی with its number; false: the bill itself */
  copy: false | number;
  /** no longer valid (cancelled, or another revision stands): carries the mark باطل and no barcode */
  void: boolean;
  /** A5 when absent; `receipt`: a strip of 80 mm, as long as it takes */
  paper?: 'a5' | 'receipt';
}

export interface BillPrinter {
  /**
   * The settlement bill as PDF. Error when the settlement has no bill, and when what would be printed does not
   * agree with itself: lines and total, payable and carry, slips and payable, barcode and ids.
   */
  bill(input: BillDocument): Uint8Array;
  /** The clearance letter as PDF, A5: what was stored at its issue. */
  clearance(letter: ClearanceLetter): Uint8Array;
}

/** A printer with its compiler and fonts, made once per process. `issuer`: the company's name at the top. */
export function createBillPrinter({ issuer = 'شرکت گاز' }: { issuer?: string } = {}): BillPrinter {
  const typeset = typesetter('bill');
  // their compilers are made when somebody asks for the first one
  const made = new Map<string, ReturnType<typeof typesetter>>();
  const rarely = (name: string): ReturnType<typeof typesetter> => {
    const ready = made.get(name) ?? typesetter(name);
    made.set(name, ready);
    return ready;
  };
  return {
    bill: (input) => (input.paper === 'receipt' ? rarely('receipt') : typeset)(page(input, issuer)),
    clearance: (letter) => rarely('clearance')(clearancePage(letter, issuer)),
  };
}

const USES: Readonly<Record<string, string>> = {
  household: 'خانگی',
  commercial: 'تجاری',
  'government-commercial': 'دولتی و تجاری',
  bakery: 'نانوایی',
  'education-sport-religious-charity': 'آموزشی، ورزشی، مذهبی و خیریه',
  'traditional-bath': 'گرمابه سنتی',
  farming: 'کشاورزی',
  industrial: 'صنعتی',
  public: 'عمومی',
};
const AREAS = { urban: 'شهری', rural: 'روستایی' } as const;
const SOURCES: Readonly<Record<ReadingSource, string>> = {
  declared: 'اعلام متقاضی',
  staff: 'قرائت مأمور',
  estimated: 'برآورد',
  none: 'بدون قرائت',
};
const PURPOSES: Readonly<Record<Purpose, string>> = { balance: 'اعلام مانده', final: 'تسویهٔ نهایی' };
const UNITS = { m3: 'مترمکعب', month: 'ماه', rial: 'ریال' } as const;

/** The values of bill.typ. Every figure is text already: the template only lays out. */
function page({ settlement, copy, void: isVoid }: BillDocument, issuer: string) {
  const { account, bill, facts } = settlement;
  if (!account || !bill) throw new Error(`settlement ${settlement.id} has no bill to print`);
  assertAgrees(bill);
  const meter = account.meter;
  const invalid = isVoid || settlement.status === 'cancelled';
  const announced = settlement.announcedAt ?? bill.issuedAt;
  return {
    issuer: isolated(issuer),
    number: id(bill.number),
    revision: bill.revision > 1 ? number(bill.revision) : null,
    issuedOn: todayInTehran(new Date(bill.issuedAt)).split('/').map(Number),
    copy: copy === false ? null : number(copy),
    void: invalid,
    illustrative: bill.illustrative,
    definitive: bill.definitive,
    purpose: PURPOSES[facts.purpose],
    settlementDate: date(facts.settlementDate),
    payable: number(bill.payable),
    name: isolated(account.name),
    address: isolated(account.address),
    subscriber: [
      ['شمارهٔ اشتراک', id(account.subscription)],
      ['شناسهٔ قبض', id(bill.billId)],
      ['کد پستی', id(account.postalCode)],
      ['شمارهٔ پرونده', id(account.file)],
      ['سری', id(account.series)],
      ['نوع مصرف', USES[account.use] ?? isolated(account.use)],
      ['تعداد واحد', number(account.units)],
      ['منطقه و اقلیم', `${AREAS[account.area]}، اقلیم ${number(account.climate)}`],
    ],
    meter: [
      ['شمارهٔ بدنهٔ کنتور', meter ? id(meter.serial) : null],
      ['تعداد ارقام', meter ? number(meter.digits) : null],
      ['ضریب تصحیح', meter ? number(meter.coefficient) : null],
      ['مبنای قرائت', SOURCES[facts.readingSource]],
    ],
    previous: bill.previousReading && {
      reading: persianDigits(String(bill.previousReading.reading)),
      on: date(bill.previousReading.on),
    },
    current: { reading: facts.reading === null ? null : persianDigits(String(facts.reading)), on: date(facts.settlementDate) },
    days: number(bill.days),
    consumption: quantity(bill.consumption),
    lines: bill.lines.map(line),
    rows: bill.lines.map((_, i) => number(i + 1)),
    total: number(bill.total),
    carry: number(bill.carry),
    carryLabel: carryLabel(bill),
    words: amountInWords(bill.payable),
    nothingToPay: nothingToPay(bill),
    slips: bill.payments.map((payment, i) => slip(payment, i, bill, invalid)),
    notices: notices(settlement, bill),
    newSubscriber: facts.newSubscriber ? { name: isolated(facts.newSubscriber.name), from: date(facts.newSubscriber.from) } : null,
    record: [
      ['متقاضی', `${isolated(facts.applicant.name)} (${facts.applicant.kind === 'owner' ? 'مالک' : 'مستأجر'})`],
      ['کارمند خدمات مشترکین', isolated(settlement.clerk.name)],
      ['دفتر', isolated(settlement.clerk.office)],
      ['دریافت درخواست', moment(settlement.receivedAt)],
      ['اعلام مانده', moment(announced)],
      ['داده‌ها تا تاریخ', bill.dataAsOf ? date(bill.dataAsOf) : null],
    ].filter(([, value]) => value !== null),
  };
}

/** What is printed adds up, and what is encoded equals what is printed; a bill that does not is never handed out. */
function assertAgrees(bill: Bill): void {
  const { lines, total, payable, carry, payments, billId } = bill;
  if (sumRial(lines.map((each) => each.amount)) !== total) throw new Error(`bill ${bill.number}: the lines are not the total`);
  if (sumRial([payable, carry]) !== total) throw new Error(`bill ${bill.number}: payable and carry are not the total`);
  if (sumRial(payments.map((each) => each.amount)) !== payable) throw new Error(`bill ${bill.number}: the slips are not the payable sum`);
  for (const payment of payments) {
    if (payment.barcode !== barcode(billId, payment.paymentId)) throw new Error(`bill ${bill.number}: a barcode is not its ids`);
    // the id's amount is in thousands, before its five last digits
    if (Number(payment.paymentId.slice(0, -5)) * 1000 !== payment.amount) throw new Error(`bill ${bill.number}: an id is not its amount`);
  }
}

function line({ label, quantity: q, unit, rate, days, from, to, amount, basis }: BillLine) {
  return {
    label: prose(label),
    quantity: q === null ? null : quantity(q),
    unit: unit && UNITS[unit],
    rate: rate === null ? null : number(rate),
    days: days === null ? null : number(days),
    period: from && to ? [date(from), date(to)] : null,
    amount: number(amount),
    credit: amount < 0,
    basis: prose(basis),
    // rounded in the table, so the explanation gives what was computed with
    exact: q === null ? null : exactQuantity(q),
  };
}

function slip({ amount, paymentId, barcode: digits }: BillPayment, i: number, { billId, payments }: Bill, invalid: boolean) {
  return {
    title: payments.length > 1 ? `قبض ${number(i + 1)} از ${number(payments.length)}` : null,
    amount: number(amount),
    billId,
    paymentId,
    digits,
    barcode: invalid ? null : code128(digits),
    qr: invalid ? null : toSVG({ ...QR, text: digits }),
  };
}

// any of the eight masks is a valid symbol; trying them all to choose takes longer than the rest of it
const QR = { bcid: 'qrcode', mask: 4, scale: 1 };

/** 26 digits are an even number, so bwip-js' code128 takes set C throughout: 178 modules. */
function code128(digits: string): string {
  return toSVG({ bcid: 'code128', text: digits, includetext: false, height: 10, scale: 1 });
}

function carryLabel({ payable, carry }: Bill): string {
  if (carry < 0) return 'بستانکاری که در حساب می‌ماند';
  return `منتقل به صورتحساب بعد (${payable > 0 || carry === 0 ? 'کسر هزار ریال' : 'کمتر از حد وصول'})`;
}

function nothingToPay({ payable, total }: Bill): string | null {
  if (payable > 0) return null;
  if (total === 0) return 'مانده بدهی صفر است؛ مبلغی برای پرداخت نیست.';
  if (total < 0) {
    return `مشترک بستانکار است: ${number(-total)} ریال بستانکاری در حساب می‌ماند؛ مبلغی برای پرداخت نیست.`;
  }
  return `مانده کمتر از حد وصول است: ${number(total)} ریال به صورتحساب بعد می‌رود؛ اکنون مبلغی برای پرداخت نیست.`;
}

function notices({ postings, warnings, facts }: Settlement, bill: Bill): string[] {
  const tariff = bill.tariff.map(isolated).join('، ');
  const basis = [
    tariff && `تعرفهٔ ${tariff}${bill.illustrative ? ' (نمایشی)' : ''}`,
    bill.dataAsOf && `صورتحساب‌ها و پرداخت‌های ثبت‌شده تا ${date(bill.dataAsOf)}`,
  ].filter(Boolean);
  const standing = bill.definitive ? 'این صورتحساب قطعی است' : 'این صورتحساب علی‌الحساب است و پس از قرائت یا تعرفهٔ قطعی تسویه می‌شود';
  const said = [`${standing}${basis.length > 0 ? `؛ بر پایهٔ ${basis.join(' و ')}` : ''}.`];
  if (warnings.some((warning) => warning.code === 'PROVISIONAL_TARIFF')) {
    said.push('تعرفهٔ این دوره هنوز منتشر نشده و آخرین تعرفه موقتاً به‌کار رفته است؛ مابه‌التفاوت پس از انتشار منظور می‌شود.');
  }
  if (warnings.some((warning) => warning.code === 'STALE_FEED')) {
    said.push(
      'بخشی از داده‌های پایهٔ این صورتحساب به‌روز نبود و صدور آن با ذکر دلیل تأیید شد؛ پرداخت یا قبضی که در آن نیامده باشد در صورتحساب بعد منظور می‌شود.',
    );
  }
  if (bill.payments.length > 1) {
    said.push(`مبلغ از سقف یک شناسهٔ پرداخت بیشتر است و با ${number(bill.payments.length)} قبض پرداخت می‌شود؛ همهٔ قبض‌ها را بپردازید.`);
  }
  said.push(fee(postings, bill));
  if (facts.lateEntry) said.push(`ثبت با تأخیر، قبض کاغذی شمارهٔ ${isolated(facts.lateEntry.slip)}.`);
  if (bill.revision > 1) said.push('این ویرایش جایگزین ویرایش‌های پیشین است؛ آن‌ها را نپردازید.');
  return said;
}

/** The fee is collected in the next cycle's bill (plan, step 6): the bill says so, lest anyone asks for it now. */
function fee(postings: Settlement['postings'], bill: Bill): string {
  if (!bill.fee) return 'برای این صورتحساب هزینهٔ صدور دریافت نمی‌شود.';
  const { amount, resolution, illustrative } = bill.fee;
  const cycle = postings.find((posting) => posting.kind === 'fee')?.cycle ?? null;
  return (
    `هزینهٔ صدور، ${number(amount)} ریال${illustrative ? ' (رقم نمایشی)' : ''}، به استناد ${isolated(resolution)}، در صورتحساب ` +
    `${cycleName(cycle)}، ستون بدهی متفرقه، دریافت می‌شود؛ برای آن در باجه مبلغی پرداخت نکنید.`
  );
}

function cycleName(cycle: string | null): string {
  if (cycle === null) return 'دورهٔ آتی';
  const [, series = '', year = '', nn = ''] = /^(.+)-([0-9]{4})-([0-9]{2})$/.exec(cycle) ?? [];
  if (!nn) return `دورهٔ ${isolated(cycle)}`;
  return `دورهٔ ${persianDigits(String(Number(nn)))} سال ${persianDigits(year)} (سری ${isolated(series)})`;
}

/** Hundredths are enough to read; `n/d` is rounded half up by magnitude. */
function quantity(exact: string): string {
  if (!exact.includes('/')) return number(exact);
  const { n, d } = readFraction(exact);
  const magnitude = n < 0n ? -n : n;
  const hundredths = String((200n * magnitude + d) / (2n * d)).padStart(3, '0');
  const places = hundredths.slice(-2).replace(/0+$/, '');
  return number(`${n < 0n ? '-' : ''}${hundredths.slice(0, -2)}${places && `.${places}`}`);
}

/** What hundredths do not tell: the decimal where it ends (۰٫۸۷۵), else the fraction (۵۰/۳); null where they tell all. */
function exactQuantity(exact: string): string | null {
  if (!exact.includes('/')) return null;
  const { n, d } = readFraction(exact);
  if ((100n * n) % d === 0n) return null;
  const text = exactDecimal({ n, d });
  return text === null ? persianDigits(exact) : number(text);
}
