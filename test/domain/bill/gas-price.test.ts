import fc from 'fast-check';
import { decimal, fraction } from '../../../src/domain/fraction.js';
import { type GasPrice, type GasPriceInput, gasPrice } from '../../../src/domain/bill/gas-price.js';
import { addDays, daysBetween } from '../../../src/domain/calendar/jalali.js';
import type { SeasonSpan, Step, Tariff } from '../../../src/domain/tariff/tariff.js';
import vectors from '../../vectors/gas-price-1397.json';
import { type Ratio, gasDays, gasRuns, written } from './debt-oracle.js';
import { gasTariffs, stepList } from '../random-tariffs.js';
import { T1, T2_DOUBLED, household1397, on, stepTariff, tariff } from '../sample.js';

function input(
  tariffs: Tariff[],
  after: string,
  until: string,
  consumption: string | number,
  change: Partial<GasPriceInput> = {},
): GasPriceInput {
  return {
    tariffs,
    after: on(after),
    until: on(until),
    consumption: decimal(String(consumption)),
    use: 'household',
    climate: 1,
    units: 1,
    ...change,
  };
}

function priced(of: GasPriceInput): GasPrice {
  const price = gasPrice(of);
  if ('noTariffOn' in price) throw new Error(`no tariff on ${price.noTariffOn}`);
  return price;
}

const total = (...of: Parameters<typeof input>): number => priced(input(...of)).gasPriceRial;

describe('vectors of 1397', () => {
  test.each(vectors.cases)('$lastReadingOn to $readingOn, $consumptionM3 m³, climate $climate, $units units', (vector) => {
    const { days, lines, gasPriceRial } = priced(
      input([household1397], vector.lastReadingOn, vector.readingOn, vector.consumptionM3, {
        climate: vector.climate,
        units: vector.units,
      }),
    );
    expect({ days, gasPriceRial }).toEqual({ days: vector.days, gasPriceRial: vector.gasPriceRial });
    expect(
      lines.map((line) => ({ season: line.season, days: line.days, rialPerM3: line.rialPerM3, m3: line.m3, rial: line.rial })),
    ).toEqual(vector.lines);
  });
});

describe('steps', () => {
  // T2 is doubled, for its 2.5 is no whole rial
  test.each([
    [9, 18],
    [10, 20],
    [20, 45],
    [25, 85],
    [31, 137],
    [40, 245],
    [45, 320],
  ])('case 1: T2 %d m³ → %d', (m3, rial) => expect(total([stepTariff(T2_DOUBLED)], '1397/02/01', '1397/02/31', m3)).toBe(2 * rial));

  test.each([
    ['45', 48_645],
    ['46', 49_956],
    ['45.5', 49_301], // 45 × 1081 + 0.5 × 1311 = 49,300.5: 48,645 + 656
    ['44.999', 48_644], // 48,643.919
  ])('case 2: an edge belongs to the lower step: T1 %s m³ → %d', (m3, rial) => {
    expect(total([stepTariff(T1)], '1397/02/01', '1397/02/31', m3)).toBe(rial);
  });
  test('case 2: at an edge no empty line of the next step is printed', () =>
    expect(priced(input([stepTariff(T1)], '1397/02/01', '1397/02/31', 45)).lines).toHaveLength(1));
  test('case 2: 45.5 m³ are 45 at the first rate and a half at the second', () =>
    expect(priced(input([stepTariff(T1)], '1397/02/01', '1397/02/31', '45.5')).lines.map((line) => [line.m3, line.rialPerM3])).toEqual([
      ['45', 1081],
      ['1/2', 1311],
    ]));

  test('case 3: graduated, never volume: 50 m³ → 55,200', () => {
    expect(total([stepTariff(T1)], '1397/02/01', '1397/02/31', 50)).toBe(55_200);
  });

  test('case 5: 15 days, 50 m³ is half of 30 days, 100 m³, up to the rounding of lines', () => {
    expect(total([stepTariff(T1)], '1397/02/01', '1397/02/31', 100)).toBe(122_475);
    // 22.5 × 1081 + 25 × 1311 + 2.5 × 1656 = 24,322.5 + 32,775 + 4,140 = 61,237.5
    expect(priced(input([stepTariff(T1)], '1397/02/01', '1397/02/16', 50)).lines.map((line) => line.rial)).toEqual([24_323, 32_775, 4_140]);
  });

  test('case 6: 12 days/40 m³ and 18 days/60 m³ → 48,990 + 73,485', () => {
    expect(total([stepTariff(T1)], '1397/02/01', '1397/02/13', 40)).toBe(48_990);
    expect(total([stepTariff(T1)], '1397/02/13', '1397/02/31', 60)).toBe(73_485);
  });

  test('decision: limits are times the units, not the consumption divided', () => {
    const { lines } = priced(input([stepTariff(T1)], '1397/02/01', '1397/02/31', 91, { units: 2 }));
    expect(lines.map((line) => [line.m3, line.rial])).toEqual([
      ['90', 97_290],
      ['1', 1_311],
    ]);
  });

  test('a flat rate is one line without steps', () => {
    const { lines } = priced(input([household1397], '1397/02/01', '1397/02/31', 1000, { use: 'commercial' }));
    expect(lines).toMatchObject([{ flat: true, m3: '1000', rial: 1_495_000, step: 1, upto: null }]);
  });

  test('case 21: 2,147,483,648 rial and more pass', () => {
    expect(total([stepTariff([{ uptoM3PerMonth: null, rialPerM3: 2_147_483_648 }])], '1397/02/01', '1397/02/31', 1)).toBe(2_147_483_648);
    expect(total([stepTariff([{ uptoM3PerMonth: null, rialPerM3: 4_301 }])], '1397/02/01', '1397/02/31', 999_999_999)).toBe(
      4_300_999_995_699,
    );
  });
});

