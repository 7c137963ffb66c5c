import type { Pool, PoolClient } from 'pg';
import {
  type Comparison,
  type Correction,
  type CorrectionCause,
  type CorrectionKind,
  type CorrectionStatus,
} from '../domain/correction/correction.js';
import { type EarlierPosting, replacements } from '../domain/correction/replacement.js';
import type { Debt } from '../domain/bill/debt.js';
import { type PostingEntry } from '../domain/outbox/posting.js';
import type { Rial } from '../domain/rial.js';
import type { LedgerPayment } from '../domain/settlement/account.js';
import type { Bill, Instant, Operator, Refund, Role, SettlementFacts } from '../domain/settlement/settlement.js';
import type { BillInputs } from '../domain/settlement/verification.js';
import { type NewEvent, append, byKey, texts } from './event-log.js';
import { inTransaction } from './pool.js';
import { type BillDraft, CORRECTION, REFUND, issueBill } from './settlements.js';

/** Corrected facts with what they were computed from and the debt they give. */
export interface Submission {
  facts: SettlementFacts;
  inputs: BillInputs;
  debt: Debt;
  comparison: Comparison;
}

export interface Report {
  kind: CorrectionKind;
  cause: CorrectionCause;
  description: string;
  /** the posting whose refusal by billing opens it */
  posting?: string | undefined;
  by: Pick<Operator, 'id' | 'name' | 'role'>;
  owner: { role: Role; user: string | null };
  at: Instant;
  dueAt: Instant;
}

export type CorrectionStore = ReturnType<typeof createCorrectionStore>;

