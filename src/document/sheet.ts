import { isUtf8 } from 'node:buffer';
import path from 'node:path';
import { Worker } from 'node:worker_threads';
import type { CellObject, WorkSheet, utils } from '@e965/xlsx';
import { unpackedBytes } from './zip.js';
import type { SheetRow, UnreadableCell } from '../domain/tariff/step-table.js';

export type SheetFault = 'NO_SHEETS' | 'NOT_UTF8' | 'NOT_CSV' | 'TOO_LARGE' | 'NOT_XLSX' | 'WHICH_SHEET';

/** A table that cannot be read at all. */
export class SheetError extends Error {
  override readonly name = 'SheetError';
  constructor(
    readonly code: SheetFault,
    message: string,
    /** those that it might be */
    readonly sheets: readonly string[] = [],
  ) {
    super(message);
  }
}

export interface Sheet {
  /** null: CSV */
  sheet: string | null;
  rows: SheetRow[];
}

export function isSheet(name: string): boolean {
  return /\.(csv|xlsx)$/i.test(name);
}

/** The rows of a table, CSV or XLSX by its file's name. `asked` names one of several sheets; a CSV file has none. SheetError when it cannot be read. */
export async function readSheet(name: string, bytes: Buffer, asked?: string): Promise<Sheet> {
  if (/\.xlsx$/i.test(name)) return readWorkbook(bytes, asked);
  if (asked !== undefined) throw new SheetError('NO_SHEETS', 'a CSV file has no sheets, leave --sheet out.');
  if (!isUtf8(bytes)) throw new SheetError('NOT_UTF8', 'not UTF-8');
  const { CsvError, parse } = await import('csv-parse/sync');
  try {
    const records = parse(bytes.toString('utf8').replace(/^\uFEFF/, ''), { trim: true, skip_empty_lines: true, info: true }) as unknown as {
      record: string[];
      info: { lines: number };
    }[];
    return { sheet: null, rows: records.map(({ record, info }) => ({ row: info.lines, cells: record })) };
  } catch (error) {
    if (error instanceof CsvError) throw new SheetError('NOT_CSV', error.message);
    throw error;
  }
}

/** Far above any table of rates; a small file may unpack to much more. */
const MAX_WORKBOOK_BYTES = 20_000_000;
const MAX_UNPACKED_BYTES = 30_000_000;
/** A workbook within those bounds takes a second; the thread ends with these whatever its directory says. */
const READ_MS = 15_000;
const READ_MEMORY_MB = 512;

interface Workbook {
  names: string[];
  sheets: Record<string, WorkSheet>;
  hidden: string[];
}

async function readWorkbook(bytes: Buffer, asked: string | undefined): Promise<Sheet> {
  const tooLarge = (limit: number, unpacked = ''): SheetError =>
    new SheetError('TOO_LARGE', `larger than ${limit / 1_000_000} MB${unpacked}; keep the step table in a workbook of its own.`);
  if (bytes.length > MAX_WORKBOOK_BYTES) throw tooLarge(MAX_WORKBOOK_BYTES);
  // the library takes many formats by their content: this is to be one of them
  if (bytes.subarray(0, 2).toString('latin1') !== 'PK')
    throw new SheetError('NOT_XLSX', `no XLSX workbook (an old .xls, or one with a password?). Save it as .xlsx without a password.`);
  const unpacked = unpackedBytes(bytes);
  if (unpacked === null) throw new SheetError('NOT_XLSX', 'cannot be read as an XLSX workbook: no directory of its parts');
  if (unpacked > MAX_UNPACKED_BYTES) throw tooLarge(MAX_UNPACKED_BYTES, ' unpacked');
  const { names, sheets, hidden } = await workbookOf(bytes);
  const { default: xlsx } = await import('@e965/xlsx/dist/xlsx.mini.min.js');
  const filled = names.filter((name) => !hidden.includes(name) && rowsOf(xlsx.utils, sheets[name] ?? {}).length > 0);
  const sheet = asked ?? (filled.length === 1 ? filled[0] : undefined);
  if (sheet === undefined || !names.includes(sheet)) {
    const there = asked === undefined ? filled : names;
    throw new SheetError(
      'WHICH_SHEET',
      `${asked === undefined ? 'name the sheet of the step table with --sheet' : `no sheet ${asked}`}; there are: ${there.join(', ') || 'none with a cell'}`,
      there,
    );
  }
  return { sheet, rows: rowsOf(xlsx.utils, sheets[sheet] ?? {}) };
}

