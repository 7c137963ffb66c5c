import { sampleBills, tariffWarnings } from '../../../src/domain/tariff/tariff-review.js';
import type { Step, Tariff } from '../../../src/domain/tariff/tariff.js';
import { T1, household1397, on, stepTariff, tariff } from '../sample.js';

const warnings = (of: Tariff, against: Tariff | null = null): string[] =>
  tariffWarnings(of, against).map(({ path, code }) => `${path} ${code}`);
const times = (factor: number, from: Step[] = T1): Step[] =>
  from.map((step) => ({ ...step, rialPerM3: Math.round(step.rialPerM3 * factor) }));
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
    const wide: Step[] = [
      { uptoM3PerMonth: 145, rialPerM3: 1_400 },
      { uptoM3PerMonth: null, rialPerM3: 21_160 },
    ];
    expect(warnings(stepTariff(wide), stepTariff(T1))).toEqual(expect.arrayContaining(['gas[0].steps[1].rialPerM3 SLIP_OF_TEN']));
  });
  test('against the old rates of the first season and climate that both know', () => {
    const rates = (season: 'warm' | 'cold', climates: number[], factor: number) => ({
      use: 'household',
      season,
      climates,
      steps: times(factor),
      flat: false,
    });
    const old = tariff({ gas: [rates('cold', [4], 1)] });
    expect(warnings(tariff({ gas: [rates('cold', [1, 2, 3, 4, 5], 10)] }), old).filter((each) => each.includes('SLIP'))).toHaveLength(
      T1.length,
    );
    expect(warnings(tariff({ gas: [rates('warm', [1, 2, 3, 4, 5], 10)] }), old).filter((each) => each.includes('SLIP'))).toEqual([]);
  });
  test('percentages and what is not collected', () => {
    const of = (levy: string, vat: string, notCollectedUpTo: number) =>
      tariff({
        levy: [{ ...ever, percent: levy }],
        vat: [{ ...ever, percent: vat, base: ['gas'] }],
        collection: { roundTo: 1_000, notCollectedUpTo },
      });
    expect(warnings(of('1', '100', 1_000), of('10', '9', 10_000))).toEqual([
      'levy[0].percent SLIP_OF_TEN',
      'vat[0].percent SLIP_OF_TEN',
      'collection.notCollectedUpTo SLIP_OF_TEN',
    ]);
    expect(warnings(of('10', '10', 10_000), of('10', '9', 10_000))).toEqual([]);
  });
  test('monthly charges', () => {
    const charges = (insurance: number, subscription: number) =>
      tariff({
        insurance: [{ ...ever, use: 'household', area: 'urban', per: 'meter', rialPerMonth: insurance }],
        subscription: [{ ...ever, capacityUpTo: null, per: 'meter', rialPerMonth: subscription }],
      });
    expect(warnings(charges(300, 40_000), charges(3_000, 4_000))).toEqual([
      'insurance[0].rialPerMonth SLIP_OF_TEN',
      'subscription[0].rialPerMonth SLIP_OF_TEN',
    ]);
  });
});

test('rates that are not there', () => {
  expect(tariffWarnings(household1397, null)).toMatchObject([
    { path: 'gas[0]', code: 'NO_RATE', message: expect.stringContaining('cold rate for household in climate 3, 4, 5') },
  ]);
});

