import fc from 'fast-check';
import type { AccountSnapshot } from '../../../src/domain/settlement/account.js';
import { splitPayable } from '../../../src/domain/bill/bill-id.js';
import {
  type BillLine,
  type Debt,
  type DebtInput,
  type LineCode,
  chargeShare,
  collect,
  computeDebt,
} from '../../../src/domain/bill/debt.js';
import { fraction } from '../../../src/domain/fraction.js';
import { addDays, daysBetween } from '../../../src/domain/calendar/jalali.js';
import type { SettlementFacts } from '../../../src/domain/settlement/settlement.js';
import {
  DEFAULT_COLLECTION,
  type InsuranceRule,
  type SubscriptionRule,
  type Tariff,
  type VatRule,
} from '../../../src/domain/tariff/tariff.js';
import { T1, bill, household1397, isDebt, meter, on, snapshot, stepTariff, tariff } from '../sample.js';

interface Of {
  after?: string;
  until?: string;
  m3?: number;
  tariffs?: Tariff[];
  of?: Parameters<typeof snapshot>[0];
  facts?: Partial<Pick<SettlementFacts, 'readingSource' | 'purpose' | 'reading'>>;
  days?: number;
  fee?: DebtInput['fee'];
  source?: 'staff' | 'estimated';
}

function debt({
  after = '1397/02/01',
  until = '1397/02/31',
  m3 = 45,
  tariffs = [tariff()],
  of = {},
  facts = {},
  days,
  fee = null,
  source = 'staff',
}: Of = {}): Debt {
  const result = computeDebt({
    snapshot: snapshot(of),
    facts: { settlementDate: on(until), reading: 0, readingSource: 'staff', purpose: 'balance', ...facts },
    usage: { previous: { reading: 0, on: on(after), source }, days: days ?? daysBetween(on(after), on(until)), consumption: fraction(m3) },
    tariffs,
    fee,
  });
  isDebt(result);
  return result;
}
const of = ({ lines }: Debt, code: LineCode): BillLine[] => lines.filter((line) => line.code === code);
const amounts = (result: Debt, code: LineCode): number[] => of(result, code).map((line) => line.amount);
const ever = { from: on('1390/01/01'), to: null };
const vat = (percent: string, base: VatRule['base'], from = '1390/01/01', to: string | null = null): VatRule => ({
  percent,
  base,
  from: on(from),
  to: to === null ? null : on(to),
});
const insurance = (rialPerMonth: number, change: Partial<InsuranceRule> = {}): InsuranceRule => ({
  ...ever,
  use: 'household',
  area: 'urban',
  per: 'meter',
  rialPerMonth,
  ...change,
});
const subscription = (rialPerMonth: number, change: Partial<SubscriptionRule> = {}): SubscriptionRule => ({
  ...ever,
  capacityUpTo: null,
  per: 'meter',
  rialPerMonth,
  ...change,
});
const payment = (amount: number, paidOn = '1397/02/05') => ({ reference: `P${amount}`, paidOn: on(paidOn), amount, paymentId: null });

