import { type Command, InvalidArgumentError } from 'commander';
import { nationalId } from '../domain/people/person.js';
import { cleanText, latinDigits, sameName } from '../domain/text.js';
import { Refusal } from '../refusal.js';
import { type CommandContext, withPool } from './context.js';

/** `person-data erase`: when the law asks that a person's data goes.  */
export function addPersonDataCommand(program: Command, context: CommandContext): void {
  const { say } = context;
  const data = program.command('person-data').description('the data of a person who is a party of settlements');
  data
    .command('erase')
    .description(
      'erase name, national id, mobile, address and free texts; amounts, ids and the event log stay. Not while a settlement of the person is open',
    )
    .option('--national-id <id>', 'the person of this national id, wherever the person stands', idOf)
    .option('--subscription <number>', 'everybody who is named in the settlements of this subscription', subscriptionOf)
    .requiredOption('--by <name>', 'who erases', filled)
    .requiredOption('--confirmed-by <name>', 'the second person', filled)
    .requiredOption('--reason <text>', 'why: the request or order, without naming the person', filled)
    .option('--json')
    .action(
      async (
        asked: { nationalId?: string; subscription?: string; by: string; confirmedBy: string; reason: string; json?: boolean },
        command: Command,
      ) => {
        const { nationalId: id, subscription, by, confirmedBy, reason, json } = asked;
        if ((id === undefined) === (subscription === undefined))
          command.error('error: name a national id or a subscription', { exitCode: 2 });
        if (sameName(by, confirmedBy)) throw new Refusal(`${by} cannot confirm the own erasure: a second person is needed.`);
        const { OpenSettlementsError, erasePersonData } = await import('../store/erasures.js');
        const whose = id === undefined ? { subscription: subscription ?? '' } : { nationalId: id };
        const erased = await withPool(context, 'tasvieh-erasure', (pool) =>
          erasePersonData(pool, { whose, by, confirmedBy, reason }),
        ).catch((error: unknown) => {
          throw error instanceof OpenSettlementsError
            ? new Refusal(`Nothing was erased. Not ended yet: ${error.settlements.join(', ')}`)
            : error;
        });
        if (json) say(JSON.stringify({ erased }));
        else say(erased.length === 0 ? 'Nothing is on record.' : `Erased from ${erased.length} settlements: ${erased.join(', ')}`);
      },
    );
}

function idOf(text: string): string {
  const id = nationalId(text);
  if (id === null) throw new InvalidArgumentError('not a national id');
  return id;
}

function subscriptionOf(text: string): string {
  const digits = latinDigits(text).replace(/[\s-]/g, '');
  if (!/^[0-9]{12}$/.test(digits)) throw new InvalidArgumentError('not a subscription of 12 digits');
  return digits;
}

function filled(text: string): string {
  const clean = cleanText(text);
  if (clean === '') throw new InvalidArgumentError('empty');
  return clean;
}
