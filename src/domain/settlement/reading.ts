import type { AccountSnapshot, LedgerBill, Meter } from './account.js';
import { type Finding, finding } from './finding.js';
import { type Fraction, addFractions, compareFractions, decimal, fraction, multiplyFractions } from '../fraction.js';
import { type JalaliDate, addDays, daysBetween } from '../calendar/jalali.js';
import type { SettlementFacts } from './settlement.js';
import { type Tariff, seasonOn, tariffOn } from '../tariff/tariff.js';

/** Who read the counter: the applicant declares it, staff read it, it is estimated, or none (ledger balance only). */
export type ReadingSource = 'declared' | 'staff' | 'estimated' | 'none';

/** What was found of the counter: closed and obstacle: it could not be read; noUse: the gas was not used. */
export const METER_STATES = ['normal', 'closed', 'obstacle', 'noUse', 'reversed', 'broken'] as const;
export type MeterState = (typeof METER_STATES)[number];

/** What was found of a subscriber's meter when it was last looked at, and in which settlement. */
export interface FoundMeter {
  state: MeterState;
  on: JalaliDate;
  settlement: string;
}

/** The state in which a meter still is as far as is known: null when it was normal, or staff has read it for a bill since. */
export function standingMeterState(
  found: FoundMeter | null,
  lastBill: Pick<LedgerBill, 'toDate' | 'readingSource'> | null,
): FoundMeter | null {
  if (found === null || found.state === 'normal') return null;
  return lastBill?.readingSource === 'staff' && lastBill.toDate > found.on ? null : found;
}

/** Where a period starts: the last reading, or the meter's start for a new subscriber. */
export interface PreviousReading {
  reading: number;
  on: JalaliDate;
  source: ReadingSource;
}

export interface ReadingCheck {
  /** all findings at once, confirmed or not */
  findings: Finding[];
  /** what was used over the period; null when the reading is impossible */
  usage: Usage | null;
}

export interface Usage {
  previous: PreviousReading;
  /** days after the previous reading's date up to and including the settlement date */
  days: number;
  /** standard m³ of the whole period, over all its meters, exact */
  consumption: Fraction;
}

type ReadingFacts = Pick<SettlementFacts, 'settlementDate' | 'reading' | 'readingSource' | 'meterState'>;

/** The earlier settlement's reading, else the last billed one, or the first meter's start for a subscriber without a bill. */
export function previousReading(snapshot: AccountSnapshot): PreviousReading | null {
  const { earlierSettlement, lastBill, meters } = snapshot;
  if (earlierSettlement) return earlierSettlement.previous;
  if (lastBill) return { reading: lastBill.toReading, on: lastBill.toDate, source: lastBill.readingSource };
  const first = meters[0];
  return first ? { reading: first.startReading, on: first.installedOn, source: 'staff' } : null;
}

/** The meter that counted on the given day. */
export function meterOn(meters: readonly Meter[], date: JalaliDate): Meter | undefined {
  return meters.findLast((meter) => meter.installedOn <= date && (meter.removedOn === null || date < meter.removedOn)) ?? meters.at(-1);
}

/**
 * The meter that a day's figure belongs to. On the day of a replacement either meter may have been read: it is the one
 * whose figure at the change is nearer, the later when both are as near.
 */
export function meterRead(meters: readonly Meter[], date: JalaliDate, reading: number): Meter | undefined {
  let nearest: Meter | undefined;
  let least = Infinity;
  for (const meter of meters) {
    if (meter.installedOn > date || (meter.removedOn !== null && meter.removedOn < date) || reading >= 10 ** meter.digits) continue;
    const sinceStart = meter.installedOn === date ? turned(reading - meter.startReading, meter) : 0;
    const toEnd = meter.removedOn === date ? turned((meter.endReading ?? reading) - reading, meter) : 0;
    const distance = Math.max(sinceStart, toEnd);
    if (distance <= least) [nearest, least] = [meter, distance];
  }
  return nearest ?? meterOn(meters, date);
}

