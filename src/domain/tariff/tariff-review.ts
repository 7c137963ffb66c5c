import type { AccountSnapshot } from '../settlement/account.js';
import { computeDebt } from '../bill/debt.js';
import { fraction, roundToRial } from '../fraction.js';
import { type JalaliDate, LAST_DAY, addDays } from '../calendar/jalali.js';
import { type Rial, subtractRial } from '../rial.js';
import { DEFAULT_SERVICE_TERMS } from '../settlement/service-terms.js';
import { unknownNames } from './tariff-names.js';
import {
  type Dated,
  type GasRates,
  type Season,
  type Tariff,
  TariffError,
  type TariffFault,
  endedBefore,
  gasIntervals,
  gasRatesFor,
  inDocument,
  readTariff,
  tariffOn,
} from './tariff.js';

const CLIMATES = [1, 2, 3, 4, 5];
const SEASONS: Season[] = ['warm', 'cold'];

export interface TariffDocument {
  /** null when there are faults */
  tariff: Tariff | null;
  faults: TariffFault[];
  /** names that nothing reads, as warnings */
  unknown: TariffFault[];
  /** findings of the tariff by the paths of the document, which a published table names otherwise */
  inDocument(found: readonly TariffFault[]): TariffFault[];
}

/** A tariff document with everything that is wrong with it by JSON path. */
export function readDocument(json: unknown): TariffDocument {
  const of = { unknown: unknownNames(json), inDocument: (found: readonly TariffFault[]) => inDocument(found, json) };
  try {
    return { tariff: readTariff(json), faults: [], ...of };
  } catch (error) {
    if (error instanceof TariffError) return { tariff: null, faults: error.faults, ...of };
    throw error;
  }
}

export interface DocumentReview {
  valid: boolean;
  /** what cannot be */
  faults: TariffFault[];
  /** what is unlikely */
  warnings: TariffFault[];
  /** what people would pay under it, beside `against`; none when there are faults */
  samples: SampleBill[];
}

/** All that is to be known of a document before it is published, held against the tariff before it. */
export function reviewDocument({ tariff, faults, unknown, inDocument: told }: TariffDocument, against: Tariff | null): DocumentReview {
  return {
    valid: faults.length === 0,
    faults,
    warnings: [...unknown, ...(tariff ? told(tariffWarnings(tariff, against)) : [])],
    samples: tariff ? sampleBills(tariff, against) : [],
  };
}

/** What a tariff's first day has without it, else what ended last before it. */
export function tariffBefore({ version, from }: Tariff, published: readonly Tariff[]): Tariff | null {
  const others = published.filter((each) => each.version !== version);
  return tariffOn(others, from) ?? endedBefore(others, from) ?? null;
}

/** What is not wrong in itself but unlikely: slips of ten (toman for rial), rates that are not there, days without a rule or with two. */
export function tariffWarnings(tariff: Tariff, against: Tariff | null): TariffFault[] {
  return [
    ...slipsOfSteps(tariff.gas),
    ...(against ? slipsAgainst(tariff, against) : []),
    ...missingRates(tariff),
    ...unlikelyDates(tariff),
    ...lateReminders(tariff),
  ];
}

/** Ten times or a tenth, with room for what a decree changes besides: toman for rial, or a digit too many. */
export function isSlip(rate: number, other: number): boolean {
  const [small, large] = [Math.min(rate, other), Math.max(rate, other)];
  return small > 0 && large >= 7 * small && large <= 14 * small;
}

/** `than`: what it is held against, in English and Persian; a percentage is never in toman. */
function slip(path: string, rate: number, [than, persian]: readonly [string, string]): TariffFault {
  const [slipped, inPersian] = path.endsWith('.percent')
    ? ['a digit too many or too few', 'رقمی کم یا زیاد است']
    : ['toman for rial', 'تومان به جای ریال است'];
  return {
    path,
    code: 'SLIP_OF_TEN',
    message: `${rate} is about ten times or a tenth of ${than}: ${slipped}?`,
    detail: `${rate} حدود ده برابر یا یک‌دهم ${persian} است. شاید ${inPersian}.`,
  };
}

