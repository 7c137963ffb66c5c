import type { AccountSnapshot } from './account.js';
import { computeDebt } from './debt.js';
import { fraction, roundToRial } from './fraction.js';
import { type JalaliDate, addDays } from './jalali.js';
import { type Rial, subtractRial } from './rial.js';
import { type GasRates, type Season, type Tariff, type TariffFault, gasIntervals, gasRatesFor } from './tariff.js';

const CLIMATES = [1, 2, 3, 4, 5];
const SEASONS: Season[] = ['warm', 'cold'];
const NAMES = new Set(['version', 'title', 'source', 'about', 'illustrative', 'from', 'to', 'provisionalTo', 'seasons', 'gas', 'levy', 'vat', 'insurance', 'subscription', 'discounts', 'requiredDocuments', 'service', 'collection', 'bands', 'paymentPeriods']);

/** What is not wrong in itself but unlikely: slips of ten (toman for rial), rates that are not there, names that nothing reads. */
export function tariffWarnings(tariff: Tariff, against: Tariff | null): TariffFault[] {
  const unknown = Object.keys(tariff).filter((name) => !NAMES.has(name));
  return [
    ...unknown.map((name) => ({ path: name, code: 'UNKNOWN_NAME', message: 'nothing reads this name' })),
    ...slipsOfSteps(tariff.gas),
    ...(against ? slipsAgainst(tariff, against) : []),
    ...missingRates(tariff),
  ];
}

/** Ten times or a tenth, with room for what a decree changes besides. */
function isSlip(rate: Rial, other: Rial): boolean {
  const [small, large] = rate < other ? [rate, other] : [other, rate];
  return small > 0 && large >= 7 * small && large <= 14 * small;
}

function slip(path: string, rate: Rial, than: string): TariffFault {
  return { path, code: 'SLIP_OF_TEN', message: `${rate} is about ten times or a tenth of ${than}: toman for rial?` };
}

/** Each rate beside the one of the step before it; past a slip the next is held against the last sound one. */
export function slipsOfSteps(gas: readonly GasRates[]): TariffFault[] {
  const found: TariffFault[] = [];
  gas.forEach(({ steps }, i) => {
    let sound = steps[0]?.rialPerM3 ?? 0;
    steps.forEach(({ rialPerM3 }, n) => {
      if (isSlip(rialPerM3, sound)) found.push(slip(`gas[${i}].steps[${n}].rialPerM3`, rialPerM3, `${sound} of the steps before`));
      else sound = rialPerM3;
    });
  });
  return found;
}

function slipsAgainst(tariff: Tariff, against: Tariff): TariffFault[] {
  const found: TariffFault[] = [];
  tariff.gas.forEach((rates, i) => {
    const season = rates.season === 'both' ? 'warm' : rates.season;
    const old = gasRatesFor(against, rates.use, season, rates.climates?.[0] ?? 1);
    if (!old) return;
    let above = 0;
    rates.steps.forEach(({ uptoM3PerMonth, rialPerM3 }, n) => {
      // the old rate of the first m³ of the step, wherever the old steps ended
      const from = above;
      const same = old.steps.find((step) => step.uptoM3PerMonth === null || step.uptoM3PerMonth > from);
      if (same && isSlip(rialPerM3, same.rialPerM3)) found.push(slip(`gas[${i}].steps[${n}].rialPerM3`, rialPerM3, `${same.rialPerM3} in ${against.version}`));
      above = uptoM3PerMonth ?? above;
    });
  });
  const charges = <R extends { rialPerMonth: Rial }>(name: string, rules: readonly R[], olds: readonly R[], same: (a: R, b: R) => boolean): void =>
    rules.forEach((rule, i) => {
      const old = olds.findLast((other) => same(rule, other));
      if (old && isSlip(rule.rialPerMonth, old.rialPerMonth)) found.push(slip(`${name}[${i}].rialPerMonth`, rule.rialPerMonth, `${old.rialPerMonth} in ${against.version}`));
    });
  charges('insurance', tariff.insurance, against.insurance, (a, b) => a.use === b.use && a.area === b.area);
  charges('subscription', tariff.subscription, against.subscription, (a, b) => a.use === b.use && a.capacityUpTo === b.capacityUpTo);
  return found;
}

