import type { Pool } from 'pg';
import type { Operator } from '../domain/settlement/settlement.js';
import { append } from './event-log.js';
import { inTransaction } from './pool.js';

export interface CopyStore {
  /** Counts a reprint of an issued revision and answers which one it is, from 1. */
  record(id: string, revision: number, by: Operator): Promise<number>;
}

export function createCopyStore(pool: Pool): CopyStore {
  return {
    record(id, revision, by) {
      return inTransaction(pool, async (client) => {
        // one after the other: no two carry one number
        await client.query('select from app.settlements where id = $1 for update', [id]);
        const { rows } = await client.query<{ n: number }>(
          `with c as (insert into app.copies as c (settlement_id, revision, n, by)
             select $1, $2::integer, coalesce(max(k.n), 0) + 1, $3::jsonb from app.copies k where k.settlement_id = $1 and k.revision = $2
             returning c.settlement_id, c.revision, c.n, c.at, app.copy_state(c) as state),
           ${append({
             from: 'c',
             settlement: 'settlement_id',
             kind: `'copied'`,
             key: `revision || '/' || n`,
             at: 'at',
             data: `jsonb_build_object('revision', revision, 'n', n, 'by', $3::jsonb->'id', 'role', $3::jsonb->'role')`,
             changed: `jsonb_build_object('copies', jsonb_build_object(revision || '/' || n, state))`,
           })}
           select n from c`,
          [id, revision, JSON.stringify({ id: by.id, name: by.name, role: by.role, office: by.office })],
        );
        if (!rows[0]) throw new Error(`revision ${revision} of ${id} was not issued`);
        return rows[0].n;
      });
    },
  };
}
