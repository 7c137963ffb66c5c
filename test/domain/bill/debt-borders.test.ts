/* The debt on both sides of each border: the first and last day of a rule, what is nought, what stands alone. 30 days, 1397/02/02 to 1397/02/31. */
import { type BillLine, type Debt, type LineCode, collect, computeDebt } from '../../../src/domain/bill/debt.js';
import { fraction } from '../../../src/domain/fraction.js';
import { addDays } from '../../../src/domain/calendar/jalali.js';
import type { SettlementFacts } from '../../../src/domain/settlement/settlement.js';
import {
  DEFAULT_COLLECTION,
  type InsuranceRule,
  type SubscriptionRule,
  type Tariff,
  type VatRule,
} from '../../../src/domain/tariff/tariff.js';
import { bill, isDebt, meter, on, snapshot, tariff } from '../sample.js';

const START = on('1397/02/01');

interface Of {
  tariffs?: Tariff[];
  days?: number;
  m3?: number;
  purpose?: SettlementFacts['purpose'];
  of?: Parameters<typeof snapshot>[0];
}
function debt({ tariffs = [tariff()], days = 30, m3 = 0, purpose = 'balance', of = {} }: Of): Debt {
  const result = computeDebt({
    snapshot: snapshot(of),
    facts: { settlementDate: addDays(START, days), reading: 0, readingSource: 'staff', purpose },
    usage: { previous: { reading: 70, on: START, source: 'staff' }, days, consumption: fraction(m3) },
    tariffs,
    fee: null,
  });
  isDebt(result);
  return result;
}
const of = ({ lines }: Debt, code: LineCode): BillLine[] => lines.filter((line) => line.code === code);
const spans = (result: Debt, code: LineCode) => of(result, code).map(({ days, from, to, amount }) => [days, from, to, amount]);

const dated = (from = '1390/01/01', to: string | null = null) => ({ from: on(from), to: to === null ? null : on(to) });
const insured = (rialPerMonth: number, from?: string, to?: string | null, change: Partial<InsuranceRule> = {}): InsuranceRule => ({
  ...dated(from, to),
  use: 'household',
  area: 'urban',
  per: 'meter',
  rialPerMonth,
  ...change,
});
const subscribed = (
  rialPerMonth: number,
  capacityUpTo: number | null = null,
  change: Partial<SubscriptionRule> = {},
): SubscriptionRule => ({ ...dated(), per: 'meter', rialPerMonth, capacityUpTo, ...change });
const vat = (percent: string, base: VatRule['base'], from?: string, to?: string | null): VatRule => ({ ...dated(from, to), percent, base });

