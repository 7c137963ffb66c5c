/*
 * Each decision of the domain notes on an input where another reading of the same words would give another sum: the right
 * one is asserted, and that the other differs. Those that other files hold in this way are named there: once on the printed
 * sum (debt), a late decree and no fee without a resolution (assessment, tariff), ids (bill-id, test/activities).
 */
import type { LedgerBill } from '../../src/domain/settlement/account.js';
import { type BillLine, type Debt, type LineCode, computeDebt } from '../../src/domain/bill/debt.js';
import { earlierSettlement } from '../../src/domain/settlement/earlier-settlement.js';
import { type Fraction, decimal, roundToRial } from '../../src/domain/fraction.js';
import { gasPrice } from '../../src/domain/bill/gas-price.js';
import { addDays, daysBetween } from '../../src/domain/calendar/jalali.js';
import { checkReading } from '../../src/domain/settlement/reading.js';
import type { SettlementFacts } from '../../src/domain/settlement/settlement.js';
import type { DiscountRule, InsuranceRule, Step, SubscriptionRule, Tariff, VatRule } from '../../src/domain/tariff/tariff.js';
import { T1, bill, facts, isDebt, meter, on, snapshot, stepTariff, tariff } from './sample.js';

const ever = { from: on('1390/01/01'), to: null };
const START = '1397/02/01';

interface Of {
  after?: string;
  days?: number;
  m3?: string | Fraction;
  of?: Parameters<typeof snapshot>[0];
  purpose?: SettlementFacts['purpose'];
}
function debt(tariffs: Tariff | Tariff[], { after = START, days = 30, m3 = '0', of = {}, purpose = 'balance' }: Of = {}): Debt {
  const result = computeDebt({
    snapshot: snapshot(of),
    facts: { settlementDate: addDays(on(after), days), reading: 0, readingSource: 'staff', purpose },
    usage: { previous: { reading: 0, on: on(after), source: 'staff' }, days, consumption: typeof m3 === 'string' ? decimal(m3) : m3 },
    tariffs: Array.isArray(tariffs) ? tariffs : [tariffs],
    fee: null,
  });
  isDebt(result);
  return result;
}
const of = ({ lines }: Debt, code: LineCode): BillLine[] => lines.filter((line) => line.code === code);
const amounts = (result: Debt, code: LineCode): number[] => of(result, code).map(({ amount }) => amount);
const add = (list: readonly number[]): number => list.reduce((a, b) => a + b, 0);
const gas = (result: Debt): number => add(amounts(result, 'GAS_STEP'));

const flat = (rialPerM3: number, change: Partial<Tariff> = {}): Tariff => stepTariff([{ uptoM3PerMonth: null, rialPerM3 }], change);
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
const vat = (percent: string, base: VatRule['base'], from = '1390/01/01', to: string | null = null): VatRule => ({
  percent,
  base,
  from: on(from),
  to: to === null ? null : on(to),
});

/** `right` is what the bill says; another reading of the rule gives `other`. */
function expectNot(bills: number, right: number, other: number): void {
  expect(bills).toBe(right);
  expect(other).not.toBe(right);
}

describe('steps in a period', () => {
  test('decision: a limit is the monthly limit × days ÷ 30, not the limit of a calendar month', () => {
    // Ordibehesht has 31 days: 46.5 m³ are all under 45 × 31 ÷ 30
    expectNot(gas(debt(stepTariff(T1), { days: 31, m3: '46.5' })), 50_267, 45 * 1081 + 1_967);
  });
  test('decision: and × units: the limits grow, neither the consumption is divided nor the limit left', () => {
    const result = gas(debt(stepTariff(T1), { m3: '91', of: { account: { units: 2 } } }));
    // 90 × 1081 + 1 × 1311
    expectNot(result, 98_601, 2 * (48_645 + 656)); // a half at 1311 is 655.5
    expect(gas(debt(stepTariff(T1), { m3: '91' }))).not.toBe(result);
  });
});

