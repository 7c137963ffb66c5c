import type { Pool, PoolClient } from 'pg';
import type { AccountSnapshot } from '../domain/settlement/account.js';
import type { IssuedFrom } from '../domain/settlement/earlier-settlement.js';
import type { Finding } from '../domain/settlement/finding.js';
import type { JalaliDate } from '../domain/calendar/jalali.js';
import { type SettlementPayment, paidOf } from '../domain/settlement/payment.js';
import type { FoundMeter } from '../domain/settlement/reading.js';
import type { Rial } from '../domain/rial.js';
import type {
  AccountView,
  Bill,
  Instant,
  Operator,
  Posting,
  Settlement,
  SettlementFacts,
  SettlementOrder,
  SettlementStatus,
  StepTime,
} from '../domain/settlement/settlement.js';
import { STEP_NAMES } from '../domain/settlement/settlement.js';
import { append, byKey, texts } from './event-log.js';
import { DUE, paymentsOf } from './payments.js';
import { inTransaction } from './pool.js';
import type { BillInputs } from '../domain/settlement/verification.js';
import { STEPS_WRITTEN, writeSteps } from './steps.js';

/** A settlement's new status as the log tells it. */
function status(now: SettlementStatus): string {
  return `'{"settlement": {"status": "${now}"}}'`;
}

/** A settlement of another run or with other facts stands under the same id. */
export class SettlementExistsError extends Error {
  override readonly name = 'SettlementExistsError';
  constructor(readonly settlement: Settlement) {
    super(`settlement ${settlement.id} exists`);
  }
}

export interface SettlementFilter {
  status?: string | undefined;
  office?: string | undefined;
  clerk?: string | undefined;
  subscription?: string | undefined;
  /** as the indicators count them (store/indicators.ts): not in time (K1), with an error (K3), entered from a slip (R1) */
  only?: 'late' | 'withError' | 'lateEntry' | undefined;
  /** received on or after / before, instants */
  from?: Instant | undefined;
  to?: Instant | undefined;
  limit: number;
  cursor?: string | undefined;
}

export interface SettlementEvent {
  seq: number;
  kind: string;
  at: Instant;
  data: unknown;
}

/** What is on record of a subscriber before the next settlement. */
export interface KnownBefore {
  earlier: { id: string; settlementDate: JalaliDate; reading: number | null; total: Rial; payable: Rial } | null;
  meter: FoundMeter | null;
}

/** What is needed to issue a revision; the number and the payment ids are given inside the transaction. */
export interface BillDraft {
  settlementId: string;
  subscription: string;
  office: string;
  revision: number;
  /** Jalali year of the settlement date */
  year: number;
  paymentPeriods: { from: number; to: number };
  /** payment ids needed: one per slip */
  slips: number;
  inputs: BillInputs;
  /** makes the bill from its number and periods */
  write: (given: { number: string; periods: number[]; issuedAt: Instant }) => Bill;
}

/** A settlement of subscription $1 other than $2 that counts after the last bill $4, which ended on $3; issued is as good as announced. */
export const STANDING = `s.subscription = $1 and s.id <> $2 and s.status in ('received', 'announced', 'delivered', 'handedOver', 'settled') and not b.void
  and ($3::text is null or s.settlement_date > $3) and b.inputs->'snapshot'->'lastBill' = $4::jsonb`;

/** Another settlement of the subscriber was issued since the account was fetched: what it counts must be fetched again. */
export class LedgerChangedError extends Error {
  override readonly name = 'LedgerChangedError';
}

export type SettlementStore = ReturnType<typeof createSettlementStore>;

/** A correction as JSON, from a row `c` of app.corrections. */
export const CORRECTION = `json_build_object('n', c.n, 'kind', c.kind, 'cause', c.cause, 'description', c.description, 'posting', c.posting, 'status', c.status,
  'owner', json_build_object('role', c.owner_role, 'user', c.owner_user), 'reportedBy', c.reported_by->>'id',
  'reportedAt', to_char(c.reported_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
  'dueAt', to_char(c.due_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'), 'submittedBy', c.submitted_by->>'id',
  'difference', c.submission->'comparison'->'difference', 'noChange', c.submission->'comparison'->'noChange',
  'verifiedBy', c.verified_by->>'id', 'approvedBy', c.approved_by->>'id', 'revision', c.revision, 'note', c.note)`;

