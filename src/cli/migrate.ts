import type { Command } from 'commander';
import type { CommandContext } from './context.js';

/** `migrate`: the newest schema. */
export function addMigrateCommand(program: Command, { served, say }: CommandContext): void {
  program
    .command('migrate')
    .description('bring the database to the newest schema')
    .action(async () => {
      const { databaseUrl } = served();
      const { migrate } = await import('../store/migrate.js');
      const ran = await migrate(databaseUrl);
      say(ran.length === 0 ? 'The schema is up to date.' : `Done: ${ran.join(', ')}`);
    });
}
