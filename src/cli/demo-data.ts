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
      await withPool(context, 'tasvieh-demo', async (pool) => {
        const { loadDemoData, recordDemoPeople } = await import('../embedded/demo.js');
        await loadDemoData(pool, subscribers, new Date());
        await recordDemoPeople(pool);
      });
      context.say(`${subscribers} subscribers.`);
    });
}
