import type { AccountSnapshot } from './account.js';
import { type Fraction, decimal, fractionText, multiplyFractions, roundToRial } from './fraction.js';
import { gasPrice } from './gas-price.js';
import { type JalaliDate, addDays, daysBetween } from './jalali.js';
import type { Usage } from './reading.js';
import { type Rial, rial, subtractRial, sumRial } from './rial.js';
import type { SettlementFacts } from './settlement.js';
import { DEFAULT_COLLECTION, type CollectionRule, type Tariff, type VatRule, covers, tariffOn } from './tariff.js';

export type LineCode =
  | 'GAS_STEP'
  | 'GAS_FLAT'
  | 'SUBSCRIPTION'
  | 'INSURANCE'
  | 'GAS_LEVY'
  | 'VAT'
  | 'PREVIOUS_DEBT'
  | 'PAYMENT'
  | 'ADJUSTMENT'
  | 'INSTALMENTS'
  | 'DEPOSIT'
  | 'DISCOUNT';

/** One printed line. `amount` is the only rounded figure of it. */
export interface BillLine {
  code: LineCode;
  /** Persian, as printed */
  label: string;
  /** exact: a whole number or a fraction `n/d`; null where none applies */
  quantity: string | null;
  unit: 'm3' | 'month' | 'rial' | null;
  /** rial per m³ or month as decimal text, or percent (`9%`); null where none applies */
  rate: string | null;
  days: number | null;
  from: JalaliDate | null;
  to: JalaliDate | null;
  amount: Rial;
  /** plain Persian sentence: formula with its numbers, limits, tariff version or source */
  basis: string;
}

export interface Debt {
  lines: BillLine[];
  /** sum of the lines, signed */
  total: Rial;
  /** what is to be paid: a multiple of the rounding unit, never negative */
  payable: Rial;
  /** what stays in the ledger: payable + carry = total */
  carry: Rial;
  /** days of the period: after the last reading's date up to the settlement date */
  days: number;
  /** m³ (standard), exact text as in BillLine.quantity */
  consumption: string;
  previousReading: { reading: number; on: JalaliDate } | null;
  /** read by staff: definitive (قطعی); else on account (علی‌الحساب) */
  definitive: boolean;
  /** tariff versions used */
  tariff: string[];
  /** the tariff's figures are for illustration, not in force */
  illustrative: boolean;
  /** the oldest as-of date of the feeds the debt rests on */
  dataAsOf: JalaliDate | null;
  /** issuing fee collected in the next cycle's bill; null without a board resolution */
  fee: Fee | null;
}

/** The board's approval for the issuing fee, in force on the day. */
export interface Fee {
  amount: Rial;
  resolution: string;
  illustrative: boolean;
}

export interface DebtInput {
  snapshot: AccountSnapshot;
  facts: Pick<SettlementFacts, 'settlementDate' | 'reading' | 'readingSource' | 'purpose'>;
  usage: Usage;
  tariffs: readonly Tariff[];
  fee: Fee | null;
}

/**
 * The exact balance on the settlement date: gas and charges of the period since the last reading,
 * then the ledger. Returns the first day without a tariff instead when there is one.
 */
export function computeDebt(input: DebtInput): Debt | { noTariffOn: JalaliDate } {
  const { snapshot, facts, usage, tariffs } = input;
  const period = { after: usage.previous.on, until: facts.settlementDate, days: usage.days };
  const lines: BillLine[] = [];
  const used = new Set<Tariff>();
  if (usage.days > 0) {
    const noTariffOn = addPeriodLines(lines, used, input, period);
    if (noTariffOn) return { noTariffOn };
  }
  addLedgerLines(lines, snapshot);
  const total = sumRial(lines.map((line) => line.amount));
  const collection = tariffOn(tariffs, facts.settlementDate)?.collection ?? DEFAULT_COLLECTION;
  return {
    lines,
    total,
    ...collect(total, collection),
    days: usage.days,
    consumption: fractionText(usage.consumption.n, usage.consumption.d),
    previousReading: snapshot.lastBill || usage.days > 0 ? { reading: usage.previous.reading, on: usage.previous.on } : null,
    definitive: facts.readingSource === 'staff' && usage.previous.source !== 'estimated',
    tariff: [...used].map((tariff) => tariff.version),
    illustrative: [...used].some((tariff) => tariff.illustrative) || (input.fee?.illustrative ?? false),
    dataAsOf: oldestData(snapshot),
    fee: input.fee,
  };
}

