import type { Pool } from 'pg';
import { todayInTehran } from '../../src/domain/calendar/jalali.js';
import { emptied } from './emptying.js';

/** What a seeded settlement is made of. */
export interface Waiting {
  id: string;
  cycle: string | null;
  dueOn: string | null;
  subscription?: string;
  settlementDate?: string;
  series?: string;
  status?: string;
  newName?: string;
  /** of its three postings, those in the outbox */
  kinds?: ('fee' | 'settlement' | 'nameChange')[];
}

/** Settlements as an announcement leaves them in Postgres, with their postings waiting; no workflow stands behind them. */
export async function seedWaiting(pool: Pool, settlements: readonly Waiting[]): Promise<void> {
  const rows = settlements.map(
    (
      {
        subscription,
        settlementDate,
        series = '12',
        status = 'delivered',
        newName = 'سارا احمدی',
        kinds = ['fee', 'settlement', 'nameChange'],
        ...rest
      },
      n,
    ) => ({
      ...rest,
      status,
      kinds,
      subscription: subscription ?? String(n).padStart(12, '0'),
      settlementDate: settlementDate ?? todayInTehran(new Date()),
      facts: { newSubscriber: { name: newName } },
      account: { series },
    }),
  );
  await pool.query(
    `with x as (select * from jsonb_to_recordset($1::jsonb) as x(id text, subscription text, "settlementDate" text, status text, facts jsonb, account jsonb, cycle text, "dueOn" text, kinds jsonb)),
     s as (insert into app.settlements (id, subscription, settlement_date, office, clerk, run_id, status, revision, received_at, announced_at, late_entry, facts, operator, account)
       select id, subscription, "settlementDate", '01', 'clerk-1', 'run-' || id, status, 1, now(), now(), false, facts, '{}', account from x)
     insert into app.postings (posting, settlement_id, office, clerk, kind, revision, cycle, due_on, amount, detail, status)
       select x.id || '/' || k.kind, x.id, '01', 'clerk-1', k.kind, 1, x.cycle, x."dueOn", case k.kind when 'fee' then 49000 when 'settlement' then 118467 else 0 end,
         case k.kind when 'nameChange' then jsonb_build_object('name', x.facts->'newSubscriber'->>'name') else '{}' end, 'waiting'
       from x cross join jsonb_array_elements_text(x.kinds) as k(kind)`,
    [JSON.stringify(rows)],
  );
}

export async function emptyOutbox(pool: Pool): Promise<void> {
  await emptied(pool, 'app.settlements, app.billing_cycles, app.posting_batches, app.acknowledgements, app.events');
}
