import { createTaskStore } from '../../src/store/tasks.js';
import { haltOf, haltedWorkflows, restartWorkflow } from '../../src/temporal/halted-workflows.js';
import { settlementWorkflowId } from '../../src/domain/settlement/settlement.js';
import { compareWorkflows } from '../../src/operations/workflow-audit.js';
import { createSettlementStore } from '../../src/store/settlements.js';
import { TASK_QUEUE } from '../../src/workflows/messages.js';
import type { WatchReport } from '../../src/workflows/daily-watch.js';
import { type Account, type Stage, idOf, openStage, requestFor, until } from './stage.js';

const SUPERVISOR = ['supervisor', '01'] as const;
let stage: Stage;
beforeAll(async () => {
  stage = await openStage(60);
  await stage.startAll();
}, 120_000);
afterAll(() => stage?.close());

const settle = (account: Account) => stage.call('POST', '/settlements', { body: requestFor(account) });
const show = (account: Account) => stage.call('GET', `/settlements/${idOf(account)}`);
const report = (account: Account) =>
  stage.call('POST', `/settlements/${idOf(account)}/corrections`, {
    as: [...SUPERVISOR],
    body: { kind: 'reading', cause: 'clerk', description: 'رقم اشتباه خوانده شد' },
  });
const deliver = (account: Account) =>
  stage.call('POST', `/settlements/${idOf(account)}/delivery`, { body: { deliveredTo: account.name, channel: 'counter' } });
const workflow = (account: Account) => stage.client.workflow.getHandle(settlementWorkflowId(idOf(account)));
const tasks = async () =>
  (await createTaskStore(stage.pool).openOf('settlementHalted')).map(({ settlement, office, role, detail }) => ({
    settlement,
    office,
    role,
    halt: detail['halt'],
  }));
let watches = 0;
const watch = (): Promise<WatchReport> =>
  stage.client.workflow.execute('dailyWatch', {
    workflowId: `watch-${++watches}`,
    taskQueue: TASK_QUEUE,
    args: [{ at: new Date().toISOString() }],
  });
async function audited() {
  const { get, openIds } = createSettlementStore(stage.pool);
  const found = [];
  for await (const { settlement, what, halt } of compareWorkflows(stage.client, {
    get,
    openIds,
    halted: (ids) => haltedWorkflows(stage.client, ids),
  }))
    found.push([settlement, what, halt]);
  return found;
}

test('a terminated workflow: found at once by the API, task, metric, audit; restarted it goes on', async () => {
  const account = stage.account();
  expect((await settle(account)).status).toBe(201);
  expect((await show(account)).body.halted).toBeNull();
  expect(await audited()).toEqual([]);
  expect((await deliver(account)).status).toBe(200);
  await workflow(account).terminate('by a test');

  const mine = { settlement: idOf(account), office: '01', role: 'supervisor', halt: 'terminated' };
  expect(await show(account)).toMatchObject({ status: 200, body: { status: 'delivered', halted: 'terminated' } });
  expect(await tasks()).toEqual([mine]);
  for (const answer of [await settle(account), await report(account)]) {
    expect(answer).toMatchObject({
      status: 409,
      body: { code: 'SETTLEMENT_HALTED', settlement: { id: idOf(account), status: 'delivered' } },
    });
  }
  // the repeated request began a run that could do nothing: it is still one matter
  expect(await tasks()).toEqual([mine]);
  expect(await audited()).toMatchObject([[idOf(account), 'noWorkflow', expect.stringMatching(/terminated|failed/)]]);
  expect(await watch()).toMatchObject({ haltedSettlements: 1 });
  expect(await tasks()).toEqual([mine]);
  const metrics = await (await fetch(`http://127.0.0.1:${stage.api.port}/metrics`)).text();
  expect(metrics).toContain('tasvieh_tasks_open{kind="settlementHalted"} 1');

  expect(await restartWorkflow(stage.client, idOf(account), 'by a test')).toMatch(/^[0-9a-f-]{36}$/);
  await until('it runs', 30, async () => (await haltOf(stage.client, idOf(account))) === null);
  // until its first task is done it knows nothing of what was before
  await until('it goes on', 30, async () => (await report(account)).status === 201);
  expect((await settle(account)).status).toBe(200);
  expect((await show(account)).body.halted).toBeNull();
  expect(await watch()).toMatchObject({ haltedSettlements: 0 });
  expect(await tasks()).toEqual([]);
  expect(await audited()).toEqual([]);
}, 120_000);

test('deleted in Temporal: the watch finds it without a call, and there is nothing to go on from', async () => {
  const [missing, ended] = [stage.account(), stage.account()];
  for (const account of [missing, ended]) expect((await settle(account)).status).toBe(201);
  await stage.client.workflowService.deleteWorkflowExecution({
    namespace: 'default',
    workflowExecution: { workflowId: settlementWorkflowId(idOf(missing)) },
  });
  // what has ended as it should is no matter
  const end = { as: [...SUPERVISOR] as ['supervisor', string], body: { reason: 'درخواست مالک' } };
  expect((await stage.call('POST', `/settlements/${idOf(ended)}/cancellation`, end)).status).toBe(200);
  await until('it is gone', 30, async () => (await haltOf(stage.client, idOf(missing))) === 'missing');
  expect(await watch()).toMatchObject({ haltedSettlements: 1 });
  expect(await tasks()).toContainEqual({ settlement: idOf(missing), office: '01', role: 'supervisor', halt: 'missing' });
  expect(await restartWorkflow(stage.client, idOf(missing), 'by a test')).toBeNull();
  expect((await show(missing)).body.halted).toBe('missing');
  expect((await settle(missing)).body.code).toBe('SETTLEMENT_HALTED');
  expect((await show(ended)).body.halted).toBeNull();
}, 120_000);
