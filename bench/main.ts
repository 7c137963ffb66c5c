import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { freePort } from '../src/embedded/ports.js';
import { startPostgres } from '../src/embedded/postgres.js';
import { benchAnnouncement } from './announcement.js';
import { benchCounter } from './counter.js';
import { benchDocument } from './document.js';
import { benchFanOut } from './fanout.js';
import { benchFeed } from './feed.js';
import { benchIndicators } from './indicators.js';
import { benchPrice } from './price.js';

/** One figure beside what it is held against: the floor of the same run, or an aim. */
interface Figure {
  name: string;
  value: number;
  unit: string;
  floor: number | null;
  ratio: number | null;
  aim: string;
  n: number;
}

/** Settlements of a fan-out unless a number says otherwise. */
const FAN_OUT = 1000;

/**
 * `npm run bench [-- --json] [-- announcement|price|document|feed|fanout|counter|indicators …] [count]`: all parts when none is named,
 * but the indicators, which take minutes to fill a database. The count is of settlements in a fan-out or of the indicators.
 */
async function main(): Promise<void> {
  const args = process.argv.slice(2);
  const given = args.find((arg) => /^[1-9][0-9]*$/.test(arg));
  const count = given === undefined ? null : Number(given);
  const parts = args.filter((arg) => !arg.startsWith('--') && !/^[0-9]+$/.test(arg));
  const wanted = (part: string): boolean => parts.length === 0 || parts.includes(part);
  const figures: Figure[] = [];
  if (wanted('price')) {
    const aims: Record<string, string> = { 'gas price': '≥ 100,000/s', debt: '≥ 50,000/s' };
    for (const { name, perSecond, n } of benchPrice()) {
      figures.push({ name, value: perSecond, unit: '/s', floor: null, ratio: null, aim: aims[name] ?? '', n });
    }
  }
  if (wanted('document')) {
    const { name, medianMs, p95Ms, n } = await benchDocument();
    figures.push({ name: `${name}, median`, value: medianMs, unit: 'ms', floor: null, ratio: null, aim: '< 20 ms', n });
    figures.push({ name: `${name}, p95`, value: p95Ms, unit: 'ms', floor: null, ratio: null, aim: '', n });
  }
  if (wanted('feed')) {
    const { rows, seconds, peakRssMb } = await withDatabase(benchFeed);
    figures.push({ name: 'feed of 100,000 rows', value: seconds, unit: 's', floor: null, ratio: null, aim: '< 30 s', n: rows });
    figures.push({ name: 'feed, peak memory', value: peakRssMb, unit: 'MB', floor: null, ratio: null, aim: 'flat', n: rows });
  }
  if (parts.includes('indicators')) {
    for (const { name, least, median, floor, n } of await withDatabase((url) => benchIndicators(url, count ?? 1_000_000))) {
      figures.push({ name: `${name}, least`, value: least * 1000, unit: 'ms', floor: null, ratio: null, aim: '', n });
      figures.push({
        name: `${name}, median`,
        value: median * 1000,
        unit: 'ms',
        floor: floor * 1000,
        ratio: median / floor,
        aim: '< 1,000 ms',
        n,
      });
    }
  }
  if (wanted('announcement')) {
    const { aloneMs, perSecond, n } = await benchAnnouncement();
    figures.push({
      name: 'announcement alone, median',
      value: aloneMs.settlement,
      unit: 'ms',
      floor: aloneMs.floor,
      ratio: aloneMs.ratio,
      aim: '≤ 1.5 × floor',
      n: n.alone,
    });
    figures.push({
      name: 'announcements, 30 at once',
      value: perSecond.settlement,
      unit: '/s',
      floor: perSecond.floor,
      ratio: perSecond.ratio,
      aim: '≥ 0.7 × floor',
      n: n.together,
    });
  }
  if (wanted('counter')) {
    const { scriptKb, interactiveMs, previewMs, shownMs, loads, previews } = await benchCounter();
    figures.push({
      name: 'counter page, script of the first load',
      value: scriptKb,
      unit: 'kB',
      floor: null,
      ratio: null,
      aim: '< 250 kB gzipped',
      n: 1,
    });
    figures.push({
      name: 'counter page, until it takes keys, median',
      value: interactiveMs,
      unit: 'ms',
      floor: null,
      ratio: null,
      aim: '< 1,000 ms',
      n: loads,
    });
    figures.push({
      name: 'preview, the call, median',
      value: previewMs,
      unit: 'ms',
      floor: null,
      ratio: null,
      aim: '< 150 ms',
      n: previews,
    });
    figures.push({
      name: 'preview, key to balance with settling, median',
      value: shownMs,
      unit: 'ms',
      floor: null,
      ratio: null,
      aim: '',
      n: previews,
    });
  }
  if (wanted('fanout')) {
    const { perSecond, workerMb, n } = await benchFanOut(count ?? FAN_OUT);
    figures.push({
      name: 'fan-out of a cycle',
      value: perSecond.cycle,
      unit: '/s',
      floor: perSecond.floor,
      ratio: perSecond.ratio,
      aim: '≥ 0.7 × floor',
      n,
    });
    figures.push({
      name: 'fan-out, worker’s peak memory',
      value: workerMb.peak,
      unit: 'MB',
      floor: workerMb.before,
      ratio: workerMb.peak / workerMb.before,
      aim: 'flat',
      n,
    });
  }
  if (args.includes('--json')) process.stdout.write(`${JSON.stringify(figures, null, 2)}\n`);
  else print(figures);
}

function print(figures: Figure[]): void {
  const rows = [
    ['what', 'measured', 'floor', 'ratio', 'aim', 'n'],
    ...figures.map(({ name, value, unit, floor, ratio, aim, n }) => [
      name,
      `${format(value)} ${unit}`,
      floor === null ? '' : `${format(floor)} ${unit}`,
      ratio === null ? '' : ratio.toFixed(2),
      aim,
      String(n),
    ]),
  ];
  const widths = (rows[0] as string[]).map((_, column) => Math.max(...rows.map((row) => (row[column] ?? '').length)));
  for (const row of rows)
    process.stdout.write(
      `${row
        .map((cell, column) => cell.padEnd(widths[column] as number))
        .join('  ')
        .trimEnd()}\n`,
    );
}

function format(value: number): string {
  return value >= 1000 ? Math.round(value).toLocaleString('en') : value.toFixed(1);
}

async function withDatabase<T>(act: (url: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(path.join(tmpdir(), 'tasvieh-bench-'));
  const postgres = await startPostgres({ dataFolder: folder, port: await freePort() });
  try {
    return await act(postgres.url);
  } finally {
    await postgres.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  process.exitCode = 1;
});
