import fc from 'fast-check';
import type { AccountSnapshot, LedgerBill } from '../../../src/domain/settlement/account.js';
import { assess } from '../../../src/domain/settlement/assessment.js';
import { blocking } from '../../../src/domain/settlement/finding.js';
import { type Fraction, fractionText } from '../../../src/domain/fraction.js';
import { type JalaliDate, addDays, daysBetween, todayInTehran } from '../../../src/domain/calendar/jalali.js';
import {
  type MeterState,
  type ReadingCheck,
  type ReadingSource,
  checkReading,
  meterOn,
  meterRead,
  previousReading,
  standingMeterState,
} from '../../../src/domain/settlement/reading.js';
import type { Tariff } from '../../../src/domain/tariff/tariff.js';
import { bill, facts, household1397, meter, on, order, snapshot, tariff } from '../sample.js';

const TODAY = on('1397/12/29');
const text = ({ n, d }: Fraction): string => fractionText(n, d);

function check(
  of: AccountSnapshot,
  date: string,
  reading: number | null,
  change: { today?: JalaliDate; tariffs?: Tariff[]; source?: ReadingSource } = {},
): ReadingCheck {
  const readingSource = change.source ?? (reading === null ? 'none' : 'staff');
  return checkReading(of, facts(date, reading, { readingSource }), change.tariffs ?? [tariff()], change.today ?? TODAY);
}
/** Codes and consumption, `null` where the reading is impossible. */
function outcome(...of: Parameters<typeof check>): [string[], string | null] {
  const { findings, usage } = check(...of);
  return [findings.map(({ code }) => code), usage && text(usage.consumption)];
}
/** Bills of 30 days each before `toDate`, all of `m3`. */
function history(toDate: string, toReading: number, m3: number, count = 6): LedgerBill[] {
  return Array.from({ length: count }, (_, i) => {
    const end = addDays(on(toDate), -30 * i);
    return bill(end, toReading - m3 * i, { fromDate: addDays(end, -30), fromReading: toReading - m3 * (i + 1) });
  });
}
function billed(toDate: string, toReading: number, m3: number | null, change: Parameters<typeof snapshot>[0] = {}): AccountSnapshot {
  const bills = m3 === null ? [bill(toDate, toReading)] : history(toDate, toReading, m3);
  return snapshot({ lastBill: bills[0]!, history: bills, ...change });
}

test.each<[MeterState, string, ReadingSource, boolean]>([
  // found on 1397/02/10; the last bill up to that day by that reading; whether it still stands
  ['broken', '1397/02/01', 'staff', true],
  ['broken', '1397/02/10', 'staff', true],
  ['broken', '1397/02/11', 'staff', false],
  // nobody has looked at the meter for an estimate or by the applicant's word
  ['broken', '1397/03/11', 'estimated', true],
  ['obstacle', '1397/03/11', 'declared', true],
  ['normal', '1397/02/01', 'staff', false],
])('a meter found %s, the last bill to %s by %s: still so %s', (state, toDate, readingSource, stands) => {
  const found = { state, on: on('1397/02/10'), settlement: '1' };
  expect(standingMeterState(found, { toDate: on(toDate), readingSource })).toEqual(stands ? found : null);
  expect(standingMeterState(found, null)).toEqual(state === 'normal' ? null : found);
});
test('a meter that no settlement has found', () => expect(standingMeterState(null, null)).toBeNull());

describe('previousReading and meters', () => {
  test('the last bill, or the first meter for a subscriber without one', () => {
    expect(previousReading(billed('1397/02/01', 1234, null))).toEqual({ reading: 1234, on: '1397/02/01', source: 'staff' });
    expect(previousReading(snapshot({ meters: [meter({ startReading: 7, installedOn: on('1397/01/20') })] }))).toEqual({
      reading: 7,
      on: '1397/01/20',
      source: 'staff',
    });
    expect(previousReading(snapshot({ meters: [] }))).toBeNull();
  });

  const old = meter({ removedOn: on('1397/02/10'), endReading: 5_020 });
  const next = meter({ serial: 'M2', installedOn: on('1397/02/10') });
  test.each([
    ['1397/02/09', 'M1'],
    ['1397/02/10', 'M2'],
    ['1397/02/11', 'M2'],
  ])('on %s %s counted', (date, serial) => expect(meterOn([old, next], on(date))?.serial).toBe(serial));
  test.each([
    [5_020, 'M1'],
    [5_018, 'M1'],
    [0, 'M2'],
    [3, 'M2'],
    // as far from 5,020 as from 0
    [2_510, 'M2'],
  ])('on the day of the replacement the figure %d is of %s', (reading, serial) =>
    expect(meterRead([old, next], on('1397/02/10'), reading)?.serial).toBe(serial),
  );
  test('a figure with more digits than one meter is of the other', () => {
    const small = meter({ serial: 'S', digits: 3, installedOn: on('1397/02/10') });
    expect(meterRead([old, small], on('1397/02/10'), 1_000)?.serial).toBe('M1');
  });
  test('a closed account keeps its last meter', () => expect(meterOn([old], on('1397/05/01'))?.serial).toBe('M1'));
});

