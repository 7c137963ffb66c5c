import type { FindingCode } from './finding.js';
import type { ServiceTerms } from './service-terms.js';
import type { Instant, Operator, Role } from './settlement.js';
import { workingHoursAfter } from '../calendar/working-calendar.js';

interface KindOfTask {
  /** whom it waits for */
  role: Role;
  /** Persian, as lists show it */
  title: string;
  /** `work`: what it asks for closes it; `person`: someone closes it with a note */
  endedBy: 'work' | 'person';
  /**
   * when it is due unless whoever opens it says so: 24:00 of the day in Tehran, or the hours that a correction has. Working
   * hours stand still while the offices are closed, those of the escalation too, and their owner is reminded before.
   */
  due: 'endOfDay' | 'correctionHours' | 'workingHours';
}

/** Everything that can wait for a person (plan, R5). A new kind is a row here. */
const KINDS = {
  deliver: { role: 'clerk', title: 'تحویل صورتحساب تسویه', endedBy: 'work', due: 'endOfDay' },
  breached: { role: 'supervisor', title: 'مانده در پنج دقیقه اعلام نشد: علت را بررسی کنید', endedBy: 'person', due: 'endOfDay' },
  settlementHalted: {
    role: 'supervisor',
    title: 'پردازش تسویه متوقف شده است: مسئول سامانه آن را دوباره به راه اندازد',
    endedBy: 'work',
    due: 'endOfDay',
  },
  readingBelowEstimate: {
    role: 'billing',
    title: 'رقم کنتور کمتر از برآورد آخرین قبض: اصلاح قبض',
    endedBy: 'person',
    due: 'correctionHours',
  },
  meterReversed: { role: 'billing', title: 'کنتور وارونه: اصلاح کارکرد', endedBy: 'person', due: 'correctionHours' },
  postingLate: { role: 'billing', title: 'قلم دیرمانده: دوره بدون آن بسته شد', endedBy: 'person', due: 'correctionHours' },
  settlementCovered: {
    role: 'billing',
    title: 'قبضی همین روزها را دارد: رقم و مبلغ تسویه دوباره حساب نشود',
    endedBy: 'person',
    due: 'correctionHours',
  },
  postingAfterEnd: { role: 'billing', title: 'پیام صورتحساب پس از پایان تسویه', endedBy: 'person', due: 'correctionHours' },
  postingWithdrawn: {
    role: 'billing',
    title: 'قلمی پذیرفته شد که جایگزین یا باطل شده بود: تأیید آن را پس بگیرید',
    endedBy: 'person',
    due: 'correctionHours',
  },
  batchNotSubmitted: {
    role: 'billing',
    title: 'سامانهٔ صدور قبض دسته‌های دوره را نگرفته است: رفع اشکال پیش از بسته شدن دوره',
    endedBy: 'person',
    due: 'endOfDay',
  },
  unknownPayment: {
    role: 'billing',
    title: 'پرداختی که به هیچ برگه‌ای نمی‌خورد: شناسه را بررسی کنید',
    endedBy: 'person',
    due: 'correctionHours',
  },
  voidPayment: {
    role: 'supervisor',
    title: 'پرداخت با برگه‌ای که باطل شده است: با مشترک هماهنگ کنید',
    endedBy: 'person',
    due: 'correctionHours',
  },
  overpaid: { role: 'supervisor', title: 'پرداخت بیش از مانده: بازپرداخت یا انتقال به قبض بعد', endedBy: 'person', due: 'correctionHours' },
  staleFeed: { role: 'billing', title: 'داده‌ای که به‌روز نیست: بارگذاری تازه', endedBy: 'person', due: 'endOfDay' },
  cycleClosing: { role: 'billing', title: 'دوره رو به پایان است: باز کردن دوره و گرفتن همه اقلام', endedBy: 'work', due: 'endOfDay' },
  unsentPostings: { role: 'supervisor', title: 'اقلام ارسال‌نشدهٔ دوره‌ای که امروز بسته می‌شود', endedBy: 'work', due: 'endOfDay' },
  noFeeResolution: {
    role: 'admin',
    title: 'مصوبهٔ هزینهٔ صدور در کار نیست: صورتحساب‌ها بدون هزینه صادر می‌شود',
    endedBy: 'person',
    due: 'endOfDay',
  },
  noTimetable: { role: 'billing', title: 'سری بدون جدول زمان‌بندی: اقلام آن دوره‌ای ندارند', endedBy: 'work', due: 'endOfDay' },
  correction: { role: 'clerk', title: 'اصلاح خطای ارجاع‌شده', endedBy: 'work', due: 'workingHours' },
  verification: { role: 'supervisor', title: 'تأیید اصلاح به دست شخص دیگر', endedBy: 'work', due: 'workingHours' },
  approval: { role: 'approver', title: 'تصویب اصلاحی که اختلاف آن از سقف بیشتر است', endedBy: 'work', due: 'workingHours' },
  callMeeting: { role: 'quality', title: 'اقدام اصلاحی: فراخوان جلسه', endedBy: 'work', due: 'workingHours' },
  recordMeeting: { role: 'quality', title: 'اقدام اصلاحی: برگزاری جلسه و ثبت صورت‌جلسه و علت', endedBy: 'work', due: 'workingHours' },
  planAction: { role: 'quality', title: 'اقدام اصلاحی: تعیین اقدام، مسئول و مهلت', endedBy: 'work', due: 'workingHours' },
  takeAction: { role: 'supervisor', title: 'اقدام اصلاحی: انجام اقدام', endedBy: 'work', due: 'workingHours' },
  judgeEffect: { role: 'quality', title: 'اقدام اصلاحی: سنجش اثر', endedBy: 'work', due: 'workingHours' },
  closeAction: { role: 'quality', title: 'اقدام اصلاحی: گزارش و پایان', endedBy: 'work', due: 'workingHours' },
  actFailed: {
    role: 'admin',
    title: 'کاری انجام نشد و باز آزموده می‌شود: علت فنی را بررسی کنید',
    endedBy: 'work',
    due: 'endOfDay',
  },
  qualificationLapses: { role: 'supervisor', title: 'صلاحیت کارمند رو به پایان است: تمدید', endedBy: 'person', due: 'endOfDay' },
} as const satisfies Record<string, KindOfTask>;

