import { type Command } from 'commander';
import { readStepTable, withStepTable } from '../domain/tariff/step-table.js';
import {
  type DocumentReview,
  type SampleBill,
  reviewDocument,
  sampleBills,
  slipsOfSteps,
  tariffWarnings,
} from '../domain/tariff/tariff-review.js';
import type { Tariff, TariffFault } from '../domain/tariff/tariff.js';
import { Refusal } from '../refusal.js';
import { type CommandContext, withPool } from './context.js';
import type { TariffStore } from '../store/tariffs.js';
import { faultLines, isStepTable, readSheetFile, readTariffFile, tariffOfFile } from './tariff-file.js';

type Say = CommandContext['say'];

/** `tariff check`, `tariff steps` and `tariff publish`. */
export function addTariffCommand(program: Command, context: CommandContext): void {
  const { say } = context;
  const tariff = program.command('tariff').description('tariff documents: what is wrong with one, what it changes, its publication');
  tariff
    .command('check')
    .description('everything wrong with a tariff document (JSON) or step table (CSV, XLSX), and sample bills')
    .argument('<file>')
    .option('--against <file>', 'the tariff before it: slips of ten, and old bills beside the new')
    .option('--sheet <name>', 'the sheet of an XLSX step table, where there are several')
    .option('--json')
    .action(async (file: string, { against, sheet, json }: { against?: string; sheet?: string; json?: boolean }) => {
      const review = await reviewOf(file, against, sheet);
      if (json) say(JSON.stringify(review));
      else tellReview(review, say);
      if (!review.valid) process.exitCode = 1;
    });
  tariff
    .command('steps')
    .description('the rates of a step table (CSV, XLSX) as JSON: the field `gas` of a tariff document, or a whole document')
    .argument('<file>')
    .option('--into <file>', 'a tariff document: all of it, with these rates in the place of the same uses’')
    .option('--sheet <name>', 'the sheet of an XLSX step table, where there are several')
    .action(async (file: string, { into, sheet }: { into?: string; sheet?: string }) => {
      const document = into === undefined ? null : tariffOfFile(into);
      const { gas, faults } = await readSteps(file, sheet);
      if (faults.length > 0) throw new Refusal(faultLines(file, faults).join('\n'));
      say(JSON.stringify(document ? withStepTable(document, gas) : gas, null, 2));
    });
  tariff
    .command('publish')
    .description('put a tariff into force; a second person confirms. Issued bills stay as they are')
    .argument('<file>')
    .requiredOption('--by <name>', 'who publishes')
    .requiredOption('--confirmed-by <name>', 'another person, who has seen the check')
    .option('--yes', 'the rates that look ten times off are meant so')
    .option('--json')
    .action(
      async (file: string, { by, confirmedBy, yes = false, json }: { by: string; confirmedBy: string; yes?: boolean; json?: boolean }) => {
        const published = await withPool(context, 'tasvieh-tariff', async (pool) =>
          publishTariff((await import('../store/tariffs.js')).createTariffStore(pool), file, by, confirmedBy, yes),
        );
        if (json) return say(JSON.stringify(published));
        say(published.published ? `${published.version} is published.` : `${published.version} stands already, with the same content.`);
        for (const line of faultLines(file, published.warnings)) say(`warning: ${line}`);
        say(
          published.affected.length === 0
            ? 'It affects no open settlement.'
            : `Open settlements that it affects (${published.affected.length}); their bills stay as issued:`,
        );
        for (const { id, status, settlementDate, office } of published.affected)
          say(`  ${id}  ${settlementDate}  office ${office}  ${status}`);
      },
    );
}

/**
 * Refuses what `check` finds wrong, one person alone, another content under a known version, and what is about ten
 * times or a tenth of the tariff before it unless `meant`.
 */
export async function publishTariff(store: TariffStore, file: string, by: string, confirmedBy: string, meant = false) {
  // loaded only when there is a database to ask
  const { reviewTariffDocument } = await import('../store/publication.js');
  const { tariff, faults, warnings, doubts } = await reviewTariffDocument(store, readTariffFile(file));
  if (!tariff) throw new Refusal(faultLines(file, faults).join('\n'));
  if (doubts.length > 0 && !meant) {
    throw new Refusal(`${faultLines(file, doubts).join('\n')}\nNothing is published. If these rates are meant so, publish with --yes.`);
  }
  try {
    const published = await store.publish(tariff, by, confirmedBy);
    return { version: tariff.version, published, warnings, affected: await store.openSettlements(tariff) };
  } catch (error) {
    // by name: the store is loaded only when there is a database to ask
    if (error instanceof Error && error.name === 'PublicationRefused') throw new Refusal(error.message);
    throw error;
  }
}

export interface TariffReview extends DocumentReview {
  file: string;
  against: string | null;
}

