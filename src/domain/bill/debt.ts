import type { AccountSnapshot, CountedSum, EarlierSettlement } from '../settlement/account.js';
import { due, sinceCounted } from '../settlement/earlier-settlement.js';
import { type GasDiscount, gasDiscounts } from './discount.js';
import {
  compareFractions,
  decimal,
  fraction,
  fractionText,
  multiplyFractions,
  readFraction,
  roundToRial,
  spokenFraction,
} from '../fraction.js';
import { type GasPrice, gasPrice } from './gas-price.js';
import { type JalaliDate, addDays, daysBetween } from '../calendar/jalali.js';
import { type Usage, meterOn } from '../settlement/reading.js';
import { type Rial, rial, subtractRial, sumRial } from '../rial.js';
import type { Purpose, SettlementFacts } from '../settlement/settlement.js';
import {
  type CollectionRule,
  DEFAULT_COLLECTION,
  type FixedCharge,
  type GasInterval,
  type SubscriptionRule,
  type Tariff,
  type VatRule,
  holdsOn,
  isProvisional,
  tariffOn,
} from '../tariff/tariff.js';

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
  /** read by staff and priced by tariffs in force: definitive (قطعی); else on account (علی‌الحساب) */
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
  let intervals: readonly GasInterval[] = [];
  if (usage.days > 0) {
    const priced = addPeriodLines(lines, input, period);
    if ('noTariffOn' in priced) return priced;
    intervals = priced.intervals;
  }
  addLedgerLines(lines, snapshot);
  addDueLines(lines, snapshot, facts.purpose);
  const total = sumRial(lines.map((line) => line.amount));
  const used = [...new Set(intervals.map((interval) => interval.tariff))];
  const collection = tariffOn(tariffs, facts.settlementDate)?.collection ?? DEFAULT_COLLECTION;
  return {
    lines,
    total,
    ...collect(total, collection),
    days: usage.days,
    consumption: fractionText(usage.consumption.n, usage.consumption.d),
    previousReading:
      snapshot.earlierSettlement?.previous || snapshot.lastBill || usage.days > 0
        ? { reading: usage.previous.reading, on: usage.previous.on }
        : null,
    definitive: facts.readingSource === 'staff' && usage.previous.source !== 'estimated' && !intervals.some(isProvisional),
    tariff: used.map((tariff) => tariff.version),
    illustrative: used.some((tariff) => tariff.illustrative) || (input.fee?.illustrative ?? false),
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

function addPeriodLines(lines: BillLine[], input: DebtInput, period: Period): { intervals: GasInterval[] } | { noTariffOn: JalaliDate } {
  const { snapshot, usage, tariffs } = input;
  const { account } = snapshot;
  const gas = gasPrice({
    tariffs,
    ...period,
    consumption: usage.consumption,
    use: account.use,
    climate: account.climate,
    units: account.units,
  });
  if ('noTariffOn' in gas) return gas;
  for (const line of gas.lines) {
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
        `${spokenFraction(readFraction(line.m3))} متر مکعب × ${line.rialPerM3} ریال، از ${line.from} تا ${line.to} (${line.days} روز از ${period.days} روزِ دوره)؛ ` +
        (line.flat ? 'نرخ یکسان برای همه کارکرد' : stepText(line.above, line.upto, line.days, account.units)) +
        `؛ ${line.tariff.title}${isProvisional(line) ? ' (موقت، تا انتشار تعرفه تازه)' : ''}`,
    });
  }
  addFixedCharges(lines, gas.intervals, input, period);
  const charged = lines.length;
  addLevyAndVat(lines, gas.intervals, period);
  addDiscounts(lines, charged, gas, input, period);
  return gas;
}

/**
 * One DISCOUNT line per rule and gas interval: the free gas, and the difference that its removal makes to the printed
 * levy and VAT. A share computed on its own would be rounded on its own, and the totals would no longer be those of the rest.
 */
