import { execFileSync } from 'node:child_process';
import path from 'node:path';
import fc from 'fast-check';
import * as billIds from '../../../src/domain/bill/bill-id.js';
import * as calendar from '../../../src/domain/calendar/jalali.js';
import * as people from '../../../src/domain/people/person.js';
import * as texts from '../../../src/domain/text.js';
import billVectors from '../../vectors/bill-ids.json';
import vectors from '../../vectors/calendar-and-text.json';

const {
  addDays,
  dayNumber,
  daysBetween,
  fromDayNumber,
  fromGregorian,
  isLeapYear,
  jalali,
  monthLength,
  parseJalali,
  startOfDayInTehran,
  toGregorian,
  todayInTehran,
  yearOf,
} = calendar;

const FIRST = dayNumber(jalali('1206/01/01'));
const LAST = dayNumber(jalali('1498/12/30'));
const anyDay = fc.integer({ min: FIRST, max: LAST });

describe('parseJalali', () => {
  test.each([
    ['1405/09/04', '1405/09/04'],
    ['1405/9/4', '1405/09/04'],
    ['۱۴۰۵/۰۹/۰۴', '1405/09/04'],
    ['١٤٠٥/٩/٤', '1405/09/04'],
    ['1206/01/01', '1206/01/01'],
    ['1498/12/30', '1498/12/30'],
    ['1408/12/30', '1408/12/30'],
  ])('%s is %s', (typed, date) => expect(parseJalali(typed)).toBe(date));

  test.each([
    ...vectors.invalid,
    '1405-09-04',
    '1405/09',
    '1405/009/04',
    '05/09/04',
    '1405/09/04 ',
    '1405/09/04\n',
    'x1405/09/04',
    '11405/09/04',
    '1405/+9/04',
    '1205/12/29',
    '1499/01/01',
    '1405/12/30',
    '2026/11/25',
    '',
  ])('%j is no date', (typed) => {
    expect(parseJalali(typed)).toBeNull();
    expect(() => jalali(typed)).toThrow(RangeError);
  });
});

describe('calendar', () => {
  test.each(vectors.conversions)('%s is %s', (date, gregorian) => {
    expect(toGregorian(jalali(date))).toBe(gregorian);
    expect(fromGregorian(gregorian)).toBe(date);
  });

  test.each(['2026-02-30', '2026-13-01', '2026-00-10', '2026/11/25', '2026-1-1', '1827-03-20', '2120-03-21', ''])(
    'Gregorian %j is refused',
    (text) => expect(() => fromGregorian(text)).toThrow(RangeError),
  );

  test('leap years are those of the vectors, and of the rule y mod 33', () => {
    const leap = Array.from({ length: 1498 - 1206 + 1 }, (_, i) => 1206 + i).filter(isLeapYear);
    expect(leap.filter((y) => y >= 1375 && y <= 1420)).toEqual(vectors.leapYears);
    expect(leap.every((y) => [1, 5, 9, 13, 17, 22, 26, 30].includes(y % 33))).toBe(true);
    expect(leap).toHaveLength(71);
  });

  test('lengths of months', () => {
    const lengths = (y: number) => Array.from({ length: 12 }, (_, i) => monthLength(y, i + 1)).join(' ');
    expect(lengths(1407)).toBe('31 31 31 31 31 31 30 30 30 30 30 29');
    expect(lengths(1408)).toBe('31 31 31 31 31 31 30 30 30 30 30 30');
    for (const [y, m] of [
      [1405, 0],
      [1405, 13],
      [1405, 1.5],
      [1499, 1],
      [1205, 1],
    ] as const) {
      expect(() => monthLength(y, m)).toThrow(RangeError);
    }
    expect(() => isLeapYear(1499)).toThrow(RangeError);
  });

  test.each(vectors.daysBetween)('from %s to %s', (a, b, days) => {
    expect(daysBetween(jalali(String(a)), jalali(String(b)))).toBe(days);
    expect(addDays(jalali(String(a)), Number(days))).toBe(b);
  });

  test('case 30: 1403 and 1408 are leap, 1404 is not', () => {
    expect(fromGregorian('2025-03-20')).toBe('1403/12/30');
    expect(parseJalali('1404/12/30')).toBeNull();
    expect(isLeapYear(1408)).toBe(true);
  });

  test('case 32: 30 days from 1401/01/01 to 1401/01/31, though the clock changed', () => {
    expect(daysBetween(jalali('1401/01/01'), jalali('1401/01/31'))).toBe(30);
  });

  test('day numbers are Julian', () => {
    expect(dayNumber(fromGregorian('1970-01-01'))).toBe(2_440_588);
    expect(dayNumber(jalali('1395/01/23'))).toBe(2_457_490);
  });

  test.each([
    '1404/12/30',
    '1405/9/4',
    '1405-09-04',
    '۱۴۰۵/۰۹/۰۴',
    '1405/09/04Z',
    '1405/0x/04',
    '1405/0:/04',
    '1405/1//04',
    '1405-09/04',
    '1405/09-04',
    'undefined',
  ])('a cast %j never counts as a day', (text) => expect(() => dayNumber(text as calendar.JalaliDate)).toThrow(RangeError));

  test('nothing is after the last day', () => {
    expect(dayNumber(calendar.LAST_DAY)).toBe(LAST);
    expect(() => addDays(calendar.LAST_DAY, 1)).toThrow('day outside the calendar');
  });

  test.each([FIRST - 1, LAST + 1, FIRST + 0.5, Number.NaN])('day %p is outside', (n) => {
    expect(() => fromDayNumber(n)).toThrow(RangeError);
  });

  test('properties: days and dates are one to one, in order, as text too', () => {
    fc.assert(
      fc.property(anyDay, anyDay, (a, b) => {
        const [x, y] = [fromDayNumber(a), fromDayNumber(b)];
        expect(dayNumber(x)).toBe(a);
        expect(parseJalali(x)).toBe(x);
        expect(fromGregorian(toGregorian(x))).toBe(x);
        expect(addDays(x, daysBetween(x, y))).toBe(y);
        expect(Math.sign(daysBetween(x, y))).toBe(x < y ? 1 : x > y ? -1 : 0);
        expect(yearOf(x)).toBe(Number(x.slice(0, 4)));
      }),
    );
  });

  test('every day of 1300 to 1498 is the one of Intl', () => {
    const intl = new Intl.DateTimeFormat('fa-IR-u-ca-persian', { timeZone: 'UTC' });
    const wrong: string[] = [];
    for (let n = dayNumber(jalali('1300/01/01')); n <= LAST; n++) {
      const date = fromDayNumber(n);
      if (parseJalali(intl.format((n - 2_440_588) * 86_400_000)) !== date || dayNumber(date) !== n) wrong.push(date);
    }
    expect(wrong).toEqual([]);
  });
});

