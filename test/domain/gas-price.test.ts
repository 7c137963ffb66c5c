import fc from 'fast-check';
import { decimal, fraction } from '../../src/domain/fraction.js';
import { type GasPrice, type GasPriceInput, gasPrice } from '../../src/domain/gas-price.js';
import { type JalaliDate, addDays, daysBetween } from '../../src/domain/jalali.js';
import type { GasRates, Season, SeasonSpan, Step, Tariff } from '../../src/domain/tariff.js';
import vectors from '../vectors/gas-price-1397.json';
import { T1, T2_DOUBLED, household1397, on, stepTariff, tariff } from './sample.js';

function input(tariffs: Tariff[], after: string, until: string, consumption: string | number, change: Partial<GasPriceInput> = {}): GasPriceInput {
  return { tariffs, after: on(after), until: on(until), consumption: decimal(String(consumption)), use: 'household', climate: 1, units: 1, ...change };
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
      input([household1397], vector.lastReadingOn, vector.readingOn, vector.consumptionM3, { climate: vector.climate, units: vector.units }),
    );
    expect({ days, gasPriceRial }).toEqual({ days: vector.days, gasPriceRial: vector.gasPriceRial });
    expect(lines.map((line) => ({ season: line.season, days: line.days, rialPerM3: line.rialPerM3, m3: line.m3, rial: line.rial }))).toEqual(vector.lines);
  });
});

