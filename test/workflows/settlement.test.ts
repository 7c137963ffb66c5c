import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { DEMO_SUBSCRIPTION, announce, orderFor, realActivities, startDatabase, timeSkippingServer, withWorker } from './stage.js';

let database: Awaited<ReturnType<typeof startDatabase>>;
let env: TestWorkflowEnvironment;

beforeAll(async () => {
  database = await startDatabase();
  env = await timeSkippingServer();
}, 120_000);
afterAll(async () => {
  await env?.teardown();
  await database?.stop();
});

async function lastReading(subscription: string): Promise<number> {
  const { rows } = await database.pool.query('select to_reading from billing.bills where subscription = $1 order by to_date desc limit 1', [subscription]);
  return rows[0].to_reading;
}

test('announced', async () => {
  const order = orderFor(DEMO_SUBSCRIPTION, (await lastReading(DEMO_SUBSCRIPTION)) + 60);
  await withWorker(env, realActivities(database.pool), async () => {
    const t = Date.now();
    const settlement = await announce(env.client, order);
    console.log(Date.now() - t, JSON.stringify(settlement, null, 1).slice(0, 6000));
  });
});
