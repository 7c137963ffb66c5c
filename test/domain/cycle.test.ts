import fc from 'fast-check';
import type { Cycle } from '../../src/domain/account.js';
import { endOfDay, nextCycle } from '../../src/domain/cycle.js';
import { addDays } from '../../src/domain/jalali.js';
import { on } from './sample.js';

function cycle(number: number, toDate: string, closesOn: string): Cycle {
  return { cycle: `12-1397-0${number}`, series: '12', fromDate: addDays(on(toDate), -60), toDate: on(toDate), closesOn: on(closesOn), issuesOn: on(closesOn), objectionDays: 10 };
}
const second = cycle(2, '1397/04/15', '1397/04/20');
const third = cycle(3, '1397/06/15', '1397/06/20');

describe('nextCycle', () => {
  test.each([
    ['in the middle of it', '1397/04/01', '1397/04/01', '12-1397-02'],
    ['on its closing day', '1397/04/20', '1397/04/15', '12-1397-02'],
    ['a day too late', '1397/04/21', '1397/04/15', '12-1397-03'],
    ['still open, but its bill ends before the settlement', '1397/04/17', '1397/04/16', '12-1397-03'],
    ['its last day', '1397/04/15', '1397/04/15', '12-1397-02'],
    ['after the timetable', '1397/06/21', '1397/06/21', undefined],
    ['beyond every bill', '1397/06/16', '1397/06/16', undefined],
  ])('%s', (_, today, date, name) => {
    expect(nextCycle([second, third], on(today), on(date))?.cycle).toBe(name);
    expect(nextCycle([third, second], on(today), on(date))?.cycle).toBe(name);
  });
  test('an empty timetable', () => expect(nextCycle([], on('1397/04/01'), on('1397/04/01'))).toBeNull());
});

describe('endOfDay: 24:00 in Tehran, in any zone of the machine', () => {
  test.each([
    ['1405/05/20', '2026-08-11T20:30:00.000Z'],
    ['1403/12/29', '2025-03-19T20:30:00.000Z'],
    // summer time until 1401; 2 Farvardin 1401 had no midnight
    ['1401/03/01', '2022-05-22T19:30:00.000Z'],
    ['1401/01/01', '2022-03-21T20:30:00.000Z'],
  ])('%s ends at %s', (day, instant) => expect(endOfDay(on(day))).toBe(instant));

  test('property: a day later is 23 to 25 hours later', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 12_000 }), (n) => {
        const day = addDays(on('1390/01/01'), n);
        const hours = (Date.parse(endOfDay(addDays(day, 1))) - Date.parse(endOfDay(day))) / 3_600_000;
        expect([23, 24, 25]).toContain(hours);
      }),
      { numRuns: 50 },
    );
  });
});
