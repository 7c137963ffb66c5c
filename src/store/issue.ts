import type { Pool, PoolClient } from 'pg';
import type { PostingEntry } from '../domain/outbox/posting.js';
import type { Finding } from '../domain/settlement/finding.js';
import type { AccountView, Bill, Instant, SettlementOrder, StepName, StepTime } from '../domain/settlement/settlement.js';
import { appendAll, byKey } from './event-log.js';
import { inTransaction } from './pool.js';
import { type BillDraft, LedgerChangedError, STANDING, giveNumbers, registerOrder, settlementOf } from './settlements.js';
import { STEPS_WRITTEN, writeSteps } from './steps.js';

export interface IssueRequest {
  order: SettlementOrder;
  runId: string;
  draft: BillDraft;
  account: AccountView;
  warnings: Finding[];
  targetMs: number;
  entries(bill: Bill): PostingEntry[];
  /** the steps before, and the clock of those that are carried out here */
  steps: { before: StepTime[]; end(name: StepName): void; times: StepTime[] };
}

export interface Announced {
  announcedAt: Instant;
  elapsedMs: number;
  withinTarget: boolean;
  lateEntry: boolean;
}

export type IssueStore = ReturnType<typeof createIssueStore>;

/** From the request to the announcement in one transaction, which leaves all of it or nothing. */
export function createIssueStore(pool: Pool) {
  return {
    /**
     * Registers the request, gives number and payment periods, keeps bill, announcement and postings. Another attempt of the
     * run reads back what the first one kept. Throws SettlementExistsError, LedgerChangedError, PaymentPeriodsExhaustedError.
     */
    issue: (asked: IssueRequest): Promise<{ bill: Bill; announced: Announced; times: StepTime[] }> =>
      inTransaction(pool, async (client) => {
        const { order, runId, draft, steps } = asked;
        if (!(await registerOrder(client, order, runId, []))) {
          const standing = await settlementOf(client, order.id);
          if (standing?.bill) return readBack(standing.bill, standing, standing.steps);
        }
        const { registered } = await mustStand(client, draft, runId);
        steps.end('register');
        const { number, periods, issuedAt } = await giveNumbers(client, draft);
        const bill = draft.write({ number, periods, issuedAt });
        for (const name of ['issueBill', 'announce', 'scheduleFee'] as const) steps.end(name);
        // a request that was slow was registered by itself
        const [first, ...rest] = steps.times;
        const times = [registered ?? (first as StepTime), ...steps.before, ...rest];
        return { bill, announced: await write(client, asked, bill, times), times };
      }),
  };
}

function readBack(
  bill: Bill,
  {
    announcedAt,
    elapsedMs,
    withinTarget,
    lateEntry,
  }: { announcedAt: Instant | null; elapsedMs: number | null; withinTarget: boolean | null; lateEntry: boolean },
  times: StepTime[],
): { bill: Bill; announced: Announced; times: StepTime[] } {
  return {
    bill,
    announced: { announcedAt: announcedAt as Instant, elapsedMs: elapsedMs as number, withinTarget: withinTarget as boolean, lateEntry },
    times,
  };
}

/**
 * Two settlements of one subscriber at the same moment, of whatever dates, are issued one after the other, each counting what
 * the other counts: the subscriber's lock is held. Answers the registration's time when the request was registered before.
 */
async function mustStand(
  client: PoolClient,
  { settlementId, subscription, inputs: { snapshot } }: BillDraft,
  runId: string,
): Promise<{ registered: StepTime | null }> {
  const { lastBill, earlierSettlement } = snapshot;
  const { rows } = await client.query<{ number: string | null; registered: StepTime | null }>({
    name: 'app.must-stand',
    text: `select (select b.number from app.settlements s join app.bills b on b.settlement_id = s.id and b.revision = s.revision
        where ${STANDING} order by s.settlement_date desc, b.issued_at desc limit 1) as number,
      (select json_build_object('name', t.name, 'startedAt', to_char(t.started_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
        'endedAt', to_char(t.ended_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'), 'attempts', t.attempts)
        from app.steps t where t.settlement_id = $2 and t.run_id = $5 and t.name = 'register') as registered`,
    values: [subscription, settlementId, lastBill?.toDate ?? null, JSON.stringify(lastBill), runId],
  });
  const { number = null, registered = null } = rows[0] ?? {};
  if (number !== (earlierSettlement?.billNumber ?? null))
    throw new LedgerChangedError(`another settlement of ${subscription} was issued meanwhile`);
  return { registered };
}