/**
 * What of a total is collected now (کسر هزار ریال): rounded down to the unit; a small total is not collected
 * and a credit is carried. payable + carry = total, always.
 */
export function collect(total: Rial, rule: CollectionRule): { payable: Rial; carry: Rial } {
  const payable = total <= rule.notCollectedUpTo || total <= 0 ? 0 : total - (total % rule.roundTo);
  return { payable, carry: subtractRial(total, payable) };
}

interface Period {
  after: JalaliDate;
  until: JalaliDate;
  days: number;
}

function addPeriodLines(lines: BillLine[], used: Set<Tariff>, input: DebtInput, period: Period): JalaliDate | null {
  const { snapshot, usage, tariffs } = input;
  const { account } = snapshot;
  const gas = gasPrice({ tariffs, ...period, consumption: usage.consumption, use: account.use, climate: account.climate, units: account.units });
  if ('noTariffOn' in gas) return gas.noTariffOn;
  for (const line of gas.lines) {
    used.add(line.tariff);
    const season = line.season === 'warm' ? 'گرم' : 'سرد';
    lines.push({
      code: line.flat ? 'GAS_FLAT' : 'GAS_STEP',
      label: line.flat ? `گازبها، فصل ${season}` : `گازبها، فصل ${season}، پله ${line.step}`,
      quantity: line.m3,
      unit: 'm3',
      rate: String(line.rialPerM3),
      days: line.days,
      from: line.from,
      to: line.to,
      amount: line.rial,
      basis:
        `${line.m3} متر مکعب × ${line.rialPerM3} ریال، از ${line.from} تا ${line.to} (${line.days} روز از ${period.days} روزِ دوره)؛ ` +
        (line.flat ? 'نرخ یکسان برای همه کارکرد' : stepText(line.above, line.upto, line.days, account.units)) +
        `؛ ${line.tariff.title}`,
    });
  }
  // the gas line's tariff stands even when nothing was consumed: charges come from it
  const tariffsInPeriod = uniqueTariffs(tariffs, period);
  for (const tariff of tariffsInPeriod) used.add(tariff);
  addMonthlyCharges(lines, tariffsInPeriod, input, period);
  addLevyAndVat(lines, tariffsInPeriod, period);
  return null;
}

function stepText(above: number, upto: number | null, days: number, units: number): string {
  const scaled = (limit: number): string => fractionText(BigInt(limit) * BigInt(days * units), 30n);
  const scale = `سقف ماهانه × ${days} ÷ ۳۰${units > 1 ? ` × ${units} واحد` : ''}`;
  return upto === null
    ? `بیش از ${scaled(above)} متر مکعب (${above} در ماه؛ ${scale})`
    : `از ${scaled(above)} تا ${scaled(upto)} متر مکعب (${above} تا ${upto} در ماه؛ ${scale})`;
}

function uniqueTariffs(tariffs: readonly Tariff[], period: Period): Tariff[] {
  return tariffs.filter((tariff) => tariff.from <= period.until && (tariff.to === null || tariff.to > period.after));
}

/** A dated rule with the days of the period on which it is the one in force. */
interface RuleSpan<R> {
  rule: R;
  from: JalaliDate;
  to: JalaliDate;
  days: number;
}

