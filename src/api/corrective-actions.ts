import type { z } from 'zod';
import {
  type Act,
  type ActRefusal,
  CORRECTIVE_ACTION_WORKFLOW,
  type CorrectiveAction,
  type PersonInRole,
  actionTitle,
  correctiveActionWorkflowId,
  seesAction,
} from '../domain/correction/corrective-action.js';
import { type JalaliDate, todayInTehran } from '../domain/calendar/jalali.js';
import type { Operator, Role } from '../domain/settlement/settlement.js';
import { EVERY_OFFICE } from '../domain/settlement/task.js';
import { takeAct } from '../workflows/messages.js';
import { officeScope, requireOffice } from './authentication.js';
import type { ApiDeps } from './deps.js';
import { Problem } from './problems.js';
import type { Call } from './route.js';
import type {
  actionClosure,
  actionRequest,
  correctiveActionParams,
  correctiveActionRequest,
  correctiveActionView,
  correctiveActionsQuery,
  effectRequest,
  meetingRequest,
} from './schemas.js';

const FOLLOW: readonly Role[] = ['quality', 'supervisor'];

type OfAction<B> = Call<z.output<typeof correctiveActionParams>, unknown, B>;

/** GET /corrective-actions: the newest first; a supervisor's own office's and the company's. */
export async function listCorrectiveActions(
  { res, operator, query }: Call<unknown, z.output<typeof correctiveActionsQuery>>,
  deps: ApiDeps,
) {
  const { cursor, scope: kind, ...filter } = query;
  if (filter.office !== undefined && filter.office !== EVERY_OFFICE) requireOffice(operator, filter.office);
  const before = cursor !== undefined && /^[0-9]{1,9}$/.test(cursor) ? Number(cursor) : undefined;
  const { items, next } = await deps.correctiveActions.list({ ...filter, kind, scope: officeScope(operator), before });
  res.json({ items: items.map((action) => viewAction(action, null)), next: next === null ? null : String(next) });
}

/** GET /corrective-actions/{n}: with the errors since its action was done, by which its effect is judged. */
export async function showCorrectiveAction({ res, operator, params }: OfAction<unknown>, deps: ApiDeps) {
  res.json(await whole(await visible(params.n, operator, deps), deps));
}

/** POST /corrective-actions: the quality unit opens one by hand and says why; the same again is the same. */
export async function openCorrectiveAction(
  { res, operator, body }: Call<unknown, unknown, z.output<typeof correctiveActionRequest>>,
  deps: ApiDeps,
) {
  const { scope, subject, office = EVERY_OFFICE, reason } = body;
  const { id, name, role } = operator;
  const now = deps.now();
  const month = todayInTehran(now).slice(0, 7);
  const { action, opened } = await deps.correctiveActions.open({
    scope,
    subject,
    office,
    month,
    openedAt: now.toISOString(),
    errors: null,
    threshold: null,
    openedBy: { id, name, role },
    reason,
  });
  await deps.startWorkflow(CORRECTIVE_ACTION_WORKFLOW, correctiveActionWorkflowId(action.n), action, actionTitle(action));
  await deps.correctiveActions.started(action.n);
  res
    .status(opened ? 201 : 200)
    .location(`/api/v1/corrective-actions/${action.n}`)
    .json(viewAction(action, null));
}

/** POST …/meeting: called with date and participants; held, with minutes and cause. */
export async function holdMeeting(call: OfAction<z.output<typeof meetingRequest>>, deps: ApiDeps) {
  const { on, participants, minutes, cause } = call.body;
  await take(
    call,
    deps,
    minutes !== undefined && cause !== undefined
      ? { act: 'minutes', minutes, cause }
      : { act: 'call', on: on as JalaliDate, participants: participants ?? [] },
    'on',
  );
}

/** POST …/action: decided with an owner and a due date; done. */
export async function takeAction(call: OfAction<z.output<typeof actionRequest>>, deps: ApiDeps) {
  const { what, owner, dueOn, done } = call.body;
  if (done !== undefined) return take(call, deps, { act: 'done', note: done });
  await take(call, deps, { act: 'plan', what: what as string, owner: owner as string, dueOn: dueOn as JalaliDate }, 'dueOn');
}

/** POST …/effect: judged after its time by another person than who did it. */
export async function judgeEffect(call: OfAction<z.output<typeof effectRequest>>, deps: ApiDeps) {
  await take(call, deps, { act: 'effect', ...call.body });
}