export type TaskKind = keyof typeof KINDS;
export const TASK_KINDS = Object.keys(KINDS) as TaskKind[];

export function taskKind(kind: TaskKind): KindOfTask {
  return KINDS[kind];
}

/** The kinds that wait for a role, also after they went to the supervisor. */
export function kindsOf(role: Role): TaskKind[] {
  return TASK_KINDS.filter((kind) => KINDS[kind].role === role);
}

/** A refused settlement that billing has to mend first, by what was found. */
export const TASK_OF_FINDING: Partial<Record<FindingCode, TaskKind>> = {
  READING_BELOW_ESTIMATE: 'readingBelowEstimate',
  METER_REVERSED: 'meterReversed',
};

const OUTLIVE: ReadonlySet<TaskKind> = new Set(['breached', 'actFailed', 'postingAfterEnd', 'postingWithdrawn', 'voidPayment', 'overpaid']);

/** What somebody has to look at also when its settlement has ended. */
export function outlives(kind: TaskKind): boolean {
  return OUTLIVE.has(kind);
}

/** In place of an office: what concerns the whole company, such as a stale feed. */
export const EVERY_OFFICE = '*';

export interface Task {
  /** `<kind>.<subject>`: of a settlement its id, so that there is one of a kind */
  id: string;
  kind: TaskKind;
  settlement: string | null;
  office: string;
  /** whom it waits for now */
  role: Role;
  /** the person it was given to; null: whoever of the role sees it first */
  assignee: string | null;
  assignedBy: PersonAtWork | null;
  assignedAt: Instant | null;
  since: Instant;
  dueAt: Instant | null;
  /** when whoever has it was reminded; null: not yet, or of a kind without a reminder */
  remindedAt: Instant | null;
  escalatedAt: Instant | null;
  closedAt: Instant | null;
  /** null while it is open and when the work itself closed it */
  closedBy: PersonAtWork | null;
  /** the note of who closed it, or what the work came to */
  outcome: string | null;
  detail: Record<string, unknown>;
}
export type PersonAtWork = Pick<Operator, 'id' | 'name'>;

