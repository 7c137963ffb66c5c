import { Pool, types, type PoolClient } from 'pg';
import { isOutage } from './outage.js';

export interface PoolOptions {
  /** connections at most; default 10 */
  max?: number;
  /** shown in pg_stat_activity */
  applicationName: string;
  /** ends a statement that hangs; default 10 s. A long load sets its own inside its transaction. */
  statementTimeoutMs?: number;
  /** ends a call whose answer does not come, as from a host that has vanished; absent: only the server's limit holds */
  answerTimeoutMs?: number;
}

const INT8 = types.builtins.INT8;
const TIMESTAMPTZ = types.builtins.TIMESTAMPTZ;

/** int8 as number; a figure beyond the exact range throws rather than being rounded. */
function parseInt8(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value)) throw new RangeError(`bigint outside the exact range: ${text}`);
  return value;
}

/** timestamptz as ISO 8601 in UTC with milliseconds. */
function parseInstant(text: string): string {
  // PostgreSQL writes `2026-11-25 06:51:43.12+00`: a space and an offset without minutes are not ISO
  return new Date(text.replace(' ', 'T').replace(/([+-]\d\d)$/, '$1:00')).toISOString();
}

/**
 * A pool whose rows hold what the domain uses: int8 as number (safe integers only), timestamptz as ISO 8601 text in UTC,
 * Jalali dates as text, numeric as text. A killed or lost connection never ends the process: the query that used it
 * rejects and the next one gets a new connection. Connecting takes 2 s at most.
 */
export function createPool(url: string, options: PoolOptions): Pool {
  const pool = new Pool({
    connectionString: url,
    max: options.max ?? 10,
    application_name: options.applicationName,
    connectionTimeoutMillis: 2000,
    idleTimeoutMillis: 30_000,
    statement_timeout: options.statementTimeoutMs ?? 10_000,
    ...(options.answerTimeoutMs !== undefined && { query_timeout: options.answerTimeoutMs }),
    idle_in_transaction_session_timeout: 15_000,
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
    options: '-c timezone=UTC',
    types: {
      getTypeParser(oid: number, format?: 'text' | 'binary'): unknown {
        if (format !== 'binary') {
          if (oid === INT8) return parseInt8;
          if (oid === TIMESTAMPTZ) return parseInstant;
        }
        return types.getTypeParser(oid, format);
      },
    },
  });
  // without listeners Node ends the process when the server closes a connection, idle or in use
  pool.on('error', () => {});
  pool.on('connect', (client) => client.on('error', () => {}));
  return pool;
}

/**
 * Runs `fn` in one transaction: commits what it returns, rolls back when it throws (and throws the same error).
 * A client that reports an outage (a server demoted to read-only, a silent host) or cannot roll back is destroyed: its
 * server rolls back by itself.
 */
export async function inTransaction<T>(pool: Pool, fn: (client: PoolClient) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  let broken: Error | undefined;
  try {
    await client.query('begin');
    const result = await fn(client);
    await client.query('commit');
    return result;
  } catch (error) {
    if (isOutage(error)) broken = error as Error;
    else
      await client.query('rollback').catch((failure: Error) => {
        broken = failure;
      });
    throw error;
  } finally {
    client.release(broken);
  }
}