/** A refund as JSON, from a row `r` of app.refunds. */
export const REFUND = `json_build_object('amount', r.amount, 'reason', r.reason, 'requestedBy', r.requested_by->>'id',
  'requestedAt', to_char(r.requested_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'), 'confirmedBy', r.confirmed_by->>'id',
  'confirmedAt', to_char(r.confirmed_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'))`;

const VIEW = `
  select s.*, app.instant(s.received_at) as received, b.bill, ${DUE} as due, ${paymentsOf('s.id')} as payments,
    coalesce((select json_agg(json_build_object('posting', p.posting, 'kind', p.kind, 'cycle', p.cycle, 'dueOn', p.due_on,
        'amount', p.amount, 'status', p.status, 'timesLate', p.times_late, 'reason', p.reason, 'billSerial', p.bill_serial) order by p.posting) from app.postings p where p.settlement_id = s.id), '[]') as postings,
    coalesce((select json_agg(json_build_object('name', t.name, 'startedAt', to_char(t.started_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
        'endedAt', to_char(t.ended_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'), 'attempts', t.attempts) order by array_position(array[${STEP_NAMES.map((name) => `'${name}'`).join()}], t.name))
        from app.steps t where t.settlement_id = s.id and t.run_id = s.run_id), '[]') as steps,
    coalesce((select json_agg(${CORRECTION} order by c.n) from app.corrections c where c.settlement_id = s.id), '[]') as corrections,
    (select ${REFUND} from app.refunds r where r.settlement_id = s.id) as refund,
    coalesce((select json_agg(json_build_object('revision', k.revision, 'n', k.n, 'by', k.by->>'id', 'at', to_char(k.at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')) order by k.revision, k.n)
        from app.copies k where k.settlement_id = s.id), '[]') as copies,
    (select json_build_object('number', l.number, 'issuedAt', to_char(l.issued_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'), 'by', l.issued_by->>'id')
        from app.clearances l where l.settlement_id = s.id and l.revision = s.revision) as clearance
  from app.settlements s`;

interface Row {
  id: string;
  status: SettlementStatus;
  revision: number;
  received_at: Instant;
  /** the same to the microsecond: a page goes on from it */
  received: Instant;
  announced_at: Instant | null;
  elapsed_ms: number | null;
  within_target: boolean | null;
  late_entry: boolean;
  facts: SettlementFacts;
  operator: Operator;
  account: AccountView | null;
  bill: Bill | null;
  due: number | null;
  payments: SettlementPayment[];
  warnings: Finding[];
  errors: Finding[];
  postings: Posting[];
  steps: StepTime[];
  corrections: Settlement['corrections'];
  cancellation: Settlement['cancellation'];
  refund: Settlement['refund'];
  copies: Settlement['copies'];
  clearance: Settlement['clearance'];
  predecessor: Settlement['predecessor'];
  delivery: Settlement['delivery'];
}

function fromRow(row: Row): Settlement {
  return {
    id: row.id,
    status: row.status,
    revision: row.revision,
    receivedAt: row.received_at,
    announcedAt: row.announced_at,
    elapsedMs: row.elapsed_ms,
    withinTarget: row.within_target,
    lateEntry: row.late_entry,
    facts: row.facts,
    clerk: row.operator,
    account: row.account,
    bill: row.bill,
    warnings: row.warnings,
    errors: row.errors,
    postings: row.postings,
    payments: row.payments,
    paid: row.due === null ? null : paidOf(row.due, row.payments),
    corrections: row.corrections,
    cancellation: row.cancellation,
    refund: row.refund,
    copies: row.copies,
    clearance: row.clearance,
    predecessor: row.predecessor,
    steps: row.steps,
    delivery: row.delivery,
  };
}

/** A settlement as it stands, in the caller's transaction where there is one. */
export async function settlementOf(client: Pick<Pool, 'query'>, id: string): Promise<Settlement | null> {
  const { rows } = await client.query<Row>(
    `${VIEW} left join app.bills b on b.settlement_id = s.id and b.revision = s.revision where s.id = $1`,
    [id],
  );
  return rows[0] ? fromRow(rows[0]) : null;
}

