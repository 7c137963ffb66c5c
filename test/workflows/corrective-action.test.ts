import { WorkflowUpdateFailedError } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { historyFromJSON, historyToJSON } from '@temporalio/common/lib/proto-utils';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { Worker } from '@temporalio/worker';
import type { Activities } from '../../src/activities/index.js';
import { type Act, type CorrectiveAction, correctiveActionWorkflowId } from '../../src/domain/correction/corrective-action.js';
import { jalali, startOfDayInTehran } from '../../src/domain/calendar/jalali.js';
import { type Operator, type SettlementOrder, settlementWorkflowId } from '../../src/domain/settlement/settlement.js';
import { type Task, taskWorkflowId } from '../../src/domain/settlement/task.js';
import { createMessenger } from '../../src/temporal/messenger.js';
import { type CorrectiveActionStore, createCorrectiveActionStore } from '../../src/store/corrective-actions.js';
import { createPeopleStore } from '../../src/store/people.js';
import { createTaskStore } from '../../src/store/tasks.js';
import { WORKFLOW_BUNDLE } from '../../src/temporal/worker.js';
import {
  TASK_QUEUE,
  approveCorrection,
  cancelSettlement,
  reportError,
  submitCorrection,
  takeAct,
  verifyCorrection,
  withdrawCorrection,
} from '../../src/workflows/messages.js';
import {
  announce,
  endWorkers,
  householdAccounts,
  orderFor,
  realActivities,
  startDatabase,
  timeSkippingServer,
  withWorker,
} from './stage.js';

const person = (id: string, role: Operator['role'], office = '01'): Operator => ({ id, name: id, role, office });
const CLERK = person('clerk-1', 'clerk');
const SUPERVISOR = person('supervisor-1', 'supervisor');
const SECOND_SUPERVISOR = person('supervisor-2', 'supervisor');
const APPROVER = person('approver-1', 'approver');
const QUALITY = person('quality-1', 'quality');

let database: Awaited<ReturnType<typeof startDatabase>>;
let env: TestWorkflowEnvironment;
let real: Activities;
let actions: CorrectiveActionStore;
let accounts: { subscription: string; reading: number }[];
beforeAll(async () => {
  database = await startDatabase(40);
  actions = createCorrectiveActionStore(database.pool);
  // each difference is the approver's matter
  await database.pool.query(
    `update app.tariffs set document = jsonb_set(document, '{service}', '[{"from": "1390/01/01", "to": null, "correction": {"approvalAbove": 0}}]')`,
  );
  accounts = await householdAccounts(database.pool);
}, 120_000);
afterAll(() => database?.stop());
beforeEach(async () => {
  env = await timeSkippingServer();
  real = realActivities(database.pool, createMessenger(env.client, { taskQueue: TASK_QUEUE }));
});
afterEach(async () => {
  await endWorkers();
  await env.teardown();
});

/** Lets the server's time pass until an hour of a day in Tehran. */
async function sleepUntil(day: string, hour: number): Promise<void> {
  await env.sleep(Date.parse(startOfDayInTehran(jalali(day))) + hour * 3_600_000 - (await env.currentTimeMs()));
}
const inTehran = (day: string, hour: number): string =>
  new Date(Date.parse(startOfDayInTehran(jalali(day))) + hour * 3_600_000).toISOString();
async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  for (let left = 200; left > 0; left--) {
    if (await holds()) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`never came: ${what}`);
}
async function failureOf(promise: Promise<unknown>): Promise<string | undefined | null> {
  const error: unknown = await promise.then(
    () => new Error('was answered'),
    (failure: unknown) => failure,
  );
  if (!(error instanceof WorkflowUpdateFailedError) || !(error.cause instanceof ApplicationFailure)) throw error;
  return error.cause.type;
}
const task = async (id: string): Promise<Task> => (await createTaskStore(database.pool).get(id)) as Task;
const timerStatus = async (id: string): Promise<string> => (await env.client.workflow.getHandle(taskWorkflowId(id)).describe()).status.name;

