import type { Pool } from 'pg';
import { inTransaction } from '../../src/store/pool.js';

/** Empties tables, append-only ones too: as a superuser who sets the triggers aside, which no role of the app may. */
export function emptied(pool: Pool, tables: string): Promise<void> {
  return inTransaction(pool, async (client) => {
    await client.query('set local session_replication_role = replica');
    await client.query(`truncate ${tables} cascade`);
  });
}
