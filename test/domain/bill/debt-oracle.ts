/*
 * The whole debt a second time, from domain.md: nothing of src/domain but its types. Its calendar is read from Intl, its
 * fractions are pairs of BigInt, and it cuts no spans: each day of the period says what holds on it, and days that follow
 * each other and say the same are one line.
 */
import type { AccountSnapshot, CountedSum, Meter } from '../../../src/domain/settlement/account.js';
import type { BillLine, LineCode } from '../../../src/domain/bill/debt.js';
import type { SettlementFacts } from '../../../src/domain/settlement/settlement.js';
import type { DiscountRule, FixedCharge, GasRates, Season, SeasonSpan, Tariff, VatRule } from '../../../src/domain/tariff/tariff.js';

/** n/d with d > 0 */
export type Ratio = readonly [n: bigint, d: bigint];

const ratio = (n: number | bigint, d: number | bigint = 1n): Ratio => [BigInt(n), BigInt(d)];
const plus = ([a, b]: Ratio, [c, d]: Ratio): Ratio => [a * d + c * b, b * d];
const times = ([a, b]: Ratio, [c, d]: Ratio): Ratio => [a * c, b * d];
const minus = (a: Ratio, [c, d]: Ratio): Ratio => plus(a, [-c, d]);
const atMost = ([a, b]: Ratio, [c, d]: Ratio): boolean => a * d <= c * b;
const smaller = (a: Ratio, b: Ratio): Ratio => (atMost(a, b) ? a : b);

function parsed(decimal: string): Ratio {
  const [whole = '', places = ''] = decimal.split('.');
  return [BigInt(whole + places), 10n ** BigInt(places.length)];
}

/** Whole rial, half up by magnitude: the floor of |x| + 1/2. */
function toRial([n, d]: Ratio): bigint {
  return n < 0n ? -toRial([-n, d]) : (n * 2n + d) / (d * 2n);
}

/** `45` or lowest terms `15/2`. */
export function written([n, d]: Ratio): string {
  let [a, b] = [n < 0n ? -n : n, d];
  while (b > 0n) [a, b] = [b, a % b];
  return d === a ? String(n / a) : `${n / a}/${d / a}`;
}

// the calendar as a table: every day from 1385 to 1414, as the platform writes it
const PERSIAN = new Intl.DateTimeFormat('fa-IR-u-ca-persian-nu-latn', {
  timeZone: 'UTC',
  year: 'numeric',
  month: '2-digit',
  day: '2-digit',
});
const DATES = Array.from({ length: 29 * 366 }, (_, i) => PERSIAN.format(Date.UTC(2006, 5, 1 + i)));
const PLACE = new Map(DATES.map((date, i) => [date, i]));

function placeOf(date: string): number {
  const place = PLACE.get(date);
  if (place === undefined) throw new RangeError(`not in the table: ${date}`);
  return place;
}
function daysFrom(a: string, b: string): number {
  return placeOf(b) - placeOf(a);
}

interface Dated {
  from: string;
  to: string | null;
}
const holds = ({ from, to }: Dated, day: string): boolean => from <= day && (to === null || day <= to);

/** A span `mm/dd` of every year that may pass the year's end, or one of full dates. */
function spanHolds({ from, to }: Pick<SeasonSpan, 'from' | 'to'>, day: string): boolean {
  const key = day.slice(-from.length);
  return from <= to ? from <= key && key <= to : key >= from || key <= to;
}

/** Of those in force the last published; else, where it allows that, the one that ended last. */
export function tariffOfDay(tariffs: readonly Tariff[], day: string): Tariff | undefined {
  const inForce = tariffs.filter((tariff) => holds(tariff, day));
  if (inForce.length > 0) return inForce[inForce.length - 1];
  const ended = tariffs.filter(({ to }) => to !== null && to < day);
  const lastDay = ended
    .map(({ to }) => String(to))
    .sort()
    .pop();
  const last = ended.filter(({ to }) => to === lastDay).pop();
  return (last?.provisionalTo ?? '') >= day ? last : undefined;
}