test('plan R5, rework over Nowruz: each step is somebody’s task; what repeats starts one corrective action a scope and month', async () => {
  const account = accounts.shift() as { subscription: string; reading: number };
  const order: SettlementOrder = orderFor(account.subscription, account.reading + 40);
  const { id } = order;
  const handle = () => env.client.workflow.getHandle(settlementWorkflowId(id));
  const report = () =>
    handle().executeUpdate(reportError, {
      args: [{ kind: 'reading', cause: 'clerk', description: 'رقم اشتباه خوانده شد', by: SUPERVISOR }],
    });
  const submit = (n: number, reading: number, by: Operator) =>
    handle().executeUpdate(submitCorrection, { args: [{ n, by, corrected: { reading }, basis: 'first' }] });
  const verify = (n: number, by: Operator, accepted = true) =>
    handle().executeUpdate(verifyCorrection, { args: [{ n, by, accepted, note: null }] });
  const open = async (): Promise<string[]> => {
    const { rows } = await database.pool.query(
      `select id from app.tasks where settlement_id = $1 and kind in ('correction','verification','approval') and closed_at is null order by id`,
      [id],
    );
    return rows.map((row) => row.id);
  };

  await withWorker(env, real, async () => {
    await announce(env.client, order);
    // Thursday before Nowruz, 10:00
    await sleepUntil('1405/12/27', 10);
    expect(await report()).toMatchObject({ n: 1, status: 'referred' });
    const first = `correction.${id}.1.1`;
    expect(await task(first)).toMatchObject({
      role: 'clerk',
      assignee: 'clerk-1',
      office: '01',
      settlement: id,
      detail: { correction: 1, kind: 'reading', cause: 'clerk' },
    });
    // 24 hours of working days: the rest of the day, and 5 Farvardin until 10:00; allow for the seconds of the run
    expect(Math.abs(Date.parse((await task(first)).dueAt ?? '') - Date.parse(inTehran('1406/01/05', 10)))).toBeLessThan(60_000);
    await report();
    expect((await actions.list({ scope: null, limit: 10 })).items).toMatchObject([
      { scope: 'settlement', subject: id, office: '01', month: '1405/12', errors: 2, threshold: 2, status: 'opened' },
    ]);
    await report();
    expect((await actions.list({ scope: null, limit: 10 })).items.map(({ scope, subject }) => [scope, subject])).toEqual([
      ['clerk', 'clerk-1'],
      ['settlement', id],
    ]);
    // one of a settlement after another: only the first waits for somebody
    expect(await open()).toEqual([first]);

    await sleepUntil('1405/12/27', 23);
    await until('reminded', async () => (await task(first)).remindedAt !== null);
    await sleepUntil('1406/01/04', 12);
    expect(await task(first)).toMatchObject({ escalatedAt: null, role: 'clerk' });
    // due Thursday 10:00, a Friday between: with the supervisor on Saturday after 10:00
    await sleepUntil('1406/01/07', 9);
    expect(await task(first)).toMatchObject({ escalatedAt: null });
    await sleepUntil('1406/01/08', 11);
    await until('escalated', async () => (await task(first)).escalatedAt !== null);
    expect(await task(first)).toMatchObject({ role: 'supervisor', assignee: null });

    // the supervisor corrects it: another unit verifies
    await submit(1, account.reading + 30, SUPERVISOR);
    expect(await task(first)).toMatchObject({ outcome: 'submitted', closedBy: null });
    expect(await timerStatus(first)).toBe('COMPLETED');
    expect(await open()).toEqual([`verification.${id}.1.1`]);
    expect(await task(`verification.${id}.1.1`)).toMatchObject({ role: 'quality', assignee: null });
    await verify(1, QUALITY, false);
    expect(await task(`verification.${id}.1.1`)).toMatchObject({ outcome: 'rejected' });
    // back to its owner, as a task of its own
    expect(await open()).toEqual([`correction.${id}.1.2`]);
    await submit(1, account.reading + 30, CLERK);
    expect(await task(`verification.${id}.1.2`)).toMatchObject({ role: 'supervisor' });
    await verify(1, SUPERVISOR);
    expect(await open()).toEqual([`approval.${id}.1.2`]);
    expect(await task(`approval.${id}.1.2`)).toMatchObject({ role: 'approver', detail: { correction: 1, difference: expect.any(Number) } });
    await handle().executeUpdate(approveCorrection, { args: [{ n: 1, by: APPROVER, accepted: true, note: null }] });
    expect(await task(`approval.${id}.1.2`)).toMatchObject({ outcome: 'issued' });
    // the next error's turn
    expect(await open()).toEqual([`correction.${id}.2.1`]);
    await handle().executeUpdate(withdrawCorrection, { args: [{ n: 2, by: SUPERVISOR, note: 'درست بود' }] });
    expect(await task(`correction.${id}.2.1`)).toMatchObject({ outcome: 'withdrawn' });
    expect(await open()).toEqual([`correction.${id}.3.1`]);
    await handle().executeUpdate(cancelSettlement, { args: [{ reason: 'اشتراک اشتباه', by: SECOND_SUPERVISOR }] });
    expect(await open()).toEqual([]);
    expect(await timerStatus(`correction.${id}.3.1`)).toBe('COMPLETED');
  });
});