describe('a charge by the days of its rule', () => {
  const ALL = [30, '1397/02/02', '1397/02/31', 3_000];
  test.each<[string, InsuranceRule[], unknown[]]>([
    ['all the period', [insured(3_000)], [ALL]],
    ['from its first day', [insured(3_000, '1397/02/02')], [ALL]],
    ['to its last day', [insured(3_000, '1390/01/01', '1397/02/31')], [ALL]],
    ['beyond it', [insured(3_000, '1390/01/01', '1397/03/01')], [ALL]],
    ['from its last day', [insured(3_000, '1397/02/31')], [[1, '1397/02/31', '1397/02/31', 100]]],
    ['to its first day', [insured(3_000, '1390/01/01', '1397/02/02')], [[1, '1397/02/02', '1397/02/02', 100]]],
    ['to the day before the last', [insured(3_000, '1390/01/01', '1397/02/30')], [[29, '1397/02/02', '1397/02/30', 2_900]]],
    ['ended before it', [insured(3_000, '1390/01/01', '1397/02/01')], []],
    ['begun after it', [insured(3_000, '1397/03/01')], []],
    [
      'an ended one and one to come change nothing',
      [insured(9_000, '1390/01/01', '1397/01/31'), insured(3_000), insured(9_000, '1397/03/02')],
      [ALL],
    ],
    [
      'one to its last day and another from the day after',
      [insured(3_000, '1390/01/01', '1397/02/31'), insured(9_000, '1397/03/01')],
      [ALL],
    ],
    ['the same sum on neighbouring days is one line', [insured(3_000, '1390/01/01', '1397/02/11'), insured(3_000, '1397/02/12')], [ALL]],
    [
      'the same sum with days between that are free of it',
      [insured(3_000, '1390/01/01', '1397/02/11'), insured(3_000, '1397/02/22')],
      [
        [10, '1397/02/02', '1397/02/11', 1_000],
        [10, '1397/02/22', '1397/02/31', 1_000],
      ],
    ],
    [
      'three, whatever their order',
      [insured(6_000, '1397/02/22'), insured(3_000, '1397/02/12', '1397/02/21'), insured(9_000, '1390/01/01', '1397/02/11')],
      [
        [10, '1397/02/02', '1397/02/11', 3_000],
        [10, '1397/02/12', '1397/02/21', 1_000],
        [10, '1397/02/22', '1397/02/31', 2_000],
      ],
    ],
  ])('%s', (_, insurance, expected) => expect(spans(debt({ tariffs: [tariff({ insurance })] }), 'INSURANCE')).toEqual(expected));

  test.each<[string, Partial<InsuranceRule>, Partial<InsuranceRule>, unknown[]]>([
    ['by the month, said or not, is the same charge', {}, { fixedPer: 'month' }, [[30, '1397/02/02', '1397/02/31', 3_000]]],
    [
      'by the meter and by the unit are two',
      {},
      { per: 'unit' },
      [
        [10, '1397/02/02', '1397/02/11', 1_000],
        [20, '1397/02/12', '1397/02/31', 6_000],
      ],
    ],
    [
      'by the month and by the period are two',
      {},
      { fixedPer: 'period' },
      [
        [10, '1397/02/02', '1397/02/11', 1_000],
        [20, '1397/02/12', '1397/02/31', 1_000],
      ],
    ],
  ])('%s', (_, first, then, expected) => {
    const insurance = [insured(3_000, '1390/01/01', '1397/02/11', first), insured(3_000, '1397/02/12', null, then)];
    const cycles = [
      {
        cycle: '12-1397-02',
        series: '12',
        fromDate: START,
        toDate: addDays(START, 60),
        closesOn: on('1397/04/10'),
        issuesOn: on('1397/04/15'),
        objectionDays: 10,
      },
    ];
    expect(spans(debt({ tariffs: [tariff({ insurance })], of: { cycles, account: { units: 3 } } }), 'INSURANCE')).toEqual(expected);
  });
});

describe('subscription by the meter', () => {
  const classes = [subscribed(4_000, 6), subscribed(6_000)];
  const charged = (meters: ReturnType<typeof meter>[], subscription = classes) =>
    spans(debt({ tariffs: [tariff({ subscription })], of: { meters } }), 'SUBSCRIPTION');

  test('a meter that came on the last day has that day', () => {
    const meters = [
      meter({ removedOn: on('1397/02/31'), endReading: 9 }),
      meter({ serial: 'M2', capacity: '25', installedOn: on('1397/02/31') }),
    ];
    expect(charged(meters)).toEqual([
      [29, '1397/02/02', '1397/02/30', 3_867],
      [1, '1397/02/31', '1397/02/31', 200],
    ]); // 3,866.67
  });
  test('between the removal of one and the next the days are the next one’s', () => {
    const meters = [
      meter({ removedOn: on('1397/02/12'), endReading: 9 }),
      meter({ serial: 'M2', capacity: '25', installedOn: on('1397/02/22') }),
    ];
    expect(charged(meters)).toEqual([
      [10, '1397/02/02', '1397/02/11', 1_333],
      [20, '1397/02/12', '1397/02/31', 4_000],
    ]);
  });
  test('while the records show two the newer counts', () => {
    const meters = [
      meter({ removedOn: on('1397/02/22'), endReading: 9 }),
      meter({ serial: 'M2', capacity: '25', installedOn: on('1397/02/12') }),
    ];
    expect(charged(meters)).toEqual([
      [10, '1397/02/02', '1397/02/11', 1_333],
      [20, '1397/02/12', '1397/02/31', 4_000],
    ]);
  });
  test('no meter known: the smallest class', () => expect(charged([])).toEqual([[30, '1397/02/02', '1397/02/31', 4_000]]));

  const own = { use: 'household' };
  test.each<[string, SubscriptionRule[], number]>([
    [
      'the rule for the very use, though a smaller class for all holds the meter',
      [subscribed(9_000, null, own), subscribed(4_000, 6)],
      9_000,
    ],
    ['also when it was published before', [subscribed(4_000, 6), subscribed(9_000, null, own)], 9_000],
    ['of two for the use the smaller class', [subscribed(4_000, 6, own), subscribed(9_000, 25, own)], 4_000],
    ['of two for the use the smaller class, the other way round', [subscribed(9_000, 25, own), subscribed(4_000, 6, own)], 4_000],
    ['a class before one without limit', [subscribed(4_000, 25), subscribed(9_000)], 4_000],
    ['of the same class the last published', [subscribed(4_000, 6), subscribed(5_000, 6)], 5_000],
    ['of two without limit the last published', [subscribed(4_000), subscribed(5_000)], 5_000],
    ['another use is none', [subscribed(4_000), subscribed(5_000, 6, { use: 'bakery' })], 4_000],
  ])('%s', (_, subscription, amount) => expect(charged([meter()], subscription)).toEqual([[30, '1397/02/02', '1397/02/31', amount]]));
});