function addDiscounts(
  lines: BillLine[],
  charged: number,
  gas: GasPrice,
  { snapshot: { account }, usage }: DebtInput,
  period: Period,
): void {
  const discounts = gasDiscounts(gas, { ...account, consumption: usage.consumption });
  if (discounts.length === 0) return;
  const base = lines.slice(0, charged);
  let before = percentSums(lines);
  for (const discount of discounts) {
    // never printed: the base without the gas that is free
    base.push(ledgerLine('GAS_STEP', '', -discount.rial, null, ''));
    const reduced = [...base];
    addLevyAndVat(reduced, gas.intervals, period);
    const after = percentSums(reduced);
    lines.push(discountLine(discount, before.levy - after.levy, before.vat - after.vat, account.units));
    before = after;
  }
}

function percentSums(lines: readonly BillLine[]): { levy: Rial; vat: Rial } {
  const sum = (code: LineCode): Rial => sumRial(lines.filter((line) => line.code === code).map((line) => line.amount));
  return { levy: sum('GAS_LEVY'), vat: sum('VAT') };
}

function discountLine(
  { rule, interval, from, to, days, intervalDays, m3, rial: gas }: GasDiscount,
  levy: Rial,
  vat: Rial,
  units: number,
): BillLine {
  const share = days < intervalDays ? ` (سهم ${days} روز از ${intervalDays} روز)` : '';
  const why =
    rule.kind === 'freeAllowance'
      ? `مصرف بیش از ${scaledLimit(rule.uptoM3PerMonth, intervalDays, units)} متر مکعب در ${intervalDays} روز نیست (${rule.uptoM3PerMonth} در ماه${units > 1 ? ` × ${units} واحد` : ''})`
      : `پله‌های ۱ تا ${rule.steps} برای مشترک تحت حمایت رایگان است`;
  return {
    code: 'DISCOUNT',
    label: `تخفیف: ${rule.title}`,
    quantity: m3,
    unit: 'm3',
    rate: null,
    days,
    from,
    to,
    amount: subtractRial(0, sumRial([gas, levy, vat])),
    basis: `${why}؛ کسر گازبهای ${spokenFraction(readFraction(m3))} متر مکعب${share} ${gas} ریال، عوارض آن ${levy} ریال و مالیات آن ${vat} ریال؛ ${interval.tariff.title}`,
  };
}

/** A monthly limit (m³) × days ÷ 30 × units, for a sentence. */
function scaledLimit(limit: number, days: number, units: number): string {
  return spokenFraction(fraction(BigInt(limit) * BigInt(days * units), 30n));
}

function stepText(above: number, upto: number | null, days: number, units: number): string {
  const scaled = (limit: number): string => scaledLimit(limit, days, units);
  const scale = `سقف ماهانه × ${days} ÷ ۳۰${units > 1 ? ` × ${units} واحد` : ''}`;
  return upto === null
    ? `بیش از ${scaled(above)} متر مکعب (${above} در ماه؛ ${scale})`
    : `از ${scaled(above)} تا ${scaled(upto)} متر مکعب (${above} تا ${upto} در ماه؛ ${scale})`;
}

interface Dated {
  from: JalaliDate;
  to: JalaliDate | null;
}

/** A dated rule with the days of the period on which it is the one in force. */
interface RuleSpan<R> {
  rule: R;
  from: JalaliDate;
  to: JalaliDate;
  days: number;
}

/**
 * Cuts the period where the rule changes, each day under the tariff that is in force on it; days without a rule carry no
 * charge. `choose` takes one of the rules that cover a day, which may also turn on the days of `changes`. Neighbouring
 * spans whose rules are the `same` are one.
 */
function ruleSpans<R extends Dated>(
  intervals: readonly GasInterval[],
  rulesOf: (tariff: Tariff) => readonly R[],
  choose: (rules: readonly R[], on: JalaliDate) => R | undefined,
  same: (a: R, b: R) => boolean,
  changes: readonly JalaliDate[] = [],
): RuleSpan<R>[] {
  const spans: RuleSpan<R>[] = [];
  for (const { tariff, from: first, to: last } of intervals) {
    const rules = rulesOf(tariff);
    const cuts = new Set<JalaliDate>([first, ...changes.filter((day) => day > first && day <= last)]);
    for (const rule of rules) {
      if (rule.from > first && rule.from <= last) cuts.add(rule.from);
      if (rule.to !== null && rule.to >= first && rule.to < last) cuts.add(addDays(rule.to, 1));
    }
    const starts = [...cuts].sort();
    starts.forEach((from, i) => {
      const next = starts[i + 1];
      const to = next ? addDays(next, -1) : last;
      const rule = choose(
        rules.filter((candidate) => holdsOn(tariff, candidate, from)),
        from,
      );
      if (!rule) return;
      const before = spans.at(-1);
      if (before && same(before.rule, rule) && addDays(before.to, 1) === from) {
        before.to = to;
        before.days = daysBetween(before.from, to) + 1;
      } else spans.push({ rule, from, to, days: daysBetween(from, to) + 1 });
    });
  }
  return spans;
}

