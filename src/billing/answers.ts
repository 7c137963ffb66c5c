import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import {
  FEED_KINDS,
  type AccountSnapshot,
  type Cycle,
  type FeedKind,
  type LedgerBill,
  type LedgerPayment,
} from '../domain/settlement/account.js';
import { checkBillId } from '../domain/bill/bill-id.js';
import { yearOf, type JalaliDate } from '../domain/calendar/jalali.js';
import type { PostingBatch } from '../domain/outbox/outbox.js';
import { FEED_TABLES, type FaultCode } from './feed-columns.js';
import type { AccountHit } from './port.js';

/*
 * What a billing system may answer (docs/billing-system.md), read by the rules of the feeds: a figure is the same whichever
 * way it came. Fields that are not known are dropped, so that what is kept of an answer has always the same ones.
 */

/** What an answer says, or what is wrong with it as `field: fault`. */
export type Read<T> = { ok: true; value: T } | { ok: false; faults: string[] };

/** Faults told at once: a wholly different answer would have hundreds. */
const MOST_FAULTS = 10;

function read<S extends z.ZodType>(schema: S, json: unknown): Read<z.output<S>> {
  const result = schema.safeParse(json);
  if (result.success) return { ok: true, value: result.data };
  const faults = result.error.issues.slice(0, MOST_FAULTS).map(({ path, message }) => `${path.join('.') || 'the answer'}: ${message}`);
  return { ok: false, faults };
}

/** A text read as a cell of the feed's column. */
function cell(kind: FeedKind, name: string): (typed: string, context: z.RefinementCtx) => string | null {
  const column = FEED_TABLES[kind].columns.find((each) => each.name === name);
  if (!column) throw new Error(`the feed ${kind} has no column ${name}`);
  return (typed, context) => {
    let fault: FaultCode | undefined;
    const value = column.parse(typed, (code) => (fault ??= code));
    if (fault === undefined) return value;
    context.issues.push({ code: 'custom', message: fault, input: typed });
    return z.NEVER;
  };
}

function text(kind: FeedKind, name: string) {
  const parse = cell(kind, name);
  return z.string().transform((typed, context) => parse(typed, context) ?? '');
}

function textOrNull(kind: FeedKind, name: string) {
  const parse = cell(kind, name);
  return z
    .string()
    .nullable()
    .transform((typed, context) => parse(typed ?? '', context));
}

function date(kind: FeedKind, name: string) {
  return text(kind, name).transform((day) => day as JalaliDate);
}

function dateOrNull(kind: FeedKind, name: string) {
  return textOrNull(kind, name).transform((day) => day as JalaliDate | null);
}

/** Rials, figures of a counter, counts: JSON numbers. */
function number(kind: FeedKind, name: string) {
  const parse = cell(kind, name);
  return z.number().transform((figure, context) => Number(parse(String(figure), context)));
}

function numberOrNull(kind: FeedKind, name: string) {
  const parse = cell(kind, name);
  return z
    .number()
    .nullable()
    .transform((figure, context) => (figure === null ? null : Number(parse(String(figure), context))));
}

/** Decimal text without needless zeros: `06.0` → `6`. */
function decimal(kind: FeedKind, name: string) {
  return text(kind, name).transform((figure) => {
    const shorter = figure.replace(/^0+(?=[0-9])/, '');
    return shorter.includes('.') ? shorter.replace(/\.?0+$/, '') : shorter;
  });
}

/** The rules between the cells of a row hold for the answer's object too. */
function sound(kind: FeedKind) {
  const { columns, checkRow } = FEED_TABLES[kind];
  return (value: object, context: z.RefinementCtx): void => {
    const given = value as Record<string, unknown>;
    const row = columns.map(({ name, sql }) => [sql, name === null || (given[name] ?? null) === null ? null : String(given[name])]);
    checkRow?.(Object.fromEntries(row) as Record<string, string | null>, (code, column) =>
      context.issues.push({ code: 'custom', message: code, path: [column ?? ''], input: value }),
    );
  };
}

