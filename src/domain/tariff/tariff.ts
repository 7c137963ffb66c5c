import { FEED_KINDS } from '../settlement/account.js';
import { AMOUNT_UNIT } from '../bill/bill-id.js';
import { decimal } from '../fraction.js';
import { type JalaliDate, LAST_DAY, addDays, daysBetween, isLeapYear, parseJalali, yearOf } from '../calendar/jalali.js';
import type { Rial } from '../rial.js';
import type { ServiceRule } from '../settlement/service-terms.js';
import { isClockTime, isWeekday, leavesWork } from '../calendar/working-calendar.js';

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

export interface Dated {
  from: JalaliDate;
  /** last day; null = until further notice */
  to: JalaliDate | null;
}
export type LevyRule = Dated & { percent: string };
/** `base`: the line groups that are taxed; sources disagree, so it is data. */
export type VatRule = Dated & { percent: string; base: ('gas' | 'subscription' | 'insurance' | 'levy')[] };
/** A fixed sum: by the month (days ÷ 30), or, where `fixedPer` says so, for a whole billing period (days ÷ its days). */
export interface FixedCharge {
  rialPerMonth: Rial;
  per: 'meter' | 'unit';
  /** absent: month; `period`: the sum is that of a whole billing period */
  fixedPer?: 'month' | 'period';
}
export type InsuranceRule = Dated & FixedCharge & { use: string; area: 'urban' | 'rural' };
export type SubscriptionRule = Dated &
  FixedCharge & {
    /** absent: every use */
    use?: string;
    /** up to this capacity in m³/h; null = any above */
    capacityUpTo: number | null;
  };

/** Gas that is free (discount.ts): full lines are printed, one DISCOUNT line takes them off with their levy and VAT. */
export type DiscountRule = Dated & {
  /** as printed: the decree or its usual name */
  title: string;
  use: string;
  /** absent: every climate */
  climates?: number[];
  /** absent: both */
  season?: Season;
  /** days `mm/dd` of every year, both included; a span may pass the year's end; absent: the whole year */
  spans?: { from: string; to: string }[];
} & (
    | {
        /** at or under the limit (× units × days ÷ 30) all is free, above it nothing is */
        kind: 'freeAllowance';
        uptoM3PerMonth: number;
      }
    | {
        /** the first steps are free for welfare households */
        kind: 'welfare';
        steps: number;
      }
  );

