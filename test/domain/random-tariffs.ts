import fc from 'fast-check';
import { type JalaliDate, addDays } from '../../src/domain/calendar/jalali.js';
import type {
  DiscountRule,
  FixedCharge,
  GasRates,
  InsuranceRule,
  LevyRule,
  SeasonSpan,
  Step,
  SubscriptionRule,
  Tariff,
  VatRule,
} from '../../src/domain/tariff/tariff.js';
import { on, tariff } from './sample.js';

const dayOfYear = fc.integer({ min: 0, max: 365 }).map((n) => addDays(on('1399/01/01'), n).slice(5));

/** Seasons by days of every year, one of them mostly over the year's end. */
export const yearlySeasons = fc.uniqueArray(dayOfYear, { minLength: 1, maxLength: 4 }).map((starts): SeasonSpan[] => {
  const sorted = [...starts].sort();
  // each span ends on the day before the next one starts, round the year
  return sorted.map((from, i) => {
    const next = sorted[(i + 1) % sorted.length]!;
    const last = addDays(on(next === '01/01' ? '1400/01/01' : `1399/${next}`), -1);
    return { season: i % 2 === 0 ? 'warm' : 'cold', from, to: last.slice(5) };
  });
});

/** Seasons by full dates that fill `from` to `to`. */
const datedSeasons = (from: JalaliDate, to: JalaliDate) =>
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

export const stepList = fc
  .tuple(
    fc.uniqueArray(fc.integer({ min: 1, max: 1500 }), { maxLength: 5 }),
    fc.array(fc.integer({ min: 0, max: 50_000 }), { minLength: 6, maxLength: 6 }),
  )
  .map(([limits, rates]) =>
    [...[...limits].sort((a, b) => a - b), null].map((uptoM3PerMonth, i): Step => ({ uptoM3PerMonth, rialPerM3: rates[i]! })),
  );

const householdRates = fc.oneof(
  stepList.map((steps): GasRates[] => [{ use: 'household', season: 'both', steps, flat: false }]),
  fc.tuple(stepList, stepList, stepList).map(([warm, cold, mild]): GasRates[] => [
    { use: 'household', season: 'warm', steps: warm, flat: false },
    { use: 'household', season: 'cold', climates: [1, 2], steps: cold, flat: false },
    { use: 'household', season: 'cold', climates: [3, 4, 5], steps: mild, flat: false },
  ]),
  // climate 5 was not published
  stepList.map((steps): GasRates[] => [{ use: 'household', season: 'both', climates: [1, 2, 3, 4], steps, flat: false }]),
);
const rate = fc.integer({ min: 0, max: 20_000 });
const flat = (use: string, season: GasRates['season'], rialPerM3: number): GasRates => ({
  use,
  season,
  steps: [{ uptoM3PerMonth: null, rialPerM3 }],
  flat: true,
});
const otherRates = fc.oneof(
  rate.map((one) => [flat('commercial', 'both', one)]),
  fc.tuple(rate, rate).map(([warm, cold]) => [flat('commercial', 'warm', warm), flat('commercial', 'cold', cold)]),
);
const gasRates = fc.tuple(householdRates, otherRates).map((rates) => rates.flat());

/** Gas rates alone, of one version that begins somewhere near `first` and may end again. */
const version = (first: JalaliDate) =>
  fc
    .record({
      starts: fc.integer({ min: -300, max: 420 }),
      length: fc.integer({ min: 1, max: 900 }),
      open: fc.boolean(),
      more: fc.option(fc.integer({ min: 0, max: 300 })),
    })
    .chain(({ starts, length, open, more }) => {
      const from = addDays(first, starts);
      const last = addDays(from, length - 1);
      return fc
        .record({ seasons: open ? yearlySeasons : fc.oneof(yearlySeasons, datedSeasons(from, last)), gas: gasRates })
        .map(({ seasons, gas }) =>
          tariff({ from, to: open ? null : last, seasons, gas, ...(!open && more !== null && { provisionalTo: addDays(last, more) }) }),
        );
    });

/** Up to four versions that overlap, mostly after one more that fills every gap: as long as it lasts, or on account after its end. */
export const gasTariffs = (first: JalaliDate) =>
  fc.array(version(first), { minLength: 1, maxLength: 4 }).chain((versions) => {
    const filled = fc
      .record({ seasons: yearlySeasons, gas: gasRates, ends: fc.option(fc.integer({ min: -60, max: 60 })) })
      .map(({ ends, ...rates }) => [
        tariff({ ...rates, ...(ends !== null && { to: addDays(first, ends), provisionalTo: addDays(first, 600) }) }),
        ...versions,
      ]);
    return fc.oneof({ weight: 3, arbitrary: filled }, fc.constant(versions));
  });

// ---- with all that a tariff charges