/** A list in which the fields `keys` together come once: a payment that is reported twice would be subtracted twice. The last is named. */
function list<T extends object>(item: z.ZodType<T>, ...keys: (keyof T & string)[]) {
  const named = keys.at(-1) ?? '';
  return z.array(item).superRefine((rows, context) => {
    const seen = new Set<unknown>();
    rows.forEach((row, at) => {
      const key = JSON.stringify(keys.map((each) => row[each]));
      if (seen.has(key)) context.issues.push({ code: 'custom', message: 'DUPLICATE', path: [at, named], input: key });
      seen.add(key);
    });
  });
}

const account = z
  .object({
    subscription: text('accounts', 'subscription'),
    file: text('accounts', 'file'),
    company: text('accounts', 'company'),
    name: text('accounts', 'name'),
    nationalId: text('accounts', 'nationalId'),
    mobile: text('accounts', 'mobile'),
    address: text('accounts', 'address'),
    postalCode: text('accounts', 'postalCode'),
    office: text('accounts', 'office'),
    series: text('accounts', 'series'),
    use: text('accounts', 'use'),
    climate: number('accounts', 'climate'),
    area: z.enum(['urban', 'rural']),
    units: number('accounts', 'units'),
    welfare: z.boolean(),
    connectedOn: date('accounts', 'connectedOn'),
    closedOn: dateOrNull('accounts', 'closedOn'),
  })
  .superRefine(sound('accounts'));

const meter = z
  .object({
    serial: text('meters', 'serial'),
    digits: number('meters', 'digits'),
    capacity: decimal('meters', 'capacity'),
    coefficient: decimal('meters', 'coefficient'),
    installedOn: date('meters', 'installedOn'),
    startReading: number('meters', 'startReading'),
    removedOn: dateOrNull('meters', 'removedOn'),
    endReading: numberOrNull('meters', 'endReading'),
  })
  .superRefine(sound('meters'));

const bill = z
  .object({
    serial: text('bills', 'serial'),
    cycle: text('bills', 'cycle'),
    issuedOn: date('bills', 'issuedOn'),
    fromDate: date('bills', 'fromDate'),
    toDate: date('bills', 'toDate'),
    fromReading: number('bills', 'fromReading'),
    toReading: number('bills', 'toReading'),
    readingSource: z.enum(['declared', 'staff', 'estimated', 'none']),
    totalDue: number('bills', 'totalDue'),
  })
  .superRefine(sound('bills'));

const payment = z.object({
  reference: text('payments', 'reference'),
  paidOn: date('payments', 'paidOn'),
  amount: number('payments', 'amount'),
  paymentId: textOrNull('payments', 'paymentId'),
});

const adjustment = z.object({
  reference: text('adjustments', 'reference'),
  on: date('adjustments', 'on'),
  amount: number('adjustments', 'amount'),
  reason: text('adjustments', 'reason'),
});

const instalment = z.object({
  reference: text('instalments', 'reference'),
  dueOn: date('instalments', 'dueOn'),
  amount: number('instalments', 'amount'),
});

const deposit = z.object({
  reference: text('deposits', 'reference'),
  amount: number('deposits', 'amount'),
  on: date('deposits', 'on'),
});

const cycle = z
  .object({
    cycle: text('cycles', 'cycle'),
    series: text('cycles', 'series'),
    fromDate: date('cycles', 'fromDate'),
    toDate: date('cycles', 'toDate'),
    closesOn: date('cycles', 'closesOn'),
    issuesOn: date('cycles', 'issuesOn'),
    objectionDays: number('cycles', 'objectionDays'),
  })
  .superRefine(sound('cycles'));

const feed = z.object({
  kind: z.enum(FEED_KINDS),
  loadedAt: z.iso.datetime({ offset: true }).transform((instant) => new Date(instant).toISOString()),
  asOf: date('payments', 'paidOn'),
});

