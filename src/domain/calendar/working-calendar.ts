import { type JalaliDate, addDays, dayNumber, startOfDayInTehran, todayInTehran } from './jalali.js';
import type { Instant } from '../settlement/settlement.js';

/** As a day number modulo 7 tells them: Julian day 0 was a Monday. */
export const WEEKDAYS = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'] as const;
export type Weekday = (typeof WEEKDAYS)[number];

/** A day on which nobody is at work: of each week, of each year (`mm/dd`), or once (`yyyy/mm/dd`, such as a lunar holiday). */
export type DayOff = Weekday | (string & {});

/** A time of day, `hh:mm`. */
export type ClockTime = string;

/** When offices are open on working days: on the weekdays of `days`, on each without them. */
export interface OpeningHours {
  days?: readonly Weekday[];
  from: ClockTime;
  to: ClockTime;
}

/** A decision of this project: the usual hours of such offices, shorter on Thursdays. */
export const DEFAULT_OPENING_HOURS: readonly OpeningHours[] = [
  { from: '07:30', to: '14:30' },
  { days: ['thursday'], from: '07:30', to: '12:30' },
];

/** Fridays and the holidays that stand on a Jalali date by law; those of the moon are named year by year. */
export const DEFAULT_DAYS_OFF: readonly DayOff[] = [
  'friday',
  '01/01',
  '01/02',
  '01/03',
  '01/04',
  '01/12',
  '01/13',
  '03/14',
  '03/15',
  '11/22',
  '12/29',
];

export function isWeekday(text: unknown): text is Weekday {
  return (WEEKDAYS as readonly unknown[]).includes(text);
}

export function isClockTime(text: unknown): text is ClockTime {
  return typeof text === 'string' && /^(?:[01][0-9]|2[0-3]):[0-5][0-9]$/.test(text);
}

/** When offices are open on a day, by the last hours that hold on it, in minutes after midnight in Tehran; null when they are not. */
export function hoursOn(
  day: JalaliDate,
  { openingHours, daysOff }: { openingHours: readonly OpeningHours[]; daysOff: readonly DayOff[] },
): { from: number; to: number } | null {
  if (!isWorkingDay(day, daysOff)) return null;
  const weekday = WEEKDAYS[dayNumber(day) % 7] as Weekday;
  const hours = openingHours.findLast(({ days }) => days === undefined || days.includes(weekday));
  return hours === undefined ? null : { from: minutesOf(hours.from), to: minutesOf(hours.to) };
}

function minutesOf(time: ClockTime): number {
  return Number(time.slice(0, 2)) * 60 + Number(time.slice(3));
}

/** Whether a list leaves a day to work on in every week. */
export function leavesWork(daysOff: readonly unknown[]): boolean {
  return !WEEKDAYS.every((day) => daysOff.includes(day));
}

export function isWorkingDay(day: JalaliDate, daysOff: readonly DayOff[]): boolean {
  return !daysOff.some((off) => off === WEEKDAYS[dayNumber(day) % 7] || off === day || off === day.slice(5));
}

/** The day itself when people work on it, else the first after it on which they do. */
export function workingDayFrom(day: JalaliDate, daysOff: readonly DayOff[]): JalaliDate {
  let at = day;
  while (!isWorkingDay(at, daysOff)) at = addDays(at, 1);
  return at;
}

/** `count` days later, put off to the next working day when that one is none. */
export function dueDay(day: JalaliDate, count: number, daysOff: readonly DayOff[]): JalaliDate {
  return workingDayFrom(addDays(day, count), daysOff);
}

/** The instant after `hours` of time that lies on working days (24 a day, Tehran): over a holiday the clock stands still. */
export function workingHoursAfter(at: Instant, hours: number, daysOff: readonly DayOff[]): Instant {
  let left = hours * 3_600_000;
  let day = todayInTehran(new Date(at));
  for (let from = Date.parse(at); ;) {
    const next = addDays(day, 1);
    const end = Date.parse(startOfDayInTehran(next));
    if (isWorkingDay(day, daysOff)) {
      if (left <= end - from) return new Date(from + left).toISOString();
      left -= end - from;
    }
    from = end;
    day = next;
  }
}
