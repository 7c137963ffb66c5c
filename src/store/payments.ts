import type { Pool, PoolClient } from 'pg';
import type { LedgerPayment } from '../domain/settlement/account.js';
import {
  type FedPayments,
  type PaidSettlement,
  type PaymentReport,
  type SettlementPayment,
  paidOf,
  sameReport,
} from '../domain/settlement/payment.js';
import type { Instant } from '../domain/settlement/settlement.js';
import { append, byKey } from './event-log.js';
import { inTransaction } from './pool.js';

/** The id of a payment's task: it stands in an address, and billing's references may hold anything. */
function taskOf(kind: string, subject: string): string {
  return `${kind} || '.' || regexp_replace(replace(replace(${subject}, '%', '%25'), '/', '%2F'), '\\s', '%20', 'g')`;
}

/** A report as it is kept. */
export interface RecordedPayment extends PaymentReport {
  eventId: string;
  recordedAt: Instant;
  /**
   * `matched` and `void`: by a slip of a settlement's valid or void revision. Without one: `ledger` when the ledger holds
   * the payment (an ordinary bill's), else `unknown`.
   */
  outcome: 'matched' | 'void' | 'unknown' | 'ledger';
  settlement: string | null;
  revision: number | null;
  /** what the ledger holds under the reference: it stands */
  ledger: Pick<PaymentReport, 'amount' | 'paidOn'> | null;
}

export type Recording =
  | { kind: 'recorded' | 'same'; payment: RecordedPayment }
  /** the reference, the event or both stand with other content */
  | { kind: 'differs'; standing: RecordedPayment[] };

export interface PaymentFilter {
  outcome?: RecordedPayment['outcome'] | undefined;
  /** those of its accounts and of no known account; null = all */
  office: string | null;
  limit: number;
  /** what the page before gave as `next` */
  cursor?: string | undefined;
}

export interface PaymentStore {
  /**
   * Keeps a report, once per reference and event: with its event on the settlement and, when a person must look at it
   * (void slip, too much, no slip), a task, in one transaction. `office` is the account's, null when it is not known;
   * `by` is who reports.
   */
  record(report: PaymentReport & { eventId: string }, office: string | null, by: { id: string; office: string }): Promise<Recording>;
  /** What was reported of a subscriber and billing's fed ledger does not hold, in the order of payment. */
  reported(subscription: string): Promise<LedgerPayment[]>;
  /** The reports in the order in which they came. */
  list(filter: PaymentFilter): Promise<{ items: RecordedPayment[]; next: string | null }>;
}

/** The payments of settlement `id` (an SQL expression) as JSON in the order of payment. */
export function paymentsOf(id: string): string {
  return `coalesce((select json_agg(json_build_object('reference', y.reference, 'paymentId', y.payment_id, 'amount', y.amount, 'paidOn', y.paid_on,
    'revision', y.revision, 'outcome', y.outcome, 'reportedAmount', y.reported_amount, 'counted', y.counted) order by y.paid_on, y.reference)
    from app.settlement_payments y where y.settlement_id = ${id}), '[]')`;
}

/** The payable sum of the valid revision of the settlement `s`; null while none stands. */
export const DUE = `(select v.payable from app.bills v where v.settlement_id = s.id and not v.void and s.status <> 'cancelled' order by v.revision desc limit 1)`;

/** Whether a payment of that day can be by slip `l`: the year digit of a payment id comes again after ten years. */
const OF_ITS_YEARS = (paidOn: string): string => `left(${paidOn}, 4)::integer - l.year between -1 and 8`;

const RECORDED = `
  select p.seq, p.reference, p.event_id as "eventId", p.subscription, p.payment_id as "paymentId", p.amount, p.paid_on as "paidOn", p.recorded_at as "recordedAt",
    p.settlement_id as settlement, p.revision,
    case when p.settlement_id is null then case when f.reference is null then 'unknown' else 'ledger' end
      when b.void or s.status = 'cancelled' then 'void' else 'matched' end as outcome,
    case when f.reference is not null then json_build_object('amount', f.amount, 'paidOn', f.paid_on) end as ledger
  from app.payments p
  left join billing.payments f on f.reference = p.reference
  left join app.settlements s on s.id = p.settlement_id
  left join app.bills b on b.settlement_id = p.settlement_id and b.revision = p.revision`;