const snapshot = z
  .object({
    account,
    meters: list(meter, 'installedOn', 'serial'),
    lastBill: bill.nullable(),
    history: list(bill, 'serial'),
    payments: list(payment, 'reference'),
    adjustments: list(adjustment, 'reference'),
    instalments: list(instalment, 'reference'),
    deposits: list(deposit, 'reference'),
    cycles: list(cycle, 'cycle'),
    feeds: list(feed, 'kind'),
    held: z.array(text('payments', 'reference')).optional(),
  })
  .transform((given) => ({
    ...given,
    meters: sorted(given.meters, (each) => [each.installedOn, each.removedOn ?? AFTER_ALL, each.serial]),
    history: ofTwoYears(newestFirst(given.history)),
    payments: byDay(given.payments),
    adjustments: sorted(given.adjustments, (each) => [each.on, each.reference]),
    instalments: sorted(given.instalments, (each) => [each.dueOn, each.reference]),
    deposits: sorted(given.deposits, (each) => [each.on, each.reference]),
    cycles: nearestFirst(given.cycles).slice(0, MOST_CYCLES),
    feeds: FEED_KINDS.flatMap((kind) => given.feeds.filter((each) => each.kind === kind)),
  }));

/** Cycles of the timetable that an account is shown with. */
const MOST_CYCLES = 3;

export interface AskedAccount {
  subscription: string;
  today: JalaliDate;
  reported: readonly LedgerPayment[];
}

/**
 * `GET /accounts/{subscription}`: the answer must be that subscriber's, its cycles of the subscriber's series and open on
 * `today`, and every feed must say its day. Lists come out in one order, whatever theirs was. When payments were reported,
 * it must say which of them the ledger holds; the others are among the payments.
 */
export function readAccount(json: unknown, { subscription, today, reported }: AskedAccount): Read<AccountSnapshot> {
  const answer = read(snapshot, json);
  if (!answer.ok) return answer;
  const { held, ...value } = answer.value;
  const { account, lastBill, history, cycles, feeds } = value;
  const faults: string[] = [];
  if (account.subscription !== subscription) faults.push('account.subscription: ANOTHER_SUBSCRIPTION');
  if (!isDeepStrictEqual(lastBill, history[0] ?? null)) faults.push('lastBill: NOT_THE_NEWEST_OF_HISTORY');
  for (const { cycle, series, closesOn } of cycles) {
    if (series !== account.series) faults.push(`cycles: ${cycle} of ANOTHER_SERIES`);
    if (closesOn < today) faults.push(`cycles: ${cycle} CLOSED_ALREADY`);
  }
  for (const kind of FEED_KINDS) if (!feeds.some((each) => each.kind === kind)) faults.push(`feeds: ${kind} MISSING`);
  // whether a bill counts a reported payment already is the billing system's to say: without its word nothing is exact
  if (reported.length > 0 && held === undefined) faults.push('held: MISSING');
  if (faults.length > 0) return { ok: false, faults };
  const known = new Set([...(held ?? []), ...value.payments.map(({ reference }) => reference)]);
  return {
    ok: true,
    value: { ...value, payments: byDay([...value.payments, ...reported.filter(({ reference }) => !known.has(reference))]) },
  };
}

/** Sorts after every date. */
const AFTER_ALL = '9999/99/99';

/** By the texts of `key`, the first that differs; as code points, like the database's. */
function sorted<T>(rows: readonly T[], key: (row: T) => string[]): T[] {
  return rows
    .map((row) => ({ row, by: key(row).join('\u0000') }))
    .sort((a, b) => (a.by < b.by ? -1 : a.by > b.by ? 1 : 0))
    .map(({ row }) => row);
}

function byDay(payments: readonly LedgerPayment[]): LedgerPayment[] {
  return sorted(payments, ({ paidOn, reference }) => [paidOn, reference]);
}