/** Settlements as people list, search and count them. Every write is idempotent by its key. */
export function createSettlementStore(pool: Pool) {
  const one = async (sql: string, values: unknown[]): Promise<Settlement | null> => {
    const { rows } = await pool.query<Row>(sql, values);
    return rows[0] ? fromRow(rows[0]) : null;
  };

  return {
    /** The settlement, or null when there is none in the scope (`office: null` = every office). */
    get(id: string, scope: { office: string | null }): Promise<Settlement | null> {
      return one(
        `${VIEW} left join app.bills b on b.settlement_id = s.id and b.revision = s.revision where s.id = $1 and ($2::text is null or s.office = $2)`,
        [id, scope.office],
      );
    },

    /** Ids of the settlements that are not ended. */
    async *openIds(pageSize = 1000): AsyncGenerator<string> {
      let after = '';
      for (;;) {
        const { rows } = await pool.query<{ id: string }>(
          `select id from app.settlements where status in ('received', 'announced', 'delivered', 'handedOver') and id > $1 order by id limit $2`,
          [after, pageSize],
        );
        for (const { id } of rows) yield id;
        if (rows.length < pageSize) return;
        after = (rows.at(-1) as { id: string }).id;
      }
    },

    async officeOf(id: string): Promise<string | null> {
      const { rows } = await pool.query<{ office: string }>('select office from app.settlements where id = $1', [id]);
      return rows[0]?.office ?? null;
    },

    /** What the outbox needs to know of a settlement whose workflow has ended. */
    async factsOf(
      id: string,
    ): Promise<(Pick<SettlementFacts, 'subscription' | 'settlementDate'> & { office: string; newName: string | null }) | null> {
      const { rows } = await pool.query<
        Pick<SettlementFacts, 'subscription' | 'settlementDate'> & { office: string; newName: string | null }
      >(
        `select subscription, settlement_date as "settlementDate", office, facts->'newSubscriber'->>'name' as "newName" from app.settlements where id = $1`,
        [id],
      );
      return rows[0] ?? null;
    },

    /** The settlement with the bill of an earlier revision, for a reprint. */
    async revision(id: string, revision: number): Promise<Settlement | null> {
      const settlement = await one(`${VIEW} join app.bills b on b.settlement_id = s.id and b.revision = $2 where s.id = $1`, [
        id,
        revision,
      ]);
      return settlement && { ...settlement, revision };
    },

    /** Newest first. `cursor` is what the page before gave as `next`. */
    async list(filter: SettlementFilter): Promise<{ items: Settlement[]; next: string | null }> {
      const after = filter.cursor ? readCursor(filter.cursor) : null;
      const { rows } = await pool.query<Row>(
        `${VIEW} left join app.bills b on b.settlement_id = s.id and b.revision = s.revision
         where ($1::text is null or s.status = $1) and ($2::text is null or s.office = $2) and ($3::text is null or s.clerk = $3)
           and ($4::text is null or s.subscription = $4) and ($5::timestamptz is null or s.received_at >= $5)
           and ($6::timestamptz is null or s.received_at < $6)
           and case $10::text when 'late' then not s.late_entry and (s.announced_at is not null or s.breached_at is not null) and s.within_target is not true
             when 'withError' then s.announced_at is not null and exists (select from app.corrections c where c.settlement_id = s.id and c.status <> 'withdrawn')
             when 'lateEntry' then s.late_entry and s.announced_at is not null else true end
           and ($7::timestamptz is null or (s.received_at, s.id) < ($7, $8))
         order by s.received_at desc, s.id desc limit $9`,
        [
          filter.status ?? null,
          filter.office ?? null,
          filter.clerk ?? null,
          filter.subscription ?? null,
          filter.from ?? null,
          filter.to ?? null,
          after?.at ?? null,
          after?.id ?? null,
          filter.limit + 1,
          filter.only ?? null,
        ],
      );
      const items = rows.slice(0, filter.limit).map(fromRow);
      const last = rows.length > filter.limit ? rows[filter.limit - 1] : undefined;
      return { items, next: last ? writeCursor(last.received, last.id) : null };
    },

    /**
     * The subscriber's latest valid settlement after the last bill, other than `id`. One that rests on another bill, or on
     * other figures of it, does not count: the fed bill is then the whole ledger.
     */
    async latestValid(subscription: string, lastBill: AccountSnapshot['lastBill'], id: string): Promise<IssuedFrom | null> {
      const { rows } = await pool.query<{ bill: Bill; inputs: Pick<IssuedFrom, 'facts' | 'snapshot'> }>({
        name: 'app.latest-valid',
        text: `select b.bill, b.inputs from app.settlements s join app.bills b on b.settlement_id = s.id and b.revision = s.revision
         where ${STANDING} order by s.settlement_date desc, b.issued_at desc limit 1`,
        values: [subscription, id, lastBill?.toDate ?? null, JSON.stringify(lastBill)],
      });
      const row = rows[0];
      return row ? { bill: row.bill, facts: row.inputs.facts, snapshot: row.inputs.snapshot } : null;
    },

    /**
     * What to know before the next settlement of a subscriber: the latest valid one after the last bill, and the meter as it
     * was found last, in a refused settlement too. Amounts in rial.
     */
    async known(subscription: string, lastBill: AccountSnapshot['lastBill']): Promise<KnownBefore> {
      const [earlier, found] = await Promise.all([
        pool.query<NonNullable<KnownBefore['earlier']>>({
          name: 'app.known-earlier',
          text: `select s.id, s.settlement_date as "settlementDate", (b.inputs->'facts'->>'reading')::integer as reading, b.total, b.payable
           from app.settlements s join app.bills b on b.settlement_id = s.id and b.revision = s.revision
           where ${STANDING} order by s.settlement_date desc, b.issued_at desc limit 1`,
          values: [subscription, '', lastBill?.toDate ?? null, JSON.stringify(lastBill)],
        }),
        pool.query<FoundMeter>({
          name: 'app.known-meter',
          text: `select coalesce(facts->>'meterState', 'normal') as state, settlement_date as "on", id as settlement from app.settlements
           where subscription = $1 and status <> 'cancelled' order by settlement_date desc, received_at desc limit 1`,
          values: [subscription],
        }),
      ]);
      return { earlier: earlier.rows[0] ?? null, meter: found.rows[0] ?? null };
    },

    async eventsSince(id: string, seq: number): Promise<SettlementEvent[]> {
      const { rows } = await pool.query<SettlementEvent>(
        `select e.seq, e.kind, e.at, e.data || coalesce(p.data, '{}') as data from app.events e left join app.event_persons p on p.event = e.seq
         where e.settlement_id = $1 and e.seq > $2 order by e.seq limit 1000`,
        [id, seq],
      );
      return rows;
    },

    /** Records the receipt for one workflow run, with the time that it took; see registerOrder. */
    async register(order: SettlementOrder, runId: string, steps: () => StepTime[] = () => []): Promise<void> {
      await inTransaction(pool, (client) => registerOrder(client, order, runId, steps()));
    },

    /** The run ended without an announcement; its findings are kept. What was not registered yet is, at the same moment. */
    async reject(
      order: SettlementOrder,
      runId: string,
      errors: Finding[],
      warnings: Finding[],
      steps: StepTime[],
      at: Instant,
    ): Promise<void> {
      await inTransaction(pool, async (client) => {
        await registerOrder(client, order, runId, []);
        await client.query(
          `with s as (update app.settlements set status = 'rejected', errors = $3, warnings = $4 where id = $1 and run_id = $2
             returning id, app.finding_codes(errors) as errors, app.finding_codes(warnings) as warnings), ${writeSteps(5, 0)},
           ${append({
             from: 's',
             settlement: 'id',
             kind: `'rejected'`,
             key: '$2',
             at: '$6',
             data: `jsonb_build_object('errors', errors)`,
             changed: `jsonb_build_object('settlement', jsonb_build_object('status', 'rejected', 'errors', errors, 'warnings', warnings), 'steps', ${STEPS_WRITTEN})`,
           })}
           select from e`,
          [order.id, runId, JSON.stringify(errors), JSON.stringify(warnings), JSON.stringify(steps), at],
        );
      });
    },

    /** The first delivery counts; a further one changes nothing and is answered with the first. */
    async recordDelivery(
      id: string,
      delivery: { deliveredTo: string; channel: string },
      by: Operator,
    ): Promise<NonNullable<Settlement['delivery']>> {
      const { rows } = await pool.query<{ delivery: NonNullable<Settlement['delivery']> }>(
        `with s as (
           update app.settlements set status = case status when 'announced' then 'delivered' else status end,
             delivery = coalesce(delivery, $2::jsonb || jsonb_build_object('at', to_char(clock_timestamp() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')))
           where id = $1 returning id, status, delivery),
         ${append({
           from: 's',
           settlement: 'id',
           kind: `'delivered'`,
           key: `'1'`,
           data: `jsonb_build_object('channel', delivery->'channel', 'at', delivery->'at', 'by', $3::jsonb)`,
           changed: `jsonb_build_object('settlement', jsonb_build_object('status', status, 'delivery', jsonb_build_object('channel', delivery->'channel', 'at', delivery->'at')))`,
           person: texts({ deliveredTo: `$2::jsonb->'deliveredTo'` }),
         })}
         select delivery from s`,
        [id, JSON.stringify(delivery), JSON.stringify({ id: by.id, role: by.role })],
      );
      if (!rows[0]) throw new Error(`no settlement ${id}`);
      return rows[0].delivery;
    },

    async settle(id: string): Promise<void> {
      await pool.query(
        // it may end again after billing took a word back: each end is an event
        `with s as (update app.settlements set status = 'settled' where id = $1 and status not in ('cancelled', 'settled') returning id),
         ${append({ from: 's', settlement: 'id', kind: `'settled'`, key: 'clock_timestamp()::text', changed: status('settled') })}
         select from e`,
        [id],
      );
    },

    /** At risk or breached: marked once. Answers whether the settlement is this run's. */
    async markDelay(id: string, runId: string, delay: 'atRisk' | 'breached'): Promise<boolean> {
      const column = delay === 'atRisk' ? 'at_risk_at' : 'breached_at';
      const { rowCount } = await pool.query(
        `with s as (update app.settlements set ${column} = coalesce(${column}, clock_timestamp()) where id = $1 and run_id = $2 returning id, ${column} as at),
         ${append({ from: 's', settlement: 'id', kind: `'${delay}'`, key: '$2', at: 'at', changed: `jsonb_build_object('settlement', jsonb_build_object('${delay}At', app.instant(at)))` })}
         select from s`,
        [id, runId],
      );
      return rowCount === 1;
    },
  };
}

