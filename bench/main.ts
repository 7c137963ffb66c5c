import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { freePort } from '../src/embedded/ports.js';
import { startPostgres } from '../src/embedded/postgres.js';
import { type Announcement, benchAnnouncement } from './announcement.js';
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
/** Open settlements beside which the announcement is measured, unless a number says otherwise. */
const WAITING = 10_000;

/**
 * `npm run bench [-- --json] [-- announcement|waiting|price|document|feed|fanout|counter|indicators …] [count]`: all parts when none is named,
 * but those that take minutes to fill a database: the indicators, and `waiting`, the announcement beside many open ones. The
 * count is of settlements in a fan-out, of the indicators, or of those that wait.
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
  if (wanted('announcement') || parts.includes('waiting')) {
    const waiting = parts.includes('waiting') ? (count ?? WAITING) : 0;
    figures.push(...announcementFigures(await benchAnnouncement(waiting)));
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

function announcementFigures({ aloneMs, perSecond, api, cpuMs, commits, fsyncs, history, n }: Announcement): Figure[] {
  const name = n.waiting > 0 ? `announcement, ${n.waiting} waiting` : 'announcement';
  const figure = (what: string, value: number, unit: string, aim = '', floor: number | null = null, of = n.together): Figure => ({
    name: `${name}, ${what}`,
    value,
    unit,
    floor,
    ratio: floor === null ? null : value / floor,
    aim,
    n: of,
  });
  return [
    figure('alone, median', aloneMs.settlement.median, 'ms', '≤ 1.5 × floor', aloneMs.floor.median, n.alone),
    figure('alone, p95', aloneMs.settlement.p95, 'ms', '', aloneMs.floor.p95, n.alone),
    figure('alone, p99', aloneMs.settlement.p99, 'ms', '', aloneMs.floor.p99, n.alone),
    figure('30 at once', perSecond.settlement, '/s', '≥ 0.8 × floor', perSecond.floor),
    figure('POST alone, median', api.aloneMs.median, 'ms', '', null, n.alone),
    figure('POST alone, p95', api.aloneMs.p95, 'ms', '', null, n.alone),
    figure('POST alone, p99', api.aloneMs.p99, 'ms', '', null, n.alone),
    figure('POST 30 at once', api.perSecond, '/s'),
    ...(['worker', 'postgres', 'temporal', 'client'] as const).flatMap((part) => {
      const ms = cpuMs[part];
      return ms === null ? [] : [figure(`CPU of ${part}`, ms, 'ms')];
    }),
    ...(cpuMs.all === null ? [] : [figure('CPU of all', cpuMs.all, 'ms', '≤ 36 ms')]),
    figure('commits', commits, ''),
    figure('fsyncs', fsyncs, '', '1, or fewer at once'),
    figure('history, events', history.events, '', '', null, 1),
    figure('history', history.bytes / 1000, 'kB', '≤ 15 kB', null, 1),
  ];
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
