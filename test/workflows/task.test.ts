import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { Worker } from '@temporalio/worker';
import { type Activities } from '../../src/activities/index.js';
import { type TaskDesk, createTaskDesk } from '../../src/activities/task-desk.js';
import type { Operator } from '../../src/domain/settlement/settlement.js';
import { DEFAULT_SERVICE_TERMS } from '../../src/domain/settlement/service-terms.js';
import { EVERY_OFFICE, type Task, taskId, taskWorkflowId } from '../../src/domain/settlement/task.js';
import { createPaymentStore } from '../../src/store/payments.js';
import { createTariffStore } from '../../src/store/tariffs.js';
import { type TaskStore, createTaskStore } from '../../src/store/tasks.js';
import { WORKFLOW_BUNDLE } from '../../src/temporal/worker.js';
import { load } from '../billing/database.js';
import { throughJson } from './histories.js';
import { endWorkers, messengerTo, realActivities, startDatabase, timeSkippingServer, today, withWorker } from './stage.js';

let database: Awaited<ReturnType<typeof startDatabase>>;
let env: TestWorkflowEnvironment;
let real: Activities;
let store: TaskStore;
let desk: TaskDesk;
beforeAll(async () => {
  database = await startDatabase(1);
  const messenger = messengerTo(() => env.client);
  real = realActivities(database.pool, messenger);
  store = createTaskStore(database.pool);
  desk = createTaskDesk({ tasks: store, tariffs: createTariffStore(database.pool), messenger });
}, 120_000);
afterAll(() => database?.stop());
beforeEach(async () => {
  env = await timeSkippingServer();
});
afterEach(async () => {
  await endWorkers();
  await env.teardown();
});

const SUPERVISOR: Operator = { id: 's1', name: 'نرگس کاظمی', role: 'supervisor', office: '01' };
let subjects = 0;
/** A task of no settlement, due in an hour of the server's time. */
async function due(change: Partial<Parameters<TaskDesk['open']>[0]> = {}): Promise<Task> {
  const dueAt = new Date((await env.currentTimeMs()) + 3_600_000).toISOString();
  return desk.open({ kind: 'meterReversed', office: '01', subject: `about-${++subjects}`, dueAt, ...change });
}
const timer = ({ id }: Pick<Task, 'id'>) => env.client.workflow.getHandle(taskWorkflowId(id));
const now = async (id: string): Promise<Task> => (await store.get(id)) as Task;
const attributes = async (task: Task): Promise<Record<string, unknown>> =>
  Object.fromEntries((await timer(task).describe()).typedSearchAttributes.getAll().map(({ key, value }) => [key.name, value]));
const running = async (task: Task): Promise<boolean> => (await timer(task).describe()).status.name === 'RUNNING';
async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  for (let left = 200; left > 0; left--) {
    if (await holds()) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`never came: ${what}`);
}

test('plan R5: due, overdue, then with the supervisor, and open here until it is closed', async () => {
  await withWorker(env, real, async () => {
    const task = await due();
    await until('the start', async () => (await attributes(task))['taskRole'] === 'billing');
    expect(await attributes(task)).toMatchObject({ office: '01', taskKind: 'meterReversed', taskState: 'waiting' });
    await env.sleep('59 minutes');
    expect(await attributes(task)).toMatchObject({ taskState: 'waiting' });
    await env.sleep('2 minutes');
    await until('overdue', async () => (await attributes(task))['taskState'] === 'overdue');
    // a day more for whoever was to do it: DEFAULT_SERVICE_TERMS.escalateAfterHours
    await env.sleep('23 hours');
    expect(await now(task.id)).toMatchObject({ role: 'billing', escalatedAt: null });
    await env.sleep('1 hour');
    await until('escalated', async () => (await now(task.id)).escalatedAt !== null);
    await until('seen here', async () => (await attributes(task))['taskState'] === 'escalated');
    expect(await now(task.id)).toMatchObject({ role: 'supervisor', closedAt: null, dueAt: task.dueAt });
    expect(await attributes(task)).toMatchObject({ taskRole: 'supervisor' });
    const { escalatedAt } = await now(task.id);
    await env.sleep('20 days');
    expect(await running(task)).toBe(true);
    expect((await now(task.id)).escalatedAt).toBe(escalatedAt);
    await desk.close(task.id, { by: SUPERVISOR, outcome: 'کنتور عوض شد' });
    await timer(task).result();
    expect(await now(task.id)).toMatchObject({ closedBy: { id: 's1' }, outcome: 'کنتور عوض شد' });
  });
});