/** Each rate beside the one of the step before it; past a slip the next is held against the last sound one. */
export function slipsOfSteps(gas: readonly GasRates[]): TariffFault[] {
  const found: TariffFault[] = [];
  gas.forEach(({ steps }, i) => {
    let sound = 0;
    steps.forEach(({ rialPerM3 }, n) => {
      if (isSlip(rialPerM3, sound))
        found.push(slip(`gas[${i}].steps[${n}].rialPerM3`, rialPerM3, [`${sound} of the steps before`, `${sound} در پله‌های پیش از آن`]));
      else sound = rialPerM3;
    });
  });
  return found;
}

function slipsAgainst(tariff: Tariff, against: Tariff): TariffFault[] {
  const found: TariffFault[] = [];
  const before = (old: number) => [`${old} in ${against.version}`, `${old} در تعرفهٔ ${against.version}`] as const;
  tariff.gas.forEach((rates, i) => {
    const old = sameRates(against, rates);
    if (!old) return;
    let above = 0;
    rates.steps.forEach(({ uptoM3PerMonth, rialPerM3 }, n) => {
      // the old rate of the first m³ of the step, wherever the old steps ended
      const from = above;
      const same = old.steps.find((step) => step.uptoM3PerMonth === null || step.uptoM3PerMonth > from);
      if (same && isSlip(rialPerM3, same.rialPerM3)) found.push(slip(`gas[${i}].steps[${n}].rialPerM3`, rialPerM3, before(same.rialPerM3)));
      above = uptoM3PerMonth ?? above;
    });
  });
  const compare = (path: string, value: number, old: number | undefined): void => {
    if (old !== undefined && isSlip(value, old)) found.push(slip(path, value, before(old)));
  };
  const charges = <R extends { rialPerMonth: Rial }>(
    name: string,
    rules: readonly R[],
    olds: readonly R[],
    same: (a: R, b: R) => boolean,
  ): void =>
    rules.forEach((rule, i) =>
      compare(`${name}[${i}].rialPerMonth`, rule.rialPerMonth, olds.findLast((other) => same(rule, other))?.rialPerMonth),
    );
  charges('insurance', tariff.insurance, against.insurance, (a, b) => a.use === b.use && a.area === b.area);
  charges('subscription', tariff.subscription, against.subscription, (a, b) => a.use === b.use && a.capacityUpTo === b.capacityUpTo);
  for (const name of ['levy', 'vat'] as const) {
    const old = against[name].at(-1);
    tariff[name].forEach(({ percent }, i) => compare(`${name}[${i}].percent`, Number(percent), old && Number(old.percent)));
  }
  for (const name of ['roundTo', 'notCollectedUpTo'] as const)
    compare(`collection.${name}`, tariff.collection[name], against.collection[name]);
  return found;
}

/** The old rates of the first season and climate that both know. */
function sameRates(against: Tariff, { use, season, climates }: GasRates): GasRates | undefined {
  for (const each of season === 'both' ? SEASONS : [season]) {
    for (const climate of climates ?? CLIMATES) {
      const old = gasRatesFor(against, use, each, climate);
      if (old) return old;
    }
  }
  return undefined;
}

function missingRates(tariff: Tariff): TariffFault[] {
  const found: TariffFault[] = [];
  for (const use of new Set(tariff.gas.map((rates) => rates.use))) {
    for (const season of SEASONS.filter((each) => tariff.seasons.some((span) => span.season === each))) {
      const none = CLIMATES.filter((climate) => !gasRatesFor(tariff, use, season, climate));
      if (none.length > 0)
        found.push({
          path: `gas[${tariff.gas.findIndex((rates) => rates.use === use)}]`,
          code: 'NO_RATE',
          message: `no ${season} rate for ${use} in climate ${none.join(', ')}: refused there (NO_TARIFF)`,
          detail: `برای کاربری ${use} در فصل ${season === 'warm' ? 'گرم' : 'سرد'} و اقلیم ${none.join('، ')} نرخی نیست: آنجا تسویه پذیرفته نمی‌شود (NO_TARIFF).`,
        });
    }
  }
  return found;
}

