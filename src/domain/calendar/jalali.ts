import { d2g, g2d, j2d } from 'jalaali-js';
import { latinDigits } from '../text.js';

declare const jalaliDate: unique symbol;
/** A Jalali civil date `yyyy/mm/dd` in Latin digits, zero-padded: compares as text, travels as JSON. */
export type JalaliDate = string & { readonly [jalaliDate]: true };

// the span in which jalaali-js, Intl and the official list of leap years agree
const FIRST_YEAR = 1206;
const LAST_YEAR = 1498;

/** Last day of the calendar, which ends with a leap year: nothing can be after it. */
export const LAST_DAY = `${LAST_YEAR}/12/30` as JalaliDate;

const DAY_MS = 86_400_000;
/** Julian day number of 1970-01-01. */
const UNIX_EPOCH_DAY = 2_440_588;

/** Julian day numbers of 1 Farvardin, FIRST_YEAR … LAST_YEAR + 1. */
const YEAR_START: readonly number[] = Array.from({ length: LAST_YEAR - FIRST_YEAR + 2 }, (_, i) => j2d(FIRST_YEAR + i, 1, 1));
const FIRST_DAY = yearStart(FIRST_YEAR);
const END_DAY = yearStart(LAST_YEAR + 1);

function yearStart(year: number): number {
  return YEAR_START[year - FIRST_YEAR] ?? Number.NaN;
}

function daysBeforeMonth(month: number): number {
  return month <= 7 ? (month - 1) * 31 : (month - 1) * 30 + 6;
}

function inSpan(year: number): boolean {
  return Number.isInteger(year) && year >= FIRST_YEAR && year <= LAST_YEAR;
}

function isCivilDate(year: number, month: number, day: number): boolean {
  return inSpan(year) && month >= 1 && month <= 12 && day >= 1 && day <= monthLength(year, month);
}

function pad(n: number): string {
  return n < 10 ? `0${n}` : String(n);
}

function dateOf(year: number, month: number, day: number): JalaliDate {
  return `${year}/${pad(month)}/${pad(day)}` as JalaliDate;
}

/** `count` Latin digits of `text` from `at` as a number; NaN when one is none. */
function digitsAt(text: string, at: number, count: number): number {
  let value = 0;
  for (let i = at; i < at + count; i++) {
    const digit = text.charCodeAt(i) - 48;
    if (!(digit >= 0 && digit <= 9)) return Number.NaN;
    value = value * 10 + digit;
  }
  return value;
}

/**
 * A typed date, `yyyy/mm/dd` or `yyyy/m/d`, in Latin, Persian or Arabic digits; null for any other text and for
 * a day that the calendar does not have (1404/12/30) or outside 1206 … 1498.
 */
export function parseJalali(text: string): JalaliDate | null {
  const match = /^([0-9]{4})\/([0-9]{1,2})\/([0-9]{1,2})$/.exec(latinDigits(text));
  if (!match) return null;
  const [year, month, day] = [Number(match[1]), Number(match[2]), Number(match[3])];
  return isCivilDate(year, month, day) ? dateOf(year, month, day) : null;
}

/** A typed month, `yyyy/mm`, `yyyy-mm` or with one digit, as `yyyy/mm`; null for other text. */
export function parseMonth(text: string): string | null {
  return parseJalali(`${latinDigits(text).replace('-', '/')}/1`)?.slice(0, 7) ?? null;
}

/** First and last day of a Jalali month `yyyy/mm`. RangeError for no such month. */
export function monthDays(month: string): { from: JalaliDate; to: JalaliDate } {
  const [from, year] = [jalali(`${month}/01`), Number(month.slice(0, 4))];
  return { from, to: addDays(from, monthLength(year, Number(month.slice(5))) - 1) };
}

/** The month `yyyy/mm` before. */
export function monthBefore(month: string): string {
  return addDays(jalali(`${month}/01`), -1).slice(0, 7);
}

const MONTHS = ['فروردین', 'اردیبهشت', 'خرداد', 'تیر', 'مرداد', 'شهریور', 'مهر', 'آبان', 'آذر', 'دی', 'بهمن', 'اسفند'] as const;

/** The Persian name of the month of a date `yyyy/mm/dd` or month `yyyy/mm`. */
export function monthName(date: string): string {
  return MONTHS[Number(date.slice(5, 7)) - 1] ?? '';
}

/** parseJalali for literals and trusted text; RangeError where that gives null. */
export function jalali(text: string): JalaliDate {
  const date = parseJalali(text);
  if (date === null) throw new RangeError(`not a Jalali date: ${text}`);
  return date;
}

/** Julian day number of a date. RangeError when the text is no date: types end at JSON. */
export function dayNumber(d: JalaliDate): number {
  const year = digitsAt(d, 0, 4);
  const month = digitsAt(d, 5, 2);
  const day = digitsAt(d, 8, 2);
  if (d.length !== 10 || d[4] !== '/' || d[7] !== '/' || !isCivilDate(year, month, day)) {
    throw new RangeError(`not a Jalali date: ${d}`);
  }
  return yearStart(year) + daysBeforeMonth(month) + day - 1;
}