describe('rollover', () => {
  test('case 10: 4 digits, 9990 → 0005 = 15; the digits are the meter record’s', () => {
    expect(outcome(billed('1397/02/01', 9_990, 15, { meters: [meter({ digits: 4 })] }), '1397/02/31', 5)).toEqual([['ROLLOVER'], '15']);
    // 5 digits with the same figures would be 90,015 m³
    expect(outcome(billed('1397/02/01', 9_990, 15), '1397/02/31', 5)).toEqual([['READING_BELOW_PREVIOUS'], null]);
  });

  test('case 11: 5 digits, 99,990 → 5 = 15, only when confirmed', () => {
    const of = billed('1397/02/01', 99_990, 20);
    expect(outcome(of, '1397/02/31', 5)).toEqual([['ROLLOVER'], '15']);
    const { findings } = check(of, '1397/02/31', 5);
    expect(blocking(findings, [])).toHaveLength(1);
    expect(blocking(findings, [{ code: 'ROLLOVER', reason: ' ' }])).toHaveLength(1);
    expect(blocking(findings, [{ code: 'ROLLOVER', reason: 'عکس کنتور' }])).toEqual([]);
  });

  test('case 11: 50,000 → 49,000 at an average of 60 is refused: 99,000 is outside band and capacity', () => {
    expect(outcome(billed('1397/02/01', 50_000, 60), '1397/02/31', 49_000)).toEqual([['READING_BELOW_PREVIOUS'], null]);
    // by capacity alone (4,320 m³), without a history
    expect(outcome(billed('1397/02/01', 50_000, null), '1397/02/31', 49_000)).toEqual([['READING_BELOW_PREVIOUS'], null]);
    // by the outer band alone: 301 > 5 × 60, with a capacity for all of it
    expect(outcome(billed('1397/02/01', 99_900, 60), '1397/02/31', 200)).toEqual([['ROLLOVER', 'HIGH_CONSUMPTION'], '300']);
    expect(outcome(billed('1397/02/01', 99_900, 60), '1397/02/31', 201)).toEqual([['READING_BELOW_PREVIOUS'], null]);
  });

  test('case 13: both figures and dates are in the message; nothing is swapped or negative', () => {
    const [found] = check(billed('1397/02/01', 5_000, 60), '1397/02/31', 4_900).findings;
    expect(found).toMatchObject({ code: 'READING_BELOW_PREVIOUS', severity: 'error', field: 'reading' });
    for (const part of ['4900', '5000', '1397/02/01', '1397/02/31']) expect(found!.message).toContain(part);
  });

  test('decision: below an estimated reading: refused for billing, even where a rollover would be plausible', () => {
    const estimated = bill('1397/02/01', 99_990, { readingSource: 'estimated' });
    const of = snapshot({ lastBill: estimated });
    expect(outcome(of, '1397/02/31', 5)).toEqual([['READING_BELOW_ESTIMATE'], null]);
    expect(outcome(of, '1397/02/31', null)).toEqual([[], '0']);
    expect(outcome(of, '1397/02/31', 99_995)).toEqual([['ESTIMATED_LAST_READING'], '5']);
    // one m³ above the estimate, one below
    const low = snapshot({ lastBill: bill('1397/02/01', 500, { readingSource: 'estimated' }) });
    expect(outcome(low, '1397/02/31', 499)).toEqual([['READING_BELOW_ESTIMATE'], null]);
    expect(outcome(low, '1397/02/31', 501)).toEqual([['ESTIMATED_LAST_READING'], '1']);
  });
});

