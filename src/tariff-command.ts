import { isUtf8 } from 'node:buffer';
import { readFileSync } from 'node:fs';
import { type Command } from 'commander';
import { CsvError, parse } from 'csv-parse/sync';
import { STEP_TABLE_COLUMNS, type StepRow, readStepTable, withStepTable } from './domain/step-table.js';
import { type SampleBill, sampleBills, slipsOfSteps, tariffWarnings } from './domain/tariff-review.js';
import { type Tariff, TariffError, type TariffFault, checkTariff, readTariff } from './domain/tariff.js';
import { Refusal } from './refusal.js';
import { createPool } from './store/pool.js';
import { PublicationRefused, type TariffStore, createTariffStore } from './store/tariffs.js';

type Say = (line: string) => void;

/** `tariff check` and `tariff publish`. `databaseUrl` is asked for only by what needs a database. */
export function addTariffCommand(program: Command, databaseUrl: () => string, say: Say): void {
  const tariff = program.command('tariff').description('tariff documents: what is wrong with one, what it changes, its publication');
  tariff
    .command('check')
    .description('every fault of a tariff document (JSON) or step table (CSV), and sample bills')
    .argument('<file>')
    .option('--against <file>', 'the tariff in force: slips of ten, and old bills beside the new')
    .option('--json')
    .action((file: string, { against, json }: { against?: string; json?: boolean }) => {
      const review = reviewOf(file, against);
      if (json) say(JSON.stringify(review));
      else tellReview(file, review, say);
      if (!review.valid) process.exitCode = 1;
    });
  tariff
    .command('publish')
    .description('put a tariff into force; a second person confirms. Issued bills stay as they are')
    .argument('<file>')
    .requiredOption('--by <name>', 'who publishes')
    .requiredOption('--confirmed-by <name>', 'another person, who has seen the check')
    .option('--json')
    .action(async (file: string, { by, confirmedBy, json }: { by: string; confirmedBy: string; json?: boolean }) => {
      const pool = createPool(databaseUrl(), { applicationName: 'tasvieh-tariff', max: 1 });
      try {
        const published = await publishTariff(createTariffStore(pool), file, by, confirmedBy);
        if (json) return say(JSON.stringify(published));
        say(published.published ? `${published.version} is published.` : `${published.version} stands already, with the same content.`);
        for (const { path, message } of published.warnings) say(`warning: ${path}: ${message}`);
        say(published.affected.length === 0 ? 'It affects no open settlement.' : `Open settlements that it affects (${published.affected.length}); their bills stay as issued:`);
        for (const { id, status, settlementDate, office } of published.affected) say(`  ${id}  ${settlementDate}  office ${office}  ${status}`);
      } finally {
        await pool.end();
      }
    });
}

/** Refuses what `check` finds wrong, one person alone, and another content under a known version. */
export async function publishTariff(store: TariffStore, file: string, by: string, confirmedBy: string) {
  const { tariff, faults } = readDocument(file);
  if (!tariff) throw new TariffError(faults);
  try {
    const published = await store.publish(tariff, by, confirmedBy);
    return { version: tariff.version, published, warnings: tariffWarnings(tariff, null), affected: await store.openSettlements(tariff) };
  } catch (error) {
    if (error instanceof PublicationRefused) throw new Refusal(error.message);
    throw error;
  }
}

export interface TariffReview {
  valid: boolean;
  faults: TariffFault[];
  warnings: TariffFault[];
  samples: SampleBill[];
}

export function reviewOf(file: string, againstFile?: string): TariffReview {
  const against = againstFile === undefined ? null : readDocument(againstFile);
  if (against && !against.tariff) throw new Refusal(`${againstFile}: ${new TariffError(against.faults).message}`);
  const { tariff, gas, faults } = /\.csv$/i.test(file) ? readSteps(file, against?.tariff ?? null) : { ...readDocument(file), gas: [] };
  const old = against?.tariff ?? null;
  if (faults.length > 0) return { valid: false, faults, warnings: [], samples: [] };
  // steps alone have no seasons, charges and dates: no whole bill can be shown
  if (!tariff) return { valid: true, faults, warnings: slipsOfSteps(gas), samples: [] };
  return { valid: true, faults, warnings: tariffWarnings(tariff, old), samples: sampleBills(tariff, old) };
}

function readDocument(file: string): { tariff: Tariff | null; faults: TariffFault[] } {
  let json: unknown;
  try {
    json = JSON.parse(readText(file));
  } catch (error) {
    throw error instanceof Refusal ? error : new Refusal(`${file}: ${(error as Error).message}`);
  }
  try {
    return { tariff: readTariff(json), faults: [] };
  } catch (error) {
    if (error instanceof TariffError) return { tariff: null, faults: error.faults };
    throw error;
  }
}

/** A step table, in the place of the same uses' rates of the tariff it is held against. */
function readSteps(file: string, against: Tariff | null): { tariff: Tariff | null; gas: Tariff['gas']; faults: TariffFault[] } {
  let rows: StepRow[];
  try {
    rows = parse<StepRow>(readText(file), { bom: true, trim: true, skip_empty_lines: true, columns: (header: string[]) => header.map((name) => name.toLowerCase()) });
  } catch (error) {
    if (error instanceof CsvError) throw new Refusal(`${file}: ${error.message}`);
    throw error;
  }
  const missing = STEP_TABLE_COLUMNS.filter((name) => rows.length > 0 && rows[0]?.[name] === undefined);
  if (missing.length > 0) {
    return { tariff: null, gas: [], faults: missing.map((name) => ({ path: `row 1, ${name}`, code: 'NO_COLUMN', message: `the columns are ${STEP_TABLE_COLUMNS.join(',')}` })) };
  }
  const { gas, faults } = readStepTable(rows);
  if (faults.length > 0 || !against) return { tariff: null, gas, faults };
  const tariff = withStepTable(against, gas);
  return { tariff, gas, faults: checkTariff(tariff) };
}

function readText(file: string): string {
  let bytes: Buffer;
  try {
    bytes = readFileSync(file);
  } catch (error) {
    throw new Refusal(`${file}: ${(error as Error).message}`);
  }
  if (!isUtf8(bytes)) throw new Refusal(`${file}: not UTF-8`);
  return bytes.toString('utf8').replace(/^\uFEFF/, '');
}

function tellReview(file: string, { faults, warnings, samples }: TariffReview, say: Say): void {
  say(`${file}: ${faults.length} faults, ${warnings.length} warnings`);
  for (const { path, code, message } of faults) say(`  ${path}: ${message} (${code})`);
  for (const { path, code, message } of warnings) say(`  warning: ${path}: ${message} (${code})`);
  if (samples.length === 0) return;
  const compared = samples.some(({ oldRial }) => oldRial !== null);
  say('\nSample bills: 30 days, one unit, urban, rial');
  const head = ['use', 'climate', 'season', 'm³', ...(compared ? ['old', 'new', 'difference', '%'] : ['rial'])];
  const rows = samples.map(({ use, climate, season, m3, oldRial, newRial, differenceRial, percent }) => [
    use,
    climate ?? 'all',
    season,
    m3,
    ...(compared ? [oldRial ?? '-', newRial ?? '-', differenceRial ?? '-', percent ?? '-'] : [newRial ?? '-']),
  ].map((cell) => (typeof cell === 'number' ? cell.toLocaleString('en-US') : cell)));
  const widths = head.map((name, i) => Math.max(name.length, ...rows.map((row) => row[i]?.length ?? 0)));
  // words to the left, figures to the right
  for (const row of [head, ...rows]) say(row.map((cell, i) => (i < 3 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0))).join('  ').trimEnd());
}