test('a corrective action: meeting, cause, action, effect, another action, closure; it waits for months and each step reminds', async () => {
  await withWorker(env, real, async () => {
    await sleepUntil('1405/12/22', 10);
    const at = new Date(await env.currentTimeMs()).toISOString();
    const { action } = await actions.open({
      scope: 'office',
      subject: '01',
      office: '01',
      month: '1405/12',
      openedAt: at,
      errors: 10,
      threshold: 10,
      openedBy: null,
      reason: null,
    });
    const workflowId = correctiveActionWorkflowId(action.n);
    await createMessenger(env.client, { taskQueue: TASK_QUEUE }).start('correctiveAction', workflowId, action, 'آزمون');
    const handle = env.client.workflow.getHandle(workflowId);
    const take = (act: Act, by = QUALITY): Promise<CorrectiveAction> => handle.executeUpdate(takeAct, { args: [{ act, by }] });
    const attributes = async () =>
      Object.fromEntries((await handle.describe()).typedSearchAttributes.getAll().map(({ key, value }) => [key.name, value]));
    const id = (kind: Task['kind'], version: number): string => `${kind}.${action.n}-${version}`;

    // seven days later is a holiday: the meeting is to be called by the end of 5 Farvardin
    await until('the first task', async () => (await task(id('callMeeting', 0))) !== null);
    expect(await task(id('callMeeting', 0))).toMatchObject({
      role: 'quality',
      office: '01',
      settlement: null,
      dueAt: inTehran('1406/01/06', 0),
      detail: { correctiveAction: action.n, scope: 'office' },
    });
    await until('seen here', async () => (await attributes())['actionStatus'] === 'opened');
    expect(await attributes()).toMatchObject({ office: '01' });
    await sleepUntil('1406/01/04', 10);
    await until('reminded', async () => (await task(id('callMeeting', 0))).remindedAt !== null);
    expect(await task(id('callMeeting', 0))).toMatchObject({ escalatedAt: null });
    await sleepUntil('1406/01/08', 12);
    await until('escalated', async () => (await task(id('callMeeting', 0))).escalatedAt !== null);

    expect(await failureOf(take({ act: 'call', on: jalali('1406/01/07'), participants: ['x'] }))).toBe('DATE_PASSED');
    expect(await failureOf(take({ act: 'done', note: 'x' }))).toBe('NOT_ALLOWED_NOW');
    expect(await take({ act: 'call', on: jalali('1406/01/15'), participants: ['مریم احمدی', 'نرگس کاظمی'] }, SUPERVISOR)).toMatchObject({
      status: 'called',
      version: 1,
    });
    expect(await task(id('callMeeting', 0))).toMatchObject({ outcome: 'call', closedBy: null });
    expect(await task(id('recordMeeting', 1))).toMatchObject({ dueAt: inTehran('1406/01/16', 0) });
    // a meeting that did not come about is called again, and its task goes with it
    await take({ act: 'call', on: jalali('1406/01/16'), participants: ['مریم احمدی'] });
    expect(await task(id('recordMeeting', 1))).toMatchObject({ outcome: 'call' });
    expect(await failureOf(take({ act: 'minutes', minutes: 'x', cause: 'x' }))).toBe('NOT_ALLOWED_NOW');
    await sleepUntil('1406/01/16', 11);
    // of two at once one wins
    const both = await Promise.allSettled(
      [QUALITY, SUPERVISOR].map((by) => take({ act: 'minutes', minutes: by.id, cause: 'خوانش شتاب‌زده' }, by)),
    );
    expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect((await attributes())['actionStatus']).toBe('held');

    await take({ act: 'plan', what: 'آموزش دوباره', owner: 'supervisor-1', dueOn: jalali('1406/02/10') });
    expect(await task(id('takeAction', 4))).toMatchObject({
      role: 'supervisor',
      assignee: 'supervisor-1',
      dueAt: inTehran('1406/02/11', 0),
    });
    await sleepUntil('1406/02/09', 10);
    const done = await take({ act: 'done', note: 'برگزار شد' }, SUPERVISOR);
    // 30 days later
    expect(done.actions[0]).toMatchObject({ effectDueOn: '1406/03/08' });
    expect(await failureOf(take({ act: 'effect', effective: true, note: 'x' }))).toBe('EFFECT_TOO_EARLY');
    await sleepUntil('1406/03/07', 23);
    expect(await task(id('judgeEffect', 5))).toBeNull();
    await sleepUntil('1406/03/08', 8);
    await until('the judgement’s task', async () => (await task(id('judgeEffect', 5))) !== null);
    expect(await failureOf(take({ act: 'effect', effective: true, note: 'x' }, SUPERVISOR))).toBe('SECOND_PERSON_NEEDED');
    expect(await take({ act: 'effect', effective: false, note: 'دو خطای دیگر' })).toMatchObject({ status: 'held' });
    expect(await task(id('judgeEffect', 5))).toMatchObject({ outcome: 'effect' });

    // a clerk of another office is named: it waits for the clerk, who sees and does it; not done in time it is the supervisor's
    await createPeopleStore(database.pool).record(
      { id: 'clerk-9', name: 'رضا موسوی', office: '02', roles: ['clerk'] },
      { id: 'test', name: 'test' },
    );
    const named = person('clerk-9', 'clerk', '02');
    const seen = async (operator: Operator) =>
      (await createTaskStore(database.pool).list({ operator, mine: true, state: 'open', limit: 10 })).items.map((each) => each.id);
    await take({ act: 'plan', what: 'فرم تازه', owner: named.id, dueOn: jalali('1406/04/01') });
    expect(await task(id('takeAction', 7))).toMatchObject({
      role: 'clerk',
      assignee: named.id,
      office: '01',
      dueAt: inTehran('1406/04/02', 0),
    });
    expect([await seen(named), await seen(CLERK)]).toEqual([[id('takeAction', 7)], []]);
    await sleepUntil('1406/04/04', 10);
    await until('escalated', async () => (await task(id('takeAction', 7))).escalatedAt !== null);
    expect(await task(id('takeAction', 7))).toMatchObject({
      role: 'supervisor',
      assignee: null,
      detail: { escalatedFrom: { role: 'clerk', assignee: named.id } },
    });
    expect(await failureOf(take({ act: 'done', note: 'x' }, CLERK))).toBe('FORBIDDEN');
    await take({ act: 'done', note: 'به کار رفت' }, named);
    expect(await task(id('takeAction', 7))).toMatchObject({ outcome: 'done', closedBy: null });
    await sleepUntil('1406/05/10', 8);
    expect(await take({ act: 'effect', effective: true, note: 'خطایی نبود' })).toMatchObject({ status: 'judged' });
    expect(await failureOf(take({ act: 'close', outcome: 'effective', report: 'گزارش' }, SUPERVISOR))).toBe('QUALITY_NEEDED');
    await take({ act: 'close', outcome: 'effective', report: 'گزارش پایان' });
    expect(await handle.result()).toMatchObject({
      status: 'closed',
      closure: { report: 'گزارش پایان' },
      actions: [
        { what: 'آموزش دوباره', effect: { effective: false } },
        { what: 'فرم تازه', effect: { effective: true } },
      ],
    });
    expect(await actions.get(action.n)).toEqual(await handle.result());
    const { rows } = await database.pool.query(
      `select count(*) from app.tasks where detail->>'correctiveAction' = $1 and closed_at is null`,
      [String(action.n)],
    );
    expect(rows).toEqual([{ count: 0 }]);

    const history = historyFromJSON(JSON.parse(historyToJSON(await handle.fetchHistory())));
    await Worker.runReplayHistory({ workflowBundle: { codePath: WORKFLOW_BUNDLE } }, history, workflowId);
  });
});