describe('case 43: a meter taken out and fitted again', () => {
  const M1 = meter({ serial: 'M1', installedOn: on('1400/01/01'), removedOn: on('1405/08/10'), endReading: 4_980 });
  const T9 = meter({ serial: 'T9', installedOn: on('1405/08/10'), removedOn: on('1405/08/25'), endReading: 35 });
  const again = meter({ serial: 'M1', installedOn: on('1405/08/25'), startReading: 4_980 });
  const at = (...meters: (typeof M1)[]) =>
    outcome(billed('1405/08/01', 4_960, null, { meters }), '1405/09/03', 5_000, { today: on('1405/09/04') });

  test('20 + 35 + 20 = 75 m³', () => expect(at(M1, T9, again)).toEqual([['METER_REPLACED'], '75']));

  test.each([
    [
      'two meters in place at once',
      [meter({ serial: 'M1', installedOn: on('1400/01/01') }), meter({ serial: 'T9', installedOn: on('1405/08/10') })],
    ],
    ['one day of both', [M1, { ...T9, installedOn: on('1405/08/09') }, again]],
  ])('%s: a finding, never a bill over one of them', (_, meters) => expect(at(...meters)).toEqual([['METERS_OVERLAP'], null]));

  test('a wrong row that was corrected to no day at all hinders nothing', () =>
    expect(at(M1, T9, again, meter({ serial: 'W', installedOn: on('1405/08/28'), removedOn: on('1405/08/28'), endReading: 0 }))).toEqual([
      ['METER_REPLACED'],
      '75',
    ]));
});