/** Rules of which some begin or end in the period, some overlap and some leave days without any. */
const dated = (first: JalaliDate) =>
  fc
    .record({ starts: fc.integer({ min: -500, max: 120 }), length: fc.option(fc.integer({ min: 1, max: 700 }), { freq: 2 }) })
    .map(({ starts, length }): { from: JalaliDate; to: JalaliDate | null } => {
      const from = addDays(first, starts);
      return { from, to: length === null ? null : addDays(from, length - 1) };
    });
const some = <T>(rule: fc.Arbitrary<T>, maxLength: number) => fc.array(rule, { maxLength });
const percent = fc.constantFrom('9', '10', '9.0', '0', '12.5', '8.333333333');
const base = fc.uniqueArray(fc.constantFrom<VatRule['base'][number]>('gas', 'subscription', 'insurance', 'levy'), { maxLength: 4 });
const use = fc.constantFrom('household', 'commercial');
const charge = fc.record({
  // few sums, so that neighbours are often the same
  rialPerMonth: fc.oneof(fc.constantFrom(0, 3_000, 4_001), fc.integer({ min: 0, max: 200_000 })),
  per: fc.constantFrom<FixedCharge['per']>('meter', 'unit'),
  fixedPer: fc.constantFrom(undefined, 'month' as const, 'period' as const),
});
const fixed = ({
  fixedPer,
  ...rest
}: {
  rialPerMonth: number;
  per: FixedCharge['per'];
  fixedPer: FixedCharge['fixedPer'] | undefined;
}): FixedCharge => ({ ...rest, ...(fixedPer && { fixedPer }) });

const levyRule = (first: JalaliDate): fc.Arbitrary<LevyRule> =>
  fc.tuple(dated(first), percent).map(([dates, of]) => ({ ...dates, percent: of }));
const vatRule = (first: JalaliDate): fc.Arbitrary<VatRule> =>
  fc.tuple(dated(first), percent, base).map(([dates, of, groups]) => ({ ...dates, percent: of, base: groups }));
const insuranceRule = (first: JalaliDate): fc.Arbitrary<InsuranceRule> =>
  fc
    .tuple(dated(first), charge, use, fc.constantFrom('urban' as const, 'rural' as const))
    .map(([dates, of, forUse, area]) => ({ ...dates, ...fixed(of), use: forUse, area }));
const subscriptionRule = (first: JalaliDate): fc.Arbitrary<SubscriptionRule> =>
  fc
    .tuple(dated(first), charge, fc.option(use), fc.constantFrom(2, 4, 6, 16, 25, null, null))
    .map(([dates, of, forUse, capacityUpTo]) => ({ ...dates, ...fixed(of), ...(forUse !== null && { use: forUse }), capacityUpTo }));
const discountRule = (first: JalaliDate): fc.Arbitrary<DiscountRule> =>
  fc
    .record({
      dates: dated(first),
      forUse: fc.constantFrom('household', 'household', 'household', 'commercial'),
      climates: fc.option(fc.uniqueArray(fc.integer({ min: 1, max: 5 }), { minLength: 3 }), { freq: 2 }),
      season: fc.option(fc.constantFrom('warm' as const, 'cold' as const), { freq: 2 }),
      spans: fc.option(
        fc.array(
          fc.record({
            from: fc.oneof({ weight: 6, arbitrary: dayOfYear }, fc.constant('12/30')),
            to: fc.oneof({ weight: 6, arbitrary: dayOfYear }, fc.constant('12/30')),
          }),
          { minLength: 1, maxLength: 2 },
        ),
        { freq: 2 },
      ),
      limit: fc.integer({ min: 1, max: 900 }),
      steps: fc.integer({ min: 1, max: 5 }),
      kind: fc.constantFrom('freeAllowance' as const, 'welfare' as const),
    })
    .map(({ dates, forUse, climates, season, spans, limit, steps, kind }) => ({
      ...dates,
      title: 'تخفیف',
      use: forUse,
      ...(climates && { climates }),
      ...(season && { season }),
      ...(spans && { spans }),
      ...(kind === 'welfare' ? { kind, steps } : { kind, uptoM3PerMonth: limit }),
    }));
const collection = fc.record({
  roundTo: fc.constantFrom(1_000, 1_000, 1_000, 10_000),
  notCollectedUpTo: fc.constantFrom(10_000, 10_000, 0, 500, 50_000),
});

const charged = (of: Tariff, first: JalaliDate): fc.Arbitrary<Tariff> =>
  fc
    .record({
      levy: some(levyRule(first), 3),
      vat: some(vatRule(first), 3),
      insurance: some(insuranceRule(first), 5),
      subscription: some(subscriptionRule(first), 5),
      discounts: some(discountRule(first), 4),
      collection,
    })
    .map((charges) => ({ ...of, ...charges }));

/** As gasTariffs, each with levy, VAT, insurance, subscription, discounts and a collection rule of its own. */
export const fullTariffs = (first: JalaliDate): fc.Arbitrary<Tariff[]> =>
  gasTariffs(first).chain((versions) => fc.tuple(...versions.map((of, i) => charged({ ...of, version: `V${i}` }, first))));