function missingRates(tariff: Tariff): TariffFault[] {
  const found: TariffFault[] = [];
  for (const use of new Set(tariff.gas.map((rates) => rates.use))) {
    for (const season of SEASONS.filter((each) => tariff.seasons.some((span) => span.season === each))) {
      const none = CLIMATES.filter((climate) => !gasRatesFor(tariff, use, season, climate));
      if (none.length > 0) found.push({ path: 'gas', code: 'NO_RATE', message: `no ${season} rate for ${use} in climate ${none.join(', ')}: refused there (NO_TARIFF)` });
    }
  }
  return found;
}

/** A bill of 30 days inside one season: one unit, urban, an ordinary meter, no ledger. Null where there is no rate. */
export interface SampleBill {
  use: string;
  /** null: the rate is that of every climate */
  climate: number | null;
  season: Season;
  m3: number;
  oldRial: Rial | null;
  newRial: Rial | null;
  differenceRial: Rial | null;
  /** one place, signed; null where there is nothing to compare with */
  percent: string | null;
}

const HOUSEHOLD_M3 = [20, 50, 100, 200, 400, 800];
const OTHER_M3 = [100, 1000];

/** What people would pay under the one and the other. */
export function sampleBills(tariff: Tariff, against: Tariff | null): SampleBill[] {
  const bills: SampleBill[] = [];
  const uses = new Set([...tariff.gas, ...(against?.gas ?? [])].map((rates) => rates.use));
  for (const use of uses) {
    const byClimate = use === 'household' || [...tariff.gas, ...(against?.gas ?? [])].some((rates) => rates.use === use && rates.climates !== undefined);
    for (const climate of byClimate ? CLIMATES : [null]) {
      for (const season of SEASONS) {
        const [periodNew, periodOld] = [monthIn(tariff, season), against && monthIn(against, season)];
        for (const m3 of use === 'household' ? HOUSEHOLD_M3 : OTHER_M3) {
          const newRial = periodNew && total(tariff, periodNew, use, climate ?? 1, m3);
          const oldRial = against && periodOld ? total(against, periodOld, use, climate ?? 1, m3) : null;
          if (newRial === null && oldRial === null) continue;
          bills.push({ use, climate, season, m3, oldRial, newRial, ...difference(oldRial, newRial) });
        }
      }
    }
  }
  return bills;
}

function difference(oldRial: Rial | null, newRial: Rial | null): Pick<SampleBill, 'differenceRial' | 'percent'> {
  if (oldRial === null || newRial === null) return { differenceRial: null, percent: null };
  const differenceRial = subtractRial(newRial, oldRial);
  if (oldRial === 0) return { differenceRial, percent: null };
  const tenths = roundToRial(BigInt(differenceRial) * 1000n, BigInt(oldRial));
  const size = Math.abs(tenths);
  return { differenceRial, percent: `${tenths < 0 ? '-' : '+'}${Math.trunc(size / 10)}.${size % 10}` };
}

/** The date of the last reading before 30 days of one season, the last such of the tariff's first year: by then all its rules are in force. */
function monthIn(tariff: Tariff, season: Season): JalaliDate | null {
  const start = addDays(tariff.from, -1);
  for (let day = 365; day >= 0; day--) {
    const after = addDays(start, day);
    if (tariff.to !== null && addDays(after, 30) > tariff.to) continue;
    const intervals = gasIntervals([tariff], after, addDays(after, 30));
    if (Array.isArray(intervals) && intervals.length === 1 && intervals[0]?.season === season) return after;
  }
  return null;
}

function total(tariff: Tariff, after: JalaliDate, use: string, climate: number, m3: number): Rial | null {
  const debt = computeDebt({
    snapshot: sampleSnapshot(after, use, climate),
    facts: { settlementDate: addDays(after, 30), reading: m3, readingSource: 'staff', purpose: 'balance' },
    usage: { previous: { reading: 0, on: after, source: 'staff' }, days: 30, consumption: fraction(m3) },
    tariffs: [tariff],
    fee: null,
  });
  return 'noTariffOn' in debt ? null : debt.total;
}

function sampleSnapshot(connectedOn: JalaliDate, use: string, climate: number): AccountSnapshot {
  return {
    account: { subscription: '', file: '', company: '', name: '', nationalId: '', mobile: '', address: '', postalCode: '', office: '', series: '', use, climate, area: 'urban', units: 1, welfare: false, connectedOn, closedOn: null },
    meters: [{ serial: '', digits: 5, capacity: '6', coefficient: '1', installedOn: connectedOn, startReading: 0, removedOn: null, endReading: null }],
    lastBill: null,
    history: [],
    payments: [],
    adjustments: [],
    instalments: [],
    deposits: [],
    cycles: [],
    feeds: [],
  };
}
