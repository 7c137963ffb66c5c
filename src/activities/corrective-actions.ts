import {
  type Act,
  CORRECTIVE_ACTION_WORKFLOW,
  type CorrectiveAction,
  TASK_OF_STATUS,
  actionTitle,
  afterAct,
  correctiveActionWorkflowId,
  repeated,
  stepOf,
} from '../domain/correction/corrective-action.js';
import { endOfDay } from '../domain/outbox/cycle.js';
import { todayInTehran } from '../domain/calendar/jalali.js';
import type { Instant, Operator } from '../domain/settlement/settlement.js';
import { type TaskKind, taskId, taskKind } from '../domain/settlement/task.js';
import type { CorrectiveActionStore } from '../store/corrective-actions.js';
import type { PeopleStore } from '../store/people.js';
import type { TariffStore } from '../store/tariffs.js';
import type { Messenger } from './messenger.js';
import { termsOn } from './service-terms.js';
import type { TaskDesk } from './task-desk.js';

interface Dependencies {
  actions: CorrectiveActionStore;
  people: Pick<PeopleStore, 'standing'>;
  tariffs: TariffStore;
  desk: TaskDesk;
  messenger: Messenger;
}

/** An act as its workflow took it: of which state, by whom and when. */
export interface ActInput {
  action: CorrectiveAction;
  act: Act;
  by: Operator;
  at: Instant;
}

/** What repeats is noticed here, and each step of what is done against it is kept, with its task. */
export function createCorrectiveActionActivities({ actions, people, tariffs, desk, messenger }: Dependencies) {
  const termsAt = (at: Instant) => termsOn(tariffs, todayInTehran(new Date(at)));
  const start = async (action: CorrectiveAction): Promise<void> => {
    await messenger.start(CORRECTIVE_ACTION_WORKFLOW, correctiveActionWorkflowId(action.n), action, actionTitle(action));
    await actions.started(action.n);
  };
  const subject = ({ n, version }: CorrectiveAction): string => `${n}-${version}`;
  const openStep = async (action: CorrectiveAction, at: Instant): Promise<TaskKind | null> => {
    const step = stepOf(action, at, await termsAt(at));
    if (!step) return null;
    const { kind, due, assignee } = step;
    const detail = { correctiveAction: action.n, scope: action.scope, subject: action.subject, month: action.month };
    const person = assignee === null ? null : (await people.standing(assignee)).person;
    // a named person has it in the role that the person works in
    const [role] = person && !person.roles.includes(taskKind(kind).role) ? person.roles : [];
    await desk.open({
      kind,
      ...(role && { role }),
      subject: subject(action),
      office: action.office,
      dueAt: 'day' in due ? endOfDay(due.day) : due.at,
      at,
      assignee,
      about: actionTitle(action),
      detail,
    });
    return kind;
  };

  return {
    /**
     * After an error was recorded: what repeats within its Jalali month starts a corrective action, once a scope and month.
     * Also one whose start was not known to have come about is started here.
     */
    async watchRepeats({ id, n, at }: { id: string; n: number; at: Instant }): Promise<number[]> {
      const month = todayInTehran(new Date(at)).slice(0, 7);
      for (const { scope, subject: of, office, errors, threshold } of repeated(await actions.errorsLike(id, n, month), await termsAt(at))) {
        await actions.open({ scope, subject: of, office, month, openedAt: at, errors, threshold, openedBy: null, reason: null });
      }
      const unstarted = await actions.unstarted();
      for (const action of unstarted) await start(action);
      return unstarted.map((action) => action.n);
    },

    /** Keeps an act and moves its task on; answers the action after it. */
    async recordAct({ action, act, by: { id, name, role }, at }: ActInput): Promise<CorrectiveAction> {
      const by = { id, name, role };
      const terms = await termsAt(at);
      const next = await actions.record(action.n, action.version, act, by, at, (standing) => afterAct(standing, act, by, at, terms));
      // a second attempt finds it closed, and tells its timer once more
      const before = TASK_OF_STATUS[action.status];
      if (before) await desk.close(taskId(before, subject(action)), { by: null, outcome: act.act });
      await openStep(next, at);
      return next;
    },

    /** The task of what an action waits for now, opened once. */
    async openActionStep({ action, at }: { action: CorrectiveAction; at: Instant }): Promise<TaskKind | null> {
      return openStep(action, at);
    },
  };
}
