import { jalali } from '../calendar/jalali.js';
import {
  type Dated,
  type GasRates,
  type Step,
  type Tariff,
  type TariffFault,
  DEFAULT_BANDS,
  DEFAULT_COLLECTION,
  DEFAULT_PAYMENT_PERIODS,
  checkTariff,
  given,
  holdsOn,
} from './tariff.js';
import { cleanText, latinDigits, searchText, wholeNumber } from '../text.js';

export const STEP_TABLE_COLUMNS = ['use', 'season', 'climate', 'upto', 'rate'] as const;
type Column = (typeof STEP_TABLE_COLUMNS)[number];

/** A cell that holds something and cannot be taken at its word: a formula that nobody computed, a date. */
export interface UnreadableCell {
  code: string;
  /** English */
  message: string;
  /** the same in Persian */
  detail: string;
}

/** A row of a sheet as it was read, with its number there; an empty cell is ''. */
export interface SheetRow {
  row: number;
  cells: readonly (string | UnreadableCell)[];
}

export interface StepTable {
  gas: GasRates[];
  faults: TariffFault[];
  /** a finding of these rates, by the row and column that they came from */
  byRow(found: TariffFault): TariffFault;
}

const NO_ROW: TariffFault = { path: '', code: 'NO_STEP', message: 'no row', detail: 'هیچ ردیفی نیست.' };

/** As companies head their sheets; the English names always do. */
const PERSIAN_HEADS: Record<Column, string> = { use: 'کاربری', season: 'فصل', climate: 'اقلیم', upto: 'تا', rate: 'نرخ' };
const PERSIAN_SEASONS: Record<GasRates['season'], string> = { warm: 'گرم', cold: 'سرد', both: 'هر دو' };

/**
 * Gas rates of a step table, a row for each step in their order: `climate` empty = every one, `1`, `1-3`, `1 2`;
 * `upto` (m³ a month) empty = open; `rate` rial per m³. The first row that holds every column's name is the header;
 * rows above it and other columns are left aside. Faults are told by row and column.
 */
export function readStepTable(sheet: readonly SheetRow[]): StepTable {
  const head = sheet.findIndex((row) => missingColumns(row).length === 0);
  if (head < 0) return { gas: [], faults: noHeader(sheet), byRow: (found) => found };
  const columns = columnsOf(sheet[head] as SheetRow);
  // the header is the row that has them all
  const cellOf = (cells: SheetRow['cells'], column: Column): string | UnreadableCell => cells[columns.get(column) as number] ?? '';
  const faults: TariffFault[] = [];
  const groups = new Map<string, { rates: Omit<GasRates, 'flat'>; rows: number[] }>();
  for (const { row, cells } of sheet.slice(head + 1)) {
    const tell = (column: Column, code: string, message: string, detail: string): void =>
      void faults.push({ path: `row ${row}, ${column}`, code, message, detail });
    const text = (column: Column): string => {
      const cell = cellOf(cells, column);
      if (typeof cell === 'string') return latinDigits(cleanText(cell));
      tell(column, cell.code, cell.message, cell.detail);
      return '';
    };
    if (STEP_TABLE_COLUMNS.every((column) => isEmpty(cellOf(cells, column)))) continue;
    const before = faults.length;
    const [use, season, climate, upto, rate] = [text('use'), text('season'), text('climate'), text('upto'), text('rate')];
    if (faults.length > before) continue;
    const number = (column: Column, typed: string): number => {
      const value = wholeNumber(typed);
      if (value === null) tell(column, 'NOT_WHOLE', `not a whole number: ${typed}`, `عدد صحیح لازم است (${given(typed)}).`);
      return value ?? 0;
    };
    const climates = climatesOf(climate);
    if (climates === null)
      tell(
        'climate',
        'NOT_ALLOWED',
        `1 to 5, a list or a span of them, or empty: ${climate}`,
        `اقلیم عددی از 1 تا 5، فهرستی از آن‌ها (1، 2)، بازه‌ای از آن‌ها (1-3) یا خالی است (${given(climate)}).`,
      );
    const step: Step = { uptoM3PerMonth: upto === '' ? null : number('upto', upto), rialPerM3: number('rate', rate) };
    const key = [use, seasonOf(season), ...(climates ?? [])].join();
    const group = groups.get(key);
    if (group) {
      group.rates.steps.push(step);
      group.rows.push(row);
    } else {
      groups.set(key, {
        rates: { use, season: seasonOf(season), ...(climates && climates.length > 0 && { climates }), steps: [step] },
        rows: [row],
      });
    }
  }
  const ofRates = [...groups.values()];
  const byRow = (found: TariffFault): TariffFault => inRow(found, ofRates);
  // one step is one rate for all; that it is open is asked for below
  const gas = ofRates.map(({ rates }) => ({ ...rates, flat: rates.steps.length === 1 }));
  if (gas.length === 0 && faults.length === 0) faults.push(NO_ROW);
  // a cell that could not be read would only be told again
  if (faults.length === 0) for (const found of checkTariff({ ...CARRIER, gas })) faults.push(byRow(found));
  return { gas, faults, byRow };
}

/** The table's rates in the place of those of the same uses. */
export function withStepTable(tariff: Tariff, gas: readonly GasRates[]): Tariff {
  const uses = new Set(gas.map(({ use }) => use));
  return { ...tariff, gas: [...tariff.gas.filter(({ use }) => !uses.has(use)), ...gas] };
}

