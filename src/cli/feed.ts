import { createReadStream } from 'node:fs';
import type { Command } from 'commander';
import { type FeedKind, FEED_KINDS } from '../domain/settlement/account.js';
import type { JalaliDate } from '../domain/calendar/jalali.js';
import type { FeedOptions } from '../billing/feed.js';
import { sameName } from '../domain/text.js';
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
    .option('--older-by <name>', 'who lets a file take the place of one that speaks of a later day')
    .option('--confirmed-by <name>', 'the second person, for --older-by')
    .action((kind: FeedKind, file: string, { asOf, olderBy: by, confirmedBy }: FeedCommand, command: Command) => {
      if ((by === undefined) !== (confirmedBy === undefined)) command.error('error: --older-by needs --confirmed-by', { exitCode: 2 });
      if (by !== undefined && confirmedBy !== undefined && sameName(by, confirmedBy))
        throw new Refusal(`${by} cannot confirm the own file: a second person is needed.`);
      return feed(context, kind, file, {
        ...(asOf && { asOf }),
        ...(by !== undefined && confirmedBy !== undefined && { older: { by, confirmedBy } }),
      });
    });
}

interface FeedCommand {
  asOf?: JalaliDate;
  olderBy?: string;
  confirmedBy?: string;
}

async function feed(context: CommandContext, kind: FeedKind, file: string, options: FeedOptions): Promise<void> {
  const { say } = context;
  const [{ loadFeed }, { feedTarget }] = await Promise.all([import('../billing/feed.js'), import('../store/payments.js')]);
  const terminal = process.stderr.isTTY;
  const result = await withPool(context, 'tasvieh-feed', (pool) =>
    loadFeed(feedTarget(pool), kind, createReadStream(file), {
      ...options,
      ...(terminal && { onRows: (rows: number) => void process.stderr.write(`\r${rows} rows`) }),
    }),
  );
  if (terminal) process.stderr.write('\r');
  if (result.ok)
    return say(`${kind}: ${result.rows} rows, ${result.inserted} new, ${result.updated} changed, ${result.unchanged} unchanged.`);
  if ('older' in result)
    throw new Refusal(
      `${kind}: nothing was loaded. The file speaks up to ${result.older.asOf}, what is loaded up to ${result.older.loaded} (--older-by and --confirmed-by let it in).`,
    );
  for (const fault of result.faults) say(`row ${fault.row}, ${fault.column}: ${fault.code} ${fault.message}`);
  const total = Object.values(result.counts).reduce((sum, count) => sum + count, 0);
  if (result.truncated)
    say(
      `… and more: ${Object.entries(result.counts)
        .map(([code, count]) => `${code} ${count}`)
        .join(', ')}`,
    );
  throw new Refusal(`${kind}: nothing was loaded, ${total} faults.`);
}