describe('the whole period of a charge per period', () => {
  const cycle = (fromDate: string, toDate: string) => ({
    cycle: '12-1397-02',
    series: '12',
    fromDate: on(fromDate),
    toDate: on(toDate),
    closesOn: on('1397/06/01'),
    issuesOn: on('1397/06/05'),
    objectionDays: 10,
  });
  const whole = (of: Of['of']): string =>
    of1(debt({ tariffs: [tariff({ subscription: [subscribed(6_000, null, { fixedPer: 'period' })] })], of })).replace(
      /^6000 ریال در دوره (\d+) روزه.*$/,
      '$1',
    );
  const of1 = (result: Debt): string => of(result, 'SUBSCRIPTION')[0]?.basis ?? '';
  test.each<[string, Of['of'], string]>([
    ['the cycle that holds the day', { cycles: [cycle('1397/02/01', '1397/03/30')] }, '60'],
    ['its last day is in it', { cycles: [cycle('1397/01/01', '1397/02/31')] }, '61'],
    [
      'a cycle that ended the day before is not it',
      { cycles: [cycle('1397/01/01', '1397/02/30'), cycle('1397/02/30', '1397/04/01')] },
      '33',
    ],
    [
      'the day it starts from belongs to the one before',
      { cycles: [cycle('1397/02/31', '1397/04/31')], lastBill: bill('1397/02/01', 0, { fromDate: on('1396/12/21') }) },
      '40',
    ],
    ['one to come is not it', { cycles: [cycle('1397/04/01', '1397/05/31'), cycle('1397/02/30', '1397/03/31')] }, '32'],
    ['without one the last bill’s', { lastBill: bill('1397/02/01', 0, { fromDate: on('1396/12/21') }) }, '40'],
    ['a bill of no days tells no period: a month', { lastBill: bill('1397/02/01', 0) }, '30'],
    ['nothing known: a month', {}, '30'],
  ])('%s', (_, of, days) => expect(whole(of)).toBe(days));
});

describe('levy and VAT', () => {
  test('a flat rate’s gas is gas too', () => {
    const gas: Tariff['gas'] = [{ use: 'household', season: 'both', steps: [{ uptoM3PerMonth: null, rialPerM3: 1_000 }], flat: true }];
    const result = debt({ m3: 10, tariffs: [tariff({ gas, levy: [{ ...dated(), percent: '10' }] })] });
    expect(result.lines.map(({ code, amount }) => [code, amount])).toEqual([
      ['GAS_FLAT', 10_000],
      ['GAS_LEVY', 1_000],
    ]);
  });
  test.each<[string, VatRule, VatRule, unknown[]]>([
    [
      'the same groups in another order are the same base',
      vat('9', ['levy', 'gas'], '1390/01/01', '1397/02/11'),
      vat('9', ['gas', 'levy'], '1397/02/12'),
      [['9%', 30, 990]],
    ],
    [
      'and the other way round',
      vat('9', ['gas', 'levy'], '1390/01/01', '1397/02/11'),
      vat('9', ['levy', 'gas'], '1397/02/12'),
      [['9%', 30, 990]],
    ],
    [
      'another base of the same rate is another line',
      vat('9', ['gas', 'levy'], '1390/01/01', '1397/02/11'),
      vat('9', ['gas'], '1397/02/12'),
      [
        ['9%', 10, 330],
        ['9%', 20, 600],
      ],
    ],
  ])('%s', (_, first, then, expected) => {
    const gas: Tariff['gas'] = [{ use: 'household', season: 'both', steps: [{ uptoM3PerMonth: null, rialPerM3: 1_000 }], flat: false }];
    const result = debt({ m3: 10, tariffs: [tariff({ gas, levy: [{ ...dated(), percent: '10' }], vat: [first, then] })] });
    expect(of(result, 'VAT').map(({ rate, days, amount }) => [rate, days, amount])).toEqual(expected);
  });
});

