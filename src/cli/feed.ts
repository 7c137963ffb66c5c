import { createReadStream } from 'node:fs';
import type { Command } from 'commander';
import { type FeedKind, FEED_KINDS } from '../domain/settlement/account.js';
import type { JalaliDate } from '../domain/calendar/jalali.js';
import { Refusal } from '../refusal.js';
import { date, oneOf } from './arguments.js';
import { type CommandContext, withPool } from './context.js';

/** `feed`: a CSV file of the billing system, all of it or nothing. */
export function addFeedCommand(program: Command, context: CommandContext): void {
  program
    .command('feed')
    .description('load a CSV file of the billing system: all of it or nothing')
    .argument('<kind>', FEED_KINDS.join('|'), oneOf(FEED_KINDS))
    .argument('<file>')
    .option('--as-of <date>', 'the day up to which the data speaks', date)
    .action((kind: FeedKind, file: string, { asOf }: { asOf?: JalaliDate }) => feed(context, kind, file, asOf));
}

async function feed(context: CommandContext, kind: FeedKind, file: string, asOf: JalaliDate | undefined): Promise<void> {
  const { say } = context;
  const { loadFeed } = await import('../billing/feed.js');
  const terminal = process.stderr.isTTY;
  const result = await withPool(context, 'tasvieh-feed', (pool) =>
    loadFeed(pool, kind, createReadStream(file), {
      ...(asOf && { asOf }),
      ...(terminal && { onRows: (rows: number) => void process.stderr.write(`\r${rows} rows`) }),
    }),
  );
  if (terminal) process.stderr.write('\r');
  if (result.ok)
    return say(`${kind}: ${result.rows} rows, ${result.inserted} new, ${result.updated} changed, ${result.unchanged} unchanged.`);
  for (const fault of result.faults) say(`row ${fault.row}, ${fault.column}: ${fault.code} ${fault.message}`);
  throw new Refusal(`${kind}: nothing was loaded, ${result.faults.length} faults.`);
}