/** Cuts the period where the rule changes; days without a rule carry no charge. Of several the last published wins. */
function ruleSpans<R extends { from: JalaliDate; to: JalaliDate | null }>(rules: readonly R[], period: Period): RuleSpan<R>[] {
  const first = addDays(period.after, 1);
  const cuts = new Set<JalaliDate>([first]);
  for (const rule of rules) {
    if (rule.from > first && rule.from <= period.until) cuts.add(rule.from);
    if (rule.to !== null && rule.to >= first && rule.to < period.until) cuts.add(addDays(rule.to, 1));
  }
  const starts = [...cuts].sort();
  const spans: RuleSpan<R>[] = [];
  starts.forEach((from, i) => {
    const next = starts[i + 1];
    const to = next ? addDays(next, -1) : period.until;
    const rule = rules.findLast((candidate) => covers(candidate, from));
    if (!rule) return;
    const last = spans.at(-1);
    if (last && last.rule === rule && addDays(last.to, 1) === from) {
      last.to = to;
      last.days = daysBetween(last.from, to) + 1;
    } else spans.push({ rule, from, to, days: daysBetween(from, to) + 1 });
  });
  return spans;
}

function addMonthlyCharges(lines: BillLine[], tariffs: readonly Tariff[], { snapshot }: DebtInput, period: Period): void {
  const { account, meters } = snapshot;
  const capacity = decimal(meters.at(-1)?.capacity ?? '0');
  const monthly = (code: 'SUBSCRIPTION' | 'INSURANCE', label: string, rule: { rialPerMonth: Rial; per: 'meter' | 'unit' }, span: RuleSpan<unknown>): void => {
    const count = rule.per === 'unit' ? account.units : 1;
    lines.push({
      code,
      label,
      quantity: fractionText(BigInt(span.days * count), 30n),
      unit: 'month',
      rate: String(rule.rialPerMonth),
      days: span.days,
      from: span.from,
      to: span.to,
      amount: roundToRial(BigInt(rule.rialPerMonth) * BigInt(span.days * count), 30n),
      basis: `${rule.rialPerMonth} ریال در ماه × ${span.days} روز ÷ ۳۰${count > 1 ? ` × ${count} واحد` : ''}، از ${span.from} تا ${span.to}`,
    });
  };
  const subscription = tariffs.flatMap((tariff) => tariff.subscription).filter((rule) => rule.use === undefined || rule.use === account.use);
  // of the capacity classes the smallest that holds the meter
  const fits = subscription.filter((rule) => rule.capacityUpTo === null || capacity.n <= BigInt(rule.capacityUpTo) * capacity.d);
  const narrowest = fits.filter(
    (rule) => !fits.some((other) => other !== rule && other.from === rule.from && (other.capacityUpTo ?? Infinity) < (rule.capacityUpTo ?? Infinity)),
  );
  for (const span of ruleSpans(narrowest, period)) monthly('SUBSCRIPTION', 'آبونمان', span.rule, span);
  const insurance = tariffs.flatMap((tariff) => tariff.insurance).filter((rule) => rule.use === account.use && rule.area === account.area);
  for (const span of ruleSpans(insurance, period)) monthly('INSURANCE', 'بیمه', span.rule, span);
}

const GROUP: Partial<Record<LineCode, VatRule['base'][number]>> = {
  GAS_STEP: 'gas',
  GAS_FLAT: 'gas',
  SUBSCRIPTION: 'subscription',
  INSURANCE: 'insurance',
  GAS_LEVY: 'levy',
};
const GROUP_NAME: Record<VatRule['base'][number], string> = { gas: 'گازبها', subscription: 'آبونمان', insurance: 'بیمه', levy: 'عوارض گازرسانی' };