describe('months', () => {
  const { monthBefore, monthDays, monthName, parseMonth } = calendar;
  test.each([
    ['1405/08', '1405/08'],
    ['1405-8', '1405/08'],
    ['۱۴۰۵/۰۱', '1405/01'],
    ['1405/13', null],
    ['1405/0', null],
    ['1405/08/01', null],
    ['1405', null],
    ['1405--8', null],
  ])('%j typed is %j', (typed, month) => expect(parseMonth(typed)).toBe(month));

  test('first and last day, in a leap year too', () => {
    expect(['1405/06', '1405/07', '1404/12', '1403/12'].map(monthDays)).toEqual([
      { from: '1405/06/01', to: '1405/06/31' },
      { from: '1405/07/01', to: '1405/07/30' },
      { from: '1404/12/01', to: '1404/12/29' },
      { from: '1403/12/01', to: '1403/12/30' },
    ]);
    expect(() => monthDays('1405/13')).toThrow(RangeError);
  });

  test('the month before, over the year’s end', () => expect(['1405/02', '1405/01'].map(monthBefore)).toEqual(['1405/01', '1404/12']));

  test('names, of a date and of a month', () => {
    const names = Array.from({ length: 12 }, (_, i) => monthName(`1405/${String(i + 1).padStart(2, '0')}`));
    expect(names.join(' ')).toBe('فروردین اردیبهشت خرداد تیر مرداد شهریور مهر آبان آذر دی بهمن اسفند');
    expect([monthName('1405/08/12'), monthName('1405/13'), monthName('')]).toEqual(['آبان', '', '']);
  });
});