export interface GasDay {
  date: string;
  tariff: Tariff;
  season: Season;
  rates: GasRates;
  /** the day whose rules hold: after its end a tariff goes on as on its last day */
  ruleDay: string;
}

/** The days after `after` through `until`, or the first one without a tariff, a season or a rate. */
export function gasDays(tariffs: readonly Tariff[], after: string, until: string, use: string, climate: number): GasDay[] | string {
  const days: GasDay[] = [];
  for (let place = placeOf(after) + 1; place <= placeOf(until); place++) {
    const date = DATES[place]!;
    const tariff = tariffOfDay(tariffs, date);
    const season = tariff?.seasons.find((span) => spanHolds(span, date))?.season;
    const rates = tariff?.gas.find(
      (each) => each.use === use && ['both', season].includes(each.season) && (each.climates ?? [climate]).includes(climate),
    );
    if (!tariff || !season || !rates) return date;
    days.push({ date, tariff, season, rates, ruleDay: tariff.to !== null && tariff.to < date ? tariff.to : date });
  }
  return days;
}

/** Days that follow each other with the same key, in order; those with an undefined key are left out. */
function runs<D, K>(days: readonly D[], keyOf: (day: D) => K | undefined, same: (a: K, b: K) => boolean): { key: K; days: D[] }[] {
  const found: { key: K; days: D[] }[] = [];
  let open = false;
  for (const day of days) {
    const key = keyOf(day);
    const last = found[found.length - 1];
    if (open && key !== undefined && last && same(last.key, key)) last.days.push(day);
    else if (key !== undefined) found.push({ key, days: [day] });
    open = key !== undefined;
  }
  return found;
}

export interface GasRun {
  tariff: Tariff;
  season: Season;
  days: GasDay[];
  lines: { step: number; flat: boolean; rialPerM3: number; m3: Ratio; rial: bigint }[];
}

/** The stretches of one tariff and season with their lines: the period's m³ spread evenly, graduated steps. */
export function gasRuns(days: readonly GasDay[], m3: Ratio, units: number): GasRun[] {
  return runs(
    days,
    ({ tariff, season }) => ({ tariff, season }),
    (a, b) => a.tariff === b.tariff && a.season === b.season,
  ).map(({ key, days: of }) => {
    const used = times(m3, ratio(of.length, days.length));
    const { rates } = of[0]!;
    const lines: GasRun['lines'] = [];
    let below = ratio(0);
    rates.steps.forEach(({ uptoM3PerMonth, rialPerM3 }, i) => {
      const limit = uptoM3PerMonth === null ? used : smaller(used, times(ratio(uptoM3PerMonth), ratio(of.length * units, 30)));
      const part = minus(limit, below);
      if (part[0] > 0n) lines.push({ step: i + 1, flat: rates.flat, rialPerM3, m3: part, rial: toRial(times(part, ratio(rialPerM3))) });
      below = limit;
    });
    return { ...key, days: of, lines };
  });
}

type Group = VatRule['base'][number];
/** What is compared with the bill: everything but the Persian texts. */
export type OracleLine = Pick<BillLine, 'code' | 'quantity' | 'unit' | 'rate' | 'days'> & {
  from: string | null;
  to: string | null;
  amount: bigint;
};

export interface OracleDebt {
  lines: OracleLine[];
  total: bigint;
  payable: bigint;
  carry: bigint;
  days: number;
  consumption: string;
  definitive: boolean;
  tariff: string[];
}

export interface OracleInput {
  snapshot: AccountSnapshot;
  facts: Pick<SettlementFacts, 'settlementDate' | 'reading' | 'readingSource' | 'purpose'>;
  tariffs: readonly Tariff[];
}