/** A version, its name and its days. */
export type TariffHead = Pick<Tariff, 'version' | 'title' | 'source' | 'from' | 'to'>;

/**
 * The tariff that follows `before` under a new head: a step table's rates first, so that findings keep their numbers, then
 * those of other uses; of its other rules those that hold on the new first day go on, and those that begin later.
 */
export function followingTariff(before: Tariff, head: TariffHead, gas: readonly GasRates[]): Tariff {
  const { provisionalTo: _, discounts, requiredDocuments, service, ...rest } = before;
  const { from } = head;
  const goOn = <R extends Dated>(rules: readonly R[]): R[] =>
    rules.flatMap((rule) =>
      rule.from > from
        ? [rule]
        : holdsOn(before, rule, from)
          ? [{ ...rule, from, to: rule.to !== null && rule.to >= from ? rule.to : null }]
          : [],
    );
  const uses = new Set(gas.map(({ use }) => use));
  return {
    ...rest,
    ...head,
    gas: [...gas, ...before.gas.filter(({ use }) => !uses.has(use))],
    levy: goOn(before.levy),
    vat: goOn(before.vat),
    insurance: goOn(before.insurance),
    subscription: goOn(before.subscription),
    ...(discounts && { discounts: goOn(discounts) }),
    ...(requiredDocuments && { requiredDocuments: goOn(requiredDocuments) }),
    ...(service && { service: goOn(service) }),
  };
}

function columnsOf({ cells }: SheetRow): Map<Column, number> {
  const heads = cells.map((cell) => (typeof cell === 'string' ? searchText(cell) : ''));
  const places = STEP_TABLE_COLUMNS.map(
    (column) => [column, heads.findIndex((head) => head === column || head === searchText(PERSIAN_HEADS[column]))] as const,
  );
  return new Map(places.filter(([, place]) => place >= 0));
}

function missingColumns(row: SheetRow): Column[] {
  const columns = columnsOf(row);
  return STEP_TABLE_COLUMNS.filter((column) => !columns.has(column));
}

function noHeader(sheet: readonly SheetRow[]): TariffFault[] {
  const [nearest] = [...sheet].sort((a, b) => missingColumns(a).length - missingColumns(b).length);
  if (!nearest) return [NO_ROW];
  const [english, persian] = [STEP_TABLE_COLUMNS.join(', '), STEP_TABLE_COLUMNS.map((name) => PERSIAN_HEADS[name]).join('، ')];
  return missingColumns(nearest).map((column) => ({
    path: `row ${nearest.row}, ${column}`,
    code: 'NO_COLUMN',
    message: `the columns are ${english}, or ${persian}`,
    detail: `ستون «${PERSIAN_HEADS[column]}» نیست. ستون‌ها: ${persian}، یا ${english}.`,
  }));
}

function isEmpty(cell: string | UnreadableCell): boolean {
  return typeof cell === 'string' && cleanText(cell) === '';
}

function seasonOf(text: string): GasRates['season'] {
  const word = searchText(text);
  // what is no season is left as it is and told by the check
  return (
    (['warm', 'cold', 'both'] as const).find((season) => word === season || word === searchText(PERSIAN_SEASONS[season])) ??
    (text as GasRates['season'])
  );
}

function climatesOf(text: string): number[] | null {
  if (text === '') return [];
  const span = /^([1-5])\s*[-–]\s*([1-5])$/.exec(text);
  if (span) {
    const [first, last] = [Number(span[1]), Number(span[2])];
    return first > last ? null : Array.from({ length: last - first + 1 }, (_, i) => first + i);
  }
  const list = text.split(/[\s;,،]+/);
  return list.every((each) => /^[1-5]$/.test(each)) ? list.map(Number) : null;
}

const COLUMN_OF: Record<string, Column> = { use: 'use', season: 'season', climates: 'climate', uptoM3PerMonth: 'upto', rialPerM3: 'rate' };

function inRow({ path, code, message, detail }: TariffFault, groups: readonly { rows: number[] }[]): TariffFault {
  const rowOf = (group: string | undefined, step: string | undefined): number | undefined => groups[Number(group)]?.rows[Number(step ?? 0)];
  const place = /^gas\[(\d+)\](?:\.steps\[(\d+)\])?(?:\.(\w+))?/.exec(path);
  const row = rowOf(place?.[1], place?.[2]);
  const column = place?.[3] && COLUMN_OF[place[3]];
  const named = (text: string, word: string): string =>
    text.replace(/gas\[(\d+)\]/g, (whole, other: string) =>
      rowOf(other, undefined) === undefined ? whole : `${word} ${rowOf(other, undefined)}`,
    );
  return {
    path: row === undefined ? path : `row ${row}${column === undefined ? '' : `, ${column}`}`,
    code,
    message: named(message, 'row'),
    detail: named(detail, 'ردیف'),
  };
}

/** A sound tariff around the rates, so that they are checked as those of a whole document are. */
const CARRIER: Tariff = {
  version: 'steps',
  title: 'steps',
  source: '',
  illustrative: false,
  from: jalali('1397/01/01'),
  to: null,
  seasons: [{ season: 'warm', from: '01/01', to: '12/30' }],
  gas: [],
  levy: [],
  vat: [],
  insurance: [],
  subscription: [],
  collection: DEFAULT_COLLECTION,
  bands: DEFAULT_BANDS,
  paymentPeriods: DEFAULT_PAYMENT_PERIODS,
};
