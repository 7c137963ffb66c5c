import {
  ACTION_STATUSES,
  ACTION_STATUS_WORDS,
  type Act,
  CORRECTIVE_ACTION_WORKFLOW,
  type CorrectiveAction,
  TASK_OF_STATUS,
  actionTitle,
  afterAct,
  correctiveActionWorkflowId,
  refusalOfAct,
  repeated,
  seesAction,
  stepOf,
} from '../../../src/domain/correction/corrective-action.js';
import { DEFAULT_SERVICE_TERMS } from '../../../src/domain/settlement/service-terms.js';
import type { Operator } from '../../../src/domain/settlement/settlement.js';
import { taskKind } from '../../../src/domain/settlement/task.js';
import { on } from '../sample.js';

const person = (id: string, role: Operator['role'], office = '01'): Operator => ({ id, name: id, role, office });
const QUALITY = person('q1', 'quality', '99');
const SUPERVISOR = person('s1', 'supervisor');
/** Wednesday 1405/09/04, 10:00 in Tehran */
const AT = '2026-11-25T06:30:00.000Z';
const terms = DEFAULT_SERVICE_TERMS;

const opened: CorrectiveAction = {
  n: 7,
  scope: 'clerk',
  subject: 'c1',
  office: '01',
  month: '1405/09',
  openedAt: AT,
  errors: 3,
  threshold: 3,
  openedBy: null,
  reason: null,
  status: 'opened',
  version: 0,
  meeting: null,
  actions: [],
  closure: null,
};
const call: Act = { act: 'call', on: on('1405/09/08'), participants: ['مریم احمدی'] };
const minutes: Act = { act: 'minutes', minutes: 'گفت‌وگو شد', cause: 'خوانش شتاب‌زده' };
const plan: Act = { act: 'plan', what: 'آموزش دوباره', owner: 's1', dueOn: on('1405/09/20') };
const done: Act = { act: 'done', note: 'آموزش داده شد' };
const effect = (effective: boolean): Act => ({ act: 'effect', effective, note: 'شمارش خطاها' });
const close: Act = { act: 'close', outcome: 'effective', report: 'گزارش' };
const unfounded: Act = { act: 'close', outcome: 'unfounded', report: 'خطایی نبود' };
const after = (...acts: Act[]): CorrectiveAction => acts.reduce((action, act) => afterAct(action, act, QUALITY, AT, terms), opened);

const STANDING: Record<CorrectiveAction['status'], CorrectiveAction> = {
  opened,
  called: after({ ...call, on: on('1405/09/04') }),
  held: after(call, minutes),
  acting: after(call, minutes, plan),
  done: after(call, minutes, plan, done),
  judged: after(call, minutes, plan, done, effect(true)),
  closed: after(call, minutes, plan, done, effect(true), close),
};

test('the story in its order', () => {
  for (const status of ACTION_STATUSES) expect(STANDING[status].status).toBe(status);
  expect(STANDING.closed).toMatchObject({
    version: 6,
    meeting: {
      on: '1405/09/08',
      participants: ['مریم احمدی'],
      minutes: 'گفت‌وگو شد',
      cause: 'خوانش شتاب‌زده',
      calledBy: { id: 'q1', role: 'quality' },
    },
    // 30 days after 1405/09/04
    actions: [
      {
        what: 'آموزش دوباره',
        owner: 's1',
        dueOn: '1405/09/20',
        done: { note: 'آموزش داده شد' },
        effectDueOn: '1405/10/05',
        effect: { effective: true },
      },
    ],
    closure: { outcome: 'effective', report: 'گزارش', by: { id: 'q1', name: 'q1', role: 'quality' } },
  });
});

test('every act in every status: allowed where the story goes on, refused elsewhere', () => {
  const later = '2026-12-27T06:30:00.000Z';
  const table = Object.fromEntries(
    Object.entries(STANDING).map(([status, action]) => [
      status,
      Object.entries({
        call: { ...call, on: on('1405/11/01') },
        minutes,
        plan: { ...plan, dueOn: on('1405/11/01') },
        done,
        effect: effect(true),
        close,
        unfounded,
      } as Record<string, Act>)
        .filter(([, act]) => refusalOfAct(action, act, person('q2', 'quality'), later) === null)
        .map(([name]) => name),
    ]),
  );
  expect(table).toEqual({
    opened: ['call', 'unfounded'],
    called: ['call', 'minutes', 'unfounded'],
    held: ['plan', 'unfounded'],
    acting: ['plan', 'done'],
    done: ['effect'],
    judged: ['close'],
    closed: [],
  });
});