describe('case 12: the meter was replaced', () => {
  const replaced = (removedOn: string, endReading: number, change = {}, newMeter = {}) => [
    meter({ removedOn: on(removedOn), endReading, ...change }),
    meter({ serial: 'M2', installedOn: on(removedOn), ...newMeter }),
  ];

  test('old 4,980 → 5,020, new 0 → 35: 75', () => {
    expect(outcome(billed('1397/02/01', 4_980, null, { meters: replaced('1397/02/10', 5_020) }), '1397/02/31', 35)).toEqual([
      ['METER_REPLACED'],
      '75',
    ]);
  });
  test('a used meter starts at its own figure', () => {
    expect(
      outcome(billed('1397/02/01', 4_980, null, { meters: replaced('1397/02/10', 5_020, {}, { startReading: 700 }) }), '1397/02/31', 735),
    ).toEqual([['METER_REPLACED'], '75']);
  });
  test('two replacements in a period', () => {
    const meters = [
      meter({ removedOn: on('1397/02/10'), endReading: 5_020 }),
      meter({ serial: 'M2', installedOn: on('1397/02/10'), removedOn: on('1397/02/20'), startReading: 3, endReading: 13 }),
      meter({ serial: 'M3', installedOn: on('1397/02/20') }),
    ];
    expect(outcome(billed('1397/02/01', 4_980, null, { meters }), '1397/02/31', 35)).toEqual([['METER_REPLACED'], '85']);
    // settled between the two, though entered later
    expect(outcome(billed('1397/02/01', 4_980, null, { meters }), '1397/02/15', 9)).toEqual([['METER_REPLACED'], '46']);
    // before both
    expect(outcome(billed('1397/02/01', 4_980, null, { meters }), '1397/02/05', 4_990)).toEqual([[], '10']);
  });
  test('the removed meter had rolled over: confirmed like any rollover', () => {
    expect(outcome(billed('1397/02/01', 99_990, null, { meters: replaced('1397/02/10', 30) }), '1397/02/31', 35)).toEqual([
      ['ROLLOVER', 'METER_REPLACED'],
      '75',
    ]);
    expect(outcome(billed('1397/02/01', 50_000, null, { meters: replaced('1397/02/10', 49_000) }), '1397/02/31', 35)).toEqual([
      ['READING_BELOW_PREVIOUS'],
      null,
    ]);
  });
  test('the estimate was above the removed meter’s last figure', () => {
    const lastBill = bill('1397/02/01', 5_100, { readingSource: 'estimated' });
    const { findings, usage } = check(snapshot({ lastBill, meters: replaced('1397/02/10', 5_020) }), '1397/02/31', 35);
    expect(findings.map(({ code }) => code)).toEqual(['READING_BELOW_ESTIMATE']);
    for (const part of ['5100', '5020', '1397/02/01', '1397/02/10', 'M1']) expect(findings[0]!.message).toContain(part);
    expect(usage).toBeNull();
  });
  test('the new meter is below its own start: its own figures are told, not the estimate', () => {
    const lastBill = bill('1397/02/01', 5_020, { readingSource: 'estimated' });
    const meters = replaced('1397/02/10', 5_020, {}, { startReading: 700 });
    const { findings } = check(snapshot({ lastBill, meters }), '1397/02/31', 600);
    expect(findings.map(({ code }) => code)).toEqual(['READING_BELOW_PREVIOUS']);
    expect(findings[0]!.message).toContain('700 در 1397/02/10');
  });

  describe('on the day of the last reading', () => {
    const meters = replaced('1397/02/01', 5_020);
    test.each([
      ['the old meter was read just before: its last m³ count', 5_018, 37],
      ['the old meter’s last figure was read', 5_020, 35],
      ['the new one’s first figure was read', 0, 35],
      ['the new one was read a little later', 2, 33],
    ])('%s', (_, figure, m3) => expect(outcome(billed('1397/02/01', figure, null, { meters }), '1397/02/31', 35)[1]).toBe(String(m3)));
  });
  describe('on the day of the settlement', () => {
    const of = billed('1397/02/01', 4_980, null, { meters: replaced('1397/02/31', 5_020) });
    test.each([
      ['the old meter is read before', 5_019, [], 39],
      ['the new one is read after', 1, ['METER_REPLACED'], 41],
      ['the new one’s first figure', 0, ['METER_REPLACED'], 40],
    ])('%s', (_, figure, codes, m3) => expect(outcome(of, '1397/02/31', figure)).toEqual([codes, String(m3)]));
  });

  test('each meter’s m³ by its own coefficient, one sum', () => {
    const meters = replaced('1397/02/10', 5_020, { coefficient: '1.5' }, { coefficient: '1.0234' });
    // 40 × 1.5 + 35 × 1.0234 = 95.819
    expect(outcome(billed('1397/02/01', 4_980, null, { meters }), '1397/02/31', 35)).toEqual([['METER_REPLACED'], '95819/1000']);
  });

  test('the meter of the last reading is not on record: nothing is guessed', () => {
    expect(outcome(billed('1397/02/01', 4_980, null, { meters: [meter({ installedOn: on('1397/02/10') })] }), '1397/02/31', 35)).toEqual([
      ['METER_UNKNOWN'],
      null,
    ]);
  });

  test('property: a replacement at any day loses no m³, whichever meter was read', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 60 }),
        fc.integer({ min: 0, max: 99_999 }),
        fc.nat({ max: 40 }),
        fc.nat({ max: 40 }),
        fc.nat({ max: 99_000 }),
        (day, start, oldM3, newM3, newStart) => {
          const removed = addDays(on('1397/02/01'), day);
          const end = (start + oldM3) % 100_000;
          const meters = replaced(removed, end, {}, { startReading: newStart });
          const of = billed('1397/02/01', start, null, { meters });
          // on its own day the new meter's figure may be taken for the old one's
          fc.pre(day > 0);
          expect(outcome(of, '1397/04/31', newStart + newM3)[1]).toBe(String(oldM3 + newM3));
        },
      ),
    );
  });
});

