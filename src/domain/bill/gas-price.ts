import { type Fraction, fractionText, roundToRial } from '../fraction.js';
import { type JalaliDate, addDays, daysBetween } from '../calendar/jalali.js';
import { type Rial, sumRial } from '../rial.js';
import { type GasInterval, type Season, type Tariff, gasIntervals, gasRatesFor } from '../tariff/tariff.js';

export interface GasPriceLine {
  season: Season;
  tariff: Tariff;
  from: JalaliDate;
  to: JalaliDate;
  days: number;
  rialPerM3: Rial;
  /** exact m³ billed at this rate: `45` or `15/2` */
  m3: string;
  rial: Rial;
  flat: boolean;
  /** 1-based step and its monthly limits before scaling; above = null for the open one */
  step: number;
  above: number;
  upto: number | null;
}

export interface GasPrice {
  days: number;
  /** the stretches that were priced, in order: they tile the period */
  intervals: GasInterval[];
  lines: GasPriceLine[];
  gasPriceRial: Rial;
}

export interface GasPriceInput {
  tariffs: readonly Tariff[];
  /** date of the last reading: its day is already billed */
  after: JalaliDate;
  /** date of the new reading: its day is billed */
  until: JalaliDate;
  /** standard m³ over the whole period, ≥ 0 */
  consumption: Fraction;
  use: string;
  climate: number;
  units: number;
}

/**
 * The gas price of a period: consumption spread evenly over its days, each interval of one tariff and
 * season priced in graduated steps whose limits are monthly limit × days ÷ 30 × units.
 * Every line is exact until it is rounded once to a whole rial; the price is the sum of the lines.
 * Returns the first day without a rate instead when there is one. RangeError for a negative period or consumption,
 * and for a consumption in no day: neither may vanish from a bill.
 */
export function gasPrice(input: GasPriceInput): GasPrice | { noTariffOn: JalaliDate } {
  const days = daysBetween(input.after, input.until);
  if (days < 0 || input.consumption.n < 0n || (days === 0 && input.consumption.n > 0n)) {
    throw new RangeError(`no price for ${fractionText(input.consumption.n, input.consumption.d)} m³ in ${days} days`);
  }
  const intervals = gasIntervals(input.tariffs, input.after, input.until);
  if (!Array.isArray(intervals)) {
    // an earlier day may have a tariff and still no rate for this use
    const before = gasPrice({ ...input, until: addDays(intervals.noTariffOn, -1), consumption: { n: 0n, d: 1n } });
    return 'noTariffOn' in before ? before : intervals;
  }
  const lines: GasPriceLine[] = [];
  for (const interval of intervals) {
    const rates = gasRatesFor(interval.tariff, input.use, interval.season, input.climate);
    if (!rates) return { noTariffOn: interval.from };
    priceInterval(interval, rates.steps, rates.flat, days, input, lines);
  }
  return { days, intervals, lines, gasPriceRial: sumRial(lines.map((line) => line.rial)) };
}

function priceInterval(
  interval: GasInterval,
  steps: Tariff['gas'][number]['steps'],
  flat: boolean,
  periodDays: number,
  { consumption, units }: GasPriceInput,
  lines: GasPriceLine[],
): void {
  const days = daysBetween(interval.from, interval.to) + 1;
  // all quantities of the interval over one denominator: 30 × period days × consumption's own
  const denominator = 30n * BigInt(periodDays) * consumption.d;
  const quantity = 30n * BigInt(days) * consumption.n;
  const limitFactor = BigInt(days * units) * BigInt(periodDays) * consumption.d;
  let below = 0n;
  let above = 0;
  for (let i = 0; i < steps.length && below < quantity; i++) {
    const { uptoM3PerMonth, rialPerM3 } = steps[i] as (typeof steps)[number];
    const limit = uptoM3PerMonth === null ? quantity : BigInt(uptoM3PerMonth) * limitFactor;
    const upper = limit < quantity ? limit : quantity;
    const part = upper - below;
    lines.push({
      season: interval.season,
      tariff: interval.tariff,
      from: interval.from,
      to: interval.to,
      days,
      rialPerM3,
      m3: fractionText(part, denominator),
      rial: roundToRial(BigInt(rialPerM3) * part, denominator),
      flat,
      step: i + 1,
      above,
      upto: uptoM3PerMonth,
    });
    below = upper;
    above = uptoM3PerMonth ?? above;
  }
}
