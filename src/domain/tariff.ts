import { type JalaliDate, addDays, parseJalali } from './jalali.js';
import type { Rial } from './rial.js';

export type Season = 'warm' | 'cold';

/** A season's span: full dates, or `mm/dd` for every year (a span may pass the year's end). Both days belong to it. */
export interface SeasonSpan {
  season: Season;
  from: string;
  to: string;
}

/** Monthly step: its rate applies only to the part above the step before. The last one is open (null). */
export interface Step {
  uptoM3PerMonth: number | null;
  rialPerM3: Rial;
}

export interface GasRates {
  use: string;
  season: Season | 'both';
  /** absent: every climate */
  climates?: number[];
  steps: Step[];
  /** one rate for all of the consumption: printed as GAS_FLAT */
  flat: boolean;
}

interface Dated {
  from: JalaliDate;
  /** last day; null = until further notice */
  to: JalaliDate | null;
}
export type LevyRule = Dated & { percent: string };
/** `base`: the line groups that are taxed; sources disagree, so it is data. */
export type VatRule = Dated & { percent: string; base: ('gas' | 'subscription' | 'insurance' | 'levy')[] };
export type InsuranceRule = Dated & { use: string; area: 'urban' | 'rural'; rialPerMonth: Rial; per: 'meter' | 'unit' };
export type SubscriptionRule = Dated & {
  /** absent: every use */
  use?: string;
  /** up to this capacity in m³/h; null = any above */
  capacityUpTo: number | null;
  rialPerMonth: Rial;
  per: 'meter' | 'unit';
};

/** When the payable sum is collected and how it is rounded (کسر هزار ریال). */
export interface CollectionRule {
  roundTo: Rial;
  notCollectedUpTo: Rial;
}

/** Tolerance of a reading against the same season's own daily average. */
export interface Bands {
  highFactor: string;
  lowFactor: string;
  outerFactor: string;
  /** monthly m³ (per unit) under which nothing counts as high */
  ignoreUpToM3PerMonth: number;
}

/** One published tariff. Every rated figure is data with its dates of validity. */
export interface Tariff extends Dated {
  version: string;
  title: string;
  source: string;
  /** the figures are shown for practice and are not in force */
  illustrative: boolean;
  seasons: SeasonSpan[];
  gas: GasRates[];
  levy: LevyRule[];
  vat: VatRule[];
  insurance: InsuranceRule[];
  subscription: SubscriptionRule[];
  collection: CollectionRule;
  bands: Bands;
  /** range of the two-digit period that settlement bills use in their payment ids */
  paymentPeriods: { from: number; to: number };
}

export const DEFAULT_COLLECTION: CollectionRule = { roundTo: 1000, notCollectedUpTo: 10_000 };
export const DEFAULT_BANDS: Bands = { highFactor: '2', lowFactor: '0.3', outerFactor: '5', ignoreUpToM3PerMonth: 30 };
export const DEFAULT_PAYMENT_PERIODS = { from: 50, to: 99 };

export interface TariffFault {
  path: string;
  code: string;
  message: string;
}

/** Thrown with every fault at once. */
export class TariffError extends Error {
  override readonly name = 'TariffError';
  constructor(readonly faults: TariffFault[]) {
    super(faults.map((fault) => `${fault.path}: ${fault.message}`).join('\n'));
  }
}

export function covers(rule: Dated, date: JalaliDate): boolean {
  return rule.from <= date && (rule.to === null || date <= rule.to);
}

/** The tariff of a day: of those that cover it the last published, which stands last in the list. */
export function tariffOn(tariffs: readonly Tariff[], date: JalaliDate): Tariff | undefined {
  for (let i = tariffs.length - 1; i >= 0; i--) {
    const tariff = tariffs[i] as Tariff;
    if (covers(tariff, date)) return tariff;
  }
  return undefined;
}