/** The debt, or the first day without a tariff. The reading must be possible. */
export function oracle(input: OracleInput): OracleDebt | { noTariffOn: string } {
  const { snapshot, facts, tariffs } = input;
  const { account } = snapshot;
  const period = used(input);
  const lines: OracleLine[] = [];
  let days: GasDay[] = [];
  if (period.days > 0) {
    const found = gasDays(tariffs, period.after, facts.settlementDate, account.use, account.climate);
    if (typeof found === 'string') return { noTariffOn: found };
    days = found;
    lines.push(...periodLines(input, days, period.m3));
  }
  lines.push(...ledgerLines(input));
  const total = lines.reduce((sum, { amount }) => sum + amount, 0n);
  const rule = tariffOfDay(tariffs, facts.settlementDate)?.collection ?? { roundTo: 1000, notCollectedUpTo: 10_000 };
  const payable = total > 0n && total > BigInt(rule.notCollectedUpTo) ? (total / BigInt(rule.roundTo)) * BigInt(rule.roundTo) : 0n;
  return {
    lines,
    total,
    payable,
    carry: total - payable,
    days: period.days,
    consumption: written(period.m3),
    definitive: facts.readingSource === 'staff' && !period.estimated && days.every(({ date, ruleDay }) => date === ruleDay),
    tariff: [...new Set(days.map(({ tariff }) => tariff.version))],
  };
}

// ---- what was used

interface Used {
  after: string;
  days: number;
  m3: Ratio;
  estimated: boolean;
}

function used({ snapshot: { earlierSettlement, lastBill, meters }, facts }: OracleInput): Used {
  const nothing = { after: facts.settlementDate, days: 0, m3: ratio(0) };
  const previous = earlierSettlement
    ? earlierSettlement.previous
    : lastBill
      ? { reading: lastBill.toReading, on: lastBill.toDate, source: lastBill.readingSource }
      : meters[0]
        ? { reading: meters[0].startReading, on: meters[0].installedOn, source: 'staff' }
        : null;
  const estimated = previous?.source === 'estimated';
  if (facts.reading === null || !previous || previous.on === facts.settlementDate) return { ...nothing, estimated };
  // the figures of the period in order, each with its meter: previous, then end and start at each replacement, then the new one
  const first = meters.indexOf(readMeter(meters, previous.on, previous.reading));
  const last = meters.indexOf(readMeter(meters, facts.settlementDate, facts.reading));
  let m3 = ratio(0);
  for (let i = first; i <= last; i++) {
    const meter = meters[i]!;
    const start = i === first ? previous.reading : meter.startReading;
    const end = i === last ? facts.reading : Number(meter.endReading);
    m3 = plus(m3, times(ratio(forward(start, end, meter)), parsed(meter.coefficient)));
  }
  return { after: previous.on, days: daysFrom(previous.on, facts.settlementDate), m3, estimated };
}

/** How far the counter turned from one figure to another; over its end it goes on at 0. */
function forward(start: number, end: number, { digits }: Meter): number {
  const round = 10 ** digits;
  return (((end - start) % round) + round) % round;
}

/** On the day of a replacement the meter whose figure at the change is nearer, the later when both are as near. */
function readMeter(meters: readonly Meter[], day: string, figure: number): Meter {
  const candidates = meters
    .filter((meter) => meter.installedOn <= day && (meter.removedOn ?? '9999') >= day && figure < 10 ** meter.digits)
    .map((meter) => {
      const fromStart = meter.installedOn === day ? forward(meter.startReading, figure, meter) : 0;
      const toEnd = meter.removedOn === day ? forward(figure, Number(meter.endReading), meter) : 0;
      return { meter, away: Math.max(fromStart, toEnd) };
    });
  const nearest = Math.min(...candidates.map(({ away }) => away));
  const found = candidates.filter(({ away }) => away === nearest).pop();
  if (!found) throw new Error(`no meter on ${day}`);
  return found.meter;
}

// ---- the lines of the period

