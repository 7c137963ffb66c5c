/* Workers may carry a version (TASVIEH_WORKER_BUILD_ID): whose turn it is, for open workflows too, is what was set last. */
import { Client, Connection } from '@temporalio/client';
import { NativeConnection, type Worker } from '@temporalio/worker';
import { settlementWorkflowId } from '../../src/domain/settlement/settlement.js';
import { freePort } from '../../src/embedded/ports.js';
import { createWorker } from '../../src/temporal/worker.js';
import { setCurrentVersion } from '../../src/temporal/worker-version.js';
import { TASK_QUEUE, billingCycleOpened, confirmDelivery, settlementState } from '../../src/workflows/messages.js';
import { type TestTemporal, testTemporal } from '../servers.js';
import { announce, householdAccounts, messengerTo, orderFor, realActivities, startDatabase } from './stage.js';
import { logToTest } from '../harness/sdk-log.js';

let database: Awaited<ReturnType<typeof startDatabase>>;
let temporal: TestTemporal;
let connection: Connection;
let native: NativeConnection;
let client: Client;
const running: { worker: Worker; run: Promise<void> }[] = [];

beforeAll(async () => {
  logToTest();
  database = await startDatabase(20);
  temporal = await testTemporal({ dataFile: null, port: await freePort() });
  connection = await Connection.connect({ address: temporal.address });
  native = await NativeConnection.connect({ address: temporal.address });
  client = new Client({ connection, namespace: temporal.namespace });
}, 120_000);
afterAll(async () => {
  for (const { worker } of running) worker.shutdown();
  await Promise.all(running.map(({ run }) => run));
  await native?.close();
  await connection?.close();
  await temporal?.stop();
  await database?.stop();
});

async function startWorker(buildId: string | null): Promise<void> {
  const activities = realActivities(
    database.pool,
    messengerTo(() => client),
  );
  const worker = await createWorker({ connection: native, namespace: temporal.namespace, taskQueue: TASK_QUEUE, activities, buildId });
  running.push({ worker, run: worker.run() });
}
const setTo = (buildId: string | null) => setCurrentVersion(connection, { namespace: temporal.namespace, buildId, waitMs: 30_000 });

/** The version of the worker that did each task of a settlement's workflow; null: of one without. */
async function versionsOf(id: string): Promise<(string | null)[]> {
  const { events } = await client.workflow.getHandle(settlementWorkflowId(id)).fetchHistory();
  return (events ?? []).flatMap(({ workflowTaskCompletedEventAttributes: done }) =>
    done ? [done.deploymentVersion?.buildId || null] : [],
  );
}

test('an open settlement goes on with the version that is set, whichever workers are there: forward, back, and without versions', async () => {
  const [account, another] = await householdAccounts(database.pool);
  if (!account || !another) throw new Error('no account');
  const order = orderFor(account.subscription, account.reading + 40);
  const handle = client.workflow.getHandle(settlementWorkflowId(order.id));
  const versions = (): Promise<(string | null)[]> => versionsOf(order.id);

  // asked for before any version is set: it waits, and nothing is lost
  await startWorker('one');
  const asked = announce(client, order);
  expect(await setTo('one')).toEqual({ before: null });
  expect((await asked).status).toBe('announced');
  const first = await versions();
  expect(new Set(first)).toEqual(new Set(['one']));

  await startWorker('two');
  expect(await setTo('two')).toEqual({ before: 'one' });
  await handle.executeUpdate(confirmDelivery, { args: [{ deliveredTo: 'علی کریمی', channel: 'counter', by: order.clerk }] });
  const second = (await versions()).slice(first.length);
  expect(second.length).toBeGreaterThan(0);
  expect(new Set(second)).toEqual(new Set(['two']));

  // both are still there: back is a word too
  expect(await setTo('one')).toEqual({ before: 'two' });
  const [posting] = (await handle.query(settlementState)).postings;
  await handle.signal(billingCycleOpened, { eventId: 'open', cycle: posting?.cycle as string, closesOn: '1405/12/29' });
  await until(async () => (await handle.query(settlementState)).status === 'handedOver');
  const third = (await versions()).slice(first.length + second.length);
  expect(third.length).toBeGreaterThan(0);
  expect(new Set(third)).toEqual(new Set(['one']));

  await startWorker(null);
  expect(await setTo(null)).toEqual({ before: 'one' });
  const other = orderFor(another.subscription, another.reading + 40);
  expect((await announce(client, other)).status).toBe('announced');
  expect(new Set(await versionsOf(other.id))).toEqual(new Set([null]));
}, 120_000);

test('a version that no worker has is not set', async () => {
  await expect(setCurrentVersion(connection, { namespace: temporal.namespace, buildId: 'nobody', waitMs: 0 })).rejects.toThrow();
});

async function until(holds: () => Promise<boolean>): Promise<void> {
  for (let left = 400; left > 0; left--) {
    if (await holds()) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error('never came');
}