export function taskId(kind: TaskKind, subject: string): string {
  return `${kind}.${subject}`;
}

type TaskTerms = Pick<ServiceTerms, 'correction' | 'escalateAfterHours' | 'daysOff'>;

/** When a task that opens at `at` is due; `dayEndsAt`: 24:00 of that day in Tehran. */
export function dueOf(
  kind: TaskKind,
  { at, dayEndsAt }: { at: Instant; dayEndsAt: Instant },
  terms: Pick<TaskTerms, 'correction' | 'daysOff'>,
): Instant {
  const { dueHours } = terms.correction;
  return {
    endOfDay: () => dayEndsAt,
    correctionHours: () => hoursAfter(at, dueHours),
    workingHours: () => workingHoursAfter(at, dueHours, terms.daysOff),
  }[KINDS[kind].due]();
}

/** When whoever has a task that was opened at `at` is reminded of it; null: not at all, or the due time comes before. */
export function reminderOf(kind: TaskKind, at: Instant, dueAt: Instant, terms: Pick<TaskTerms, 'correction' | 'daysOff'>): Instant | null {
  if (KINDS[kind].due !== 'workingHours') return null;
  const reminder = workingHoursAfter(at, terms.correction.remindHours, terms.daysOff);
  return reminder < dueAt ? reminder : null;
}

/** When an overdue task goes to the supervisor: its owner may be away. */
export function escalationOf(kind: TaskKind, dueAt: Instant, terms: Pick<TaskTerms, 'escalateAfterHours' | 'daysOff'>): Instant {
  return KINDS[kind].due === 'workingHours'
    ? workingHoursAfter(dueAt, terms.escalateAfterHours, terms.daysOff)
    : hoursAfter(dueAt, terms.escalateAfterHours);
}

function hoursAfter(at: Instant, hours: number): Instant {
  return new Date(Date.parse(at) + hours * 3_600_000).toISOString();
}

/** Whether a task lies within what an operator sees: a counter its own office and what was given to oneself, billing what waits or waited for it, the others all. */
export function seesTask({ id, role, office }: Operator, task: Pick<Task, 'kind' | 'office' | 'assignee' | 'role'>): boolean {
  if (role === 'clerk' || role === 'supervisor') return task.office === office || task.office === EVERY_OFFICE || task.assignee === id;
  if (role === 'billing') return KINDS[task.kind].role === 'billing' || task.role === 'billing' || task.assignee === id;
  return true;
}

/** Whether an operator may close a task by a note: the one who has it, whom it waits for, and the supervisor of its office. */
export function mayClose(operator: Operator, task: Pick<Task, 'kind' | 'office' | 'assignee' | 'role'>): boolean {
  if (!seesTask(operator, task)) return false;
  return task.assignee === operator.id || operator.role === 'supervisor' || (task.assignee === null && task.role === operator.role);
}

export const TASK_WORKFLOW = 'task';
/** The signal that ends a task's timer. */
export const TASK_CLOSED = 'taskClosed';

/** Start argument of the workflow that watches over a task's due time. */
export interface TaskTimer {
  id: string;
  kind: TaskKind;
  office: string;
  role: Role;
  /** of the settlement it concerns */
  subscription: string | null;
  /** Persian: what waits, of which settlement, until which day */
  summary: string;
  /** null: nobody is reminded */
  remindAt: Instant | null;
  dueAt: Instant;
  escalateAt: Instant;
}

export function taskWorkflowId(id: string): string {
  return `task/${id}`;
}