function periodLines({ snapshot, facts }: OracleInput, days: readonly GasDay[], m3: Ratio): OracleLine[] {
  const { account, meters, cycles, lastBill } = snapshot;
  const gas = gasRuns(days, m3, account.units);
  const lines: OracleLine[] = gas.flatMap(({ days: of, lines: steps }) =>
    steps.map(({ flat, rialPerM3, m3: part, rial }): OracleLine => ({
      code: flat ? 'GAS_FLAT' : 'GAS_STEP',
      quantity: written(part),
      unit: 'm3',
      rate: String(rialPerM3),
      ...span(of),
      amount: rial,
    })),
  );

  const cycle = cycles.find(({ fromDate, toDate }) => fromDate < facts.settlementDate && facts.settlementDate <= toDate) ?? lastBill;
  const cycleDays = (cycle && daysFrom(cycle.fromDate, cycle.toDate)) || 30;
  const fixed = (code: LineCode, chargeOf: (day: GasDay) => FixedCharge | undefined): void => {
    const same = (a: FixedCharge, b: FixedCharge): boolean =>
      a.rialPerMonth === b.rialPerMonth && a.per === b.per && (a.fixedPer === 'period') === (b.fixedPer === 'period');
    for (const { key, days: of } of runs(days, chargeOf, same)) {
      const share = ratio(of.length * (key.per === 'unit' ? account.units : 1), key.fixedPer === 'period' ? cycleDays : 30);
      lines.push({
        code,
        quantity: written(share),
        unit: key.fixedPer === 'period' ? null : 'month',
        rate: String(key.rialPerMonth),
        ...span(of),
        amount: toRial(times(share, ratio(key.rialPerMonth))),
      });
    }
  };
  fixed('SUBSCRIPTION', ({ date, tariff, ruleDay }) => {
    const capacity = parsed(meterInPlace(meters, date)?.capacity ?? '0');
    const fitting = tariff.subscription.filter(
      (rule) =>
        holds(rule, ruleDay) &&
        (rule.use ?? account.use) === account.use &&
        (rule.capacityUpTo === null || atMost(capacity, ratio(rule.capacityUpTo))),
    );
    // the use's own rules if there are any, the smallest class among them, the last published of it
    const own = fitting.filter(({ use }) => use !== undefined);
    const among = own.length > 0 ? own : fitting;
    const smallest = Math.min(...among.map(({ capacityUpTo }) => capacityUpTo ?? Infinity));
    return among.filter(({ capacityUpTo }) => (capacityUpTo ?? Infinity) === smallest).pop();
  });
  fixed('INSURANCE', ({ tariff, ruleDay }) =>
    tariff.insurance.filter((rule) => holds(rule, ruleDay) && rule.use === account.use && rule.area === account.area).pop(),
  );

  const sumOf = (...codes: LineCode[]): bigint => lines.reduce((sum, { code, amount }) => (codes.includes(code) ? sum + amount : sum), 0n);
  const sums: Record<Exclude<Group, 'levy'>, bigint> = {
    gas: sumOf('GAS_STEP', 'GAS_FLAT'),
    subscription: sumOf('SUBSCRIPTION'),
    insurance: sumOf('INSURANCE'),
  };
  const full = levyAndVat(days, sums);
  lines.push(...full.lines);

  // one line per rule and gas run: the free gas, and what levy and VAT would be less without it
  let before = full;
  for (const { days: of, rial, m3: free } of discounts(gas, m3, days.length, snapshot)) {
    sums.gas -= rial;
    const after = levyAndVat(days, sums);
    lines.push({
      code: 'DISCOUNT',
      quantity: written(free),
      unit: 'm3',
      rate: null,
      ...span(of),
      amount: -(rial + (before.levy - after.levy) + (before.vat - after.vat)),
    });
    before = after;
  }
  return lines;
}

