import fc from 'fast-check';
import { type BillLine, type Debt, computeDebt } from '../../../src/domain/bill/debt.js';
import { type Fraction, decimal } from '../../../src/domain/fraction.js';
import { addDays } from '../../../src/domain/calendar/jalali.js';
import { type DiscountRule, type Tariff, type VatRule } from '../../../src/domain/tariff/tariff.js';
import { isDebt, on, snapshot, tariff } from '../sample.js';

const ever = { from: on('1390/01/01'), to: null };
const allowance = (uptoM3PerMonth: number, change: object = {}): DiscountRule => ({
  ...ever,
  kind: 'freeAllowance',
  title: 'مصرف رایگان',
  use: 'household',
  uptoM3PerMonth,
  ...change,
});
const welfare = (steps = 3, change: object = {}): DiscountRule => ({
  ...ever,
  kind: 'welfare',
  title: 'مددجویان',
  use: 'household',
  steps,
  ...change,
});
/** As in 1399: by climate in the cold season, one limit in the warm one. */
const RULES_1399 = [
  allowance(200, { season: 'cold', climates: [1, 2, 3] }),
  allowance(150, { season: 'cold', climates: [4] }),
  allowance(100, { season: 'cold', climates: [5] }),
  allowance(45, { season: 'warm' }),
];
const SEASONS: Tariff['seasons'] = [
  { season: 'warm', from: '01/16', to: '08/15' },
  { season: 'cold', from: '08/16', to: '01/15' },
];
const levied = (discounts: DiscountRule[], change: Partial<Tariff> = {}): Tariff =>
  tariff({ seasons: SEASONS, levy: [{ ...ever, percent: '10' }], vat: [{ ...ever, percent: '9', base: ['gas'] }], discounts, ...change });

interface Of {
  after?: string;
  days?: number;
  m3?: string | Fraction;
  of?: { use?: string; climate?: number; units?: number; welfare?: boolean };
}
function debt(tariffs: Tariff[], { after = '1399/02/01', days = 30, m3 = '45', of = {} }: Of = {}): Debt {
  const previous = { reading: 0, on: on(after), source: 'staff' as const };
  const result = computeDebt({
    snapshot: snapshot({ account: of }),
    facts: { settlementDate: addDays(on(after), days), reading: 0, readingSource: 'staff', purpose: 'balance' },
    usage: { previous, days, consumption: typeof m3 === 'string' ? decimal(m3) : m3 },
    tariffs,
    fee: null,
  });
  isDebt(result);
  return result;
}
const discounts = ({ lines }: Debt): BillLine[] => lines.filter(({ code }) => code === 'DISCOUNT');
const amounts = (result: Debt): number[] => discounts(result).map(({ amount }) => amount);
const COLD = '1399/09/01';