/** Two meters that were in place on the same days of a period; the day of a replacement belongs to both. */
function overlapping(meters: readonly Meter[], from: JalaliDate, to: JalaliDate): [Meter, Meter] | [] {
  // a row of no day at all is one that was corrected away
  const inPlace = meters.filter(
    ({ installedOn, removedOn }) => installedOn < to && (removedOn === null || (removedOn > from && removedOn > installedOn)),
  );
  for (const [i, meter] of inPlace.entries()) {
    const next = inPlace[i + 1];
    if (next && (meter.removedOn === null || next.installedOn < meter.removedOn)) return [meter, next];
  }
  return [];
}

/** What a counter went on by: a difference below zero means one turn of it. */
function turned(difference: number, meter: Meter): number {
  return difference < 0 ? difference + 10 ** meter.digits : difference;
}

/**
 * Checks a settlement's reading against the account, its meter and its own history (domain.md, Meter).
 * `today` is the civil date in Tehran.
 */
export function checkReading(snapshot: AccountSnapshot, facts: ReadingFacts, tariffs: readonly Tariff[], today: JalaliDate): ReadingCheck {
  const findings: Finding[] = [];
  const { account, meters } = snapshot;
  const { settlementDate: date, reading } = facts;
  const previous = previousReading(snapshot);
  const ledgerOnly: ReadingCheck = {
    findings,
    usage: { previous: previous ?? { reading: 0, on: date, source: 'none' }, days: 0, consumption: fraction(0) },
  };
  const impossible: ReadingCheck = { findings, usage: null };

  if (date > today) {
    findings.push(
      finding(
        'READING_DATE_IN_FUTURE',
        'settlementDate',
        `تاریخ ${date} پس از امروز (${today}) است. تاریخ امروز یا پیش از آن را وارد کنید.`,
      ),
    );
  }
  const beforeLast = facts.readingSource !== 'none' && previous !== null && date < previous.on;
  if (date < account.connectedOn && !beforeLast) {
    findings.push(
      finding(
        'READING_DATE_BEFORE_LAST',
        'settlementDate',
        `تاریخ ${date} پیش از برقراری اشتراک (${account.connectedOn}) است. تاریخ را اصلاح کنید.`,
      ),
    );
  }
  if (facts.readingSource === 'none') return ledgerOnly;
  if (reading === null) {
    findings.push(finding('READING_REQUIRED', 'reading', 'رقم کنتور را وارد کنید، یا «فقط مانده دفتر» را برگزینید.'));
    return impossible;
  }
  const state = stateFinding(facts, reading, previous);
  if (state) findings.push(state);
  // what a reversed counter shows is no reading: nothing can be checked against it
  if (facts.meterState === 'reversed') return impossible;
  if (account.closedOn !== null && date > account.closedOn) {
    findings.push(
      finding(
        'ACCOUNT_CLOSED',
        'subscription',
        `این اشتراک از ${account.closedOn} جمع‌آوری شده است و کارکرد تازه ندارد. مانده دفتر را اعلام کنید.`,
      ),
    );
  }
  const meter = meterRead(meters, date, reading);
  // the figure of a meter that is not on record tells nothing of what the next one counted
  const unknown = previous !== null && !meters.some(({ installedOn }) => installedOn <= previous.on);
  if (!previous || !meter || unknown) {
    findings.push(
      finding('METER_UNKNOWN', 'subscription', 'کنتور این اشتراک در زمان آخرین قرائت ثبت نشده است. موضوع را به واحد صورتحساب ارجاع دهید.'),
    );
    return impossible;
  }
  const [one, other] = overlapping(meters, previous.on, date);
  if (one && other) {
    findings.push(
      finding(
        'METERS_OVERLAP',
        'subscription',
        `کنتورهای ${one.serial} (از ${one.installedOn}) و ${other.serial} (از ${other.installedOn}) هم‌زمان نصب‌شده ثبت شده‌اند و کارکرد هیچ‌کدام به‌تنهایی درست نیست. موضوع را به واحد صورتحساب ارجاع دهید یا مانده دفتر را اعلام کنید.`,
      ),
    );
    return impossible;
  }
  if (beforeLast) {
    findings.push(
      finding(
        'READING_DATE_BEFORE_LAST',
        'settlementDate',
        `تاریخ ${date} و رقم ${reading}: پیش از آخرین قرائت (${previous.on}، رقم ${previous.reading}) است. تاریخ را اصلاح کنید یا ابطال و صدور دوباره را از سرپرست بخواهید.`,
      ),
    );
    return impossible;
  }
  if (reading >= 10 ** meter.digits) {
    findings.push(
      finding(
        'READING_TOO_MANY_DIGITS',
        'reading',
        `رقم ${reading} بیش از ${meter.digits} رقمِ کنتور ${meter.serial} دارد (رقم قبلی ${previous.reading} در ${previous.on}). رقم کنتور را در ${date} دوباره بخوانید.`,
      ),
    );
    return impossible;
  }
  const days = daysBetween(previous.on, date);
  if (days === 0) {
    if (reading === previous.reading) return ledgerOnly;
    findings.push(
      finding(
        'READING_CHANGED_ON_SAME_DAY',
        'reading',
        `برای همین روز (${date}) رقم ${previous.reading} ثبت شده است و رقم ${reading} با آن نمی‌خواند. رقم یا تاریخ را اصلاح کنید.`,
      ),
    );
    return impossible;
  }

  const averages = dailyAverage(snapshot, tariffs, addDays(date, -Math.trunc(days / 2)));
  const tariff = tariffOn(tariffs, date);
  const bands = tariff && averages ? bandsFor(tariff, averages, days, account.units) : null;
  const stretches = meterStretches(meters, previous, meter, reading);
  const counted = countedM3(stretches);
  const consumption = standardM3(stretches);
  // capacity is what passes the counter, before the coefficient
  const capacityLimit = multiplyFractions(largestCapacity(stretches), fraction(24 * days));
  const withinCapacity = compareFractions(fraction(counted), capacityLimit) <= 0;
  const span = `از رقم ${previous.reading} در ${previous.on} تا رقم ${reading} در ${date}`;

  const fallen = stretches.find(({ start, end }) => end < start);
  if (fallen) {
    const { start, end } = fallen;
    const lower =
      fallen.meter === meter
        ? `رقم ${reading} در ${date}`
        : `رقم پایانی ${end} کنتور ${fallen.meter.serial} در ${String(fallen.meter.removedOn)}`;
    const upper = fallen.fromPrevious
      ? `${start} در ${previous.on}`
      : `${start} در ${fallen.meter.installedOn} (نصب کنتور ${fallen.meter.serial})`;
    if (previous.source === 'estimated' && fallen.fromPrevious) {
      findings.push(
        finding(
          'READING_BELOW_ESTIMATE',
          'reading',
          `${lower} از رقم برآوردی ${upper} کمتر است. صورتحساب قبلی باید در واحد صورتحساب اصلاح شود؛ اکنون می‌توانید مانده دفتر را اعلام کنید.`,
        ),
      );
      return impossible;
    }
    if (!withinCapacity || (bands !== null && compareFractions(consumption, bands.outer) > 0)) {
      findings.push(
        finding(
          'READING_BELOW_PREVIOUS',
          'reading',
          `${lower} از رقم قبلی ${upper} کمتر است. رقم و کنتور را دوباره بررسی کنید؛ اگر کنتور عوض شده است، تعویض باید ثبت شود.`,
        ),
      );
      return impossible;
    }
    findings.push(
      finding(
        'ROLLOVER',
        'reading',
        `${lower} از رقم قبلی ${upper} کمتر است. اگر کنتور ${fallen.meter.digits} رقمی یک دور کامل زده، کارکرد ${text(consumption)} متر مکعب است؛ با ذکر دلیل تأیید کنید.`,
      ),
    );
  }
  if (stretches.length > 1) {
    const removed = countedM3(stretches.slice(0, -1));
    findings.push(
      finding('METER_REPLACED', 'reading', `کنتور در این دوره (${span}) عوض شده است؛ کارکرد کنتورهای پیشین ${removed} متر مکعب است.`),
    );
  }
  if (previous.source === 'estimated') {
    findings.push(
      finding(
        'ESTIMATED_LAST_READING',
        'reading',
        `آخرین رقم (${previous.reading} در ${previous.on}) برآوردی بوده است؛ صورتحساب علی‌الحساب خواهد بود.`,
      ),
    );
  }
  if (!withinCapacity) {
    findings.push(
      finding(
        'ABOVE_METER_CAPACITY',
        'reading',
        `کارکرد ${counted} متر مکعب در ${days} روز (${span}) از توان کنتور (${text(capacityLimit)} متر مکعب) بیشتر است. رقم و تاریخ را دوباره بررسی کنید.`,
      ),
    );
    return impossible;
  }
  if (facts.meterState === 'noUse') {
    if (consumption.n !== 0n) {
      findings.push(
        finding(
          'NO_USE_READING_CHANGED',
          'reading',
          `${span}: کارکرد ${text(consumption)} متر مکعب است و با وضعیت «بدون مصرف» نمی‌خواند. رقم را دوباره بخوانید یا وضعیت کنتور را «عادی» کنید.`,
        ),
      );
      return impossible;
    }
    // the state is the reason that a consumption of zero asks for
  } else if (consumption.n === 0n) {
    findings.push(finding('ZERO_CONSUMPTION', 'reading', `${span}: کارکرد صفر در ${days} روز. دلیل را بنویسید.`));
  } else if (bands && averages) {
    const usual = `${span}؛ میانگین همین فصل برای ${days} روز حدود ${averageText(averages, days)} متر مکعب است`;
    if (compareFractions(consumption, bands.outer) > 0) {
      findings.push(
        finding(
          'OUTSIDE_OUTER_BAND',
          'reading',
          `کارکرد ${text(consumption)} متر مکعب بسیار غیرعادی است (${usual}). رقم را دوباره بخوانید یا پذیرش سرپرست را بگیرید.`,
        ),
      );
    } else if (compareFractions(consumption, bands.high) > 0) {
      findings.push(
        finding(
          'HIGH_CONSUMPTION',
          'reading',
          `کارکرد ${text(consumption)} متر مکعب بیش از معمول است (${usual}). رقم را بررسی و با دلیل تأیید کنید.`,
        ),
      );
    } else if (compareFractions(consumption, bands.low) < 0) {
      findings.push(
        finding(
          'LOW_CONSUMPTION',
          'reading',
          `کارکرد ${text(consumption)} متر مکعب کمتر از معمول است (${usual}). رقم را بررسی و با دلیل تأیید کنید.`,
        ),
      );
    }
  }
  return { findings, usage: { previous, days, consumption } };
}