describe('dates', () => {
  const of = billed('1397/02/01', 100, null);

  test('case 14: before the last bill’s end: refused with the way out, no negative period', () => {
    const { findings, usage } = check(of, '1397/01/31', 110);
    expect(findings).toMatchObject([{ code: 'READING_DATE_BEFORE_LAST', severity: 'error', field: 'settlementDate' }]);
    for (const part of ['1397/01/31', '1397/02/01', '100', '110', 'ابطال']) expect(findings[0]!.message).toContain(part);
    expect(usage).toBeNull();
  });

  test('case 15: tomorrow is refused, today is not, by Tehran’s calendar', () => {
    // 00:05 in Tehran on 1397/02/31 is 19:35 UTC of the day before
    const today = todayInTehran(new Date('2018-05-20T19:35:00Z'));
    expect(today).toBe('1397/02/31');
    expect(outcome(of, '1397/02/31', 110, { today })).toEqual([[], '10']);
    const { findings } = check(of, '1397/03/01', 110, { today });
    expect(findings).toMatchObject([{ code: 'READING_DATE_IN_FUTURE', severity: 'error', field: 'settlementDate' }]);
    for (const part of ['1397/03/01', '1397/02/31']) expect(findings[0]!.message).toContain(part);
    expect(outcome(of, '1397/03/01', null, { today })[0]).toEqual(['READING_DATE_IN_FUTURE']);
  });

  test('before the contract', () => {
    const connected = snapshot({ account: { connectedOn: on('1397/02/01') }, meters: [meter({ installedOn: on('1397/02/01') })] });
    const { findings } = check(connected, '1397/01/31', 5);
    expect(findings).toMatchObject([{ code: 'READING_DATE_BEFORE_LAST', field: 'settlementDate' }]);
    expect(outcome(connected, '1397/01/31', null)[0]).toEqual(['READING_DATE_BEFORE_LAST']);
  });

  test('decision: zero days, the same figure → the ledger alone; another figure → error', () => {
    expect(check(of, '1397/02/01', 100)).toMatchObject({ findings: [], usage: { days: 0, consumption: { n: 0n } } });
    const { findings, usage } = check(of, '1397/02/01', 101);
    expect(findings).toMatchObject([{ code: 'READING_CHANGED_ON_SAME_DAY', severity: 'error', field: 'reading' }]);
    for (const part of ['1397/02/01', '100', '101']) expect(findings[0]!.message).toContain(part);
    expect(usage).toBeNull();
    expect(outcome(of, '1397/02/01', 99)).toEqual([['READING_CHANGED_ON_SAME_DAY'], null]);
  });

  test('the day after is one day', () => expect(check(of, '1397/02/02', 101).usage).toMatchObject({ days: 1 }));

  test('case 6: the next period starts at the settlement’s reading and date', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 60 }),
        fc.integer({ min: 1, max: 60 }),
        fc.nat({ max: 50 }),
        fc.nat({ max: 50 }),
        (d1, d2, q1, q2) => {
          const middle = addDays(on('1397/02/01'), d1);
          const end = addDays(middle, d2);
          const first = check(of, middle, 100 + q1).usage!;
          const second = check(snapshot({ lastBill: bill(middle, 100 + q1) }), end, 100 + q1 + q2).usage!;
          const whole = check(of, end, 100 + q1 + q2).usage!;
          expect(first.days + second.days).toBe(whole.days);
          expect(Number(first.consumption.n + second.consumption.n)).toBe(Number(whole.consumption.n));
        },
      ),
    );
  });
});