describe('the ledger', () => {
  const earlier = {
    billNumber: '01-1397-9',
    settlementDate: on('1397/02/10'),
    previous: null,
    total: 0,
    counted: { payments: [], adjustments: [], instalments: [], deposits: [] },
  };
  const I0 = { reference: 'I0', amount: 9_000 };
  test('an earlier settlement that left nothing is no line, and the bill before it none either', () =>
    expect(debt({ of: { earlierSettlement: earlier, lastBill: bill('1397/02/01', 0, { totalDue: 5_000 }) } }).lines).toEqual([]));
  test('instalments that were counted and are not told any more are taken back, also when none is left', () => {
    const result = debt({ of: { earlierSettlement: { ...earlier, counted: { ...earlier.counted, instalments: [I0] } } } });
    expect(result.lines.map(({ code, amount, basis }) => [code, amount, basis])).toEqual([
      ['INSTALMENTS', -9_000, 'با تسویه نهایی همه اقساط حال می‌شود: I0: -9000 ریال (در صورتحساب دوره منظور شده یا از این اشتراک نیست)'],
    ]);
  });
  test('instalments that were counted and are told still are no line', () =>
    expect(
      debt({
        purpose: 'final',
        of: {
          earlierSettlement: { ...earlier, counted: { ...earlier.counted, instalments: [I0] } },
          instalments: [{ ...I0, dueOn: on('1397/04/01') }],
        },
      }).lines,
    ).toEqual([]));
});

describe('what stands beside the sums', () => {
  const told = { reading: 70, on: START };
  const earlier = (previous: { reading: number; on: typeof START; source: 'staff' } | null) => ({
    billNumber: '1',
    settlementDate: START,
    previous,
    total: 0,
    counted: { payments: [], adjustments: [], instalments: [], deposits: [] },
  });
  test.each<[string, Of, Debt['previousReading']]>([
    ['days to be billed have a reading before them', { days: 1 }, told],
    ['the ledger alone of one who was never billed has none', { days: 0 }, null],
    ['the ledger alone after a bill', { days: 0, of: { lastBill: bill('1397/02/01', 70) } }, told],
    [
      'the ledger alone after a settlement with a reading',
      { days: 0, of: { earlierSettlement: earlier({ ...told, source: 'staff' }) } },
      told,
    ],
    ['the ledger alone after a settlement of the ledger alone', { days: 0, of: { earlierSettlement: earlier(null) } }, null],
    ['both', { days: 0, of: { lastBill: bill('1397/02/01', 70), earlierSettlement: earlier({ ...told, source: 'staff' }) } }, told],
  ])('the previous reading: %s', (_, input, previous) => expect(debt(input).previousReading).toEqual(previous));

  test('one illustrative tariff marks the bill, whatever the others are', () => {
    const first = tariff({ version: 'a' });
    const second = tariff({ version: 'b', from: on('1397/02/12'), illustrative: true });
    expect(
      [
        debt({ tariffs: [first] }),
        debt({ tariffs: [first, second] }),
        debt({
          tariffs: [
            { ...first, illustrative: true },
            { ...second, illustrative: false },
          ],
        }),
      ].map(({ illustrative }) => illustrative),
    ).toEqual([false, true, true]);
  });

  test('the data is as old as the older of bills and payments, whichever that is', () => {
    const feed = (kind: 'bills' | 'payments' | 'cycles', asOf: string) => ({ kind, asOf: on(asOf), loadedAt: '2018-05-20T00:00:00Z' });
    const asOf = (...feeds: ReturnType<typeof feed>[]) => debt({ of: { feeds } }).dataAsOf;
    expect(asOf(feed('bills', '1397/02/30'), feed('payments', '1397/02/28'), feed('cycles', '1396/01/01'))).toBe('1397/02/28');
    expect(asOf(feed('payments', '1397/02/30'))).toBe('1397/02/30');
    expect(asOf(feed('cycles', '1396/01/01'))).toBeNull();
  });

  test('where all is collected, a credit is carried still, whatever the rule says', () => {
    expect(collect(-1_500, { ...DEFAULT_COLLECTION, notCollectedUpTo: -2_000 })).toEqual({ payable: 0, carry: -1_500 });
    const rule = { ...DEFAULT_COLLECTION, notCollectedUpTo: 0 };
    expect([-1_500, 0, 999, 1_000].map((total) => collect(total, rule))).toEqual([
      { payable: 0, carry: -1_500 },
      { payable: 0, carry: 0 },
      { payable: 0, carry: 999 },
      { payable: 1_000, carry: 0 },
    ]);
  });
});