describe('levy and VAT', () => {
  test('decision: once on the sum of the printed lines: gas 118,642 → levy 11,864 (line by line: 11,865)', () => {
    const result = debt({ after: '1397/08/10', until: '1397/08/20', m3: 100, tariffs: [household1397] });
    const gas = amounts(result, 'GAS_STEP');
    expect(gas.reduce((sum, amount) => sum + amount, 0)).toBe(118_642);
    expect(amounts(result, 'GAS_LEVY')).toEqual([11_864]);
    expect(gas.reduce((sum, amount) => sum + Math.round(amount / 10), 0)).not.toBe(11_864);
    // VAT 9 % of gas + subscription: 10,677.78; insurance 3,000 × 10 ÷ 30
    expect(amounts(result, 'VAT')).toEqual([10_678]);
    expect(amounts(result, 'INSURANCE')).toEqual([1_000]);
    expect(result.total).toBe(118_642 + 11_864 + 10_678 + 1_000);
  });

  test('decision: a VAT change inside the period: base × days ÷ all days, one line per rate', () => {
    const tariffs = [tariff({ vat: [vat('9', ['gas'], '1390/01/01', '1397/02/11'), vat('10', ['gas'], '1397/02/12')] })];
    const result = debt({ tariffs });
    expect(of(result, 'GAS_STEP')).toHaveLength(1);
    // 48,645 × 9 % × 10/30 = 1,459.35; × 10 % × 20/30 = 3,243
    expect(of(result, 'VAT').map(({ amount, rate, days, from, to }) => [amount, rate, days, from, to])).toEqual([
      [1_459, '9%', 10, '1397/02/02', '1397/02/11'],
      [3_243, '10%', 20, '1397/02/12', '1397/02/31'],
    ]);
  });

  test('the same rate in a new rule, or on both sides of another, is one line', () => {
    const renewed = [vat('9', ['gas', 'levy'], '1390/01/01', '1397/02/11'), vat('9.0', ['levy', 'gas'], '1397/02/12')];
    expect(amounts(debt({ tariffs: [tariff({ vat: renewed })] }), 'VAT')).toEqual([4_378]); // 4,378.05
    const back = [
      vat('9', ['gas'], '1390/01/01', '1397/02/11'),
      vat('10', ['gas'], '1397/02/12', '1397/02/21'),
      vat('9', ['gas'], '1397/02/22'),
    ];
    expect(of(debt({ tariffs: [tariff({ vat: back })] }), 'VAT').map(({ days, amount }) => [days, amount])).toEqual([
      [20, 2_919], // 2,918.7
      [10, 1_622], // 1,621.5
    ]);
  });

  test('a rule on part of the days taxes that part', () => {
    expect(amounts(debt({ tariffs: [tariff({ vat: [vat('9', ['gas'], '1397/02/12')] })] }), 'VAT')).toEqual([2_919]);
  });

  test.each<[VatRule['base'], number]>([
    [['gas'], 4_378], // 4,378.05
    [['gas', 'subscription'], 4_738], // 52,645 × 9 %: 4,738.05
    [['gas', 'insurance'], 4_648], // 51,645 × 9 %: 4,648.05
    [['gas', 'levy'], 4_816], // (48,645 + 4,865) × 9 %: 4,815.9
    [['subscription'], 360],
    [[], 0],
  ])('the base is data: %j', (base, expected) => {
    const tariffs = [
      tariff({
        vat: [vat('9', base)],
        levy: [{ ...ever, percent: '10' }],
        insurance: [insurance(3_000)],
        subscription: [subscription(4_000)],
      }),
    ];
    expect(amounts(debt({ tariffs }), 'VAT').reduce((sum, amount) => sum + amount, 0)).toBe(expected);
  });

  test('each day under its own tariff: an older tariff’s open rules end with it', () => {
    const levy = [{ ...ever, percent: '10' }];
    const old = tariff({ version: 'old', levy });
    const without = tariff({ version: 'new', from: on('1397/02/12') });
    // 2 intervals of 15 and 30 m³: 16,215 + 32,430; levy on a third of the days
    expect(amounts(debt({ tariffs: [old, without] }), 'GAS_LEVY')).toEqual([1_622]); // 1,621.5
    expect(amounts(debt({ tariffs: [old, tariff({ version: 'new' })] }), 'GAS_LEVY')).toEqual([]);
  });
});