/** Days counted, first and last. */
function span(days: readonly { date: string }[]): { days: number; from: string; to: string } {
  return { days: days.length, from: days[0]!.date, to: days[days.length - 1]!.date };
}

/** A day's meter: on the day of a replacement the new one; where none is in place the last on record. */
function meterInPlace(meters: readonly Meter[], day: string): Meter | undefined {
  return (
    meters.filter(({ installedOn, removedOn }) => installedOn <= day && day < (removedOn ?? '9999')).pop() ?? meters[meters.length - 1]
  );
}

/** Each rate once on the sum of its printed base, × its days ÷ all days. */
function levyAndVat(
  days: readonly GasDay[],
  sums: Record<Exclude<Group, 'levy'>, bigint>,
): { lines: OracleLine[]; levy: bigint; vat: bigint } {
  const lines: OracleLine[] = [];
  const add = (code: 'GAS_LEVY' | 'VAT', ruleOf: (day: GasDay) => { percent: string; base: readonly Group[] } | undefined): bigint => {
    const byRate = new Map<string, { percent: string; base: readonly Group[]; days: GasDay[] }>();
    for (const day of days) {
      const rule = ruleOf(day);
      if (!rule) continue;
      const key = `${written(parsed(rule.percent))} ${[...rule.base].sort().join()}`;
      const rate = byRate.get(key) ?? { percent: rule.percent, base: rule.base, days: [] };
      rate.days.push(day);
      byRate.set(key, rate);
    }
    let sum = 0n;
    for (const { percent, base, days: of } of byRate.values()) {
      const levied = lines.reduce((all, line) => (line.code === 'GAS_LEVY' ? all + line.amount : all), 0n);
      const taxed = base.reduce((all, group) => all + (group === 'levy' ? levied : sums[group]), 0n);
      if (taxed === 0n) continue;
      const amount = toRial(times(times(ratio(taxed), times(parsed(percent), ratio(1, 100))), ratio(of.length, days.length)));
      lines.push({ code, quantity: String(taxed), unit: 'rial', rate: `${percent}%`, ...span(of), amount });
      sum += amount;
    }
    return sum;
  };
  const levy = add('GAS_LEVY', ({ tariff, ruleDay }) => {
    const rule = tariff.levy.filter((each) => holds(each, ruleDay)).pop();
    return rule && { percent: rule.percent, base: ['gas'] };
  });
  const vat = add('VAT', ({ tariff, ruleDay }) => tariff.vat.filter((each) => holds(each, ruleDay)).pop());
  return { lines, levy, vat };
}

function discounts(
  gas: readonly GasRun[],
  m3: Ratio,
  periodDays: number,
  { account }: AccountSnapshot,
): { days: GasDay[]; rial: bigint; m3: Ratio }[] {
  return gas.flatMap(({ season, days, lines }) => {
    const quantity = times(m3, ratio(days.length, periodDays));
    const within = (limit: number): boolean => atMost(quantity, times(ratio(limit), ratio(days.length * account.units, 30)));
    const ofDay = ({ date, tariff, ruleDay }: GasDay): DiscountRule | undefined => {
      const rules = (tariff.discounts ?? []).filter(
        (rule) =>
          holds(rule, ruleDay) &&
          rule.use === account.use &&
          (rule.season ?? season) === season &&
          (rule.climates ?? [account.climate]).includes(account.climate) &&
          (rule.spans ?? [{ from: '01/01', to: '12/30' }]).some((each) => spanHolds(each, date)),
      );
      // the last published allowance frees all or nothing; what it does not free the last published welfare rule may
      const allowance = rules.filter((rule) => rule.kind === 'freeAllowance').pop();
      if (allowance && within(allowance.uptoM3PerMonth)) return allowance;
      return account.welfare ? rules.filter((rule) => rule.kind === 'welfare').pop() : undefined;
    };
    const byRule = new Map<DiscountRule, GasDay[]>();
    for (const day of days) {
      const rule = ofDay(day);
      if (rule) byRule.set(rule, [...(byRule.get(rule) ?? []), day]);
    }
    const found: { days: GasDay[]; rial: bigint; m3: Ratio }[] = [];
    let exact = ratio(0);
    for (const [rule, of] of byRule) {
      const free = rule.kind === 'welfare' ? lines.filter(({ flat, step }) => !flat && step <= rule.steps) : lines;
      const share = ratio(of.length, days.length);
      const before = toRial(exact);
      exact = plus(exact, times(ratio(free.reduce((sum, line) => sum + line.rial, 0n)), share));
      const rial = toRial(exact) - before;
      if (rial > 0n)
        found.push({
          days: of,
          rial,
          m3: times(
            free.reduce((sum, line) => plus(sum, line.m3), ratio(0)),
            share,
          ),
        });
    }
    return found;
  });
}