/** What the counter's state does not allow of a figure; the ledger alone may always be settled. */
function stateFinding(
  { meterState, readingSource, settlementDate: date }: ReadingFacts,
  reading: number,
  previous: PreviousReading | null,
): Finding | null {
  const figures = `رقم ${reading} در ${date}${previous ? `، رقم قبلی ${previous.reading} در ${previous.on}` : ''}`;
  if (meterState === 'reversed') {
    return finding(
      'METER_REVERSED',
      'meterState',
      `کنتور وارونه نصب شده است و رقم آن پذیرفته نیست (${figures}). اصلاح کارکرد را به واحد صورتحساب ارجاع دهید؛ اکنون می‌توانید مانده دفتر را اعلام کنید.`,
    );
  }
  if (readingSource === 'estimated') return null;
  if (meterState === 'closed' || meterState === 'obstacle') {
    return finding(
      'METER_NOT_READ',
      'readingSource',
      `کنتور ${meterState === 'closed' ? 'در محل بسته' : 'پشت مانع'} بوده و خوانده نشده است (${figures}). منبع رقم را «برآورد» کنید، «فقط مانده دفتر» را برگزینید یا وضعیت کنتور را اصلاح کنید.`,
    );
  }
  if (meterState === 'broken') {
    return finding(
      'METER_BROKEN',
      'readingSource',
      `کنتور خراب است و رقم آن کارکرد را نشان نمی‌دهد (${figures}). منبع رقم را «برآورد» کنید تا صورتحساب علی‌الحساب شود، یا «فقط مانده دفتر» را برگزینید.`,
    );
  }
  return null;
}