/** Bill, slips, announcement, steps and postings, and their events in the order in which they are told. */
async function write(
  client: PoolClient,
  { order, runId, draft, account, warnings, targetMs, entries }: IssueRequest,
  bill: Bill,
  steps: StepTime[],
): Promise<Announced> {
  const { rows } = await client.query<{ announced_at: Instant; elapsed_ms: number; within_target: boolean; late_entry: boolean }>({
    name: 'app.issue',
    text: ISSUE,
    values: [
      order.id,
      runId,
      bill.number,
      bill.issuedAt,
      JSON.stringify(bill),
      JSON.stringify(draft.inputs),
      bill.total,
      bill.payable,
      bill.carry,
      draft.subscription,
      draft.year,
      JSON.stringify(account),
      JSON.stringify(warnings),
      targetMs,
      JSON.stringify(steps),
      JSON.stringify(entries(bill)),
    ],
  });
  const {
    announced_at: announcedAt,
    elapsed_ms: elapsedMs,
    within_target: withinTarget,
    late_entry: lateEntry,
  } = rows[0] as (typeof rows)[number];
  return { announcedAt, elapsedMs, withinTarget, lateEntry };
}

const ISSUE = `
with b as (insert into app.bills as b (settlement_id, revision, number, issued_at, bill, inputs, total, payable, carry)
    values ($1, 1, $3, $4, $5, $6, $7, $8, $9) returning b.settlement_id as id, b.number, b.total, b.payable, app.bill_state(b) as state),
  l as (insert into app.slips (subscription, payment_id, year, settlement_id, revision, amount)
    select $10, x."paymentId", $11, $1, 1, x.amount from jsonb_to_recordset($5::jsonb->'payments') as x("paymentId" text, amount bigint)),
  s as (update app.settlements set revision = 1, status = 'announced', announced_at = now.at, account = $12, warnings = $13,
      elapsed_ms = floor(extract(epoch from now.at - received_at) * 1000)::bigint, within_target = now.at - received_at <= $14::bigint * interval '1 millisecond'
    from (select clock_timestamp() as at) as now where id = $1
    returning id, status, announced_at, elapsed_ms, within_target, late_entry, app.finding_codes(warnings) as warnings),
  ${writeSteps(15, 0)},
  p as (insert into app.postings as p (posting, settlement_id, kind, revision, cycle, due_on, amount, detail, status, objection_ends_at)
    select x.posting, $1, x.kind, 1, x.cycle, x."dueOn", x.amount, x.detail, x.status, x."objectionEndsAt"
    from jsonb_to_recordset($16::jsonb) as x(posting text, kind text, cycle text, "dueOn" text, amount bigint, detail jsonb, status text, "objectionEndsAt" timestamptz)
    returning p.posting, app.posting_made(p) as state),
  ${appendAll([
    {
      from: 'b',
      settlement: 'id',
      kind: `'issued'`,
      key: `'1'`,
      at: '$4::timestamptz',
      data: `jsonb_build_object('number', number, 'total', total, 'payable', payable)`,
      changed: `jsonb_build_object('settlement', jsonb_build_object('revision', 1), 'bills', jsonb_build_object(1, state))`,
    },
    {
      from: 's',
      settlement: 'id',
      kind: `'announced'`,
      key: '$2::text',
      at: 'announced_at',
      data: `jsonb_build_object('elapsedMs', elapsed_ms, 'withinTarget', within_target)`,
      changed: `jsonb_build_object('settlement', jsonb_build_object('status', status, 'announcedAt', app.instant(announced_at), 'elapsedMs', elapsed_ms,
        'withinTarget', within_target, 'warnings', warnings), 'steps', ${STEPS_WRITTEN})`,
    },
    {
      from: 's',
      settlement: 'id',
      kind: `'scheduled'`,
      key: '$2::text',
      changed: `jsonb_build_object('postings', ${byKey('p', 'posting', 'state')})`,
    },
  ])}
select announced_at, elapsed_ms, within_target, late_entry from s`;
