import { isUtf8 } from 'node:buffer';
import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setImmediate as immediate } from 'node:timers/promises';
import { CsvError, parse, type Parser } from 'csv-parse';
import type { PoolClient } from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import { FEED_KINDS, type FeedKind } from '../domain/settlement/account.js';
import { todayInTehran, type JalaliDate } from '../domain/calendar/jalali.js';
import { FaultList, MAX_FAULTS } from '../domain/fault-list.js';
import type { FedPayments } from '../domain/settlement/payment.js';
import { cleanText } from '../domain/text.js';
import { FAULT_TEXT, FEED_TABLES, type Column, type FaultCode, type FeedTable } from './feed-columns.js';

export interface FeedFault {
  /** record of the file: the header is 1, the first record 2 */
  row: number;
  /** the header's word; empty when the fault is the row's or the file's */
  column: string;
  code: FaultCode;
  /** Persian */
  message: string;
}

export type FeedResult =
  | {
      ok: true;
      kind: FeedKind;
      rows: number;
      inserted: number;
      updated: number;
      unchanged: number;
      /** only of payments */
      payments?: FedPayments;
    }
  | {
      ok: false;
      kind: FeedKind;
      /** the first MAX_FAULTS in the order of their rows */
      faults: FeedFault[];
      /** how many there are of each code */
      counts: Record<string, number>;
      truncated: boolean;
    }
  /** what is loaded speaks of a later day */
  | { ok: false; kind: FeedKind; older: { asOf: JalaliDate; loaded: JalaliDate } };

/** Who takes an older file in the place of a newer one: it may take payments and bills back. */
export interface OlderAccepted {
  by: string;
  confirmedBy: string;
}

export interface FeedOptions {
  /** up to which day the data speaks; default: today in Tehran */
  asOf?: JalaliDate;
  /** absent: a file older than the one loaded is refused */
  older?: OlderAccepted;
  /** told the records read so far, every thousand */
  onRows?: (rows: number) => void;
}

/** Where a feed is loaded; the app's own tables are not the feed's to write. */
export interface FeedTarget {
  /** Commits what `load` returns, rolls back when it throws and throws the same error. */
  transaction<T>(load: (client: PoolClient) => Promise<T>): Promise<T>;
  /** When the ledger holds the payments of the temporary table `feed_rows`: what settlements make of them, in the same transaction. */
  takePayments(client: PoolClient): Promise<FedPayments>;
}

/** Advisory locks of the feeds: this and the kind's place in FEED_KINDS. */
const FEED_LOCK = 0x7a5;
// a large file over a slow line is no hanging statement
const LOAD_TIMEOUT_MS = 15 * 60_000;
const COPY_CHUNK = 32_768;
/** an unclosed quotation mark must not swallow the file into memory */
const MAX_RECORD = 65_536;

/** Ends the transaction without an error of ours: the faults, or the later day, are the answer. */
class Refused extends Error {
  constructor(readonly loaded?: JalaliDate) {
    super();
  }
}

/**
 * Loads a feed's CSV (UTF-8, header row, comma) into the billing schema: all of it in one transaction, or nothing and
 * every faulty row with its number, column and code. Rows are inserted or updated by their key, never deleted, so the
 * same file twice changes nothing. A second load of the kind waits for the first. Rejects only when the stream or the
 * database fails; the stream is always read to its end.
 */
