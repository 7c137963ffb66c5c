import { WorkflowNotFoundError } from '@temporalio/client';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { Worker } from '@temporalio/worker';
import type { Activities } from '../../src/activities/index.js';
import { createSettlementWorkflows } from '../../src/temporal/workflow-client.js';
import { type Settlement, type SettlementOrder, settlementWorkflowId } from '../../src/domain/settlement/settlement.js';
import { createPaymentStore } from '../../src/store/payments.js';
import { createSettlementStore } from '../../src/store/settlements.js';
import { WORKFLOW_BUNDLE } from '../../src/temporal/worker.js';
import {
  TASK_QUEUE,
  cancelSettlement,
  confirmDelivery,
  postingTaken,
  reportError,
  settlementState,
  submitCorrection,
  verifyCorrection,
} from '../../src/workflows/messages.js';
import { subscriber } from '../activities/stage.js';
import { load } from '../billing/database.js';
import { type History, answeredPart } from './histories.js';
import {
  announce,
  endWorkers,
  messengerTo,
  orderFor,
  realActivities,
  startDatabase,
  timeSkippingServer,
  today,
  withWorker,
} from './stage.js';

let database: Awaited<ReturnType<typeof startDatabase>>;
let env: TestWorkflowEnvironment;
let real: Activities;
let accounts = 0;
beforeAll(async () => {
  database = await startDatabase(1);
  real = realActivities(
    database.pool,
    messengerTo(() => env.client),
  );
}, 120_000);
afterAll(() => database?.stop());

const started: string[] = [];
const histories: { workflowId: string; history: History }[] = [];
beforeEach(async () => {
  env = await timeSkippingServer();
});
afterEach(async () => {
  await endWorkers();
  for (const workflowId of started.splice(0))
    histories.push({ workflowId, history: await env.client.workflow.getHandle(workflowId).fetchHistory() });
  await env.teardown();
});

async function nextOrder(): Promise<SettlementOrder> {
  const subscription = `0149000005${String(++accounts).padStart(2, '0')}`;
  await subscriber(database.pool, subscription, 40);
  const order = orderFor(subscription, 1030);
  started.push(settlementWorkflowId(order.id));
  return order;
}
const handle = ({ id }: SettlementOrder) => env.client.workflow.getHandle(settlementWorkflowId(id));
const state = (order: SettlementOrder) => handle(order).query(settlementState);
const stored = async ({ id }: SettlementOrder) => (await createSettlementStore(database.pool).get(id, { office: null })) as Settlement;
const record = ({ facts }: SettlementOrder, { bill }: Settlement, reference: string, amount: number) =>
  createPaymentStore(database.pool).record(
    {
      eventId: `event-${reference}`,
      reference,
      subscription: facts.subscription,
      paymentId: bill!.payments[0]!.paymentId,
      amount,
      paidOn: today(),
    },
    '01',
    { id: 'b-1', office: '01' },
  );
const tell = ({ id }: SettlementOrder, reference: string, eventId = `event-${reference}`) =>
  createSettlementWorkflows(env.client, { taskQueue: TASK_QUEUE }).paymentReceived(id, { eventId, reference });
async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  for (let left = 200; left > 0; left--) {
    try {
      if (await holds()) return;
    } catch (error) {
      // asked before the start has arrived
      if (!(error instanceof WorkflowNotFoundError)) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`never came: ${what}`);
}
/** The real steps, with the payments looked at counted. */
function counting(): { activities: Activities; looks(): number } {
  let looks = 0;
  return {
    activities: {
      ...real,
      fetchPayments: (input) => {
        looks++;
        return real.fetchPayments(input);
      },
    },
    looks: () => looks,
  };
}

test('paid in parts: the workflow shows what is on record, once per message', async () => {
  const order = await nextOrder();
  const { activities, looks } = counting();
  await withWorker(env, activities, async () => {
    const announced = await announce(env.client, order);
    const { payable } = announced.bill!;
    expect(announced).toMatchObject({ payments: [], paid: { amount: 0, remaining: payable, status: 'none' } });
    await record(order, announced, 'W1', 1_000);
    expect(await tell(order, 'W1')).toBe('told');
    expect(await tell(order, 'W1')).toBe('told');
    await until('the payment', async () => (await state(order)).payments.length === 1);
    expect(await state(order)).toMatchObject({
      payments: [{ reference: 'W1', amount: 1_000 }],
      paid: { amount: 1_000, remaining: payable - 1_000, status: 'partial' },
    });
    await record(order, announced, 'W2', payable - 1_000);
    await tell(order, 'W2');
    await until('the rest', async () => (await state(order)).paid?.status === 'paid');
    expect(looks()).toBe(2);
    const { payments, paid } = await state(order);
    expect(await stored(order)).toMatchObject({ payments, paid });
  });
});

test('a lost message loses nothing: Postgres tells it, and the next message makes it good', async () => {
  const order = await nextOrder();
  await withWorker(env, real, async () => {
    const announced = await announce(env.client, order);
    await record(order, announced, 'L1', 1_000);
    expect(await stored(order)).toMatchObject({ payments: [{ reference: 'L1' }], paid: { status: 'partial' } });
    expect((await state(order)).payments).toEqual([]);
    await record(order, announced, 'L2', 2_000);
    await tell(order, 'L2');
    await until('both', async () => (await state(order)).payments.length === 2);
    expect((await state(order)).paid).toMatchObject({ amount: 3_000 });
  });
});

