import { CORRECTION_CAUSE_TITLES, type CorrectionCause } from './correction.js';
import { type JalaliDate, todayInTehran } from '../calendar/jalali.js';
import type { ServiceTerms } from '../settlement/service-terms.js';
import type { Instant, Operator } from '../settlement/settlement.js';
import { EVERY_OFFICE, type TaskKind } from '../settlement/task.js';
import { dueDay, workingHoursAfter } from '../calendar/working-calendar.js';

/** Of what errors repeat: one settlement, the settlements of one clerk, one cause, one office; `other`: what a quality manager names. */
export const ACTION_SCOPES = ['settlement', 'clerk', 'cause', 'office', 'other'] as const;
export type ActionScope = (typeof ACTION_SCOPES)[number];

/**
 * opened → called (the meeting has a date and participants) → held (minutes and cause) → acting (who does what until when)
 * → done → judged (the effect after a set time) → closed with a report (plan, rework line; issue: corrective action).
 */
export const ACTION_STATUSES = ['opened', 'called', 'held', 'acting', 'done', 'judged', 'closed'] as const;
export type ActionStatus = (typeof ACTION_STATUSES)[number];

export type PersonInRole = Pick<Operator, 'id' | 'name' | 'role'>;

export interface Meeting {
  on: JalaliDate;
  participants: string[];
  calledBy: PersonInRole;
  calledAt: Instant;
  /** null until it was held */
  minutes: string | null;
  cause: string | null;
  recordedBy: PersonInRole | null;
  recordedAt: Instant | null;
}

/** What was decided to be done; an action without effect is followed by another. */
export interface PlannedAction {
  what: string;
  /** user name of who does it */
  owner: string;
  dueOn: JalaliDate;
  decidedBy: PersonInRole;
  decidedAt: Instant;
  done: { note: string; by: PersonInRole; at: Instant } | null;
  /** the first day on which its effect may be judged; null until it is done */
  effectDueOn: JalaliDate | null;
  effect: { effective: boolean; note: string; by: PersonInRole; at: Instant } | null;
}

export interface Closure {
  outcome: 'effective' | 'unfounded';
  report: string;
  by: PersonInRole;
  at: Instant;
}

/** Repeated errors and what was done against them. */
export interface CorrectiveAction {
  n: number;
  scope: ActionScope;
  /** the settlement, user name of the clerk, cause or office; for `other` what it is about */
  subject: string;
  /** `*`: the whole company */
  office: string;
  /** Jalali `yyyy/mm` */
  month: string;
  openedAt: Instant;
  /** errors in the month when it was opened; null: opened by hand */
  errors: number | null;
  threshold: number | null;
  openedBy: PersonInRole | null;
  reason: string | null;
  status: ActionStatus;
  /** how many acts made it what it is: 0 after the opening */
  version: number;
  meeting: Meeting | null;
  actions: PlannedAction[];
  closure: Closure | null;
}

/** What a person does about a corrective action. */
export type Act =
  | { act: 'call'; on: JalaliDate; participants: string[] }
  | { act: 'minutes'; minutes: string; cause: string }
  | { act: 'plan'; what: string; owner: string; dueOn: JalaliDate }
  | { act: 'done'; note: string }
  | { act: 'effect'; effective: boolean; note: string }
  | { act: 'close'; outcome: Closure['outcome']; report: string };

/** What of an act was written freely: it may name anybody. */
export const ACT_TEXTS = ['participants', 'minutes', 'cause', 'what', 'note', 'report'] as const;

/** Why an act is refused; messages are the API's. */
export type ActRefusal = 'NOT_ALLOWED_NOW' | 'FORBIDDEN' | 'QUALITY_NEEDED' | 'SECOND_PERSON_NEEDED' | 'DATE_PASSED' | 'EFFECT_TOO_EARLY';

/** From which statuses an act leads on. */
const FROM: Record<Act['act'], readonly ActionStatus[]> = {
  // a meeting that did not come about is called again
  call: ['opened', 'called'],
  minutes: ['called'],
  plan: ['held', 'acting'],
  done: ['acting'],
  effect: ['done'],
  close: ['judged'],
};
/** Until an action is decided it may turn out that there was nothing to correct. */
const UNFOUNDED_FROM: readonly ActionStatus[] = ['opened', 'called', 'held'];

