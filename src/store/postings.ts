import type { Pool, PoolClient } from 'pg';
import type { Opening } from '../domain/cycle.js';
import type { CycleCounts, Outcome } from '../domain/outbox.js';
import { type PostingEntry, type Target, outboxOf } from '../domain/posting.js';
import type { Instant, Operator, Outbox, Posting, PostingKind, PostingStatus, StepTime } from '../domain/settlement.js';
import { inTransaction } from './pool.js';
import { writeSteps } from './steps.js';

/** A posting as it is handed to billing. */
export interface BatchItem {
  posting: string;
  kind: PostingKind;
  subscription: string;
  settlement: string;
  amount: number;
  detail: Record<string, unknown>;
}

/** A numbered batch of a cycle's postings, frozen: its content never changes. */
export interface PostingBatch {
  cycle: string;
  batch: number;
  frozenAt: Instant;
  count: number;
  /** of the amounts, rial */
  sum: number;
  items: BatchItem[];
}

export interface Acknowledgement {
  eventId: string;
  cycle: string;
  batch: number;
  count: number;
  sum: number;
  items: Outcome[];
}

export type Acknowledged =
  | { kind: 'recorded' | 'same' }
  /** the event id stands for another acknowledgement */
  | { kind: 'otherContent' }
  | { kind: 'noBatch' }
  | { kind: 'controlTotal'; count: number; sum: number }
  /** places in `items` of postings that are not in the batch */
  | { kind: 'strangers'; at: number[] };

export interface OpenedCycle extends Opening {
  openedAt: Instant;
  closedAt: Instant | null;
}

/** Postings of one batch: what a file or an answer still carries easily. */
export const BATCH_SIZE = 5000;

export type PostingStore = ReturnType<typeof createPostingStore>;

const POSTING = `p.posting, p.kind, p.cycle, p.due_on as "dueOn", p.amount, p.status, p.times_late as "timesLate", p.reason, p.bill_serial as "billSerial"`;

