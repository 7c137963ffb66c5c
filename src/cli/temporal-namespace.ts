import type { Command } from 'commander';
import { whole } from './arguments.js';
import type { CommandContext } from './context.js';

/** `temporal-namespace`: the namespace and its search attributes. */
export function addTemporalNamespaceCommand(program: Command, { served, say }: CommandContext): void {
  program
    .command('temporal-namespace')
    .description('make the namespace on a Temporal server and register the search attributes; it may run again')
    .option('--retention-days <n>', 'how long a new namespace keeps ended workflows', whole, 90)
    .action(async ({ retentionDays }: { retentionDays: number }) => {
      const { temporalAddress: address, temporalNamespace: namespace } = served();
      const [{ Connection }, { keepNamespace }, { SEARCH_ATTRIBUTE_TYPES }] = await Promise.all([
        import('@temporalio/client'),
        import('../temporal/namespace.js'),
        import('../workflows/search-attributes.js'),
      ]);
      const connection = await Connection.connect({ address });
      try {
        const { made, registered } = await keepNamespace(connection, {
          namespace,
          retentionDays,
          searchAttributes: SEARCH_ATTRIBUTE_TYPES,
        });
        say(
          `The namespace ${namespace} ${made ? `is made and keeps ended workflows for ${retentionDays} days` : 'is there'}; ${registered.length === 0 ? 'it has every search attribute' : `registered: ${registered.join(', ')}`}.`,
        );
      } finally {
        await connection.close();
      }
    });
}