describe('free allowance', () => {
  test('decision: full lines are printed, then one line takes off the gas, its levy and its VAT', () => {
    const result = debt([levied(RULES_1399)]);
    // 45 × 1081; 10 % of it is 4,864.5; 9 % of it is 4,378.05
    expect(result.lines.map(({ code, amount }) => [code, amount])).toEqual([
      ['GAS_STEP', 48_645],
      ['GAS_LEVY', 4_865],
      ['VAT', 4_378],
      ['DISCOUNT', -57_888],
    ]);
    expect(result).toMatchObject({ total: 0, payable: 0, carry: 0 });
    expect(discounts(result)[0]).toMatchObject({ quantity: '45', unit: 'm3', days: 30, from: '1399/02/02', to: '1399/02/31' });
    for (const part of ['مصرف رایگان', '48645', '4865', '4378', '45'])
      expect(`${discounts(result)[0]!.label} ${discounts(result)[0]!.basis}`).toContain(part);
  });

  test.each<[string, Of, boolean]>([
    ['warm, at the limit', { m3: '45' }, true],
    ['warm, one m³ above: nothing is free, not even the first 45', { m3: '46' }, false],
    ['warm, a thousandth above', { m3: '45.001' }, false],
    ['cold, climate 1', { after: COLD, m3: '200' }, true],
    ['cold, climate 1, above', { after: COLD, m3: '201' }, false],
    ['cold, climate 3', { after: COLD, m3: '200', of: { climate: 3 } }, true],
    ['cold, climate 4', { after: COLD, m3: '150', of: { climate: 4 } }, true],
    ['cold, climate 4, above', { after: COLD, m3: '151', of: { climate: 4 } }, false],
    ['cold, climate 5', { after: COLD, m3: '100', of: { climate: 5 } }, true],
    ['cold, climate 5, above', { after: COLD, m3: '101', of: { climate: 5 } }, false],
    ['36 days: 45 × 36 ÷ 30 = 54', { days: 36, m3: '54' }, true],
    ['36 days, above', { days: 36, m3: '55' }, false],
    ['three units: 135', { m3: '135', of: { units: 3 } }, true],
    ['three units, above', { m3: '136', of: { units: 3 } }, false],
    ['another use', { m3: '1', of: { use: 'commercial' } }, false],
    ['no consumption: nothing to take off', { m3: '0' }, false],
  ])('%s', (_, of, free) => {
    const gas = ['household', 'commercial'].map((use) => ({ ...tariff().gas[0]!, use }));
    const result = debt([levied(RULES_1399, { gas })], of);
    expect(discounts(result)).toHaveLength(free ? 1 : 0);
    if (free) expect(result.total).toBe(0);
  });

  test('seasons are judged each on its own; levy and VAT by the difference to the printed lines', () => {
    // 10 warm and 10 cold days, 20 m³ each: warm above 15, cold under 66.7; each 15 × 1081 + 5 × 1311 = 22,770
    const result = debt([levied(RULES_1399)], { after: '1399/08/05', days: 20, m3: '40' });
    // levy 4,554 − 2,277; VAT 4,099 (4,098.6) − 2,049 (2,049.3) = 2,050, not the 2,049 of this part alone
    expect(amounts(result)).toEqual([-(22_770 + 2_277 + 2_050)]);
    expect(discounts(result)[0]).toMatchObject({ from: '1399/08/16', to: '1399/08/25', days: 10, quantity: '20' });
    expect(result.total).toBe(22_770 + 2_277 + 2_049);
  });
  test('both seasons free: a line each, nothing is left', () => {
    const result = debt([levied(RULES_1399)], { after: '1399/08/05', days: 20, m3: '19' });
    expect(amounts(result)).toHaveLength(2);
    expect(result.total).toBe(0);
  });

  test('a rule that begins or ends inside a gas interval takes its share of days and opens no new interval', () => {
    const half = { from: on('1399/02/12'), to: null };
    // 20 m³ in 20 days, 20 × 1081 = 21,620: half of it, of its levy (2,162) and of its VAT (1,945.8 → 1,946; 972.9 → 973)
    for (const change of [half, { from: on('1390/01/01'), to: on('1399/02/11') }]) {
      const result = debt([levied([allowance(45, change)])], { days: 20, m3: '20' });
      expect(result.lines.filter(({ code }) => code === 'GAS_STEP')).toHaveLength(1);
      expect(amounts(result)).toEqual([-(10_810 + 1_081 + 973)]);
      expect(discounts(result)[0]).toMatchObject({ days: 10, quantity: '10' });
    }
  });
  test('days of the year, also over its end', () => {
    const winter = allowance(45, { spans: [{ from: '12/21', to: '01/10' }] });
    // from 12/16: 30 days over 30 Esfand 1399, of which 10 + 10 are in the span; 30 × 1081 = 32,430 × 20 ÷ 30
    const result = debt([levied([winter], { levy: [], vat: [] })], { after: '1399/12/15', days: 30, m3: '30' });
    expect(amounts(result)).toEqual([-21_620]);
    expect(discounts(result)[0]!.days).toBe(20);
    // a leap day named in an ordinary year is its year's end
    const end = allowance(45, {
      spans: [
        { from: '12/30', to: '12/30' },
        { from: '12/29', to: '12/30' },
      ],
    });
    expect(
      debt([levied([end], { levy: [], vat: [] })], { after: '1400/12/15', days: 30, m3: '30' }).lines.find(
        ({ code }) => code === 'DISCOUNT',
      ),
    ).toMatchObject({ days: 1, amount: -1_081 });
  });
  test('a span from 30 Esfand begins with the year where that is no day', () => {
    const winter = allowance(45, { spans: [{ from: '12/30', to: '01/10' }] });
    const parts = (after: string) =>
      discounts(debt([levied([winter], { levy: [], vat: [] })], { after, days: 30, m3: '30' })).map(({ days, from, to, amount }) => [
        days,
        from,
        to,
        amount,
      ]);
    // 30 × 1081 = 32,430; × 10 ÷ 30; in a leap year the day before as well
    expect(parts('1400/12/15')).toEqual([[10, '1401/01/01', '1401/01/10', -10_810]]);
    expect(parts('1399/12/15')).toEqual([[11, '1399/12/30', '1400/01/10', -11_891]]);
  });
  test('two stretches of a rule are one line with the days of both; a stretch after the period is none', () => {
    const split = allowance(45, {
      spans: [
        { from: '02/02', to: '02/11' },
        { from: '02/17', to: '02/21' },
        { from: '09/01', to: '09/30' },
      ],
    });
    const parts = (rules: DiscountRule[]) =>
      discounts(debt([levied(rules, { levy: [], vat: [] })], { m3: '30' })).map(({ label, days, from, to, amount }) => [
        label,
        days,
        from,
        to,
        amount,
      ]);
    // 30 × 1081 = 32,430, × 15 ÷ 30
    expect(parts([split])).toEqual([['تخفیف: مصرف رایگان', 15, '1399/02/02', '1399/02/21', -16_215]]);
    // another rule has the rest of the days, and no more
    expect(parts([allowance(45, { title: 'همیشه' }), split])).toEqual([
      ['تخفیف: مصرف رایگان', 15, '1399/02/02', '1399/02/21', -16_215],
      ['تخفیف: همیشه', 15, '1399/02/12', '1399/02/31', -16_215],
    ]);
  });
  test('a rule that begins on the last day of a tariff goes on with it provisionally', () => {
    const ended = (from: string) =>
      levied([allowance(45, { from: on(from) })], { to: on('1399/02/21'), provisionalTo: on('1399/12/30'), levy: [], vat: [] });
    expect(discounts(debt([ended('1399/02/21')], { m3: '30' })).map(({ days, from, to }) => [days, from, to])).toEqual([
      [11, '1399/02/21', '1399/02/31'],
    ]);
    expect(discounts(debt([ended('1399/02/22')], { m3: '30' }))).toEqual([]);
  });
  test('an allowance that is not exceeded frees all of a welfare household’s gas too, whichever rule was published first', () => {
    const both = [allowance(100), welfare(1)];
    for (const rules of [both, [...both].reverse()]) {
      expect(debt([levied(rules)], { m3: '60', of: { welfare: true } }).total).toBe(0);
      // above it the first step alone: 45 × 1081 of 45 × 1081 + 50 × 1311 + 10 × 1656
      expect(debt([levied(rules, { levy: [], vat: [] })], { m3: '105', of: { welfare: true } }).total).toBe(50 * 1_311 + 10 * 1_656);
    }
  });
  test('of two rules for one day the last published stands', () => {
    expect(amounts(debt([levied([allowance(45), allowance(30)])], { m3: '40' }))).toEqual([]);
    expect(amounts(debt([levied([allowance(30), allowance(45)])], { m3: '40' }))).toHaveLength(1);
  });
  test('used provisionally, a tariff’s rules go on as on its last day', () => {
    const to = on('1399/12/29');
    const old = levied([allowance(45, { to }), allowance(1, { to: on('1399/06/31') }), allowance(1, { from: on('1400/01/01') })], {
      to,
      provisionalTo: on('1400/12/29'),
    });
    expect(debt([old], { after: '1400/02/01' }).total).toBe(0);
  });
  test('a fixed charge and its VAT stay', () => {
    const vat: VatRule[] = [{ ...ever, percent: '9', base: ['gas', 'subscription'] }];
    const result = debt([levied(RULES_1399, { vat, subscription: [{ ...ever, capacityUpTo: null, rialPerMonth: 4_000, per: 'meter' }] })]);
    expect(result.total).toBe(4_360);
  });
});