/**
 * Whether `by` may do this now; the state is looked at first, so that the second of two hears what happened. Who is named for
 * the action may say that it is done, of whatever role and office; the rest is for those who follow it. The effect is
 * judged by another person than who did the action, and the end is for the quality unit alone.
 */
export function refusalOfAct(
  action: CorrectiveAction,
  act: Act,
  by: PersonInRole & Pick<Operator, 'office'>,
  at: Instant,
): ActRefusal | null {
  if (!follows(by, action) && !(act.act === 'done' && owns(by, action))) return 'FORBIDDEN';
  const from = act.act === 'close' && act.outcome === 'unfounded' ? UNFOUNDED_FROM : FROM[act.act];
  if (!from.includes(action.status)) return 'NOT_ALLOWED_NOW';
  const today = todayInTehran(new Date(at));
  const last = action.actions.at(-1);
  switch (act.act) {
    case 'call':
      return act.on < today ? 'DATE_PASSED' : null;
    case 'minutes':
      return action.meeting && action.meeting.on > today ? 'NOT_ALLOWED_NOW' : null;
    case 'plan':
      return act.dueOn < today ? 'DATE_PASSED' : null;
    case 'done':
      return null;
    case 'effect':
      if (last?.effectDueOn && last.effectDueOn > today) return 'EFFECT_TOO_EARLY';
      return last?.owner === by.id || last?.done?.by.id === by.id ? 'SECOND_PERSON_NEEDED' : null;
    case 'close':
      return by.role === 'quality' ? null : 'QUALITY_NEEDED';
  }
}

/** A supervisor sees those of the own office and of the whole company, the quality unit all, anybody the one whose action is the own to do. */
export function seesAction(by: Pick<Operator, 'id' | 'role' | 'office'>, action: Pick<CorrectiveAction, 'office' | 'actions'>): boolean {
  return follows(by, action) || owns(by, action);
}

function follows({ role, office }: Pick<Operator, 'role' | 'office'>, action: Pick<CorrectiveAction, 'office'>): boolean {
  return role === 'quality' || (role === 'supervisor' && (action.office === office || action.office === EVERY_OFFICE));
}

/** Whoever is named for the action that was decided last, in whatever role. */
function owns({ id }: Pick<Operator, 'id'>, { actions }: Pick<CorrectiveAction, 'actions'>): boolean {
  return actions.at(-1)?.owner === id;
}

/** What an allowed act makes of it. */
export function afterAct(
  action: CorrectiveAction,
  act: Act,
  { id, name, role }: PersonInRole,
  at: Instant,
  terms: Pick<ServiceTerms, 'correctiveAction' | 'daysOff'>,
): CorrectiveAction {
  const by = { id, name, role };
  const next = { ...action, version: action.version + 1 };
  const lastOne = (change: Partial<PlannedAction>): PlannedAction[] =>
    action.actions.map((each, i) => (i === action.actions.length - 1 ? { ...each, ...change } : each));
  switch (act.act) {
    case 'call':
      return {
        ...next,
        status: 'called',
        meeting: {
          on: act.on,
          participants: act.participants,
          calledBy: by,
          calledAt: at,
          minutes: null,
          cause: null,
          recordedBy: null,
          recordedAt: null,
        },
      };
    case 'minutes':
      return {
        ...next,
        status: 'held',
        meeting: action.meeting && { ...action.meeting, minutes: act.minutes, cause: act.cause, recordedBy: by, recordedAt: at },
      };
    case 'plan': {
      const planned: PlannedAction = {
        what: act.what,
        owner: act.owner,
        dueOn: act.dueOn,
        decidedBy: by,
        decidedAt: at,
        done: null,
        effectDueOn: null,
        effect: null,
      };
      // one that is not done yet is replaced, one without effect stays on record
      return { ...next, status: 'acting', actions: [...action.actions.filter(({ done }) => done !== null), planned] };
    }
    case 'done': {
      const effectDueOn = dueDay(todayInTehran(new Date(at)), terms.correctiveAction.effectAfterDays, terms.daysOff);
      return { ...next, status: 'done', actions: lastOne({ done: { note: act.note, by, at }, effectDueOn }) };
    }
    case 'effect':
      return {
        ...next,
        status: act.effective ? 'judged' : 'held',
        actions: lastOne({ effect: { effective: act.effective, note: act.note, by, at } }),
      };
    case 'close':
      return { ...next, status: 'closed', closure: { outcome: act.outcome, report: act.report, by, at } };
  }
}

