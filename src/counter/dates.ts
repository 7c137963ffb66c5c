import { CalendarDate, fromAbsolute, PersianCalendar, toCalendar, toCalendarDate } from '@internationalized/date';
import { serverNow } from './clock';
import { latinDigits } from './digits';

/** Jalali civil dates at the counter: `yyyy/mm/dd` towards the API, a CalendarDate for the calendar. */
const PERSIAN = new PersianCalendar();
const ZONE = 'Asia/Tehran';

/** The server's day: a computer at the counter may be a day behind. */
export function todayInTehran(): CalendarDate {
  return toCalendar(toCalendarDate(fromAbsolute(serverNow(), ZONE)), PERSIAN);
}

/** `yyyy/mm/dd` in Latin digits. */
export function dayText({ year, month, day }: Pick<CalendarDate, 'year' | 'month' | 'day'>): string {
  return `${year}/${String(month).padStart(2, '0')}/${String(day).padStart(2, '0')}`;
}

/** The Jalali day of a date of any calendar: a Calendar without a value gives Gregorian ones. */
export function jalaliText(date: CalendarDate): string {
  return dayText(toCalendar(date, PERSIAN));
}

/** The day of these numbers; null where the calendar has none. */
export function dayOf(year: number, month: number, day: number): CalendarDate | null {
  const date = new CalendarDate(PERSIAN, year, month, day);
  // the class moves impossible days to the nearest possible one
  return date.year === year && date.month === month && date.day === day ? date : null;
}

/**
 * A typed day in any digits: `1405/09/04`, `14050904`, or its end: `9/4` of this year, `4` of this month. Null for
 * anything else.
 */
export function parseDay(typed: string, now: CalendarDate): CalendarDate | null {
  const text = latinDigits(typed).trim();
  const solid = /^(\d{4})(\d{2})(\d{2})$/.exec(text);
  const parts = solid ? solid.slice(1) : text.split(/[/.\s-]+/);
  if (!parts.every((part) => /^\d{1,4}$/.test(part)) || parts.length > 3) return null;
  const [day, month, year] = parts.map(Number).reverse();
  if (day === undefined || (year !== undefined && year < 1206)) return null;
  return dayOf(year ?? now.year, month ?? now.month, day);
}

/** The moment of a wall-clock time in Tehran, as the API takes it; the zone has kept one offset since 1402. */
export function instantInTehran(day: CalendarDate, time: string): string | null {
  const match = /^(\d{1,2})[:.]?(\d{2})$/.exec(latinDigits(time).trim());
  const [hours, minutes] = [Number(match?.[1]), Number(match?.[2])];
  if (!match || hours > 23 || minutes > 59) return null;
  return new Date(day.toDate(ZONE).getTime() + (hours * 60 + minutes) * 60_000).toISOString();
}

const DAY_PARTS = new Intl.DateTimeFormat('en-u-ca-persian-nu-latn', { timeZone: ZONE, year: 'numeric', month: '2-digit', day: '2-digit' });
const TIME = new Intl.DateTimeFormat('en-GB', { timeZone: ZONE, hour: '2-digit', minute: '2-digit' });

/** An instant's Jalali day in Tehran, `yyyy/mm/dd`. */
export function dayOfInstant(instant: string): string {
  const parts = Object.fromEntries(DAY_PARTS.formatToParts(new Date(instant)).map(({ type, value }) => [type, value]));
  return `${parts['year'] ?? ''}/${parts['month'] ?? ''}/${parts['day'] ?? ''}`;
}

/** An instant's time of the day in Tehran, `hh:mm`. */
export function timeOfInstant(instant: string): string {
  return TIME.format(new Date(instant));
}

const MONTH_NAMES = {
  fa: new Intl.DateTimeFormat('fa-u-ca-persian', { timeZone: ZONE, month: 'long' }),
  en: new Intl.DateTimeFormat('en-u-ca-persian', { timeZone: ZONE, month: 'long' }),
};
const DAY_NUMBERS = { fa: new Intl.NumberFormat('fa'), en: new Intl.NumberFormat('en') };
const WEEKDAY = new Intl.DateTimeFormat('en', { timeZone: ZONE, weekday: 'long' });

/** Day and month of a `yyyy/mm/dd` in words: 13 Farvardin. */
export function monthDay(text: string, language: 'fa' | 'en'): string {
  const day = parseDay(text, todayInTehran());
  return day === null ? text : `${DAY_NUMBERS[language].format(day.day)} ${MONTH_NAMES[language].format(day.toDate(ZONE))}`;
}

/** `friday` … `thursday`, as the API names them. */
export function weekdayOf(day: CalendarDate): string {
  return WEEKDAY.format(day.toDate(ZONE)).toLowerCase();
}
