import fc from 'fast-check';
import { addDays, startOfDayInTehran } from '../../../src/domain/calendar/jalali.js';
import { EVERYWHERE, EXPECTED_DAYS, type Presence, outagesOf } from '../../../src/domain/calendar/outage.js';
import { DEFAULT_SERVICE_TERMS } from '../../../src/domain/settlement/service-terms.js';
import { on } from '../sample.js';

// 1405/09/07 is a Saturday; open from 07:30 to 14:30, on Thursday until 12:30, and an hour of silence is noticed
const SATURDAY = on('1405/09/07');
const terms = () => DEFAULT_SERVICE_TERMS;
const at = (time: string, day = SATURDAY): string =>
  new Date(Date.parse(startOfDayInTehran(day)) + (Number(time.slice(0, 2)) * 60 + Number(time.slice(3))) * 60_000).toISOString();
const there = (office: string, from: string, to: string, day = SATURDAY): Presence => ({ office, from: at(from, day), to: at(to, day) });
const LONG_BEFORE = (office: string): Presence => there(office, '09:00', '09:01', addDays(SATURDAY, -2));
const ALL_DAY = there(EVERYWHERE, '00:00', '24:00');
const EVENING = at('20:00');
const seen = (presences: Presence[], now = EVENING, to = SATURDAY) =>
  outagesOf([LONG_BEFORE(EVERYWHERE), ...presences], { from: SATURDAY, to, now }, terms);

test.each<[string, Presence[], [string, string, number][]]>([
  ['nobody is missed who was there all the time', [LONG_BEFORE('01'), there('01', '07:31', '14:29')], []],
  [
    'an hour is noticed, less is not',
    [there('01', '07:30', '09:00'), there('01', '10:00', '11:00'), there('01', '11:59', '14:30')],
    [['09:00', '10:00', 60]],
  ],
  [
    'from the opening and to the closing, not the night',
    [LONG_BEFORE('01'), there('01', '09:30', '12:00')],
    [
      ['07:30', '09:30', 120],
      ['12:00', '14:30', 150],
    ],
  ],
  ['a whole day without power', [LONG_BEFORE('01')], [['07:30', '14:30', 420]]],
  ['not before an office’s first sign', [there('01', '13:00', '14:30')], []],
  [
    'two processes tell of the same people',
    [there('01', '07:30', '12:00'), there('01', '08:00', '09:00'), there('01', '11:00', '14:30')],
    [],
  ],
])('%s', (_, presences, expected) => {
  expect(seen([ALL_DAY, ...presences])).toEqual(
    expected.map(([from, to, minutes]) => ({ office: '01', from: at(from), to: at(to), minutes })),
  );
});

test('the system itself was away: one outage of all, and no office’s silence counts while it lasted', () => {
  const system = [there(EVERYWHERE, '00:00', '09:00'), there(EVERYWHERE, '11:00', '24:00')];
  const away = { office: EVERYWHERE, from: at('09:00'), to: at('11:00'), minutes: 120 };
  const office = (...of: [string, string][]) => [there('01', '07:30', '07:31'), ...of.map(([from, to]) => there('01', from, to))];
  expect(seen([...system, ...office(['07:30', '09:00'], ['11:00', '14:30'])])).toEqual([away]);
  // the line came back half an hour after the system, and at another office an hour and a half after it
  expect(seen([...system, ...office(['07:30', '09:00'], ['11:30', '14:30'])])).toEqual([away]);
  expect(seen([...system, ...office(['07:30', '08:30'], ['11:30', '14:30'])])).toEqual([
    { office: '01', from: at('08:30'), to: at('11:30'), minutes: 60 },
    away,
  ]);
});

test('one that lasts has no end, and what is too short to be noticed so far is none', () => {
  const morning = [ALL_DAY, there('01', '07:30', '09:00')];
  expect(seen(morning, at('09:59'))).toEqual([]);
  expect(seen(morning, at('10:30'))).toEqual([{ office: '01', from: at('09:00'), to: null, minutes: 90 }]);
  // after the closing it is over for the day
  expect(seen(morning, at('15:00'))).toEqual([{ office: '01', from: at('09:00'), to: at('14:30'), minutes: 330 }]);
});

