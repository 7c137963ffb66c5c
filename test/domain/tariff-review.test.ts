import { sampleBills, tariffWarnings } from '../../src/domain/tariff-review.js';
import type { Step, Tariff } from '../../src/domain/tariff.js';
import { T1, household1397, on, stepTariff, tariff } from './sample.js';

const warnings = (of: Tariff, against: Tariff | null = null): string[] => tariffWarnings(of, against).map(({ path, code }) => `${path} ${code}`);
const times = (factor: number, from: Step[] = T1): Step[] => from.map((step) => ({ ...step, rialPerM3: Math.round(step.rialPerM3 * factor) }));
const ever = { from: on('1390/01/01'), to: null };

describe('slips of ten', () => {
  test('one step in toman: it alone is named', () => {
    const steps = T1.map((step, i) => (i === 2 ? { ...step, rialPerM3: 166 } : step));
    expect(warnings(stepTariff(steps))).toEqual(['gas[0].steps[2].rialPerM3 SLIP_OF_TEN']);
  });
  test('a rise by decree is none, a whole table in toman is', () => {
    for (const factor of [0.8, 1, 1.15, 1.4, 3]) expect(warnings(stepTariff(times(factor)), stepTariff(T1))).toEqual([]);
    for (const factor of [0.1, 0.12, 10, 11.5]) expect(warnings(stepTariff(times(factor)), stepTariff(T1))).toHaveLength(T1.length);
  });
  test('steps are held against the old rate of the same m³, wherever the old steps ended', () => {
    const wide: Step[] = [{ uptoM3PerMonth: 145, rialPerM3: 1_400 }, { uptoM3PerMonth: null, rialPerM3: 21_160 }];
    expect(warnings(stepTariff(wide), stepTariff(T1))).toEqual(expect.arrayContaining(['gas[0].steps[1].rialPerM3 SLIP_OF_TEN']));
  });
  test('monthly charges', () => {
    const charges = (insurance: number, subscription: number) =>
      tariff({ insurance: [{ ...ever, use: 'household', area: 'urban', per: 'meter', rialPerMonth: insurance }], subscription: [{ ...ever, capacityUpTo: null, per: 'meter', rialPerMonth: subscription }] });
    expect(warnings(charges(300, 40_000), charges(3_000, 4_000))).toEqual(['insurance[0].rialPerMonth SLIP_OF_TEN', 'subscription[0].rialPerMonth SLIP_OF_TEN']);
  });
});

test('names that nothing reads, and rates that are not there', () => {
  expect(tariffWarnings({ ...tariff(), discount: [] } as Tariff, null)).toMatchObject([{ path: 'discount', code: 'UNKNOWN_NAME' }]);
  expect(tariffWarnings(household1397, null)).toMatchObject([{ code: 'NO_RATE', message: expect.stringContaining('cold rate for household in climate 3, 4, 5') }]);
});

describe('sample bills', () => {
  const find = (bills: ReturnType<typeof sampleBills>, m3: number, change: object = {}) =>
    bills.filter((each) => Object.entries({ use: 'household', climate: 1, season: 'warm', m3, ...change }).every(([name, value]) => each[name as keyof typeof each] === value));
  test('old against new, in rial and percent', () => {
    const bills = sampleBills(stepTariff(times(1.15)), stepTariff(T1));
    expect(bills.map(({ m3 }) => m3).slice(0, 6)).toEqual([20, 50, 100, 200, 400, 800]);
    // 45 × 1081 + 5 × 1311 = 55,200; 45 × 1243 + 5 × 1508 = 63,475
    expect(find(bills, 50)).toEqual([{ use: 'household', climate: 1, season: 'warm', m3: 50, oldRial: 55_200, newRial: 63_475, differenceRial: 8_275, percent: '+15.0' }]);
    expect(new Set(bills.map(({ climate }) => climate)).size).toBe(5);
  });
  test('1397: whole bills, each season, other uses once; no bill where there is no rate', () => {
    const bills = sampleBills(household1397, null);
    // 50 m³ warm: gas 55,200, insurance 3,000, levy 5,520, VAT 4,968
    expect(find(bills, 50)).toMatchObject([{ newRial: 68_688, oldRial: null, differenceRial: null, percent: null }]);
    expect(find(bills, 50, { season: 'cold', climate: 3 })).toEqual([]);
    expect(find(bills, 50, { season: 'cold', climate: 2 })).toHaveLength(1);
    // 100 × 1495 = 149,500, insurance 20,000, levy 14,950, VAT 13,455
    expect(find(bills, 100, { use: 'commercial', climate: null })).toMatchObject([{ newRial: 197_905 }]);
  });
  test('what becomes free, and what comes from nothing', () => {
    const free = stepTariff(T1, { discounts: [{ ...ever, kind: 'freeAllowance', title: 'x', use: 'household', uptoM3PerMonth: 45 }] });
    expect(find(sampleBills(free, stepTariff(T1)), 20)).toMatchObject([{ oldRial: 21_620, newRial: 0, differenceRial: -21_620, percent: '-100.0' }]);
    expect(find(sampleBills(stepTariff(T1), free), 20)).toMatchObject([{ oldRial: 0, differenceRial: 21_620, percent: null }]);
  });
  test('a decree of a few days has no month to show', () => {
    expect(sampleBills(stepTariff(T1, { from: on('1397/02/01'), to: on('1397/02/20') }), null)).toEqual([]);
  });
});
