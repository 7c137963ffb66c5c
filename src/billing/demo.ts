import { FEED_KINDS, type FeedKind } from '../domain/settlement/account.js';
import { makeBillId, makePaymentId } from '../domain/bill/bill-id.js';
import { addDays, dayNumber, daysBetween, jalali, yearOf, type JalaliDate } from '../domain/calendar/jalali.js';
import { FEED_TABLES } from './feed-columns.js';

export interface DemoOptions {
  /** default 500 */
  subscribers?: number;
  today: JalaliDate;
  /** the same seed, day and number give the same text */
  seed?: number;
}

/** The subscriber that walks through the documents and the acceptance checks. */
export const DEMO_SUBSCRIPTION = '014123456701';

const COMPANY = '014';
const SERIES = ['11', '12', '13'] as const;
type Series = (typeof SERIES)[number];
export const DEMO_OFFICES = ['01', '02', '03'] as const;
/** Days from the end of the last billed period to today; 12 is the demo subscriber's. */
const DAYS_SINCE_READING: Record<Series, number> = { 11: 25, 12: 40, 13: 15 };
/** Days from the end of a period to the last day for postings and to the bill. */
const CLOSES_AFTER = 3;
const ISSUED_AFTER = 8;
const CURRENT_PERIOD = 60;
const OBJECTION_DAYS = 30;
const HISTORY_DAYS = 730;
const YEAR_AHEAD = 365;

const GIVEN =
  'علی زهرا محمد فاطمه حسین مریم رضا سمیه امیر لیلا مهدی نرگس یوسف پروین کاوه شیرین بهرام الهام سیروس نیلوفر علی‌رضا محمدعلی'.split(' ');
const FAMILY =
  'کریمی احمدی محمدی رستمی مرادی صادقی یزدانی کاظمی شریفی حسینی نوروزی قادری امینی جعفری رحیمی فتحی عزیزی بهرامی سلیمی نیک‌پور'.split(' ');
const STREETS = 'آزادی امام بهار پاسداران فردوسی طالقانی کشاورز مولوی سعدی حافظ شهدا ولی‌عصر'.split(' ');
const SHOPS: Record<string, string[]> = {
  commercial: ['فروشگاه', 'رستوران', 'تعمیرگاه'],
  'government-commercial': ['ادارهٔ'],
  bakery: ['نانوایی'],
  'education-sport-religious-charity': ['دبستان', 'مسجد', 'باشگاه'],
  'traditional-bath': ['حمام'],
  farming: ['گلخانهٔ', 'مرغداری'],
};
/** Uses with their share in a hundred; the tariff's words. */
const USES: [use: string, share: number][] = [
  ['household', 80],
  ['commercial', 8],
  ['government-commercial', 2],
  ['bakery', 3],
  ['education-sport-religious-charity', 4],
  ['traditional-bath', 1],
  ['farming', 2],
];
/** Heating through the year, Farvardin to Esfand, in tenths of the yearly mean. */
const SEASON = [9, 6, 4, 4, 4, 4, 5, 8, 14, 20, 22, 17];
/** For round sums only; the settlement's prices come from a tariff. */
const RIAL_PER_M3 = 1450;
const MONTHLY_RIAL = 25_000;

