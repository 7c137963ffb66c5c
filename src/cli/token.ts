import type { Command } from 'commander';
import { readConfig, signingSecret } from '../config.js';
import { type Role, ROLES } from '../domain/settlement/settlement.js';
import { oneOf, whole } from './arguments.js';
import type { CommandContext } from './context.js';

/** `token`: a signed token for the API. */
export function addTokenCommand(program: Command, { env, say }: CommandContext): void {
  program
    .command('token')
    .description('a signed token for the API')
    .requiredOption('--role <role>', ROLES.join('|'), oneOf(ROLES))
    .requiredOption('--office <office>', 'office code')
    .requiredOption('--name <name>', 'the person, as recorded with each act')
    .option('--id <id>', 'the person’s id; the name when absent')
    .option('--hours <n>', 'valid for', whole, 12)
    .action(async ({ role, office, name, id, hours }: { role: Role; office: string; name: string; id?: string; hours: number }) => {
      const secret = signingSecret(readConfig(env));
      const { createTokens } = await import('../api/tokens.js');
      const tokens = createTokens(secret);
      say(await tokens.issue({ id: id ?? name, name, role, office }, { ttl: hours * 3600 }));
    });
}