/** POST …/closure: the report ends it. */
export async function closeCorrectiveAction(call: OfAction<z.output<typeof actionClosure>>, deps: ApiDeps) {
  await take(call, deps, { act: 'close', ...call.body });
}

/** Asks the action's workflow; what it refuses becomes the problem of the same name, with the action as it stands. */
async function take(call: OfAction<unknown>, deps: ApiDeps, act: Act, dateField = ''): Promise<void> {
  const { n } = call.params;
  await visible(n, call.operator, deps);
  const outcome = await deps.temporal.ask(correctiveActionWorkflowId(n), takeAct, { act, by: call.operator });
  if (outcome.kind === 'done') {
    call.res.json(await whole(outcome.value, deps));
    return;
  }
  if (outcome.kind === 'closed')
    throw new Problem('NOT_ALLOWED_NOW', {
      detail: 'این اقدام اصلاحی پایان یافته است.',
      members: { correctiveAction: await whole(await visible(n, call.operator, deps), deps) },
    });
  const refusal = outcome.type as ActRefusal;
  const members = { correctiveAction: viewAction(outcome.details[0] as CorrectiveAction, null) };
  switch (refusal) {
    case 'NOT_ALLOWED_NOW':
      throw new Problem(refusal, {
        detail: 'این گام در وضعیت کنونی اقدام اصلاحی ممکن نیست. وضعیت آن در پاسخ آمده است؛ گام‌ها به‌ترتیب انجام می‌شود.',
        members,
      });
    case 'FORBIDDEN':
    case 'QUALITY_NEEDED':
    case 'SECOND_PERSON_NEEDED':
    case 'EFFECT_TOO_EARLY':
      throw new Problem(refusal, { members });
    case 'DATE_PASSED':
      throw new Problem('INVALID_REQUEST', {
        errors: [{ field: dateField, code: 'DATE_PASSED', message: 'این تاریخ گذشته است. امروز یا روزی پس از آن را بنویسید.' }],
      });
    default:
      throw new Error(`${act.act} of corrective action ${n} failed: ${outcome.type}`);
  }
}

async function visible(n: number, operator: Operator, deps: ApiDeps): Promise<CorrectiveAction> {
  const action = await deps.correctiveActions.get(n);
  if (action !== null && seesAction(operator, action)) return action;
  // of the others nobody has a part in any but the own action
  throw new Problem(FOLLOW.includes(operator.role) ? 'NOT_FOUND' : 'FORBIDDEN');
}

async function whole(action: CorrectiveAction, deps: ApiDeps): Promise<z.input<typeof correctiveActionView>> {
  const done = action.actions.at(-1)?.done;
  return viewAction(action, done ? await deps.correctiveActions.errorsSince(action, done.at) : null);
}

function viewAction(action: CorrectiveAction, errorsSinceAction: number | null): z.input<typeof correctiveActionView> {
  const { n, scope, subject, office, month, status, openedAt, errors, threshold, openedBy, reason, meeting, actions, closure } = action;
  const who = ({ id, name, role }: PersonInRole) => ({ id, name, role });
  return {
    n,
    scope,
    subject,
    office,
    month,
    title: actionTitle(action),
    status,
    openedAt,
    errors,
    threshold,
    openedBy: openedBy && who(openedBy),
    reason,
    meeting: meeting && {
      on: meeting.on,
      participants: meeting.participants,
      calledBy: who(meeting.calledBy),
      calledAt: meeting.calledAt,
      minutes: meeting.minutes,
      cause: meeting.cause,
      recordedBy: meeting.recordedBy && who(meeting.recordedBy),
      recordedAt: meeting.recordedAt,
    },
    actions: actions.map(({ what, owner, dueOn, decidedBy, decidedAt, done, effectDueOn, effect }) => ({
      what,
      owner,
      dueOn,
      decidedBy: who(decidedBy),
      decidedAt,
      done: done && { note: done.note, by: who(done.by), at: done.at },
      effectDueOn,
      effect: effect && { effective: effect.effective, note: effect.note, by: who(effect.by), at: effect.at },
    })),
    errorsSinceAction,
    closure: closure && { outcome: closure.outcome, report: closure.report, by: who(closure.by), at: closure.at },
  };
}
