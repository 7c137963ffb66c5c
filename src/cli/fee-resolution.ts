import type { Command } from 'commander';
import { date, rials } from './arguments.js';
import { type FeeResolution, type ResolutionReview, period } from '../domain/tariff/fee-resolution.js';
import { type JalaliDate, todayInTehran } from '../domain/calendar/jalali.js';
import { cleanText } from '../domain/text.js';
import { Refusal } from '../refusal.js';
import { type CommandContext, withPool } from './context.js';
import type { RecordedResolution, TariffStore } from '../store/tariffs.js';

interface RecordOptions {
  number: string;
  resolvedOn: JalaliDate;
  amount: number;
  from: JalaliDate;
  to?: JalaliDate;
  by: string;
  confirmedBy: string;
  yes?: boolean;
  json?: boolean;
}

/** `fee-resolution record` and `fee-resolution list`: what the board approved as the issuing fee. */
export function addFeeResolutionCommand(program: Command, context: CommandContext): void {
  const { say } = context;
  const resolution = program.command('fee-resolution').description('resolutions of the board on the issuing fee: no fee without one');
  resolution
    .command('record')
    .description('record a resolution; a second person confirms')
    .requiredOption('--number <number>', 'as on the document; printed on bills')
    .requiredOption('--resolved-on <date>', 'the day of the board’s meeting', date)
    .requiredOption('--amount <rial>', 'the fee of a settlement', rials)
    .requiredOption('--from <date>', 'the first day it holds', date)
    .option('--to <date>', 'the last day; until further notice when absent', date)
    .requiredOption('--by <name>', 'who records it')
    .requiredOption('--confirmed-by <name>', 'another person, who has seen the document')
    .option('--yes', 'an amount that looks ten times off is meant so')
    .option('--json')
    .action(async ({ by, confirmedBy, yes = false, json, to, number, resolvedOn, amount, from }: RecordOptions) => {
      const of: FeeResolution = { number, resolvedOn, amount, from, to: to ?? null, illustrative: false };
      const { recorded, notes } = await withStore(context, (store) =>
        recordResolution(store, of, by, confirmedBy, yes, todayInTehran(new Date())),
      );
      if (json) return say(JSON.stringify({ number: cleanText(number), recorded, notes }));
      say(
        recorded
          ? `Resolution ${cleanText(number)}: ${amount.toLocaleString('en-US')} rial, ${period(of)}.`
          : `Resolution ${cleanText(number)} stands already, with the same content.`,
      );
      for (const { message } of notes) say(message);
    });
  resolution
    .command('list')
    .description('every resolution, and the one in force today')
    .option('--json')
    .action(async ({ json }: { json?: boolean }) => {
      const today = todayInTehran(new Date());
      const listed = await withStore(context, async (store) => {
        const inForce = await store.feeOn(today);
        return (await store.resolutions()).map((each) => ({ ...each, inForce: each.number === inForce?.resolution }));
      });
      if (json) return say(JSON.stringify(listed));
      if (listed.length === 0) say('No resolution is recorded: settlements carry no fee.');
      for (const each of listed) say(line(each));
    });
}

/**
 * Records a resolution beside those that stand. Refusal for what cannot be, for one person alone, for another content
 * under a known number, and for an amount about ten times or a tenth of the one before it unless `meant`.
 */
export async function recordResolution(
  store: TariffStore,
  resolution: FeeResolution,
  by: string,
  confirmedBy: string,
  meant: boolean,
  today: JalaliDate,
): Promise<{ recorded: boolean; notes: ResolutionReview['notes'] }> {
  const { reviewForRecord } = await import('../store/publication.js');
  const { resolution: clean, faults, doubts, notes } = await reviewForRecord(store, resolution, today);
  const asked = meant ? [] : doubts;
  const refused = [...faults, ...asked].map(({ message }) => message);
  if (refused.length > 0)
    throw new Refusal(
      [
        ...refused,
        `Nothing is recorded.${asked.length > 0 && faults.length === 0 ? ' If the amount is meant so, record it with --yes.' : ''}`,
      ].join('\n'),
    );
  try {
    return { recorded: await store.recordResolution(clean, by, confirmedBy), notes };
  } catch (error) {
    // by name: the store is loaded only when there is a database to ask
    if (error instanceof Error && error.name === 'PublicationRefused') throw new Refusal(error.message);
    throw error;
  }
}

function line({ inForce, by, confirmedBy, ...each }: RecordedResolution & { inForce: boolean }): string {
  return [
    each.number,
    `${each.amount.toLocaleString('en-US')} rial`,
    period(each),
    `resolved on ${each.resolvedOn}`,
    by === null ? 'recorded by nobody on record' : `recorded by ${by}${confirmedBy === null ? '' : `, confirmed by ${confirmedBy}`}`,
    ...(each.illustrative ? ['for practice'] : []),
    ...(inForce ? ['in force today'] : []),
  ].join('; ');
}

function withStore<T>(context: CommandContext, act: (store: TariffStore) => Promise<T>): Promise<T> {
  return withPool(context, 'tasvieh-fee-resolution', async (pool) => act((await import('../store/tariffs.js')).createTariffStore(pool)));
}