export const PURPOSES_WITH_DOCUMENTS = ['balance', 'final', 'nameChange'] as const;
/** A document that must be shown, or one of several that will do (deed or contract). */
export type RequiredDocument = Dated & {
  /** code as in the request, and its Persian name */
  anyOf: { code: string; name: string }[];
  purposes: (typeof PURPOSES_WITH_DOCUMENTS)[number][];
  /** absent: every applicant */
  applicants?: ('owner' | 'tenant')[];
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
  /** decrees come late: after its last day it may be used provisionally up to this day, unless another is in force; absent: it may not */
  provisionalTo?: JalaliDate;
  seasons: SeasonSpan[];
  gas: GasRates[];
  levy: LevyRule[];
  vat: VatRule[];
  insurance: InsuranceRule[];
  subscription: SubscriptionRule[];
  /** absent: none */
  discounts?: DiscountRule[];
  /** absent: none */
  requiredDocuments?: RequiredDocument[];
  /** deadlines and thresholds of the company's service; absent: DEFAULT_SERVICE_TERMS */
  service?: ServiceRule[];
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
  /** English */
  message: string;
  /** the same in Persian */
  detail: string;
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

/**
 * The tariff of a day: of those that cover it the last published, which stands last in the list. On a day without one
 * the tariff that ended last is used provisionally, where its data allows that.
 */
export function tariffOn(tariffs: readonly Tariff[], date: JalaliDate): Tariff | undefined {
  for (let i = tariffs.length - 1; i >= 0; i--) {
    const tariff = tariffs[i] as Tariff;
    if (covers(tariff, date)) return tariff;
  }
  // only the last one: an older tariff that allows more is not what was in force before
  const ended = endedBefore(tariffs, date);
  return ended?.provisionalTo !== undefined && date <= ended.provisionalTo ? ended : undefined;
}

/** Of the tariffs whose last day is past the one that ended last; of several that one which was published last. */
export function endedBefore(tariffs: readonly Tariff[], date: JalaliDate): Tariff | undefined {
  let ended: (Tariff & { to: JalaliDate }) | undefined;
  for (const tariff of tariffs) {
    if (isEnded(tariff, date) && (!ended || tariff.to >= ended.to)) ended = tariff;
  }
  return ended;
}

/** Whether a rule of the tariff holds on a day under it: used provisionally, a tariff goes on as on its last day. */
export function holdsOn(tariff: Tariff, rule: Dated, date: JalaliDate): boolean {
  return covers(rule, tariff.to !== null && tariff.to < date ? tariff.to : date);
}

function isEnded(tariff: Tariff, date: JalaliDate): tariff is Tariff & { to: JalaliDate } {
  return tariff.to !== null && tariff.to < date;
}

/** Whether some day of the interval lies after its tariff's last day: the bill is on account then. */
export function isProvisional({ tariff, to }: Pick<GasInterval, 'tariff' | 'to'>): boolean {
  return isEnded(tariff, to);
}

/** The season's span that holds `date`, with its last day (as a full date). */
export function seasonOn(tariff: Tariff, date: JalaliDate): { season: Season; to: JalaliDate } | undefined {
  for (const span of tariff.seasons) {
    if (!spanHolds(span, date)) continue;
    if (!isYearly(span)) return { season: span.season, to: span.to as JalaliDate };
    const year = yearOf(date);
    const endYear = span.from > span.to && date.slice(5) >= span.from ? year + 1 : year;
    // a span to the end of Esfand ends a day earlier in an ordinary year
    const day = span.to === '12/30' && !isLeapYear(endYear) ? '12/29' : span.to;
    return { season: span.season, to: `${endYear}/${day}` as JalaliDate };
  }
  return undefined;
}

function isYearly(span: SeasonSpan): boolean {
  return span.from.length === 5;
}

function spanHolds(span: SeasonSpan, date: JalaliDate): boolean {
  if (!isYearly(span)) return span.from <= date && date <= span.to;
  const day = date.slice(5);
  return span.from > span.to ? day >= span.from || day <= span.to : span.from <= day && day <= span.to;
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
export function gasIntervals(tariffs: readonly Tariff[], after: JalaliDate, until: JalaliDate): GasInterval[] | { noTariffOn: JalaliDate } {
  const intervals: GasInterval[] = [];
  let from = addDays(after, 1);
  while (from <= until) {
    const tariff = tariffOn(tariffs, from);
    const span = tariff && seasonOn(tariff, from);
    if (!tariff || !span) return { noTariffOn: from };
    let to = span.to < until ? span.to : until;
    const lastDay = isEnded(tariff, from) ? tariff.provisionalTo : tariff.to;
    if (lastDay && lastDay < to) to = lastDay;
    // a later tariff may take over on its first day; where it does not, the two parts are one again below
    for (const other of tariffs) {
      if (other.from > from && other.from <= to) to = addDays(other.from, -1);
    }
    const last = intervals.at(-1);
    if (last && last.tariff === tariff && last.season === span.season) last.to = to;
    else intervals.push({ tariff, season: span.season, from, to });
    from = addDays(to, 1);
  }
  return intervals;
}

/** Reads a tariff document: the project's own format, or a published table of one year's household steps. Throws TariffError. */
export function readTariff(json: unknown): Tariff {
  if (!isRecord(json)) throw new TariffError([fault('', 'NOT_AN_OBJECT', 'not a tariff', 'این سند تعرفه نیست.')]);
  let tariff = json as unknown as Tariff;
  if ('household' in json) {
    const faults = checkPublishedTable(json);
    if (faults.length > 0) throw new TariffError(faults);
    tariff = fromPublishedTable(json as unknown as PublishedTable);
  }
  const faults = inDocument(checkTariff(tariff), json);
  if (faults.length > 0) throw new TariffError(faults);
  return {
    ...tariff,
    collection: tariff.collection ?? DEFAULT_COLLECTION,
    bands: tariff.bands ?? DEFAULT_BANDS,
    paymentPeriods: tariff.paymentPeriods ?? DEFAULT_PAYMENT_PERIODS,
  };
}

/** Everything that is wrong with a tariff, of whatever shape it came; an empty list when nothing is. */
export function checkTariff(tariff: Tariff): TariffFault[] {
  const faults: TariffFault[] = [];
  const check = (holds: boolean, path: string, code: string, message: string, detail: string): boolean => {
    if (!holds) faults.push(fault(path, code, message, detail));
    return holds;
  };
  const dates = (dated: Dated, path: string): void => {
    const from = check(
      isDate(dated.from),
      `${path}from`,
      'NOT_A_DATE',
      `not a Jalali date yyyy/mm/dd: ${shown(dated.from)}`,
      `تاریخ شمسی به شکل سال/ماه/روز لازم است (${given(dated.from)}).`,
    );
    const to =
      dated.to === null ||
      check(
        isDate(dated.to),
        `${path}to`,
        'NOT_A_DATE',
        `not a Jalali date yyyy/mm/dd, nor null: ${shown(dated.to)}`,
        `تاریخ شمسی به شکل سال/ماه/روز لازم است، یا null به معنی تا اطلاع بعدی (${given(dated.to)}).`,
      );
    if (from && to && dated.to !== null)
      check(
        dated.from <= dated.to,
        `${path}to`,
        'TURNED_ROUND',
        'ends before it starts',
        `پایان (${dated.to}) پیش از آغاز (${dated.from}) است.`,
      );
  };
  const text = (value: unknown, path: string): void =>
    void check(typeof value === 'string' && value !== '', path, 'REQUIRED', 'a text is required', `متنی لازم است (${given(value)}).`);
  const oneOf = (value: unknown, allowed: readonly unknown[], path: string): void =>
    void check(
      allowed.includes(value),
      path,
      'NOT_ALLOWED',
      `one of ${allowed.join(', ')}: ${shown(value)}`,
      `یکی از این‌ها لازم است: ${allowed.join('، ')} (${given(value)}).`,
    );
  const whole = (value: unknown, from: number, to: number, path: string): boolean =>
    check(
      Number.isSafeInteger(value) && (value as number) >= from && (value as number) <= to,
      path,
      'OUT_OF_RANGE',
      `not a whole number ${to === Number.MAX_SAFE_INTEGER ? `of ${from} or more` : `from ${from} to ${to}`}: ${shown(value)}`,
      `عدد صحیح ${to === Number.MAX_SAFE_INTEGER ? `${from} یا بیشتر` : `از ${from} تا ${to}`} لازم است (${given(value)}).`,
    );
  const amount = (value: unknown, path: string): void =>
    void check(
      Number.isSafeInteger(value) && (value as number) >= 0,
      path,
      'NOT_WHOLE_RIAL',
      `not whole rial: ${shown(value)}`,
      `مبلغ به ریال، عدد صحیح صفر یا بیشتر، لازم است (${given(value)}).`,
    );
  const decimalText = (value: unknown, path: string): void =>
    void check(
      isDecimal(value),
      path,
      'NOT_DECIMAL',
      `not a decimal number as text, 0 or more: ${shown(value)}`,
      `عدد اعشاری صفر یا بیشتر به صورت متن، مانند "0.3"، لازم است (${given(value)}).`,
    );
  const climateList = (climates: unknown = [], path: string): void => {
    if (
      check(Array.isArray(climates), path, 'NOT_A_LIST', 'a list, or absent', 'فهرستی لازم است؛ اگر چیزی در آن نیست این نام را ننویسید.')
    ) {
      (climates as unknown[]).forEach((climate, n) => whole(climate, 1, 5, `${path}[${n}]`));
    }
  };
  const each = <R>(list: readonly R[], name: string, visit: (item: R, path: string) => void): void => {
    if (!check(Array.isArray(list), name, 'NOT_A_LIST', 'a list is required', 'فهرستی لازم است.')) return;
    list.forEach((item, i) => {
      if (check(isRecord(item), `${name}[${i}]`, 'NOT_AN_OBJECT', 'not a rule', 'اینجا قاعده‌ای لازم است.')) visit(item, `${name}[${i}]`);
    });
  };

  text(tariff.version, 'version');
  text(tariff.title, 'title');
  oneOf(tariff.illustrative, [true, false], 'illustrative');
  const sound = (visit: () => void): boolean => {
    const before = faults.length;
    visit();
    return faults.length === before;
  };
  const validity = sound(() => dates(tariff, ''));
  if (tariff.provisionalTo !== undefined) {
    check(
      isDate(tariff.provisionalTo) && !(isDate(tariff.to) && tariff.provisionalTo < tariff.to),
      'provisionalTo',
      'NOT_A_DATE',
      `not a Jalali date after the last day: ${shown(tariff.provisionalTo)}`,
      `تاریخ شمسی، نه پیش از روز پایان تعرفه، لازم است (${given(tariff.provisionalTo)}).`,
    );
  }
  const seasons = sound(() =>
    each(tariff.seasons, 'seasons', (span, path) => {
      oneOf(span.season, ['warm', 'cold'], `${path}.season`);
      const ends = (['from', 'to'] as const).map((end) =>
        check(
          isDate(span[end]) || isDayOfYear(span[end]),
          `${path}.${end}`,
          'NOT_A_DATE',
          `not a day: ${shown(span[end])}`,
          `روز به شکل ماه/روز، یا تاریخ کامل سال/ماه/روز، لازم است (${given(span[end])}).`,
        ),
      );
      if (!ends.every(Boolean)) return;
      check(
        span.from.length === span.to.length,
        path,
        'NOT_A_DATE',
        'both days of every year, or both full dates',
        'آغاز و پایان یا هر دو روز سال (ماه/روز) باشد یا هر دو تاریخ کامل.',
      );
      check(
        isYearly(span) || span.from <= span.to,
        `${path}.to`,
        'TURNED_ROUND',
        'ends before it starts',
        `پایان (${span.to}) پیش از آغاز (${span.from}) است.`,
      );
    }),
  );
  if (validity && seasons) for (const found of checkSeasons(tariff)) faults.push(found);
  each(tariff.gas, 'gas', (rates, path) => {
    text(rates.use, `${path}.use`);
    oneOf(rates.season, ['warm', 'cold', 'both'], `${path}.season`);
    climateList(rates.climates, `${path}.climates`);
    oneOf(rates.flat, [true, false], `${path}.flat`);
    if (!check(Array.isArray(rates.steps), `${path}.steps`, 'NOT_A_LIST', 'a list is required', 'فهرستی لازم است.')) return;
    if (!check(rates.steps.every(isRecord), `${path}.steps`, 'NOT_AN_OBJECT', 'not a step', 'اینجا پله‌ای لازم است.')) return;
    for (const found of checkSteps(rates.steps, path)) faults.push(found);
    check(
      rates.flat !== true || rates.steps.length <= 1,
      `${path}.steps`,
      'FLAT_WITH_STEPS',
      'a flat rate has one step',
      'نرخ ثابت تنها یک پله دارد.',
    );
  });
  const rated: unknown[] = Array.isArray(tariff.gas) ? tariff.gas : [];
  rated.forEach((rates, i) => {
    const other = rated.findIndex(
      (before, n) => n < i && isRecord(before) && isRecord(rates) && overlap(before as unknown as GasRates, rates as unknown as GasRates),
    );
    check(
      other < 0,
      `gas[${i}]`,
      'RATES_OVERLAP',
      `same use, season and climate as gas[${other}]`,
      `کاربری، فصل و اقلیم آن با gas[${other}] یکی است.`,
    );
  });
  each(tariff.levy, 'levy', (rule, path) => {
    dates(rule, `${path}.`);
    decimalText(rule.percent, `${path}.percent`);
  });
  each(tariff.vat, 'vat', (rule, path) => {
    dates(rule, `${path}.`);
    decimalText(rule.percent, `${path}.percent`);
    if (!check(Array.isArray(rule.base), `${path}.base`, 'NOT_A_LIST', 'a list is required', 'فهرستی لازم است.')) return;
    rule.base.forEach((group, n) => oneOf(group, ['gas', 'subscription', 'insurance', 'levy'], `${path}.base[${n}]`));
  });
  const fixed = (rule: Dated & FixedCharge, path: string): void => {
    dates(rule, `${path}.`);
    amount(rule.rialPerMonth, `${path}.rialPerMonth`);
    oneOf(rule.per, ['meter', 'unit'], `${path}.per`);
    oneOf(rule.fixedPer ?? 'month', ['month', 'period'], `${path}.fixedPer`);
  };
  each(tariff.insurance, 'insurance', (rule, path) => {
    fixed(rule, path);
    text(rule.use, `${path}.use`);
    oneOf(rule.area, ['urban', 'rural'], `${path}.area`);
  });
  each(tariff.subscription, 'subscription', (rule, path) => {
    fixed(rule, path);
    if (rule.use !== undefined) text(rule.use, `${path}.use`);
    if (rule.capacityUpTo !== null) whole(rule.capacityUpTo, 0, Number.MAX_SAFE_INTEGER, `${path}.capacityUpTo`);
  });
  if (tariff.discounts !== undefined) {
    each(tariff.discounts, 'discounts', (rule, path) => {
      dates(rule, `${path}.`);
      text(rule.title, `${path}.title`);
      text(rule.use, `${path}.use`);
      climateList(rule.climates, `${path}.climates`);
      if (rule.season !== undefined) oneOf(rule.season, ['warm', 'cold'], `${path}.season`);
      if (rule.spans !== undefined) {
        each(rule.spans, `${path}.spans`, (span, at) => {
          for (const end of ['from', 'to'] as const)
            check(
              isDayOfYear(span[end]),
              `${at}.${end}`,
              'NOT_A_DATE',
              `not a day of the year mm/dd: ${shown(span[end])}`,
              `روز سال به شکل ماه/روز لازم است (${given(span[end])}).`,
            );
        });
      }
      const kind: unknown = rule.kind;
      if (rule.kind === 'freeAllowance') whole(rule.uptoM3PerMonth, 1, Number.MAX_SAFE_INTEGER, `${path}.uptoM3PerMonth`);
      else if (rule.kind === 'welfare') whole(rule.steps, 1, Number.MAX_SAFE_INTEGER, `${path}.steps`);
      else oneOf(kind, ['freeAllowance', 'welfare'], `${path}.kind`);
    });
  }
  if (tariff.requiredDocuments !== undefined) {
    each(tariff.requiredDocuments, 'requiredDocuments', (rule, path) => {
      dates(rule, `${path}.`);
      each(rule.anyOf, `${path}.anyOf`, (document, at) => {
        text(document.code, `${at}.code`);
        text(document.name, `${at}.name`);
      });
      check(
        !Array.isArray(rule.anyOf) || rule.anyOf.length > 0,
        `${path}.anyOf`,
        'REQUIRED',
        'a document is required',
        'دست‌کم یک مدرک لازم است.',
      );
      const listOf = (list: readonly unknown[], allowed: readonly string[], at: string): void => {
        if (check(Array.isArray(list) && list.length > 0, at, 'NOT_A_LIST', 'a list is required', 'فهرستی لازم است.'))
          list.forEach((item, n) => oneOf(item, allowed, `${at}[${n}]`));
      };
      listOf(rule.purposes, PURPOSES_WITH_DOCUMENTS, `${path}.purposes`);
      if (rule.applicants !== undefined) listOf(rule.applicants, ['owner', 'tenant'], `${path}.applicants`);
    });
  }
  if (tariff.service !== undefined) {
    each(tariff.service, 'service', (rule, path) => {
      dates(rule, `${path}.`);
      const span = (value: unknown, upTo: number, at: string): void => void (value === undefined || whole(value, 1, upTo, `${path}.${at}`));
      const group = <N extends string>(
        value: Partial<Record<N, number>> | undefined,
        name: string,
        visit: (of: Partial<Record<N, number>>, at: string) => void,
      ): void => {
        if (
          value !== undefined &&
          check(
            isRecord(value),
            `${path}.${name}`,
            'NOT_AN_OBJECT',
            'a group of terms, or absent',
            'گروهی از مقررات لازم است؛ اگر چیزی در آن نیست این نام را ننویسید.',
          )
        )
          visit(value, name);
      };
      group(rule.staleAfterDays, 'staleAfterDays', (days, at) => {
        for (const kind of Object.keys(days)) oneOf(kind, FEED_KINDS, `${path}.${at}.${kind}`);
        for (const kind of FEED_KINDS) span(days[kind], DAYS, `${at}.${kind}`);
      });
      const reminders: unknown = rule.remindDaysBeforeClosing ?? [];
      if (
        check(
          Array.isArray(reminders),
          `${path}.remindDaysBeforeClosing`,
          'NOT_A_LIST',
          'a list, or absent',
          'فهرستی لازم است؛ اگر چیزی در آن نیست این نام را ننویسید.',
        )
      ) {
        (reminders as unknown[]).forEach((days, n, all) => {
          const at = `${path}.remindDaysBeforeClosing[${n}]`;
          const before = all[n - 1];
          if (whole(days, 0, 366, at) && typeof before === 'number')
            check(
              (days as number) < before,
              at,
              'NOT_DESCENDING',
              `the earliest reminder first: ${shown(days)} after ${before}`,
              `زودترین یادآوری اول می‌آید: ${shown(days)} پس از ${before} آمده است.`,
            );
        });
      }
      group(rule.correction, 'correction', (correction, at) => {
        span(correction.dueHours, HOURS, `${at}.dueHours`);
        span(correction.remindHours, HOURS, `${at}.remindHours`);
        if (correction.approvalAbove !== undefined) amount(correction.approvalAbove, `${path}.${at}.approvalAbove`);
      });
      group(rule.correctiveAction, 'correctiveAction', (action, at) => {
        for (const per of ['perSettlement', 'perClerk', 'perCause', 'perOffice'] as const)
          span(action[per], Number.MAX_SAFE_INTEGER, `${at}.${per}`);
        for (const days of ['effectAfterDays', 'meetingDueDays'] as const) span(action[days], DAYS, `${at}.${days}`);
      });
      span(rule.escalateAfterHours, HOURS, 'escalateAfterHours');
      span(rule.qualificationWarnDays, DAYS, 'qualificationWarnDays');
      span(rule.outageAfterMinutes, 24 * 60, 'outageAfterMinutes');
      span(rule.lateEntryWithinDays, DAYS, 'lateEntryWithinDays');
      const openingHours: unknown = rule.openingHours ?? [];
      if (
        check(
          Array.isArray(openingHours),
          `${path}.openingHours`,
          'NOT_A_LIST',
          'a list, or absent',
          'فهرستی لازم است؛ اگر چیزی در آن نیست این نام را ننویسید.',
        )
      ) {
        (openingHours as unknown[]).forEach((hours, n) => {
          const at = `${path}.openingHours[${n}]`;
          if (!check(isRecord(hours), at, 'NOT_AN_OBJECT', 'not hours from and to', 'ساعت آغاز (from) و پایان (to) لازم است.')) return;
          const { from, to, days = [] } = hours as { from?: unknown; to?: unknown; days?: unknown };
          for (const [name, time] of Object.entries({ from, to }))
            check(
              isClockTime(time),
              `${at}.${name}`,
              'NOT_A_TIME',
              `a time of day (07:30): ${shown(time)}`,
              `ساعتی از روز (07:30) لازم است (${given(time)}).`,
            );
          if (isClockTime(from) && isClockTime(to))
            check(from < to, at, 'TURNED_ROUND', `${from} is not before ${to}`, `آغاز (${from}) پیش از پایان (${to}) نیست.`);
          if (
            !check(
              Array.isArray(days),
              `${at}.days`,
              'NOT_A_LIST',
              'weekdays, or absent',
              'فهرستی از روزهای هفته لازم است؛ برای همهٔ روزها این نام را ننویسید.',
            )
          )
            return;
          (days as unknown[]).forEach((day, i) =>
            check(
              isWeekday(day),
              `${at}.days[${i}]`,
              'NOT_A_WEEKDAY',
              `a weekday (thursday): ${shown(day)}`,
              `روز هفته (thursday) لازم است (${given(day)}).`,
            ),
          );
        });
      }
      const daysOff: unknown = rule.daysOff ?? [];
      if (
        check(
          Array.isArray(daysOff),
          `${path}.daysOff`,
          'NOT_A_LIST',
          'a list, or absent',
          'فهرستی لازم است؛ اگر چیزی در آن نیست این نام را ننویسید.',
        )
      ) {
        (daysOff as unknown[]).forEach((day, n) =>
          check(
            isWeekday(day) || isDayOfYear(day) || isDate(day),
            `${path}.daysOff[${n}]`,
            'NOT_A_DAY_OFF',
            `a weekday (friday), a day of each year (01/13) or a date (1405/01/21): ${shown(day)}`,
            `روز هفته (friday)، روزی از هر سال (01/13) یا تاریخ (1405/01/21) لازم است (${given(day)}).`,
          ),
        );
        check(
          leavesWork(daysOff as unknown[]),
          `${path}.daysOff`,
          'NO_WORKING_DAY',
          'all seven days of the week are off',
          'هر هفت روز هفته تعطیل است.',
        );
      }
    });
  }
  const { collection, bands, paymentPeriods } = tariff as Partial<Tariff>;
  if (collection !== undefined && check(isRecord(collection), 'collection', 'NOT_AN_OBJECT', 'not a rule', 'اینجا قاعده‌ای لازم است.')) {
    if (whole(collection.roundTo, 1, Number.MAX_SAFE_INTEGER, 'collection.roundTo')) {
      check(
        collection.roundTo % AMOUNT_UNIT === 0,
        'collection.roundTo',
        'NOT_PAYABLE',
        `a payment id holds multiples of ${AMOUNT_UNIT} rial alone: ${collection.roundTo}`,
        `شناسهٔ پرداخت تنها مضرب ${AMOUNT_UNIT} ریال را در بر می‌گیرد (${given(collection.roundTo)}).`,
      );
    }
    amount(collection.notCollectedUpTo, 'collection.notCollectedUpTo');
  }
  if (bands !== undefined && check(isRecord(bands), 'bands', 'NOT_AN_OBJECT', 'not a rule', 'اینجا قاعده‌ای لازم است.')) {
    for (const name of ['highFactor', 'lowFactor', 'outerFactor'] as const) decimalText(bands[name], `bands.${name}`);
    whole(bands.ignoreUpToM3PerMonth, 0, Number.MAX_SAFE_INTEGER, 'bands.ignoreUpToM3PerMonth');
  }
  if (
    paymentPeriods !== undefined &&
    check(isRecord(paymentPeriods), 'paymentPeriods', 'NOT_AN_OBJECT', 'not a range', 'اینجا بازه‌ای لازم است.')
  ) {
    // two digits of the payment id
    if (whole(paymentPeriods.from, 0, 99, 'paymentPeriods.from')) whole(paymentPeriods.to, paymentPeriods.from, 99, 'paymentPeriods.to');
  }
  return faults;
}

/** No deadline of the service is longer: ten years, a year in hours. More is a slip of the unit. */
const DAYS = 3660;
const HOURS = 8784;

/** Every day of the tariff has one season: the first day with none, and the first with two. */
function checkSeasons(tariff: Tariff): TariffFault[] {
  const fullDates = tariff.seasons.filter((span) => !isYearly(span)).map((span) => span.to as JalaliDate);
  // five years hold 30 Esfand; seasons given by full dates may end before an open tariff does
  const enough = tariff.from < '1490' ? addDays(tariff.from, 5 * 366) : LAST_DAY;
  const end = tariff.to ?? fullDates.sort().at(-1) ?? enough;
  const last = fullDates.length === 0 && enough < end ? enough : end;
  const faults: TariffFault[] = [];
  const once = (code: string, message: string, detail: string): void => {
    if (!faults.some((found) => found.code === code)) faults.push(fault('seasons', code, message, detail));
  };
  // the first day at least: all seasons may lie before it
  const days = Math.max(0, daysBetween(tariff.from, last));
  for (let n = 0; n <= days; n++) {
    const day = addDays(tariff.from, n);
    const seasons = tariff.seasons.filter((span) => spanHolds(span, day));
    if (seasons.length === 0) once('SEASON_GAP', `no season on ${day}`, `روز ${day} در هیچ فصلی نیست.`);
    if (seasons.length > 1) once('SEASONS_OVERLAP', `more than one season on ${day}`, `روز ${day} در بیش از یک فصل است.`);
  }
  return faults;
}

/** Also of rates that are faulty in themselves: everything wrong is told at once. */
function overlap(a: GasRates, b: GasRates): boolean {
  const [some, others] = [a.climates, b.climates] as unknown[];
  return (
    a.use === b.use &&
    (a.season === 'both' || b.season === 'both' || a.season === b.season) &&
    (!Array.isArray(some) || !Array.isArray(others) || some.some((climate) => others.includes(climate)))
  );
}

/** Steps ascend, have no gap (each starts where the one before ends), whole rates, and an open last step. */
export function checkSteps(steps: readonly Step[], path: string): TariffFault[] {
  if (steps.length === 0) return [fault(path, 'NO_STEP', 'no step', 'هیچ پله‌ای ندارد.')];
  const faults: TariffFault[] = [];
  let below = 0;
  steps.forEach((step, i) => {
    const at = `${path}.steps[${i}]`;
    if (!Number.isSafeInteger(step.rialPerM3) || step.rialPerM3 < 0) {
      faults.push(
        fault(
          `${at}.rialPerM3`,
          'NOT_WHOLE_RIAL',
          `not whole rial per m³: ${shown(step.rialPerM3)}`,
          `نرخ هر متر مکعب به ریال، عدد صحیح صفر یا بیشتر، لازم است (${given(step.rialPerM3)}).`,
        ),
      );
    }
    const limit = step.uptoM3PerMonth;
    if (limit === null) {
      if (i < steps.length - 1)
        faults.push(fault(`${at}.uptoM3PerMonth`, 'OPEN_STEP_NOT_LAST', 'only the last step is open', 'تنها پلهٔ آخر باز است (بدون حد).'));
      return;
    }
    if (!Number.isSafeInteger(limit) || limit <= below) {
      faults.push(
        fault(
          `${at}.uptoM3PerMonth`,
          'NOT_ASCENDING',
          `limits must be whole and ascend: ${shown(limit)} after ${below}`,
          `حد پله‌ها عدد صحیح و صعودی است: ${shown(limit)} پس از ${below} آمده است.`,
        ),
      );
    }
    // what is no limit leaves the last that was one
    if (Number.isSafeInteger(limit)) below = limit;
    if (i === steps.length - 1)
      faults.push(fault(`${at}.uptoM3PerMonth`, 'NO_OPEN_LAST_STEP', 'the last step must be open', 'پلهٔ آخر باید باز باشد (بدون حد).'));
  });
  return faults;
}

function fault(path: string, code: string, message: string, detail: string): TariffFault {
  return { path, code, message, detail };
}

/** A value as its reader wrote it; JSON may give objects that do not become text by themselves. */
function shown(value: unknown): string {
  return typeof value === 'object' && value !== null ? JSON.stringify(value).slice(0, 60) : String(value);
}

/** What stands in the place of what is required, in Persian. */
export function given(value: unknown): string {
  const typed = shown(value);
  return typed === 'undefined' || typed === '' ? 'نوشته نشده است' : `نوشته شده: ${typed}`;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isDate(text: unknown): text is JalaliDate {
  return typeof text === 'string' && parseJalali(text) === text;
}

function isDayOfYear(text: unknown): boolean {
  // a leap year has every day
  return typeof text === 'string' && isDate(`1399/${text}`);
}

function isDecimal(text: unknown): boolean {
  try {
    return typeof text === 'string' && decimal(text).n >= 0n;
  } catch {
    return false;
  }
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

function checkPublishedTable(table: Record<string, unknown>): TariffFault[] {
  const faults: TariffFault[] = [];
  for (const name of ['seasons', 'household', 'flat'] as const) {
    const list = table[name];
    if (name === 'flat' && list === undefined) continue;
    if (!Array.isArray(list)) faults.push(fault(name, 'NOT_A_LIST', 'a list is required', 'فهرستی لازم است.'));
    else
      list.forEach(
        (item, i) =>
          void (isRecord(item) || faults.push(fault(`${name}[${i}]`, 'NOT_AN_OBJECT', 'not an entry', 'اینجا ردیفی از جدول لازم است.'))),
      );
  }
  const { levies = {} } = table;
  const insurance = isRecord(levies) ? (levies['insuranceRialPerMonth'] ?? {}) : {};
  if (!isRecord(levies)) faults.push(fault('levies', 'NOT_AN_OBJECT', 'not a list of levies', 'اینجا فهرست عوارض لازم است.'));
  if (!isRecord(insurance) || !Object.values(insurance).every(isRecord)) {
    faults.push(
      fault(
        'levies.insuranceRialPerMonth',
        'NOT_AN_OBJECT',
        'urban and rural sums by use are required',
        'برای هر کاربری مبلغ شهری و روستایی لازم است.',
      ),
    );
  }
  return faults;
}

/** Findings of a tariff by the paths of the document that it was read from: a published table names things otherwise. */
export function inDocument(found: readonly TariffFault[], json: unknown): TariffFault[] {
  if (!isRecord(json) || !('household' in json)) return [...found];
  const table = json as unknown as PublishedTable;
  const uses = Object.keys(table.levies?.insuranceRialPerMonth ?? {});
  const pathOf = (path: string): string => {
    const [, list, index, rest = ''] = /^(\w+)\[(\d+)\](.*)$/.exec(path) ?? [];
    const n = Number(index);
    if (list === 'seasons') return path;
    if (list === 'gas' && n < table.household.length) return `household[${n}]${rest}`;
    if (list === 'gas') return `flat[${n - table.household.length}]${rest.replace('.steps[0]', '')}`;
    if (rest === '.percent') return list === 'levy' ? 'levies.gasSupplyLevyPercentOfGasPrice' : 'levies.vatPercent';
    // of the charges such a table has insurance alone
    if (rest === '.rialPerMonth') return `levies.insuranceRialPerMonth.${uses[Math.trunc(n / 2)]}.${n % 2 === 0 ? 'urban' : 'rural'}`;
    if (rest === '.use') return 'levies.insuranceRialPerMonth';
    // version and dates follow from the seasons
    return 'seasons';
  };
  const told = found.map(({ path, code, message, detail }) => ({
    path: pathOf(path),
    code,
    message: message.replace(/gas\[\d+\]/g, pathOf),
    detail: detail.replace(/gas\[\d+\]/g, pathOf),
  }));
  return [...new Map(told.map((each) => [`${each.path} ${each.message}`, each])).values()];
}

function endOfYear(date: JalaliDate): JalaliDate {
  const year = yearOf(date);
  return `${year}/12/${isLeapYear(year) ? 30 : 29}` as JalaliDate;
}

function fromPublishedTable(table: PublishedTable): Tariff {
  const days = table.seasons.flatMap((span) => [shown(span.from), shown(span.to)]).sort();
  const from = (days[0] ?? '') as JalaliDate;
  const to = (days.at(-1) ?? '') as JalaliDate;
  // tables of a year come round again: where the next decree is late, this one goes on with the same seasons
  const wholeYear = isDate(from) && isDate(to) && addDays(to, 1).slice(5) === from.slice(5);
  const levies = table.levies ?? {};
  return {
    version: from.slice(0, 4),
    title: `تعرفهٔ ${from.slice(0, 4)}`,
    source: table.source,
    illustrative: false,
    from,
    to,
    // through the year in which it ends, on account: longer without a decree is no delay
    ...(wholeYear && { provisionalTo: endOfYear(to) }),
    seasons: wholeYear
      ? table.seasons.map(({ season, from: first, to: last }) => ({ season, from: first.slice(5), to: last.slice(5) }))
      : table.seasons,
    gas: [
      ...table.household.map((rates) => ({ use: 'household', ...rates, flat: false })),
      ...(table.flat ?? []).map(({ use, season, rialPerM3 }) => ({
        use,
        season,
        steps: [{ uptoM3PerMonth: null, rialPerM3 }],
        flat: true,
      })),
    ],
    levy: levies.gasSupplyLevyPercentOfGasPrice === undefined ? [] : [{ from, to, percent: shown(levies.gasSupplyLevyPercentOfGasPrice) }],
    // gas price and subscription: the base that the table's own province states
    vat: levies.vatPercent === undefined ? [] : [{ from, to, percent: shown(levies.vatPercent), base: ['gas', 'subscription'] }],
    insurance: Object.entries(levies.insuranceRialPerMonth ?? {}).flatMap(([use, areas]) =>
      (['urban', 'rural'] as const).map((area) => ({ from, to, use, area, rialPerMonth: areas[area], per: 'meter' as const })),
    ),
    subscription: [],
    collection: DEFAULT_COLLECTION,
    bands: DEFAULT_BANDS,
    paymentPeriods: DEFAULT_PAYMENT_PERIODS,
  };
}
