import type { Pool } from 'pg';
import type { Instant, Operator } from '../domain/settlement/settlement.js';
import { EVERY_OFFICE, type PersonAtWork, type Task, type TaskKind, kindsOf, seesTask } from '../domain/settlement/task.js';
import { append, texts } from './event-log.js';
import { inTransaction } from './pool.js';

export interface NewTask extends Pick<Task, 'id' | 'kind' | 'settlement' | 'office' | 'role' | 'detail'> {
  dueAt: Instant | null;
  /** absent or null: whoever of the role sees it first */
  assignee?: string | null;
}

export type TaskState = 'open' | 'overdue' | 'closed';

export interface TaskFilter {
  /** whose list it is: nothing outside what this operator sees (`seesTask`) */
  operator: Operator;
  /** only what was given to the operator, or waits for the operator's role and office and was given to nobody */
  mine: boolean;
  office?: string | undefined;
  kind?: TaskKind | undefined;
  /** the id of who has it */
  assignee?: string | undefined;
  state: TaskState;
  limit: number;
  cursor?: string | undefined;
}

/** Why a task cannot be given to somebody: `at` is its place in the list that was sent. */
export interface AssignmentFault {
  at: number;
  fault: 'unknown' | 'closed';
}

/** Tasks as people list them. Every write is idempotent: a task opens, goes to the supervisor and closes once. */
export interface TaskStore {
  /** Opens a task, or answers the one of this id as it stands, closed ones too. */
  open(task: NewTask): Promise<Task>;
  get(id: string): Promise<Task | null>;
  /** Everything that ever waited for somebody in a settlement. */
  ofSettlement(settlement: string): Promise<Task[]>;
  /** Open tasks of a kind. */
  openOf(kind: TaskKind): Promise<Task[]>;
  /** Open tasks that nobody has given a due time yet, the oldest first. */
  withoutDue(): Promise<Task[]>;
  /** The first due time stands. */
  setDue(id: string, dueAt: Instant): Promise<void>;
  /** What is known of an open task now. */
  renew(id: string, detail: Record<string, unknown>): Promise<void>;
  /** The first closing stands; null when there is no such task. `by` null: the work itself ended it. */
  close(id: string, end: { by: PersonAtWork | null; outcome: string }): Promise<Task | null>;
  /** Whoever has an open task is reminded of it, once; answers the task as it stands. */
  remind(id: string): Promise<Task | null>;
  /** An open task goes to the supervisor, away from whoever had it; answers the task as it stands. */
  escalate(id: string): Promise<Task | null>;
  /** Gives open tasks that `by` sees to a person (null: back to the role), all or none. The due times stay. */
  assign(
    ids: readonly string[],
    to: string | null,
    by: Operator,
    reason: string | null,
  ): Promise<{ tasks: Task[] } | { faults: AssignmentFault[] }>;
  /** Open ones by their due time, closed ones the newest first. */
  list(filter: TaskFilter): Promise<{ items: Task[]; next: string | null }>;
}

const COLUMNS = `id, kind, settlement_id as settlement, office, role, assignee, assigned_by as "assignedBy", assigned_at as "assignedAt", since,
  due_at as "dueAt", reminded_at as "remindedAt", escalated_at as "escalatedAt", closed_at as "closedAt", closed_by as "closedBy", outcome, detail`;

/** The event of a task `t` in its settlement's story; a task of no settlement has none. */
function event(kind: string, key: string, at: string, data: string, note?: Record<string, string>): string {
  const told = { from: 't where settlement_id is not null', settlement: 'settlement_id', kind: `'${kind}'`, key, at, data };
  return `, ${append(note ? { ...told, person: texts(note) } : told)} select from e`;
}