describe('figures', () => {
  test('too many digits', () => {
    const { findings, usage } = check(billed('1397/02/01', 100, null), '1397/02/31', 100_000);
    expect(findings).toMatchObject([{ code: 'READING_TOO_MANY_DIGITS', severity: 'error', field: 'reading' }]);
    for (const part of ['100000', 'M1', '100 ', '1397/02/01', '1397/02/31']) expect(findings[0]!.message).toContain(part);
    expect(usage).toBeNull();
    expect(outcome(billed('1397/02/01', 99_000, null), '1397/02/31', 99_999)).toEqual([[], '999']);
  });

  test('a reading is required unless the ledger alone is asked for', () => {
    expect(outcome(billed('1397/02/01', 100, null), '1397/02/31', null, { source: 'staff' })).toEqual([['READING_REQUIRED'], null]);
    expect(outcome(billed('1397/02/01', 100, null), '1397/02/31', null)).toEqual([[], '0']);
  });

  test('case 16: above capacity × hours: 6 m³/h × 720 h = 4,320', () => {
    expect(outcome(billed('1397/02/01', 0, null), '1397/02/31', 4_320)).toEqual([[], '4320']);
    const { findings, usage } = check(billed('1397/02/01', 0, null), '1397/02/31', 4_321);
    expect(findings).toMatchObject([{ code: 'ABOVE_METER_CAPACITY', severity: 'error', field: 'reading' }]);
    for (const part of ['4321', '4320', '1397/02/01', '1397/02/31']) expect(findings[0]!.message).toContain(part);
    expect(usage).toBeNull();
  });
  test('a capacity with a fraction: 2.5 m³/h × 24 h = 60', () => {
    const of = billed('1397/02/01', 0, null, { meters: [meter({ capacity: '2.5' })] });
    expect([60, 61].map((reading) => outcome(of, '1397/02/02', reading)[0])).toEqual([[], ['ABOVE_METER_CAPACITY']]);
  });
  test('capacity is of the counter, before the coefficient', () => {
    const of = billed('1397/02/01', 0, null, { meters: [meter({ coefficient: '2' })] });
    expect(outcome(of, '1397/02/31', 4_320)).toEqual([[], '8640']);
    expect(outcome(of, '1397/02/31', 4_321)).toEqual([['ABOVE_METER_CAPACITY'], null]);
  });
  test('over a replacement the larger meter counts', () => {
    const meters = [
      meter({ capacity: '10', removedOn: on('1397/02/30'), endReading: 7_000 }),
      meter({ serial: 'M2', installedOn: on('1397/02/30') }),
    ];
    expect(outcome(billed('1397/02/01', 0, null, { meters }), '1397/02/31', 10)).toEqual([['METER_REPLACED'], '7010']);
  });

  test('no consumption is confirmed with a reason', () => {
    const { findings, usage } = check(billed('1397/02/01', 100, 60), '1397/02/31', 100);
    expect(findings).toMatchObject([{ code: 'ZERO_CONSUMPTION', severity: 'confirm', field: 'reading' }]);
    for (const part of ['100', '1397/02/01', '1397/02/31']) expect(findings[0]!.message).toContain(part);
    expect(usage).toMatchObject({ days: 30 });
  });

  test('a closed account has no new consumption, its ledger can be told', () => {
    const of = billed('1397/02/01', 100, null, { account: { closedOn: on('1397/02/20') } });
    expect(outcome(of, '1397/02/20', 110)[0]).toEqual([]);
    expect(check(of, '1397/02/21', 110).findings).toMatchObject([{ code: 'ACCOUNT_CLOSED', severity: 'error', field: 'subscription' }]);
    expect(outcome(of, '1397/02/21', null)[0]).toEqual([]);
  });

  test('a new subscriber without a bill starts at the meter', () => {
    const of = snapshot({
      account: { connectedOn: on('1397/02/01') },
      meters: [meter({ installedOn: on('1397/02/01'), startReading: 12 })],
    });
    expect(outcome(of, '1397/02/31', 52)).toEqual([[], '40']);
    expect(check(of, '1397/02/31', 52).usage).toMatchObject({ days: 30, previous: { reading: 12, on: '1397/02/01' } });
    expect(outcome(snapshot({ meters: [] }), '1397/02/31', 52)).toEqual([['METER_UNKNOWN'], null]);
    expect(outcome(snapshot({ meters: [] }), '1397/02/31', null)).toEqual([[], '0']);
  });

  test('all findings at once', () => {
    const of = billed('1397/02/01', 100, 60, { account: { closedOn: on('1397/02/20') } });
    expect(outcome(of, '1397/02/31', 100, { today: on('1397/02/30') })[0]).toEqual([
      'READING_DATE_IN_FUTURE',
      'ACCOUNT_CLOSED',
      'ZERO_CONSUMPTION',
    ]);
  });
});