describe('steps', () => {
  // T2 is doubled, for its 2.5 is no whole rial
  test.each([[9, 18], [10, 20], [20, 45], [25, 85], [31, 137], [40, 245], [45, 320]])('case 1: T2 %d m³ → %d', (m3, rial) =>
    expect(total([stepTariff(T2_DOUBLED)], '1397/02/01', '1397/02/31', m3)).toBe(2 * rial),
  );

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
    expect(lines.map((line) => [line.m3, line.rial])).toEqual([['90', 97_290], ['1', 1_311]]);
  });

  test('a flat rate is one line without steps', () => {
    const { lines } = priced(input([household1397], '1397/02/01', '1397/02/31', 1000, { use: 'commercial' }));
    expect(lines).toMatchObject([{ flat: true, m3: '1000', rial: 1_495_000, step: 1, upto: null }]);
  });

  test('case 21: 2,147,483,648 rial and more pass', () => {
    expect(total([stepTariff([{ uptoM3PerMonth: null, rialPerM3: 2_147_483_648 }])], '1397/02/01', '1397/02/31', 1)).toBe(2_147_483_648);
    expect(total([stepTariff([{ uptoM3PerMonth: null, rialPerM3: 4_301 }])], '1397/02/01', '1397/02/31', 999_999_999)).toBe(4_300_999_995_699);
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
    expect(intervals.map(({ tariff: { version }, to }) => [version, to])).toEqual([['1397', '1398/01/31'], ['1398', '1398/02/10']]);
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

// An independent second computation: its own calendar, its own rationals, day by day.
type Ratio = [bigint, bigint];
interface Run {
  tariff: Tariff;
  season: Season;
  days: number;
}
const LEAP_REMAINDERS = new Set([1, 5, 9, 13, 17, 22, 26, 30]);

function dayAfter(date: string): string {
  let [year, month, day] = date.split('/').map(Number) as [number, number, number];
  const length = month < 7 ? 31 : month < 12 || LEAP_REMAINDERS.has(year % 33) ? 30 : 29;
  if (++day > length) [day, month] = [1, month + 1];
  if (month > 12) [month, year] = [1, year + 1];
  return [year, String(month).padStart(2, '0'), String(day).padStart(2, '0')].join('/');
}

function seasonOf(spans: SeasonSpan[], day: string): Season | undefined {
  return spans.find(({ from, to }) => {
    const key = day.slice(day.length - from.length);
    return from <= to ? from <= key && key <= to : key >= from || key <= to;
  })?.season;
}

function tariffOf(tariffs: readonly Tariff[], day: string): Tariff | undefined {
  const inForce = tariffs.filter(({ from, to }) => from <= day && (to ?? '9999') >= day);
  if (inForce.length > 0) return inForce[inForce.length - 1];
  const ended = tariffs.filter(({ to }) => to !== null && to < day);
  const lastDay = ended.map(({ to }) => String(to)).sort().pop();
  const last = ended.filter(({ to }) => to === lastDay).pop();
  return (last?.provisionalTo ?? '') >= day ? last : undefined;
}

function secondOpinion({ tariffs, after, until, consumption, use, climate, units }: GasPriceInput): { lines: { days: number; m3: Ratio; rial: bigint }[]; runs: Run[]; days: number } | string {
  const runs: Run[] = [];
  let days = 0;
  for (let day = dayAfter(after); day <= until; day = dayAfter(day)) {
    days++;
    const inForce = tariffOf(tariffs, day);
    const season = inForce && seasonOf(inForce.seasons, day);
    const rated = inForce?.gas.some((rates) => rates.use === use && ['both', season].includes(rates.season) && (rates.climates ?? [climate]).includes(climate));
    if (!inForce || !season || !rated) return day;
    const run = runs[runs.length - 1];
    if (run && run.tariff === inForce && run.season === season) run.days++;
    else runs.push({ tariff: inForce, season, days: 1 });
  }
  const lines = runs.flatMap(({ tariff: { gas }, season, days: length }) => {
    const rates = gas.find((each) => each.use === use && ['both', season].includes(each.season) && (each.climates ?? [climate]).includes(climate));
    const used: Ratio = [consumption.n * BigInt(length), consumption.d * BigInt(days)];
    const clip = (limit: number | null): Ratio => {
      if (limit === null) return used;
      const scaled: Ratio = [BigInt(limit) * BigInt(length) * BigInt(units), 30n];
      return scaled[0] * used[1] < used[0] * scaled[1] ? scaled : used;
    };
    return rates!.steps.flatMap(({ uptoM3PerMonth, rialPerM3 }, i) => {
      const upper = clip(uptoM3PerMonth);
      const lower: Ratio = i === 0 ? [0n, 1n] : clip(rates!.steps[i - 1]!.uptoM3PerMonth);
      const m3: Ratio = [upper[0] * lower[1] - lower[0] * upper[1], upper[1] * lower[1]];
      // half up: the floor of x + 1/2
      return m3[0] > 0n ? [{ days: length, m3, rial: (2n * BigInt(rialPerM3) * m3[0] + m3[1]) / (2n * m3[1]) }] : [];
    });
  });
  return { lines, runs, days };
}

const CALENDAR_START = on('1395/01/01');
const dayOfYear = fc.integer({ min: 0, max: 365 }).map((n) => addDays(on('1399/01/01'), n).slice(5));
const yearly = fc.uniqueArray(dayOfYear, { minLength: 1, maxLength: 4 }).map((starts): SeasonSpan[] => {
  const sorted = [...starts].sort();
  // each span ends on the day before the next one starts, round the year
  return sorted.map((from, i) => {
    const next = sorted[(i + 1) % sorted.length]!;
    const last = addDays(on(next === '01/01' ? '1400/01/01' : `1399/${next}`), -1);
    return { season: i % 2 === 0 ? 'warm' : 'cold', from, to: last.slice(5) };
  });
});
const absolute = (from: JalaliDate, to: JalaliDate) =>
  fc.array(fc.integer({ min: 1, max: 200 }), { maxLength: 6 }).map((lengths): SeasonSpan[] => {
    const spans: SeasonSpan[] = [];
    let start = from;
    for (const length of [...lengths, 10_000]) {
      if (start > to) break;
      const end = addDays(start, length - 1);
      spans.push({ season: spans.length % 2 === 0 ? 'cold' : 'warm', from: start, to: end < to ? end : to });
      start = addDays(end, 1);
    }
    return spans;
  });
const stepList = fc
  .tuple(fc.uniqueArray(fc.integer({ min: 1, max: 1500 }), { maxLength: 5 }), fc.array(fc.integer({ min: 0, max: 50_000 }), { minLength: 6, maxLength: 6 }))
  .map(([limits, rates]) => [...[...limits].sort((a, b) => a - b), null].map((uptoM3PerMonth, i): Step => ({ uptoM3PerMonth, rialPerM3: rates[i]! })));
const gasRates = fc.oneof(
  stepList.map((steps): GasRates[] => [{ use: 'household', season: 'both', steps, flat: false }]),
  fc.tuple(stepList, stepList, stepList).map(([warm, cold, mild]): GasRates[] => [
    { use: 'household', season: 'warm', steps: warm, flat: false },
    { use: 'household', season: 'cold', climates: [1, 2], steps: cold, flat: false },
    { use: 'household', season: 'cold', climates: [3, 4, 5], steps: mild, flat: false },
  ]),
  // climate 5 was not published
  stepList.map((steps): GasRates[] => [{ use: 'household', season: 'both', climates: [1, 2, 3, 4], steps, flat: false }]),
);
const version = (first: JalaliDate) =>
  fc
    .record({ starts: fc.integer({ min: -300, max: 420 }), length: fc.integer({ min: 1, max: 900 }), open: fc.boolean(), more: fc.option(fc.integer({ min: 0, max: 300 })) })
    .chain(({ starts, length, open, more }) => {
      const from = addDays(first, starts);
      const last = addDays(from, length - 1);
      return fc.record({ seasons: open ? yearly : fc.oneof(yearly, absolute(from, last)), gas: gasRates }).map(({ seasons, gas }) =>
        tariff({ from, to: open ? null : last, seasons, gas, ...(!open && more !== null && { provisionalTo: addDays(last, more) }) }),
      );
    });
const anyInput: fc.Arbitrary<GasPriceInput> = fc
  .record({ start: fc.integer({ min: 0, max: 3000 }), days: fc.integer({ min: 1, max: 400 }) })
  .chain(({ start, days }) => {
    const after = addDays(CALENDAR_START, start);
    return fc.record({
      tariffs: fc.array(version(after), { minLength: 1, maxLength: 4 }).chain((versions) =>
        // mostly one more that fills every gap
        fc.oneof({ weight: 3, arbitrary: fc.record({ seasons: yearly, gas: gasRates }).map((all) => [tariff(all), ...versions]) }, fc.constant(versions)),
      ),
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
        const expected = secondOpinion(of);
        const price = gasPrice(of);
        if (typeof expected === 'string') {
          refused++;
          expect(price).toEqual({ noTariffOn: expected });
          return;
        }
        if ('noTariffOn' in price) throw new Error(`refused on ${price.noTariffOn}`);
        if (expected.runs.length > 1) cut++;
        expect(price.days).toBe(expected.days);
        expect(price.intervals.map(({ tariff: by, season, from, to }) => ({ tariff: by, season, days: daysBetween(from, to) + 1 }))).toEqual(expected.runs);
        expect(price.lines.map((line) => BigInt(line.rial))).toEqual(expected.lines.map((line) => line.rial));
        expect(price.lines.every((line, i) => ratio(line.m3)[0] * expected.lines[i]!.m3[1] === expected.lines[i]!.m3[0] * ratio(line.m3)[1])).toBe(true);
        expect(BigInt(price.gasPriceRial)).toBe(expected.lines.reduce((sum, line) => sum + line.rial, 0n));
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
            priced(input([stepTariff(steps)], '1397/01/01', addDays(on('1397/01/01'), days * times), 0, { units, consumption: fraction(n * BigInt(times), d) }));
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
    for (let after = start; after < end; ) {
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