/**
 * Records the receipt for one workflow run inside the caller's transaction, which then holds the settlement's row and its
 * subscriber's lock. The same run again changes nothing and answers false; a rejected settlement is taken over; any other
 * stands: SettlementExistsError.
 */
export async function registerOrder(client: PoolClient, order: SettlementOrder, runId: string, steps: StepTime[]): Promise<boolean> {
  const { facts, clerk } = order;
  const { rows } = await client.query<{ registered: boolean }>({
    name: 'app.register',
    text: `with mine as (
       insert into app.settlements as s (id, subscription, settlement_date, office, clerk, run_id, status, received_at, late_entry, facts, operator, predecessor)
       values ($1, $3, $4, $5, $6, $2, 'received', $7, $8, $9, $10, $11)
       on conflict (id) do update set run_id = excluded.run_id, status = 'received', office = excluded.office, clerk = excluded.clerk,
         received_at = excluded.received_at, late_entry = excluded.late_entry, facts = excluded.facts, operator = excluded.operator,
         errors = '[]', warnings = '[]', at_risk_at = null, breached_at = null
       where s.status = 'rejected' and s.run_id <> excluded.run_id
       returning s.id, s.received_at, app.settlement_state(s) as state),
     ${writeSteps(12, 0)},
     ${append({ from: 'mine', settlement: 'id', kind: `'received'`, key: '$2', at: 'received_at', changed: `jsonb_build_object('settlement', state, 'steps', ${STEPS_WRITTEN})` })}
     select exists (select from e) as registered, pg_advisory_xact_lock(hashtextextended('settlement of ' || $3, 0))`,
    values: [
      order.id,
      runId,
      facts.subscription,
      facts.settlementDate,
      clerk.office,
      clerk.id,
      order.receivedAt,
      facts.lateEntry !== undefined,
      JSON.stringify(facts),
      JSON.stringify(clerk),
      order.predecessor ? JSON.stringify(order.predecessor) : null,
      JSON.stringify(steps),
    ],
  });
  if (rows[0]?.registered) return true;
  // two attempts may be alive at once: the second waits here and then finds what the first one kept
  const { rows: standing } = await client.query<{ run_id: string }>('select run_id from app.settlements where id = $1 for update', [
    order.id,
  ]);
  if (standing[0]?.run_id === runId) return false;
  throw new SettlementExistsError((await settlementOf(client, order.id)) as Settlement);
}