describe('fixed charges', () => {
  test.each([
    [30, 3_000],
    [36, 3_600],
    [1, 100],
    [5, 500],
  ])('decision: month × days ÷ 30: %d days of 3,000 → %d', (days, amount) => {
    const result = debt({ until: addDays(on('1397/02/01'), days), tariffs: [tariff({ insurance: [insurance(3_000)] })] });
    expect(amounts(result, 'INSURANCE')).toEqual([amount]);
  });

  test('per meter unless the data says per unit', () => {
    const tariffs = [tariff({ insurance: [insurance(3_000, { per: 'unit' })], subscription: [subscription(4_000)] })];
    const result = debt({ tariffs, of: { account: { units: 4 } } });
    expect(amounts(result, 'INSURANCE')).toEqual([12_000]);
    expect(of(result, 'INSURANCE')[0]).toMatchObject({ quantity: '4', unit: 'month', rate: '3000', days: 30 });
    expect(amounts(result, 'SUBSCRIPTION')).toEqual([4_000]);
  });

  // domain.md: household 3,000 urban, 1,500 rural; commercial 20,000 / 10,000
  test.each([
    ['household', 'urban', [3_000]],
    ['household', 'rural', [1_500]],
    ['commercial', 'urban', [20_000]],
    ['commercial', 'rural', [10_000]],
    ['bakery', 'urban', []],
  ] as const)('insurance of 1397, %s %s', (use, area, expected) =>
    expect(amounts(debt({ tariffs: [household1397], of: { account: { use, area } } }), 'INSURANCE')).toEqual(expected),
  );

  test('by the meter’s capacity: the smallest class that holds it', () => {
    const classes = [subscription(9_000), subscription(4_000, { capacityUpTo: 6 }), subscription(6_000, { capacityUpTo: 25 })];
    const charged = (capacity: string, rules = classes) =>
      amounts(debt({ tariffs: [tariff({ subscription: rules })], of: { meters: [meter({ capacity })] } }), 'SUBSCRIPTION');
    expect(['2.5', '6', '6.1', '25', '25.01'].map((capacity) => charged(capacity))).toEqual([[4_000], [4_000], [6_000], [6_000], [9_000]]);
    // a class without limit from a later day does not swallow the others
    expect(charged('6', [subscription(4_000, { capacityUpTo: 6 }), subscription(9_000, { from: on('1397/02/12') })])).toEqual([4_000]);
    expect(
      charged('6', [subscription(4_000, { capacityUpTo: 6 }), subscription(6_000, { capacityUpTo: 6, from: on('1397/02/12') })]),
    ).toEqual([1_333, 4_000]);
    expect(charged('6', [subscription(1_000, { use: 'household' }), subscription(4_000, { capacityUpTo: 6 })])).toEqual([1_000]);
    expect(charged('6', [subscription(1_000, { use: 'bakery' })])).toEqual([]);
  });

  test('each day by the meter in place on it: 10 days of 4,000 and 20 of 6,000 → 1,333 + 4,000', () => {
    const rules = [subscription(4_000, { capacityUpTo: 6 }), subscription(6_000)];
    const charged = (changedOn: string, capacity = '25') => {
      const meters = [meter({ removedOn: on(changedOn), endReading: 9 }), meter({ serial: 'M2', capacity, installedOn: on(changedOn) })];
      return of(debt({ tariffs: [tariff({ subscription: rules })], of: { meters } }), 'SUBSCRIPTION').map(({ amount, days, from, to }) => [
        amount,
        days,
        from,
        to,
      ]);
    };
    expect(charged('1397/02/12')).toEqual([
      [1_333, 10, '1397/02/02', '1397/02/11'],
      [4_000, 20, '1397/02/12', '1397/02/31'],
    ]);
    // one of the same class, one that came later, one that was there before
    expect(charged('1397/02/12', '4')).toEqual([[4_000, 30, '1397/02/02', '1397/02/31']]);
    expect(charged('1397/03/10')).toEqual([[4_000, 30, '1397/02/02', '1397/02/31']]);
    expect(charged('1397/02/02')).toEqual([[6_000, 30, '1397/02/02', '1397/02/31']]);
  });

  test('one line each, also over two tariffs with the same sum: 4,001 × 20 and 10 days → 4,001, not 2,667 + 1,334', () => {
    const tariffs = [
      tariff({ subscription: [subscription(4_001)] }),
      tariff({ from: on('1397/02/22'), subscription: [subscription(4_001)] }),
    ];
    expect(amounts(debt({ tariffs }), 'SUBSCRIPTION')).toEqual([4_001]);
  });

  describe('case 7: a charge per period goes by the whole period’s days', () => {
    test('9,100 for 91 days, 42 served → 4,200', () => expect(chargeShare(9_100, 42, 91)).toBe(4_200));
    const cycles = [
      {
        cycle: '12-1397-02',
        series: '12',
        fromDate: on('1397/02/01'),
        toDate: addDays(on('1397/02/01'), 91),
        closesOn: on('1397/06/01'),
        issuesOn: on('1397/06/05'),
        objectionDays: 10,
      },
    ];
    const tariffs = [tariff({ subscription: [subscription(9_100, { fixedPer: 'period' })] })];
    const until = addDays(on('1397/02/01'), 42);
    test('the timetable tells the period', () => {
      expect(of(debt({ until, tariffs, of: { cycles } }), 'SUBSCRIPTION')[0]).toMatchObject({
        amount: 4_200,
        quantity: '6/13',
        unit: null,
        days: 42,
      });
      expect(amounts(debt({ until: addDays(on('1397/02/01'), 91), tariffs, of: { cycles } }), 'SUBSCRIPTION')).toEqual([9_100]);
    });
    test('without a timetable the last bill’s length stands for it', () => {
      const lastBill = bill('1397/02/01', 0, { fromDate: addDays(on('1397/02/01'), -91) });
      expect(amounts(debt({ until, tariffs, of: { lastBill } }), 'SUBSCRIPTION')).toEqual([4_200]);
    });
    test('the same sum by the month: 9,100 × 42 ÷ 30', () =>
      expect(amounts(debt({ until, tariffs: [tariff({ subscription: [subscription(9_100)] })], of: { cycles } }), 'SUBSCRIPTION')).toEqual([
        12_740,
      ]));
  });
});