test('closed in time: the timer ends, nobody is called', async () => {
  await withWorker(env, real, async () => {
    const task = await due();
    await desk.close(task.id, { by: null, outcome: 'done' });
    await timer(task).result();
    // the same again, as after a lost answer
    expect(await desk.close(task.id, { by: SUPERVISOR, outcome: 'x' })).toMatchObject({ outcome: 'done', closedBy: null });
    await env.sleep('3 days');
    expect(await now(task.id)).toMatchObject({ escalatedAt: null, role: 'billing' });
  });
});

test('closed before a worker saw it, and between the due time and the supervisor', async () => {
  const first = await due();
  await desk.close(first.id, { by: null, outcome: 'done' });
  await withWorker(env, real, async () => {
    await timer(first).result();
    const second = await due();
    await env.sleep('2 hours');
    await until('overdue', async () => (await attributes(second))['taskState'] === 'overdue');
    await desk.close(second.id, { by: SUPERVISOR, outcome: 'دیده شد' });
    await timer(second).result();
    expect(await now(second.id)).toMatchObject({ escalatedAt: null });
  });
});

test('given to another person: the due time stays, and the supervisor takes it from the one who is away', async () => {
  await withWorker(env, real, async () => {
    const task = await due({ kind: 'deliver' });
    await env.sleep('30 minutes');
    await store.assign([task.id], 'c2', SUPERVISOR, 'پایان شیفت');
    expect(await now(task.id)).toMatchObject({ assignee: 'c2', dueAt: task.dueAt });
    await env.sleep('25 hours');
    await until('escalated', async () => (await now(task.id)).escalatedAt !== null);
    expect(await now(task.id)).toMatchObject({
      role: 'supervisor',
      assignee: null,
      detail: { escalatedFrom: { role: 'clerk', assignee: 'c2' } },
    });
    // and may give it on: it does not come back by itself
    await store.assign([task.id], 'c3', SUPERVISOR, null);
    await env.sleep('10 days');
    expect(await now(task.id)).toMatchObject({ assignee: 'c3' });
  });
});

test('opened again: one task, one timer; due already: with the supervisor as soon as its hours have passed', async () => {
  await withWorker(env, real, async () => {
    const dueAt = new Date((await env.currentTimeMs()) - 25 * 3_600_000).toISOString();
    const asked = { kind: 'breached', office: EVERY_OFFICE, subject: 'twice', dueAt } as const;
    await Promise.all([desk.open(asked), desk.open(asked)]);
    const task = await desk.open({ ...asked, dueAt: new Date(0).toISOString() });
    expect(task.dueAt).toBe(dueAt);
    await until('escalated', async () => (await now(task.id)).escalatedAt !== null);
    const { firstExecutionRunId, runId } = (await timer(task).describe()).raw.workflowExecutionInfo as {
      firstExecutionRunId?: string;
      runId?: string;
    };
    expect([firstExecutionRunId ?? runId, await running(task)]).toEqual([runId ?? firstExecutionRunId, true]);
    await desk.close(task.id, { by: SUPERVISOR, outcome: 'دیده شد' });
    await timer(task).result();
    // closed: opened again it stays so, and starts no timer
    await desk.open(asked);
    expect(await running(task)).toBe(false);
  });
});

test('a closing whose word never came: the timer finds the task closed', async () => {
  await withWorker(env, real, async () => {
    const [early, late] = [await due(), await due()];
    await store.close(early.id, { by: SUPERVISOR, outcome: 'x' });
    await timer(early).result();
    expect(await now(early.id)).toMatchObject({ escalatedAt: null });
    await until('escalated', async () => (await now(late.id)).escalatedAt !== null);
    await store.close(late.id, { by: SUPERVISOR, outcome: 'x' });
    await timer(late).result();
  });
});