/** Corrections, cancellations and refunds: every act once, whatever is repeated. */
export function createCorrectionStore(pool: Pool) {
  const all = async (client: Pick<Pool, 'query'>, id: string): Promise<Correction[]> => {
    const { rows } = await client.query<{ correction: Correction }>(
      `select ${CORRECTION} as correction from app.corrections c where settlement_id = $1 order by n`,
      [id],
    );
    return rows.map(({ correction }) => correction);
  };
  /** The event of a correction, from the CTE `c` of its row with its `state`. */
  const event = (kind: string, data: string, change: Partial<NewEvent> = {}): string =>
    `${append({
      from: 'c',
      settlement: 'settlement_id',
      kind: `'${kind}'`,
      key: `n || '/' || clock_timestamp()`,
      data: `jsonb_build_object('n', n) || ${data}::jsonb`,
      changed: `jsonb_build_object('corrections', ${byKey('c', 'n', 'state')})`,
      ...change,
    })} select from e`;
  const who = ({ id, name, role }: Pick<Operator, 'id' | 'name' | 'role'>): string => JSON.stringify({ id, name, role });

  return {
    of: (id: string): Promise<Correction[]> => all(pool, id),

    /** Each with what its tasks need: how often it was sent back, and in which role it was submitted. */
    async steps(id: string): Promise<(Correction & { round: number; submitter: Role | null })[]> {
      const { rows } = await pool.query<{ correction: Correction; error: Rial | null; round: number; submitter: Role | null }>(
        // what was paid since is no part of the error that somebody answers for
        `select ${CORRECTION} as correction, c.round, c.submitted_by->>'role' as submitter,
           (c.submission->'comparison'->>'difference')::bigint + coalesce((c.submission->'comparison'->>'received')::bigint, 0) as error from app.corrections c where settlement_id = $1 order by n`,
        [id],
      );
      return rows.map(({ correction, error, ...step }) => ({ ...correction, ...step, difference: error }));
    },

    async submission(id: string, n: number): Promise<Submission | null> {
      const { rows } = await pool.query<{ submission: Submission | null }>(
        'select submission from app.corrections where settlement_id = $1 and n = $2',
        [id, n],
      );
      return rows[0]?.submission ?? null;
    },

    /** The valid bill of a settlement with what it was computed from, and whether a late decree's difference was posted for it. */
    async standing(id: string): Promise<{ bill: Bill; inputs: BillInputs; decreed: boolean } | null> {
      const { rows } = await pool.query<{ bill: Bill; inputs: BillInputs; decreed: boolean }>(
        `select bill, inputs, exists (select from app.postings p where p.settlement_id = $1 and p.detail ? 'decree' and p.status not in ('replaced', 'cancelled')) as decreed
         from app.bills where settlement_id = $1 order by revision desc limit 1`,
        [id],
      );
      return rows[0] ?? null;
    },

    /** An error is reported as number `n`; it is referred at once, or waits behind the one before it. */
    async report(id: string, n: number, status: 'reported' | 'referred', report: Report): Promise<Correction[]> {
      const { kind, cause, description, posting, by, owner, at, dueAt } = report;
      await pool.query(
        `with c as (insert into app.corrections as c (settlement_id, n, kind, cause, description, status, owner_role, owner_user, reported_by, reported_at, due_at, posting)
           values ($1, $2, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) on conflict do nothing
           returning c.settlement_id, c.n, app.correction_made(c) as state),
         ${event('errorReported', '$3', { key: 'n::text', person: texts({ description: '$4::text' }) })}`,
        [
          id,
          n,
          JSON.stringify({ kind, cause, by: by.id }),
          description,
          kind,
          cause,
          description,
          status,
          owner.role,
          owner.user,
          who(by),
          at,
          dueAt,
          posting ?? null,
        ],
      );
      return all(pool, id);
    },

    async refer(id: string, n: number, dueAt: Instant): Promise<Correction[]> {
      await pool.query(
        `with c as (update app.corrections c set status = 'referred', due_at = $3 where settlement_id = $1 and n = $2 and status = 'reported'
           returning c.settlement_id, c.n, app.correction_state(c) as state),
         ${event('correctionReferred', `'{}'`)}`,
        [id, n, dueAt],
      );
      return all(pool, id);
    },

    async submit(id: string, n: number, submission: Submission, by: Operator): Promise<Correction[]> {
      await pool.query(
        `with c as (update app.corrections c set status = 'submitted', submitted_by = $4, submitted_at = clock_timestamp(), submission = $5,
             verified_by = null, verified_at = null
           where settlement_id = $1 and n = $2 and status in ('referred', 'rejected') returning c.settlement_id, c.n, c.submitted_at, app.correction_state(c) as state),
         ${event('correctionSubmitted', '$3', { at: 'submitted_at' })}`,
        [id, n, JSON.stringify({ by: by.id, difference: submission.comparison.difference }), who(by), JSON.stringify(submission)],
      );
      return all(pool, id);
    },

    /** Verified, rejected or withdrawn, by whom and with what note. */
    async decide(
      id: string,
      n: number,
      decision: Extract<CorrectionStatus, 'verified' | 'rejected' | 'withdrawn'>,
      by: Operator,
      note: string | null,
    ): Promise<Correction[]> {
      const from = {
        withdrawn: ['reported', 'referred', 'rejected', 'submitted', 'verified'],
        rejected: ['submitted', 'verified'],
        verified: ['submitted'],
      }[decision];
      await pool.query(
        `with c as (update app.corrections c set status = $4, note = coalesce($6, note), round = round + case when $4 = 'rejected' then 1 else 0 end,
             verified_by = case when $4 = 'verified' then $5::jsonb else verified_by end, verified_at = case when $4 = 'verified' then clock_timestamp() else verified_at end,
             ended_at = case when $4 = 'withdrawn' then clock_timestamp() end
           where settlement_id = $1 and n = $2 and status = any($7) returning c.settlement_id, c.n, app.correction_state(c) as state),
         ${event(`correction${decision.charAt(0).toUpperCase()}${decision.slice(1)}`, '$3', { person: texts({ note: '$6::text' }) })}`,
        [id, n, JSON.stringify({ by: by.id }), decision, who(by), note, from],
      );
      return all(pool, id);
    },

    /**
     * The next revision: bill, corrected facts and postings in one transaction. What billing does not hold yet is replaced,
     * what it holds is followed by the difference. A second attempt reads back the first one's bill.
     */
    reissue(
      {
        id,
        n,
        approvedBy,
        draft,
        facts,
        entries,
      }: {
        id: string;
        n: number;
        approvedBy: Operator | null;
        draft: BillDraft;
        facts: SettlementFacts;
        entries: (bill: Bill) => PostingEntry[];
      },
      runId: string,
    ): Promise<{ bill: Bill; corrections: Correction[] }> {
      return inTransaction(pool, async (client) => {
        const bill = await issueBill(client, draft, runId, []);
        const { rowCount } = await client.query(
          `update app.corrections set status = 'issued', revision = $3, ended_at = clock_timestamp(), approved_by = $4,
             approved_at = case when $4::jsonb is null then null else clock_timestamp() end
           where settlement_id = $1 and n = $2 and status = 'verified'`,
          [id, n, bill.revision, approvedBy && who(approvedBy)],
        );
        if (rowCount) {
          await client.query('update app.settlements set facts = $2, settlement_date = $3 where id = $1', [
            id,
            JSON.stringify(facts),
            facts.settlementDate,
          ]);
          const postings = await replacePostings(client, id, bill, entries(bill));
          await client.query(
            `with c as (select c.settlement_id, c.n, app.correction_state(c) as state from app.corrections c where settlement_id = $1 and n = $2),
             ${event('corrected', '$3', {
               key: 'n::text',
               changed: `jsonb_build_object('corrections', ${byKey('c', 'n', 'state')}, 'postings', $4::jsonb,
                 'settlement', app.facts_state($5::jsonb) || jsonb_build_object('settlementDate', $5::jsonb->'settlementDate'))`,
             })}`,
            [
              id,
              n,
              JSON.stringify({ revision: bill.revision, number: bill.number, by: approvedBy?.id }),
              JSON.stringify(postings),
              JSON.stringify(facts),
            ],
          );
        }
        return { bill, corrections: await all(client, id) };
      });
    },

    /**
     * Everything as if it had not been issued; the number stays used. False when billing holds a posting already:
     * then a correction is the way.
     */
    cancel(id: string, reason: string, by: Operator, at: Instant): Promise<boolean> {
      return inTransaction(pool, async (client) => {
        await client.query('select from app.settlements where id = $1 for update', [id]);
        if ((await lockPostings(client, id)).some(({ held }) => held)) return false;
        await client.query(
          `with s as (update app.settlements set status = 'cancelled', cancellation = $2 where id = $1 and status in ('announced', 'delivered', 'handedOver') returning id),
           b as (update app.bills set void = true where settlement_id in (select id from s) and not void returning revision),
           p as (update app.postings p set status = 'cancelled', batch = null where settlement_id in (select id from s) and status <> 'replaced'
             returning p.posting, app.posting_state(p) as state),
           c as (update app.corrections c set status = 'withdrawn', ended_at = clock_timestamp(), note = 'cancelled'
             where settlement_id in (select id from s) and status not in ('withdrawn', 'issued') returning c.n, app.correction_state(c) as state),
           ${append({
             from: 's',
             settlement: 'id',
             kind: `'cancelled'`,
             key: `'1'`,
             at: '$3',
             data: `$2::jsonb - 'reason'`,
             changed: `jsonb_build_object('settlement', jsonb_build_object('status', 'cancelled', 'cancellation', $2::jsonb - 'reason'),
               'bills', ${byKey('b', 'revision', `'{"void": true}'::jsonb`)}, 'postings', ${byKey('p', 'posting', 'state')}, 'corrections', ${byKey('c', 'n', 'state')})`,
             person: texts({ reason: `$2::jsonb->'reason'` }),
           })}
           select from e`,
          [id, JSON.stringify({ by: by.id, reason, at }), at],
        );
        return true;
      });
    },

    /** Refused postings whose correction has ended without replacing them wait again. */
    async release(id: string): Promise<void> {
      await pool.query(
        `with p as (update app.postings p set status = 'waiting', reason = null, batch = null where settlement_id = $1 and status = 'refused'
           returning p.posting, app.posting_state(p) as state),
         ${append({
           from: 'p having count(*) > 0',
           settlement: '$1',
           kind: `'postingsReleased'`,
           key: 'clock_timestamp()::text',
           data: `jsonb_build_object('postings', jsonb_agg(posting order by posting))`,
           changed: `jsonb_build_object('postings', jsonb_object_agg(posting, state))`,
         })}
         select from e`,
        [id],
      );
    },

    /** A supervisor asks to pay a credit back. The first request stands, unless a correction has changed the credit since. */
    async requestRefund(id: string, amount: Rial, reason: string, by: Operator): Promise<Refund> {
      await pool.query(
        `with r as (insert into app.refunds as r (settlement_id, amount, reason, requested_by) values ($1, $2, $3, $4)
           on conflict (settlement_id) do update set amount = excluded.amount, reason = excluded.reason, requested_by = excluded.requested_by, requested_at = clock_timestamp()
             where r.confirmed_at is null and r.amount <> excluded.amount
           returning r.settlement_id, r.amount, app.refund_state(r) as state),
         ${append({
           from: 'r',
           settlement: 'settlement_id',
           kind: `'refundRequested'`,
           key: 'clock_timestamp()::text',
           data: `jsonb_build_object('amount', amount, 'by', $4::jsonb->'id')`,
           changed: `jsonb_build_object('refund', state)`,
           person: texts({ reason: '$3::text' }),
         })}
         select from e`,
        [id, amount, reason, who(by)],
      );
      return (await refund(pool, id)) as Refund;
    },

    refund: (id: string): Promise<Refund | null> => refund(pool, id),

    /** Confirmed by another person: the debt rises by what is paid back, as a posting of its own. */
    confirmRefund(id: string, by: Operator, entry: PostingEntry): Promise<Refund | null> {
      return inTransaction(pool, async (client) => {
        await client.query('select from app.settlements where id = $1 for update', [id]);
        const { rowCount } = await client.query(
          `update app.refunds set confirmed_by = $2, confirmed_at = clock_timestamp()
           where settlement_id = $1 and confirmed_at is null and amount = $3 and requested_by->>'id' <> $2::jsonb->>'id'`,
          [id, who(by), entry.amount],
        );
        if (rowCount) {
          const posting = await insertPosting(client, id, 0, entry);
          await client.query(
            `with r as (select r.settlement_id, r.amount, app.refund_state(r) as state from app.refunds r where settlement_id = $1),
             ${append({
               from: 'r',
               settlement: 'settlement_id',
               kind: `'refunded'`,
               key: `'1'`,
               data: `jsonb_build_object('amount', amount, 'by', $2::text)`,
               changed: `jsonb_build_object('refund', state, 'postings', $3::jsonb)`,
             })}
             select from e`,
            [id, by.id, JSON.stringify(posting)],
          );
        }
        return refund(client, id);
      });
    },
  };
}

