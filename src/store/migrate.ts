import { join } from 'node:path';
import { runner } from 'node-pg-migrate';

/**
 * Brings the database to the newest schema and answers the names of the migrations it ran (none when it was up to date).
 * Plain SQL files in order of their number; several processes may start at once: the others wait for the advisory lock.
 * A migration is one transaction.
 */
export async function migrate(url: string): Promise<string[]> {
  const ran = await runner({
    databaseUrl: url,
    dir: join(__dirname, 'migrations'),
    direction: 'up',
    migrationsTable: 'migrations',
    advisoryLockMode: 'wait',
    logger: { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} },
  });
  return ran.map(({ name }) => name);
}