describe('intervals', () => {
  const rise = (step: Step): Step => ({ ...step, rialPerM3: Math.round(step.rialPerM3 * 1.15) });
  const old = stepTariff(T1, { version: '1397-1', to: on('1397/03/28') });
  const risen = stepTariff(T1.map(rise), { version: '1397-2', from: on('1397/03/29') });

  test.each([
    ['the old one closed', [old, risen]],
    ['the old one still open', [{ ...old, to: null }, risen]],
    // where both are in force the later published stands, wherever it starts
    ['published in between for a stretch', [stepTariff(T1.map(rise), { version: '1397-2' }), { ...old, from: on('1397/01/01') }]],
  ])('case 9: a rise on 1397/03/29 inside the period, %s', (_, tariffs) => {
    const { intervals, lines, days } = priced(input(tariffs, '1397/03/01', '1397/04/10', 60));
    expect(intervals.map(({ tariff: { version }, from, to }) => [version, from, to])).toEqual([
      ['1397-1', '1397/03/02', '1397/03/28'],
      ['1397-2', '1397/03/29', '1397/04/10'],
    ]);
    expect(days).toBe(40);
    // 27 days: 40.5 m³ under the edge 40.5; 13 days: 19.5 m³ under the edge 19.5
    expect(lines.map((line) => [line.days, line.m3, line.rialPerM3, line.rial])).toEqual([
      [27, '81/2', 1081, 43_781], // 43,780.5
      [13, '39/2', 1243, 24_239], // 24,238.5
    ]);
  });

  test('a day belongs to the season of its own date: 15 and 16 Aban', () => {
    expect(total([household1397], '1397/08/14', '1397/08/15', 7)).toBe(11_382);
    expect(total([household1397], '1397/08/15', '1397/08/16', 7)).toBe(2_898);
  });

  test('a VAT change opens no new interval', () => {
    const vat = [
      { from: on('1390/01/01'), to: on('1397/03/15'), percent: '9', base: ['gas' as const] },
      { from: on('1397/03/16'), to: null, percent: '10', base: ['gas' as const] },
    ];
    expect(priced(input([stepTariff(T1, { vat })], '1397/03/01', '1397/03/31', 60)).intervals).toHaveLength(1);
  });

  test('the same season over the end of the year is one interval', () => {
    expect(priced(input([household1397], '1397/12/01', '1398/01/10', 60)).intervals).toHaveLength(1);
  });

  test('a season up to 30 Esfand ends on the 29th of an ordinary year', () => {
    const seasons: SeasonSpan[] = [
      { season: 'warm', from: '01/01', to: '08/15' },
      { season: 'cold', from: '08/16', to: '12/30' },
    ];
    const ends = (after: string, until: string) => priced(input([tariff({ seasons })], after, until, 10)).intervals.map(({ to }) => to);
    expect(ends('1398/12/01', '1399/01/10')).toEqual(['1398/12/29', '1399/01/10']);
    expect(ends('1399/12/01', '1400/01/10')).toEqual(['1399/12/30', '1400/01/10']);
  });

  test('decision: after its year a published table is provisional until a decree, to the end of that year', () => {
    expect(gasPrice(input([household1397], '1398/12/01', '1399/01/05', 10, { climate: 1 }))).toEqual({ noTariffOn: '1399/01/01' });
    const next = stepTariff(T1, { version: '1398', from: on('1398/02/01') });
    const { intervals } = priced(input([household1397, next], '1398/01/20', '1398/02/10', 10));
    expect(intervals.map(({ tariff: { version }, to }) => [version, to])).toEqual([
      ['1397', '1398/01/31'],
      ['1398', '1398/02/10'],
    ]);
  });

  test('the first day without a tariff, a season or a rate is told', () => {
    const until = stepTariff(T1, { to: on('1397/02/10') });
    expect(gasPrice(input([], '1397/02/01', '1397/02/31', 1))).toEqual({ noTariffOn: '1397/02/02' });
    expect(gasPrice(input([until], '1397/02/01', '1397/02/31', 1))).toEqual({ noTariffOn: '1397/02/11' });
    expect(gasPrice(input([tariff()], '1397/02/01', '1397/02/31', 1, { use: 'bakery' }))).toEqual({ noTariffOn: '1397/02/02' });
    // climates 3 to 5 have no cold rates in the table, long before the table ends
    expect(gasPrice(input([household1397], '1397/07/01', '1399/02/01', 1, { climate: 3 }))).toEqual({ noTariffOn: '1397/08/16' });
  });

  test.each([
    ['a negative period', '1397/02/31', '1397/02/01', '1'],
    ['a negative consumption', '1397/02/01', '1397/02/31', '-1'],
    ['a consumption in no day', '1397/02/01', '1397/02/01', '1'],
  ])('%s is no price', (_, after, until, m3) => expect(() => gasPrice(input([tariff()], after, until, m3))).toThrow(RangeError));
});