/** Of rules that cover one day the last published stands. */
function lastPublished<R>(rules: readonly R[]): R | undefined {
  return rules.at(-1);
}

function sameCharge(a: FixedCharge, b: FixedCharge): boolean {
  return a.rialPerMonth === b.rialPerMonth && a.per === b.per && (a.fixedPer ?? 'month') === (b.fixedPer ?? 'month');
}

function addFixedCharges(lines: BillLine[], intervals: readonly GasInterval[], { snapshot }: DebtInput, period: Period): void {
  const { account, meters } = snapshot;
  const charge = (code: 'SUBSCRIPTION' | 'INSURANCE', label: string, { rule, days, from, to }: RuleSpan<FixedCharge>): void => {
    const count = rule.per === 'unit' ? account.units : 1;
    const whole = rule.fixedPer === 'period' ? billingPeriodDays(snapshot, period) : 30;
    lines.push({
      code,
      label,
      quantity: fractionText(BigInt(days * count), BigInt(whole)),
      unit: rule.fixedPer === 'period' ? null : 'month',
      rate: String(rule.rialPerMonth),
      days,
      from,
      to,
      amount: chargeShare(rule.rialPerMonth, days * count, whole),
      basis:
        `${rule.rialPerMonth} ریال ${rule.fixedPer === 'period' ? `در دوره ${whole} روزه` : 'در ماه'} × ${days} روز ÷ ${whole}` +
        `${count > 1 ? ` × ${count} واحد` : ''}، از ${from} تا ${to}`,
    });
  };
  // each day by the meter that is in place on it
  const chosen = (rules: readonly SubscriptionRule[], on: JalaliDate): SubscriptionRule | undefined => {
    const capacity = decimal(meterOn(meters, on)?.capacity ?? '0');
    return closestFit(
      rules.filter(
        ({ use, capacityUpTo }) =>
          (use === undefined || use === account.use) && (capacityUpTo === null || compareFractions(capacity, fraction(capacityUpTo)) <= 0),
      ),
    );
  };
  const meterChanges = meters.flatMap(({ installedOn, removedOn }) => (removedOn === null ? [installedOn] : [installedOn, removedOn]));
  for (const span of ruleSpans(intervals, (tariff) => tariff.subscription, chosen, sameCharge, meterChanges)) {
    charge('SUBSCRIPTION', 'آبونمان', span);
  }
  const insurance = (tariff: Tariff) => tariff.insurance.filter((rule) => rule.use === account.use && rule.area === account.area);
  for (const span of ruleSpans(intervals, insurance, lastPublished, sameCharge)) charge('INSURANCE', 'بیمه', span);
}

/** The rule for the very use before one for all, the smallest capacity class that holds the meter, the last published. */
function closestFit(rules: readonly SubscriptionRule[]): SubscriptionRule | undefined {
  const closer = (a: SubscriptionRule, b: SubscriptionRule): boolean =>
    (a.use === undefined) === (b.use === undefined) ? (a.capacityUpTo ?? Infinity) <= (b.capacityUpTo ?? Infinity) : a.use !== undefined;
  let closest: SubscriptionRule | undefined;
  for (const rule of rules) if (!closest || closer(rule, closest)) closest = rule;
  return closest;
}

/** The part of a fixed sum (rial) for `days` of the `whole` days it is meant for, rounded once. */
export function chargeShare(amount: Rial, days: number, whole: number): Rial {
  return roundToRial(BigInt(amount) * BigInt(days), BigInt(whole));
}

