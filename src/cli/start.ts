import type { Command } from 'commander';
import { readConfig } from '../config.js';
import type { CommandContext } from './context.js';
import { untilStopped } from './serve.js';

/** `start`: everything on this machine, for practice and demonstration. */
export function addStartCommand(program: Command, { env, say }: CommandContext): void {
  program
    .command('start')
    .description('all of it on this machine: Postgres, Temporal and its UI, demo data, API, worker')
    .action(async () => {
      const stopped = untilStopped();
      const { startEverything } = await import('../embedded/start.js');
      const everything = startEverything(readConfig(env), say);
      // also while it starts: whoever presses Ctrl-C wants it to end
      await Promise.race([stopped, everything.ready.then(() => stopped)]).finally(() => {
        say('Ending…');
        return everything.stop();
      });
    });
}
