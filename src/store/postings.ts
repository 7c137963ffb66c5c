import type { Pool, PoolClient } from 'pg';
import type { Opening } from '../domain/outbox/cycle.js';
import {
  type CycleCounts,
  OPEN_STATUSES,
  type Outcome,
  type PostingBatch,
  type Word,
  afterOutcome,
  standingWord,
} from '../domain/outbox/outbox.js';
import { type Move, type PostingEntry, type Target, outboxOf } from '../domain/outbox/posting.js';
import type { JalaliDate } from '../domain/calendar/jalali.js';
import type { Instant, Operator, Outbox, Posting, PostingStatus, StepTime } from '../domain/settlement/settlement.js';
import { append, byKey, texts } from './event-log.js';
import { inTransaction } from './pool.js';
import { STEPS_WRITTEN, writeSteps } from './steps.js';

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
export function createPostingStore(pool: Pool, { batchSize = BATCH_SIZE }: { batchSize?: number } = {}) {
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
    async schedule(
      id: string,
      runId: string,
      revision: number,
      postings: readonly PostingEntry[],
      steps: StepTime[],
    ): Promise<{ outbox: Outbox; open: Opening | null }> {
      await pool.query(
        `with s as (select id from app.settlements where id = $1 and run_id = $2), ${writeSteps(4, 0)},
         p as (insert into app.postings as p (posting, settlement_id, kind, revision, cycle, due_on, amount, detail, status, objection_ends_at)
           select x.posting, $1, x.kind, $5, x.cycle, x."dueOn", x.amount, x.detail, x.status, x."objectionEndsAt"
           from jsonb_to_recordset($3::jsonb) as x(posting text, kind text, cycle text, "dueOn" text, amount bigint, detail jsonb, status text, "objectionEndsAt" timestamptz)
           on conflict do nothing returning p.posting, app.posting_made(p) as state),
         ${append({ from: 's', settlement: 'id', kind: `'scheduled'`, key: '$2', changed: `jsonb_build_object('postings', ${byKey('p', 'posting', 'state')}, 'steps', ${STEPS_WRITTEN})` })}
         select from e`,
        [id, runId, JSON.stringify(postings), JSON.stringify(steps), revision],
      );
      // a look after the commit: an opening that commits in between finds these postings, or is found here, or both
      const [open, now] = await Promise.all([openedCycle(pool, postings[0]?.cycle ?? null), outbox(pool, id)]);
      return { outbox: now, open };
    },

    /** How billing opened a cycle that has not closed yet. */
    opened: (cycle: string | null): Promise<Opening | null> => openedCycle(pool, cycle),

    /**
     * Hands over what waits for an opened cycle, unless that has closed meanwhile. What waits for no cycle gets `next` first;
     * so do the postings of the opened cycle when the subscriber `leaves` its series: then nothing is handed over here.
     */
    handOver(
      id: string,
      { opened, objectionEndsAt, next, leaves }: { opened: Opening; objectionEndsAt: Instant | null; next: Target; leaves: boolean },
    ): Promise<Outbox> {
      return inTransaction(pool, async (client) => {
        await lockSettlement(client, id);
        await client.query(
          `with p as (select posting, cycle as "from" from app.postings where settlement_id = $1 and status in ('waiting', 'late')
             and case when cycle is null then reason is null and $3::text is not null else $6 and cycle = $2 and cycle is distinct from $3 end),
           m as (insert into app.posting_moves (posting, from_cycle, to_cycle, why) select posting, "from", $3, 'series' from p where "from" is not null on conflict do nothing),
           u as (update app.postings u set cycle = $3, due_on = $4, objection_ends_at = $5, batch = null where posting in (select posting from p)
             returning u.posting, app.posting_state(u) as state),
           ${append({
             from: 'u having count(*) > 0',
             settlement: '$1',
             kind: `'postingsMoved'`,
             key: CHANGE,
             data: `jsonb_build_object('to', $3::text, 'postings', jsonb_agg(posting order by posting))`,
             changed: `jsonb_build_object('postings', jsonb_object_agg(posting, state))`,
           })}
           select from e`,
          [id, opened.cycle, next.cycle, next.dueOn, next.objectionEndsAt, leaves],
        );
        if (!leaves) {
          await client.query(
            `with p as (update app.postings p set status = 'handedOver', handed_over_at = clock_timestamp(), batch = null,
                 due_on = $3, objection_ends_at = coalesce($4, objection_ends_at), reason = null
               where settlement_id = $1 and status in ('waiting', 'late') and cycle = $2
                 and not exists (select from app.billing_cycles c where c.cycle = $2 and c.closed_at is not null) returning p.posting, app.posting_state(p) as state),
             s as (update app.settlements set status = 'handedOver' where id = $1 and status in ('announced', 'delivered') and exists (select from p) returning status),
             ${append({
               from: 'p having count(*) > 0',
               settlement: '$1',
               kind: `'cycleOpened'`,
               // told once, but what is new since is handed over on the same word
               key: `$5 || '/' || ${CHANGE}`,
               data: `jsonb_build_object('cycle', $2::text, 'eventId', $5::text, 'postings', jsonb_agg(posting order by posting))`,
               changed: `jsonb_build_object('postings', jsonb_object_agg(posting, state), 'settlement', ${SETTLEMENT_STATUS})`,
             })}
             select from e`,
            [id, opened.cycle, opened.closesOn, objectionEndsAt, opened.eventId],
          );
        }
        return outbox(client, id);
      });
    },

    /**
     * What billing says of a posting, once by its event: what stands of all its words so far, in whatever order they came.
     * A settlement whose end was just recorded waits again when a posting does, unless its workflow has `ended`.
     */
    recordOutcome(
      id: string,
      eventId: string,
      { posting, outcome, billSerial, nameOnBill, reason, seq }: Word,
      ended = false,
    ): Promise<Outbox> {
      return inTransaction(pool, async (client) => {
        await lockSettlement(client, id);
        const { rows } = await client.query<Pick<Posting, 'status' | 'cycle' | 'timesLate' | 'reason'> & { known: boolean }>(
          `select p.status, p.cycle, p.times_late as "timesLate", p.reason,
             exists (select from app.events where settlement_id = $1 and kind = $3 and key = $4) as known
           from app.postings p where p.settlement_id = $1 and p.posting = $2 for update`,
          [id, posting, outcome, eventId],
        );
        const [now] = rows;
        if (!now || now.known) return outbox(client, id);
        const { rows: before } = await client.query<Word>(
          `select e.data->>'posting' as posting, e.kind as outcome, e.data->>'billSerial' as "billSerial", t.data->>'nameOnBill' as "nameOnBill",
             t.data->>'reason' as reason, (e.data->>'seq')::bigint as seq
           from app.events e left join app.event_persons t on t.event = e.seq
           where e.settlement_id = $1 and e.kind in ('taken', 'refused', 'retracted') and e.data->>'posting' = $2 order by e.seq`,
          [id, posting],
        );
        const word = standingWord([...before, { posting, outcome, billSerial, nameOnBill, reason, seq }]);
        const taken = word?.outcome === 'taken' ? word : null;
        const received = afterOutcome(now, word);
        await client.query(
          `with u as (update app.postings u set status = $3, reason = $4, held = $5, bill_serial = $6, name_on_bill = $7,
             taken_at = case when $3 = 'taken' then case when status = 'taken' then taken_at else clock_timestamp() end end,
             handed_over_at = coalesce(handed_over_at, clock_timestamp())
           where settlement_id = $1 and posting = $2 and $3::text is not null returning u.posting, u.status, app.posting_state(u) as state),
           -- a settlement whose end was just recorded waits again when a posting does
           s as (update app.settlements set status = 'handedOver' where id = $1 and status = 'settled' and not $8
             and exists (select from app.postings p left join u using (posting) where p.settlement_id = $1
               and coalesce(u.status, p.status) = any($9)) returning status),
           ${append({
             from: '(select) as one',
             settlement: '$1',
             kind: '$10',
             key: '$11',
             data: `jsonb_strip_nulls(jsonb_build_object('posting', $2::text, 'billSerial', $12::text, 'seq', $13::bigint))`,
             changed: `jsonb_build_object('postings', ${byKey('u', 'posting', 'state')}, 'settlement', ${SETTLEMENT_STATUS})`,
             person: texts({ nameOnBill: '$14::text', reason: '$15::text' }),
           })}
           select from e`,
          [
            id,
            posting,
            received?.status ?? null,
            received?.reason ?? null,
            received?.held ?? null,
            taken?.billSerial ?? null,
            taken?.nameOnBill ?? null,
            ended,
            OPEN_STATUSES,
            outcome,
            eventId,
            billSerial ?? null,
            seq,
            nameOnBill ?? null,
            reason ?? null,
          ],
        );
        return outbox(client, id);
      });
    },

    /** Closing days have passed: where each of these postings goes, with its history. One that has changed since it was read (`from`, `was`) stays. */
    moveOn(id: string, moves: readonly (Move & { posting: string; from: string | null; was: PostingStatus })[]): Promise<Outbox> {
      return inTransaction(pool, async (client) => {
        await lockSettlement(client, id);
        // in the order in which a batch locks them
        await client.query('select from app.postings where settlement_id = $1 order by posting for update', [id]);
        await client.query(
          `with x as (select * from jsonb_to_recordset($2::jsonb) as x(posting text, "from" text, cycle text, "dueOn" text, "objectionEndsAt" timestamptz, status text, was text, reason text, late boolean)),
           w as (select posting, due_on, case when status <> 'refused' then batch end as batch from app.postings where settlement_id = $1),
           p as (update app.postings p set cycle = x.cycle, due_on = x."dueOn", objection_ends_at = coalesce(x."objectionEndsAt", p.objection_ends_at),
               status = x.status, reason = coalesce(x.reason, p.reason), batch = case when not x.late then p.batch end, times_late = times_late + x.late::integer
             from x where p.settlement_id = $1 and p.posting = x.posting and p.cycle is not distinct from x."from" and p.status = x.was
             returning p.posting, x."from", x.cycle, x.late, app.posting_state(p) as state),
           m as (insert into app.posting_moves (posting, from_cycle, to_cycle, why, due_on) select posting, "from", cycle, 'late', w.due_on from p join w using (posting) where late on conflict do nothing),
           ${append({
             from: 'p join w using (posting)',
             settlement: '$1',
             kind: `case when late then 'late' else 'postingsMoved' end`,
             key: `posting || '/' || coalesce("from", '') || '/' || ${CHANGE}`,
             data: `jsonb_build_object('posting', posting, 'from', "from", 'to', cycle, 'batch', case when late then w.batch end)`,
             changed: `jsonb_build_object('postings', jsonb_build_object(posting, state))`,
           })}
           select from e`,
          [id, JSON.stringify(moves)],
        );
        return outbox(client, id);
      });
    },

    /** Records an opening; the same again answers what stands. */
    async openCycle(opening: { cycle: string; eventId: string; closesOn: string; by: Operator }): Promise<OpenedCycle> {
      const { cycle, eventId, closesOn, by } = opening;
      await pool.query(
        'insert into app.billing_cycles (cycle, event_id, closes_on, opened_by) values ($1, $2, $3, $4) on conflict do nothing',
        [cycle, eventId, closesOn, JSON.stringify({ id: by.id, role: by.role })],
      );
      const { rows } = await pool.query<OpenedCycle>(`${OPENED} where cycle = $1 or event_id = $2 order by cycle <> $1`, [cycle, eventId]);
      return rows[0] as OpenedCycle;
    },

    openedCycles: async (cycles: readonly string[]): Promise<OpenedCycle[]> =>
      (await pool.query<OpenedCycle>(`${OPENED} where cycle = any($1)`, [cycles])).rows,

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

    /** Settlements that have ended, with postings whose closing day is before `today`: nobody else closes for them. */
    async leftBehind(today: JalaliDate): Promise<string[]> {
      const { rows } = await pool.query<{ id: string }>(
        `select distinct s.id from app.postings p join app.settlements s on s.id = p.settlement_id
         where p.due_on < $1 and p.status in ('waiting', 'handedOver', 'late', 'refused') and s.status in ('settled', 'cancelled') order by 1`,
        [today],
      );
      return rows.map(({ id }) => id);
    },

    /**
     * The batch that billing is to work on: a frozen one that it has not acknowledged at all yet, else what was handed over
     * since, frozen now, unless the cycle has closed. So an answer that got lost is simply asked for again. Null when there is nothing.
     */
    nextBatch(cycle: string): Promise<PostingBatch | null> {
      return inTransaction(pool, async (client) => {
        const open = await lockCycle(client, cycle);
        const { rows: frozen } = await client.query<PostingBatch>(
          `${BATCH} where cycle = $1 and acknowledged_at is null order by batch limit 1`,
          [cycle],
        );
        return frozen[0] ?? (open ? freeze(client, cycle, batchSize) : null);
      });
    },

    /** The first batch that a central billing system is not known to hold, frozen now when there is none; null when nothing is handed over. */
    nextToSubmit(cycle: string): Promise<PostingBatch | null> {
      return inTransaction(pool, async (client) => {
        const open = await lockCycle(client, cycle);
        const { rows } = await client.query<PostingBatch>(`${BATCH} where cycle = $1 and submitted_at is null order by batch limit 1`, [
          cycle,
        ]);
        return rows[0] ?? (open ? freeze(client, cycle, batchSize) : null);
      });
    },

    async submitted({ cycle, batch }: Pick<PostingBatch, 'cycle' | 'batch'>): Promise<void> {
      await pool.query(
        'update app.posting_batches set submitted_at = coalesce(submitted_at, clock_timestamp()) where cycle = $1 and batch = $2',
        [cycle, batch],
      );
    },

    /** How many frozen batches a central billing system is not known to hold. */
    async unsubmitted(cycle: string): Promise<number> {
      const { rows } = await pool.query<{ batches: number }>(
        'select count(*)::integer as batches from app.posting_batches where cycle = $1 and submitted_at is null',
        [cycle],
      );
      return rows[0]?.batches ?? 0;
    },

    async batch(cycle: string, batch: number): Promise<PostingBatch | null> {
      return (await pool.query<PostingBatch>(`${BATCH} where cycle = $1 and batch = $2`, [cycle, batch])).rows[0] ?? null;
    },

    /** How many batches each cycle has; cycles without any are not there. */
    async batchCounts(cycles: readonly string[]): Promise<Map<string, number>> {
      const { rows } = await pool.query<{ cycle: string; batches: number }>(
        'select cycle, max(batch) as batches from app.posting_batches where cycle = any($1) group by cycle',
        [cycles],
      );
      return new Map(rows.map(({ cycle, batches }) => [cycle, batches]));
    },

    /** Checks an acknowledgement against its batch and keeps it: all of it or nothing. */
    acknowledge({ eventId, cycle, batch, count, sum, items }: Acknowledgement, by: Operator): Promise<Acknowledged> {
      return inTransaction(pool, async (client): Promise<Acknowledged> => {
        const { rows } = await client.query<PostingBatch>(`${BATCH} where cycle = $1 and batch = $2 for update`, [cycle, batch]);
        const frozen = rows[0];
        if (!frozen) return { kind: 'noBatch' };
        if (frozen.count !== count || frozen.sum !== sum) return { kind: 'controlTotal', count: frozen.count, sum: frozen.sum };
        const held = new Set(frozen.items.map(({ posting }) => posting));
        const at = items.flatMap(({ posting }, i) => (held.has(posting) ? [] : [i]));
        if (at.length > 0) return { kind: 'strangers', at };
        const { rowCount } = await client.query(
          'insert into app.acknowledgements (event_id, cycle, batch, received_by, items) values ($1, $2, $3, $4, $5) on conflict (event_id) do nothing',
          [eventId, cycle, batch, JSON.stringify({ id: by.id, role: by.role }), JSON.stringify(items)],
        );
        if (!rowCount) {
          const { rows: known } = await client.query<{ same: boolean }>(
            `select cycle = $2 and batch = $3 and items = $4::jsonb as same from app.acknowledgements where event_id = $1`,
            [eventId, cycle, batch, JSON.stringify(items)],
          );
          return { kind: known[0]?.same ? 'same' : 'otherContent' };
        }
        await client.query(
          'update app.posting_batches set acknowledged_at = coalesce(acknowledged_at, clock_timestamp()) where cycle = $1 and batch = $2',
          [cycle, batch],
        );
        return { kind: 'recorded' };
      });
    },

    /** Items `from` … of a kept acknowledgement, with the settlement of each; empty at its end. */
    async acknowledged(
      eventId: string,
      from: number,
      limit: number,
    ): Promise<{ seq: number; items: (Outcome & { settlement: string })[] }> {
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
      await pool.query('update app.billing_cycles set closed_at = clock_timestamp(), report = $2 where cycle = $1 and closed_at is null', [
        cycle,
        JSON.stringify(report),
      ]);
    },
  };
}

