import type { Pool } from 'pg';
import {
  ACT_TEXTS,
  type Act,
  type ActionScope,
  type ActionStatus,
  type CorrectiveAction,
  type ErrorCount,
  type PersonInRole,
} from '../domain/correction/corrective-action.js';
import { addDays, monthDays, startOfDayInTehran } from '../domain/calendar/jalali.js';
import type { Instant } from '../domain/settlement/settlement.js';
import { EVERY_OFFICE } from '../domain/settlement/task.js';
import { inTransaction } from './pool.js';

/** How one comes to be: by so many errors, or by a person who says why. */
export type NewAction = Pick<CorrectiveAction, 'scope' | 'subject' | 'office' | 'month' | 'openedAt'> &
  (
    | { errors: number; threshold: number; openedBy: null; reason: null }
    | { errors: null; threshold: null; openedBy: PersonInRole; reason: string }
  );

export interface ActionFilter {
  /** a supervisor's office, which sees the company's too; null: all */
  scope: string | null;
  office?: string | undefined;
  status?: ActionStatus | undefined;
  kind?: ActionScope | undefined;
  month?: string | undefined;
  limit: number;
  /** the number of the last one seen */
  before?: number | undefined;
}

export type CorrectiveActionStore = ReturnType<typeof createCorrectiveActionStore>;

const COLUMNS = `n, scope, subject, office, month, opened_at as "openedAt", errors, threshold, opened_by as "openedBy", reason, status, version,
  story->'meeting' as meeting, story->'actions' as actions, story->'closure' as closure`;

