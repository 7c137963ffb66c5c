import type { Pool } from 'pg';
import { FEED_KINDS, type AccountSnapshot, type Cycle, type FeedState, type LedgerPayment } from '../domain/settlement/account.js';
import type { JalaliDate } from '../domain/calendar/jalali.js';
import type { AccountHit, BillingPort } from './port.js';
import { searchQuery, typedId } from './search.js';

/** Rows of `table` that the last bill does not count: they name no bill, or one that has not been fed. */
function uncounted(table: string): string {
  return `from billing.${table} x
    where x.subscription = a.subscription
      and not exists (select from billing.bills b where b.subscription = x.subscription and b.serial = x.counted_in_bill)`;
}

/** The rows of `from` as JSON, by date and reference. */
function entries(from: string, fields: string, order: string): string {
  return `coalesce((
    select json_agg(json_build_object('reference', x.reference, ${fields}) order by ${order}, x.reference) ${from}
  ), '[]')`;
}

// what was reported counts until the ledger holds its reference: decided here, in the ledger's own snapshot
const PAYMENTS = `from (
    select x.reference, x.paid_on, x.amount, x.payment_id ${uncounted('payments')}
    union all
    select r.reference, r."paidOn", r.amount, r."paymentId"
    from jsonb_to_recordset($4::jsonb) as r(reference text, "paidOn" text, amount bigint, "paymentId" text)
    where not exists (select from billing.payments h where h.reference = r.reference)) x`;

// one statement is one snapshot: a feed that commits meanwhile is seen wholly or not at all
const ACCOUNT = `
select json_build_object(
  'account', json_build_object(
    'subscription', a.subscription, 'file', a.file, 'company', a.company, 'name', a.name, 'nationalId', a.national_id,
    'mobile', a.mobile, 'address', a.address, 'postalCode', a.postal_code, 'office', a.office, 'series', a.series,
    'use', a.use, 'climate', a.climate, 'area', a.area, 'units', a.units, 'welfare', a.welfare,
    'connectedOn', a.connected_on, 'closedOn', a.closed_on),
  'meters', coalesce((
    select json_agg(json_build_object(
      'serial', m.serial, 'digits', m.digits, 'capacity', trim_scale(m.capacity)::text,
      'coefficient', trim_scale(m.coefficient)::text, 'installedOn', m.installed_on, 'startReading', m.start_reading,
      'removedOn', m.removed_on, 'endReading', m.end_reading) order by m.installed_on, m.removed_on, m.serial)
    from billing.meters m where m.subscription = a.subscription), '[]'),
  'history', coalesce((
    select json_agg(json_build_object(
      'serial', b.serial, 'cycle', b.cycle, 'issuedOn', b.issued_on, 'fromDate', b.from_date, 'toDate', b.to_date,
      'fromReading', b.from_reading, 'toReading', b.to_reading, 'readingSource', b.reading_source, 'totalDue', b.total_due)
      order by b.to_date desc, b.issued_on desc, length(b.serial) desc, b.serial desc)
    from billing.bills b
    where b.subscription = a.subscription and b.to_date > (
      select (left(n.to_date, 4)::integer - 2)::text || substr(n.to_date, 5)
      from billing.bills n where n.subscription = a.subscription order by n.to_date desc limit 1)), '[]'),
  'payments', ${entries(PAYMENTS, `'paidOn', x.paid_on, 'amount', x.amount, 'paymentId', x.payment_id`, 'x.paid_on')},
  'adjustments', ${entries(uncounted('adjustments'), `'on', x."on", 'amount', x.amount, 'reason', x.reason`, 'x."on"')},
  'instalments', ${entries(uncounted('instalments'), `'dueOn', x.due_on, 'amount', x.amount`, 'x.due_on')},
  'deposits', coalesce((
    select json_agg(json_build_object('reference', d.reference, 'amount', d.amount, 'on', d."on") order by d."on", d.reference)
    from billing.deposits d where d.subscription = a.subscription), '[]'),
  'cycles', coalesce((
    select json_agg(json_build_object(
      'cycle', c.cycle, 'series', c.series, 'fromDate', c.from_date, 'toDate', c.to_date, 'closesOn', c.closes_on,
      'issuesOn', c.issues_on, 'objectionDays', c.objection_days) order by c.closes_on, c.cycle)
    from (select * from billing.cycles where series = a.series and closes_on >= $2 order by closes_on, cycle limit 3) c), '[]'),
  'feeds', coalesce((
    select json_agg(json_build_object(
      'kind', f.kind, 'loadedAt', to_char(f.loaded_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'), 'asOf', f.as_of)
      order by array_position($3::text[], f.kind))
    from billing.feeds f), '[]')
) as snapshot
from billing.accounts a where a.subscription = $1`;