describe('case 16: two bands', () => {
  // 60 m³ a month before: high above 120, outer above 300, low under 18
  test.each([
    [17, ['LOW_CONSUMPTION']],
    [18, []],
    [120, []],
    [121, ['HIGH_CONSUMPTION']],
    [300, ['HIGH_CONSUMPTION']],
    [301, ['OUTSIDE_OUTER_BAND']],
  ])('%d m³ after 60 a month: %j', (m3, codes) => {
    const { findings } = check(billed('1397/02/01', 5_000, 60), '1397/02/31', 5_000 + m3);
    expect(findings.map(({ code }) => code)).toEqual(codes);
    for (const found of findings) {
      expect(found).toMatchObject({ field: 'reading', severity: found.code === 'OUTSIDE_OUTER_BAND' ? 'override' : 'confirm' });
      for (const part of ['5000', String(5_000 + m3), '1397/02/01', '1397/02/31', '60']) expect(found.message).toContain(part);
    }
  });

  test('bands go by days', () => {
    expect(outcome(billed('1397/02/01', 5_000, 60), '1397/02/16', 5_060)[0]).toEqual([]);
    expect(outcome(billed('1397/02/01', 5_000, 60), '1397/02/16', 5_061)[0]).toEqual(['HIGH_CONSUMPTION']);
  });

  test('small amounts are never high: 30 m³ a month and unit', () => {
    const of = billed('1397/02/01', 5_000, 2);
    expect([30, 31].map((m3) => outcome(of, '1397/02/31', 5_000 + m3)[0])).toEqual([[], ['OUTSIDE_OUTER_BAND']]);
    const units = billed('1397/02/01', 5_000, 2, { account: { units: 3 } });
    expect([90, 91].map((m3) => outcome(units, '1397/02/31', 5_000 + m3)[0])).toEqual([[], ['OUTSIDE_OUTER_BAND']]);
  });

  test('no history: capacity alone', () => expect(outcome(billed('1397/02/01', 5_000, null), '1397/02/31', 9_000)).toEqual([[], '4000']));
  test('no tariff on the day: no bands', () =>
    expect(outcome(billed('1397/02/01', 5_000, 60), '1397/02/31', 9_000, { tariffs: [] })).toEqual([[], '4000']));

  test('only the same season counts', () => {
    const cold = history('1397/01/10', 5_000, 600, 3);
    const warm = bill('1397/02/10', 5_050, { fromDate: on('1397/01/10'), fromReading: 5_000 });
    const tariffs = [{ ...household1397, from: on('1390/01/01') }];
    const of = snapshot({ lastBill: warm, history: [warm, ...cold] });
    // 50 m³ in 31 warm days: 200 in 31 are high, however much was used in winter
    expect(outcome(of, '1397/03/10', 5_250, { tariffs })[0]).toEqual(['HIGH_CONSUMPTION']);
    expect(outcome(snapshot({ lastBill: warm, history: cold }), '1397/03/10', 5_250, { tariffs })[0]).toEqual([]);
  });

  test('history over a replacement and a rollover is what was used; a correction is no history', () => {
    const replaced = [meter({ removedOn: on('1397/01/20'), endReading: 40 }), meter({ serial: 'M2', installedOn: on('1397/01/20') })];
    const over = bill('1397/02/01', 20, { fromDate: on('1397/01/02'), fromReading: 99_999 });
    const of = (last: LedgerBill, meters = [meter()]) => snapshot({ lastBill: last, history: [last], meters });
    // 41 + 20 = 61 in 30 days
    expect([122, 123].map((m3) => outcome(of(over, replaced), '1397/02/31', 20 + m3)[0])).toEqual([[], ['HIGH_CONSUMPTION']]);
    // 5,100 → 5,050 would be 99,950 m³ of a meter that passes 4,320: an estimate that was put right
    const corrected = bill('1397/02/01', 5_050, { fromDate: on('1397/01/02'), fromReading: 5_100 });
    expect(outcome(of(corrected), '1397/02/31', 5_060)[0]).toEqual([]);
  });

  test('an estimated last reading is told, the bands hold all the same', () => {
    const [last, ...before] = history('1397/02/01', 5_000, 60) as [LedgerBill, ...LedgerBill[]];
    const lastBill: LedgerBill = { ...last, readingSource: 'estimated' };
    expect(outcome(snapshot({ lastBill, history: [lastBill, ...before] }), '1397/02/31', 5_121)[0]).toEqual([
      'ESTIMATED_LAST_READING',
      'HIGH_CONSUMPTION',
    ]);
  });
});

test('property: never a negative consumption, nor more than the capacity; no usage without an error', () => {
  fc.assert(
    fc.property(
      fc.nat({ max: 9_999 }),
      fc.nat({ max: 12_000 }),
      fc.integer({ min: -10, max: 100 }),
      fc.constantFrom<ReadingSource>('staff', 'estimated'),
      fc.option(fc.nat({ max: 300 })),
      (last, reading, days, source, average) => {
        const date = addDays(on('1397/02/01'), days);
        const of = billed('1397/02/01', last, average, { meters: [meter({ digits: 4 })] });
        of.lastBill = { ...of.lastBill!, readingSource: source };
        const { findings, usage } = check(of, date, reading);
        if (!usage) {
          expect(findings.some(({ severity }) => severity === 'error')).toBe(true);
          return;
        }
        expect(usage.days).toBe(daysBetween(on('1397/02/01'), date));
        expect(usage.consumption.n >= 0n && usage.consumption.n <= usage.consumption.d * BigInt(144 * usage.days)).toBe(true);
      },
    ),
    { numRuns: 500 },
  );
});