/** Of bills that end on one day the later issued, then the later numbered is the newer. */
function newestFirst(bills: readonly LedgerBill[]): LedgerBill[] {
  return sorted(bills, ({ toDate, issuedOn, serial }) => [toDate, issuedOn, String(serial.length).padStart(3, '0'), serial]).reverse();
}

function nearestFirst(cycles: readonly Cycle[]): Cycle[] {
  return sorted(cycles, ({ closesOn, cycle }) => [closesOn, cycle]);
}

function ofTwoYears(bills: readonly LedgerBill[]): LedgerBill[] {
  const newest = bills[0]?.toDate;
  if (newest === undefined) return [];
  const earliest = `${yearOf(newest) - 2}${newest.slice(4)}`;
  return bills.filter(({ toDate }) => toDate > earliest);
}

const hits = z.object({
  items: z.array(
    z.object({
      subscription: text('accounts', 'subscription'),
      billId: z.string().refine((id) => /^[1-9][0-9]*$/.test(id) && checkBillId(id).valid, 'NOT_A_BILL_ID'),
      name: text('accounts', 'name'),
      address: text('accounts', 'address'),
      office: text('accounts', 'office'),
      use: text('accounts', 'use'),
      meterSerial: text('meters', 'serial').nullable(),
    }),
  ),
});

/**
 * `GET /accounts`: subscribers of the office that was asked for, in the order of `subscription`, all after `after`, no more
 * than `limit`: a clerk must not see another office's, and the next page begins after the last of this one.
 */
export function readHits(
  json: unknown,
  { office, limit, after }: { office: string | null; limit: number; after: string | null },
): Read<AccountHit[]> {
  const answer = read(hits, json);
  if (!answer.ok) return answer;
  const { items } = answer.value;
  const faults: string[] = [];
  if (items.length > limit) faults.push(`items: MORE_THAN ${limit}`);
  items.forEach((item, at) => {
    const before = items[at - 1]?.subscription ?? after;
    if (before !== null && item.subscription <= before) faults.push(`items.${at}.subscription: NOT_IN_ORDER`);
    if (office !== null && item.office !== office) faults.push(`items.${at}.office: ANOTHER_OFFICE`);
  });
  return faults.length > 0 ? { ok: false, faults: faults.slice(0, MOST_FAULTS) } : { ok: true, value: items };
}

const timetable = z.object({ items: list(cycle, 'cycle') });

/** `GET /cycles`: cycles of the series, when one was asked for, that close between the two days; the nearest first. */
export function readTimetable(
  json: unknown,
  { series, from, to }: { series: string | null; from: JalaliDate; to: JalaliDate },
): Read<Cycle[]> {
  const answer = read(timetable, json);
  if (!answer.ok) return answer;
  const faults = answer.value.items.flatMap((each, at) => [
    ...(series !== null && each.series !== series ? [`items.${at}.series: ANOTHER_SERIES`] : []),
    ...(each.closesOn < from || each.closesOn > to ? [`items.${at}.closesOn: OUT_OF_RANGE`] : []),
  ]);
  return faults.length > 0 ? { ok: false, faults: faults.slice(0, MOST_FAULTS) } : { ok: true, value: nearestFirst(answer.value.items) };
}

const receipt = z.object({ cycle: z.string(), batch: z.number(), count: z.number(), sum: z.number() });

/** `PUT /cycles/{cycle}/batches/{batch}`: what billing says it holds under the number must be what was sent. */
export function readReceipt(json: unknown, sent: PostingBatch): Read<unknown> {
  const answer = read(receipt, json);
  if (!answer.ok) return answer;
  const faults = (['cycle', 'batch', 'count', 'sum'] as const).flatMap((field) =>
    answer.value[field] === sent[field] ? [] : [`${field}: ${answer.value[field]} instead of ${sent[field]}`],
  );
  return faults.length > 0 ? { ok: false, faults } : answer;
}