export async function loadFeed(target: FeedTarget, kind: FeedKind, stream: Readable, options: FeedOptions = {}): Promise<FeedResult> {
  const table = FEED_TABLES[kind];
  const file = new FeedFile(table, stream, options.onRows);
  const asOf = options.asOf ?? todayInTehran(new Date());
  try {
    return await target.transaction(async (client) => {
      await client.query(`set local statement_timeout = ${LOAD_TIMEOUT_MS}`);
      await client.query(
        `create temp table feed_rows ("row" integer, ${table.columns.map(({ sql, type }) => `"${sql}" ${type}`).join(', ')}) on commit drop`,
      );
      await pipeline(
        Readable.from(file.copyRows(), { highWaterMark: 1 }),
        client.query(copyFrom(`copy feed_rows ("row", ${names(table.columns)}) from stdin`)),
      );
      // only now: a slow sender keeps nobody waiting
      await client.query('select pg_advisory_xact_lock($1, $2)', [FEED_LOCK, FEED_KINDS.indexOf(kind)]);
      await client.query('analyze feed_rows');
      await addFaultsBetweenRows(client, kind, table, file.faults);
      if (file.faults.total > 0) throw new Refused();
      const { rows: loaded } = await client.query<{ as_of: JalaliDate }>('select as_of from billing.feeds where kind = $1', [kind]);
      const later = loaded.find(({ as_of }) => as_of > asOf)?.as_of;
      if (later !== undefined) {
        if (!options.older) throw new Refused(later);
        await client.query(
          `insert into billing.older_feeds (kind, loaded_at, as_of, replaced_as_of, sha256, by, confirmed_by) values ($1, now(), $2, $3, $4, $5, $6)`,
          [kind, asOf, later, file.sha256(), options.older.by, options.older.confirmedBy],
        );
      }

      const { inserted, updated } = await upsert(client, kind, table);
      // the first search after a large load must not be planned for an empty table
      if (inserted + updated >= 1000) await client.query(`analyze billing.${kind}`);
      await client.query(
        `insert into billing.feeds (kind, loaded_at, as_of, rows, sha256) values ($1, now(), $2, $3, $4)
         on conflict (kind) do update set loaded_at = excluded.loaded_at, as_of = excluded.as_of, rows = excluded.rows, sha256 = excluded.sha256`,
        [kind, asOf, file.rows, file.sha256()],
      );
      // last, since it holds the settlements that were paid
      const payments = kind === 'payments' ? await target.takePayments(client) : null;
      return {
        ok: true,
        kind,
        rows: file.rows,
        inserted,
        updated,
        unchanged: file.rows - inserted - updated,
        ...(payments && { payments }),
      };
    });
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    if (error.loaded !== undefined) return { ok: false, kind, older: { asOf, loaded: error.loaded } };
    const place = new Map(table.columns.map(({ name }, at) => [name ?? '', at]));
    const { listed, counts, total } = file.faults;
    const faults = [...listed].sort((a, b) => a.row - b.row || (place.get(a.column) ?? -1) - (place.get(b.column) ?? -1));
    return { ok: false, kind, faults: faults.slice(0, MAX_FAULTS), counts, truncated: total > MAX_FAULTS };
  } finally {
    // a sender who has not finished could not read the answer
    if (!stream.destroyed) stream.resume();
  }
}

function fault(row: number, column: string, code: FaultCode, more = ''): FeedFault {
  return { row, column, code, message: more ? `${FAULT_TEXT[code]} ${more}` : FAULT_TEXT[code] };
}

function names(columns: readonly Column[]): string {
  return columns.map(({ sql }) => `"${sql}"`).join(', ');
}

/** Bytes → records → checked rows in the text format of COPY; keeps what is wrong with them. */
class FeedFile {
  readonly faults = new FaultList<FeedFault>();
  /** records read, without the header and blank lines */
  rows = 0;
  private readonly hash = createHash('sha256');

  constructor(
    private readonly table: FeedTable,
    private readonly source: Readable,
    private readonly onRows: ((rows: number) => void) | undefined,
  ) {}

  /** Of the whole file, once it is read. */
  sha256(): string {
    return this.hash.copy().digest('hex');
  }

  /** Faulty cells go on as null, so that the checks between rows see the rest of the row. */
  async *copyRows(): AsyncGenerator<string> {
    const parser = parse({
      bom: true,
      relax_column_count: true,
      max_record_size: MAX_RECORD,
      // by its first line alone, a file of mixed line ends would lose rows in a cell
      record_delimiter: ['\r\n', '\n', '\r'],
    });
    // its failure destroys the parser, whose reader throws it
    pipeline(Readable.from(this.bytes(), { highWaterMark: 1 }), parser).catch(() => {});
    let read = 0;
    try {
      for await (const chunk of this.checkedRows(parser, (row) => (read = row))) yield chunk;
    } catch (error) {
      if (!(error instanceof CsvError)) throw error;
      // the parser may be ahead of its reader
      const { records = read } = error as { records?: number };
      this.faults.add(fault(records + 1, '', 'CSV_SYNTAX'));
    }
  }