/** Days of the whole billing period that holds the settlement: the timetable's, else the last bill's, else a month. */
function billingPeriodDays({ cycles, lastBill }: AccountSnapshot, { until }: Period): number {
  const cycle = cycles.find(({ fromDate, toDate }) => fromDate < until && until <= toDate);
  const whole = cycle ?? lastBill;
  const days = whole ? daysBetween(whole.fromDate, whole.toDate) : 0;
  return days > 0 ? days : 30;
}

const GROUP: Partial<Record<LineCode, VatRule['base'][number]>> = {
  GAS_STEP: 'gas',
  GAS_FLAT: 'gas',
  SUBSCRIPTION: 'subscription',
  INSURANCE: 'insurance',
  GAS_LEVY: 'levy',
};
const GROUP_NAME: Record<VatRule['base'][number], string> = {
  gas: 'گازبها',
  subscription: 'آبونمان',
  insurance: 'بیمه',
  levy: 'عوارض گازرسانی',
};

interface PercentRule extends Dated {
  percent: string;
  base: readonly VatRule['base'][number][];
}

/** Levy and VAT are computed once on the sum of the printed lines of their base; a changed rate takes its share of days. */
function addLevyAndVat(lines: BillLine[], intervals: readonly GasInterval[], period: Period): void {
  const add = (code: 'GAS_LEVY' | 'VAT', label: string, rulesOf: (tariff: Tariff) => readonly PercentRule[]): void => {
    const spans = ruleSpans(intervals, rulesOf, lastPublished, sameRate);
    for (const { rule, days, from, to } of onePerRate(spans)) {
      const sum = sumRial(
        lines.filter((line) => rule.base.includes(GROUP[line.code] as VatRule['base'][number])).map((line) => line.amount),
      );
      if (sum === 0) continue;
      const rate = multiplyFractions(decimal(rule.percent), fraction(days, period.days * 100));
      const split = days === period.days ? '' : ` × ${days} روز ÷ ${period.days} روز`;
      lines.push({
        code,
        label,
        quantity: String(sum),
        unit: 'rial',
        rate: `${rule.percent}%`,
        days,
        from,
        to,
        amount: roundToRial(rate.n * BigInt(sum), rate.d),
        basis: `${rule.percent} درصدِ ${sum} ریال (${rule.base.map((group) => GROUP_NAME[group]).join(' و ')})${split}`,
      });
    }
  };
  add('GAS_LEVY', 'عوارض گازرسانی', (tariff) => tariff.levy.map((rule) => ({ ...rule, base: ['gas'] })));
  add('VAT', 'مالیات بر ارزش افزوده', (tariff) => tariff.vat);
}

function sameRate(a: PercentRule, b: PercentRule): boolean {
  return compareFractions(decimal(a.percent), decimal(b.percent)) === 0 && [...a.base].sort().join() === [...b.base].sort().join();
}

/** One line per rate: spans of the same rate and base are put together even when another lies between. */
function onePerRate(spans: readonly RuleSpan<PercentRule>[]): RuleSpan<PercentRule>[] {
  const merged: RuleSpan<PercentRule>[] = [];
  for (const span of spans) {
    const same = merged.find((other) => sameRate(other.rule, span.rule));
    if (same) {
      same.days += span.days;
      same.to = span.to;
    } else merged.push({ ...span });
  }
  return merged;
}

/** A line of the ledger: a known sum without a quantity. */
function ledgerLine(code: LineCode, label: string, amount: Rial, on: JalaliDate | null, basis: string): BillLine {
  return { code, label, quantity: null, unit: null, rate: null, days: null, from: null, to: on, amount: rial(amount), basis };
}