const anyInput: fc.Arbitrary<GasPriceInput> = fc
  .record({ start: fc.integer({ min: 0, max: 3000 }), days: fc.integer({ min: 1, max: 400 }) })
  .chain(({ start, days }) => {
    const after = addDays(on('1395/01/01'), start);
    return fc.record({
      tariffs: gasTariffs(after),
      after: fc.constant(after),
      until: fc.constant(addDays(after, days)),
      consumption: fc.record({ n: fc.bigInt({ min: 0n, max: 3_000_000n }), d: fc.bigInt({ min: 1n, max: 10_000n }) }),
      use: fc.constant('household'),
      climate: fc.integer({ min: 1, max: 5 }),
      units: fc.integer({ min: 1, max: 60 }),
    });
  });

function ratio(text: string): Ratio {
  const [n = '0', d = '1'] = text.split('/');
  return [BigInt(n), BigInt(d)];
}

describe('properties', () => {
  test('an independent computation, day by day, agrees to the rial and in every line', () => {
    let refused = 0;
    let cut = 0;
    fc.assert(
      fc.property(anyInput, (of) => {
        const expected = gasDays(of.tariffs, of.after, of.until, of.use, of.climate);
        const price = gasPrice(of);
        if (typeof expected === 'string') {
          refused++;
          expect(price).toEqual({ noTariffOn: expected });
          return;
        }
        if ('noTariffOn' in price) throw new Error(`refused on ${price.noTariffOn}`);
        const runs = gasRuns(expected, [of.consumption.n, of.consumption.d], of.units);
        if (runs.length > 1) cut++;
        expect(price.days).toBe(expected.length);
        expect(price.intervals).toEqual(
          runs.map(({ tariff: by, season, days }) => ({ tariff: by, season, from: days[0]?.date, to: days.at(-1)?.date })),
        );
        expect(price.lines.map(({ m3, rial, rialPerM3, step }) => ({ m3, rial: BigInt(rial), rialPerM3, step }))).toEqual(
          runs.flatMap(({ lines }) => lines.map(({ m3, rial, rialPerM3, step }) => ({ m3: written(m3), rial, rialPerM3, step }))),
        );
        expect(BigInt(price.gasPriceRial)).toBe(runs.flatMap(({ lines }) => lines).reduce((sum, { rial }) => sum + rial, 0n));
      }),
      { numRuns: 600 },
    );
    // both kinds must have been tried
    expect(refused).toBeGreaterThan(10);
    expect(cut).toBeGreaterThan(100);
  });

  const filled = anyInput.filter((of) => !('noTariffOn' in gasPrice(of)));

  test('days of the intervals add up to the period, quantities to the consumption, lines to the price', () => {
    fc.assert(
      fc.property(filled, (of) => {
        const { intervals, lines, days, gasPriceRial } = priced(of);
        expect(intervals.reduce((sum, { from, to }) => sum + daysBetween(from, to) + 1, 0)).toBe(days);
        intervals.forEach(({ from }, i) => expect(from).toBe(addDays(i === 0 ? of.after : intervals[i - 1]!.to, 1)));
        const [n, d] = lines.map((line) => ratio(line.m3)).reduce(([a, b], [x, y]) => [a * y + x * b, b * y], [0n, 1n] as Ratio);
        expect(n * of.consumption.d).toBe(of.consumption.n * d);
        expect(lines.reduce((sum, line) => sum + line.rial, 0)).toBe(gasPriceRial);
      }),
      { numRuns: 200 },
    );
  });

  test('monotone in the consumption, line by line', () => {
    fc.assert(
      fc.property(filled, fc.bigInt({ min: 0n, max: 100_000n }), (of, more) => {
        const some = priced(of);
        const greater = priced({ ...of, consumption: { n: of.consumption.n + more, d: of.consumption.d } });
        // each line grows by itself: the same line is never cheaper
        some.lines.forEach((line) => {
          const same = greater.lines.find(({ from, step }) => from === line.from && step === line.step);
          expect(same!.rial).toBeGreaterThanOrEqual(line.rial);
        });
      }),
      { numRuns: 200 },
    );
  });

  test('case 5: charge(k·q, k·d) = k·charge(q, d), up to the rounding of lines', () => {
    fc.assert(
      fc.property(
        stepList,
        fc.integer({ min: 1, max: 90 }),
        fc.bigInt({ min: 0n, max: 100_000n }),
        fc.bigInt({ min: 1n, max: 100n }),
        fc.integer({ min: 1, max: 20 }),
        fc.integer({ min: 1, max: 5 }),
        (steps, days, n, d, k, units) => {
          const of = (times: number): GasPrice =>
            priced(
              input([stepTariff(steps)], '1397/01/01', addDays(on('1397/01/01'), days * times), 0, {
                units,
                consumption: fraction(n * BigInt(times), d),
              }),
            );
          const [one, many] = [of(1), of(k)];
          expect(many.lines).toHaveLength(one.lines.length);
          // half a rial for each line of either
          expect(2 * Math.abs(many.gasPriceRial - k * one.gasPriceRial)).toBeLessThanOrEqual(one.lines.length * (k + 1));
        },
      ),
      { numRuns: 300 },
    );
  });

  test('case 6: split in proportion at any day, nothing is lost or doubled, up to the rounding of lines', () => {
    fc.assert(
      fc.property(filled, fc.double({ min: 0, max: 1, noNaN: true }), (of, share) => {
        const days = daysBetween(of.after, of.until);
        const firstDays = Math.floor(share * days);
        const middle = addDays(of.after, firstDays);
        const part = (n: number) => ({ n: of.consumption.n * BigInt(n), d: of.consumption.d * BigInt(days) });
        const whole = priced(of);
        const first = priced({ ...of, until: middle, consumption: part(firstDays) });
        const second = priced({ ...of, after: middle, consumption: part(days - firstDays) });
        expect(first.days + second.days).toBe(whole.days);
        const lines = whole.lines.length + first.lines.length + second.lines.length;
        expect(2 * Math.abs(first.gasPriceRial + second.gasPriceRial - whole.gasPriceRial)).toBeLessThanOrEqual(lines);
      }),
      { numRuns: 200 },
    );
  });

  test('case 8: periods that follow each other tile five years, 30 Esfand included', () => {
    const seasons: SeasonSpan[] = [
      { season: 'warm', from: '01/16', to: '08/15' },
      { season: 'cold', from: '08/16', to: '01/15' },
    ];
    const start = on('1397/01/01');
    const end = on('1402/01/01');
    const seen: string[] = [];
    for (let after = start; after < end;) {
      const length = 27 + (seen.length % 11);
      const next = addDays(after, length) < end ? addDays(after, length) : end;
      for (const { from, to } of priced(input([tariff({ seasons })], after, next, 30)).intervals) {
        for (let day = from; day <= to; day = addDays(day, 1)) seen.push(day);
      }
      after = next;
    }
    expect(seen).toHaveLength(5 * 365 + 1);
    expect(new Set(seen).size).toBe(seen.length);
    expect(seen).toContain('1399/12/30');
  });
});