/** The outcome as a condition that an index can help with: those without a slip are few among many. */
const WITH_OUTCOME: Record<RecordedPayment['outcome'], string> = {
  matched: `p.settlement_id is not null and not b.void and s.status <> 'cancelled'`,
  void: `p.settlement_id is not null and (b.void or s.status = 'cancelled')`,
  unknown: 'p.settlement_id is null and f.reference is null',
  ledger: 'p.settlement_id is null and f.reference is not null',
};

type Row = RecordedPayment & { seq: number };

function fromRow({ seq: _, ...payment }: Row): RecordedPayment {
  return payment;
}

/** Payments that billing reports by call, beside its fed ledger. */
export function createPaymentStore(pool: Pool): PaymentStore {
  return {
    record(report, office, by) {
      return inTransaction(pool, async (client) => {
        const { rows: slips } = await client.query<{ settlement: string; revision: number }>(
          `select l.settlement_id as settlement, l.revision from app.slips l where l.subscription = $1 and l.payment_id = $2 and ${OF_ITS_YEARS('$3::text')}`,
          [report.subscription, report.paymentId, report.paidOn],
        );
        const slip = slips[0];
        // two payments of one settlement at once: the second sees the first, or none of them would find that it is too much
        if (slip) await lock(client, [slip.settlement]);
        const { rows: inserted } = await client.query(
          `with p as (insert into app.payments as p (reference, event_id, subscription, payment_id, amount, paid_on, office, settlement_id, revision, recorded_by)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) on conflict do nothing
             returning p.settlement_id, p.reference, p.recorded_at, app.payment_state(p) as state),
           ${append({
             from: 'p where settlement_id is not null',
             settlement: 'settlement_id',
             kind: `'paymentReported'`,
             key: 'reference',
             at: 'recorded_at',
             data: `state || jsonb_build_object('reference', reference)`,
             changed: `jsonb_build_object('payments', ${byKey('p', 'reference', 'state')})`,
           })}
           select from p`,
          [
            report.reference,
            report.eventId,
            report.subscription,
            report.paymentId,
            report.amount,
            report.paidOn,
            office,
            slip?.settlement ?? null,
            slip?.revision ?? null,
            by.id,
          ],
        );
        const { rows } = await client.query<Row>(`${RECORDED} where p.reference = $1 or p.event_id = $2 order by p.seq`, [
          report.reference,
          report.eventId,
        ]);
        const standing = rows.map(fromRow);
        const [payment] = standing;
        if (!payment) throw new Error(`payment ${report.reference} was neither recorded nor found`);
        if (inserted.length === 0)
          return standing.length === 1 && sameReport(payment, report) ? { kind: 'same', payment } : { kind: 'differs', standing };
        if (slip) await tell(client, [{ settlement: slip.settlement, reference: report.reference }]);
        if (payment.outcome === 'unknown') {
          await client.query(
            `insert into app.tasks (id, settlement_id, office, kind, role, since) values (${taskOf(`'unknownPayment'`, '$1')}, null, $2, 'unknownPayment', 'billing', clock_timestamp())
             on conflict do nothing`,
            [report.reference, office ?? by.office],
          );
        }
        return { kind: 'recorded', payment };
      });
    },

    async reported(subscription) {
      const { rows } = await pool.query<LedgerPayment>({
        name: 'app.reported',
        text: `select p.reference, p.paid_on as "paidOn", p.amount, p.payment_id as "paymentId" from app.payments p
         where p.subscription = $1 and not exists (select from billing.payments f where f.reference = p.reference) order by p.paid_on, p.reference`,
        values: [subscription],
      });
      return rows;
    },

    async list({ outcome, office, limit, cursor }) {
      const { rows } = await pool.query<Row>(
        `${RECORDED} where p.seq > $1 and ($2::text is null or p.office is null or p.office = $2) ${outcome ? `and ${WITH_OUTCOME[outcome]}` : ''}
         order by p.seq limit $3`,
        [cursor && /^[0-9]{1,15}$/.test(cursor) ? cursor : 0, office, limit + 1],
      );
      const page = rows.slice(0, limit);
      return { items: page.map(fromRow), next: rows.length > limit ? String(page.at(-1)?.seq) : null };
    },
  };
}

/** Where a feed is loaded (billing/feed.ts): one transaction, in which the settlements take over what its payments say. */
export function feedTarget(pool: Pool) {
  return {
    transaction: <T>(load: (client: PoolClient) => Promise<T>): Promise<T> => inTransaction(pool, load),
    takePayments: takeFedPayments,
  };
}