/** The key of an event that every change is: what it tells was changed by its own statement, so it cannot be told twice. */
const CHANGE = 'clock_timestamp()::text';
/** What a CTE `s` made of the settlement's status. */
const SETTLEMENT_STATUS = `coalesce((select jsonb_build_object('status', status) from s), '{}')`;

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

/** Locks a cycle; whether it is open. */
async function lockCycle(client: PoolClient, cycle: string): Promise<boolean> {
  const { rows } = await client.query<Pick<OpenedCycle, 'closedAt'>>(
    'select closed_at as "closedAt" from app.billing_cycles where cycle = $1 for update',
    [cycle],
  );
  return rows[0]?.closedAt === null;
}

/** Numbers and freezes what is handed over and in no batch yet; the cycle is locked. */
async function freeze(client: PoolClient, cycle: string, batchSize: number): Promise<PostingBatch | null> {
  const { rows } = await client.query<PostingBatch>(
    `with b as (select coalesce(max(batch), 0) + 1 as batch from app.posting_batches where cycle = $1),
     -- locked before they are numbered: one that is taken or moved on at this moment is seen as it is afterwards
     due as materialized (select posting from app.postings where cycle = $1 and status = 'handedOver' and batch is null order by posting limit $2 for update),
     p as (update app.postings p set batch = b.batch, held = true from b, due where p.posting = due.posting
       returning p.posting, p.kind, p.settlement_id, p.amount, p.detail),
     i as (select count(*)::integer as count, sum(p.amount)::bigint as sum,
         json_agg(json_build_object('posting', p.posting, 'kind', p.kind, 'subscription', s.subscription, 'settlement', s.id,
           'amount', p.amount, 'detail', p.detail) order by p.posting) as items
       from p join app.settlements s on s.id = p.settlement_id)
     insert into app.posting_batches (cycle, batch, frozen_at, count, sum, items)
       select $1, b.batch, clock_timestamp(), i.count, i.sum, i.items from b, i where i.count > 0
       returning cycle, batch, frozen_at as "frozenAt", count, sum, items`,
    [cycle, batchSize],
  );
  return rows[0] ?? null;
}
