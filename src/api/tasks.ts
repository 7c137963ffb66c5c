import type { z } from 'zod';
import type { Operator } from '../domain/settlement/settlement.js';
import { type Task, mayClose, seesTask, taskKind } from '../domain/settlement/task.js';
import { requireOffice } from './authentication.js';
import type { ApiDeps } from './deps.js';
import { Problem } from './problems.js';
import type { Call } from './route.js';
import type { assignmentRequest, closureRequest, manyAssignmentRequest, taskParams, tasksQuery, taskView } from './schemas.js';

/** GET /tasks: what waits, the most pressing first; closed ones the newest first. */
export async function listTasks({ res, operator, query }: Call<unknown, z.output<typeof tasksQuery>>, deps: ApiDeps) {
  if (query.office !== undefined) requireOffice(operator, query.office);
  const { mine = false, state = 'open', ...filter } = query;
  const { items, next } = await deps.tasks.list({ operator, mine, state, ...filter });
  res.json({ items: items.map((task) => viewTask(task, deps.now())), next });
}

/** POST /tasks/assignment: at a shift's end many at once, all or none. */
export async function assignTasks({ res, operator, body }: Call<unknown, unknown, z.output<typeof manyAssignmentRequest>>, deps: ApiDeps) {
  const result = await deps.tasks.assign([...new Set(body.tasks)], body.to, operator, body.reason ?? null);
  if ('faults' in result) {
    throw new Problem('INVALID_REQUEST', {
      errors: result.faults.map(({ at, fault }) =>
        fault === 'closed'
          ? { field: `tasks.${at}`, code: 'TASK_CLOSED', message: 'این وظیفه بسته شده است. آن را از فهرست بردارید.' }
          : { field: `tasks.${at}`, code: 'TASK_UNKNOWN', message: 'چنین وظیفه‌ای در ادارهٔ شما نیست. فهرست وظیفه‌ها را دوباره بخوانید.' },
      ),
    });
  }
  res.json({ tasks: result.tasks.map((task) => viewTask(task, deps.now())) });
}

/** POST /tasks/{id}/assignment: one; its due time stays. */
export async function assignTask(
  { res, operator, params: { id }, body }: Call<z.output<typeof taskParams>, unknown, z.output<typeof assignmentRequest>>,
  deps: ApiDeps,
) {
  await visibleTask(id, operator, deps);
  const result = await deps.tasks.assign([id], body.to, operator, body.reason ?? null);
  const task = 'tasks' in result ? result.tasks[0] : undefined;
  if (!task) throw new Problem('NOT_ALLOWED_NOW', { detail: 'این وظیفه بسته شده است و به کسی داده نمی‌شود.' });
  res.json(viewTask(task, deps.now()));
}

/** POST /tasks/{id}/closure: a person ends a task with a note; what the work itself ends cannot be ended so. */
export async function closeTask(
  { res, operator, params: { id }, body }: Call<z.output<typeof taskParams>, unknown, z.output<typeof closureRequest>>,
  deps: ApiDeps,
) {
  const task = await visibleTask(id, operator, deps);
  if (!mayClose(operator, task)) throw new Problem('FORBIDDEN');
  if (task.closedAt === null && taskKind(task.kind).endedBy === 'work') throw new Problem('TASK_ENDS_WITH_WORK');
  // a closed one too: its timer may not have heard of it
  const closed = await deps.tasks.close(id, { by: { id: operator.id, name: operator.name }, outcome: body.note });
  res.json(viewTask(closed ?? task, deps.now()));
}

/** Throws NOT_FOUND, also for what the operator does not see. */
async function visibleTask(id: string, operator: Operator, deps: ApiDeps): Promise<Task> {
  const task = await deps.tasks.get(id);
  if (task === null || !seesTask(operator, task)) throw new Problem('NOT_FOUND');
  return task;
}

function viewTask(task: Task, now: Date): z.input<typeof taskView> {
  const { title, endedBy } = taskKind(task.kind);
  return {
    id: task.id,
    kind: task.kind,
    title,
    endedBy,
    settlement: task.settlement,
    office: task.office,
    role: task.role,
    assignee: task.assignee,
    assignedBy: task.assignedBy?.name ?? null,
    assignedAt: task.assignedAt,
    since: task.since,
    dueAt: task.dueAt,
    overdue: task.closedAt === null && task.dueAt !== null && Date.parse(task.dueAt) <= now.getTime(),
    remindedAt: task.remindedAt,
    escalatedAt: task.escalatedAt,
    closedAt: task.closedAt,
    closedBy: task.closedBy?.name ?? null,
    outcome: task.outcome,
    detail: task.detail,
  };
}
