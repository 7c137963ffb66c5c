import type { Command } from 'commander';
import { whole } from './arguments.js';
import type { CommandContext } from './context.js';

/** `worker-version`: which version of the workers carries every workflow on. */
export function addWorkerVersionCommand(program: Command, { served, say }: CommandContext): void {
  program
    .command('worker-version')
    .description('let every workflow go on with the workers of a version (TASVIEH_WORKER_BUILD_ID), once one of them polls')
    .argument('[version]')
    .option('--none', 'with the workers that carry no version')
    .option('--wait <seconds>', 'for the version’s first worker', whole, 60)
    .action(async (version: string | undefined, { none = false, wait }: { none?: boolean; wait: number }, command: Command) => {
      if ((version === undefined) !== none) command.error('error: name a version, or ask for --none', { exitCode: 2 });
      const { temporalAddress: address, temporalNamespace: namespace } = served();
      const [{ Connection }, { setCurrentVersion }] = await Promise.all([
        import('@temporalio/client'),
        import('../temporal/worker-version.js'),
      ]);
      const connection = await Connection.connect({ address });
      try {
        const { before } = await setCurrentVersion(connection, { namespace, buildId: version ?? null, waitMs: wait * 1000 });
        say(`Workflows go on with ${version ?? 'workers without a version'}; before: ${before ?? 'workers without a version'}.`);
      } finally {
        await connection.close();
      }
    });
}