describe('dates', () => {
  const year = { from: on('1405/01/01'), to: on('1405/12/29') };
  const levy = (from: string, to: string | null) => ({ from: on(from), to: to === null ? null : on(to), percent: '10' });
  const of = (...rules: ReturnType<typeof levy>[]) =>
    tariffWarnings(tariff({ ...year, levy: rules }), null).map(({ path, code, message }) => `${path} ${code} ${message}`);
  test.each<[string, ReturnType<typeof levy>[]]>([
    ['none at all', []],
    ['from before to after', [levy('1390/01/01', null)]],
    ['the very days', [levy('1405/01/01', '1405/12/29')]],
    ['one after the other, in any order', [levy('1405/07/01', null), levy('1405/01/01', '1405/06/31')]],
  ])('a charge that has a rule on every day, or none on any: %s', (_, rules) => expect(of(...rules)).toEqual([]));
  test('days without a rule: at the beginning, between, at the end', () => {
    expect(of(levy('1405/02/01', null))).toEqual([
      'levy RULE_GAP no rule for levy from 1405/01/01 to 1405/01/31: nothing is charged there',
    ]);
    expect(of(levy('1405/01/01', '1405/06/31'), levy('1405/08/01', null))).toEqual([
      'levy RULE_GAP no rule for levy from 1405/07/01 to 1405/07/30: nothing is charged there',
    ]);
    expect(of(levy('1405/01/01', '1405/06/31'))).toEqual([
      'levy RULE_GAP no rule for levy from 1405/07/01 to 1405/12/29: nothing is charged there',
    ]);
    expect(tariffWarnings(tariff({ from: on('1405/01/01'), levy: [levy('1405/01/01', '1405/06/31')] }), null)).toMatchObject([
      { message: expect.stringContaining('from 1405/07/01 to further notice') },
    ]);
  });
  test('two rules on one day', () => {
    expect(of(levy('1405/01/01', '1405/06/31'), levy('1405/06/31', null))).toEqual([
      'levy[1] RULES_OVERLAP holds with levy[0] from 1405/06/31: the later in the list counts',
    ]);
  });
  test('last year’s rules hold on no day', () => {
    expect(of(levy('1404/01/01', '1404/12/29'))).toEqual([
      'levy[0] NEVER_HOLDS 1404/01/01 to 1404/12/29 holds no day of the tariff',
      'levy RULE_GAP no rule for levy from 1405/01/01 to 1405/12/29: nothing is charged there',
    ]);
    const past = { from: on('1404/01/01'), to: on('1404/12/29') };
    expect(
      warnings(
        tariff({
          ...year,
          discounts: [{ ...past, kind: 'welfare', title: 'x', use: 'household', steps: 3 }],
          requiredDocuments: [{ ...past, anyOf: [{ code: 'x', name: 'x' }], purposes: ['final'] }],
          service: [{ from: on('1406/01/01'), to: null }],
        }),
      ),
    ).toEqual(['discounts[0] NEVER_HOLDS', 'requiredDocuments[0] NEVER_HOLDS', 'service[0] NEVER_HOLDS']);
  });
  test('VAT, insurance of each use and area, subscription of each class stand for themselves', () => {
    const half = { from: on('1405/01/01'), to: on('1405/06/31') };
    const [insured, subscribed] = [
      { per: 'meter', rialPerMonth: 1, use: 'household' },
      { per: 'meter', rialPerMonth: 1 },
    ] as const;
    expect(
      warnings(
        tariff({
          ...year,
          vat: [{ ...half, percent: '9', base: ['gas'] }],
          insurance: [
            { ...year, ...insured, area: 'urban' },
            { ...half, ...insured, area: 'rural' },
            { ...half, ...insured, use: 'bakery', area: 'urban' },
          ],
          subscription: [
            { ...year, ...subscribed, capacityUpTo: 10 },
            { ...half, ...subscribed, capacityUpTo: null },
          ],
        }),
      ),
    ).toEqual(['vat RULE_GAP', 'insurance RULE_GAP', 'insurance RULE_GAP', 'subscription RULE_GAP']);
  });
  test('at the end of the calendar', () =>
    expect(warnings(tariff({ to: on('1498/12/29'), levy: [levy('1390/01/01', '1498/12/29')] }))).toEqual([]));
});

test('a reminder that comes when the time is over, with what is the default’s', () => {
  const of = (correction: object) => warnings(tariff({ service: [{ ...ever, correction }] }));
  expect(of({ dueHours: 12 })).toEqual(['service[0].correction LATE_REMINDER']);
  expect(of({ remindHours: 24 })).toEqual(['service[0].correction LATE_REMINDER']);
  expect(of({ dueHours: 48, remindHours: 24 })).toEqual([]);
});