describe('collection (کسر هزار ریال)', () => {
  test.each([
    [12_345_500, 12_345_000, 500], // case 18
    [10_000, 0, 10_000],
    [10_001, 10_000, 1],
    [10_999, 10_000, 999],
    [9_999, 0, 9_999],
    [999, 0, 999],
    [0, 0, 0], // case 19
    [-1, 0, -1],
    [-12_345_678, 0, -12_345_678],
    [2_147_483_648, 2_147_483_000, 648], // case 21
    [99_999_999_000, 99_999_999_000, 0],
    [100_000_000_000, 100_000_000_000, 0],
  ])('%d → payable %d, carry %d', (total, payable, carry) => expect(collect(total, DEFAULT_COLLECTION)).toEqual({ payable, carry }));

  test('the rule is data', () => {
    expect(collect(12_345, { roundTo: 100, notCollectedUpTo: 0 })).toEqual({ payable: 12_300, carry: 45 });
    const tariffs = [tariff({ collection: { roundTo: 10_000, notCollectedUpTo: 50_000 } })];
    expect(debt({ tariffs, m3: 46 })).toMatchObject({ total: 49_956, payable: 0, carry: 49_956 });
    expect(debt({ tariffs, m3: 47 })).toMatchObject({ total: 51_267, payable: 50_000, carry: 1_267 });
  });

  test('a small total is not collected at a final settlement either', () =>
    expect(debt({ m3: 5, facts: { purpose: 'final' } })).toMatchObject({ total: 5_405, payable: 0, carry: 5_405 }));

  test('case 19: more than a payment id holds stays one exact sum, split into slips', () => {
    const { total, payable, carry } = debt({ of: { lastBill: bill('1397/02/01', 0, { totalDue: 250_000_000_123 }) } });
    expect([total, payable, carry]).toEqual([250_000_048_768, 250_000_048_000, 768]);
    expect(splitPayable(payable).reduce((sum, slip) => sum + slip, 0)).toBe(payable);
    expect(debt({ m3: 0 })).toMatchObject({ total: 0, payable: 0, carry: 0 });
  });

  test('property: payable + carry = total; payable is a multiple, never negative, at most the total', () => {
    fc.assert(
      fc.property(
        fc.maxSafeInteger(),
        fc.integer({ min: 1, max: 100_000 }),
        fc.nat({ max: 1_000_000 }),
        (total, roundTo, notCollectedUpTo) => {
          const { payable, carry } = collect(total, { roundTo, notCollectedUpTo });
          expect(payable + carry).toBe(total);
          expect(payable % roundTo).toBe(0);
          expect(payable >= 0 && payable <= Math.max(0, total)).toBe(true);
          expect(Object.is(carry, -0)).toBe(false);
          if (total > notCollectedUpTo) expect(carry).toBeLessThan(roundTo);
        },
      ),
    );
  });
});