/** The next number of the office's year and the payment periods of the slips, in the caller's transaction. */
export async function giveNumbers(client: PoolClient, draft: BillDraft): Promise<{ number: string; periods: number[]; issuedAt: Instant }> {
  const { from, to } = draft.paymentPeriods;
  const { rows } = await client.query<{ period: number | null; last: number; now: Instant }>({
    name: 'app.give-numbers',
    text: `with p as (insert into app.payment_periods as p (subscription, year, last)
         select $3, $2, $4::integer + $5::integer - 1 where $5::integer > 0
         on conflict (subscription, year) do update set last = greatest(p.last, $4::integer - 1) + $5::integer returning last),
       n as (insert into app.bill_numbers as n (office, year, last) values ($1, $2, 1)
         on conflict (office, year) do update set last = n.last + 1 returning last)
       select (select last from p) as period, n.last, now() as now from n`,
    values: [draft.office, draft.year, draft.subscription, from, draft.slips],
  });
  const { period, last, now } = rows[0] as (typeof rows)[number];
  const end = period ?? 0;
  if (end > to) throw new PaymentPeriodsExhaustedError(`periods ${from}–${to} of ${draft.year} are used up for ${draft.subscription}`);
  return {
    number: `${draft.office}-${draft.year}-${String(last).padStart(6, '0')}`,
    periods: Array.from({ length: draft.slips }, (_, i) => end - draft.slips + 1 + i),
    issuedAt: now,
  };
}