/** The date of a Julian day number; RangeError outside 1206 … 1498. */
export function fromDayNumber(n: number): JalaliDate {
  if (!Number.isInteger(n) || n < FIRST_DAY || n >= END_DAY) throw new RangeError(`day outside the calendar: ${n}`);
  // 366 a year is never too far, and at most one year short in the span
  let year = FIRST_YEAR + Math.trunc((n - FIRST_DAY) / 366);
  while (n >= yearStart(year + 1)) year++;
  const day = n - yearStart(year);
  const month = day < 186 ? Math.trunc(day / 31) + 1 : Math.trunc((day - 186) / 30) + 7;
  return dateOf(year, month, day - daysBeforeMonth(month) + 1);
}

/** The date `n` days later (earlier when negative). RangeError outside 1206 … 1498. */
export function addDays(d: JalaliDate, n: number): JalaliDate {
  return fromDayNumber(dayNumber(d) + n);
}

/** Civil days from `a` to `b` (b − a), negative when b is earlier; clock changes do not count. */
export function daysBetween(a: JalaliDate, b: JalaliDate): number {
  return dayNumber(b) - dayNumber(a);
}

/** Whether Esfand has 30 days. RangeError outside 1206 … 1498. */
export function isLeapYear(y: number): boolean {
  if (!inSpan(y)) throw new RangeError(`year outside the calendar: ${y}`);
  return yearStart(y + 1) - yearStart(y) === 366;
}

/** Days of month 1 … 12: 31, 30, and 29 or 30 in Esfand. RangeError for no such month or year. */
export function monthLength(y: number, m: number): number {
  if (!Number.isInteger(m) || m < 1 || m > 12) throw new RangeError(`no such month: ${m}`);
  const leap = isLeapYear(y);
  if (m <= 6) return 31;
  return m < 12 || leap ? 30 : 29;
}

export function yearOf(d: JalaliDate): number {
  return digitsAt(d, 0, 4);
}

/** The date as Gregorian `yyyy-mm-dd`. */
export function toGregorian(d: JalaliDate): string {
  const { gy, gm, gd } = d2g(dayNumber(d));
  return `${gy}-${pad(gm)}-${pad(gd)}`;
}

/** The date of a Gregorian `yyyy-mm-dd`; RangeError for other text, no such day, or outside 1206 … 1498. */
export function fromGregorian(text: string): JalaliDate {
  const match = /^([0-9]{4})-([0-9]{2})-([0-9]{2})$/.exec(text);
  if (match) {
    const date = fromDayNumber(g2d(Number(match[1]), Number(match[2]), Number(match[3])));
    // g2d lets a day overflow into the next month
    if (toGregorian(date) === text) return date;
  }
  throw new RangeError(`not a Gregorian date: ${text}`);
}

// built once: making a formatter costs a thousand times more than using it
const TEHRAN = new Intl.DateTimeFormat('en-US-u-ca-gregory-nu-latn', {
  timeZone: 'Asia/Tehran',
  hourCycle: 'h23',
  year: 'numeric',
  month: 'numeric',
  day: 'numeric',
  hour: 'numeric',
  minute: 'numeric',
  second: 'numeric',
});

/** What clocks in Tehran show at an instant (ms since 1970 UTC), as ms since 1970 on that clock; whole seconds. */
function tehranClock(instant: number): number {
  const part: Record<string, number> = {};
  for (const { type, value } of TEHRAN.formatToParts(instant)) part[type] = Number(value);
  const { year = Number.NaN, month = Number.NaN, day, hour, minute, second } = part;
  return Date.UTC(year, month - 1, day, hour, minute, second);
}

/** The civil date in Tehran at `now`, whatever zone the machine is in. RangeError for an invalid Date. */
export function todayInTehran(now: Date): JalaliDate {
  return fromDayNumber(Math.floor(tehranClock(now.getTime()) / DAY_MS) + UNIX_EPOCH_DAY);
}

/**
 * The first moment of the civil day in Tehran as an ISO instant in UTC; the end (24:00) of a day is the start of
 * the next. Until 1401 the clock was put on and back at midnight: 2 Farvardin 1401 began at 01:00, and
 * 30 Shahrivar 1401 had the hour before its end twice.
 */
export function startOfDayInTehran(d: JalaliDate): string {
  const midnight = (dayNumber(d) - UNIX_EPOCH_DAY) * DAY_MS;
  const offsetAt = (instant: number): number => tehranClock(instant) - instant;
  const before = midnight - offsetAt(midnight - DAY_MS);
  if (tehranClock(before) === midnight) return new Date(before).toISOString();
  const after = midnight - offsetAt(midnight + DAY_MS);
  if (tehranClock(after) === midnight) return new Date(after).toISOString();
  // midnight was skipped: Tehran's clocks go on at the stroke of it, which is `before`
  return new Date(before).toISOString();
}