/** The outbox: what settlements hand to billing, each thing once, whatever is repeated, killed or reordered. */
export function createPostingStore(pool: Pool) {
  const outbox = async (client: Pick<Pool, 'query'>, id: string): Promise<Outbox> => {
    const { rows } = await client.query<Posting & { objectionEndsAt: Instant | null }>({
      name: 'app.outbox',
      text: `select ${POSTING}, p.objection_ends_at as "objectionEndsAt" from app.postings p where p.settlement_id = $1 order by p.posting`,
      values: [id],
    });
    return outboxOf(rows);
  };
  const lockSettlement = (client: PoolClient, id: string) => client.query('select from app.settlements where id = $1 for update', [id]);

  return {
    of: (id: string): Promise<Outbox> => outbox(pool, id),

    /** Puts postings into the outbox, each once. `open` is their cycle when billing has opened it already. */
    async schedule(id: string, runId: string, revision: number, postings: readonly PostingEntry[], steps: StepTime[]): Promise<{ outbox: Outbox; open: Opening | null }> {
      await pool.query(
        `with s as (select id from app.settlements where id = $1 and run_id = $2), ${writeSteps(4, 0)},
         p as (insert into app.postings (posting, settlement_id, kind, revision, cycle, due_on, amount, detail, status, objection_ends_at)
           select x.posting, $1, x.kind, $5, x.cycle, x."dueOn", x.amount, x.detail, x.status, x."objectionEndsAt"
           from jsonb_to_recordset($3::jsonb) as x(posting text, kind text, cycle text, "dueOn" text, amount bigint, detail jsonb, status text, "objectionEndsAt" timestamptz)
           on conflict do nothing)
         insert into app.events (settlement_id, kind, key, at, data) select id, 'scheduled', $2, clock_timestamp(), '{}' from s on conflict do nothing`,
        [id, runId, JSON.stringify(postings), JSON.stringify(steps), revision],
      );
      // a look after the commit: an opening that commits in between finds these postings, or is found here, or both
      const [open, now] = await Promise.all([openedCycle(pool, postings[0]?.cycle ?? null), outbox(pool, id)]);
      return { outbox: now, open };
    },

    /** How billing opened a cycle that has not closed yet. */
    opened: (cycle: string | null): Promise<Opening | null> => openedCycle(pool, cycle),

    /**
     * Hands over what waits for an opened cycle; what waits for none joins it. `move` says where the postings of the cycle
     * go instead when the subscriber has left its series.
     */
    handOver(
      id: string,
      { eventId, cycle, target, move }: { eventId: string; cycle: string; target: Target; move: boolean },
    ): Promise<Outbox> {
      return inTransaction(pool, async (client) => {
        await lockSettlement(client, id);
        if (move) {
          await client.query(
            `with p as (select posting from app.postings where settlement_id = $1 and cycle = $2 and status in ('waiting', 'late')),
             m as (insert into app.posting_moves (posting, from_cycle, to_cycle, why) select posting, $2, $3, 'series' from p on conflict do nothing)
             update app.postings set cycle = $3, due_on = $4, objection_ends_at = $5, batch = null where posting in (select posting from p)`,
            [id, cycle, target.cycle, target.dueOn, target.objectionEndsAt],
          );
          const opened = await openedCycle(client, target.cycle);
          if (!opened) return outbox(client, id);
        }
        await client.query(
          `with p as (update app.postings set status = 'handedOver', handed_over_at = clock_timestamp(), batch = null,
               cycle = $2, due_on = $3, objection_ends_at = $4, reason = null
             where settlement_id = $1 and status in ('waiting', 'late') and (cycle = $2 or (cycle is null and reason is null)) returning posting),
           s as (update app.settlements set status = 'handedOver' where id = $1 and status in ('announced', 'delivered') and exists (select from p))
           insert into app.events (settlement_id, kind, key, at, data)
             select $1, 'cycleOpened', $5, clock_timestamp(), jsonb_build_object('cycle', $2::text, 'postings', (select jsonb_agg(posting order by posting) from p))
             where exists (select from p) on conflict do nothing`,
          [id, target.cycle, target.dueOn, target.objectionEndsAt, eventId],
        );
        return outbox(client, id);
      });
    },

    /** What billing says of a posting: once by its event, and never over what it said later. */
    recordOutcome(id: string, eventId: string, outcome: Outcome & { status: PostingStatus; seq: number | null }): Promise<Outbox> {
      return inTransaction(pool, async (client) => {
        await lockSettlement(client, id);
        await client.query(
          `with e as (insert into app.events (settlement_id, kind, key, at, data)
             select $1, $3, $4, clock_timestamp(), jsonb_strip_nulls(jsonb_build_object('posting', $2::text, 'billSerial', $6::text, 'reason', $8::text))
             where exists (select from app.postings where settlement_id = $1 and posting = $2)
             on conflict do nothing returning 1)
           update app.postings set outcome_seq = greatest(outcome_seq, coalesce($9::bigint, outcome_seq)),
             status = case when applies then $5 else status end,
             reason = case when applies then $8 else reason end,
             taken_at = case when not applies then taken_at when $3 = 'taken' then clock_timestamp() end,
             handed_over_at = coalesce(handed_over_at, clock_timestamp()),
             bill_serial = case when not applies then bill_serial when $3 = 'taken' then $6 end,
             name_on_bill = case when not applies then name_on_bill when $3 = 'taken' then $7 end
           from (select status = any(case $3::text when 'retracted' then array['taken', 'refused'] else array['waiting', 'handedOver', 'late', 'refused'] end) as applies
             from app.postings where settlement_id = $1 and posting = $2) as now
           where settlement_id = $1 and posting = $2 and exists (select from e) and ($9::bigint is null or $9 > outcome_seq)`,
          [
            id,
            outcome.posting,
            outcome.outcome,
            eventId,
            outcome.status,
            outcome.billSerial ?? null,
            outcome.nameOnBill ?? null,
            outcome.reason ?? null,
            outcome.seq,
          ],
        );
        return outbox(client, id);
      });
    },

    /** A cycle has closed without these postings: where each goes, with its history. */
    moveLate(id: string, moves: readonly (Target & { posting: string; from: string | null; status: PostingStatus; reason: string | null })[]): Promise<Outbox> {
      return inTransaction(pool, async (client) => {
        await lockSettlement(client, id);
        await client.query(
          `with x as (select * from jsonb_to_recordset($2::jsonb) as x(posting text, "from" text, cycle text, "dueOn" text, "objectionEndsAt" timestamptz, status text, reason text)),
           p as (update app.postings p set cycle = x.cycle, due_on = x."dueOn", objection_ends_at = coalesce(x."objectionEndsAt", p.objection_ends_at),
               status = x.status, reason = coalesce(x.reason, p.reason), batch = null, times_late = times_late + 1
             from x where p.settlement_id = $1 and p.posting = x.posting and p.cycle is not distinct from x."from" and p.status in ('waiting', 'handedOver', 'late', 'refused')
             returning p.posting, x."from", x.cycle),
           m as (insert into app.posting_moves (posting, from_cycle, to_cycle, why) select posting, "from", cycle, 'late' from p on conflict do nothing)
           insert into app.events (settlement_id, kind, key, at, data)
             select $1, 'late', posting || '/' || coalesce("from", ''), clock_timestamp(), jsonb_build_object('posting', posting, 'from', "from", 'to', cycle) from p on conflict do nothing`,
          [id, JSON.stringify(moves)],
        );
        return outbox(client, id);
      });
    },

    /** Records an opening; the same again answers what stands. */
    async openCycle(opening: { cycle: string; eventId: string; closesOn: string; by: Operator }): Promise<OpenedCycle> {
      const { cycle, eventId, closesOn, by } = opening;
      await pool.query('insert into app.billing_cycles (cycle, event_id, closes_on, opened_by) values ($1, $2, $3, $4) on conflict do nothing', [
        cycle,
        eventId,
        closesOn,
        JSON.stringify({ id: by.id, role: by.role }),
      ]);
      const { rows } = await pool.query<OpenedCycle>(`${OPENED} where cycle = $1 or event_id = $2 order by cycle <> $1`, [cycle, eventId]);
      return rows[0] as OpenedCycle;
    },

    openedCycles: async (cycles: readonly string[]): Promise<OpenedCycle[]> => (await pool.query<OpenedCycle>(`${OPENED} where cycle = any($1)`, [cycles])).rows,

    /** Settlements with postings for an opened cycle, in pages by id; those that wait for no cycle are found by their account's series. */
    async waitingFor(cycle: string, series: string, after: string | null, limit: number): Promise<string[]> {
      const { rows } = await pool.query<{ id: string }>(
        `select distinct p.settlement_id as id from app.postings p
         where p.status in ('waiting', 'late') and p.settlement_id > coalesce($3, '')
           and (p.cycle = $1 or (p.cycle is null and p.reason is null and exists (
             select from app.settlements s where s.id = p.settlement_id and s.account->>'series' = $2)))
         order by 1 limit $4`,
        [cycle, series, after, limit],
      );
      return rows.map(({ id }) => id);
    },

    /** Settlements that have ended, with postings for a cycle that billing has not taken: nobody else closes for them. */
    async leftBehind(cycle: string): Promise<string[]> {
      const { rows } = await pool.query<{ id: string }>(
        `select distinct s.id from app.postings p join app.settlements s on s.id = p.settlement_id
         where p.cycle = $1 and p.status in ('waiting', 'handedOver', 'late', 'refused') and s.status in ('settled', 'cancelled') order by 1`,
        [cycle],
      );
      return rows.map(({ id }) => id);
    },

    /**
     * The batch that billing is to work on: a frozen one that it has not acknowledged at all yet, else what was handed over
     * since, frozen now. So an answer that got lost is simply asked for again. Null when there is nothing.
     */
    nextBatch(cycle: string): Promise<PostingBatch | null> {
      return inTransaction(pool, async (client) => {
        await client.query('select from app.billing_cycles where cycle = $1 for update', [cycle]);
        const { rows: frozen } = await client.query<PostingBatch>(`${BATCH} where cycle = $1 and acknowledged_at is null order by batch limit 1`, [cycle]);
        if (frozen[0]) return frozen[0];
        const { rows } = await client.query<PostingBatch>(
          `with b as (select coalesce(max(batch), 0) + 1 as batch from app.posting_batches where cycle = $1),
           p as (update app.postings set batch = b.batch from b where posting in (
             select posting from app.postings where cycle = $1 and status = 'handedOver' and batch is null order by posting limit $2)
             returning posting, kind, settlement_id, amount, detail),
           i as (select count(*)::integer as count, sum(p.amount)::bigint as sum,
               json_agg(json_build_object('posting', p.posting, 'kind', p.kind, 'subscription', s.subscription, 'settlement', s.id,
                 'amount', p.amount, 'detail', p.detail) order by p.posting) as items
             from p join app.settlements s on s.id = p.settlement_id)
           insert into app.posting_batches (cycle, batch, frozen_at, count, sum, items)
             select $1, b.batch, clock_timestamp(), i.count, i.sum, i.items from b, i where i.count > 0
             returning cycle, batch, frozen_at as "frozenAt", count, sum, items`,
          [cycle, BATCH_SIZE],
        );
        return rows[0] ?? null;
      });
    },

    async batch(cycle: string, batch: number): Promise<PostingBatch | null> {
      return (await pool.query<PostingBatch>(`${BATCH} where cycle = $1 and batch = $2`, [cycle, batch])).rows[0] ?? null;
    },

    /** Checks an acknowledgement against its batch and keeps it: all of it or nothing. */
    acknowledge({ eventId, cycle, batch, count, sum, items }: Acknowledgement, by: Operator): Promise<Acknowledged> {
      return inTransaction(pool, async (client): Promise<Acknowledged> => {
        const { rows } = await client.query<PostingBatch>(`${BATCH} where cycle = $1 and batch = $2 for update`, [cycle, batch]);
        const frozen = rows[0];
        if (!frozen) return { kind: 'noBatch' };
        const { rows: known } = await client.query<{ same: boolean }>(
          `select cycle = $2 and batch = $3 and items = $4::jsonb as same from app.acknowledgements where event_id = $1`,
          [eventId, cycle, batch, JSON.stringify(items)],
        );
        if (known[0]) return { kind: known[0].same ? 'same' : 'otherContent' };
        if (frozen.count !== count || frozen.sum !== sum) return { kind: 'controlTotal', count: frozen.count, sum: frozen.sum };
        const held = new Set(frozen.items.map(({ posting }) => posting));
        const at = items.flatMap(({ posting }, i) => (held.has(posting) ? [] : [i]));
        if (at.length > 0) return { kind: 'strangers', at };
        await client.query('insert into app.acknowledgements (event_id, cycle, batch, received_by, items) values ($1, $2, $3, $4, $5)', [
          eventId,
          cycle,
          batch,
          JSON.stringify({ id: by.id, role: by.role }),
          JSON.stringify(items),
        ]);
        await client.query('update app.posting_batches set acknowledged_at = coalesce(acknowledged_at, clock_timestamp()) where cycle = $1 and batch = $2', [cycle, batch]);
        return { kind: 'recorded' };
      });
    },

    /** Items `from` … of a kept acknowledgement, with the settlement of each; empty at its end. */
    async acknowledged(eventId: string, from: number, limit: number): Promise<{ seq: number; items: (Outcome & { settlement: string })[] }> {
      const { rows } = await pool.query<{ seq: number; items: (Outcome & { settlement: string })[] }>(
        `select a.seq, coalesce((select json_agg(i.item || jsonb_build_object('settlement', p.settlement_id) order by i.n)
           from jsonb_array_elements(a.items) with ordinality as i(item, n) join app.postings p on p.posting = i.item->>'posting'
           where i.n > $2 and i.n <= $2 + $3), '[]') as items from app.acknowledgements a where a.event_id = $1`,
        [eventId, from, limit],
      );
      return rows[0] ?? { seq: 0, items: [] };
    },

    async counts(cycles: readonly string[]): Promise<Map<string, CycleCounts>> {
      const { rows } = await pool.query<CycleCounts & { cycle: string }>(
        `select c.cycle, count(p.*) + (select count(*) from app.posting_moves m where m.from_cycle = c.cycle and m.why = 'late') as due,
           count(*) filter (where p.status in ('waiting', 'late')) as waiting, count(*) filter (where p.status = 'handedOver') as "handedOver",
           count(*) filter (where p.status = 'taken') as taken, count(*) filter (where p.status = 'refused') as refused,
           (select count(*) from app.posting_moves m where m.from_cycle = c.cycle and m.why = 'late') as late
         from unnest($1::text[]) as c(cycle) left join app.postings p on p.cycle = c.cycle and p.status not in ('replaced', 'cancelled')
         group by c.cycle`,
        [cycles],
      );
      return new Map(rows.map(({ cycle, ...counts }) => [cycle, counts]));
    },

    /** The cycle is over: its report is written once. */
    async closeCycle(cycle: string, report: CycleCounts): Promise<void> {
      await pool.query('update app.billing_cycles set closed_at = clock_timestamp(), report = $2 where cycle = $1 and closed_at is null', [cycle, JSON.stringify(report)]);
    },
  };
}

const OPENED = `select cycle, event_id as "eventId", closes_on as "closesOn", opened_at as "openedAt", closed_at as "closedAt" from app.billing_cycles`;
const BATCH = `select cycle, batch, frozen_at as "frozenAt", count, sum, items from app.posting_batches`;

async function openedCycle(client: Pick<Pool, 'query'>, cycle: string | null): Promise<Opening | null> {
  if (cycle === null) return null;
  const { rows } = await client.query<Opening>({
    name: 'app.opened-cycle',
    text: `select event_id as "eventId", cycle, closes_on as "closesOn" from app.billing_cycles where cycle = $1 and closed_at is null`,
    values: [cycle],
  });
  return rows[0] ?? null;
}