describe('ledger', () => {
  const ledger: Partial<AccountSnapshot> = {
    lastBill: bill('1397/02/01', 0, { totalDue: 120_345 }),
    // dated after the settlement, known all the same
    payments: [payment(100_000), payment(20_000, '1397/03/20')],
    adjustments: [{ reference: 'A1', on: on('1397/02/07'), amount: -5_000, reason: 'اصلاح رقم' }],
  };

  test('previous debt − payments + adjustments, each its own line', () => {
    const result = debt({ of: ledger });
    expect(result.lines.slice(1).map(({ code, amount, to }) => [code, amount, to])).toEqual([
      ['PREVIOUS_DEBT', 120_345, '1397/02/01'],
      ['PAYMENT', -100_000, '1397/02/05'],
      ['PAYMENT', -20_000, '1397/03/20'],
      ['ADJUSTMENT', -5_000, '1397/02/07'],
    ]);
    expect(result).toMatchObject({ total: 43_990, payable: 43_000, carry: 990 });
  });

  test('a negative previous debt is a credit', () => {
    const result = debt({ of: { lastBill: bill('1397/02/01', 0, { totalDue: -60_000 }) } });
    expect(result).toMatchObject({ total: -11_355, payable: 0, carry: -11_355 });
    expect(of(result, 'PREVIOUS_DEBT')[0]!.label).toContain('بستانکاری');
  });

  test('decision: the ledger alone has no consumption and no monthly charges', () => {
    const tariffs = [tariff({ insurance: [insurance(3_000)], subscription: [subscription(4_000)] })];
    const result = debt({ of: ledger, days: 0, m3: 0, tariffs, facts: { readingSource: 'none', reading: null } });
    expect(result.lines.map(({ code }) => code)).toEqual(['PREVIOUS_DEBT', 'PAYMENT', 'PAYMENT', 'ADJUSTMENT']);
    expect(result).toMatchObject({ total: -4_655, payable: 0, carry: -4_655, days: 0, consumption: '0', tariff: [] });
    // no tariff is needed for it
    expect(debt({ of: ledger, days: 0, m3: 0, tariffs: [] }).total).toBe(-4_655);
  });

  test('nothing consumed: monthly charges go on', () => {
    const tariffs = [tariff({ insurance: [insurance(3_000)], levy: [{ ...ever, percent: '10' }], vat: [vat('9', ['gas', 'insurance'])] })];
    expect(debt({ m3: 0, tariffs }).lines.map(({ code, amount }) => [code, amount])).toEqual([
      ['INSURANCE', 3_000],
      ['VAT', 270],
    ]);
  });

  test('decision: instalments and deposit only at a final settlement', () => {
    const plan: Partial<AccountSnapshot> = {
      instalments: [
        { reference: 'I1', dueOn: on('1397/03/01'), amount: 30_000 },
        { reference: 'I2', dueOn: on('1397/04/01'), amount: 30_000 },
      ],
      deposits: [{ reference: 'D1', amount: 50_000, on: on('1390/01/01') }],
    };
    expect(debt({ of: plan }).total).toBe(48_645);
    const final = debt({ of: plan, facts: { purpose: 'final' } });
    expect(final.lines.slice(1).map(({ code, amount }) => [code, amount])).toEqual([
      ['INSTALMENTS', 60_000],
      ['DEPOSIT', -50_000],
    ]);
    expect(final).toMatchObject({ total: 58_645, payable: 58_000, carry: 645 });
  });

  test('the oldest day of the feeds of bills and payments is told', () => {
    const feed = (kind: 'bills' | 'payments' | 'cycles', asOf: string) => ({ kind, asOf: on(asOf), loadedAt: '2018-05-20T00:00:00Z' });
    expect(
      debt({ of: { feeds: [feed('payments', '1397/02/30'), feed('bills', '1397/02/28'), feed('cycles', '1396/01/01')] } }).dataAsOf,
    ).toBe('1397/02/28');
    expect(debt({ of: { feeds: [] } }).dataAsOf).toBeNull();
  });
});