// ---- the ledger

function ledgerLines({ snapshot, facts }: OracleInput): OracleLine[] {
  const { earlierSettlement: earlier, lastBill, payments, adjustments, instalments, deposits } = snapshot;
  const line = (code: LineCode, amount: number | bigint, to: string | null): OracleLine => ({
    code,
    quantity: null,
    unit: null,
    rate: null,
    days: null,
    from: null,
    to,
    amount: BigInt(amount),
  });
  const lines: OracleLine[] = [];
  const previous = earlier
    ? { owed: earlier.total, on: earlier.settlementDate }
    : { owed: lastBill?.totalDue ?? 0, on: lastBill?.issuedOn ?? null };
  if (previous.owed !== 0) lines.push(line('PREVIOUS_DEBT', previous.owed, previous.on));
  for (const { amount, on } of uncounted(payments, earlier?.counted.payments, ({ paidOn }) => paidOn, previous.on))
    lines.push(line('PAYMENT', -amount, on));
  for (const { amount, on } of uncounted(adjustments, earlier?.counted.adjustments, ({ on: day }) => day, previous.on))
    lines.push(line('ADJUSTMENT', amount, on));
  // what a final settlement made due stays due; the rest of it falls due only at another one
  const due = <E extends CountedSum>(entries: readonly E[], counted: readonly CountedSum[] = []): E[] =>
    entries.filter(({ reference }) => facts.purpose === 'final' || counted.some((each) => each.reference === reference));
  const plan = uncounted(due(instalments, earlier?.counted.instalments), earlier?.counted.instalments, () => null, null);
  if (plan.length > 0)
    lines.push(
      line(
        'INSTALMENTS',
        plan.reduce((sum, { amount }) => sum + amount, 0n),
        null,
      ),
    );
  for (const { amount, on } of uncounted(
    due(deposits, earlier?.counted.deposits),
    earlier?.counted.deposits,
    ({ on: day }) => day,
    previous.on,
  )) {
    lines.push(line('DEPOSIT', -amount, on));
  }
  return lines;
}

/** By reference: what is known now less what the earlier settlement's total holds, none where that is nothing. */
function uncounted<E extends CountedSum>(
  now: readonly E[],
  before: readonly CountedSum[] = [],
  dayOf: (entry: E) => string | null,
  counted: string | null,
): { amount: bigint; on: string | null }[] {
  const held = (reference: string): bigint | undefined => {
    const sum = before.find((each) => each.reference === reference);
    return sum && BigInt(sum.amount);
  };
  const changed = now.map((entry) => ({ entry, was: held(entry.reference) })).filter(({ entry, was }) => was !== BigInt(entry.amount));
  const gone = before.filter(({ reference, amount }) => amount !== 0 && !now.some((entry) => entry.reference === reference));
  return [
    ...changed.map(({ entry, was = 0n }) => ({ amount: BigInt(entry.amount) - was, on: dayOf(entry) })),
    ...gone.map(({ amount }) => ({ amount: -BigInt(amount), on: counted })),
  ];
}