describe('days', () => {
  test('decision: the last reading’s day is billed already, the settlement’s is billed', () => {
    const charged = tariff({ insurance: [insurance(3_000)] });
    const result = debt(charged);
    expect(of(result, 'INSURANCE')[0]).toMatchObject({ days: 30, from: '1397/02/02', to: '1397/02/31' });
    // both days counted would be 31
    expectNot(add(amounts(result, 'INSURANCE')), 3_000, 3_100);
    // a rate of the last day alone: 1 of 30 m³; were the day not billed, it would count nothing
    const risen = flat(2_000, { version: '2', from: on('1397/02/31') });
    expectNot(gas(debt([flat(1_000), risen], { m3: '30' })), 29_000 + 2_000, 30_000);
    // and one of the first day alone counts nothing
    const first = flat(2_000, { version: '2', from: on(START), to: on(START) });
    expectNot(gas(debt([flat(1_000), first], { m3: '30' })), 30_000, 31_000);
  });
  test('decision: a day belongs to the tariff of its own date, not to that of the settlement or of the last reading', () => {
    const risen = stepTariff(
      T1.map((step): Step => ({ ...step, rialPerM3: Math.round(step.rialPerM3 * 1.15) })),
      { version: '2', from: on('1397/03/29') },
    );
    const result = gas(debt([stepTariff(T1), risen], { after: '1397/03/01', days: 40, m3: '60' }));
    // 27 days: 40.5 × 1081 = 43,780.5; 13 days: 19.5 × 1243 = 24,238.5
    expectNot(result, 43_781 + 24_239, 60 * 1_243);
    expect(60 * 1_081).not.toBe(result);
  });
  test('decision: a day belongs to the season of its own date', () => {
    const seasons: Tariff['seasons'] = [
      { season: 'warm', from: '01/16', to: '08/15' },
      { season: 'cold', from: '08/16', to: '01/15' },
    ];
    const rates = (['warm', 'cold'] as const).map((season) => ({
      use: 'household',
      season,
      steps: [{ uptoM3PerMonth: null, rialPerM3: season === 'warm' ? 1_000 : 400 }],
      flat: false,
    }));
    // 5 warm and 25 cold days of 2 m³
    expectNot(gas(debt(tariff({ seasons, gas: rates }), { after: '1397/08/10', days: 30, m3: '60' })), 10 * 1_000 + 50 * 400, 60 * 400);
  });
  test('decision: consumption is spread evenly over all days, over a meter’s replacement too', () => {
    // 40 m³ on the old meter in 10 days, 20 on the new one in 20
    const meters = [meter({ removedOn: on('1397/02/11'), endReading: 5_020 }), meter({ serial: 'M2', installedOn: on('1397/02/11') })];
    const of = snapshot({ lastBill: bill(START, 4_980), meters });
    const { usage } = checkReading(of, facts('1397/02/31', 20), [tariff()], on('1397/12/29'));
    const result = computeDebt({ snapshot: of, facts: facts('1397/02/31', 20), usage: usage!, tariffs: [stepTariff(T1)], fee: null });
    isDebt(result);
    // 45 × 1081 + 15 × 1311
    const apart =
      gas(debt(stepTariff(T1), { days: 10, m3: '40' })) + gas(debt(stepTariff(T1), { after: '1397/02/11', days: 20, m3: '20' }));
    expectNot(gas(result), 68_310, apart);
  });
});