/** The season's span that holds `date`, with its last day (as a full date). */
export function seasonOn(tariff: Tariff, date: JalaliDate): { season: Season; to: JalaliDate } | undefined {
  for (const span of tariff.seasons) {
    if (span.from.length === 5) {
      const year = Number(date.slice(0, 4));
      const wraps = span.from > span.to;
      const day = date.slice(5);
      if (wraps ? day >= span.from || day <= span.to : span.from <= day && day <= span.to) {
        const endYear = wraps && day >= span.from ? year + 1 : year;
        return { season: span.season, to: `${String(endYear)}/${span.to}` as JalaliDate };
      }
    } else if (span.from <= date && date <= span.to) {
      return { season: span.season, to: span.to as JalaliDate };
    }
  }
  return undefined;
}

export function gasRatesFor(tariff: Tariff, use: string, season: Season, climate: number): GasRates | undefined {
  return tariff.gas.find(
    (rates) =>
      rates.use === use &&
      (rates.season === 'both' || rates.season === season) &&
      (rates.climates === undefined || rates.climates.includes(climate)),
  );
}

/** A stretch of days under one tariff and season. */
export interface GasInterval {
  tariff: Tariff;
  season: Season;
  from: JalaliDate;
  to: JalaliDate;
}

/**
 * The days after `after` up to and including `until`, cut where the tariff or the season changes.
 * Returns the first day without a tariff or season instead when there is one.
 */
export function gasIntervals(
  tariffs: readonly Tariff[],
  after: JalaliDate,
  until: JalaliDate,
): GasInterval[] | { noTariffOn: JalaliDate } {
  const intervals: GasInterval[] = [];
  let from = addDays(after, 1);
  while (from <= until) {
    const tariff = tariffOn(tariffs, from);
    const span = tariff && seasonOn(tariff, from);
    if (!tariff || !span) return { noTariffOn: from };
    let to = span.to < until ? span.to : until;
    if (tariff.to !== null && tariff.to < to) to = tariff.to;
    // a later tariff takes over on its first day
    for (const other of tariffs) {
      if (other !== tariff && other.from > from && other.from <= to && tariffOn(tariffs, other.from) !== tariff) {
        to = addDays(other.from, -1);
      }
    }
    const last = intervals.at(-1);
    if (last && last.tariff === tariff && last.season === span.season) last.to = to;
    else intervals.push({ tariff, season: span.season, from, to });
    from = addDays(to, 1);
  }
  return intervals;
}

/** Reads a tariff document: the project's own format, or a published table of one year's household steps. */
export function readTariff(json: unknown): Tariff {
  const document = json as Record<string, unknown>;
  if (typeof json !== 'object' || json === null) throw new TariffError([fault('', 'NOT_AN_OBJECT', 'not a tariff')]);
  const tariff = 'household' in document ? fromPublishedTable(document as unknown as PublishedTable) : (document as unknown as Tariff);
  const faults = checkTariff(tariff);
  if (faults.length > 0) throw new TariffError(faults);
  return {
    ...tariff,
    collection: tariff.collection ?? DEFAULT_COLLECTION,
    bands: tariff.bands ?? DEFAULT_BANDS,
    paymentPeriods: tariff.paymentPeriods ?? DEFAULT_PAYMENT_PERIODS,
  };
}

/** Everything that is wrong with the gas part of a tariff; an empty list when nothing is. */
export function checkTariff(tariff: Tariff): TariffFault[] {
  const faults: TariffFault[] = [];
  const list = (name: 'seasons' | 'gas' | 'levy' | 'vat' | 'insurance' | 'subscription'): void => {
    if (!Array.isArray(tariff[name])) faults.push(fault(name, 'NOT_A_LIST', 'a list is required'));
  };
  for (const name of ['seasons', 'gas', 'levy', 'vat', 'insurance', 'subscription'] as const) list(name);
  if (typeof tariff.version !== 'string' || tariff.version === '') faults.push(fault('version', 'REQUIRED', 'a version is required'));
  if (!isDate(tariff.from)) faults.push(fault('from', 'NOT_A_DATE', 'not a Jalali date'));
  if (tariff.to !== null && !isDate(tariff.to)) faults.push(fault('to', 'NOT_A_DATE', 'not a Jalali date'));
  if (faults.length > 0) return faults;
  if (tariff.to !== null && tariff.to < tariff.from) faults.push(fault('to', 'TURNED_ROUND', 'ends before it starts'));
  tariff.seasons.forEach((span, i) => {
    for (const end of ['from', 'to'] as const) {
      const value = span[end];
      if (!isDate(value) && !(/^\d\d\/\d\d$/.test(value) && isDate(`1399/${value}`))) {
        faults.push(fault(`seasons[${i}].${end}`, 'NOT_A_DATE', `not a day: ${value}`));
      }
    }
  });
  tariff.gas.forEach((rates, i) => faults.push(...checkSteps(rates.steps, `gas[${i}]`)));
  return faults;
}