test('the sentence of a discount has decimals, or about three places', () => {
  // 10 of 30 days: a third is free
  const third = allowance(40, { from: on('1399/02/22'), to: null });
  const [line] = discounts(debt([levied([third])], { m3: '40' }));
  expect(line?.quantity).toBe('40/3');
  // the share is in the m³ and in the sum: 40 × 1081 ÷ 3
  expect(line?.basis).toContain('گازبهای حدود 13.333 متر مکعب (سهم 10 روز از 30 روز) 14413 ریال،');
  const [limit] = discounts(debt([levied([allowance(50)])], { days: 11, m3: '1.5' }));
  expect(limit?.basis).toContain('بیش از حدود 18.333 متر مکعب در 11 روز');
  expect(limit?.basis).toContain('گازبهای 1.5 متر مکعب');
});

describe('welfare households', () => {
  test('steps 1 to 3 at zero, with their levy and VAT', () => {
    const result = debt([levied([welfare()])], { m3: '200', of: { welfare: true } });
    // 45 × 1081 + 50 × 1311 + 50 × 1656 = 196,995 of 315,675; levy 31,568 − 11,868; VAT 28,411 − 10,681
    expect(amounts(result)).toEqual([-(196_995 + 19_700 + 17_730)]);
    expect(result.total).toBe(118_680 + 11_868 + 10_681);
    expect(discounts(result)[0]).toMatchObject({ quantity: '145', label: expect.stringContaining('مددجویان') });
  });
  test('a flat rate has no steps to free', () => {
    const flat = [{ use: 'household', season: 'both' as const, steps: [{ uptoM3PerMonth: null, rialPerM3: 1_000 }], flat: true }];
    expect(amounts(debt([levied([welfare()], { gas: flat })], { of: { welfare: true } }))).toEqual([]);
  });
  test('of nobody else', () => expect(amounts(debt([levied([welfare()])], { m3: '250' }))).toEqual([]));
  test('what is free already is not taken off twice', () => {
    const rules = [welfare(), ...RULES_1399];
    expect(debt([levied(rules)], { m3: '45', of: { welfare: true } })).toMatchObject({ total: 0 });
    expect(amounts(debt([levied(rules)], { m3: '45', of: { welfare: true } }))).toHaveLength(1);
    // above the allowance the welfare steps still count
    expect(amounts(debt([levied(rules)], { m3: '46', of: { welfare: true } }))).toEqual([-(49_956 + 4_996 + 4_496)]);
  });
});

