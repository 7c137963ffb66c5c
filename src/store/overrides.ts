import type { Pool } from 'pg';
import type { Override } from '../domain/settlement/finding.js';
import type { Operator } from '../domain/settlement/settlement.js';
import { append, texts } from './event-log.js';

export interface OverrideStore {
  /** Records an acceptance with its event; the same person's again changes nothing and is answered with the first. */
  record(
    id: string,
    asked: { code: string; reason: string; reading: number | null },
    by: Operator,
  ): Promise<{ override: Override; recorded: boolean }>;
  /** What holds for a settlement and its reading. */
  of(id: string, reading: number | null): Promise<Override[]>;
}

const COLUMNS = 'code, reason, by, at, reading';

export function createOverrideStore(pool: Pool): OverrideStore {
  return {
    async record(id, { code, reason, reading }, by) {
      const values = [id, code, reading];
      const { rows } = await pool.query<Override>(
        `with o as (
           insert into app.overrides as o (settlement_id, code, reading, reason, by, role) values ($1, $2, $3, $4, $5, $6) on conflict do nothing
           returning o.*, app.override_key(o) as key, app.override_state(o) as state),
         ${append({
           from: 'o',
           settlement: 'settlement_id',
           kind: `'overridden'`,
           key: 'key',
           at: 'at',
           data: `jsonb_build_object('code', code, 'reading', reading, 'by', by || jsonb_build_object('role', role))`,
           changed: `jsonb_build_object('overrides', jsonb_build_object(key, state))`,
           person: texts({ reason: '$4::text' }),
         })}
         select ${COLUMNS} from o`,
        [...values, reason, JSON.stringify({ id: by.id, name: by.name }), by.role],
      );
      if (rows[0]) return { override: rows[0], recorded: true };
      const { rows: first } = await pool.query<Override>(
        `select ${COLUMNS} from app.overrides where settlement_id = $1 and code = $2 and reading is not distinct from $3 and by->>'id' = $4`,
        [...values, by.id],
      );
      return { override: first[0] as Override, recorded: false };
    },

    async of(id, reading) {
      const { rows } = await pool.query<Override>({
        name: 'app.overrides',
        text: `select ${COLUMNS} from app.overrides where settlement_id = $1 and (reading is null or reading = $2) order by at`,
        values: [id, reading],
      });
      return rows;
    },
  };
}
