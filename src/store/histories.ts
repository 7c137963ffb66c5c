import type { Pool } from 'pg';
import type { Instant } from '../domain/settlement/settlement.js';

/** One ended run of a workflow. */
export interface EndedRun {
  runId: string;
  workflowId: string;
  /** null: the workflow's id names no single settlement */
  settlement: string | null;
  type: string;
  /** as Temporal calls it: COMPLETED, FAILED, … */
  status: string;
  startedAt: Instant;
  closedAt: Instant;
}

export interface KeptRun extends EndedRun {
  events: number;
  keyIds: string[];
  /** Temporal's JSON, gzip, payloads encrypted; null when it was erased with a person's data */
  history: Buffer | null;
}

export type HistoryStore = ReturnType<typeof createHistoryStore>;

const KEPT = `run_id as "runId", workflow_id as "workflowId", settlement_id as settlement, type, status, started_at as "startedAt", closed_at as "closedAt", events, key_ids as "keyIds", history`;

/** Histories of ended workflows, kept for good. */
export function createHistoryStore(pool: Pool) {
  return {
    /** Those of the runs that are not kept yet. */
    async missing(runIds: readonly string[]): Promise<Set<string>> {
      const { rows } = await pool.query<{ id: string }>(
        'select id from unnest($1::text[]) id where not exists (select from app.histories where run_id = id)',
        [runIds],
      );
      return new Set(rows.map(({ id }) => id));
    },

    /** Keeps a run; one that is kept stays as it is. What was erased meanwhile does not come back by its history. */
    async keep(run: KeptRun): Promise<void> {
      await pool.query(
        `insert into app.histories (run_id, workflow_id, settlement_id, type, status, started_at, closed_at, events, key_ids, history)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, case when not exists (select from app.erasures where $3 = any (settlements)) then $10::bytea end) on conflict do nothing`,
        [run.runId, run.workflowId, run.settlement, run.type, run.status, run.startedAt, run.closedAt, run.events, run.keyIds, run.history],
      );
    },

    /** Up to when everything that had ended is kept; null before the first export. */
    async exportedUntil(): Promise<Instant | null> {
      const { rows } = await pool.query<{ until: Instant | null }>('select max(until) as until from app.history_exports');
      return rows[0]?.until ?? null;
    },

    async exported(until: Instant): Promise<void> {
      await pool.query('insert into app.history_exports (until) values ($1) on conflict do nothing', [until]);
    },

    /** A run of the workflow, the latest when `runId` is null; null when none is kept. */
    async of(workflowId: string, runId: string | null): Promise<KeptRun | null> {
      const { rows } = await pool.query<KeptRun>(
        `select ${KEPT} from app.histories where workflow_id = $1 and ($2::text is null or run_id = $2) order by closed_at desc, run_id desc limit 1`,
        [workflowId, runId],
      );
      return rows[0] ?? null;
    },

    /** All runs that are kept, or those of one workflow, the earliest first; what was erased is left out. */
    async *each(workflowId: string | null, pageSize = 100): AsyncGenerator<KeptRun & { history: Buffer }> {
      let after: [Instant, string] = ['-infinity', ''];
      for (;;) {
        const { rows } = await pool.query<KeptRun & { history: Buffer }>(
          `select ${KEPT} from app.histories where (closed_at, run_id) > ($1::timestamptz, $2) and ($3::text is null or workflow_id = $3) and history is not null order by closed_at, run_id limit $4`,
          [...after, workflowId, pageSize],
        );
        yield* rows;
        const last = rows.at(-1);
        if (!last || rows.length < pageSize) return;
        after = [last.closedAt, last.runId];
      }
    },
  };
}