describe('Tehran', () => {
  test.each(vectors.instants)('$utc is in $tehran', ({ utc, tehran }) => {
    expect(todayInTehran(new Date(utc))).toBe(tehran);
  });

  // tzdata: until 1401 the clock went on at 00:00 of 2 Farvardin and back at 24:00 of 30 Shahrivar
  test.each([
    ['1401/01/01', '2022-03-20T20:30:00.000Z'],
    ['1401/01/02', '2022-03-21T20:30:00.000Z'],
    ['1401/01/03', '2022-03-22T19:30:00.000Z'],
    ['1401/06/30', '2022-09-20T19:30:00.000Z'],
    ['1401/06/31', '2022-09-21T20:30:00.000Z'],
    ['1402/01/02', '2023-03-21T20:30:00.000Z'],
    ['1405/09/04', '2026-11-24T20:30:00.000Z'],
  ])('%s begins at %s', (date, instant) => expect(startOfDayInTehran(jalali(date))).toBe(instant));

  test('a clock change makes a day of 23 or 25 hours', () => {
    const hours = (d: string) =>
      (Date.parse(startOfDayInTehran(addDays(jalali(d), 1))) - Date.parse(startOfDayInTehran(jalali(d)))) / 3_600_000;
    expect([hours('1401/01/02'), hours('1401/06/30'), hours('1402/01/02')]).toEqual([23, 25, 24]);
  });

  test('every day of 1300 to 1420 begins where the day before ends', () => {
    const wrong: string[] = [];
    const last = dayNumber(jalali('1420/12/30'));
    for (let n = dayNumber(jalali('1300/01/01')); n <= last; n++) {
      const date = fromDayNumber(n);
      const start = Date.parse(startOfDayInTehran(date));
      if (todayInTehran(new Date(start)) !== date) wrong.push(date);
      if (todayInTehran(new Date(start - 1)) !== fromDayNumber(n - 1)) wrong.push(`before ${date}`);
    }
    expect(wrong).toEqual([]);
  });

  test('an invalid Date is refused', () => expect(() => todayInTehran(new Date(Number.NaN))).toThrow(RangeError));
});

type Modules = typeof billIds & typeof calendar & typeof people & typeof texts;

/** Answers of all functions as text. Runs in a child as source text too: it may use its arguments only. */
function answers(m: Modules, bills: typeof billVectors, dates: typeof vectors): string {
  const days = Array.from({ length: 1500 }, (_, i) => m.fromDayNumber(m.dayNumber(m.jalali('1399/11/01')) + i));
  return JSON.stringify([
    days.map((d) => [d, m.dayNumber(d), m.toGregorian(d), m.fromGregorian(m.toGregorian(d)), m.startOfDayInTehran(d)]),
    days.map((_, i) => m.todayInTehran(new Date(Date.UTC(2022, 2, 15) + i * 7 * 1_800_000))),
    dates.instants.map(({ utc }) => m.todayInTehran(new Date(utc))),
    [...dates.invalid, ...dates.text.digits.flat()].map((s) => [m.parseJalali(s), m.wholeNumber(s), m.searchText(s)]),
    [...dates.nationalIds.valid, ...dates.nationalIds.invalid].map((s) => m.nationalId(s)),
    dates.text.mobiles.map(([s]) => m.mobile(String(s))),
    [...bills.valid, ...bills.gas].map((v) => [m.checkBillId(v.billId), m.checkPayment(v.billId, v.paymentId)]),
  ]);
}

// loads the TypeScript sources as they are, so that no build is needed
const CHILD = `
const { readFileSync } = require('node:fs');
const Module = require('node:module');
const { transformSync } = require('@swc/core');
const resolve = Module._resolveFilename;
Module._resolveFilename = (name, parent, ...rest) =>
  resolve(parent?.filename?.endsWith('.ts') ? name.replace(/^(\\..*)\\.js$/, '$1.ts') : name, parent, ...rest);
require.extensions['.ts'] = (module, file) =>
  module._compile(transformSync(readFileSync(file, 'utf8'), {
    jsc: { parser: { syntax: 'typescript' }, target: 'es2022' }, module: { type: 'commonjs' },
  }).code, file);
const modules = Object.assign({}, ...['bill/bill-id', 'calendar/jalali', 'people/person', 'text'].map((m) => require('./src/domain/' + m + '.ts')));
const vectors = (name) => require('./test/vectors/' + name + '.json');
process.stdout.write(JSON.stringify({
  zone: Intl.DateTimeFormat().resolvedOptions().timeZone,
  answers: (${answers.toString()})(modules, vectors('bill-ids'), vectors('calendar-and-text')),
}));
`;

describe('case 31: the machine’s time zone changes nothing', () => {
  test.each(['UTC', 'Asia/Tehran', 'America/Los_Angeles'])('TZ=%s', (zone) => {
    const out = execFileSync(process.execPath, ['-e', CHILD], {
      cwd: path.resolve(__dirname, '../../..'),
      env: { ...process.env, TZ: zone },
      encoding: 'utf8',
      maxBuffer: 16 * 1024 * 1024,
    });
    const child = JSON.parse(out) as { zone: string; answers: string };
    expect(child.zone).toBe(zone);
    expect(child.answers).toBe(answers({ ...billIds, ...calendar, ...people, ...texts }, billVectors, vectors));
  });
});
