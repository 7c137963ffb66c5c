import type { Command } from 'commander';
import { whole } from './arguments.js';
import { type CommandContext, withPool } from './context.js';

/** `demo-data`: what a practice needs. */
export function addDemoDataCommand(program: Command, context: CommandContext): void {
  program
    .command('demo-data')
    .description('synthetic subscribers, tariffs, a fee resolution and clerks for practice')
    .option('--subscribers <n>', 'how many', whole, 500)
    .action(async ({ subscribers }: { subscribers: number }) => {
      const { added, accounts } = await withPool(context, 'tasvieh-demo', async (pool) => {
        const { loadDemoData, recordDemoPeople } = await import('../embedded/demo.js');
        const loaded = await loadDemoData(pool, subscribers, new Date());
        await recordDemoPeople(pool);
        return loaded;
      });
      context.say(
        added > 0
          ? `${added} subscribers.`
          : `None was added: there are ${accounts} subscribers already. Demo data goes into an empty database only.`,
      );
      if (added === 0 && accounts !== subscribers) process.exitCode = 1;
    });
}