describe('case 16: definitive or on account', () => {
  test.each<[Of, boolean]>([
    [{}, true],
    [{ facts: { readingSource: 'declared' } }, false],
    [{ facts: { readingSource: 'estimated' } }, false],
    [{ source: 'estimated' }, false],
    [{ tariffs: [tariff({ to: on('1397/02/20'), provisionalTo: on('1397/12/29') })] }, false],
    [{ tariffs: [tariff({ to: on('1397/02/31'), provisionalTo: on('1397/12/29') })] }, true],
  ])('%j: %s', (input, definitive) => expect(debt(input).definitive).toBe(definitive));
});

describe('tariffs', () => {
  test('those of the period are named, no others', () => {
    const list = [
      tariff({ version: 'overridden', illustrative: true }),
      tariff({ version: 'a' }),
      tariff({ version: 'b', from: on('1397/02/12') }),
      tariff({ version: 'later', from: on('1397/03/01'), illustrative: true }),
    ];
    expect(debt({ tariffs: list })).toMatchObject({ tariff: ['a', 'b'], illustrative: false });
    expect(debt({ tariffs: [list[0]!] })).toMatchObject({ tariff: ['overridden'], illustrative: true });
    expect(debt({ m3: 0, tariffs: list }).tariff).toEqual(['a', 'b']);
  });

  test('an illustrative fee marks the bill', () => {
    const fee = { amount: 49_000, resolution: '1', illustrative: true };
    expect(debt({ fee })).toMatchObject({ illustrative: true, fee, total: 48_645 });
  });

  test('charges of a provisional tariff go on as on its last day', () => {
    const result = debt({ after: '1397/12/20', until: '1398/01/20', m3: 777, tariffs: [household1397], of: { account: { climate: 2 } } });
    // vector: gas 1,160,675; levy of all 29 days, insurance 3,000 × 29 ÷ 30
    expect(amounts(result, 'GAS_STEP').reduce((sum, amount) => sum + amount, 0)).toBe(1_160_675);
    expect(amounts(result, 'GAS_LEVY')).toEqual([116_068]); // 116,067.5
    expect(amounts(result, 'INSURANCE')).toEqual([2_900]);
    expect(result.definitive).toBe(false);
    expect(of(result, 'GAS_STEP').at(-1)!.basis).toContain('موقت');
  });

  test('the first day without a tariff', () => {
    const input = {
      snapshot: snapshot(),
      facts: { settlementDate: on('1397/02/31'), reading: 1, readingSource: 'staff' as const, purpose: 'balance' as const },
      usage: { previous: { reading: 0, on: on('1397/02/01'), source: 'staff' as const }, days: 30, consumption: fraction(1) },
      fee: null,
    };
    expect(computeDebt({ ...input, tariffs: [tariff({ from: on('1397/02/10') })] })).toEqual({ noTariffOn: '1397/02/02' });
    expect(computeDebt({ ...input, tariffs: [tariff({ to: on('1397/02/10') })] })).toEqual({ noTariffOn: '1397/02/11' });
  });

  test('a line explains itself: limits scaled by days and units, days, tariff', () => {
    const [line] = of(debt({ until: '1397/02/16', m3: 45, of: { account: { units: 2 } } }), 'GAS_STEP');
    expect(line).toMatchObject({
      quantity: '45',
      unit: 'm3',
      rate: '1081',
      days: 15,
      from: '1397/02/02',
      to: '1397/02/16',
      amount: 48_645,
    });
    for (const part of ['از 0 تا 45', '0 تا 45 در ماه', '15 روز از 15', '2 واحد', 'تعرفه آزمون']) expect(line!.basis).toContain(part);
  });

  test('a sentence has decimals, or about three places of what has no end; the quantity stays exact', () => {
    const bases = (until: string, m3: number) =>
      of(debt({ until, m3 }), 'GAS_STEP').map(({ quantity, basis }) => [quantity, basis] as const);
    // 15 days: limits 22.5 and 47.5
    const [first, second, third] = bases('1397/02/16', 50);
    expect([first?.[0], second?.[0], third?.[0]]).toEqual(['45/2', '25', '5/2']);
    for (const part of ['22.5 متر مکعب × 1081', 'از 0 تا 22.5 متر']) expect(first?.[1]).toContain(part);
    expect(second?.[1]).toContain('از 22.5 تا 47.5 متر');
    expect(third?.[1]).toContain('2.5 متر مکعب × 1656');
    // 10 days: 15, then 95 ÷ 3 and 145 ÷ 3
    const [, about] = bases('1397/02/11', 40);
    expect(about?.[0]).toBe('50/3');
    for (const part of ['حدود 16.667 متر مکعب × 1311', 'از 15 تا حدود 31.667 متر']) expect(about?.[1]).toContain(part);
    // no line's sentence has a fraction; dates are the only strokes
    for (const [, basis] of [...bases('1397/02/16', 50), ...bases('1397/02/11', 40)])
      expect(basis.replace(/\d{4}\/\d\d\/\d\d/g, '')).not.toContain('/');
  });
});