describe('rounding', () => {
  test('decision: each interval and step is one line, exact until it is rounded once', () => {
    // 15 days: 22.5 × 1081 = 24,322.5; with m³ rounded first 23 × 1081
    expectNot(amounts(debt(stepTariff(T1), { days: 15, m3: '50' }), 'GAS_STEP')[0]!, 24_323, 23 * 1_081);
    // a day of it is 1,621.5: rounded by the day 15 × 1,622
    expectNot(gas(debt(flat(1_081), { days: 15, m3: '22.5' })), 24_323, 15 * 1_622);
    expect(of(debt(flat(1_081), { days: 15, m3: '22.5' }), 'GAS_STEP')).toHaveLength(1);
  });
  test('decision: half up by magnitude, neither to the even nor upwards', () => {
    // 540.5: to the even it would be 540
    expectNot(gas(debt(flat(1_081), { m3: '0.5' })), 541, 540);
    // half of 5 rial is free: −2.5; upwards it would be −2
    const half: DiscountRule = {
      from: on('1397/02/17'),
      to: null,
      kind: 'freeAllowance',
      title: 'x',
      use: 'household',
      uptoM3PerMonth: 45,
    };
    expectNot(amounts(debt(flat(1, { discounts: [half] }), { m3: '5' }), 'DISCOUNT')[0]!, -3, -2);
    expect(roundToRial(-5n, 2n)).toBe(-3);
  });
  test('decision: the total is the sum of the printed lines, not the exact sum rounded', () => {
    // 15 days of 3,001 a month are 1,500.5, twice; exactly 3,001 together
    const charged = tariff({ insurance: [insurance(3_001)], subscription: [subscription(3_001)] });
    expectNot(debt(charged, { days: 15 }).total, 1_501 + 1_501, 3_001);
  });
});

describe('fixed charges', () => {
  test('decision: monthly charges × days ÷ 30: neither whole months nor calendar months', () => {
    const result = add(amounts(debt(tariff({ insurance: [insurance(3_000)] }), { days: 36 }), 'INSURANCE'));
    // two months begun; 30 days of Ordibehesht's 31 and 6 of Khordad's 31
    expectNot(result, 3_600, 6_000);
    expect(roundToRial(3_000n * 36n, 31n)).not.toBe(result);
  });
  test('decision: one line each', () => {
    const charged = tariff({ insurance: [insurance(3_001)], subscription: [subscription(3_001)] });
    const result = debt(charged, { days: 15 });
    expect(result.lines.map(({ code, amount }) => [code, amount])).toEqual([
      ['SUBSCRIPTION', 1_501],
      ['INSURANCE', 1_501],
    ]);
    // in one line they would be 3,001
    expectNot(result.total, 3_002, roundToRial(6_002n * 15n, 30n));
  });
  test('decision: per meter unless the data says per unit', () => {
    const units = { of: { account: { units: 4 } } };
    expectNot(debt(tariff({ insurance: [insurance(3_000)] }), units).total, 3_000, 12_000);
    expectNot(debt(tariff({ insurance: [insurance(3_000, { per: 'unit' })] }), units).total, 12_000, 3_000);
  });
  test('decision: a charge per period × days ÷ the whole period’s days, neither ÷ 30 nor ÷ the days that are left', () => {
    const cycles = [
      {
        cycle: '12-1397-02',
        series: '12',
        fromDate: on(START),
        toDate: addDays(on(START), 91),
        closesOn: on('1397/06/01'),
        issuesOn: on('1397/06/05'),
        objectionDays: 10,
      },
    ];
    const result = debt(tariff({ subscription: [subscription(9_100, { fixedPer: 'period' })] }), { days: 42, of: { cycles } }).total;
    expectNot(result, 4_200, 12_740);
    expect(roundToRial(9_100n * 42n, 49n)).not.toBe(result);
  });
});

