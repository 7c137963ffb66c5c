import type { Command } from 'commander';
import { readConfig, signingSecret } from '../config.js';
import { derivedEncryptionKey, newEncryptionKey, readEncryptionKeys } from '../temporal/encryption.js';
import type { CommandContext } from './context.js';

/** `encryption-key`: a key for the payloads of Temporal. */
export function addEncryptionKeyCommand(program: Command, { env, say }: CommandContext): void {
  program
    .command('encryption-key')
    .description('a new key for TASVIEH_ENCRYPTION_KEYS')
    .option('--id <id>', 'its name: letters, digits, dot, dash, underscore', 'k1')
    .option('--from-secret', 'instead the key that an installation without TASVIEH_ENCRYPTION_KEYS uses')
    .action(({ id, fromSecret }: { id: string; fromSecret?: boolean }) => {
      const key = fromSecret ? derivedEncryptionKey(signingSecret(readConfig(env))) : newEncryptionKey(id);
      readEncryptionKeys(key);
      say(key);
    });
}