/** The step that an action waits for: its task and when that is due. */
export interface ActionStep {
  kind: TaskKind;
  /** a day until its 24:00, or an instant */
  due: { day: JalaliDate } | { at: Instant };
  /** user name of whom it waits for; null: whoever of the kind's role */
  assignee: string | null;
}

/** What waits for somebody at `at`; null when it is closed, and while an action has time to take effect. */
export function stepOf(
  action: CorrectiveAction,
  at: Instant,
  terms: Pick<ServiceTerms, 'correction' | 'correctiveAction' | 'daysOff'>,
): ActionStep | null {
  const today = todayInTehran(new Date(at));
  const soon = { at: workingHoursAfter(at, terms.correction.dueHours, terms.daysOff) };
  const last = action.actions.at(-1);
  const kind = TASK_OF_STATUS[action.status];
  if (kind === null) return null;
  switch (action.status) {
    case 'opened':
      return {
        kind,
        due: { day: dueDay(todayInTehran(new Date(action.openedAt)), terms.correctiveAction.meetingDueDays, terms.daysOff) },
        assignee: null,
      };
    case 'called':
      return { kind, due: action.meeting ? { day: action.meeting.on } : soon, assignee: null };
    case 'acting':
      return { kind, due: last ? { day: last.dueOn } : soon, assignee: last?.owner ?? null };
    case 'done':
      return last?.effectDueOn && last.effectDueOn > today ? null : { kind, due: soon, assignee: null };
    default:
      return { kind, due: soon, assignee: null };
  }
}

/** The kind of task that a status waits by. */
export const TASK_OF_STATUS: Record<ActionStatus, TaskKind | null> = {
  opened: 'callMeeting',
  called: 'recordMeeting',
  held: 'planAction',
  acting: 'takeAction',
  done: 'judgeEffect',
  judged: 'closeAction',
  closed: null,
};

/** So many errors of a scope in a Jalali month. */
export interface ErrorCount {
  scope: Exclude<ActionScope, 'other'>;
  subject: string;
  office: string;
  errors: number;
}

/** Those of the counts that start a corrective action, each with the threshold that it reached. */
export function repeated(
  counts: readonly ErrorCount[],
  { correctiveAction: terms }: Pick<ServiceTerms, 'correctiveAction'>,
): (ErrorCount & { threshold: number })[] {
  const thresholds: Record<ErrorCount['scope'], number> = {
    settlement: terms.perSettlement,
    clerk: terms.perClerk,
    cause: terms.perCause,
    office: terms.perOffice,
  };
  return counts.map((count) => ({ ...count, threshold: thresholds[count.scope] })).filter(({ errors, threshold }) => errors >= threshold);
}

const SCOPES: Record<ActionScope, (subject: string) => string> = {
  settlement: (subject) => `خطاهای تکراری تسویه ${subject}`,
  clerk: (subject) => `خطاهای تکراری کارمند ${subject}`,
  cause: (subject) => `خطاهای تکراری به علت ${CORRECTION_CAUSE_TITLES[subject as CorrectionCause] ?? subject}`,
  office: (subject) => `خطاهای تکراری اداره ${subject}`,
  other: (subject) => subject,
};
/** Persian: what it is about. */
export function actionTitle({ scope, subject, month }: Pick<CorrectiveAction, 'scope' | 'subject' | 'month'>): string {
  return `${SCOPES[scope](subject)} در ${month}`;
}

/** Persian: where it stands. */
export const ACTION_STATUS_WORDS: Record<ActionStatus, string> = {
  opened: 'در انتظار فراخوان جلسه',
  called: 'جلسه فراخوانده شد',
  held: 'جلسه برگزار و علت ثبت شد؛ در انتظار تعیین اقدام',
  acting: 'اقدام در دست انجام است',
  done: 'اقدام انجام شد؛ در انتظار سنجش اثر',
  judged: 'اقدام مؤثر بود؛ در انتظار گزارش و پایان',
  closed: 'پایان یافت',
};

export const CORRECTIVE_ACTION_WORKFLOW = 'correctiveAction';

export function correctiveActionWorkflowId(n: number): string {
  return `correctiveAction/${n}`;
}
