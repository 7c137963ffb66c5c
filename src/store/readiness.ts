import type { Pool } from 'pg';
import { type Outage, outageOf } from './outage.js';
import { inTransaction } from './pool.js';

const PROBE_MS = 1_500;

class RolledBack extends Error {}

/**
 * Whether Postgres takes a write, by one that is rolled back: a demoted, full or locked server still answers `select 1`.
 * `faulty`: an error that waiting does not mend.
 */
export async function writeState(pool: Pool): Promise<'ok' | Outage | 'faulty'> {
  try {
    await inTransaction(pool, async (client) => {
      await client.query(
        `set local statement_timeout = ${PROBE_MS}; insert into app.presences (office, from_at, to_at) values ('', clock_timestamp(), clock_timestamp())`,
      );
      throw new RolledBack();
    });
    return 'faulty';
  } catch (error) {
    return error instanceof RolledBack ? 'ok' : (outageOf(error) ?? 'faulty');
  }
}
