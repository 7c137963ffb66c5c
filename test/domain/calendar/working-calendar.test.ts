import {
  DEFAULT_DAYS_OFF,
  DEFAULT_OPENING_HOURS,
  dueDay,
  hoursOn,
  isClockTime,
  isWeekday,
  isWorkingDay,
  leavesWork,
  workingDayFrom,
  workingHoursAfter,
} from '../../../src/domain/calendar/working-calendar.js';
import { on } from '../sample.js';

test.each([
  // 1405/09/06 is Friday 2026-11-27
  ['1405/09/05', true],
  ['1405/09/06', false],
  ['1405/09/07', true],
  // Nowruz, the two days of Farvardin, and the last of Esfand
  ['1405/12/28', false],
  ['1405/12/29', false],
  ['1406/01/01', false],
  ['1406/01/04', false],
  ['1406/01/05', true],
  ['1406/01/12', false],
  ['1406/01/13', false],
  ['1406/01/14', true],
  ['1406/11/22', false],
])('%s by the default calendar: at work %s', (day, works) => {
  expect(isWorkingDay(on(day), DEFAULT_DAYS_OFF)).toBe(works);
});

test('Fridays and the holidays that stand on a Jalali date', () => {
  expect(DEFAULT_DAYS_OFF).toEqual(['friday', '01/01', '01/02', '01/03', '01/04', '01/12', '01/13', '03/14', '03/15', '11/22', '12/29']);
  for (const day of DEFAULT_DAYS_OFF.slice(1)) expect([day, isWorkingDay(on(`1406/${day}`), DEFAULT_DAYS_OFF)]).toEqual([day, false]);
});

test('every day of the week by its name', () => {
  // 1405/09/07 is a Saturday
  const days = Array.from({ length: 7 }, (_, i) => on(`1405/09/${String(7 + i).padStart(2, '0')}`));
  for (const [i, name] of ['saturday', 'sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday'].entries()) {
    expect(days.map((day) => isWorkingDay(day, [name]))).toEqual(days.map((_, n) => n !== i));
    expect([isWeekday(name), leavesWork([name])]).toEqual([true, true]);
  }
});

test('weekdays, days of each year and single dates', () => {
  // 1405/09/07 is a Saturday
  expect(['saturday', 'sunday', 'monday'].map((day, i) => isWorkingDay(on(`1405/09/0${7 + i}`), [day]))).toEqual([false, false, false]);
  expect(isWorkingDay(on('1405/09/07'), ['sunday', '09/08'])).toBe(true);
  expect(isWorkingDay(on('1405/10/13'), ['1405/10/13'])).toBe(false);
  expect(isWorkingDay(on('1406/10/13'), ['1405/10/13'])).toBe(true);
  expect([isWeekday('friday'), isWeekday('Friday'), isWeekday(5)]).toEqual([true, false, false]);
  expect([
    leavesWork(DEFAULT_DAYS_OFF),
    leavesWork(['saturday', 'sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday']),
  ]).toEqual([true, false]);
});

test('a due day on a holiday is put off to the next day on which people work', () => {
  expect(dueDay(on('1405/12/22'), 7, DEFAULT_DAYS_OFF)).toBe('1406/01/05');
  expect(dueDay(on('1405/09/01'), 1, DEFAULT_DAYS_OFF)).toBe('1405/09/02');
  expect(workingDayFrom(on('1405/09/06'), DEFAULT_DAYS_OFF)).toBe('1405/09/07');
});

test.each([
  // Wednesday 10:00 in Tehran and an ordinary day
  ['2026-11-25T06:30:00.000Z', 24, '2026-11-26T06:30:00.000Z'],
  // Thursday 10:00: Friday does not count
  ['2026-11-26T06:30:00.000Z', 24, '2026-11-28T06:30:00.000Z'],
  // from Friday itself the hours begin at its end
  ['2026-11-27T06:30:00.000Z', 1, '2026-11-27T21:30:00.000Z'],
  // exactly to midnight is due at the end of the day, not after the holiday
  ['2026-11-26T06:30:00.000Z', 14, '2026-11-26T20:30:00.000Z'],
  // 27 Esfand 1405, 10:00 (Thursday): Friday, 29 Esfand and four days of Nowruz do not count, 1406/01/05 does
  ['2027-03-18T06:30:00.000Z', 24, '2027-03-25T06:30:00.000Z'],
])('%s and %d working hours: %s', (at, hours, due) => {
  expect(workingHoursAfter(at, hours, DEFAULT_DAYS_OFF)).toBe(due);
});

describe('opening hours', () => {
  const daysOff = DEFAULT_DAYS_OFF;
  const of = (day: string, openingHours: Parameters<typeof hoursOn>[1]['openingHours']) => hoursOn(on(day), { openingHours, daysOff });
  test.each([
    // Wednesday, Thursday, Friday, Saturday; 13 Farvardin 1406 is a holiday
    ['1405/09/04', { from: 450, to: 870 }],
    ['1405/09/05', { from: 450, to: 750 }],
    ['1405/09/06', null],
    ['1405/09/07', { from: 450, to: 870 }],
    ['1406/01/13', null],
  ])('%s by the default: %j in minutes after midnight', (day, hours) => expect(of(day, DEFAULT_OPENING_HOURS)).toEqual(hours));
  test('the last that holds on the weekday counts; without one offices are closed', () => {
    const early = { from: '00:05', to: '09:59' };
    expect(of('1405/09/05', [{ days: ['thursday'], from: '08:00', to: '10:00' }, early])).toEqual({ from: 5, to: 599 });
    expect(of('1405/09/04', [{ days: ['thursday', 'saturday'], from: '08:00', to: '10:00' }])).toBeNull();
    expect(of('1405/09/07', [{ days: ['thursday', 'saturday'], from: '08:00', to: '10:00' }])).toEqual({ from: 480, to: 600 });
    expect(of('1405/09/07', [])).toBeNull();
  });
  test.each(['00:00', '07:30', '19:59', '20:00', '23:59'])('%s is a time of day', (time) => expect(isClockTime(time)).toBe(true));
  test.each([
    '24:00',
    '29:00',
    '30:00',
    '7:30',
    '07:60',
    '07:3',
    '07:300',
    '107:30',
    '07.30',
    'x7:30',
    '0x:30',
    '07:x0',
    '07:0x',
    '07:30 ',
    '',
    450,
    null,
  ])('%j is none', (time) => expect(isClockTime(time)).toBe(false));
  test('nor is what only reads like one', () => expect(isClockTime(['07:30'])).toBe(false));
});