/** Read in a thread of its own: whoever else calls the API meanwhile is answered. SheetError when it cannot be read within the bounds. */
function workbookOf(bytes: Buffer): Promise<Workbook> {
  const unreadable = (why: string): SheetError => new SheetError('NOT_XLSX', `cannot be read as an XLSX workbook: ${why}`);
  return new Promise((resolve, reject) => {
    const thread = new Worker(path.join(__dirname, 'read-workbook.cjs'), {
      workerData: bytes,
      resourceLimits: { maxOldGenerationSizeMb: READ_MEMORY_MB },
    });
    const late = setTimeout(() => end(() => reject(unreadable(`not within ${READ_MS / 1000} s`))), READ_MS);
    const end = (settle: () => void): void => {
      clearTimeout(late);
      settle();
      void thread.terminate();
    };
    thread.once('message', (answer: Workbook | { failure: string }) =>
      end(() => ('failure' in answer ? reject(unreadable(answer.failure)) : resolve(answer))),
    );
    thread.once('error', (error) => end(() => reject(unreadable(error.message))));
  });
}

/** Rows that hold a cell, in their order. */
function rowsOf({ decode_cell }: typeof utils, sheet: WorkSheet): SheetRow[] {
  const rows = new Map<number, (string | UnreadableCell)[]>();
  let width = 0;
  for (const [address, cell] of Object.entries(sheet) as [string, CellObject][]) {
    if (address.startsWith('!')) continue;
    const read = cellOf(address, cell);
    if (read === '') continue;
    const { r, c } = decode_cell(address);
    const cells = rows.get(r) ?? [];
    cells[c] = read;
    rows.set(r, cells);
    width = Math.max(width, c + 1);
  }
  const filled = [...rows].sort(([a], [b]) => a - b);
  // a merged cell says the same of every row that it spans
  for (const { s, e } of sheet['!merges'] ?? []) {
    const value = rows.get(s.r)?.[s.c];
    if (value === undefined) continue;
    for (const [r, cells] of filled) {
      if (r < s.r || r > e.r) continue;
      for (let c = s.c; c <= e.c && c < width; c++) cells[c] ??= value;
    }
  }
  return filled.map(([r, cells]) => ({ row: r + 1, cells: Array.from({ length: width }, (_, c) => cells[c] ?? '') }));
}

function cellOf(address: string, { t, v, f, w }: CellObject): string | UnreadableCell {
  // a program that writes workbooks does not compute them
  if (f !== undefined && (t === 'z' || v === undefined || Number.isNaN(v)))
    return {
      code: 'FORMULA_NOT_COMPUTED',
      message: `${address} holds a formula without its result: open the workbook in a spreadsheet, save it, and read it again`,
      detail: `خانهٔ ${address} فرمولی بی نتیجه دارد: پرونده را در صفحه‌گسترده باز و ذخیره کنید و دوباره بخوانید.`,
    };
  if (t === 'e')
    return {
      code: 'CELL_ERROR',
      message: `${address} holds an error${w === undefined ? '' : ` (${w})`}`,
      detail: `خانهٔ ${address} خطا دارد${w === undefined ? '' : ` (${w})`}.`,
    };
  // 1-3 becomes a day of January as soon as it is typed
  if (t === 'd')
    return {
      code: 'DATE_CELL',
      message: `${address} is a date to the spreadsheet: give the cell the format text and type it again`,
      detail: `خانهٔ ${address} برای صفحه‌گسترده تاریخ است: قالب آن را متن کنید و دوباره بنویسید.`,
    };
  // 15 digits are what a spreadsheet shows: 940 × 1.15 is 1081 there
  if (typeof v === 'number') return String(Number(v.toPrecision(15)));
  return v === undefined ? '' : String(v);
}
