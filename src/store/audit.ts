import type { Pool } from 'pg';
import type { RecordedEvent, RecordedState } from '../domain/settlement/history.js';
import type { Instant } from '../domain/settlement/settlement.js';

/** What the log tells of a settlement and what is stored of it, read at one moment. */
export interface AuditedSettlement {
  settlement: string;
  events: RecordedEvent[];
  /** null when it is in the log alone */
  stored: RecordedState | null;
}

/** One settlement, or all that are stored or in the log, in pages by id. */
export async function* auditedSettlements(pool: Pool, settlement: string | null, pageSize = 100): AsyncGenerator<AuditedSettlement> {
  let after = '';
  for (;;) {
    const { rows } = await pool.query<AuditedSettlement>(
      // one statement is one snapshot: a settlement that goes on meanwhile is seen before or after an event, never between
      `with ids as (
         select id from (
           (select id from app.settlements where id > $1 and ($2::text is null or id = $2) order by id limit $3)
           union
           (select distinct settlement_id from app.events where settlement_id > $1 and kind = 'received' and ($2::text is null or settlement_id = $2) order by 1 limit $3)
         ) x order by id limit $3)
       select ids.id as settlement, s.state as stored,
         coalesce((select json_agg(json_build_object('kind', e.kind, 'changed', e.changed) order by e.seq) from app.events e where e.settlement_id = ids.id), '[]') as events
       from ids left join app.settlement_states s on s.id = ids.id order by ids.id`,
      [after, settlement, pageSize],
    );
    yield* rows;
    if (rows.length < pageSize) return;
    after = (rows.at(-1) as AuditedSettlement).settlement;
  }
}

/** The numbers of one office and year. */
export interface NumberedDocuments {
  document: 'bill' | 'clearance';
  office: string;
  year: number;
  issued: number;
  first: string;
  last: string;
  /** issued, and void since */
  void: string[];
  /** gaps, from the first number that is missing to the last */
  missing: { from: string; to: string; count: number }[];
}

/**
 * Numbers issued, void and missing. All of an office and year when no period is asked for; else those issued from `from`
 * (inclusive) to `to` (exclusive), with the gaps between the lowest and the highest of them.
 */
export async function numberedDocuments(
  pool: Pool,
  { from, to }: { from: Instant | null; to: Instant | null },
): Promise<NumberedDocuments[]> {
  const { rows } = await pool.query<NumberedDocuments>(
    `with n as (
       select 'bill' as document, '' as mark, b.number, b.void, b.issued_at from app.bills b
       union all
       select 'clearance', 'M-', l.number, b.void, l.issued_at from app.clearances l join app.bills b using (settlement_id, revision)),
     k as (
       select document, mark, number, void, substring(number from '^(?:M-)?(.*)-[0-9]{4}-[0-9]+$') as office,
         substring(number from '-([0-9]{4})-[0-9]+$')::integer as year, substring(number from '([0-9]+)$')::bigint as nth
       from n where ($1::timestamptz is null or issued_at >= $1) and ($2::timestamptz is null or issued_at < $2)),
     -- what was given last, so that a missing last number is seen too; of a period only its own numbers count
     c as (
       select 'bill' as document, '' as mark, office, year, last from app.bill_numbers where $1::timestamptz is null and $2::timestamptz is null
       union all
       select 'clearance', 'M-', office, year, last from app.clearance_numbers where $1::timestamptz is null and $2::timestamptz is null),
     places as (
       select document, mark, office, year, nth from k
       union all
       select document, mark, office, year, last + 1 from c),
     gaps as (
       select document, mark, office, year, nth, lag(nth) over w as before from places
       window w as (partition by document, office, year order by nth)),
     missing as (
       select document, office, year, jsonb_agg(jsonb_build_object('from', app.document_number(mark, office, year, low), 'to', app.document_number(mark, office, year, nth - 1), 'count', nth - low) order by low) as missing
       from (select *, coalesce(before + 1, case when $1::timestamptz is null and $2::timestamptz is null then 1 else nth end) as low from gaps) g
       where nth > low group by 1, 2, 3)
     select coalesce(k.document, m.document) as document, coalesce(k.office, m.office) as office, coalesce(k.year, m.year) as year,
       coalesce(k.issued, 0) as issued, k.first, k.last, coalesce(k.void, '[]') as void, coalesce(m.missing, '[]') as missing
     from (select document, office, year, count(*) as issued, min(number) as first, max(number) as last, jsonb_agg(number order by nth) filter (where void) as void from k group by 1, 2, 3) k
     full join missing m on m.document = k.document and m.office = k.office and m.year = k.year
     order by 1, 2, 3`,
    [from, to],
  );
  return rows;
}