/** What one meter counted in a period. */
interface Stretch {
  meter: Meter;
  start: number;
  end: number;
  /** `start` is the previous reading, not the meter's own start */
  fromPrevious: boolean;
}

/** The meters of a period in order, the last the one that was read; one whose end is below its start went round once. */
function meterStretches(
  meters: readonly Meter[],
  previous: Pick<PreviousReading, 'on' | 'reading'>,
  last: Meter,
  reading: number,
): Stretch[] {
  const lastAt = meters.indexOf(last);
  const first = meterRead(meters, previous.on, previous.reading);
  const known = first !== undefined && first.installedOn <= previous.on;
  const firstAt = Math.min(
    lastAt,
    known
      ? meters.indexOf(first)
      : Math.max(
          0,
          meters.findIndex((meter) => meter.installedOn > previous.on),
        ),
  );
  return meters.slice(firstAt, lastAt + 1).map((meter, i) => {
    const fromPrevious = i === 0 && known;
    const start = fromPrevious ? previous.reading : meter.startReading;
    return { meter, start, end: meter === last ? reading : (meter.endReading ?? start), fromPrevious };
  });
}

/** Whole m³ as the counters show them. */
function countedM3(stretches: readonly Stretch[]): number {
  return stretches.reduce((sum, { meter, start, end }) => sum + turned(end - start, meter), 0);
}