/** mulberry32: small, the same on every machine. */
function random(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

interface Timetable {
  series: Series;
  /** oldest first, from two years back to a year ahead, no day between them */
  cycles: { cycle: string; from: JalaliDate; to: JalaliDate }[];
  /** those whose bill is out */
  billed: number;
}

function timetable(series: Series, today: JalaliDate): Timetable {
  const lastEnd = addDays(today, -DAYS_SINCE_READING[series]);
  const length = random(Number(series));
  const ends: JalaliDate[] = [lastEnd];
  // a whole year more than is told, so that the numbers within the first year are right
  while (daysBetween(ends[0] ?? lastEnd, lastEnd) < HISTORY_DAYS + 2 * YEAR_AHEAD) {
    ends.unshift(addDays(ends[0] ?? lastEnd, -(36 + Math.floor(length() * 25))));
  }
  const billedEnds = ends.length;
  ends.push(addDays(lastEnd, CURRENT_PERIOD));
  while (daysBetween(today, ends.at(-1) ?? today) < YEAR_AHEAD) ends.push(addDays(ends.at(-1) ?? today, 36 + Math.floor(length() * 25)));

  const numbers = new Map<number, number>();
  const all = ends.slice(1).map((to, i) => {
    const year = yearOf(to);
    const number = (numbers.get(year) ?? 0) + 1;
    numbers.set(year, number);
    return { cycle: `${series}-${year}-${String(number).padStart(2, '0')}`, from: ends[i] ?? to, to };
  });
  const told = all.findIndex(({ from }) => daysBetween(from, today) <= HISTORY_DAYS);
  return { series, cycles: all.slice(told), billed: billedEnds - 1 - told };
}

interface DemoPayment {
  reference: string;
  paidOn: JalaliDate;
  amount: number;
  paymentId: string;
  countedIn: string;
}

type Cell = string | number;
type SubscriberRows = Record<Exclude<FeedKind, 'cycles'>, Cell[][]>;

function nationalId(next: () => number): string {
  const nine = String(1 + Math.floor(next() * 499_999_999)).padStart(9, '0');
  let sum = 0;
  for (let i = 0; i < 9; i++) sum += Number(nine[i]) * (10 - i);
  const r = sum % 11;
  return `${nine}${r < 2 ? r : 11 - r}`;
}

function pick<T>(from: readonly T[], next: () => number): T {
  return from[Math.floor(next() * from.length)] as T;
}

function useOf(next: () => number): string {
  let at = next() * 100;
  for (const [use, share] of USES) if ((at -= share) < 0) return use;
  return 'household';
}

/** One invented subscriber with a history that adds up: each bill starts where the one before ended. */
function subscriberRows(index: number, seed: number, today: JalaliDate, timetables: readonly Timetable[]): SubscriberRows {
  const next = random(Math.imul(seed + 1, 0x9e3779b1) ^ Math.imul(index + 1, 0x85ebca6b));
  const known = index === 0;
  const chance = (percent: number): boolean => next() * 100 < percent && !known;

  const number = known ? '1234567' : String(2_000_000 + index);
  const subscription = known ? DEMO_SUBSCRIPTION : `${COMPANY}${number}${String(Number(number) % 97).padStart(2, '0')}`;
  // the first ones show every use, however few subscribers there are
  const use = known ? 'household' : (USES[index]?.[0] ?? useOf(next));
  const household = use === 'household';
  const person = known ? 'علی کریمی' : `${pick(GIVEN, next)} ${pick(FAMILY, next)}`;
  const name = household ? person : `${pick(SHOPS[use] ?? [''], next)} ${person}`.trim();
  const { series, cycles, billed } = timetables[known ? 1 : index % SERIES.length] as Timetable;
  const units = household && chance(8) ? 2 + Math.floor(next() * 11) : 1;
  const climate = known ? 1 : 1 + Math.floor(next() * 2);
  const area = chance(15) ? 'rural' : 'urban';
  // the offset is a subscriber's own day in the reader's round, so periods keep the cycle's length
  const roundDay = known ? 0 : Math.floor(next() * 3);
  const digits = known ? 5 : household ? pick([4, 5, 5, 5, 6], next) : pick([5, 6, 6], next);
  const capacity = known || (household && units === 1) ? '6' : household ? '25' : pick(['10', '16', '25', '40'], next);
  const coefficient = !household && chance(10) ? '1.0325' : '1';
  const monthlyM3 = known ? 38 : (household ? 40 + next() * 110 : 150 + next() * 800) * (digits === 4 ? 0.4 : 1) * Math.min(units, 4);
  const closed = chance(2);
  const mood = known ? 'prompt' : next() < 0.08 ? 'arrears' : 'prompt';

  const firstDay = addDays(cycles[0]?.from ?? today, -roundDay);
  const connectedOn = addDays(firstDay, -Math.floor(next() * 4000));
  const billId = makeBillId({ file: number, company: COMPANY });
  const rows: SubscriberRows = { accounts: [], meters: [], bills: [], payments: [], adjustments: [], instalments: [], deposits: [] };

  const periods = cycles.slice(0, billed).map(({ cycle, from, to }) => {
    const [start, end] = [addDays(from, -roundDay), addDays(to, -roundDay)];
    const days = daysBetween(start, end);
    const month = Number(addDays(start, days >> 1).slice(5, 7));
    const m3 = Math.round((monthlyM3 * days * (SEASON[month - 1] ?? 10) * (0.85 + next() * 0.3)) / 300);
    return { cycle, from: start, to: end, days, m3 };
  });
  const used = periods.reduce((sum, { m3 }) => sum + m3, 0);
  const limit = 10 ** digits;
  // some counters stand shortly before they roll over
  let reading = known ? 12_000 : Math.max(0, chance(3) ? limit - used - 25 : Math.floor(next() * Math.max(0, limit * 0.8 - used)));
  const replacedIn = chance(3) ? 1 + Math.floor(next() * Math.max(1, billed - 2)) : -1;
  const serial = known ? '00345678' : String(10_000_000 + index * 3).padStart(8, '0');
  let meter: Cell[] = [
    subscription,
    known ? serial : `0${serial.slice(1)}`,
    digits,
    capacity,
    coefficient,
    connectedOn,
    Math.max(0, reading - Math.floor(reading / 2)),
    '',
    '',
  ];
  let balance = 0;
  let unpaidSince = Number.POSITIVE_INFINITY;
  const payments: DemoPayment[] = [];
  let pending: DemoPayment | null = null;

  periods.forEach(({ cycle, from, to, days, m3 }, n) => {
    const last = n === periods.length - 1;
    const bill = `${String(dayNumber(to) % 10_000).padStart(4, '0')}${number}`;
    const fromReading = reading;
    if (n === replacedIn) {
      const oldPart = Math.floor(m3 / 2);
      const on = addDays(from, days >> 1);
      rows.meters.push([...meter.slice(0, 7), on, (reading + oldPart) % limit]);
      meter = [subscription, `9${serial.slice(1)}`, digits, capacity, coefficient, on, 0, '', ''];
      reading = m3 - oldPart;
    } else reading = (reading + m3) % limit;

    if (pending) {
      pending.countedIn = bill;
      balance -= pending.amount;
      pending = null;
    }
    if (!known && n > 0 && chance(1.5)) {
      const amount = -1000 * (20 + Math.floor(next() * 400));
      balance += amount;
      rows.adjustments.push([`A${subscription}${n}`, subscription, addDays(from, 12), amount, 'برگشت مبلغ اضافه', bill]);
    }
    balance += m3 * RIAL_PER_M3 + Math.round((MONTHLY_RIAL * days) / 30) * units;
    // a credit: paid twice, and the company has counted it
    if (last && !closed && chance(3)) {
      const amount = (Math.floor(balance / 1000) + 150) * 1000;
      balance -= amount;
      rows.adjustments.push([`A${subscription}C`, subscription, addDays(to, -6), -amount, 'واریز تکراری', bill]);
    }
    const source = chance(last ? 6 : 4) ? 'estimated' : chance(10) ? 'declared' : 'staff';
    const issuedOn = addDays(to, ISSUED_AFTER);
    rows.bills.push([subscription, bill, cycle, issuedOn, from, to, fromReading, reading, source, balance]);

    if (mood === 'arrears' && n >= periods.length - 3) unpaidSince = Math.min(unpaidSince, n);
    const pays = n < unpaidSince && balance > 10_000 && (!last || closed || chance(25));
    if (!pays) return;
    const amount = Math.floor(balance / 1000) * 1000;
    const due = addDays(issuedOn, 2 + Math.floor(next() * 12));
    const paidOn = due > today ? today : due;
    const paymentId = makePaymentId({ billId, amount, yearDigit: yearOf(issuedOn) % 10, period: 1 + (n % 49) });
    const payment: DemoPayment = { reference: `P${subscription}${String(n).padStart(2, '0')}`, paidOn, amount, paymentId, countedIn: '' };
    payments.push(payment);
    pending = payment;
  });

  const lastTo = periods.at(-1)?.to ?? today;
  const closedOn = closed ? lastTo : '';
  if (closed) meter = [...meter.slice(0, 7), lastTo, reading];
  rows.meters.push(meter);
  for (const { reference, paidOn, amount, paymentId, countedIn } of payments)
    rows.payments.push([reference, subscription, paidOn, amount, paymentId, countedIn]);

  // after the last bill: known to the ledger, on no bill yet
  if (!closed && chance(2))
    rows.adjustments.push([
      `A${subscription}N`,
      subscription,
      addDays(today, -2),
      1000 * (30 + Math.floor(next() * 90)),
      'هزینهٔ بازدید',
      '',
    ]);
  if (!closed && chance(4)) {
    const part = 1000 * (100 + Math.floor(next() * 400));
    for (let i = -2; i < 6; i++) {
      const counted = i < 0 ? (rows.bills.at(i - 1)?.[1] ?? '') : '';
      rows.instalments.push([`I${subscription}${i + 2}`, subscription, addDays(today, 15 + i * 60), part, counted]);
    }
  }
  if (!closed && chance(household ? 2 : 12))
    rows.deposits.push([`D${subscription}`, subscription, 1_000_000 * (1 + Math.floor(next() * 20)), connectedOn]);

  const postal = String(6_600_000_000 + index * 13);
  const phone = `09${String(100_000_000 + Math.floor(next() * 899_999_999))}`;
  const address = known
    ? 'خیابان آزادی، کوچهٔ بهار، پلاک ۱۲'
    : `خیابان ${pick(STREETS, next)}، کوچهٔ ${1 + Math.floor(next() * 40)}، پلاک ${1 + Math.floor(next() * 200)}`;
  const office = known ? '01' : (DEMO_OFFICES[Math.floor(next() * DEMO_OFFICES.length)] ?? '01');
  rows.accounts.push([
    subscription,
    number,
    COMPANY,
    name,
    nationalId(next),
    phone,
    address,
    postal,
    office,
    series,
    use,
    climate,
    area,
    units,
    household && chance(6) ? 'true' : 'false',
    connectedOn,
    closedOn,
  ]);
  return rows;
}

function csv(cells: readonly Cell[]): string {
  return `${cells.map((cell) => (typeof cell === 'string' && /[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell)).join(',')}\n`;
}

function header(kind: FeedKind): string {
  return csv(FEED_TABLES[kind].columns.flatMap(({ name }) => (name === null ? [] : [name])));
}

/**
 * Invented feeds, as lines of CSV to be streamed: every use of the 1397 tariff, climates 1 and 2, offices 01 to 03,
 * series 11 to 13; two years of bills without a gap, payments, arrears, credits, replaced meters, estimated readings,
 * houses of several units, closed accounts, and the timetable from two years back to a year ahead.
 */
export function demoFeeds({ subscribers = 500, today, seed = 1405 }: DemoOptions): Record<FeedKind, Iterable<string>> {
  const day = jalali(today);
  const timetables = SERIES.map((series) => timetable(series, day));

  function* lines(kind: FeedKind): Generator<string> {
    yield header(kind);
    if (kind === 'cycles') {
      for (const { series, cycles } of timetables) {
        for (const { cycle, from, to } of cycles)
          yield csv([series, cycle, from, to, addDays(to, CLOSES_AFTER), addDays(to, ISSUED_AFTER), OBJECTION_DAYS]);
      }
      return;
    }
    // made anew for each feed: a hundred thousand histories would not fit into memory
    for (let index = 0; index < subscribers; index++) {
      for (const row of subscriberRows(index, seed, day, timetables)[kind]) yield csv(row);
    }
  }
  return Object.fromEntries(FEED_KINDS.map((kind) => [kind, { [Symbol.iterator]: () => lines(kind) }])) as unknown as Record<
    FeedKind,
    Iterable<string>
  >;
}