test('told while the balance is being computed, with Postgres away at first: shown after the announcement', async () => {
  const order = await nextOrder();
  let [computing, away] = [true, true];
  const gone = () => Promise.reject(new Error('connect ECONNREFUSED'));
  const activities: Activities = {
    ...real,
    assess: (...args) => (computing ? gone() : real.assess(...args)),
    fetchPayments: (input) => (away ? gone() : real.fetchPayments(input)),
  };
  await withWorker(env, activities, async () => {
    const answer = announce(env.client, order);
    await until('the durable attempt', async () => ((await handle(order).describe()).raw.pendingActivities?.length ?? 0) > 0);
    await tell(order, 'early');
    computing = false;
    await env.sleep('15s');
    const announced = await answer;
    await record(order, announced, 'E1', 1_000);
    away = false;
    await until('the payment', async () => {
      await env.sleep('1s');
      return (await state(order)).payments.length === 1;
    });
  });
});

test('after the end: recorded and answered all the same; what is too much becomes a task', async () => {
  const order = await nextOrder();
  await withWorker(env, real, async () => {
    const announced = await announce(env.client, order);
    await handle(order).executeUpdate(confirmDelivery, { args: [{ deliveredTo: 'علی کریمی', channel: 'counter', by: order.clerk }] });
    for (const { posting } of announced.postings) {
      await handle(order).signal(postingTaken, { eventId: posting, posting, billSerial: 'B-1', nameOnBill: 'علی کریمی' });
    }
    // announced without a cycle, it has no objection days to wait for
    expect(((await handle(order).result()) as Settlement).status).toBe('settled');
    await record(order, announced, 'A1', announced.bill!.payable);
    expect(await tell(order, 'A1')).toBe('ended');
    expect(await stored(order)).toMatchObject({ status: 'settled', payments: [{ reference: 'A1' }], paid: { status: 'paid' } });
    const tasks = () => database.pool.query('select id from app.tasks where settlement_id = $1 and kind = $2', [order.id, 'overpaid']);
    expect((await tasks()).rows).toEqual([]);
    const paymentId = announced.bill!.payments[0]!.paymentId;
    await load(database.pool, 'payments', [
      { subscription: order.facts.subscription, reference: 'A2', amount: '1', paidOn: today(), paymentId, countedInBill: '' },
    ]);
    expect(await tell(order, 'A2')).toBe('ended');
    expect((await stored(order)).paid).toEqual({ amount: announced.bill!.payable + 1, remaining: 0, status: 'overpaid' });
    expect((await tasks()).rows).toEqual([{ id: `overpaid.${order.id}.A2` }]);
    const { rows } = await database.pool.query(
      "select data->>'reference' as reference from app.events where settlement_id = $1 and kind = 'paid' order by seq",
      [order.id],
    );
    expect(rows).toEqual([{ reference: 'A1' }, { reference: 'A2' }]);
  });
});

test('paid, then corrected: the payment is by a void slip and counted in the new sum; then cancelled: no sum is left', async () => {
  const order = await nextOrder();
  const supervisor = (id: string) => ({ id, name: id, role: 'supervisor', office: '01' }) as const;
  await withWorker(env, real, async () => {
    const announced = await announce(env.client, order);
    const { payable } = announced.bill!;
    await record(order, announced, 'C1', payable);
    await tell(order, 'C1');
    await until('the payment', async () => (await state(order)).paid?.status === 'paid');
    await handle(order).executeUpdate(reportError, {
      args: [{ kind: 'reading', cause: 'clerk', description: 'رقم اشتباه خوانده شد', by: supervisor('s-1') }],
    });
    await handle(order).executeUpdate(submitCorrection, {
      args: [{ n: 1, by: order.clerk, corrected: { reading: 1060 }, basis: 'first' }],
    });
    const second = await handle(order).executeUpdate(verifyCorrection, {
      args: [{ n: 1, by: supervisor('s-1'), accepted: true, note: null }],
    });
    // the new bill counts what came since the first: it asks for the rest
    const more = second.bill!.payable;
    expect(more).toBeGreaterThan(0);
    expect(more).toBeLessThan(payable);
    expect(second).toMatchObject({
      revision: 2,
      payments: [{ reference: 'C1', revision: 1, outcome: 'void', counted: payable }],
      paid: { amount: 0, remaining: more, status: 'none' },
    });
    expect(await stored(order)).toMatchObject({ payments: second.payments, paid: second.paid });
    // a slip of the second revision
    await record(order, second, 'C2', more);
    await tell(order, 'C2');
    await until('the rest', async () => (await state(order)).paid?.status === 'paid');
    expect((await state(order)).payments.map(({ revision, outcome }) => [revision, outcome])).toEqual([
      [1, 'void'],
      [2, 'matched'],
    ]);

    const cancelled = await handle(order).executeUpdate(cancelSettlement, { args: [{ reason: 'مشترک منصرف شد', by: supervisor('s-2') }] });
    expect(cancelled).toMatchObject({ status: 'cancelled', paid: null, payments: [{ outcome: 'void' }, { outcome: 'void' }] });
    expect(await stored(order)).toMatchObject({ payments: cancelled.payments, paid: null });
  });
});

test('what these runs did replays on this code', async () => {
  expect(histories.length).toBe(5);
  const ended = histories.map(({ workflowId, history }) => ({ workflowId, history: answeredPart(history) }));
  const errors: unknown[] = [];
  for await (const result of Worker.runReplayHistories({ workflowBundle: { codePath: WORKFLOW_BUNDLE } }, ended))
    if (result.error) errors.push([result.workflowId, result.error]);
  expect(errors).toEqual([]);
}, 120_000);