export function createTaskStore(pool: Pool): TaskStore {
  const get = async (id: string): Promise<Task | null> =>
    (await pool.query<Task>(`select ${COLUMNS} from app.tasks where id = $1`, [id])).rows[0] ?? null;

  return {
    get,

    async ofSettlement(settlement) {
      return (await pool.query<Task>(`select ${COLUMNS} from app.tasks where settlement_id = $1 order by id`, [settlement])).rows;
    },

    async open({ id, kind, settlement, office, role, assignee = null, dueAt, detail }) {
      await pool.query(
        `insert into app.tasks (id, kind, settlement_id, office, role, assignee, since, due_at, detail) values ($1, $2, $3, $4, $5, $6, clock_timestamp(), $7, $8) on conflict do nothing`,
        [id, kind, settlement, office, role, assignee, dueAt, JSON.stringify(detail)],
      );
      return (await get(id)) as Task;
    },

    async openOf(kind) {
      return (await pool.query<Task>(`select ${COLUMNS} from app.tasks where kind = $1 and closed_at is null order by id`, [kind])).rows;
    },

    async withoutDue() {
      return (await pool.query<Task>(`select ${COLUMNS} from app.tasks where due_at is null and closed_at is null order by since, id`))
        .rows;
    },

    async setDue(id, dueAt) {
      await pool.query('update app.tasks set due_at = $2 where id = $1 and due_at is null', [id, dueAt]);
    },

    async renew(id, detail) {
      await pool.query('update app.tasks set detail = detail || $2 where id = $1 and closed_at is null', [id, JSON.stringify(detail)]);
    },

    async close(id, { by, outcome }) {
      await pool.query(
        `with t as (update app.tasks set closed_at = clock_timestamp(), closed_by = $2::jsonb, outcome = $3 where id = $1 and closed_at is null returning *)
         ${event('taskClosed', 'id', 'closed_at', `jsonb_strip_nulls(jsonb_build_object('task', id, 'by', closed_by->'id'))`, { outcome: '$3::text' })}`,
        [id, by && JSON.stringify({ id: by.id, name: by.name }), outcome],
      );
      return get(id);
    },

    async remind(id) {
      await pool.query(
        `with t as (update app.tasks set reminded_at = clock_timestamp() where id = $1 and closed_at is null and reminded_at is null returning *)
         ${event('taskReminded', 'id', 'reminded_at', `jsonb_strip_nulls(jsonb_build_object('task', id, 'role', role, 'assignee', assignee))`)}`,
        [id],
      );
      return get(id);
    },

    async escalate(id) {
      await pool.query(
        `with t as (
           update app.tasks set escalated_at = clock_timestamp(), role = 'supervisor', assignee = null,
             detail = detail || jsonb_build_object('escalatedFrom', jsonb_build_object('role', role, 'assignee', assignee))
           where id = $1 and closed_at is null and escalated_at is null returning *)
         ${event('taskEscalated', 'id', 'escalated_at', `jsonb_build_object('task', id, 'from', detail->'escalatedFrom')`)}`,
        [id],
      );
      return get(id);
    },

    assign: (ids, to, by, reason) =>
      inTransaction(pool, async (client) => {
        const { rows } = await client.query<Task>(`select ${COLUMNS} from app.tasks where id = any($1) order by id for update`, [ids]);
        const tasks = new Map(rows.map((task) => [task.id, task]));
        const faults = ids.flatMap((id, at): AssignmentFault[] => {
          const task = tasks.get(id);
          if (!task || !seesTask(by, task)) return [{ at, fault: 'unknown' }];
          return task.closedAt === null ? [] : [{ at, fault: 'closed' }];
        });
        if (faults.length > 0) return { faults };
        await client.query(
          `with t as (update app.tasks set assignee = $2, assigned_by = $3, assigned_at = clock_timestamp() where id = any($1) and assignee is distinct from $2 returning *)
           ${event('taskAssigned', `id || '/' || assigned_at`, 'assigned_at', `jsonb_strip_nulls(jsonb_build_object('task', id, 'to', assignee, 'by', assigned_by->'id'))`, { reason: '$4::text' })}`,
          [ids, to, JSON.stringify({ id: by.id, name: by.name }), reason],
        );
        const { rows: now } = await client.query<Task>(
          `select ${COLUMNS} from app.tasks where id = any($1) order by coalesce(due_at, 'infinity'), id`,
          [ids],
        );
        return { tasks: now };
      }),

    async list({ operator, mine, office, kind, assignee, state, limit, cursor }) {
      const { id, role, office: own } = operator;
      const counter = role === 'clerk' || role === 'supervisor';
      const after = cursor ? readCursor(cursor) : null;
      const closed = state === 'closed';
      const place = closed ? 'closed_at' : `coalesce(due_at, 'infinity')`;
      const { rows } = await pool.query<Task & { place: string }>(
        `select ${COLUMNS}, case when ${place} = 'infinity' then 'infinity' else to_char(${place} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') end as place
         from app.tasks
         where closed_at is ${closed ? 'not null' : 'null'} and ($1 <> 'overdue' or due_at <= now())
           and ($2::text is null or office in ($2, '${EVERY_OFFICE}') or assignee = $4) and ($3::text[] is null or kind = any($3) or role = 'billing' or assignee = $4)
           and (not $5 or assignee = $4 or (assignee is null and role = $6))
           and ($7::text is null or office = $7) and ($8::text is null or kind = $8) and ($12::text is null or assignee = $12)
           and ($9::timestamptz is null or (${place}, id) ${closed ? '<' : '>'} ($9, $10))
         order by ${place} ${closed ? 'desc' : ''}, id ${closed ? 'desc' : ''} limit $11`,
        [
          state,
          counter ? own : null,
          role === 'billing' ? kindsOf('billing') : null,
          id,
          mine,
          role,
          office ?? null,
          kind ?? null,
          after?.place ?? null,
          after?.id ?? null,
          limit + 1,
          assignee ?? null,
        ],
      );
      const last = rows[limit - 1];
      return {
        items: rows.slice(0, limit).map(({ place: _, ...task }) => task),
        next: rows.length > limit && last ? Buffer.from(`${last.place} ${last.id}`).toString('base64url') : null,
      };
    },
  };
}

/** A cursor that is none of ours lists from the beginning. */
function readCursor(cursor: string): { place: string; id: string } | null {
  const [, place, id] =
    /^(infinity|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z) ([^\s\p{Cc}]+)$/u.exec(Buffer.from(cursor, 'base64url').toString()) ?? [];
  return place && id && (place === 'infinity' || !Number.isNaN(Date.parse(place))) ? { place, id } : null;
}
