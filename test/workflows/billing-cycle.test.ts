import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { type Activities } from '../../src/activities/index.js';
import { type Opening, billingCycleWorkflowId, endOfDay } from '../../src/domain/cycle.js';
import type { JalaliDate } from '../../src/domain/jalali.js';
import type { CycleCounts } from '../../src/domain/outbox.js';
import { type Settlement, type SettlementOrder, settlementWorkflowId } from '../../src/domain/settlement.js';
import { taskId, taskWorkflowId } from '../../src/domain/task.js';
import { createMessenger } from '../../src/messenger.js';
import { type PostingStore, createPostingStore } from '../../src/store/postings.js';
import { createTaskStore } from '../../src/store/tasks.js';
import { TASK_QUEUE, confirmDelivery, settlementState } from '../../src/workflows/messages.js';
import { announce, endWorkers, orderFor, realActivities, startDatabase, timeSkippingServer, withWorker } from './stage.js';

const BILLING = { id: 'billing', name: 'صورتحساب', role: 'billing', office: '01' } as const;

let database: Awaited<ReturnType<typeof startDatabase>>;
let postings: PostingStore;
let env: TestWorkflowEnvironment;
let real: Activities;
let accounts: { subscription: string; reading: number; series: string }[];

beforeAll(async () => {
  database = await startDatabase(300);
  postings = createPostingStore(database.pool);
  const { rows } = await database.pool.query(
    `select a.subscription, a.series, b.to_reading as reading from billing.accounts a
     join lateral (select * from billing.bills where subscription = a.subscription order by to_date desc limit 1) b on true
     where a.office = '01' and a.use = 'household' and a.closed_on is null and b.reading_source = 'staff' order by a.series, 1`,
  );
  accounts = rows;
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

function nextOrder(series = accounts[0]?.series): SettlementOrder {
  const at = accounts.findIndex((each) => each.series === series);
  const [account] = accounts.splice(at, 1);
  if (at < 0 || !account) throw new Error('no account left');
  return orderFor(account.subscription, account.reading + 40);
}
const state = (order: SettlementOrder): Promise<Settlement> => env.client.workflow.getHandle(settlementWorkflowId(order.id)).query(settlementState);
const deliver = (order: SettlementOrder) =>
  env.client.workflow.getHandle(settlementWorkflowId(order.id)).executeUpdate(confirmDelivery, { args: [{ deliveredTo: 'علی کریمی', channel: 'counter', by: order.clerk }] });
async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  for (let left = 400; left > 0; left--) {
    if (await holds()) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`never came: ${what}`);
}
/** Opens a cycle as the API does: recorded, then its workflow started. */
async function open(cycle: string, closesOn: JalaliDate): Promise<void> {
  const opened: Opening = { eventId: `open-${cycle}`, cycle, closesOn };
  await postings.openCycle({ ...opened, by: BILLING });
  await env.client.workflow.start('billingCycle', { workflowId: billingCycleWorkflowId(cycle), taskQueue: TASK_QUEUE, args: [{ opened, closesAt: endOfDay(closesOn) }] });
}
/** Acknowledges as the API does. */
async function acknowledge(eventId: string, cycle: string, items: Parameters<PostingStore['acknowledge']>[0]['items']): Promise<void> {
  const batch = (await postings.batch(cycle, 1)) as NonNullable<Awaited<ReturnType<PostingStore['batch']>>>;
  expect(await postings.acknowledge({ eventId, cycle, batch: 1, count: batch.count, sum: batch.sum, items }, BILLING)).toEqual({ kind: 'recorded' });
  await env.client.workflow.execute('acknowledgement', { workflowId: `acknowledgement/${eventId}`, taskQueue: TASK_QUEUE, args: [{ eventId, cycle }] });
}

test('a whole cycle: everyone is told once, one batch, all taken, and the report says so', async () => {
  const orders = Array.from({ length: 12 }, () => nextOrder());
  await withWorker(env, real, async () => {
    const settled: Settlement[] = [];
    for (const order of orders) {
      settled.push(await announce(env.client, order));
      await deliver(order);
    }
    const first = settled[0]?.postings[0];
    const [cycle, closesOn] = [first?.cycle as string, first?.dueOn as JalaliDate];
    const mine = orders.filter((_, i) => settled[i]?.postings[0]?.cycle === cycle);
    await open(cycle, closesOn);
    await until('handed over', async () => (await Promise.all(mine.map(state))).every(({ status }) => status === 'handedOver'));

    // one that comes while the cycle is open joins it
    const late = nextOrder(orders[0] && cycle.split('-')[0]);
    await announce(env.client, late);
    await deliver(late);
    await until('joined', async () => (await state(late)).status === 'handedOver');

    const batch = await postings.nextBatch(cycle);
    expect(batch).toMatchObject({ batch: 1, count: (mine.length + 1) * 2 });
    expect(batch?.sum).toBe(batch?.items.reduce((sum, { amount }) => sum + amount, 0));
    // fetched again, before any word of billing: the same
    expect(await postings.nextBatch(cycle)).toEqual(batch);
    await acknowledge('ack-1', cycle, (batch?.items ?? []).map(({ posting }) => ({ posting, outcome: 'taken', billSerial: 'B-1' })));
    await until('taken', async () => (await Promise.all([...mine, late].map(state))).every((each) => each.postings.every(({ status }) => status === 'taken')));
    expect(await postings.nextBatch(cycle)).toBeNull();

    const report = (await env.client.workflow.getHandle(billingCycleWorkflowId(cycle)).result()) as CycleCounts;
    const all = (mine.length + 1) * 2;
    expect(report).toEqual({ due: all, waiting: 0, handedOver: 0, taken: all, refused: 0, late: 0 });
    for (const order of mine) expect(((await env.client.workflow.getHandle(settlementWorkflowId(order.id)).result()) as Settlement).status).toBe('settled');
  });
}, 60_000);

test('a cycle that nobody opens: late on its closing, moved to the next, and taken there once', async () => {
  const order = nextOrder();
  await withWorker(env, real, async () => {
    const settlement = await announce(env.client, order);
    await deliver(order);
    const { cycle, dueOn } = settlement.postings[0] as Settlement['postings'][number];
    const closing = Date.parse(endOfDay(dueOn as JalaliDate));
    await env.sleep(closing - (await env.currentTimeMs()) - 60_000);
    expect((await state(order)).postings.map(({ status }) => status)).toEqual(['waiting', 'waiting']);
    await env.sleep(120_000);
    await until('late', async () => (await state(order)).postings.every(({ status }) => status === 'late'));
    const moved = (await state(order)).postings[0] as Settlement['postings'][number];
    expect(moved.timesLate).toBe(1);
    expect(moved.cycle).not.toBe(cycle);
    const { rows } = await database.pool.query(`select count(*) from app.tasks where settlement_id = $1 and kind = 'postingLate'`, [order.id]);
    expect(Number(rows[0].count)).toBe(1);
    expect((await postings.counts([cycle as string])).get(cycle as string)).toMatchObject({ late: 2 });

    await open(moved.cycle as string, moved.dueOn as JalaliDate);
    await until('handed over', async () => (await state(order)).postings.every(({ status }) => status === 'handedOver'));
    const batch = await postings.nextBatch(moved.cycle as string);
    expect(batch?.items.filter(({ settlement: id }) => id === order.id).map(({ posting }) => posting)).toEqual([`${order.id}/fee`, `${order.id}/settlement`]);
    await acknowledge(`ack-${order.id}`, moved.cycle as string, (batch?.items ?? []).map(({ posting }) => ({ posting, outcome: 'taken', billSerial: 'B-2' })));
    expect(((await env.client.workflow.getHandle(settlementWorkflowId(order.id)).result()) as Settlement).status).toBe('settled');
    // taken after all: nothing is left for billing to do, and its timer has ended
    const late = await createTaskStore(database.pool).get(taskId('postingLate', order.id));
    expect(late).toMatchObject({ role: expect.stringMatching(/billing|supervisor/), closedBy: null, outcome: 'settled' });
    await env.client.workflow.getHandle(taskWorkflowId(late?.id ?? '')).result();
  });
}, 60_000);
