import type { Pool } from 'pg';
import { type Config, ConfigError, readConfig } from '../config.js';
import { embeddedDatabaseUrl } from '../embedded/postgres.js';
import type { ServedConfig } from '../process/processes.js';

/** What every command gets. A setting is read only when the command runs, so that the others need none. */
export interface CommandContext {
  env: NodeJS.ProcessEnv;
  say(line: string): void;
  /** The settings of a process beside running servers. Throws ConfigError with everything that is missing. */
  served(): ServedConfig;
  databaseUrl(): string;
}

export function commandContext(env: NodeJS.ProcessEnv): CommandContext {
  const served = (): ServedConfig => servedConfig(env);
  return { env, say: (line) => void process.stdout.write(`${line}\n`), served, databaseUrl: () => served().databaseUrl };
}

/** Runs `act` with a small pool on the configured database and ends the pool. */
export async function withPool<T>(
  { databaseUrl }: Pick<CommandContext, 'databaseUrl'>,
  applicationName: string,
  act: (pool: Pool) => Promise<T>,
  options: { statementTimeoutMs?: number } = {},
): Promise<T> {
  const url = databaseUrl();
  // imported here: a bill id is checked without waiting for what talks to servers
  const { createPool } = await import('../store/pool.js');
  const pool = createPool(url, { applicationName, max: 2, ...options });
  try {
    return await act(pool);
  } finally {
    await pool.end();
  }
}

/** The settings of production, or what `start` keeps in the data folder. */
function servedConfig(env: NodeJS.ProcessEnv): ServedConfig {
  const config: Config = readConfig(env);
  const databaseUrl = config.databaseUrl ?? embeddedDatabaseUrl(config.dataFolder, config.postgresPort);
  if (databaseUrl === null) {
    // the secret is asked for as soon as the addresses are there: reported now, not in a second round
    throw new ConfigError([
      'TASVIEH_DATABASE_URL: missing',
      'TASVIEH_TEMPORAL_ADDRESS: missing',
      ...(config.secret === null ? ['TASVIEH_SECRET: missing'] : []),
      `(or run \`tasvieh start\` first: ${config.dataFolder} holds no database)`,
    ]);
  }
  return { ...config, databaseUrl, temporalAddress: config.temporalAddress ?? `127.0.0.1:${config.temporalPort}` };
}