describe('what was found of the meter', () => {
  const TO = '1397/02/31';
  const of = billed('1397/02/01', 1_000, null);
  const found = (state: MeterState | undefined, source: ReadingSource, reading: number | null) => {
    const { findings, usage } = checkReading(of, facts(TO, reading, { readingSource: source, meterState: state }), [tariff()], TODAY);
    return [findings.map(({ code }) => code), usage && text(usage.consumption)];
  };
  test.each<[MeterState | undefined, ReadingSource, number | null, string[], string | null]>([
    [undefined, 'staff', 1_045, [], '45'],
    ['normal', 'declared', 1_045, [], '45'],
    // its reason is the state: nothing further is to be confirmed
    ['noUse', 'staff', 1_000, [], '0'],
    ['noUse', 'declared', 1_000, [], '0'],
    ['noUse', 'staff', 1_001, ['NO_USE_READING_CHANGED'], null],
    ['noUse', 'staff', 999, ['READING_BELOW_PREVIOUS'], null],
    ['noUse', 'none', null, [], '0'],
    ['normal', 'staff', 1_000, ['ZERO_CONSUMPTION'], '0'],
    ['closed', 'estimated', 1_045, [], '45'],
    ['closed', 'none', null, [], '0'],
    ['closed', 'staff', 1_045, ['METER_NOT_READ'], '45'],
    ['closed', 'declared', 1_045, ['METER_NOT_READ'], '45'],
    ['obstacle', 'estimated', 1_045, [], '45'],
    ['obstacle', 'none', null, [], '0'],
    ['obstacle', 'staff', 1_045, ['METER_NOT_READ'], '45'],
    ['obstacle', 'declared', 1_045, ['METER_NOT_READ'], '45'],
    // the other findings come at once
    ['obstacle', 'staff', 1_000, ['METER_NOT_READ', 'ZERO_CONSUMPTION'], '0'],
    ['broken', 'estimated', 1_045, [], '45'],
    ['broken', 'none', null, [], '0'],
    ['broken', 'staff', 1_045, ['METER_BROKEN'], '45'],
    ['broken', 'declared', 1_045, ['METER_BROKEN'], '45'],
    ['reversed', 'staff', 1_045, ['METER_REVERSED'], null],
    ['reversed', 'declared', 955, ['METER_REVERSED'], null],
    ['reversed', 'estimated', 1_045, ['METER_REVERSED'], null],
    ['reversed', 'none', null, [], '0'],
  ])('%s, %s, %s → %j, %s m³', (state, source, reading, codes, m3) => expect(found(state, source, reading)).toEqual([codes, m3]));

  test.each<[MeterState, ReadingSource, number, string[]]>([
    ['noUse', 'staff', 1_001, ['1001', '1000', '1397/02/01', TO, 'عادی']],
    ['closed', 'staff', 1_045, ['1045', '1000', '1397/02/01', TO, 'برآورد', 'فقط مانده دفتر']],
    ['broken', 'staff', 1_045, ['1045', '1000', '1397/02/01', TO, 'علی‌الحساب', 'فقط مانده دفتر']],
    ['reversed', 'staff', 955, ['955', '1000', '1397/02/01', TO, 'واحد صورتحساب', 'مانده دفتر']],
  ])('%s: both figures, both dates and what to do', (state, source, reading, parts) => {
    const { findings } = checkReading(of, facts(TO, reading, { readingSource: source, meterState: state }), [tariff()], TODAY);
    for (const part of parts) expect(findings[0]!.message).toContain(part);
    expect(findings[0]!.severity).toBe('error');
  });

  test.each<MeterState>(['closed', 'obstacle', 'broken'])('%s and estimated: on account, and so is the next one from it', (state) => {
    const asked = facts(TO, 1_045, { readingSource: 'estimated', meterState: state });
    expect(assess(order(asked), of, [tariff()], null, TODAY, []).debt).toMatchObject({ definitive: false, total: 48_645 });
  });
});
