/* An upgrade finds settlements in every state: what began on the workflows of an earlier version goes on with these. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { Client, Connection } from '@temporalio/client';
import { DefaultLogger, NativeConnection, Worker, bundleWorkflowCode } from '@temporalio/worker';
import type { Activities } from '../../src/activities/index.js';
import { rebuildSettlements } from '../../src/operations/rebuild.js';
import { type Operator, type Settlement, type SettlementOrder, settlementWorkflowId } from '../../src/domain/settlement/settlement.js';
import { freePort } from '../../src/embedded/ports.js';
import { createSettlementStore } from '../../src/store/settlements.js';
import { WORKFLOW_BUNDLE } from '../../src/temporal/worker.js';
import {
  TASK_QUEUE,
  billingCycleOpened,
  confirmDelivery,
  postingTaken,
  reportError,
  settlementState,
  submitCorrection,
  verifyCorrection,
} from '../../src/workflows/messages.js';
import { type TestTemporal, testTemporal } from '../servers.js';
import { announce, householdAccounts, messengerTo, orderFor, realActivities, startDatabase } from './stage.js';
import { logToTest } from '../harness/sdk-log.js';

/** The sources of the workflows of an earlier version with what they import, as JSON of paths and texts. */
const FROZEN = path.resolve(__dirname, '../fixtures/workflows-1.0.json.gz');
const SUPERVISOR: Operator = { id: 'supervisor-1', name: 'سرپرست', role: 'supervisor', office: '01' };