test.each<[string, CorrectiveAction, Act, Operator, string | null]>([
  ['another office’s supervisor', opened, call, person('s2', 'supervisor', '02'), 'FORBIDDEN'],
  ['the office’s supervisor', opened, call, SUPERVISOR, null],
  ['the company’s, any supervisor', { ...opened, office: '*' }, call, person('s2', 'supervisor', '02'), null],
  ['a clerk', opened, call, person('c1', 'clerk'), 'FORBIDDEN'],
  ['a meeting in the past', opened, { ...call, on: on('1405/09/03') }, QUALITY, 'DATE_PASSED'],
  ['a meeting today', opened, { ...call, on: on('1405/09/04') }, QUALITY, null],
  ['minutes before the meeting', after(call), minutes, QUALITY, 'NOT_ALLOWED_NOW'],
  ['minutes on its day', STANDING.called, minutes, SUPERVISOR, null],
  ['due in the past', STANDING.held, { ...plan, dueOn: on('1405/09/03') }, QUALITY, 'DATE_PASSED'],
  ['due today', STANDING.held, { ...plan, dueOn: on('1405/09/04') }, QUALITY, null],
  ['done, as its own owner says', STANDING.acting, done, SUPERVISOR, null],
  ['done, by the clerk who is named for it', after(call, minutes, { ...plan, owner: 'c1' }), done, person('c1', 'clerk', '02'), null],
  ['done, by another clerk', after(call, minutes, { ...plan, owner: 'c1' }), done, person('c2', 'clerk'), 'FORBIDDEN'],
  ['decided by the clerk who is named', after(call, minutes, { ...plan, owner: 'c1' }), plan, person('c1', 'clerk'), 'FORBIDDEN'],
  [
    'done, by whom another action took it from',
    after(call, minutes, { ...plan, owner: 'c1' }, plan),
    done,
    person('c1', 'clerk'),
    'FORBIDDEN',
  ],
  [
    'its effect, by the clerk who did it',
    after(call, minutes, { ...plan, owner: 'c1' }, done),
    effect(true),
    person('c1', 'clerk'),
    'FORBIDDEN',
  ],
  ['the effect at once', STANDING.done, effect(true), SUPERVISOR, 'EFFECT_TOO_EARLY'],
  ['closed by a supervisor', STANDING.judged, close, SUPERVISOR, 'QUALITY_NEEDED'],
  ['unfounded, by a supervisor', opened, unfounded, SUPERVISOR, 'QUALITY_NEEDED'],
  ['too late for unfounded', STANDING.acting, unfounded, QUALITY, 'NOT_ALLOWED_NOW'],
])('%s', (_, action, act, by, refusal) => {
  expect(refusalOfAct(action, act, by, AT)).toBe(refusal);
});

test('the effect is judged from its day on, by nobody who owned the action or did it', () => {
  const byOwner = afterAct(STANDING.acting, done, person('s3', 'supervisor'), AT, terms);
  const early = '2026-12-25T20:29:59.000Z';
  const day = '2026-12-25T20:30:00.000Z';
  expect(refusalOfAct(byOwner, effect(false), QUALITY, early)).toBe('EFFECT_TOO_EARLY');
  expect(refusalOfAct(byOwner, effect(false), QUALITY, day)).toBeNull();
  expect(refusalOfAct(byOwner, effect(false), SUPERVISOR, day)).toBe('SECOND_PERSON_NEEDED');
  expect(refusalOfAct(byOwner, effect(false), person('s3', 'supervisor'), day)).toBe('SECOND_PERSON_NEEDED');
  expect(refusalOfAct(STANDING.done, effect(false), QUALITY, day)).toBe('SECOND_PERSON_NEEDED');
});

test('without effect another action follows and the first stays on record; one that is not done is replaced', () => {
  const second: Act = { ...plan, what: 'فرم تازه' };
  expect(after(call, minutes, plan, done, effect(false), second).actions).toMatchObject([
    { what: 'آموزش دوباره', effect: { effective: false } },
    { what: 'فرم تازه', done: null },
  ]);
  expect(after(call, minutes, plan, second).actions).toMatchObject([{ what: 'فرم تازه' }]);
  // the meeting's cause stands, so the next is decided at once
  expect(after(call, minutes, plan, done, effect(false)).status).toBe('held');
  const again = after(
    call,
    minutes,
    plan,
    done,
    effect(false),
    second,
    { act: 'done', note: 'فرم چاپ شد' },
    { act: 'effect', effective: true, note: 'خطایی نماند' },
  );
  expect(again).toMatchObject({
    status: 'judged',
    actions: [
      { done: { note: 'آموزش داده شد' }, effect: { effective: false, note: 'شمارش خطاها' } },
      { done: { note: 'فرم چاپ شد' }, effect: { effective: true, note: 'خطایی نماند' } },
    ],
  });
});