async function refund(client: Pick<Pool, 'query'>, id: string): Promise<Refund | null> {
  const { rows } = await client.query<{ refund: Refund }>(`select ${REFUND} as refund from app.refunds r where settlement_id = $1`, [id]);
  return rows[0]?.refund ?? null;
}

/** Answers the state of the postings that it changed or added, as the log records it. */
async function replacePostings(client: PoolClient, id: string, bill: Bill, entries: readonly PostingEntry[]): Promise<PostingStates> {
  const { rows: counted } = await client.query<{ revision: number; payments: LedgerPayment[] | null }>(
    `select revision, inputs->'snapshot'->'payments' as payments from app.bills where settlement_id = $1`,
    [id],
  );
  const payments = new Map(counted.map((each) => [each.revision, each.payments ?? []]));
  const { replaced, added } = replacements(id, bill, entries, await lockPostings(client, id), payments);
  const { rows: changed } = await client.query<{ posting: string; state: unknown }>(
    `update app.postings p set status = 'replaced', batch = null where posting = any($1) returning p.posting, app.posting_state(p) as state`,
    [replaced],
  );
  const states: PostingStates = Object.fromEntries(changed.map(({ posting, state }) => [posting, state]));
  for (const entry of added) Object.assign(states, await insertPosting(client, id, bill.revision, entry));
  return states;
}

/** In the order in which a batch locks them: whether billing holds one does not change until the transaction ends. */
async function lockPostings(client: PoolClient, id: string): Promise<EarlierPosting[]> {
  const { rows } = await client.query<EarlierPosting>(
    `select p.posting, p.kind, p.revision, p.amount, p.detail, p.held from app.postings p
     where p.settlement_id = $1 and p.status not in ('replaced', 'cancelled') order by p.posting for update`,
    [id],
  );
  return rows;
}

type PostingStates = Record<string, unknown>;

async function insertPosting(client: PoolClient, id: string, revision: number, entry: PostingEntry): Promise<PostingStates> {
  const { rows } = await client.query<{ state: unknown }>(
    `insert into app.postings as p (posting, settlement_id, kind, revision, cycle, due_on, amount, detail, status, objection_ends_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, 'waiting', $9) on conflict do nothing returning app.posting_made(p) as state`,
    [entry.posting, id, entry.kind, revision, entry.cycle, entry.dueOn, entry.amount, JSON.stringify(entry.detail), entry.objectionEndsAt],
  );
  return Object.fromEntries(rows.map(({ state }) => [entry.posting, state]));
}
