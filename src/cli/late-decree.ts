import type { Command } from 'commander';
import { encryptionKeys } from '../config.js';
import type { ListedBill } from '../operations/late-decree.js';
import { readEncryptionKeys } from '../temporal/encryption.js';
import { type CommandContext, withPool } from './context.js';

/** `late-decree`: differences of bills on account, once their tariff is published. */
export function addLateDecreeCommand(program: Command, context: CommandContext): void {
  program
    .command('late-decree')
    .description(
      'bills on account under a tariff that was published late: lists their differences; posts them for the next cycle with --post',
    )
    .argument('<version>', 'the published tariff')
    .option('--post', 'post the differences; repeating it posts nothing twice')
    .option('--by <name>', 'who posts')
    .option('--confirmed-by <name>', 'the second person')
    .option('--json')
    .action((tariff: string, options: { post?: boolean; by?: string; confirmedBy?: string; json?: boolean }, command: Command) => {
      if (options.post && !(options.by && options.confirmedBy))
        command.error('error: --post needs --by and --confirmed-by', { exitCode: 2 });
      return decree(context, tariff, options);
    });
}

async function decree(
  context: CommandContext,
  tariff: string,
  options: { post?: boolean; by?: string; confirmedBy?: string; json?: boolean },
): Promise<void> {
  const { say } = context;
  const config = context.served();
  const [{ Client, Connection }, { createPostgresBilling }, { lateDecree }, { createMessenger }, { createDataConverter }] =
    await Promise.all([
      import('@temporalio/client'),
      import('../billing/postgres.js'),
      import('../operations/late-decree.js'),
      import('../temporal/messenger.js'),
      import('../temporal/encryption.js'),
    ]);
  const connection = options.post ? await Connection.connect({ address: config.temporalAddress }) : null;
  const listed: ListedBill[] = [];
  await withPool(context, 'tasvieh-decree', async (pool) => {
    const posting = connection && {
      by: options.by ?? '',
      confirmedBy: options.confirmedBy ?? '',
      billing: createPostgresBilling(pool),
      messenger: createMessenger(
        new Client({
          connection,
          namespace: config.temporalNamespace,
          dataConverter: createDataConverter(readEncryptionKeys(encryptionKeys(config))),
        }),
        { taskQueue: config.taskQueue },
      ),
    };
    for await (const bill of lateDecree(pool, tariff, posting)) {
      listed.push(bill);
      if (options.json) continue;
      const { settlement, number, difference, none, posted } = bill;
      say(
        `${settlement} (${number}): ${difference ? `${difference.before} → ${difference.after}, ${difference.amount} rial` : `no debt: ${none}`}${posted ? ', posted' : ''}`,
      );
    }
  }).finally(() => connection?.close());
  const sum = listed.reduce((total, { difference }) => total + (difference?.amount ?? 0), 0);
  if (options.json) say(JSON.stringify({ tariff, count: listed.length, sum, bills: listed }));
  else say(`${listed.length} bills, ${sum} rial${options.post ? '' : '; nothing was posted'}.`);
  if (listed.some(({ none }) => none !== null)) process.exitCode = 1;
}
