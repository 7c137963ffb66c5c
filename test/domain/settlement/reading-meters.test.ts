/* Which meter counted, which was read, and which of a subscriber's bills tell what is usual (domain.md, Meter). */
import type { AccountSnapshot, LedgerBill } from '../../../src/domain/settlement/account.js';
import { addDays } from '../../../src/domain/calendar/jalali.js';
import { checkReading, meterOn, meterRead } from '../../../src/domain/settlement/reading.js';
import type { Tariff } from '../../../src/domain/tariff/tariff.js';
import { bill, facts, meter, on, snapshot, tariff } from '../sample.js';

const A = meter({ serial: 'A', removedOn: on('1397/02/10'), endReading: 5_020 });
const B = meter({ serial: 'B', installedOn: on('1397/02/10'), removedOn: on('1397/02/20'), endReading: 300 });
const C = meter({ serial: 'C', installedOn: on('1397/02/25') });

describe('the meter that counts on a day', () => {
  const serial = (meters: Parameters<typeof meterOn>[0], day: string) => meterOn(meters, on(day))?.serial;
  test.each([
    ['1397/02/09', 'A'],
    // on the day of a replacement the new one
    ['1397/02/10', 'B'],
    ['1397/02/19', 'B'],
    // where none is, the last on record
    ['1397/02/20', 'C'],
    ['1397/02/24', 'C'],
    ['1397/02/25', 'C'],
    ['1389/12/29', 'C'],
  ])('%s: %s', (day, which) => expect(serial([A, B, C], day)).toBe(which));
  test('one that was never removed, though another came later', () => {
    const first = meter({ serial: 'A' });
    expect([serial([first, C], '1397/02/24'), serial([first, C], '1397/02/25'), serial([], '1397/02/24')]).toEqual(['A', 'C', undefined]);
  });
});

describe('the meter that a figure belongs to', () => {
  const serial = (meters: Parameters<typeof meterRead>[0], day: string, reading: number) => meterRead(meters, on(day), reading)?.serial;
  test('on the day of a replacement the one whose figure is nearer: the old by its end, the new by its start', () => {
    const next = meter({ serial: 'B', installedOn: on('1397/02/10'), startReading: 4_980 });
    // 30 before the end of the old, 10 after the start of the new
    expect(serial([A, next], '1397/02/10', 4_990)).toBe('B');
    expect(serial([A, next], '1397/02/10', 5_010)).toBe('A');
    // as near to either: the later
    expect(serial([A, next], '1397/02/10', 5_000)).toBe('B');
  });
  test('one that was removed before the day was not read on it', () => {
    const gone = meter({ serial: 'A', removedOn: on('1397/02/09'), endReading: 5_020 });
    expect(serial([gone, B], '1397/02/10', 50)).toBe('B');
    expect(serial([meter({ serial: 'A' }), C], '1397/02/24', 50)).toBe('A');
  });
  test('of two on record at once the later, however far its end is', () => {
    const [old, next] = [
      meter({ serial: 'A', removedOn: on('1397/02/20'), endReading: 6_000 }),
      meter({ serial: 'B', installedOn: on('1397/02/01'), removedOn: on('1397/03/20'), endReading: 9_000 }),
    ];
    expect(serial([old, next], '1397/02/10', 5_500)).toBe('B');
  });
  test('a figure with more digits than a meter has is not its', () => {
    expect(serial([meter({ serial: 'A', digits: 5 }), meter({ serial: 'B', digits: 6 })], '1397/02/10', 100_000)).toBe('B');
    expect(serial([meter({ serial: 'B', digits: 6 }), meter({ serial: 'A', digits: 5 })], '1397/02/10', 99_999)).toBe('A');
  });
});

describe('the ledger alone', () => {
  const of = (change: Parameters<typeof snapshot>[0]) =>
    checkReading(snapshot(change), facts('1397/02/31', null), [tariff()], on('1397/12/29'));
  test('goes from the last bill, or from the day itself where nothing was ever read', () => {
    expect(of({ lastBill: bill('1397/02/01', 5_000) })).toMatchObject({
      findings: [],
      usage: { previous: { reading: 5_000, on: '1397/02/01', source: 'staff' }, days: 0 },
    });
    expect(of({ meters: [] }).usage?.previous).toEqual({ reading: 0, on: '1397/02/31', source: 'none' });
  });
});