describe('levy and VAT', () => {
  const SEASONS: Tariff['seasons'] = [
    { season: 'warm', from: '01/01', to: '02/11' },
    { season: 'cold', from: '02/12', to: '12/30' },
  ];
  test('decision: a VAT change inside the period: the whole base × days ÷ all days, not the gas of those days', () => {
    // 10 warm days of 10 m³ at 1,000 and 20 cold ones of 20 m³ at 100: 12,000, of which 10,000 before the change
    const rates = (['warm', 'cold'] as const).map((season) => ({
      use: 'household',
      season,
      steps: [{ uptoM3PerMonth: null, rialPerM3: season === 'warm' ? 1_000 : 100 }],
      flat: false,
    }));
    const result = debt(
      tariff({ seasons: SEASONS, gas: rates, vat: [vat('9', ['gas'], '1390/01/01', '1397/02/11'), vat('10', ['gas'], '1397/02/12')] }),
      { m3: '30' },
    );
    expect(amounts(result, 'VAT')).toEqual([360, 800]); // 12,000 × 9 % ÷ 3; × 10 % × 2 ÷ 3
    expectNot(add(amounts(result, 'VAT')), 1_160, 900 + 200);
    // the settlement day's rate on all of it
    expect(1_200).not.toBe(add(amounts(result, 'VAT')));
  });
  test('decision: one VAT line per rate, also on both sides of another', () => {
    const changes = [
      vat('9', ['gas'], '1390/01/01', '1397/02/11'),
      vat('10', ['gas'], '1397/02/12', '1397/02/21'),
      vat('9', ['gas'], '1397/02/22'),
    ];
    // 20 days of 9 % on 15 rial are 0.9; in two lines they would be 0.45 twice
    const result = debt(flat(15, { vat: changes }), { m3: '1' });
    expect(of(result, 'VAT').map(({ rate, days }) => [rate, days])).toEqual([
      ['9%', 20],
      ['10%', 10],
    ]);
    expectNot(amounts(result, 'VAT')[0]!, 1, 2 * roundToRial(45n, 100n));
  });
  test('decision: a VAT change opens no new gas interval', () => {
    const changed = flat(1_081, { vat: [vat('9', [], '1390/01/01', '1397/02/16'), vat('10', [], '1397/02/17')] });
    // cut in two it would be 540.5 twice
    expectNot(gas(debt(changed, { m3: '1' })), 1_081, 541 + 541);
  });
});

describe('free allowances', () => {
  const allowance: DiscountRule = { ...ever, kind: 'freeAllowance', title: 'x', use: 'household', uptoM3PerMonth: 45 };
  const levied = stepTariff(T1, { levy: [{ ...ever, percent: '10' }], vat: [vat('9', ['gas'])], discounts: [allowance] });
  test('decision: at the limit all is free, above it nothing is', () => {
    expectNot(debt(levied, { m3: '45' }).total, 0, 48_645 + 4_865 + 4_378);
    // 46 m³: 49,956 with levy 4,996 (4,995.6) and VAT 4,496 (4,496.04); were the first 45 free, 1,311 with 131 and 118
    expectNot(debt(levied, { m3: '46' }).total, 49_956 + 4_996 + 4_496, 1_311 + 131 + 118);
  });
  test('decision: the limit goes × units × days ÷ 30', () => {
    expectNot(
      debt(levied, { days: 36, m3: '108', of: { account: { units: 2 } } }).total,
      0,
      debt({ ...levied, discounts: [] }, { days: 36, m3: '108', of: { account: { units: 2 } } }).total,
    );
    // 15 days: 22.5, so 23 m³ are above: 22.5 × 1081 = 24,322.5 and 655.5; 24,979 with 2,498 and 2,248
    expectNot(debt(levied, { days: 15, m3: '23' }).total, 24_979 + 2_498 + 2_248, 0);
  });
  test('decision: the full lines are printed, then one line takes off the gas, its levy and its VAT: what is left is no levy of its own', () => {
    const seasons: Tariff['seasons'] = [
      { season: 'warm', from: '01/16', to: '08/15' },
      { season: 'cold', from: '08/16', to: '01/15' },
    ];
    // 10 warm days above the limit, 10 cold ones free, 22,770 each: VAT 4,099 (4,098.6) of which 2,049 (2,049.3) stays
    const result = debt(
      { ...levied, seasons, discounts: [{ ...allowance, season: 'cold', uptoM3PerMonth: 200 }] },
      { after: '1397/08/05', days: 20, m3: '40' },
    );
    expect(result.lines.map(({ code, amount }) => [code, amount])).toEqual([
      ['GAS_STEP', 16_215],
      ['GAS_STEP', 6_555],
      ['GAS_STEP', 16_215],
      ['GAS_STEP', 6_555],
      ['GAS_LEVY', 4_554],
      ['VAT', 4_099],
      ['DISCOUNT', -(22_770 + 2_277 + 2_050)],
    ]);
    // a VAT of its own on the free gas, 2,049, would leave one rial more than the rest pays by itself
    expectNot(result.total, 22_770 + 2_277 + 2_049, 45_540 + 4_554 + 4_099 - (22_770 + 2_277 + 2_049));
  });
});