/** Days of the tariff on which a charge stops, two rules of one kind, and rules that hold on none of its days. */
function unlikelyDates(tariff: Tariff): TariffFault[] {
  const found: TariffFault[] = [];
  const rules = [
    ...tariff.levy.map((rule, i) => ({ rule, path: `levy[${i}]`, kind: 'levy', name: 'عوارض گازرسانی' })),
    ...tariff.vat.map((rule, i) => ({ rule, path: `vat[${i}]`, kind: 'vat', name: 'مالیات بر ارزش افزوده' })),
    ...tariff.insurance.map((rule, i) => ({
      rule,
      path: `insurance[${i}]`,
      kind: `insurance of ${rule.use}, ${rule.area}`,
      name: `بیمهٔ کاربری ${rule.use} ${rule.area === 'urban' ? 'شهری' : 'روستایی'}`,
    })),
    ...tariff.subscription.map((rule, i) => ({
      rule,
      path: `subscription[${i}]`,
      kind: `subscription of ${rule.use ?? 'every use'}, capacity ${rule.capacityUpTo ?? 'any'}`,
      name: `آبونمان ${rule.use === undefined ? 'همهٔ کاربری‌ها' : `کاربری ${rule.use}`} با ${rule.capacityUpTo === null ? 'هر ظرفیتی' : `ظرفیت تا ${rule.capacityUpTo}`}`,
    })),
  ];
  // of these two at once are meant, and none is none
  const others = (['discounts', 'requiredDocuments', 'service'] as const).flatMap(
    (name) => tariff[name]?.map((rule: Dated, i) => ({ rule, path: `${name}[${i}]` })) ?? [],
  );
  for (const { rule, path } of [...rules, ...others]) {
    if (lastDay(rule) < tariff.from || rule.from > lastDay(tariff)) {
      found.push({
        path,
        code: 'NEVER_HOLDS',
        message: `${rule.from} to ${rule.to ?? 'further notice'} holds no day of the tariff`,
        detail: `${span(rule)} هیچ روزی از این تعرفه را در بر ندارد. تاریخ‌ها را بررسی کنید.`,
      });
    }
  }
  for (const { kind, name, path: first } of rules.filter((each, i) => rules.findIndex((other) => other.kind === each.kind) === i)) {
    const ofKind = rules.filter((each) => each.kind === kind);
    const gap = firstGap(
      tariff,
      ofKind.map(({ rule }) => rule),
    );
    if (gap)
      found.push({
        path: first.replace(/\[.*/, ''),
        code: 'RULE_GAP',
        message: `no rule for ${kind} from ${gap.from} to ${gap.to ?? 'further notice'}: nothing is charged there`,
        detail: `${span(gap)} برای ${name} قاعده‌ای نیست: در این روزها چیزی گرفته نمی‌شود.`,
      });
    ofKind.forEach(({ rule, path }, i) => {
      const before = ofKind.slice(0, i).find((other) => firstShared(rule, other.rule) !== null);
      if (!before) return;
      const shared = firstShared(rule, before.rule);
      found.push({
        path,
        code: 'RULES_OVERLAP',
        message: `holds with ${before.path} from ${shared}: the later in the list counts`,
        detail: `از ${shared} هم‌زمان با ${before.path} برقرار است: آنچه در فهرست دیرتر آمده به کار می‌رود.`,
      });
    });
  }
  return found;
}

function span({ from, to }: Dated): string {
  return to === null ? `از ${from} به بعد` : `از ${from} تا ${to}`;
}

function lastDay({ to }: Dated): JalaliDate {
  return to ?? LAST_DAY;
}

/** The first days of a validity on which none of the rules holds. */
function firstGap(of: Dated, rules: readonly Dated[]): Dated | null {
  let day = of.from;
  for (const rule of rules.filter(({ from }) => from <= lastDay(of)).sort((a, b) => (a.from < b.from ? -1 : 1))) {
    if (rule.from > day) return { from: day, to: addDays(rule.from, -1) };
    if (lastDay(rule) >= lastDay(of)) return null;
    // a shorter rule inside a longer one takes nothing back
    if (lastDay(rule) >= day) day = addDays(lastDay(rule), 1);
  }
  return { from: day, to: of.to };
}

function firstShared(a: Dated, b: Dated): JalaliDate | null {
  const from = a.from > b.from ? a.from : b.from;
  return lastDay(a) < from || lastDay(b) < from ? null : from;
}

function lateReminders(tariff: Tariff): TariffFault[] {
  const found = tariff.service?.flatMap(({ correction }, i): TariffFault[] => {
    const { dueHours, remindHours } = { ...DEFAULT_SERVICE_TERMS.correction, ...correction };
    return remindHours < dueHours
      ? []
      : [
          {
            path: `service[${i}].correction`,
            code: 'LATE_REMINDER',
            message: `the reminder after ${remindHours} hours comes when the ${dueHours} are over`,
            detail: `یادآوری پس از ${remindHours} ساعت وقتی می‌رسد که مهلت ${dueHours} ساعته تمام شده است.`,
          },
        ];
  });
  return found ?? [];
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

const IN_STEPS_M3 = [20, 50, 100, 200, 400, 800];
const FLAT_M3 = [100, 1000];

/** What people would pay under the one and the other. */
export function sampleBills(tariff: Tariff, against: Tariff | null): SampleBill[] {
  const bills: SampleBill[] = [];
  const all = [...tariff.gas, ...(against?.gas ?? [])];
  const months = SEASONS.map((season) => ({ season, periodNew: monthIn(tariff, season), periodOld: against && monthIn(against, season) }));
  for (const use of new Set(all.map((rates) => rates.use))) {
    const rated = all.filter((rates) => rates.use === use);
    const byClimate =
      rated.some((rates) => !rates.flat || rates.climates !== undefined) ||
      [tariff, against].some((each) => each?.discounts?.some((rule) => rule.use === use && rule.climates !== undefined));
    const quantities = quantitiesOf(rated);
    for (const climate of byClimate ? CLIMATES : [null]) {
      for (const { season, periodNew, periodOld } of months) {
        for (const m3 of quantities) {
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

/** The usual ones, and one that reaches the open last step of every season and climate. */
function quantitiesOf(rated: readonly GasRates[]): number[] {
  const usual = rated.every(({ flat }) => flat) ? FLAT_M3 : IN_STEPS_M3;
  const last = Math.max(0, ...rated.flatMap(({ steps }) => steps.map(({ uptoM3PerMonth }) => uptoM3PerMonth ?? 0)));
  return last < (usual.at(-1) ?? 0) ? usual : [...usual, Math.ceil((last + 1) / 100) * 100];
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
    if (addDays(after, 30) > lastDay(tariff)) continue;
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

/** One unit, urban, an ordinary meter: what a sample's account has besides the rates that are asked for. */
const ACCOUNT = {
  subscription: '',
  file: '',
  company: '',
  name: '',
  nationalId: '',
  mobile: '',
  address: '',
  postalCode: '',
  office: '',
  series: '',
  area: 'urban',
  units: 1,
  welfare: false,
  closedOn: null,
} as const;
const METER = { serial: '', digits: 5, capacity: '6', coefficient: '1', startReading: 0, removedOn: null, endReading: null } as const;

function sampleSnapshot(connectedOn: JalaliDate, use: string, climate: number): AccountSnapshot {
  return {
    account: { ...ACCOUNT, use, climate, connectedOn },
    meters: [{ ...METER, installedOn: connectedOn }],
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
