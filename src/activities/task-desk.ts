import { endOfDay } from '../domain/outbox/cycle.js';
import { todayInTehran } from '../domain/calendar/jalali.js';
import type { ServiceTerms } from '../domain/settlement/service-terms.js';
import type { Instant, Role } from '../domain/settlement/settlement.js';
import {
  type PersonAtWork,
  TASK_CLOSED,
  TASK_WORKFLOW,
  type Task,
  type TaskKind,
  type TaskTimer,
  dueOf,
  escalationOf,
  outlives,
  reminderOf,
  taskId,
  taskKind,
  taskWorkflowId,
} from '../domain/settlement/task.js';
import type { TariffStore } from '../store/tariffs.js';
import type { TaskStore } from '../store/tasks.js';
import type { Messenger } from './messenger.js';
import { termsOn } from './service-terms.js';

export interface TaskRequest {
  kind: TaskKind;
  office: string;
  /** the settlement it concerns, there is one task of a kind for each; or what else it is about */
  settlementId?: string;
  subject?: string;
  /** absent or null: by the kind's own rule */
  dueAt?: Instant | null;
  /** the moment that the kind's rule counts from; now when absent */
  at?: Instant;
  /** whom it waits for, where that is not the kind's own role; `assignee`: this person of the role */
  role?: Role;
  assignee?: string | null;
  /** Persian, what it is about, where the id says too little */
  about?: string;
  detail?: Record<string, unknown>;
}

/** Opens and closes tasks together with their timers: no task waits without one, and none rings after its end. */
export interface TaskDesk {
  /** Opens a task once. Throws when its timer could not be started: whoever asks tries again. */
  open(asked: TaskRequest): Promise<Task>;
  /**
   * For tasks that are written together with what they tell of (a payment): the open ones get their due times, by the rule of
   * their kind, and their timers; the timers of those in `closed` end. Answers how many were taken up.
   */
  takeUp(closed?: readonly string[]): Promise<number>;
  /** Closes a task, by the work itself when `by` is null; null when there is none. The first closing stands. */
  close(id: string, end: { by: PersonAtWork | null; outcome: string }): Promise<Task | null>;
  /** The settlement has ended: what still waits in it waits no more, but for what a person has to look at all the same. */
  closeAll(settlementId: string, outcome: 'settled' | 'cancelled'): Promise<void>;
}

export function createTaskDesk({ tasks, tariffs, messenger }: { tasks: TaskStore; tariffs: TariffStore; messenger: Messenger }): TaskDesk {
  const startTimer = async (task: Task, dueAt: Instant, about: string, at: Instant, terms: ServiceTerms): Promise<void> => {
    const timer = timerOf(task, dueAt, about, at, terms);
    await messenger.start(TASK_WORKFLOW, taskWorkflowId(task.id), timer, timer.summary);
  };
  const desk: TaskDesk = {
    async open({
      kind,
      office,
      settlementId,
      subject = settlementId ?? '',
      dueAt,
      at = new Date().toISOString(),
      role = taskKind(kind).role,
      assignee = null,
      about,
      detail = {},
    }) {
      const today = todayInTehran(new Date(at));
      const terms = await termsOn(tariffs, today);
      const task = await tasks.open({
        id: taskId(kind, subject),
        kind,
        settlement: settlementId ?? null,
        office,
        role,
        assignee,
        dueAt: dueAt ?? dueOf(kind, { at, dayEndsAt: endOfDay(today) }, terms),
        detail,
      });
      if (task.dueAt !== null && task.closedAt === null) await startTimer(task, task.dueAt, about ?? settlementId ?? subject, at, terms);
      return task;
    },

    async takeUp(closed = []) {
      for (const id of closed) await messenger.signal(taskWorkflowId(id), TASK_CLOSED, null);
      const waiting = await tasks.withoutDue();
      for (const task of waiting) {
        const { id, kind, settlement, since } = task;
        const day = todayInTehran(new Date(since));
        const terms = await termsOn(tariffs, day);
        const dueAt = dueOf(kind, { at: since, dayEndsAt: endOfDay(day) }, terms);
        // the timer first: what has no due time yet is found again by the next call
        await startTimer({ ...task, dueAt }, dueAt, settlement ?? id.slice(taskId(kind, '').length), since, terms);
        await tasks.setDue(id, dueAt);
      }
      return waiting.length;
    },

    async close(id, end) {
      const task = await tasks.close(id, end);
      // also when it was closed before: the attempt that closed it may not have got so far
      if (task?.dueAt) await messenger.signal(taskWorkflowId(id), TASK_CLOSED, task.outcome);
      return task;
    },

    async closeAll(settlementId, outcome) {
      for (const { id, kind } of await tasks.ofSettlement(settlementId)) if (!outlives(kind)) await desk.close(id, { by: null, outcome });
    },
  };
  return desk;
}

function timerOf({ id, kind, office, role, settlement }: Task, dueAt: Instant, about: string, at: Instant, terms: ServiceTerms): TaskTimer {
  // a task that is due at 24:00 is due on the day that ends then
  const dueOn = todayInTehran(new Date(Date.parse(dueAt) - 1));
  return {
    id,
    kind,
    office,
    role,
    subscription: settlement?.split('-')[0] ?? null,
    summary: `${taskKind(kind).title} — ${about}، مهلت ${dueOn}`,
    remindAt: reminderOf(kind, at, dueAt, terms),
    dueAt,
    escalateAt: escalationOf(kind, dueAt, terms),
  };
}
