import type { AccountSnapshot, LedgerBill, Meter } from './account.js';
import { type Finding, finding } from './finding.js';
import { type Fraction, compareFractions, decimal, fraction, fractionText, multiplyFractions } from './fraction.js';
import { type JalaliDate, addDays, daysBetween } from './jalali.js';
import type { SettlementFacts } from './settlement.js';
import { type Tariff, seasonOn, tariffOn } from './tariff.js';

/** Who read the counter: the applicant declares it, staff read it, it is estimated, or none (ledger balance only). */
export type ReadingSource = 'declared' | 'staff' | 'estimated' | 'none';

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

type ReadingFacts = Pick<SettlementFacts, 'settlementDate' | 'reading' | 'readingSource'>;

/** The last billed reading, or the first meter's start for a subscriber without a bill. */
export function previousReading(snapshot: AccountSnapshot): PreviousReading | null {
  const { lastBill, meters } = snapshot;
  if (lastBill) return { reading: lastBill.toReading, on: lastBill.toDate, source: lastBill.readingSource };
  const first = meters[0];
  return first ? { reading: first.startReading, on: first.installedOn, source: 'staff' } : null;
}

/** The meter that counted on the given day. */
export function meterOn(meters: readonly Meter[], date: JalaliDate): Meter | undefined {
  return meters.findLast((meter) => meter.installedOn <= date && (meter.removedOn === null || date < meter.removedOn)) ?? meters.at(-1);
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
      finding('READING_DATE_IN_FUTURE', 'settlementDate', `تاریخ ${date} پس از امروز (${today}) است. تاریخ امروز یا پیش از آن را وارد کنید.`),
    );
  }
  if (date < account.connectedOn) {
    findings.push(
      finding('READING_DATE_BEFORE_LAST', 'settlementDate', `تاریخ ${date} پیش از برقراری اشتراک (${account.connectedOn}) است. تاریخ را اصلاح کنید.`),
    );
  }
  if (facts.readingSource === 'none') return ledgerOnly;
  if (reading === null) {
    findings.push(finding('READING_REQUIRED', 'reading', 'رقم کنتور را وارد کنید، یا «فقط مانده دفتر» را برگزینید.'));
    return impossible;
  }
  if (account.closedOn !== null && date > account.closedOn) {
    findings.push(
      finding('ACCOUNT_CLOSED', 'subscription', `این اشتراک از ${account.closedOn} جمع‌آوری شده است و کارکرد تازه ندارد. مانده دفتر را اعلام کنید.`),
    );
  }
  const meter = meterOn(meters, date);
  if (!previous || !meter) {
    findings.push(finding('METER_UNKNOWN', 'subscription', 'برای این اشتراک کنتوری ثبت نشده است. موضوع را به واحد صورتحساب ارجاع دهید.'));
    return impossible;
  }
  if (date < previous.on) {
    findings.push(
      finding(
        'READING_DATE_BEFORE_LAST',
        'settlementDate',
        `تاریخ ${date} پیش از آخرین قرائت (${previous.on}، رقم ${previous.reading}) است. تاریخ را اصلاح کنید یا ابطال و صدور دوباره را از سرپرست بخواهید.`,
      ),
    );
    return impossible;
  }
  if (reading >= 10 ** meter.digits) {
    findings.push(
      finding('READING_TOO_MANY_DIGITS', 'reading', `رقم ${reading} بیش از ${meter.digits} رقمِ کنتور ${meter.serial} دارد. رقم کنتور را دوباره بخوانید.`),
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
  const capacityLimit = multiplyFractions(decimal(meter.capacity), fraction(24 * days));
  const counted = countedConsumption(meters, previous, meter, reading);
  let consumption = multiplyFractions(fraction(counted.current + counted.removed), decimal(meter.coefficient));
  const bands = tariff && averages ? bandsFor(tariff, averages, days, account.units) : null;

  if (counted.current < 0) {
    const start = counted.start;
    if (previous.source === 'estimated' && counted.removed === 0) {
      findings.push(
        finding(
          'READING_BELOW_ESTIMATE',
          'reading',
          `رقم ${reading} در ${date} از رقم برآوردی ${start} در ${previous.on} کمتر است. صورتحساب قبلی باید در واحد صورتحساب اصلاح شود؛ اکنون می‌توانید مانده دفتر را اعلام کنید.`,
        ),
      );
      return impossible;
    }
    const turned = 10 ** meter.digits + counted.current;
    const candidate = multiplyFractions(fraction(turned + counted.removed), decimal(meter.coefficient));
    const plausible =
      compareFractions(candidate, capacityLimit) <= 0 && (bands === null || compareFractions(candidate, bands.outer) <= 0);
    if (!plausible) {
      findings.push(
        finding(
          'READING_BELOW_PREVIOUS',
          'reading',
          `رقم ${reading} در ${date} از رقم قبلی ${start} در ${previous.on} کمتر است. رقم و کنتور را دوباره بررسی کنید؛ اگر کنتور عوض شده است، تعویض باید ثبت شود.`,
        ),
      );
      return impossible;
    }
    consumption = candidate;
    findings.push(
      finding(
        'ROLLOVER',
        'reading',
        `رقم ${reading} از رقم قبلی ${start} کمتر است. اگر کنتور ${meter.digits} رقمی یک دور کامل زده، کارکرد ${text(candidate)} متر مکعب است؛ با ذکر دلیل تأیید کنید.`,
      ),
    );
  }
  if (counted.replaced) {
    findings.push(finding('METER_REPLACED', 'reading', `کنتور در این دوره عوض شده است؛ کارکرد کنتورهای پیشین ${counted.removed} متر مکعب است.`));
  }
  if (previous.source === 'estimated') {
    findings.push(finding('ESTIMATED_LAST_READING', 'reading', `آخرین رقم (${previous.reading} در ${previous.on}) برآوردی بوده است؛ صورتحساب علی‌الحساب خواهد بود.`));
  }
  if (compareFractions(consumption, capacityLimit) > 0) {
    findings.push(
      finding(
        'ABOVE_METER_CAPACITY',
        'reading',
        `کارکرد ${text(consumption)} متر مکعب در ${days} روز از توان کنتور (${text(capacityLimit)} متر مکعب) بیشتر است. رقم ${reading} و تاریخ ${date} را دوباره بررسی کنید.`,
      ),
    );
    return impossible;
  }
  if (consumption.n === 0n) {
    findings.push(finding('ZERO_CONSUMPTION', 'reading', `رقم ${reading} با رقم ${previous.on} یکی است (کارکرد صفر در ${days} روز). دلیل را بنویسید.`));
  } else if (bands && averages) {
    const usual = `میانگین همین فصل برای ${days} روز حدود ${averageText(averages, days)} متر مکعب است`;
    if (compareFractions(consumption, bands.outer) > 0) {
      findings.push(
        finding('OUTSIDE_OUTER_BAND', 'reading', `کارکرد ${text(consumption)} متر مکعب بسیار غیرعادی است (${usual}). رقم را دوباره بخوانید یا پذیرش سرپرست را بگیرید.`),
      );
    } else if (compareFractions(consumption, bands.high) > 0) {
      findings.push(finding('HIGH_CONSUMPTION', 'reading', `کارکرد ${text(consumption)} متر مکعب بیش از معمول است (${usual}). رقم را بررسی و با دلیل تأیید کنید.`));
    } else if (compareFractions(consumption, bands.low) < 0) {
      findings.push(finding('LOW_CONSUMPTION', 'reading', `کارکرد ${text(consumption)} متر مکعب کمتر از معمول است (${usual}). رقم را بررسی و با دلیل تأیید کنید.`));
    }
  }
  return { findings, usage: { previous, days, consumption } };
}

/** Whole m³ since the previous reading: by the present meter (negative when its figure fell) and by those removed since. */
function countedConsumption(meters: readonly Meter[], previous: PreviousReading, current: Meter, reading: number) {
  const startOf = (meter: Meter): number => (meter.installedOn > previous.on ? meter.startReading : previous.reading);
  let removed = 0;
  let replaced = false;
  for (const meter of meters) {
    if (meter === current || meter.removedOn === null || meter.removedOn <= previous.on || meter.installedOn >= current.installedOn) continue;
    replaced = true;
    const used = (meter.endReading ?? startOf(meter)) - startOf(meter);
    removed += used < 0 ? used + 10 ** meter.digits : used;
  }
  const start = startOf(current);
  return { current: reading - start, start, removed, replaced };
}

/** The subscriber's own m³ per day in the season of `date`, over two years; null without such history. */
function dailyAverage(snapshot: AccountSnapshot, tariffs: readonly Tariff[], date: JalaliDate): Fraction | null {
  const season = seasonOf(tariffs, date);
  if (!season) return null;
  let m3 = 0;
  let days = 0;
  for (const bill of snapshot.history) {
    const length = daysBetween(bill.fromDate, bill.toDate);
    const used = billedConsumption(bill, snapshot.meters);
    if (length <= 0 || used < 0 || seasonOf(tariffs, addDays(bill.toDate, -Math.trunc(length / 2))) !== season) continue;
    m3 += used;
    days += length;
  }
  if (days === 0) return null;
  return multiplyFractions(fraction(m3, days), decimal(snapshot.meters.at(-1)?.coefficient ?? '1'));
}

function billedConsumption(bill: LedgerBill, meters: readonly Meter[]): number {
  const meter = meterOn(meters, bill.toDate);
  if (!meter) return bill.toReading - bill.fromReading;
  const counted = countedConsumption(meters, { reading: bill.fromReading, on: bill.fromDate, source: 'staff' }, meter, bill.toReading);
  const current = counted.current < 0 ? counted.current + 10 ** meter.digits : counted.current;
  return current + counted.removed;
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

/** A whole figure for a message: nobody wants fractions of a cubic metre there. */
function averageText(average: Fraction, days: number): string {
  const expected = multiplyFractions(average, fraction(days));
  return ((2n * expected.n + expected.d) / (2n * expected.d)).toString();
}

function text(quantity: Fraction): string {
  return fractionText(quantity.n, quantity.d);
}