/** Issues a further revision inside the caller's transaction; the one before it is void from then on. */
export async function issueBill(client: PoolClient, draft: BillDraft, runId: string, steps: StepTime[]): Promise<Bill> {
  // two attempts may be alive at once: the second waits here and then finds the first one's bill
  await client.query('select from app.settlements where id = $1 for update', [draft.settlementId]);
  const { rows: issued } = await client.query<{ bill: Bill }>('select bill from app.bills where settlement_id = $1 and revision = $2', [
    draft.settlementId,
    draft.revision,
  ]);
  if (issued[0]) return issued[0].bill;
  const { number, periods, issuedAt: now } = await giveNumbers(client, draft);
  const bill = draft.write({ number, periods, issuedAt: now });
  await client.query(
    `with b as (insert into app.bills as b (settlement_id, revision, number, issued_at, bill, inputs, total, payable, carry)
       values ($1, $2, $3, $4, $5, $6, $7, $8, $9) returning b.settlement_id as id, b.revision, app.bill_state(b) as state), ${writeSteps(10, 11)},
     l as (insert into app.slips (subscription, payment_id, year, settlement_id, revision, amount)
       select $12, x."paymentId", $13, $1, $2, x.amount from jsonb_to_recordset($5::jsonb->'payments') as x("paymentId" text, amount bigint)),
     v as (update app.bills set void = true where settlement_id = $1 and revision < $2 and not void returning revision),
     ${append({
       from: 'b',
       settlement: 'id',
       kind: `'issued'`,
       key: '$2::integer::text',
       at: '$4',
       data: `jsonb_build_object('number', $3::text, 'total', $7::bigint, 'payable', $8::bigint)`,
       changed: `jsonb_build_object('settlement', jsonb_build_object('revision', revision), 'steps', ${STEPS_WRITTEN},
         'bills', jsonb_build_object(revision, state) || ${byKey('v', 'revision', `'{"void": true}'::jsonb`)})`,
     })}
     update app.settlements set revision = $2 where id = $1`,
    [
      draft.settlementId,
      draft.revision,
      bill.number,
      now,
      JSON.stringify(bill),
      JSON.stringify(draft.inputs),
      bill.total,
      bill.payable,
      bill.carry,
      JSON.stringify(steps),
      runId,
      draft.subscription,
      draft.year,
    ],
  );
  return bill;
}

/** Every two-digit period of the subscriber's year is used: no further payment id can be made. */
export class PaymentPeriodsExhaustedError extends Error {
  override readonly name = 'PaymentPeriodsExhaustedError';
}

function writeCursor(at: Instant, id: string): string {
  return Buffer.from(`${at} ${id}`).toString('base64url');
}

function readCursor(cursor: string): { at: string; id: string } | null {
  const [at, id] = Buffer.from(cursor, 'base64url').toString().split(' ');
  return at && id && /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3,6}Z$/.test(at) && !Number.isNaN(Date.parse(at)) ? { at, id } : null;
}