test.each<[CorrectiveAction['status'], string, unknown]>([
  // seven days after 1405/09/04
  ['opened', 'callMeeting', { day: '1405/09/11' }],
  ['called', 'recordMeeting', { day: '1405/09/04' }],
  // 24 working hours
  ['held', 'planAction', { at: '2026-11-26T06:30:00.000Z' }],
  ['acting', 'takeAction', { day: '1405/09/20' }],
  ['judged', 'closeAction', { at: '2026-11-26T06:30:00.000Z' }],
])('%s waits by the task %s', (status, kind, due) => {
  expect(stepOf(STANDING[status], AT, terms)).toMatchObject({ kind, due, assignee: kind === 'takeAction' ? 's1' : null });
});

test('while an action takes effect nobody has a task; from its day on the quality unit', () => {
  expect(stepOf(STANDING.done, AT, terms)).toBeNull();
  expect(stepOf(STANDING.done, '2026-12-25T20:30:00.000Z', terms)).toMatchObject({ kind: 'judgeEffect' });
  expect(stepOf(STANDING.closed, AT, terms)).toBeNull();
  for (const kind of Object.values(TASK_OF_STATUS)) if (kind) expect(taskKind(kind).due).toBe('workingHours');
});

test('thresholds are data: each scope has its own', () => {
  const count = (scope: 'settlement' | 'clerk' | 'cause' | 'office', errors: number) => ({ scope, subject: 'x', office: '01', errors });
  const counts = [count('settlement', 1), count('clerk', 3), count('cause', 4), count('office', 11)];
  expect(repeated(counts, terms).map(({ scope, threshold }) => [scope, threshold])).toEqual([
    ['clerk', 3],
    ['office', 10],
  ]);
  expect(
    repeated(counts, { correctiveAction: { ...terms.correctiveAction, perClerk: 4, perCause: 1, perOffice: 12 } }).map(
      ({ scope }) => scope,
    ),
  ).toEqual(['cause']);
});

test('who sees it, and what it is called', () => {
  expect([QUALITY, SUPERVISOR, person('s2', 'supervisor', '02'), person('a', 'admin')].map((who) => seesAction(who, opened))).toEqual([
    true,
    true,
    false,
    false,
  ]);
  const named = after(call, minutes, { ...plan, owner: 'c1' });
  expect(
    [person('c1', 'clerk', '02'), person('c1', 'billing'), person('c2', 'clerk'), person('a', 'admin')].map((who) =>
      seesAction(who, named),
    ),
  ).toEqual([true, true, false, false]);
  const title = (scope: CorrectiveAction['scope'], subject: string): string => actionTitle({ scope, subject, month: '1405/09' });
  expect(actionTitle(opened)).toBe('خطاهای تکراری کارمند c1 در 1405/09');
  expect(title('cause', 'feed')).toBe('خطاهای تکراری به علت دادهٔ رسیده در 1405/09');
  // a cause that is not known any more is told as it was kept
  expect(title('cause', 'weather')).toBe('خطاهای تکراری به علت weather در 1405/09');
  expect(title('settlement', '123004567814-14050904')).toBe('خطاهای تکراری تسویه 123004567814-14050904 در 1405/09');
  expect(title('office', '01')).toBe('خطاهای تکراری اداره 01 در 1405/09');
  expect(title('other', 'تأخیر در تحویل کنتور')).toBe('تأخیر در تحویل کنتور در 1405/09');
});

test('where it stands, in words', () => {
  expect(ACTION_STATUS_WORDS).toEqual({
    opened: 'در انتظار فراخوان جلسه',
    called: 'جلسه فراخوانده شد',
    held: 'جلسه برگزار و علت ثبت شد؛ در انتظار تعیین اقدام',
    acting: 'اقدام در دست انجام است',
    done: 'اقدام انجام شد؛ در انتظار سنجش اثر',
    judged: 'اقدام مؤثر بود؛ در انتظار گزارش و پایان',
    closed: 'پایان یافت',
  });
});

test('the names that running workflows are kept under', () => {
  expect([CORRECTIVE_ACTION_WORKFLOW, correctiveActionWorkflowId(7)]).toEqual(['correctiveAction', 'correctiveAction/7']);
});
