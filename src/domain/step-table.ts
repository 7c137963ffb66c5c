import { type GasRates, type Step, type Tariff, type TariffFault, DEFAULT_BANDS, DEFAULT_COLLECTION, DEFAULT_PAYMENT_PERIODS, checkTariff } from './tariff.js';
import { jalali } from './jalali.js';
import { cleanText, latinDigits, wholeNumber } from './text.js';

export const STEP_TABLE_COLUMNS = ['use', 'season', 'climate', 'upto', 'rate'] as const;
/** A row of a step table, as read: `climate` empty = every one, `1`, `1-3`, `1 2`; `upto` (m³ a month) empty = open. */
export type StepRow = Record<(typeof STEP_TABLE_COLUMNS)[number], string>;

/** Gas rates of a step table whose rows stand in the order of their steps; faults are told by row (the header is row 1). */
export function readStepTable(rows: readonly StepRow[]): { gas: GasRates[]; faults: TariffFault[] } {
  const faults: TariffFault[] = [];
  const groups = new Map<string, { rates: GasRates; rows: number[] }>();
  rows.forEach((row, i) => {
    const at = i + 2;
    const number = (column: 'upto' | 'rate', text: string): number => {
      const value = wholeNumber(text);
      if (value === null) faults.push({ path: `row ${at}, ${column}`, code: 'NOT_WHOLE', message: `not a whole number: ${text}` });
      return value ?? 0;
    };
    const [use, season, climate, upto] = [row.use, row.season, row.climate, row.upto].map((cell) => latinDigits(cleanText(cell)));
    const climates = climatesOf(climate ?? '');
    if (climates === null) faults.push({ path: `row ${at}, climate`, code: 'NOT_ALLOWED', message: `1 to 5, a list or a span of them, or empty: ${climate}` });
    const step: Step = { uptoM3PerMonth: upto === '' ? null : number('upto', upto ?? ''), rialPerM3: number('rate', row.rate) };
    const key = [use, season, ...(climates ?? [])].join();
    const group = groups.get(key);
    if (group) {
      group.rates.steps.push(step);
      group.rows.push(at);
    } else {
      const rates: GasRates = { use: use ?? '', season: season as GasRates['season'], ...(climates && climates.length > 0 && { climates }), steps: [step], flat: false };
      groups.set(key, { rates, rows: [at] });
    }
  });
  const found = [...groups.values()];
  // one open step is one rate for all
  const gas = found.map(({ rates }) => ({ ...rates, flat: rates.steps.length === 1 && rates.steps[0]?.uptoM3PerMonth === null }));
  if (gas.length === 0) faults.push({ path: '', code: 'NO_STEP', message: 'no row' });
  // a cell that could not be read would only be told again
  if (faults.length === 0) faults.push(...checkTariff({ ...CARRIER, gas }).map((fault) => ({ ...fault, path: rowOf(fault.path, found) })));
  return { gas, faults };
}

/** The table's rates in the place of those of the same uses. */
export function withStepTable(tariff: Tariff, gas: readonly GasRates[]): Tariff {
  const uses = new Set(gas.map(({ use }) => use));
  return { ...tariff, gas: [...tariff.gas.filter(({ use }) => !uses.has(use)), ...gas] };
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

function rowOf(path: string, groups: readonly { rows: number[] }[]): string {
  const [, group, step] = /^gas\[(\d+)\](?:\.steps\[(\d+)\])?/.exec(path) ?? [];
  const rows = groups[Number(group)]?.rows;
  if (!rows) return path;
  return `row ${rows[Number(step ?? 0)]}${/\.(season|use|climates)/.exec(path)?.[0].replace('.', ', ') ?? ''}`;
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