test('Thursdays are short, Fridays and holidays are not looked at; an office that was closed is not waited for for ever', () => {
  const days = (count: number, from = SATURDAY) =>
    outagesOf(
      [
        there(EVERYWHERE, '00:00', '24:00', addDays(from, -1)),
        { office: EVERYWHERE, from: at('00:00', from), to: at('24:00', addDays(from, 60)) },
        there('01', '14:29', '14:30', addDays(from, -1)),
      ],
      { from, to: addDays(from, count - 1), now: at('20:00', addDays(from, 60)) },
      terms,
    );
  expect(days(7).map(({ minutes }) => minutes)).toEqual([420, 420, 420, 420, 420, 300]);
  // a Friday, the last of Esfand, the first of Farvardin to the fourth, a Thursday, a Friday
  expect(days(8, on('1405/12/28')).map(({ from }) => from)).toEqual([at('07:30', on('1406/01/05'))]);
  const last = days(60).at(-1)?.from ?? '';
  expect(last <= at('14:30', addDays(SATURDAY, EXPECTED_DAYS - 1)) && last >= at('00:00', addDays(SATURDAY, EXPECTED_DAYS - 3))).toBe(true);
});

test('nothing is said of a time before anything was watched', () => {
  expect(outagesOf([], { from: SATURDAY, to: SATURDAY, now: EVENING }, terms)).toEqual([]);
  expect(outagesOf([there(EVERYWHERE, '13:00', '24:00')], { from: on('1390/01/01'), to: SATURDAY, now: EVENING }, terms)).toEqual([]);
});

test('as counted minute by minute', () => {
  const office = fc.constantFrom(EVERYWHERE, '01', '02');
  const span = fc.record({ office, from: fc.integer({ min: 0, max: 3 * 1440 }), length: fc.integer({ min: 0, max: 300 }) });
  const start = Date.parse(startOfDayInTehran(SATURDAY));
  const minute = (n: number): string => new Date(start + n * 60_000).toISOString();
  let outages = 0;
  fc.assert(
    fc.property(
      fc.array(span, { minLength: 1, maxLength: 25 }),
      fc.integer({ min: 1, max: 3 * 1440 }),
      fc.integer({ min: 5, max: 120 }),
      (spans, now, after) => {
        const presences = spans.map(({ office: of, from, length }) => ({
          office: of,
          from: minute(Math.min(from, now)),
          to: minute(Math.min(from + length, now)),
        }));
        const found = outagesOf(presences, { from: SATURDAY, to: addDays(SATURDAY, 2), now: minute(now) }, () => ({
          ...DEFAULT_SERVICE_TERMS,
          outageAfterMinutes: after,
        }));
        const heard = (of: string, n: number) =>
          spans.some((each) => each.office === of && each.from <= n && n < Math.min(each.from + each.length, now));
        const watched = (of: string, n: number) => spans.some((each) => each.office === of && Math.min(each.from, now) <= n);
        const touched = (of: string, n: number) =>
          spans.some((each) => each.office === of && Math.min(each.from, now) <= n && n <= Math.min(each.from + each.length, now));
        const expected: unknown[] = [];
        for (const whose of [EVERYWHERE, '01', '02']) {
          for (let day = 0; day < 3; day++) {
            const [opens, closes] = [day * 1440 + 450, Math.min(day * 1440 + 870, now)];
            let from: number | null = null;
            let minutes = 0;
            for (let n = opens; n <= closes; n++) {
              const silent = n < closes && watched(whose, n) && !heard(whose, n);
              // a sign within the silence, be it of a moment, begins another
              if (from !== null && (!silent || (n > from && touched(whose, n)))) {
                if (minutes >= after) expected.push({ office: whose, from: minute(from), to: n === now ? null : minute(n), minutes });
                from = null;
              }
              if (!silent) continue;
              if (from === null) [from, minutes] = [n, 0];
              if (whose === EVERYWHERE || heard(EVERYWHERE, n) || !watched(EVERYWHERE, n)) minutes++;
            }
          }
        }
        outages += expected.length;
        expect(found).toHaveLength(expected.length);
        expect(found).toEqual(expect.arrayContaining(expected));
      },
    ),
    { seed: 42, numRuns: 300 },
  );
  expect(outages).toBeGreaterThan(100);
});