/** Each meter's m³ by its own coefficient. */
function standardM3(stretches: readonly Stretch[]): Fraction {
  return stretches
    .map((stretch) => multiplyFractions(fraction(countedM3([stretch])), decimal(stretch.meter.coefficient)))
    .reduce(addFractions);
}

function largestCapacity(stretches: readonly Stretch[]): Fraction {
  return stretches
    .map(({ meter }) => decimal(meter.capacity))
    .reduce((most, capacity) => (compareFractions(capacity, most) > 0 ? capacity : most));
}

/** The subscriber's own standard m³ per day in the season of `date`, over two years; null without such history. */
function dailyAverage(snapshot: AccountSnapshot, tariffs: readonly Tariff[], date: JalaliDate): Fraction | null {
  const season = seasonOf(tariffs, date);
  if (!season) return null;
  let m3 = fraction(0);
  let days = 0;
  for (const bill of snapshot.history) {
    const length = daysBetween(bill.fromDate, bill.toDate);
    if (length <= 0 || seasonOf(tariffs, addDays(bill.toDate, -Math.trunc(length / 2))) !== season) continue;
    const used = billedM3(bill, snapshot.meters, length);
    if (!used) continue;
    m3 = addFractions(m3, used);
    days += length;
  }
  return days === 0 ? null : multiplyFractions(m3, fraction(1, days));
}

/** Standard m³ of an earlier bill; null with two meters at once, and when its figures fell by more than a meter can turn: that was a correction. */
function billedM3(bill: LedgerBill, meters: readonly Meter[], days: number): Fraction | null {
  const meter = meterRead(meters, bill.toDate, bill.toReading);
  if (!meter || overlapping(meters, bill.fromDate, bill.toDate).length > 0) return null;
  const stretches = meterStretches(meters, { reading: bill.fromReading, on: bill.fromDate }, meter, bill.toReading);
  const fell = stretches.some(({ start, end }) => end < start);
  const most = multiplyFractions(largestCapacity(stretches), fraction(24 * days));
  return fell && compareFractions(fraction(countedM3(stretches)), most) > 0 ? null : standardM3(stretches);
}

/** A season that no tariff names is taken from the nearest one: history may be older than the tariffs on record. */
function seasonOf(tariffs: readonly Tariff[], date: JalaliDate): string | undefined {
  const tariff = tariffOn(tariffs, date) ?? tariffs.find((candidate) => candidate.seasons.some((span) => span.from.length === 5));
  return tariff && seasonOn(tariff, date)?.season;
}

function bandsFor(tariff: Tariff, average: Fraction, days: number, units: number): { high: Fraction; outer: Fraction; low: Fraction } {
  const expected = multiplyFractions(average, fraction(days));
  const ignored = fraction(tariff.bands.ignoreUpToM3PerMonth * days * units, 30);
  const atLeastIgnored = (limit: Fraction): Fraction => (compareFractions(limit, ignored) < 0 ? ignored : limit);
  return {
    high: atLeastIgnored(multiplyFractions(expected, decimal(tariff.bands.highFactor))),
    outer: atLeastIgnored(multiplyFractions(expected, decimal(tariff.bands.outerFactor))),
    low: multiplyFractions(expected, decimal(tariff.bands.lowFactor)),
  };
}

function averageText(average: Fraction, days: number): string {
  return text(multiplyFractions(average, fraction(days)));
}

/** A whole figure for a message: nobody wants fractions of a cubic metre there. */
function text({ n, d }: Fraction): string {
  return ((2n * n + d) / (2n * d)).toString();
}