describe('what is usual', () => {
  const seasons: Tariff['seasons'] = [
    { season: 'warm', from: '01/16', to: '08/15' },
    { season: 'cold', from: '08/16', to: '01/15' },
  ];
  const yearly = tariff({ seasons });
  /** A bill of `m3` in 30 days up to a day. */
  const month = (toDate: string, m3: number, change: Partial<LedgerBill> = {}): LedgerBill =>
    bill(toDate, 1_000 + m3, { fromDate: addDays(on(toDate), -30), fromReading: 1_000, ...change });
  const last = bill('1397/02/01', 5_000);
  interface Of {
    history: LedgerBill[];
    date?: string;
    m3: number;
    tariffs?: Tariff[];
    lastBill?: LedgerBill;
    meters?: AccountSnapshot['meters'];
  }
  /** What is found of `m3` since the last bill, beside such a history. */
  const found = ({ history, date = '1397/02/31', m3, tariffs = [yearly], lastBill = last, meters = [meter()] }: Of): string[] =>
    checkReading(snapshot({ lastBill, history, meters }), facts(date, lastBill.toReading + m3), tariffs, on('1398/12/29')).findings.map(
      ({ code }) => code,
    );

  test('the season is that of the middle of the period', () => {
    // 40 days, of which 30 are warm: up to 1397/08/25, the middle 1397/08/05
    const lastBill = bill('1397/07/15', 5_000);
    const history = [month('1397/07/15', 30), month('1396/11/30', 600)];
    expect(found({ history, lastBill, date: '1397/08/25', m3: 60 })).toEqual([]);
    expect(found({ history, lastBill, date: '1397/08/25', m3: 100 })).toEqual(['HIGH_CONSUMPTION']);
  });
  test('a bill of no days tells nothing', () => {
    const history = [month('1397/02/01', 30), bill('1396/07/01', 90_000, { fromReading: 10 })];
    expect(found({ history, m3: 30 })).toEqual([]);
    expect(found({ history: history.slice(1), m3: 300 })).toEqual([]);
  });
  test('bills older than the tariffs on record belong to the seasons of one that has them for every year', () => {
    const dated = tariff({
      version: '1397',
      from: on('1397/01/16'),
      to: on('1397/01/31'),
      seasons: [{ season: 'warm', from: '1397/01/16', to: '1397/01/31' }],
    });
    const recent = tariff({ ...yearly, from: on('1397/02/01') });
    const history = [month('1395/06/31', 30), month('1395/11/30', 600)];
    expect(found({ history, m3: 100, tariffs: [dated, recent] })).toEqual(['HIGH_CONSUMPTION']);
    // one season for every year is enough
    const mixed = tariff({
      from: on('1397/02/01'),
      seasons: [
        { season: 'warm', from: '01/16', to: '08/15' },
        { season: 'cold', from: '1397/08/16', to: '1398/01/15' },
      ],
    });
    expect(found({ history, m3: 100, tariffs: [mixed] })).toEqual(['HIGH_CONSUMPTION']);
    // not of one that names its own days alone
    const named = tariff({ from: on('1397/02/01'), seasons: [{ season: 'warm', from: '1397/02/01', to: '1397/08/15' }] });
    expect(found({ history, m3: 100, tariffs: [named] })).toEqual([]);
  });
  test('where no season is known for the middle of the period, nothing is', () => {
    const named = tariff({ from: on('1397/02/25'), seasons: [{ season: 'warm', from: '1397/02/25', to: '1397/08/15' }] });
    expect(found({ history: [month('1396/06/31', 30)], m3: 300, tariffs: [named] })).toEqual([]);
    // a tariff that has days without a season
    const gap = tariff({ seasons: [{ season: 'warm', from: '1397/02/25', to: '1397/08/15' }] });
    expect(found({ history: [month('1396/06/31', 30)], m3: 300, tariffs: [gap] })).toEqual([]);
  });
  test('without a tariff on the day there are no bands: that is told elsewhere', () => {
    expect(found({ history: [month('1397/02/01', 30)], m3: 300, tariffs: [tariff({ seasons, to: on('1397/02/20') })] })).toEqual([]);
  });
  test('a bill over two meters at once tells nothing', () => {
    const history = [month('1397/02/01', 30)];
    expect(found({ history, m3: 300 })).toEqual(['OUTSIDE_OUTER_BAND']);
    const twice = [meter(), meter({ serial: 'X', installedOn: on('1397/01/10'), removedOn: on('1397/01/20'), endReading: 5 })];
    expect(found({ history, m3: 300, meters: twice })).toEqual([]);
  });
  test('a fall by more than a meter can turn was a correction; what only rose by more counts', () => {
    // 30 days of 6 m³ an hour are 4,320
    expect(found({ history: [month('1397/02/01', 5_000)], m3: 1_499 })).toEqual(['LOW_CONSUMPTION']);
    expect(found({ history: [month('1397/02/01', 0, { fromReading: 6_000 })], m3: 1_499 })).toEqual([]);
    const turned = (m3: number): LedgerBill => month('1397/02/01', 0, { fromReading: 99_000, toReading: m3 - 1_000 });
    expect(found({ history: [turned(4_320)], m3: 1_295 })).toEqual(['LOW_CONSUMPTION']);
    expect(found({ history: [turned(4_321)], m3: 1_295 })).toEqual([]);
  });
  test('over a replacement one meter’s fall is enough', () => {
    const meters = [meter({ removedOn: on('1396/12/10'), endReading: 900 }), meter({ serial: 'B', installedOn: on('1396/12/10') })];
    // the old one from 1,000 to 900: no turn of it is so long
    const history = [bill('1396/12/20', 50, { fromDate: on('1396/11/20'), fromReading: 1_000 })];
    expect(found({ history, meters, m3: 5, date: '1397/02/05', tariffs: [tariff()] })).toEqual([]);
    const sound = [bill('1396/12/20', 50, { fromDate: on('1396/11/20'), fromReading: 850 })];
    // one that stood still has not fallen, however much the other counted
    const still = [bill('1396/12/20', 5_000, { fromDate: on('1396/11/20'), fromReading: 900 })];
    expect(found({ history: still, meters, m3: 1_000, date: '1397/02/31', tariffs: [tariff()] })).toEqual(['LOW_CONSUMPTION']);
    expect(found({ history: sound, meters, m3: 1, date: '1397/02/31', tariffs: [tariff()] })).toEqual(['LOW_CONSUMPTION']);
  });
  test('of a bill that began before its meter was on record the meter’s own count', () => {
    // a gap between the two: the bill's first figure was shown by neither
    const meters = [
      meter({ removedOn: on('1396/06/01'), endReading: 90_000 }),
      meter({ serial: 'B', installedOn: on('1396/12/15'), startReading: 100 }),
    ];
    const history = [bill('1397/01/11', 400, { fromDate: on('1396/12/10'), fromReading: 700 })];
    const lastBill = bill('1397/02/01', 500);
    // 300 in 30 days; low is under 0.3 of it, high over twice
    const of = (m3: number) => found({ history, meters, lastBill, m3, tariffs: [tariff()] });
    expect([of(89), of(90), of(600), of(601)]).toEqual([['LOW_CONSUMPTION'], [], [], ['HIGH_CONSUMPTION']]);
  });
});

test('over a replacement the larger capacity counts, whichever meter has it', () => {
  // 30 days of 1 m³ an hour are 720, of 6 they are 4,320
  const of = (first: string, second: string) => {
    const meters = [
      meter({ capacity: first, removedOn: on('1397/02/10'), endReading: 5_010 }),
      meter({ serial: 'B', capacity: second, installedOn: on('1397/02/10') }),
    ];
    return checkReading(
      snapshot({ meters, lastBill: bill('1397/02/01', 5_000), history: [] }),
      facts('1397/02/31', 990),
      [tariff()],
      on('1397/12/29'),
    ).findings.map(({ code }) => code);
  };
  expect([of('1', '6'), of('6', '1'), of('1', '1')]).toEqual([
    ['METER_REPLACED'],
    ['METER_REPLACED'],
    ['METER_REPLACED', 'ABOVE_METER_CAPACITY'],
  ]);
});