/** Steps ascend, have no gap (each starts where the one before ends), whole rates, and an open last step. */
export function checkSteps(steps: readonly Step[], path: string): TariffFault[] {
  if (steps.length === 0) return [fault(path, 'NO_STEP', 'no step')];
  const faults: TariffFault[] = [];
  let below = 0;
  steps.forEach((step, i) => {
    const at = `${path}.steps[${i}]`;
    if (!Number.isSafeInteger(step.rialPerM3) || step.rialPerM3 < 0) {
      faults.push(fault(`${at}.rialPerM3`, 'NOT_WHOLE_RIAL', `not whole rial per m³: ${step.rialPerM3}`));
    }
    const limit = step.uptoM3PerMonth;
    if (limit === null) {
      if (i < steps.length - 1) faults.push(fault(`${at}.uptoM3PerMonth`, 'OPEN_STEP_NOT_LAST', 'only the last step is open'));
      return;
    }
    if (!Number.isSafeInteger(limit) || limit <= below) {
      faults.push(fault(`${at}.uptoM3PerMonth`, 'NOT_ASCENDING', `limits must be whole and ascend: ${limit} after ${below}`));
    }
    below = limit;
    if (i === steps.length - 1) faults.push(fault(`${at}.uptoM3PerMonth`, 'NO_OPEN_LAST_STEP', 'the last step must be open'));
  });
  return faults;
}

function fault(path: string, code: string, message: string): TariffFault {
  return { path, code, message };
}

function isDate(text: unknown): text is JalaliDate {
  return typeof text === 'string' && parseJalali(text) === text;
}

/** The table that provincial companies publish for one year. */
interface PublishedTable {
  source: string;
  seasons: SeasonSpan[];
  household: { season: Season; climates: number[]; steps: Step[] }[];
  flat?: { use: string; season: Season | 'both'; rialPerM3: Rial }[];
  levies?: {
    gasSupplyLevyPercentOfGasPrice?: number;
    vatPercent?: number;
    insuranceRialPerMonth?: Record<string, Record<'urban' | 'rural', Rial>>;
  };
}

function fromPublishedTable(table: PublishedTable): Tariff {
  const days = table.seasons.flatMap((span) => [span.from, span.to]).sort();
  const from = (days[0] ?? '') as JalaliDate;
  const to = (days.at(-1) ?? null) as JalaliDate | null;
  const levies = table.levies ?? {};
  return {
    version: from.slice(0, 4),
    title: `تعرفهٔ ${from.slice(0, 4)}`,
    source: table.source,
    illustrative: false,
    from,
    to,
    seasons: table.seasons,
    gas: [
      ...table.household.map((rates) => ({ use: 'household', ...rates, flat: false })),
      ...(table.flat ?? []).map(({ use, season, rialPerM3 }) => ({
        use,
        season,
        steps: [{ uptoM3PerMonth: null, rialPerM3 }],
        flat: true,
      })),
    ],
    levy:
      levies.gasSupplyLevyPercentOfGasPrice === undefined
        ? []
        : [{ from, to, percent: String(levies.gasSupplyLevyPercentOfGasPrice) }],
    // gas price and subscription: the base that the table's own province states
    vat: levies.vatPercent === undefined ? [] : [{ from, to, percent: String(levies.vatPercent), base: ['gas', 'subscription'] }],
    insurance: Object.entries(levies.insuranceRialPerMonth ?? {}).flatMap(([use, areas]) =>
      (['urban', 'rural'] as const).map((area) => ({ from, to, use, area, rialPerMonth: areas[area], per: 'meter' as const })),
    ),
    subscription: [],
    collection: DEFAULT_COLLECTION,
    bands: DEFAULT_BANDS,
    paymentPeriods: DEFAULT_PAYMENT_PERIODS,
  };
}