/**
 * In a feed's transaction, when its rows (temp table `feed_rows`) are in the ledger: those by a settlement's slip become
 * events and tasks of it, once per reference and sum; a reported payment that is no longer unknown needs nobody.
 */
async function takeFedPayments(client: PoolClient): Promise<FedPayments> {
  const { rows: closed } = await client.query<{ id: string }>(
    `update app.tasks t set closed_at = clock_timestamp(), outcome = 'fed' from feed_rows f
     where t.id = ${taskOf(`'unknownPayment'`, 'f.reference')} and t.closed_at is null returning t.id`,
  );
  const closedTasks = closed.map(({ id }) => id);
  const { rows } = await client.query<{ settlement: string; reference: string }>(
    `select x.settlement_id as settlement, x.reference from (
       select l.settlement_id, f.reference, f.amount from feed_rows f
       join app.slips l on l.subscription = f.subscription and l.payment_id = ltrim(f.payment_id, '0') and ${OF_ITS_YEARS('f.paid_on')}
       union
       select p.settlement_id, f.reference, f.amount from feed_rows f
       join app.payments p on p.reference = f.reference and p.settlement_id is not null where f.payment_id is null) x
     where not exists (select from app.events e where e.settlement_id = x.settlement_id and e.kind = 'paid' and e.key = x.reference || '/' || x.amount)`,
  );
  if (rows.length === 0) return { paid: [], closedTasks };
  await lock(client, [...new Set(rows.map(({ settlement }) => settlement))].sort());
  return { paid: await tell(client, rows), closedTasks };
}

/** Before the events: whoever holds a settlement's event waits for nobody that wants the settlement. */
async function lock(client: PoolClient, settlements: string[]): Promise<void> {
  await client.query('select from app.settlements where id = any($1) order by id for update', [settlements]);
}

/** An event per payment, and a task where one is by a void slip or makes it too much. Answers what was news. */
async function tell(client: PoolClient, paid: { settlement: string; reference: string }[]): Promise<PaidSettlement[]> {
  const { rows: told } = await client.query<{ settlement: string; reference: string; key: string; outcome: SettlementPayment['outcome'] }>(
    `with e as (
       insert into app.events (settlement_id, kind, key, at, data)
       select x.settlement_id, 'paid', x.reference || '/' || x.amount, clock_timestamp(), jsonb_strip_nulls(jsonb_build_object('reference', x.reference,
         'paymentId', x.payment_id, 'amount', x.amount, 'paidOn', x.paid_on, 'revision', x.revision, 'outcome', x.outcome, 'reportedAmount', x.reported_amount))
       from unnest($1::text[], $2::text[]) as n(settlement, reference)
       cross join lateral (select * from app.settlement_payments y where y.settlement_id = n.settlement offset 0) x
       where x.reference = n.reference
       on conflict do nothing returning settlement_id, key, data)
     select settlement_id as settlement, data->>'reference' as reference, key, data->>'outcome' as outcome from e`,
    [paid.map(({ settlement }) => settlement), paid.map(({ reference }) => reference)],
  );
  if (told.length === 0) return [];
  const { rows } = await client.query<{ id: string; due: number | null; payments: SettlementPayment[] }>(
    `select s.id, ${DUE} as due, ${paymentsOf('s.id')} as payments from app.settlements s where s.id = any($1)`,
    [[...new Set(told.map(({ settlement }) => settlement))]],
  );
  const overpaid = new Set(
    rows.filter(({ due, payments }) => due !== null && paidOf(due, payments).status === 'overpaid').map(({ id }) => id),
  );
  const tasks = told.flatMap(({ settlement, reference, outcome }) => [
    ...(outcome === 'void' ? [{ settlement, reference, kind: 'voidPayment' }] : []),
    ...(overpaid.has(settlement) ? [{ settlement, reference, kind: 'overpaid' }] : []),
  ]);
  if (tasks.length > 0) {
    await client.query(
      `insert into app.tasks (id, settlement_id, office, kind, role, since)
       select ${taskOf('x.kind', `s.id || '.' || x.reference`)}, s.id, s.office, x.kind, 'supervisor', clock_timestamp()
       from jsonb_to_recordset($1::jsonb) as x(settlement text, reference text, kind text) join app.settlements s on s.id = x.settlement
       on conflict do nothing`,
      [JSON.stringify(tasks)],
    );
  }
  return told.map(({ settlement, reference, key }) => ({ settlement, reference, eventId: key }));
}