/** Corrective actions: opened once for what repeats, changed once by each act. */
export function createCorrectiveActionStore(pool: Pool) {
  const get = async (n: number, client: Pick<Pool, 'query'> = pool, lock = ''): Promise<CorrectiveAction | null> =>
    (await client.query<CorrectiveAction>(`select ${COLUMNS} from app.corrective_actions where n = $1 ${lock}`, [n])).rows[0] ?? null;

  return {
    get: (n: number): Promise<CorrectiveAction | null> => get(n),

    /** The errors of a correction's month that share its settlement, clerk, cause or office; withdrawn ones were none. A clerk answers for the clerk's own. */
    async errorsLike(id: string, correction: number, month: string): Promise<ErrorCount[]> {
      const { rows } = await pool.query<ErrorCount>(
        `with it as (select c.settlement_id, c.cause, s.clerk, s.office from app.corrections c join app.settlements s on s.id = c.settlement_id where c.settlement_id = $1 and c.n = $2),
           m as (select c.settlement_id, c.cause, s.clerk, s.office from app.corrections c join app.settlements s on s.id = c.settlement_id
             where c.reported_at >= $3 and c.reported_at < $4 and c.status <> 'withdrawn')
         select v.scope, v.subject, v.office, count(*)::integer as errors
         from it cross join lateral (values ('settlement', it.settlement_id, it.office), ('clerk', it.clerk, it.office), ('cause', it.cause, '${EVERY_OFFICE}'), ('office', it.office, it.office)) v(scope, subject, office)
         join m on case v.scope when 'settlement' then m.settlement_id = v.subject when 'clerk' then m.clerk = v.subject and m.cause = 'clerk' and it.cause = 'clerk'
           when 'cause' then m.cause = v.subject else m.office = v.subject end
         group by v.scope, v.subject, v.office order by v.scope`,
        [id, correction, ...monthSpan(month)],
      );
      return rows;
    },

    /** Opens one, or answers the one that stands for the same; `opened` says which. */
    async open({
      scope,
      subject,
      office,
      month,
      openedAt,
      errors,
      threshold,
      openedBy,
      reason,
    }: NewAction): Promise<{ action: CorrectiveAction; opened: boolean }> {
      const same = [scope, subject, month, reason];
      const standing = async () =>
        (
          await pool.query<CorrectiveAction>(
            `select ${COLUMNS} from app.corrective_actions where (scope, subject, month) = ($1, $2, $3) and reason is not distinct from $4`,
            same,
          )
        ).rows[0];
      const first = await standing();
      if (first) return { action: first, opened: false };
      const { rows } = await pool.query<CorrectiveAction>(
        `insert into app.corrective_actions (scope, subject, month, reason, office, opened_at, errors, threshold, opened_by) values ($1, $2, $3, $4, $5, $6, $7, $8, $9) on conflict do nothing returning ${COLUMNS}`,
        [...same, office, openedAt, errors, threshold, openedBy && JSON.stringify(openedBy)],
      );
      const [action] = rows;
      return action ? { action, opened: true } : { action: (await standing()) as CorrectiveAction, opened: false };
    },

    /** Those whose workflow is not known to run. */
    async unstarted(): Promise<CorrectiveAction[]> {
      return (await pool.query<CorrectiveAction>(`select ${COLUMNS} from app.corrective_actions where started_at is null order by n`)).rows;
    },

    async started(n: number): Promise<void> {
      await pool.query('update app.corrective_actions set started_at = clock_timestamp() where n = $1 and started_at is null', [n]);
    },

    /** One act after the version it was decided on; a second attempt reads back what the first one made of it. */
    record(
      n: number,
      version: number,
      act: Act,
      by: PersonInRole,
      at: Instant,
      next: (action: CorrectiveAction) => CorrectiveAction,
    ): Promise<CorrectiveAction> {
      return inTransaction(pool, async (client) => {
        const action = await get(n, client, 'for update');
        if (!action) throw new Error(`no corrective action ${n}`);
        if (action.version > version) return action;
        if (action.version < version) throw new Error(`corrective action ${n} is at ${action.version}, not ${version}`);
        const { status, meeting, actions, closure } = next(action);
        await client.query(
          `with a as (insert into app.corrective_action_events (n, version, act, by, at) values ($1, $2, $3::jsonb - $6::text[], $4, $5) returning n, version),
           t as (select jsonb_object_agg(key, value) as data from jsonb_each($3::jsonb) where key = any($6))
           insert into app.corrective_action_texts (n, version, data) select a.n, a.version, t.data from a, t where t.data is not null`,
          [n, version + 1, JSON.stringify(act), JSON.stringify(by), at, ACT_TEXTS],
        );
        await client.query(
          `update app.corrective_actions set status = $2, version = $3, story = $4, closed_at = case when $2 = 'closed' then $5::timestamptz end where n = $1`,
          [n, status, version + 1, JSON.stringify({ meeting, actions, closure }), at],
        );
        return (await get(n, client)) as CorrectiveAction;
      });
    },

    /** Errors of its scope reported at or after an instant: what its effect is judged by. */
    async errorsSince({ scope, subject }: Pick<CorrectiveAction, 'scope' | 'subject'>, since: Instant): Promise<number | null> {
      if (scope === 'other') return null;
      const of = {
        settlement: 'c.settlement_id = $1',
        clerk: `s.clerk = $1 and c.cause = 'clerk'`,
        cause: 'c.cause = $1',
        office: 's.office = $1',
      }[scope];
      const { rows } = await pool.query<{ errors: number }>(
        `select count(*)::integer as errors from app.corrections c join app.settlements s on s.id = c.settlement_id where ${of} and c.reported_at >= $2 and c.status <> 'withdrawn'`,
        [subject, since],
      );
      return rows[0]?.errors ?? 0;
    },

    /** The newest first. */
    async list({
      scope,
      office,
      status,
      kind,
      month,
      limit,
      before,
    }: ActionFilter): Promise<{ items: CorrectiveAction[]; next: number | null }> {
      const { rows } = await pool.query<CorrectiveAction>(
        `select ${COLUMNS} from app.corrective_actions
         where ($1::text is null or office in ($1, '${EVERY_OFFICE}')) and ($2::text is null or office = $2) and ($3::text is null or status = $3)
           and ($4::text is null or scope = $4) and ($5::text is null or month = $5) and ($6::integer is null or n < $6)
         order by n desc limit $7`,
        [scope, office ?? null, status ?? null, kind ?? null, month ?? null, before ?? null, limit + 1],
      );
      const items = rows.slice(0, limit);
      return { items, next: rows.length > limit ? (items.at(-1)?.n ?? null) : null };
    },
  };
}

/** First instant of a Jalali month `yyyy/mm`, and of the next one. */
function monthSpan(month: string): [Instant, Instant] {
  const { from, to } = monthDays(month);
  return [startOfDayInTehran(from), startOfDayInTehran(addDays(to, 1))];
}
