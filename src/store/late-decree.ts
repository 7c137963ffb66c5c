import type { Pool } from 'pg';
import type { PostedDifference } from '../domain/tariff/late-decree.js';
import type { PostingEntry } from '../domain/outbox/posting.js';
import type { Bill, Operator, SettlementFacts } from '../domain/settlement/settlement.js';
import type { BillInputs } from '../domain/settlement/verification.js';
import { append, byKey } from './event-log.js';
import { inTransaction } from './pool.js';

/** A valid bill that was priced by a tariff used provisionally. */
export interface ProvisionalBill {
  settlement: string;
  subscription: string;
  office: string;
  number: string;
  bill: Bill;
  inputs: BillInputs & { facts: SettlementFacts };
  /** of this run's tariff and of those before it */
  posted: (PostedDifference & { tariff: string })[];
  /** its workflow goes on: it must hear of what is posted */
  open: boolean;
}

/** Valid bills on account whose days a tariff concerns, by settlement. */
export async function* provisionalBills(pool: Pool, from: string, pageSize = 200): AsyncGenerator<ProvisionalBill> {
  let after = '';
  for (;;) {
    const { rows } = await pool.query<ProvisionalBill>(
      `select s.id as settlement, s.subscription, s.office, b.number, b.bill, b.inputs, s.status <> 'settled' as open,
         coalesce((select json_agg(json_build_object('tariff', p.detail->>'decree', 'amount', p.amount, 'lines', p.detail->'lines') order by p.posting)
           from app.postings p where p.settlement_id = s.id and p.detail ? 'decree' and p.status not in ('replaced', 'cancelled')), '[]') as posted
       from app.settlements s join app.bills b on b.settlement_id = s.id and b.revision = s.revision
       where s.id > $1 and not b.void and s.status in ('announced', 'delivered', 'handedOver', 'settled')
         and s.warnings @> '[{"code": "PROVISIONAL_TARIFF"}]' and s.settlement_date >= $2
       order by s.id limit $3`,
      [after, from, pageSize],
    );
    yield* rows;
    if (rows.length < pageSize) return;
    after = (rows.at(-1) as ProvisionalBill).settlement;
  }
}

/** Posts a difference once; false when it stands already. */
export async function postDifference(
  pool: Pool,
  settlement: string,
  entry: PostingEntry,
  by: Pick<Operator, 'id'>,
  confirmedBy: string,
): Promise<boolean> {
  return inTransaction(pool, async (client) => {
    await client.query('select from app.settlements where id = $1 for update', [settlement]);
    const { rowCount } = await client.query(
      `with p as (insert into app.postings as p (posting, settlement_id, kind, revision, cycle, due_on, amount, detail, status, objection_ends_at)
         select $1, $2, 'difference', s.revision, $3, $4, $5, $6, 'waiting', $7 from app.settlements s where s.id = $2 on conflict do nothing returning p.posting, app.posting_made(p) as state),
       ${append({
         from: 'p',
         settlement: '$2',
         kind: `'decreeDifference'`,
         key: 'posting',
         data: `jsonb_build_object('posting', posting, 'amount', $5::bigint, 'by', $8::text, 'confirmedBy', $9::text)`,
         changed: `jsonb_build_object('postings', ${byKey('p', 'posting', 'state')})`,
       })}
       select from e`,
      [
        entry.posting,
        settlement,
        entry.cycle,
        entry.dueOn,
        entry.amount,
        JSON.stringify(entry.detail),
        entry.objectionEndsAt,
        by.id,
        confirmedBy,
      ],
    );
    return rowCount === 1;
  });
}