test('no task without its timer: while Temporal is away opening fails, and again it is the same task', async () => {
  const away = createTaskDesk({
    tasks: store,
    tariffs: createTariffStore(database.pool),
    messenger: {
      start: () => Promise.reject(new Error('connect ECONNREFUSED')),
      signal: () => Promise.reject(new Error('connect ECONNREFUSED')),
    },
  });
  const asked = { kind: 'breached', office: '01', subject: 'away' } as const;
  await expect(away.open(asked)).rejects.toThrow('ECONNREFUSED');
  const before = await now(taskId('breached', 'away'));
  expect(await desk.open(asked)).toEqual(before);
  expect(await running(before)).toBe(true);
});

test('its histories replay on this code', async () => {
  const [escalated, closed] = await withWorker(env, real, async () => {
    const tasks = [await due(), await due()] as const;
    await desk.close(tasks[1].id, { by: null, outcome: 'done' });
    await env.sleep('2 days');
    await until('escalated', async () => (await now(tasks[0].id)).escalatedAt !== null);
    await desk.close(tasks[0].id, { by: null, outcome: 'done' });
    for (const task of tasks) await timer(task).result();
    return tasks;
  });
  for (const task of [escalated, closed]) {
    const history = throughJson(await timer(task).fetchHistory());
    expect(history.events?.length).toBeGreaterThan(4);
    await Worker.runReplayHistory({ workflowBundle: { codePath: WORKFLOW_BUNDLE } }, history, taskWorkflowId(task.id));
  }
});

describe('tasks that are written together with a payment', () => {
  const SUBSCRIPTION = '014123456799';
  const pay = (reference: string) =>
    createPaymentStore(database.pool).record(
      { eventId: reference, reference, subscription: SUBSCRIPTION, paymentId: '100000', amount: 5, paidOn: today() },
      '01',
      { id: 'b1', office: '01' },
    );

  test('taken up once, due by the hours of their kind; nobody looks at it: it goes to the supervisor', async () => {
    await pay('T/1');
    const id = taskId('unknownPayment', 'T%2F1');
    expect(await now(id)).toMatchObject({ dueAt: null });
    expect([await desk.takeUp(), await desk.takeUp()]).toEqual([1, 0]);
    const task = await now(id);
    const { correction, escalateAfterHours } = DEFAULT_SERVICE_TERMS;
    expect(Date.parse(task.dueAt ?? '')).toBe(Date.parse(task.since) + correction.dueHours * 3_600_000);
    await withWorker(env, real, async () => {
      await env.sleep(Date.parse(task.dueAt ?? '') - (await env.currentTimeMs()) + escalateAfterHours * 3_600_000 + 1_000);
      await until('escalated', async () => (await now(id)).escalatedAt !== null);
      expect(await now(id)).toMatchObject({ role: 'supervisor', detail: { escalatedFrom: { role: 'billing' } } });
    });
  });

  test('a timer that could not be started: no due time yet, and the next one who asks starts it', async () => {
    await pay('T2');
    const id = taskId('unknownPayment', 'T2');
    const away: TaskDesk = createTaskDesk({
      tasks: store,
      tariffs: createTariffStore(database.pool),
      messenger: { start: () => Promise.reject(new Error('away')), signal: () => Promise.reject(new Error('away')) },
    });
    await expect(away.takeUp()).rejects.toThrow('away');
    expect(await now(id)).toMatchObject({ dueAt: null });
    expect(await desk.takeUp()).toBe(1);
    await desk.close(id, { by: SUPERVISOR, outcome: 'دیده شد' });
  });

  test('the ledger knows the payment after all: the task is closed, and its timer ends', async () => {
    await load(database.pool, 'accounts', [{ subscription: SUBSCRIPTION, file: '7654321' }]);
    await pay('T3');
    await desk.takeUp();
    const id = taskId('unknownPayment', 'T3');
    expect(
      await load(database.pool, 'payments', [{ reference: 'T3', subscription: SUBSCRIPTION, amount: '5', paidOn: today(), paymentId: '' }]),
    ).toMatchObject({ ok: true, payments: { paid: [], closedTasks: [id] } });
    expect(await now(id)).toMatchObject({ outcome: 'fed', closedBy: null });
    await desk.takeUp([id]);
    await withWorker(env, real, async () => {
      await timer({ id }).result();
      expect(await now(id)).toMatchObject({ escalatedAt: null });
    });
  });
});
