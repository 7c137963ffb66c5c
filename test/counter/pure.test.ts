import fc from 'fast-check';
import { clockState, clockText } from '../../src/counter/clock.js';
import { CalendarDate } from '@internationalized/date';
import { dayOf, dayOfInstant, dayText, instantInTehran, jalaliText, monthDay, parseDay, weekdayOf } from '../../src/counter/dates.js';
import { grouped, groupedText, latinDigits, onlyDigits, persianDigits, persianNumbers } from '../../src/counter/digits.js';
import { parseJalali } from '../../src/domain/calendar/jalali.js';

describe('the clock', () => {
  it.each([
    [0, 'running'],
    [149_999, 'running'],
    [150_000, 'atRisk'],
    [299_999, 'atRisk'],
    [300_000, 'breached'],
    [9_000_000, 'breached'],
  ] as const)('%d ms: %s', (ms, state) => expect(clockState(ms)).toBe(state));

  it.each([
    [-5, '0:00'],
    [59_999, '0:59'],
    [301_000, '5:01'],
    [3_661_000, '1:01:01'],
  ])('%d ms reads %s', (ms, text) => expect(clockText(ms)).toBe(text));
});

describe('digits', () => {
  it('of three scripts are the same', () => {
    expect(latinDigits('۱۲۳٤٥٦789')).toBe('123456789');
    expect(onlyDigits('۰۱۴-۱۲۳ ۴۵')).toBe('01412345');
    fc.assert(fc.property(fc.nat(), (n) => latinDigits(persianDigits(String(n))) === String(n)));
  });

  it.each([
    [0, '0'],
    [999, '999'],
    [1000, '1,000'],
    [-1234567, '−1,234,567'],
    [2_147_483_648, '2,147,483,648'],
  ])('%d is written %s', (n, text) => expect(grouped(n)).toBe(text));

  it.each([
    ['1,234,567', '۱٬۲۳۴٬۵۶۷'],
    ['کارکرد 31.5 متر مکعب، تا 14.', 'کارکرد ۳۱٫۵ متر مکعب، تا ۱۴.'],
    ['1405/09/04', '۱۴۰۵/۰۹/۰۴'],
  ])('%s is written %s', (text, persian) => expect(persianNumbers(text)).toBe(persian));

  it.each([
    ['1227', '1,227'],
    ['63/2', '31.5'],
    ['1/3', '≈0.333'],
    ['12345.5', '12,345.5'],
  ])('the exact figure %s reads %s', (figure, text) => expect(groupedText(figure)).toBe(text));
});

describe('days', () => {
  const today = dayOf(1405, 9, 4)!;
  it.each([
    ['1405/09/04', '1405/09/04'],
    ['۱۴۰۵/۹/۴', '1405/09/04'],
    ['14050904', '1405/09/04'],
    ['9/3', '1405/09/03'],
    ['3', '1405/09/03'],
    ['1403-12-30', '1403/12/30'],
  ])('%s is %s', (typed, day) => expect(dayText(parseDay(typed, today)!)).toBe(day));

  it.each(['', '1404/12/30', '1405/13/01', '31', 'x', '1/2/3/4', '1405//4', '99999'])('%s is no day', (typed) =>
    expect(parseDay(typed, today)).toBeNull(),
  );

  it('are those of the domain', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1206, max: 1498 }),
        fc.integer({ min: 1, max: 13 }),
        fc.integer({ min: 1, max: 31 }),
        (year, month, day) => {
          const text = dayText({ year, month, day });
          const known = parseJalali(text);
          expect(parseDay(text, today) === null ? null : text).toBe(known);
        },
      ),
    );
  });

  it('a wall-clock time in Tehran is an instant, and back', () => {
    expect(instantInTehran(today, '۱۰:۳۵')).toBe('2026-11-25T07:05:00.000Z');
    expect(dayOfInstant('2026-11-24T20:30:00Z')).toBe('1405/09/04');
    expect(dayOfInstant('2026-11-24T20:29:00Z')).toBe('1405/09/03');
    expect(instantInTehran(today, '25:00')).toBeNull();
  });
});

test('a day that a calendar gives is Jalali, whatever calendar it is of', () => {
  expect(jalaliText(new CalendarDate(2026, 11, 26))).toBe('1405/09/05');
  const day = dayOf(1405, 9, 5);
  expect(day && [jalaliText(day), weekdayOf(day)]).toEqual(['1405/09/05', 'thursday']);
  expect([monthDay('1405/09/05', 'fa'), monthDay('1405/09/05', 'en')]).toEqual(['۵ آذر', '5 Azar']);
});
