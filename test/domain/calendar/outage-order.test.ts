/* How outages are told: the earliest first, of one moment by the office's code, and counted. */
import { addDays, startOfDayInTehran } from '../../../src/domain/calendar/jalali.js';
import { EVERYWHERE, type Presence, SIGN_GAP_MS, outageCounts, outagesOf } from '../../../src/domain/calendar/outage.js';
import { DEFAULT_SERVICE_TERMS } from '../../../src/domain/settlement/service-terms.js';
import { on } from '../sample.js';

// a Saturday, open from 07:30 to 14:30
const DAY = on('1405/09/07');
const at = (hour: number, day = DAY): string => new Date(Date.parse(startOfDayInTehran(day)) + hour * 3_600_000).toISOString();
const there = (office: string, from: number, to: number, day = DAY): Presence => ({ office, from: at(from, day), to: at(to, day) });
const told = (presences: Presence[], to = DAY, from = DAY) =>
  outagesOf(presences, { from, to, now: at(20, to) }, () => DEFAULT_SERVICE_TERMS).map(
    (each) => `${each.office} ${each.from === at(7.5) ? 'opening' : each.from} ${each.minutes}`,
  );

test('names that are stored, and the time without a sign that makes two stretches', () => {
  expect([EVERYWHERE, SIGN_GAP_MS]).toEqual(['*', 180_000]);
});

test('whatever the order of the signs', () => {
  const system = there(EVERYWHERE, -24, 24);
  const signs = [
    there('03', -20, -19),
    there('02', 7.5, 9),
    there('02', 11, 14.5),
    there('10', -20, -19),
    there('01', 7.5, 10),
    there('01', 12, 14.5),
  ];
  const expected = ['03 opening 420', '10 opening 420', `02 ${at(9)} 120`, `01 ${at(10)} 120`];
  expect(told([system, ...signs])).toEqual(expected);
  expect(told([...signs].reverse().concat(system))).toEqual(expected);
});

test('of several days the earlier day', () => {
  const next = addDays(DAY, 1);
  const found = told([there(EVERYWHERE, -24, 48), there('02', 7.5, 14.5), there('01', 7.5, 12)], next);
  expect(found).toEqual([`01 ${at(12)} 150`, `01 ${at(7.5, next)} 420`, `02 ${at(7.5, next)} 420`]);
});

test('for the system itself one waits without an end, for an office thirty days', () => {
  const later = addDays(DAY, 42);
  expect(told([there(EVERYWHERE, -1, 0), there('01', -1, 0)], later, later)).toEqual([`* ${at(7.5, later)} 420`]);
});

test('counted: how many, and how long they were together', () => {
  const outage = (minutes: number) => ({ office: '01', from: at(8), to: null, minutes });
  expect([outageCounts([]), outageCounts([outage(60), outage(75)])]).toEqual([
    { outages: 0, outageMinutes: 0 },
    { outages: 2, outageMinutes: 135 },
  ]);
});