describe('properties', () => {
  const rated = tariff({
    gas: [{ use: 'household', season: 'both', steps: T1, flat: false }],
    levy: [{ ...ever, percent: '10' }],
    vat: [
      vat('9', ['gas', 'subscription', 'insurance', 'levy'], '1390/01/01', '1397/03/10'),
      vat('10', ['gas', 'subscription'], '1397/03/11'),
    ],
    insurance: [insurance(3_000)],
    subscription: [subscription(4_321)],
  });
  const amount = fc.integer({ min: -5_000_000, max: 5_000_000 });
  const someLedger = fc.record({
    due: amount,
    paid: fc.array(fc.nat({ max: 5_000_000 }), { maxLength: 4 }),
    adjusted: fc.array(amount, { maxLength: 3 }),
  });

  test('case 17: the lines sum to the total, payable + carry = total', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 400 }),
        fc.nat({ max: 5_000 }),
        someLedger,
        fc.constantFrom('balance', 'final'),
        (days, m3, { due, paid, adjusted }, purpose) => {
          const result = debt({
            until: addDays(on('1397/02/01'), days),
            m3,
            tariffs: [rated],
            facts: { purpose },
            of: {
              lastBill: bill('1397/02/01', 0, { totalDue: due }),
              payments: paid.map((sum) => payment(sum)),
              adjustments: adjusted.map((sum, i) => ({ reference: `A${i}`, on: on('1397/02/03'), amount: sum, reason: '-' })),
              deposits: [{ reference: 'D', amount: 7, on: on('1390/01/01') }],
            },
          });
          expect(result.lines.reduce((sum, line) => sum + line.amount, 0)).toBe(result.total);
          expect(result.payable + result.carry).toBe(result.total);
          const charged = result.lines
            .filter(({ code }) => !['PREVIOUS_DEBT', 'PAYMENT', 'ADJUSTMENT', 'DEPOSIT'].includes(code))
            .reduce((sum, line) => sum + line.amount, 0);
          expect(result.total).toBe(
            charged + due - paid.reduce((a, b) => a + b, 0) + adjusted.reduce((a, b) => a + b, 0) - (purpose === 'final' ? 7 : 0),
          );
          expect(result.days).toBe(days);
        },
      ),
      { numRuns: 200 },
    );
  });

  test('case 20: over a chain of bills all that was charged is paid or carried', () => {
    // three totals of 400: nothing is collected until 10,000 are passed
    const flat400 = [stepTariff([{ uptoM3PerMonth: null, rialPerM3: 400 }], { collection: { roundTo: 1000, notCollectedUpTo: 0 } })];
    let carried = 0;
    const payables = [0, 1, 2].map((n) => {
      const after = addDays(on('1397/02/01'), n * 30);
      const result = debt({
        after,
        until: addDays(after, 30),
        m3: 1,
        tariffs: flat400,
        of: { lastBill: bill(after, 0, { totalDue: carried }) },
      });
      carried = result.carry;
      return result.payable;
    });
    expect([...payables, carried]).toEqual([0, 0, 1_000, 200]);

    fc.assert(
      fc.property(
        fc.array(fc.record({ days: fc.integer({ min: 1, max: 60 }), m3: fc.nat({ max: 500 }), pays: fc.boolean() }), { maxLength: 12 }),
        (periods) => {
          let [after, totalDue, charged, paid] = [on('1397/02/01'), 0, 0, 0];
          let unpaid: number[] = [];
          for (const { days, m3, pays } of periods) {
            const result = debt({
              after,
              until: addDays(after, days),
              m3,
              tariffs: [rated],
              of: { lastBill: bill(after, 0, { totalDue }), payments: unpaid.map((sum) => payment(sum)) },
            });
            charged += result.lines
              .filter(({ code }) => code !== 'PREVIOUS_DEBT' && code !== 'PAYMENT')
              .reduce((sum, line) => sum + line.amount, 0);
            unpaid = pays && result.payable > 0 ? [result.payable] : [];
            paid += unpaid.reduce((sum, each) => sum + each, 0);
            totalDue = result.total;
            after = addDays(after, days);
            expect(totalDue - unpaid.reduce((sum, each) => sum + each, 0)).toBe(charged - paid);
          }
        },
      ),
      { numRuns: 100 },
    );
  });

  test('case 6: a settlement inside a period splits days and charges without loss', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 59 }), (first) => {
        const middle = addDays(on('1397/02/01'), first);
        const until = addDays(on('1397/02/01'), 60);
        const whole = debt({ until, m3: 600, tariffs: [rated] });
        const one = debt({ until: middle, m3: 10 * first, tariffs: [rated] });
        const two = debt({ after: middle, until, m3: 10 * (60 - first), tariffs: [rated] });
        expect(one.days + two.days).toBe(whole.days);
        const days = (result: Debt) => of(result, 'SUBSCRIPTION').reduce((sum, line) => sum + (line.days ?? 0), 0);
        expect(days(one) + days(two)).toBe(60);
        // half a rial a line
        for (const code of ['GAS_STEP', 'SUBSCRIPTION', 'INSURANCE'] as const) {
          const sum = (result: Debt) => amounts(result, code).reduce((a, b) => a + b, 0);
          const lines = of(whole, code).length + of(one, code).length + of(two, code).length;
          expect(2 * Math.abs(sum(one) + sum(two) - sum(whole))).toBeLessThanOrEqual(lines);
        }
      }),
    );
  });

  test('case 21: 2,147,483,648 rial end to end', () => {
    const tariffs = [stepTariff([{ uptoM3PerMonth: null, rialPerM3: 2_147_483_648 }])];
    expect(debt({ m3: 1, tariffs })).toMatchObject({ total: 2_147_483_648, payable: 2_147_483_000, carry: 648 });
  });
});