function addLedgerLines(lines: BillLine[], { lastBill, earlierSettlement: earlier, ...snapshot }: AccountSnapshot): void {
  const ledger = (...line: Parameters<typeof ledgerLine>): void => void lines.push(ledgerLine(...line));
  const payments = sinceCounted(snapshot.payments, earlier?.counted.payments);
  const adjustments = sinceCounted(snapshot.adjustments, earlier?.counted.adjustments);
  if (earlier) {
    if (earlier.total !== 0) {
      ledger(
        'PREVIOUS_DEBT',
        earlier.total < 0 ? 'بستانکاری قبلی' : 'بدهی قبلی',
        earlier.total,
        earlier.settlementDate,
        `مانده صورتحساب تسویه ${earlier.billNumber} در ${earlier.settlementDate} در همین دوره، با احتساب کسر هزار ریال`,
      );
    }
  } else if (lastBill && lastBill.totalDue !== 0) {
    ledger(
      'PREVIOUS_DEBT',
      lastBill.totalDue < 0 ? 'بستانکاری قبلی' : 'بدهی قبلی',
      lastBill.totalDue,
      lastBill.issuedOn,
      `مانده صورتحساب ${lastBill.serial} (دوره ${lastBill.cycle}) صادرشده در ${lastBill.issuedOn}، با احتساب کسر هزار ریال`,
    );
  }
  for (const payment of payments.entries) {
    ledger(
      'PAYMENT',
      'پرداخت',
      -payment.amount,
      payment.paidOn,
      `پرداخت ${payment.reference} در ${payment.paidOn} که در صورتحساب قبلی نیامده است`,
    );
  }
  for (const gone of payments.gone) ledger('PAYMENT', 'برگشت پرداخت', gone.amount, ...goneText('پرداخت', gone, earlier));
  for (const adjustment of adjustments.entries) {
    ledger(
      'ADJUSTMENT',
      `تعدیل: ${adjustment.reason}`,
      adjustment.amount,
      adjustment.on,
      `تعدیل ${adjustment.reference} در ${adjustment.on}: ${adjustment.reason}`,
    );
  }
  for (const gone of adjustments.gone) ledger('ADJUSTMENT', 'برگشت تعدیل', -gone.amount, ...goneText('تعدیل', gone, earlier));
}

/** Day and basis of a line that takes back what an earlier settlement counted. */
function goneText(kind: string, { reference }: CountedSum, earlier: EarlierSettlement | undefined): [JalaliDate | null, string] {
  return [
    earlier?.settlementDate ?? null,
    `${kind} ${reference} در صورتحساب تسویه ${earlier?.billNumber} به حساب آمده بود؛ بنا بر داده‌های تازه در صورتحساب دوره منظور شده یا از این اشتراک نیست و دوباره حساب نمی‌شود`,
  ];
}

/** At a final settlement all instalments of a plan fall due, and a deposit is set off; at a balance both stay. */
function addDueLines(lines: BillLine[], { earlierSettlement: earlier, ...snapshot }: AccountSnapshot, purpose: Purpose): void {
  const before = earlier?.counted;
  const instalments = sinceCounted(due(snapshot.instalments, purpose, before?.instalments), before?.instalments);
  const deposits = sinceCounted(due(snapshot.deposits, purpose, before?.deposits), before?.deposits);
  if (instalments.entries.length > 0 || instalments.gone.length > 0) {
    const parts = [
      ...instalments.entries.map(({ reference, dueOn, amount }) => `${reference} (${dueOn}): ${amount} ریال`),
      ...instalments.gone.map(
        ({ reference, amount }) => `${reference}: ${-amount} ریال (در صورتحساب دوره منظور شده یا از این اشتراک نیست)`,
      ),
    ].join('، ');
    const sum = sumRial([...instalments.entries.map(({ amount }) => amount), ...instalments.gone.map(({ amount }) => -amount)]);
    lines.push(ledgerLine('INSTALMENTS', 'اقساط باقی‌مانده', sum, null, `با تسویه نهایی همه اقساط حال می‌شود: ${parts}`));
  }
  for (const { reference, amount, on } of deposits.entries) {
    lines.push(ledgerLine('DEPOSIT', 'ودیعه', -amount, on, `ودیعه ${reference} سپرده در ${on} که در تسویه نهایی کسر می‌شود`));
  }
  for (const gone of deposits.gone) lines.push(ledgerLine('DEPOSIT', 'برگشت ودیعه', gone.amount, ...goneText('ودیعه', gone, earlier)));
}

function oldestData(snapshot: AccountSnapshot): JalaliDate | null {
  const dates = snapshot.feeds.filter((feed) => feed.kind === 'bills' || feed.kind === 'payments').map((feed) => feed.asOf);
  return dates.length === 0 ? null : (dates.sort()[0] as JalaliDate);
}