  private async *checkedRows(parser: Parser, at: (row: number) => void): AsyncGenerator<string> {
    let row = 0;
    let order: number[] | null = null;
    let width = 0;
    let chunk = '';
    for await (const record of parser as AsyncIterable<string[]>) {
      at(++row);
      const swallowed = record.findIndex((cell) => LINE_BREAK.test(cell));
      if (swallowed !== -1) {
        // an open quotation mark: whatever followed until the next one is in this cell
        const lines = record.reduce((sum, cell) => sum + cell.split(LINE_BREAK).length - 1, 0);
        this.faults.add(fault(row, this.columnAt(order, swallowed), 'LINE_BREAK_IN_CELL', `(تا سطر ${row + lines})`));
        at((row += lines));
        if (order === null) return;
        this.rows++;
        continue;
      }
      if (record.length === 1 && record[0]?.trim() === '') continue;
      if (order === null) {
        width = record.length;
        order = this.header(record, row);
        if (order === null) return;
        continue;
      }
      this.rows++;
      if (this.rows % 1000 === 0) this.onRows?.(this.rows);
      if (this.rows % 1000 === 0) await immediate();
      if (record.length !== width) this.faults.add(fault(row, '', 'WRONG_NUMBER_OF_FIELDS', `(${record.length} ≠ ${width})`));
      else chunk += this.line(record, order, row);
      if (chunk.length >= COPY_CHUNK) {
        yield chunk;
        chunk = '';
        // a source and a socket that are always ready would keep the process from everything else
        await immediate();
      }
    }
    if (chunk !== '') yield chunk;
    const empty = order === null || (this.rows === 0 && !this.table.mayBeEmpty);
    if (empty && this.faults.total === 0) this.faults.add(fault(1, '', 'EMPTY_FILE'));
  }

  private columnAt(order: readonly number[] | null, place: number): string {
    return (order && this.table.columns[order.indexOf(place)]?.name) ?? '';
  }

  /** Place in the record of each column of the table (−1: derived), or null when the header is not the feed's. */
  private header(record: string[], row: number): number[] | null {
    const found = new Map<string, number>();
    const known = new Set(this.table.columns.map(({ name }) => name));
    const before = this.faults.total;
    record.map(cleanText).forEach((name, at) => {
      if (!known.has(name)) this.faults.add(fault(row, name, 'UNKNOWN_COLUMN'));
      else if (found.has(name)) this.faults.add(fault(row, name, 'DUPLICATE_COLUMN'));
      else found.set(name, at);
    });
    for (const { name } of this.table.columns) {
      if (name !== null && !found.has(name)) this.faults.add(fault(row, name, 'MISSING_COLUMN'));
    }
    if (this.faults.total > before) return null;
    return this.table.columns.map(({ name }) => (name === null ? -1 : (found.get(name) ?? -1)));
  }

  private line(record: string[], order: number[], row: number): string {
    const { columns, checkRow } = this.table;
    let reported: Set<string> | null = null;
    const report = (column: string, code: FaultCode): void => {
      // the first fault of a cell explains the others
      if (reported?.has(column)) return;
      (reported ??= new Set()).add(column);
      this.faults.add(fault(row, column, code));
    };
    const values: Record<string, string | null> = {};
    columns.forEach(({ name, sql, parse: read }, i) => {
      values[sql] = name === null ? null : read(record[order[i] ?? -1] ?? '', (code) => report(name, code));
    });
    checkRow?.(values, (code, column) => report(column ?? '', code));
    let line = String(row);
    for (const { sql } of columns) line += `\t${copyText(values[sql] ?? null)}`;
    return `${line}\n`;
  }

  /** The file's bytes as long as they are UTF-8. */
  private async *bytes(): AsyncGenerator<Buffer> {
    const decoder = new TextDecoder('utf-8', { fatal: true });
    let lines = 1;
    // left open: the sender must still be able to read the answer
    for await (const part of this.source.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer | string>) {
      const chunk = typeof part === 'string' ? Buffer.from(part) : part;
      this.hash.update(chunk);
      // the first letter of a header is a Latin one
      if (lines === 1 && chunk.subarray(0, 2).includes(0)) {
        this.faults.add(fault(1, '', 'NOT_UTF8', '(UTF-16 است.)'));
        return;
      }
      try {
        decoder.decode(chunk, { stream: true });
      } catch {
        this.faults.add(fault(lines + linesBeforeFault(chunk), '', 'NOT_UTF8'));
        return;
      }
      lines += newlines(chunk);
      yield chunk;
    }
    try {
      decoder.decode();
    } catch {
      this.faults.add(fault(lines, '', 'NOT_UTF8'));
    }
  }
}

const NEWLINE = 10;
const LINE_BREAK = /\r\n|\r|\n/;

function newlines(chunk: Buffer): number {
  let count = 0;
  for (let at = chunk.indexOf(NEWLINE); at !== -1; at = chunk.indexOf(NEWLINE, at + 1)) count++;
  return count;
}