/** Levy and VAT are computed once on the sum of the printed lines of their base; a changed rate takes its share of days. */
function addLevyAndVat(lines: BillLine[], tariffs: readonly Tariff[], period: Period): void {
  const percentLine = (code: 'GAS_LEVY' | 'VAT', label: string, base: readonly VatRule['base'][number][], percent: string, span: RuleSpan<unknown>): void => {
    const sum = sumRial(lines.filter((line) => base.includes(GROUP[line.code] as VatRule['base'][number])).map((line) => line.amount));
    if (sum === 0) return;
    const share = percentOf(percent, sum, span.days, period.days);
    const split = span.days === period.days ? '' : ` × ${span.days} روز ÷ ${period.days} روز`;
    lines.push({
      code,
      label,
      quantity: String(sum),
      unit: 'rial',
      rate: `${percent}%`,
      days: span.days,
      from: span.from,
      to: span.to,
      amount: share,
      basis: `${percent} درصدِ ${sum} ریال (${base.map((group) => GROUP_NAME[group]).join(' و ')})${split}`,
    });
  };
  const byRate = <R extends { percent: string; base?: readonly string[] }>(spans: RuleSpan<R>[]): RuleSpan<R>[] => {
    // one line per rate: spans of the same rate and base are put together even when another lies between
    const merged: RuleSpan<R>[] = [];
    const sameBase = (a: R, b: R): boolean => a.base?.join() === b.base?.join();
    for (const span of spans) {
      const same = merged.find((other) => other.rule.percent === span.rule.percent && sameBase(other.rule, span.rule));
      if (same) {
        same.days += span.days;
        same.to = span.to;
      } else merged.push({ ...span });
    }
    return merged;
  };
  for (const span of byRate(ruleSpans(tariffs.flatMap((tariff) => tariff.levy), period))) {
    percentLine('GAS_LEVY', 'عوارض گازرسانی', ['gas'], span.rule.percent, span);
  }
  for (const span of byRate(ruleSpans(tariffs.flatMap((tariff) => tariff.vat), period))) {
    percentLine('VAT', 'مالیات بر ارزش افزوده', span.rule.base, span.rule.percent, span);
  }
}

function percentOf(percent: string, base: Rial, days: number, periodDays: number): Rial {
  const rate: Fraction = multiplyFractions(decimal(percent), { n: BigInt(days), d: BigInt(periodDays) * 100n });
  return roundToRial(rate.n * BigInt(base), rate.d);
}

function addLedgerLines(lines: BillLine[], { lastBill, payments, adjustments }: AccountSnapshot): void {
  const ledger = (code: LineCode, label: string, amount: Rial, on: JalaliDate, basis: string): void => {
    lines.push({ code, label, quantity: null, unit: null, rate: null, days: null, from: null, to: on, amount: rial(amount), basis });
  };
  if (lastBill && lastBill.totalDue !== 0) {
    ledger(
      'PREVIOUS_DEBT',
      lastBill.totalDue < 0 ? 'بستانکاری قبلی' : 'بدهی قبلی',
      lastBill.totalDue,
      lastBill.issuedOn,
      `مانده صورتحساب ${lastBill.serial} (دوره ${lastBill.cycle}) صادرشده در ${lastBill.issuedOn}، با احتساب کسر هزار ریال`,
    );
  }
  for (const payment of payments) {
    ledger('PAYMENT', 'پرداخت', -payment.amount, payment.paidOn, `پرداخت ${payment.reference} در ${payment.paidOn} که در صورتحساب قبلی نیامده است`);
  }
  for (const adjustment of adjustments) {
    ledger('ADJUSTMENT', `تعدیل: ${adjustment.reason}`, adjustment.amount, adjustment.on, `تعدیل ${adjustment.reference} در ${adjustment.on}: ${adjustment.reason}`);
  }
}

function oldestData(snapshot: AccountSnapshot): JalaliDate | null {
  const dates = snapshot.feeds.filter((feed) => feed.kind === 'bills' || feed.kind === 'payments').map((feed) => feed.asOf);
  return dates.length === 0 ? null : (dates.sort()[0] as JalaliDate);
}