let folder: string;
let earlier: string;
let database: Awaited<ReturnType<typeof startDatabase>>;
let temporal: TestTemporal;
let connection: Connection;
let native: NativeConnection;
let client: Client;
let real: Activities;
let orders: SettlementOrder[];
beforeAll(async () => {
  logToTest();
  folder = mkdtempSync(path.join(tmpdir(), 'tasvieh-upgrade-'));
  if (process.env['TASVIEH_KEEP_HISTORIES']) writeFileSync(FROZEN, gzipSync(JSON.stringify(workflowSources()), { level: 9 }));
  earlier = await bundleOf(JSON.parse(gunzipSync(readFileSync(FROZEN)).toString()) as Record<string, string>);
  database = await startDatabase(60);
  // the objection days are over at once: nobody waits for them here
  await database.pool.query("update billing.cycles set issues_on = '1404/01/01', objection_days = 0");
  // a real server: the one that skips time does not hear of a worker's end
  temporal = await testTemporal({ dataFile: null, port: await freePort() });
  connection = await Connection.connect({ address: temporal.address });
  native = await NativeConnection.connect({ address: temporal.address });
  client = new Client({ connection, namespace: temporal.namespace });
  real = realActivities(
    database.pool,
    messengerTo(() => client),
  );
  orders = (await householdAccounts(database.pool)).map(({ subscription, reading }) => orderFor(subscription, reading + 40));
}, 120_000);
afterAll(async () => {
  await native?.close();
  await connection?.close();
  await temporal?.stop();
  await database?.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** The workflows of this code and what they load, by their paths. */
function workflowSources(): Record<string, string> {
  const sources: Record<string, string> = {};
  const add = (file: string): void => {
    if (file in sources) return;
    const text = (sources[file] = readFileSync(file, 'utf8'));
    for (const [, from = ''] of text.matchAll(/^(?:import|export) (?!type )[^;]*?from '(\.[^']+)\.js';/gms))
      if (!from.includes('activities/')) add(path.join(path.dirname(file), `${from}.ts`));
  };
  ['src/workflows/index.ts', 'src/workflows/interceptors.ts', 'src/temporal/failure-converter.ts'].forEach(add);
  return sources;
}

async function bundleOf(sources: Record<string, string>): Promise<string> {
  for (const [name, text] of Object.entries(sources)) {
    const file = path.join(folder, name);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
  symlinkSync(path.resolve('node_modules'), path.join(folder, 'node_modules'));
  const source = (name: string): string => path.join(folder, 'src', name);
  const { code } = await bundleWorkflowCode({
    workflowsPath: source('workflows/index.ts'),
    failureConverterPath: source('temporal/failure-converter.ts'),
    workflowInterceptorModules: [source('workflows/interceptors.ts')],
    logger: new DefaultLogger('WARN'),
  });
  const bundle = path.join(folder, 'earlier.js');
  writeFileSync(bundle, code);
  return bundle;
}

/** Acts with a worker on a version's workflows, which then ends as in an upgrade. */
async function onVersion(bundle: string, act: () => Promise<void>, activities = real): Promise<void> {
  const worker = await Worker.create({
    connection: native,
    namespace: temporal.namespace,
    taskQueue: TASK_QUEUE,
    activities,
    workflowBundle: { codePath: bundle },
  });
  await worker.runUntil(act());
}
const nextOrder = (): SettlementOrder => {
  const order = orders.shift();
  if (!order) throw new Error('no account left');
  return order;
};
const handle = (order: SettlementOrder) => client.workflow.getHandle(settlementWorkflowId(order.id));
const state = (order: SettlementOrder): Promise<Settlement> => handle(order).query(settlementState);
const deliver = (order: SettlementOrder) =>
  handle(order).executeUpdate(confirmDelivery, { args: [{ deliveredTo: 'علی کریمی', channel: 'counter', by: order.clerk }] });
async function open(order: SettlementOrder): Promise<void> {
  const [posting] = (await state(order)).postings;
  await handle(order).signal(billingCycleOpened, {
    eventId: `open-${posting?.cycle}`,
    cycle: posting?.cycle as string,
    closesOn: '1405/12/29',
  });
  await until('handed over', async () => (await state(order)).status === 'handedOver');
}
async function until(what: string, holds: () => Promise<boolean>, seconds = 10): Promise<void> {
  for (let left = seconds * 20; left > 0; left--) {
    if (await holds().catch(() => false)) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`never came: ${what}`);
}
/** Whatever is left until billing took all of it, and the end. */
async function finish(order: SettlementOrder): Promise<Settlement> {
  const { status, delivery } = await state(order);
  if (delivery === null) await deliver(order);
  if (status !== 'handedOver') await open(order);
  for (const { posting, status: of } of (await state(order)).postings)
    if (of === 'handedOver') await handle(order).signal(postingTaken, { eventId: `take-${posting}`, posting, billSerial: 'B-1' });
  return (await handle(order).result()) as Settlement;
}

test('settlements of every state that began on an earlier version end on this one, with one bill and nothing done twice; a version that does not fit between them stands still and loses nothing', async () => {
  const [inTheMiddle, announced, delivered, handedOver, corrected, stuck] = [
    nextOrder(),
    nextOrder(),
    nextOrder(),
    nextOrder(),
    nextOrder(),
    nextOrder(),
  ];
  // the stuck one comes last: its task is tried again after ten seconds
  const all = [inTheMiddle, announced, delivered, handedOver, corrected, stuck];
  const before = new Map<string, Settlement>();
  const away: Activities = {
    ...real,
    issue: (input, earlier) =>
      input.order.id === inTheMiddle.id ? Promise.reject(new Error('connect ECONNREFUSED')) : real.issue(input, earlier),
  };
  await onVersion(
    earlier,
    async () => {
      for (const order of [announced, delivered, handedOver, corrected, stuck]) await announce(client, order);
      // its clerk was told where to look
      void announce(client, inTheMiddle).catch(() => undefined);
      await until('a step waits', async () => ((await handle(inTheMiddle).describe()).raw.pendingActivities?.length ?? 0) > 0);
      await deliver(delivered);
      await deliver(handedOver);
      await open(handedOver);
      await handle(corrected).executeUpdate(reportError, {
        args: [{ kind: 'reading', cause: 'clerk', description: 'رقم اشتباه خوانده شد', by: SUPERVISOR }],
      });
      for (const order of all) before.set(order.id, await state(order));
    },
    away,
  );
  expect([...before.values()].map(({ status }) => status)).toEqual([
    'received',
    'announced',
    'delivered',
    'handedOver',
    'announced',
    'announced',
  ]);

  // the negative twin: a version that takes another step
  const changed = path.join(folder, 'changed.js');
  writeFileSync(changed, readFileSync(WORKFLOW_BUNDLE, 'utf8').replaceAll(`'assess'`, `'assessOther'`));
  await onVersion(
    changed,
    async () => {
      await handle(stuck).signal(billingCycleOpened, { eventId: 'open-none', cycle: '99-1405-01', closesOn: '1405/12/29' });
      await until('its task failed', async () =>
        ((await handle(stuck).fetchHistory()).events ?? []).some((event) => event.workflowTaskFailedEventAttributes),
      );
    },
    away,
  );

  await onVersion(WORKFLOW_BUNDLE, async () => {
    await until('announced by itself', async () => (await state(inTheMiddle)).status === 'announced', 30);
    await handle(corrected).executeUpdate(submitCorrection, {
      args: [{ n: 1, by: corrected.clerk, corrected: { reading: (corrected.facts.reading ?? 0) - 10 }, basis: 'first' }],
    });
    await handle(corrected).executeUpdate(verifyCorrection, { args: [{ n: 1, by: SUPERVISOR, accepted: true, note: null }] });
    for (const order of all) {
      const ended = await finish(order);
      expect([order.id, ended.status, ended.revision]).toEqual([order.id, 'settled', order === corrected ? 2 : 1]);
      const { bill, delivery } = before.get(order.id) as Settlement;
      if (bill && order !== corrected) expect(ended.bill).toEqual(bill);
      if (delivery) expect(ended.delivery).toEqual(delivery);
      expect(await createSettlementStore(database.pool).get(order.id, { office: null })).toMatchObject({
        status: 'settled',
        revision: ended.revision,
        bill: { number: ended.bill?.number },
      });
      const { rows } = await database.pool.query<{ kind: string; times: number }>(
        `select kind, count(*)::integer as times from app.events where settlement_id = $1 and kind in ('received', 'announced', 'delivered', 'scheduled', 'settled') group by 1 order by 1`,
        [order.id],
      );
      expect(rows).toEqual(['announced', 'delivered', 'received', 'scheduled', 'settled'].map((kind) => ({ kind, times: 1 })));
    }
  });
  for await (const each of rebuildSettlements(database.pool, null)) expect(each).toMatchObject({ equal: true });
}, 120_000);
