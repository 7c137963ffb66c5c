import { type Fraction, addFractions, fraction, fractionText, readFraction, roundToRial } from '../fraction.js';
import type { GasPrice, GasPriceLine } from './gas-price.js';
import { type JalaliDate, addDays, daysBetween, isLeapYear, yearOf } from '../calendar/jalali.js';
import type { Rial } from '../rial.js';
import type { DiscountRule, GasInterval } from '../tariff/tariff.js';

/** Gas that a rule takes off the bill: whole rials of printed gas lines, without their levy and VAT. */
export interface GasDiscount {
  rule: DiscountRule;
  interval: GasInterval;
  from: JalaliDate;
  to: JalaliDate;
  /** days on which the rule holds, of the interval's */
  days: number;
  intervalDays: number;
  /** exact m³ that are free, as in BillLine.quantity */
  m3: string;
  rial: Rial;
}

export interface DiscountInput {
  consumption: Fraction;
  use: string;
  climate: number;
  units: number;
  welfare: boolean;
}

/**
 * What the discounts take off the printed gas lines. Each gas interval is judged on its own: its quantity against
 * limit × units × its days ÷ 30. A rule whose dates cut an interval gets its share of days of the printed lines and
 * opens no new interval: consumption is spread evenly, so a part stands to its limit as the whole does.
 */
export function gasDiscounts(gas: GasPrice, input: DiscountInput): GasDiscount[] {
  const discounts: GasDiscount[] = [];
  for (const interval of gas.intervals) {
    const rules = (interval.tariff.discounts ?? []).filter((rule) => concerns(rule, interval, input));
    if (rules.length === 0) continue;
    const lines = gas.lines.filter((line) => line.from === interval.from);
    discounts.push(...ofInterval(interval, rules, lines, gas.days, input));
  }
  return discounts;
}

function concerns(rule: DiscountRule, { season }: GasInterval, { use, climate, welfare }: DiscountInput): boolean {
  return (
    rule.use === use &&
    (rule.season === undefined || rule.season === season) &&
    (rule.climates === undefined || rule.climates.includes(climate)) &&
    (rule.kind === 'freeAllowance' || welfare)
  );
}

interface Part {
  from: JalaliDate;
  to: JalaliDate;
}

function ofInterval(
  interval: GasInterval,
  rules: readonly DiscountRule[],
  lines: readonly GasPriceLine[],
  periodDays: number,
  { consumption, units }: DiscountInput,
): GasDiscount[] {
  const intervalDays = daysBetween(interval.from, interval.to) + 1;
  const held = rules.map((rule) => ({ rule, parts: partsOf(rule, interval) }));
  const cuts = new Set<JalaliDate>();
  for (const { from, to } of held.flatMap(({ parts }) => parts)) {
    cuts.add(from);
    if (to < interval.to) cuts.add(addDays(to, 1));
  }
  const starts = [...cuts].sort();
  const byRule = new Map<DiscountRule, Part & { days: number }>();
  starts.forEach((from, i) => {
    const next = starts[i + 1];
    const to = next ? addDays(next, -1) : interval.to;
    const rule = chosen(
      held.filter(({ parts }) => parts.some((part) => part.from <= from && from <= part.to)).map((each) => each.rule),
      (limit) => 30n * consumption.n <= BigInt(limit * units) * BigInt(periodDays) * consumption.d,
    );
    if (!rule) return;
    const before = byRule.get(rule);
    const days = daysBetween(from, to) + 1;
    byRule.set(rule, before ? { from: before.from, to, days: before.days + days } : { from, to, days });
  });
  const discounts: GasDiscount[] = [];
  // rounded on the running sum, so that parts never take off more than was printed
  let exact = 0n;
  let taken = 0;
  for (const [rule, { from, to, days }] of byRule) {
    const free = rule.kind === 'welfare' ? lines.filter((line) => !line.flat && line.step <= rule.steps) : lines;
    for (const line of free) exact += BigInt(line.rial) * BigInt(days);
    const rial = roundToRial(exact, BigInt(intervalDays)) - taken;
    taken += rial;
    if (rial > 0) discounts.push({ rule, interval, from, to, days, intervalDays, m3: shareOf(free, days, intervalDays), rial });
  }
  return discounts;
}

/** An allowance that is not exceeded before welfare steps, for it frees all; of one kind the last published. */
function chosen(rules: readonly DiscountRule[], within: (limit: number) => boolean): DiscountRule | undefined {
  const allowance = rules.findLast((rule) => rule.kind === 'freeAllowance');
  if (allowance?.kind === 'freeAllowance' && within(allowance.uptoM3PerMonth)) return allowance;
  return rules.findLast((rule) => rule.kind === 'welfare');
}

/** The stretches of the interval on which a rule holds: its dates, and its days of every year. */
function partsOf(rule: DiscountRule, { tariff, from, to }: GasInterval): Part[] {
  const first = rule.from > from ? rule.from : from;
  // used provisionally, a tariff goes on as on its last day: nothing begins after it
  if (tariff.to !== null && rule.from > tariff.to) return [];
  const goesOn = rule.to === null || (tariff.to !== null && rule.to >= tariff.to);
  const last = goesOn || (rule.to as JalaliDate) > to ? to : (rule.to as JalaliDate);
  if (first > last) return [];
  if (rule.spans === undefined) return [{ from: first, to: last }];
  const parts: Part[] = [];
  for (let year = yearOf(first) - 1; year <= yearOf(last); year++) {
    for (const span of rule.spans) {
      const start = startInYear(year, span.from);
      const end = endInYear(span.from > span.to ? year + 1 : year, span.to);
      const part = { from: start > first ? start : first, to: end < last ? end : last };
      if (part.from <= part.to) parts.push(part);
    }
  }
  return parts;
}

// 30 Esfand of an ordinary year is no day: what ends on it ends the day before, what begins on it the day after
function endInYear(year: number, day: string): JalaliDate {
  return `${year}/${day === '12/30' && !isLeapYear(year) ? '12/29' : day}` as JalaliDate;
}

function startInYear(year: number, day: string): JalaliDate {
  return (day === '12/30' && !isLeapYear(year) ? `${year + 1}/01/01` : `${year}/${day}`) as JalaliDate;
}

function shareOf(lines: readonly GasPriceLine[], days: number, of: number): string {
  const sum = lines.map(({ m3 }) => readFraction(m3)).reduce(addFractions, fraction(0));
  return fractionText(sum.n * BigInt(days), sum.d * BigInt(of));
}