/** The review of a tariff document or step table. Refusal when a file cannot be read, or the one it is held against is faulty. */
export async function reviewOf(file: string, againstFile?: string, sheet?: string): Promise<TariffReview> {
  const against = againstFile === undefined ? null : tariffOfFile(againstFile);
  const review = (faults: TariffFault[], warnings: TariffFault[], tariff: Tariff | null): TariffReview => ({
    file,
    against: againstFile ?? null,
    valid: faults.length === 0,
    faults,
    warnings,
    samples: tariff && faults.length === 0 ? sampleBills(tariff, against) : [],
  });
  if (!isStepTable(file)) {
    return { file, against: againstFile ?? null, ...reviewDocument(readTariffFile(file), against) };
  }
  const { gas, faults, inSheet } = await readSteps(file, sheet);
  if (faults.length > 0) return review(faults, [], null);
  // steps alone have no seasons, charges and dates: no whole bill can be shown
  if (!against) return review([], slipsOfSteps(gas).map(inSheet), null);
  const ofRates = tariffWarnings({ ...against, gas }, against).filter(({ path }) => path.startsWith('gas'));
  return review([], ofRates.map(inSheet), withStepTable(against, gas));
}

interface Steps {
  gas: Tariff['gas'];
  faults: TariffFault[];
  /** a finding of these rates by the sheet, row and column of its cell */
  inSheet(found: TariffFault): TariffFault;
}

async function readSteps(file: string, asked: string | undefined): Promise<Steps> {
  const { sheet, rows } = await readSheetFile(file, asked);
  const { gas, faults, byRow } = readStepTable(rows);
  const named = (found: TariffFault): TariffFault =>
    sheet === null ? found : { ...found, path: [sheet, ...(found.path === '' ? [] : [found.path])].join(', ') };
  return { gas, faults: faults.map(named), inSheet: (found) => named(byRow(found)) };
}

function tellReview({ file, against, faults, warnings, samples }: TariffReview, say: Say): void {
  for (const line of faultLines(file, faults)) say(line);
  for (const line of faultLines(file, warnings)) say(`warning: ${line}`);
  say(
    `${file}: ${counted(faults.length, 'fault')}, ${counted(warnings.length, 'warning')}${against === null ? '; rates were held against no earlier tariff (--against)' : ''}`,
  );
  if (samples.length > 0) tellSamples(samples, against, say);
}

const counted = (n: number, what: string): string => `${n === 0 ? 'no' : n} ${what}${n === 1 ? '' : 's'}`;

/** A table for each use; seasons and climates whose bills are the same share one. */
function tellSamples(samples: readonly SampleBill[], against: string | null, say: Say): void {
  say(`\nSample bills in rial: 30 days, one unit, urban, no previous debt${against === null ? '' : `; old: ${against}`}`);
  const groups = new Map<string, SampleBill[]>();
  for (const bill of samples) {
    const key = JSON.stringify([bill.use, bill.season, bill.climate]);
    groups.set(key, [...(groups.get(key) ?? []), bill]);
  }
  const byClimate = new Map<string, { use: string; seasons: string[]; climates: number[]; rows: string[][] }>();
  for (const bills of groups.values()) {
    const { use, season, climate } = bills[0] as SampleBill;
    const rows = bills.map(({ m3, oldRial, newRial, differenceRial, percent }) =>
      against === null
        ? [figure(m3), figure(newRial)]
        : [figure(m3), figure(oldRial), figure(newRial), figure(differenceRial), percent === null ? '' : `${percent} %`],
    );
    const same = JSON.stringify([use, season, rows]);
    const table = byClimate.get(same) ?? { use, seasons: [season], climates: [], rows };
    if (climate !== null) table.climates.push(climate);
    byClimate.set(same, table);
  }
  const tables = new Map<string, { use: string; seasons: string[]; climates: number[]; rows: string[][] }>();
  for (const { use, seasons, climates, rows } of byClimate.values()) {
    const same = JSON.stringify([use, climates, rows]);
    const table = tables.get(same);
    if (table) table.seasons.push(...seasons);
    else tables.set(same, { use, seasons, climates, rows });
  }
  const head = against === null ? ['m³', 'bill'] : ['m³', 'old', 'new', 'difference', ''];
  const widths = head.map((name, i) =>
    Math.max(name.length, ...[...tables.values()].flatMap(({ rows }) => rows.map((row) => row[i]?.length ?? 0))),
  );
  for (const { use, seasons, climates, rows } of tables.values()) {
    say(`\n${use}, ${seasons.join(' and ')}, ${climates.length === 0 ? 'every climate' : `climate ${spans(climates)}`}`);
    for (const row of [head, ...rows]) say(`  ${row.map((cell, i) => cell.padStart(widths[i] ?? 0)).join('  ')}`.trimEnd());
  }
}

const figure = (value: number | null): string => (value === null ? '-' : value.toLocaleString('en-US'));

/** 1, 2, 3, 5 → `1-3, 5` */
function spans(ascending: readonly number[]): string {
  const parts: [number, number][] = [];
  for (const n of ascending) {
    const last = parts.at(-1);
    if (last && last[1] === n - 1) last[1] = n;
    else parts.push([n, n]);
  }
  return parts.map(([from, to]) => (from === to ? `${from}` : `${from}-${to}`)).join(', ');
}
