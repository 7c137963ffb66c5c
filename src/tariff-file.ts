import { isUtf8 } from 'node:buffer';
import { readFileSync } from 'node:fs';
import type { CellObject, WorkSheet, utils } from '@e965/xlsx';
import type { SheetRow, UnreadableCell } from './domain/step-table.js';
import { type TariffDocument, readDocument } from './domain/tariff-review.js';
import type { Tariff, TariffFault } from './domain/tariff.js';
import { Refusal } from './refusal.js';

/** The tariff document of a file, with everything that is wrong with it by JSON path. Refusal when it is no JSON at all. */
export function readTariffFile(file: string): TariffDocument {
  let json: unknown;
  try {
    json = JSON.parse(textOf(file));
  } catch (error) {
    throw error instanceof Refusal ? error : new Refusal(`${file}: ${(error as Error).message}`);
  }
  return readDocument(json);
}

/** The tariff of a file; Refusal with every fault, the file and the path named on each line. */
export function tariffOfFile(file: string): Tariff {
  const { tariff, faults } = readTariffFile(file);
  if (!tariff) throw new Refusal(faultLines(file, faults).join('\n'));
  return tariff;
}

export function faultLines(file: string, faults: readonly TariffFault[]): string[] {
  return faults.map(({ path, code, message }) => `${[file, ...(path === '' ? [] : [path]), message].join(': ')} (${code})`);
}

export function isStepTable(file: string): boolean {
  return /\.(csv|xlsx)$/i.test(file);
}

/** The rows of a step table, CSV or XLSX. `sheet` names one of several; a CSV file has none. Refusal when it cannot be read. */
export async function readSheetFile(file: string, sheet?: string): Promise<{ sheet: string | null; rows: SheetRow[] }> {
  if (/\.xlsx$/i.test(file)) return readWorkbook(file, sheet);
  if (sheet !== undefined) throw new Refusal(`${file}: a CSV file has no sheets, leave --sheet out.`);
  const { CsvError, parse } = await import('csv-parse/sync');
  try {
    const records = parse(textOf(file), { trim: true, skip_empty_lines: true, info: true }) as unknown as { record: string[]; info: { lines: number } }[];
    return { sheet: null, rows: records.map(({ record, info }) => ({ row: info.lines, cells: record })) };
  } catch (error) {
    if (error instanceof CsvError) throw new Refusal(`${file}: ${error.message}`);
    throw error;
  }
}

/** Far above any table of rates. */
const MAX_WORKBOOK_BYTES = 20_000_000;

async function readWorkbook(file: string, asked: string | undefined): Promise<{ sheet: string; rows: SheetRow[] }> {
  const bytes = bytesOf(file);
  if (bytes.length > MAX_WORKBOOK_BYTES) throw new Refusal(`${file}: larger than ${MAX_WORKBOOK_BYTES / 1_000_000} MB; keep the step table in a workbook of its own.`);
  // the library takes many formats by their content: this is to be one of them
  if (bytes.subarray(0, 2).toString('latin1') !== 'PK') throw new Refusal(`${file}: no XLSX workbook (an old .xls, or one with a password?). Save it as .xlsx without a password.`);
  const { default: xlsx } = await import('@e965/xlsx/dist/xlsx.mini.min.js');
  let book: ReturnType<typeof xlsx.read>;
  try {
    book = xlsx.read(bytes, { type: 'buffer', cellDates: true, cellFormula: true, cellHTML: false, sheetStubs: true });
  } catch (error) {
    throw new Refusal(`${file}: cannot be read as an XLSX workbook: ${(error as Error).message}`);
  }
  const hidden = new Set(book.Workbook?.Sheets?.filter((sheet) => sheet.Hidden).map((sheet) => sheet.name));
  const filled = book.SheetNames.filter((name) => !hidden.has(name) && rowsOf(xlsx.utils, book.Sheets[name] ?? {}).length > 0);
  const sheet = asked ?? (filled.length === 1 ? filled[0] : undefined);
  if (sheet === undefined || !book.SheetNames.includes(sheet)) {
    throw new Refusal(`${file}: ${asked === undefined ? 'name the sheet of the step table with --sheet' : `no sheet ${asked}`}; there are: ${(asked === undefined ? filled : book.SheetNames).join(', ') || 'none with a cell'}`);
  }
  return { sheet, rows: rowsOf(xlsx.utils, book.Sheets[sheet] ?? {}) };
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
  if (f !== undefined && (t === 'z' || v === undefined || Number.isNaN(v))) return { code: 'FORMULA_NOT_COMPUTED', message: `${address} holds a formula without its result: open the workbook in a spreadsheet, save it, and read it again`, detail: `خانهٔ ${address} فرمولی بی نتیجه دارد: پرونده را در صفحه‌گسترده باز و ذخیره کنید و دوباره بخوانید.` };
  if (t === 'e') return { code: 'CELL_ERROR', message: `${address} holds an error${w === undefined ? '' : ` (${w})`}`, detail: `خانهٔ ${address} خطا دارد${w === undefined ? '' : ` (${w})`}.` };
  // 1-3 becomes a day of January as soon as it is typed
  if (t === 'd') return { code: 'DATE_CELL', message: `${address} is a date to the spreadsheet: give the cell the format text and type it again`, detail: `خانهٔ ${address} برای صفحه‌گسترده تاریخ است: قالب آن را متن کنید و دوباره بنویسید.` };
  // 15 digits are what a spreadsheet shows: 940 × 1.15 is 1081 there
  if (typeof v === 'number') return String(Number(v.toPrecision(15)));
  return v === undefined ? '' : String(v);
}

function textOf(file: string): string {
  const bytes = bytesOf(file);
  if (!isUtf8(bytes)) throw new Refusal(`${file}: not UTF-8`);
  return bytes.toString('utf8').replace(/^\uFEFF/, '');
}

function bytesOf(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    throw new Refusal(`${file}: ${(error as Error).message}`);
  }
}