describe('sample bills', () => {
  const find = (bills: ReturnType<typeof sampleBills>, m3: number, change: object = {}) =>
    bills.filter((each) =>
      Object.entries({ use: 'household', climate: 1, season: 'warm', m3, ...change }).every(
        ([name, value]) => each[name as keyof typeof each] === value,
      ),
    );
  test('old against new, in rial and percent', () => {
    const bills = sampleBills(stepTariff(times(1.15)), stepTariff(T1));
    expect(bills.map(({ m3 }) => m3).slice(0, 7)).toEqual([20, 50, 100, 200, 400, 800, 20]);
    // 45 × 1081 + 5 × 1311 = 55,200; 45 × 1243 + 5 × 1508 = 63,475
    expect(find(bills, 50)).toEqual([
      { use: 'household', climate: 1, season: 'warm', m3: 50, oldRial: 55_200, newRial: 63_475, differenceRial: 8_275, percent: '+15.0' },
    ]);
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
  test('every use, climate and season of either document that has a rate, and every step of it', () => {
    const all = {
      ...household1397,
      gas: [
        ...household1397.gas,
        {
          use: 'villa',
          season: 'both' as const,
          flat: false,
          steps: [
            { uptoM3PerMonth: 2_000, rialPerM3: 1 },
            { uptoM3PerMonth: null, rialPerM3: 2 },
          ],
        },
      ],
    };
    const bills = sampleBills(
      all,
      stepTariff(T1, {
        gas: [{ use: 'kiln', season: 'both', climates: [5], flat: true, steps: [{ uptoM3PerMonth: null, rialPerM3: 7 }] }],
      }),
    );
    const rated = (use: string, season: 'warm' | 'cold', climate: number) =>
      [...all.gas, { use: 'kiln', season: 'warm', climates: [5] }].some(
        (rates) => rates.use === use && ['both', season].includes(rates.season) && (rates.climates?.includes(climate) ?? true),
      );
    const uses = [...new Set(all.gas.map(({ use }) => use)), 'kiln'];
    expect(uses).toHaveLength(9);
    for (const use of uses) {
      for (const season of ['warm', 'cold'] as const) {
        for (const climate of [1, 2, 3, 4, 5]) {
          const shown = bills.filter((each) => each.use === use && each.season === season && [climate, null].includes(each.climate));
          expect([use, season, climate, shown.length > 0]).toEqual([use, season, climate, rated(use, season, climate)]);
        }
      }
    }
    // the flat rates of commercial uses: whole bills; beyond the last limit where that is above the usual quantities
    expect(find(bills, 1000, { use: 'commercial', climate: null })).toHaveLength(1);
    expect(find(bills, 2100, { use: 'villa', climate: 1 })).toMatchObject([{ newRial: 2_000 + 200 + 220 + 198 }]);
  });
  test('a discount by climate shows each climate of a flat rate', () => {
    const bakery = { use: 'bakery', season: 'both' as const, flat: true, steps: [{ uptoM3PerMonth: null, rialPerM3: 10 }] };
    const bills = sampleBills(
      tariff({
        gas: [bakery],
        discounts: [{ ...ever, kind: 'freeAllowance', title: 'x', use: 'bakery', climates: [2], uptoM3PerMonth: 500 }],
      }),
      null,
    );
    expect(bills.map(({ climate, m3, newRial }) => [climate, m3, newRial]).slice(0, 4)).toEqual([
      [1, 100, 1_000],
      [1, 1_000, 10_000],
      [2, 100, 0],
      [2, 1_000, 10_000],
    ]);
  });
  test('what becomes free, and what comes from nothing', () => {
    const free = stepTariff(T1, { discounts: [{ ...ever, kind: 'freeAllowance', title: 'x', use: 'household', uptoM3PerMonth: 45 }] });
    expect(find(sampleBills(free, stepTariff(T1)), 20)).toMatchObject([
      { oldRial: 21_620, newRial: 0, differenceRial: -21_620, percent: '-100.0' },
    ]);
    expect(find(sampleBills(stepTariff(T1), free), 20)).toMatchObject([{ oldRial: 0, differenceRial: 21_620, percent: null }]);
  });
  test('a decree of a few days has no month to show', () => {
    expect(sampleBills(stepTariff(T1, { from: on('1397/02/01'), to: on('1397/02/20') }), null)).toEqual([]);
  });
});