describe('properties', () => {
  const rule = fc.oneof(
    fc
      .record({
        upto: fc.integer({ min: 1, max: 400 }),
        from: fc.integer({ min: 0, max: 80 }),
        length: fc.option(fc.integer({ min: 0, max: 60 })),
      })
      .map(({ upto, from, length }) => {
        const first = addDays(on('1399/07/01'), from);
        return allowance(upto, { from: first, to: length === null ? null : addDays(first, length) });
      }),
    fc
      .record({ steps: fc.integer({ min: 1, max: 6 }), from: fc.integer({ min: 0, max: 80 }) })
      .map(({ steps, from }) => welfare(steps, { from: addDays(on('1399/07/01'), from) })),
  );
  test('gas, levy and VAT never fall below zero, and the lines add up', () => {
    const base = fc.constantFrom<VatRule['base']>(['gas'], ['gas', 'levy'], ['levy'], ['gas', 'subscription']);
    fc.assert(
      fc.property(
        fc.array(rule, { maxLength: 4 }),
        base,
        fc.integer({ min: 0, max: 90 }),
        fc.integer({ min: 1, max: 70 }),
        fc.integer({ min: 0, max: 900 }),
        fc.integer({ min: 1, max: 3 }),
        fc.boolean(),
        (rules, vatBase, start, days, m3, units, poor) => {
          const of = levied(rules, { vat: [{ ...ever, percent: '9', base: vatBase }] });
          const result = debt([of], { after: addDays(on('1399/07/01'), start), days, m3: String(m3), of: { units, welfare: poor } });
          expect(result.total).toBe(result.lines.reduce((sum, { amount }) => sum + amount, 0));
          expect(result.total).toBeGreaterThanOrEqual(0);
          for (const amount of amounts(result)) expect(amount).toBeLessThan(0);
          // the full lines are those of a bill without discounts
          expect(result.lines.filter(({ code }) => code !== 'DISCOUNT')).toEqual(
            debt([{ ...of, discounts: [] }], { after: addDays(on('1399/07/01'), start), days, m3: String(m3), of: { units } }).lines,
          );
        },
      ),
      { numRuns: 300 },
    );
  });
  test('at the limit free, one m³ above not', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 300 }),
        fc.integer({ min: 1, max: 90 }),
        fc.integer({ min: 1, max: 5 }),
        (limit, days, units) => {
          const at = { n: BigInt(limit * days * units), d: 30n };
          const of = { days, of: { units } };
          expect(debt([levied([allowance(limit)])], { ...of, m3: at }).total).toBe(0);
          expect(amounts(debt([levied([allowance(limit)])], { ...of, m3: { n: at.n + 30n, d: 30n } }))).toEqual([]);
        },
      ),
    );
  });
});
