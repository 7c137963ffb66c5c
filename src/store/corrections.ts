import type { Pool, PoolClient } from 'pg';
import { type Comparison, type Correction, type CorrectionCause, type CorrectionKind, type CorrectionStatus, sumsByCode, subtractSums } from '../domain/correction.js';
import type { Debt, LineCode } from '../domain/debt.js';
import { type PostingEntry } from '../domain/posting.js';
import { type Rial, sumRial } from '../domain/rial.js';
import type { Bill, Instant, Operator, Role, SettlementFacts } from '../domain/settlement.js';
import type { BillInputs } from '../domain/verification.js';
import { inTransaction } from './pool.js';
import { type BillDraft, CORRECTION, issueBill } from './settlements.js';

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
  by: Pick<Operator, 'id' | 'name' | 'role'>;
  owner: { role: Role; user: string | null };
  at: Instant;
  dueAt: Instant;
}

export type CorrectionStore = ReturnType<typeof createCorrectionStore>;

/** Corrections, cancellations and refunds: every act once, whatever is repeated. */
export function createCorrectionStore(pool: Pool) {
  const all = async (client: Pick<Pool, 'query'>, id: string): Promise<Correction[]> => {
    const { rows } = await client.query<{ correction: Correction }>(`select ${CORRECTION} as correction from app.corrections c where settlement_id = $1 order by n`, [id]);
    return rows.map(({ correction }) => correction);
  };
  const event = (kind: string): string =>
    `insert into app.events (settlement_id, kind, key, at, data) select settlement_id, '${kind}', n::text || $3::text, clock_timestamp(), $4::jsonb from c on conflict do nothing`;
  const who = ({ id, name, role }: Pick<Operator, 'id' | 'name' | 'role'>): string => JSON.stringify({ id, name, role });

  return {
    of: (id: string): Promise<Correction[]> => all(pool, id),

    /** Each with what its tasks need: how often it was sent back, and in which role it was submitted. */
    async steps(id: string): Promise<(Correction & { round: number; submitter: Role | null })[]> {
      const { rows } = await pool.query<{ correction: Correction; round: number; submitter: Role | null }>(
        `select ${CORRECTION} as correction, c.round, c.submitted_by->>'role' as submitter from app.corrections c where settlement_id = $1 order by n`,
        [id],
      );
      return rows.map(({ correction, ...step }) => ({ ...correction, ...step }));
    },

    async submission(id: string, n: number): Promise<Submission | null> {
      const { rows } = await pool.query<{ submission: Submission | null }>('select submission from app.corrections where settlement_id = $1 and n = $2', [id, n]);
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
      const { kind, cause, description, by, owner, at, dueAt } = report;
      await pool.query(
        `with c as (insert into app.corrections (settlement_id, n, kind, cause, description, status, owner_role, owner_user, reported_by, reported_at, due_at)
           values ($1, $2, $5, $6, $7, $8, $9, $10, $11, $12, $13) on conflict do nothing returning settlement_id, n)
         ${event('errorReported')}`,
        [id, n, '', JSON.stringify({ kind, cause, by: by.id }), kind, cause, description, status, owner.role, owner.user, who(by), at, dueAt],
      );
      return all(pool, id);
    },

    async refer(id: string, n: number, dueAt: Instant): Promise<Correction[]> {
      await pool.query(`update app.corrections set status = 'referred', due_at = $3 where settlement_id = $1 and n = $2 and status = 'reported'`, [id, n, dueAt]);
      return all(pool, id);
    },

    async submit(id: string, n: number, submission: Submission, by: Operator): Promise<Correction[]> {
      await pool.query(
        `with c as (update app.corrections set status = 'submitted', submitted_by = $5, submitted_at = clock_timestamp(), submission = $6,
             verified_by = null, verified_at = null
           where settlement_id = $1 and n = $2 and status in ('referred', 'rejected') returning settlement_id, n, submitted_at)
         insert into app.events (settlement_id, kind, key, at, data) select settlement_id, 'correctionSubmitted', n::text || $3 || submitted_at::text, submitted_at, $4::jsonb from c`,
        [id, n, '/', JSON.stringify({ by: by.id, difference: submission.comparison.difference }), who(by), JSON.stringify(submission)],
      );
      return all(pool, id);
    },

    /** Verified, rejected or withdrawn, by whom and with what note. */
    async decide(id: string, n: number, decision: Extract<CorrectionStatus, 'verified' | 'rejected' | 'withdrawn'>, by: Operator, note: string | null): Promise<Correction[]> {
      const from = { withdrawn: ['reported', 'referred', 'rejected', 'submitted', 'verified'], rejected: ['submitted', 'verified'], verified: ['submitted'] }[decision];
      await pool.query(
        `with c as (update app.corrections set status = $5, note = coalesce($7, note), round = round + case when $5 = 'rejected' then 1 else 0 end,
             verified_by = case when $5 = 'verified' then $6::jsonb else verified_by end, verified_at = case when $5 = 'verified' then clock_timestamp() else verified_at end,
             ended_at = case when $5 = 'withdrawn' then clock_timestamp() end
           where settlement_id = $1 and n = $2 and status = any($8) returning settlement_id, n)
         insert into app.events (settlement_id, kind, key, at, data)
           select settlement_id, 'correction' || initcap($5), n::text || $3 || clock_timestamp()::text, clock_timestamp(), $4::jsonb from c`,
        [id, n, '/', JSON.stringify({ by: by.id, note }), decision, who(by), note, from],
      );
      return all(pool, id);
    },

    /**
     * The next revision: bill, corrected facts and postings in one transaction. What billing does not hold yet is replaced,
     * what it holds is followed by the difference. A second attempt reads back the first one's bill.
     */
    reissue(
      { id, n, approvedBy, draft, facts, entries }: { id: string; n: number; approvedBy: Operator | null; draft: BillDraft; facts: SettlementFacts; entries: (bill: Bill) => PostingEntry[] },
      runId: string,
    ): Promise<{ bill: Bill; corrections: Correction[] }> {
      return inTransaction(pool, async (client) => {
        const bill = await issueBill(client, draft, runId, []);
        const { rowCount } = await client.query(
          `with c as (update app.corrections set status = 'issued', revision = $5, ended_at = clock_timestamp(), approved_by = $6,
               approved_at = case when $6::jsonb is null then null else clock_timestamp() end
             where settlement_id = $1 and n = $2 and status = 'verified' returning settlement_id, n)
           ${event('corrected')}`,
          [id, n, '', JSON.stringify({ revision: bill.revision, number: bill.number }), bill.revision, approvedBy && who(approvedBy)],
        );
        if (rowCount) {
          await client.query('update app.settlements set facts = $2, settlement_date = $3 where id = $1', [id, JSON.stringify(facts), facts.settlementDate]);
          await replacePostings(client, id, bill, entries(bill));
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
        const { rows: held } = await client.query(`select from app.postings p where p.settlement_id = $1 and ${HELD} limit 1`, [id]);
        if (held.length > 0) return false;
        await client.query(
          `with s as (update app.settlements set status = 'cancelled', cancellation = $2 where id = $1 and status in ('announced', 'delivered', 'handedOver') returning id),
           b as (update app.bills set void = true where settlement_id in (select id from s)),
           p as (update app.postings set status = 'cancelled', batch = null where settlement_id in (select id from s) and status <> 'replaced'),
           c as (update app.corrections set status = 'withdrawn', ended_at = clock_timestamp(), note = 'cancelled' where settlement_id in (select id from s) and status not in ('withdrawn', 'issued'))
           insert into app.events (settlement_id, kind, key, at, data) select id, 'cancelled', '1', $3, $2::jsonb from s on conflict do nothing`,
          [id, JSON.stringify({ by: by.id, reason, at }), at],
        );
        return true;
      });
    },

    /** Refused postings whose correction has ended without replacing them wait again. */
    async release(id: string): Promise<void> {
      await pool.query(`update app.postings set status = 'waiting', reason = null, batch = null where settlement_id = $1 and status = 'refused'`, [id]);
    },

    /** A supervisor asks to pay a credit back; the first request stands. */
    async requestRefund(id: string, amount: Rial, reason: string, by: Operator): Promise<void> {
      await pool.query('insert into app.refunds (settlement_id, amount, reason, requested_by) values ($1, $2, $3, $4) on conflict do nothing', [id, amount, reason, who(by)]);
    },

    async refund(id: string): Promise<Refund | null> {
      const { rows } = await pool.query<Refund>(
        `select amount, reason, requested_by as "requestedBy", requested_at as "requestedAt", confirmed_by as "confirmedBy", confirmed_at as "confirmedAt"
         from app.refunds where settlement_id = $1`,
        [id],
      );
      return rows[0] ?? null;
    },

    /** Confirmed by another person: the debt rises by what is paid back, as a posting of its own. */
    confirmRefund(id: string, by: Operator, entry: PostingEntry): Promise<void> {
      return inTransaction(pool, async (client) => {
        await client.query('select from app.settlements where id = $1 for update', [id]);
        await client.query(
          `with r as (update app.refunds set confirmed_by = $2, confirmed_at = clock_timestamp()
             where settlement_id = $1 and confirmed_at is null and requested_by->>'id' <> $2::jsonb->>'id' returning settlement_id, amount)
           insert into app.events (settlement_id, kind, key, at, data)
             select settlement_id, 'refunded', '1', clock_timestamp(), jsonb_build_object('amount', amount, 'by', $2::jsonb->>'id') from r on conflict do nothing`,
          [id, who(by)],
        );
        const { rows } = await client.query('select from app.refunds where settlement_id = $1 and confirmed_at is not null', [id]);
        if (rows.length > 0) await insertPosting(client, id, 0, entry);
      });
    },
  };
}

export interface Refund {
  amount: Rial;
  reason: string;
  requestedBy: { id: string; name: string };
  requestedAt: Instant;
  confirmedBy: { id: string; name: string } | null;
  confirmedAt: Instant | null;
}

/**
 * Whether billing holds the posting `p`: it took it, or may be working on the frozen batch that it is in, or was in when its
 * cycle closed without a word of billing. That word may come late, and counts, unless billing refuses.
 */
const HELD = `(p.status = 'taken' or (p.status = 'handedOver' and p.batch is not null)
  or (p.status in ('waiting', 'handedOver', 'late') and exists (
    select from app.events l where l.settlement_id = p.settlement_id and l.kind = 'late' and l.data->>'posting' = p.posting and l.data->>'batch' is not null
      and not exists (select from app.events r where r.settlement_id = p.settlement_id and r.kind = 'refused' and r.data->>'posting' = p.posting and r.seq > l.seq
        and not exists (select from app.events t where t.settlement_id = p.settlement_id and t.kind = 'retracted' and t.data->>'posting' = p.posting and t.seq > r.seq)))))`;

interface Held {
  posting: string;
  kind: PostingEntry['kind'];
  revision: number;
  amount: Rial;
  detail: { lines?: Partial<Record<LineCode, Rial>>; refund?: boolean; name?: string; nationalId?: string };
  held: boolean;
}

async function replacePostings(client: PoolClient, id: string, bill: Bill, entries: readonly PostingEntry[]): Promise<void> {
  const { rows } = await client.query<Held>(
    `select p.posting, p.kind, p.revision, p.amount, p.detail, ${HELD} as held from app.postings p where p.settlement_id = $1 and p.status not in ('replaced', 'cancelled') order by p.posting`,
    [id],
  );
  const amounts = rows.filter(({ kind, detail }) => kind === 'settlement' || (kind === 'difference' && !detail.refund));
  const held = amounts.filter((row) => row.held);
  const replaced: string[] = [];
  const added: PostingEntry[] = [];
  for (const entry of entries) {
    if (entry.kind === 'settlement') {
      replaced.push(...amounts.filter((row) => !row.held).map(({ posting }) => posting));
      const last = amounts.at(-1)?.posting;
      if (held.length === 0) {
        added.push({ ...entry, posting: `${id}/settlement/${bill.revision}`, detail: { ...entry.detail, replaces: last } });
        continue;
      }
      const before = held.reduce((sums, { detail }) => addSums(sums, detail.lines ?? {}), {} as Partial<Record<LineCode, Rial>>);
      const lines = subtractSums(sumsByCode(bill.lines), before);
      const amount = sumRial([bill.total, ...held.map((row) => -row.amount)]);
      // a new reading or date must reach billing also when no amount changes
      added.push({ ...entry, posting: `${id}/difference/${bill.revision}`, kind: 'difference', amount, detail: { ...entry.detail, lines, replaces: held.at(-1)?.posting } });
    } else if (entry.kind === 'nameChange') {
      const standing = rows.filter(({ kind }) => kind === 'nameChange').at(-1);
      if (standing && standing.detail.name === entry.detail['name'] && standing.detail.nationalId === entry.detail['nationalId']) continue;
      if (standing && !standing.held) replaced.push(standing.posting);
      added.push({ ...entry, posting: `${id}/nameChange/${bill.revision}`, detail: { ...entry.detail, ...(standing && { replaces: standing.posting }) } });
    }
    // the fee is for the issue, not for its correction: there is no second one
  }
  // a name change that is not asked for any more is taken out while it can be
  if (!entries.some(({ kind }) => kind === 'nameChange')) replaced.push(...rows.filter(({ kind, held: isHeld }) => kind === 'nameChange' && !isHeld).map(({ posting }) => posting));
  await client.query(`update app.postings set status = 'replaced', batch = null where posting = any($1)`, [replaced]);
  for (const entry of added) await insertPosting(client, id, bill.revision, entry);
}

function addSums(a: Partial<Record<LineCode, Rial>>, b: Partial<Record<LineCode, Rial>>): Partial<Record<LineCode, Rial>> {
  const negative = Object.fromEntries(Object.entries(b).map(([code, amount]) => [code, -amount]));
  return subtractSums(a, negative);
}

async function insertPosting(client: PoolClient, id: string, revision: number, entry: PostingEntry): Promise<void> {
  await client.query(
    `insert into app.postings (posting, settlement_id, kind, revision, cycle, due_on, amount, detail, status, objection_ends_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, 'waiting', $9) on conflict do nothing`,
    [entry.posting, id, entry.kind, revision, entry.cycle, entry.dueOn, entry.amount, JSON.stringify(entry.detail), entry.objectionEndsAt],
  );
}
