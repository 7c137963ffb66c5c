import type { Pool } from 'pg';
import type { Instant, Operator } from '../domain/settlement/settlement.js';

/** One look at persons' data. */
export interface Access {
  at: Instant;
  by: Operator;
  /** the API's call by its pattern, such as `GET /accounts/{subscription}` */
  call: string;
  /** whose data was shown; empty when a search found nobody */
  subscriptions: string[];
  settlement: string | null;
  requestId: string;
}

export interface AccessFilter {
  subscription?: string | undefined;
  /** user id of who looked */
  person?: string | undefined;
  /** at or after / before, instants */
  from?: Instant | undefined;
  to?: Instant | undefined;
  limit: number;
  /** what the page before gave as `next` */
  cursor?: string | undefined;
}

export interface AccessStore {
  /** Appends entries, all or none. */
  append(entries: readonly Access[]): Promise<void>;
  /** Newest first. */
  list(filter: AccessFilter): Promise<{ items: Access[]; next: string | null }>;
  /** Takes away what is older than three years and answers how many entries that were; nothing younger can be taken away. */
  expire(): Promise<number>;
}

/** Entries that leave in one transaction: whoever forgot it for years is not held up by it. */
const AT_ONCE = 10_000;

export function createAccessStore(pool: Pool): AccessStore {
  return {
    async append(entries) {
      await pool.query({
        name: 'app.access',
        text: `insert into app.access_log (at, user_id, user_name, role, office, call, subscriptions, settlement_id, request_id)
         select x.at, x.by->>'id', x.by->>'name', x.by->>'role', x.by->>'office', x.call, x.subscriptions, x.settlement, x."requestId"
         from jsonb_to_recordset($1::jsonb) as x(at timestamptz, by jsonb, call text, subscriptions text[], settlement text, "requestId" text)`,
        values: [JSON.stringify(entries)],
      });
    },

    async list({ subscription, person, from, to, limit, cursor }) {
      const { rows } = await pool.query<Access & { seq: number }>(
        `select seq, at, jsonb_build_object('id', user_id, 'name', user_name, 'role', role, 'office', office) as by, call, subscriptions, settlement_id as settlement, request_id as "requestId"
         from app.access_log
         where ($1::text is null or subscriptions @> array[$1]) and ($2::text is null or user_id = $2)
           and ($3::timestamptz is null or at >= $3) and ($4::timestamptz is null or at < $4) and ($5::bigint is null or seq < $5)
         order by seq desc limit $6`,
        [
          subscription ?? null,
          person ?? null,
          from ?? null,
          to ?? null,
          cursor !== undefined && /^[0-9]{1,15}$/.test(cursor) ? cursor : null,
          limit + 1,
        ],
      );
      const page = rows.slice(0, limit);
      return { items: page.map(({ seq: _, ...entry }) => entry), next: rows.length > limit ? String(page.at(-1)?.seq) : null };
    },

    async expire() {
      for (let taken = 0; ;) {
        const { rowCount } = await pool.query(
          `delete from app.access_log where seq in (select seq from app.access_log where at < now() - interval '3 years' order by at limit $1)`,
          [AT_ONCE],
        );
        taken += rowCount ?? 0;
        if ((rowCount ?? 0) < AT_ONCE) return taken;
      }
    },
  };
}
