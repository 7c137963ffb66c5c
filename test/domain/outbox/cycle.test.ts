import fc from 'fast-check';
import type { Cycle } from '../../../src/domain/settlement/account.js';
import { billingCycleWorkflowId, checkOpening, endOfDay, nextCycle, seriesOf } from '../../../src/domain/outbox/cycle.js';
import { addDays } from '../../../src/domain/calendar/jalali.js';
import { on } from '../sample.js';

function cycle(number: number, toDate: string, closesOn: string): Cycle {
  return {
    cycle: `12-1397-0${number}`,
    series: '12',
    fromDate: addDays(on(toDate), -60),
    toDate: on(toDate),
    closesOn: on(closesOn),
    issuesOn: on(closesOn),
    objectionDays: 10,
  };
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

test.each([
  ['the last day of the year, which is its closing day', '1405/12/29', '1405/12/20', '12-1405-06'],
  ['1 Farvardin', '1406/01/01', '1405/12/20', '12-1406-01'],
  ['a leap year has a 30th', '1408/12/30', '1408/12/30', '12-1408-06'],
])('nextCycle over Nowruz: %s', (_, today, date, name) => {
  const around = (year: number, last: string): Cycle[] => [
    {
      cycle: `12-${year}-06`,
      series: '12',
      fromDate: on(`${year}/10/25`),
      toDate: on(last),
      closesOn: on(last),
      issuesOn: on(`${year + 1}/01/05`),
      objectionDays: 30,
    },
    {
      cycle: `12-${year + 1}-01`,
      series: '12',
      fromDate: on(last),
      toDate: on(`${year + 1}/02/25`),
      closesOn: on(`${year + 1}/02/28`),
      issuesOn: on(`${year + 1}/03/02`),
      objectionDays: 30,
    },
  ];
  expect(nextCycle([...around(1405, '1405/12/29'), ...around(1408, '1408/12/30')], on(today), on(date))?.cycle).toBe(name);
});

test.each([
  ['12-1405-05', '12'],
  ['7-1406-01', '7'],
  ['AB-12-1405-05', 'AB-12'],
  ['1405-06-1405-06', '1405-06'],
  ['سری-۱-1405-05', 'سری-۱'],
])('seriesOf(%s) is %s', (cycle, series) => expect(seriesOf(cycle)).toBe(series));

describe('checkOpening', () => {
  const other: Cycle = { ...second, cycle: '13-1397-02', series: '13', closesOn: on('1397/03/01') };
  const timetable = [other, second, third];
  test.each<[string, string, string, string, ReturnType<typeof checkOpening>]>([
    ['as the timetable has it', second.cycle, '1397/04/20', '1397/04/01', null],
    ['on its closing day', second.cycle, '1397/04/20', '1397/04/20', null],
    ['the day after', second.cycle, '1397/04/20', '1397/04/21', { code: 'CYCLE_CLOSED', closesOn: second.closesOn }],
    ['not in the timetable', '12-1397-09', '1397/04/20', '1397/04/01', { code: 'CYCLE_UNKNOWN' }],
    ['another closing day', second.cycle, '1397/04/21', '1397/04/01', { code: 'TIMETABLE_DIFFERS', closesOn: second.closesOn }],
    [
      'another closing day of a closed one: that comes first, to be mended first',
      second.cycle,
      '1397/04/21',
      '1397/05/01',
      { code: 'TIMETABLE_DIFFERS', closesOn: second.closesOn },
    ],
    [
      'before an earlier one has closed',
      third.cycle,
      '1397/06/20',
      '1397/04/20',
      { code: 'CYCLE_OUT_OF_ORDER', earlier: second.cycle, closesOn: second.closesOn },
    ],
    ['an earlier one that closed is no hindrance, opened or not', third.cycle, '1397/06/20', '1397/04/21', null],
    ['an earlier one of another series neither', second.cycle, '1397/04/20', '1397/02/01', null],
  ])('%s', (_, cycle, closesOn, today, refusal) => {
    expect(checkOpening(timetable, cycle, on(closesOn), on(today))).toEqual(refusal);
    expect(checkOpening([...timetable].reverse(), cycle, on(closesOn), on(today))).toEqual(refusal);
  });
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

test('the name that a cycle’s running workflow is kept under; the series is all before the last year and number', () => {
  expect(billingCycleWorkflowId('12-1405-06')).toBe('billingCycle/12-1405-06');
  expect(seriesOf('n-1399-01-1405-06')).toBe('n-1399-01');
});