/** `found`: a relation of subscriptions; $1 office or null, $2 after or null, $3 limit, further ones are its own. */
function hits(found: string): string {
  return `
select a.subscription, a.bill_id as "billId", a.name, a.address, a.office, a.use, (
  select m.serial from billing.meters m where m.subscription = a.subscription
  order by m.removed_on desc nulls first, m.installed_on desc limit 1) as "meterSerial"
from billing.accounts a
where ${found} and ($1::text is null or a.office = $1) and ($2::text is null or a.subscription > $2)
order by a.subscription limit $3`;
}

const BY_ID = hits(`a.subscription in (
  select subscription from billing.accounts where subscription = $4
  union select subscription from billing.accounts where bill_id = $5
  union select subscription from billing.accounts where national_id = $4 and national_id <> ''
  union select subscription from billing.meters where upper(serial) = upper($4))`);
const BY_WORDS = hits('a.search_words @@ $4::tsquery');

/** The company's billing system as its feeds tell it (schema `billing`). */
export function createPostgresBilling(pool: Pool): BillingPort {
  return {
    async account(subscription: string, today: JalaliDate, reported: readonly LedgerPayment[] = []): Promise<AccountSnapshot | null> {
      const { rows } = await pool.query<{ snapshot: Omit<AccountSnapshot, 'lastBill'> }>({
        name: 'billing.account',
        text: ACCOUNT,
        values: [subscription, today, FEED_KINDS, JSON.stringify(reported)],
      });
      const snapshot = rows[0]?.snapshot;
      return snapshot ? { ...snapshot, lastBill: snapshot.history[0] ?? null } : null;
    },

    async feeds(): Promise<FeedState[]> {
      return (await pool.query<FeedState>('select kind, loaded_at as "loadedAt", as_of as "asOf" from billing.feeds')).rows;
    },

    async timetable({ series, from, to }): Promise<Cycle[]> {
      const { rows } = await pool.query<Cycle>(
        `select cycle, series, from_date as "fromDate", to_date as "toDate", closes_on as "closesOn", issues_on as "issuesOn", objection_days as "objectionDays"
         from billing.cycles where ($1::text is null or series = $1) and closes_on between $2 and $3 order by closes_on, cycle limit 1000`,
        [series, from, to],
      );
      return rows;
    },

    async findAccounts({ query, office, limit, after }): Promise<AccountHit[]> {
      const typed = typedId(query);
      if (typed !== null) {
        const { id, billId } = typed;
        const byId = async (from: string | null): Promise<AccountHit[]> =>
          (await pool.query<AccountHit>({ name: 'billing.find-id', text: BY_ID, values: [office, from, limit, id, billId] })).rows;
        const found = await byId(after);
        // the page after the last hit stays empty: it must not go on with hits of another kind
        if (found.length > 0 || (after !== null && (await byId(null)).length > 0)) return found;
      }
      const words = searchQuery(query);
      if (words === null) return [];
      return (await pool.query<AccountHit>(BY_WORDS, [office, after, limit, words])).rows;
    },
  };
}