describe('a second settlement in one cycle', () => {
  const last: LedgerBill = bill(START, 100, { totalDue: 20_345 });
  const payment = (reference: string, amount: number) => ({ reference, paidOn: on('1397/02/05'), amount, paymentId: null });
  function settle(before: ReturnType<typeof snapshot>, asked: SettlementFacts, tariffs = [stepTariff(T1)]) {
    const { usage, findings } = checkReading(before, asked, tariffs, on('1397/12/29'));
    if (!usage) return { codes: findings.map(({ code }) => code) };
    const result = computeDebt({ snapshot: before, facts: asked, usage, tariffs, fee: null });
    isDebt(result);
    return {
      debt: result,
      earlier: earlierSettlement({ bill: { ...result, number: 'S1' }, facts: asked, snapshot: before }),
      codes: findings.map(({ code }) => code),
    };
  }

  test('decision: it starts at the latest one’s reading and date, not at the last bill’s', () => {
    // 40 m³ in 10 days, then 5 in 20: from the bill it would be 45 in 30 days, all in the first step
    const first = settle(snapshot({ lastBill: last }), facts('1397/02/11', 140));
    const second = settle(snapshot({ lastBill: last, earlierSettlement: first.earlier }), facts('1397/02/31', 145));
    expect(second.debt).toMatchObject({ days: 20, consumption: '5' });
    // 15 × 1081 + 50/3 × 1311 + 25/3 × 1656 = 16,215 + 21,850 + 13,800; then 5 × 1081
    expectNot(second.debt!.total, 20_345 + 51_865 + 5_405, 20_345 + 48_645);
  });
  test('decision: its previous debt is that one’s total − the payments it did not count', () => {
    const first = settle(snapshot({ lastBill: last, payments: [payment('P1', 5_000)] }), facts('1397/02/11', null));
    expect(first.debt).toMatchObject({ total: 15_345, payable: 15_000 });
    const second = settle(
      snapshot({ lastBill: last, payments: [payment('P1', 5_000), payment('P2', 1_000)], earlierSettlement: first.earlier }),
      facts('1397/02/20', null),
    );
    // with P1 counted again, or with the payable sum for the total, it would be less
    expectNot(second.debt!.total, 14_345, 9_345);
    expect(second.debt!.total).not.toBe(14_000);
  });
  test('decision: the ledger alone has no consumption and no monthly charges, and moves neither date nor reading', () => {
    const charged = [stepTariff(T1, { insurance: [insurance(3_000)] })];
    const first = settle(snapshot({ lastBill: last }), facts('1397/02/11', null), charged);
    // ten days' insurance
    expectNot(first.debt!.total, 20_345, 21_345);
    const second = settle(snapshot({ lastBill: last, earlierSettlement: first.earlier }), facts('1397/02/31', 100), charged);
    expectNot(second.debt!.total, 20_345 + 3_000, 20_345 + 2_000);
  });
  test('decision: zero days with the same figure are the ledger alone, with another figure an error', () => {
    const charged = [stepTariff(T1, { insurance: [insurance(3_000)] })];
    const first = settle(snapshot({ lastBill: last }), facts('1397/02/11', 110), charged);
    const again = snapshot({ lastBill: last, earlierSettlement: first.earlier });
    // not a day more of insurance, nor all of it again
    expectNot(settle(again, facts('1397/02/11', 110), charged).debt!.total, 20_345 + 10_810 + 1_000, 20_345 + 10_810 + 1_100);
    expect(settle(again, facts('1397/02/11', 111), charged)).toEqual({ codes: ['READING_CHANGED_ON_SAME_DAY'] });
  });
  test('decision: below an estimate it is refused and the ledger is offered; above, it goes on from the estimate, on account', () => {
    const estimated: LedgerBill = { ...last, fromDate: on('1397/01/02'), fromReading: 60, readingSource: 'estimated' };
    const of = snapshot({ lastBill: estimated });
    expect(settle(of, facts('1397/02/31', 99))).toEqual({ codes: ['READING_BELOW_ESTIMATE'] });
    expect(settle(of, facts('1397/02/31', null)).debt!.total).toBe(20_345);
    const above = settle(of, facts('1397/02/31', 101));
    expect(above.debt).toMatchObject({ definitive: false, days: 30 });
    // one m³ from the estimate; from the last true figure 41 in 60 days
    expectNot(above.debt!.total, 20_345 + 1_081, 20_345 + 41 * 1_081);
  });
});