function linesBeforeFault(chunk: Buffer): number {
  let start = 0;
  // the chunk may begin inside a letter
  while (start < 3 && ((chunk[start] ?? 0) & 0xc0) === 0x80) start++;
  for (let lines = 0; ; lines++) {
    const end = chunk.indexOf(NEWLINE, start);
    if (end === -1 || !isUtf8(chunk.subarray(start, end))) return lines;
    start = end + 1;
  }
}

function copyText(value: string | null): string {
  if (value === null) return '\\N';
  return /[\\\t\n\r]/.test(value) ? value.replace(/[\\\t\n\r]/g, (c) => COPY_ESCAPES[c] ?? c) : value;
}
const COPY_ESCAPES: Readonly<Record<string, string>> = { '\\': '\\\\', '\t': '\\t', '\n': '\\n', '\r': '\\r' };

async function addFaultsBetweenRows(
  client: PoolClient,
  kind: FeedKind,
  { key, columns, unique, ofSubscriber }: FeedTable,
  faults: FaultList<FeedFault>,
): Promise<void> {
  /** The first of a query's rows, ordered; `total` in each: how many there are. */
  const add = <R extends { total: string }>(rows: readonly R[], faultOf: (row: R) => FeedFault): void =>
    rows.forEach((row, i) => faults.add(faultOf(row), i === 0 ? Number(row.total) - rows.length + 1 : 1));
  const FIRST = `order by "row" limit ${MAX_FAULTS}`;
  const keyColumn = columns.find(({ sql }) => sql === key.at(-1))?.name ?? '';
  const repeated = await client.query<{ row: number; first: number; total: string }>(
    `select "row", first, count(*) over () as total from (
       select "row", first_value("row") over same as first from feed_rows
       where ${key.map((column) => `"${column}" is not null`).join(' and ')}
       window same as (partition by ${key.join(', ')} order by "row")
     ) rows where "row" <> first ${FIRST}`,
  );
  add(repeated.rows, ({ row, first }) => fault(row, keyColumn, 'DUPLICATE_IN_FILE', `(ردیف ${first})`));
  if (unique) {
    // as the table would stand after the load: what the file changes counts as changed
    const taken = await client.query<{ row: number; first: number | null; holder: string; total: string }>(
      `with after as (
         select "${unique.sql}" as value, subscription, "row" from feed_rows where "${unique.sql}" is not null and subscription is not null
         union all
         select t."${unique.sql}", t.subscription, null from billing.${kind} t
         where t."${unique.sql}" in (select "${unique.sql}" from feed_rows) and not exists (select from feed_rows f where f.subscription = t.subscription)
       )
       select "row", first, holder, count(*) over () as total from (
         select "row", subscription, first_value("row") over same as first, first_value(subscription) over same as holder from after
         window same as (partition by value order by "row" nulls first, subscription)
       ) rows where "row" is not null and subscription <> holder ${FIRST}`,
    );
    add(taken.rows, ({ row, first, holder }) =>
      fault(row, unique.column, unique.code, first === null ? `(اشتراک ${holder})` : `(ردیف ${first}، اشتراک ${holder})`),
    );
  }
  if (ofSubscriber) {
    // countedInBill is no reference to check: the bill may be fed later, and until then the payment counts as uncounted
    const unknown = await client.query<{ row: number; total: string }>(
      `select f."row", count(*) over () as total from feed_rows f
       where f.subscription is not null and not exists (select from billing.accounts a where a.subscription = f.subscription) ${FIRST}`,
    );
    add(unknown.rows, ({ row }) => fault(row, 'subscription', 'UNKNOWN_SUBSCRIPTION'));
  }
}

async function upsert(client: PoolClient, kind: FeedKind, { columns, key }: FeedTable): Promise<{ inserted: number; updated: number }> {
  const rest = columns.filter(({ sql }) => !key.includes(sql));
  const { rows } = await client.query<{ inserted: number; updated: number }>(
    `with put as (
       insert into billing.${kind} as t (${names(columns)})
       select ${names(columns)} from feed_rows order by ${key.join(', ')}
       on conflict (${key.join(', ')}) do update set ${rest.map(({ sql }) => `"${sql}" = excluded."${sql}"`).join(', ')}
       where (${rest.map(({ sql }) => `t."${sql}"`).join(', ')}) is distinct from (${rest.map(({ sql }) => `excluded."${sql}"`).join(', ')})
       returning t.xmax = 0 as inserted
     )
     select count(*) filter (where inserted)::integer as inserted, count(*) filter (where not inserted)::integer as updated from put`,
  );
  return rows[0] ?? { inserted: 0, updated: 0 };
}