describe('the ledger', () => {
  test('decision: instalments fall due and the deposit is set off at a final settlement alone', () => {
    const plan = {
      instalments: [{ reference: 'I1', dueOn: on('1397/02/10'), amount: 30_000 }],
      deposits: [{ reference: 'D1', amount: 50_000, on: on('1390/01/01') }],
    };
    // at a balance not even the one that is past its day: it stays in the plan
    expectNot(debt(flat(1_000), { m3: '45', of: plan }).total, 45_000, 75_000);
    expectNot(debt(flat(1_000), { m3: '45', of: plan, purpose: 'final' }).total, 25_000, 45_000);
  });
  test('decision: payments are uncounted by the feed’s word, also when dated after the settlement', () => {
    const payments = [{ reference: 'P1', paidOn: on('1397/03/20'), amount: 20_000, paymentId: null }];
    expectNot(debt(flat(1_000), { m3: '45', of: { payments } }).total, 25_000, 45_000);
  });
  test('decision: the payable sum is rounded down, and 10,000 or less before rounding is not collected', () => {
    const owing = (totalDue: number) => debt([], { days: 0, of: { lastBill: bill(START, 0, { totalDue }) } });
    expectNot(owing(12_345_500).payable, 12_345_000, 12_346_000);
    expect(owing(10_000)).toMatchObject({ payable: 0, carry: 10_000 });
    // were it judged after rounding, 10,000 would not be collected
    expect(owing(10_001)).toMatchObject({ payable: 10_000, carry: 1 });
    expect(owing(-5_000)).toMatchObject({ payable: 0, carry: -5_000 });
  });
});

test('decision: without a published tariff the last one is used provisionally where its data allows it, else NO_TARIFF', () => {
  const ended = flat(1_000, { to: on('1397/02/16') });
  const of = { after: on(START), until: on('1397/02/31'), consumption: decimal('30'), use: 'household', climate: 1, units: 1 };
  expect(daysBetween(of.after, of.until)).toBe(30);
  expect(gasPrice({ ...of, tariffs: [ended] })).toEqual({ noTariffOn: '1397/02/17' });
  const priced = gasPrice({ ...of, tariffs: [{ ...ended, provisionalTo: on('1397/12/29') }] });
  if ('noTariffOn' in priced) throw new Error('refused');
  // the days after its end are not free
  expectNot(priced.gasPriceRial, 30_000, 15_000);
});
