import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type Client, WithStartWorkflowOperation } from '@temporalio/client';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { type Worker } from '@temporalio/worker';
import type { Pool } from 'pg';
import { type Activities, createActivities } from '../../src/activities/index.js';
import type { HistoryArchive } from '../../src/activities/history-export.js';
import type { Messenger } from '../../src/activities/messenger.js';
import { DEMO_SUBSCRIPTION } from '../../src/billing/demo.js';
import { createPostgresBilling } from '../../src/billing/postgres.js';
import { type JalaliDate, todayInTehran } from '../../src/domain/calendar/jalali.js';
import { type Settlement, type SettlementOrder, settlementId, settlementWorkflowId } from '../../src/domain/settlement/settlement.js';
import { testServerExecutable } from '../../src/embedded/binaries.js';
import { freePort } from '../../src/embedded/ports.js';
import { type EmbeddedPostgres } from '../../src/embedded/postgres.js';
import { loadDemoData } from '../../src/embedded/demo.js';
import { createMessenger } from '../../src/temporal/messenger.js';
import { migrate } from '../../src/store/migrate.js';
import { createPool } from '../../src/store/pool.js';
import { createStores } from '../../src/store/stores.js';
import { createWorker } from '../../src/temporal/worker.js';
import { TASK_QUEUE, announceBalance } from '../../src/workflows/messages.js';
import { SEARCH_ATTRIBUTE_TYPES } from '../../src/workflows/search-attributes.js';
import { givenTemporal, testNamespace, testPostgres } from '../servers.js';
import { historyCollector } from './histories.js';
import { logToTest } from '../harness/sdk-log.js';

export const today = (): JalaliDate => todayInTehran(new Date());

/** A real database with demo subscribers, in a folder of its own. */
export async function startDatabase(subscribers = 40): Promise<{ postgres: EmbeddedPostgres; pool: Pool; stop(): Promise<void> }> {
  const folder = mkdtempSync(path.join(tmpdir(), 'tasvieh-'));
  const postgres = await testPostgres({ dataFolder: folder, port: await freePort() });
  const pool = createPool(postgres.url, { applicationName: 'test' });
  const stop = async (): Promise<void> => {
    await pool.end();
    await postgres.stop();
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await migrate(postgres.url);
    await loadDemoData(pool, subscribers, new Date());
    return { postgres, pool, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Open household accounts of office 01 with the last reading that staff took: each is a usual settlement. */
export async function householdAccounts(pool: Pool): Promise<{ subscription: string; reading: number }[]> {
  const { rows } = await pool.query<{ subscription: string; reading: number }>(
    `select a.subscription, b.to_reading as reading from billing.accounts a
     join lateral (select * from billing.bills where subscription = a.subscription order by to_date desc limit 1) b on true
     where a.office = '01' and a.use = 'household' and a.closed_on is null and b.reading_source = 'staff' order by 1`,
  );
  return rows;
}

/** For steps that tell no other workflow anything. */
const nobodyToTell: Messenger = {
  signal: (id) => Promise.reject(new Error(`${id}: this test has no messenger`)),
  start: (_workflow, id) => Promise.reject(new Error(`${id}: this test has no messenger`)),
};

/** Steps reach other workflows on the server of the test that runs now. */
export function messengerTo(client: () => Client): Messenger {
  const now = (): Messenger => createMessenger(client(), { taskQueue: TASK_QUEUE });
  return { signal: (...message) => now().signal(...message), start: (...order) => now().start(...order) };
}

/** For workflows that do not look back. */
const noArchive: HistoryArchive = { exportEnded: () => Promise.reject(new Error('this test has no archive')) };

export function realActivities(pool: Pool, messenger: Messenger = nobodyToTell, archive: HistoryArchive = noArchive): Activities {
  return createActivities({
    stores: createStores(pool),
    billing: createPostgresBilling(pool),
    messenger,

    async *halted() {
      yield* [];
    },
    archive,
  });
}

/** An order of the demo subscriber whose reading is usual, with what a test changes. */
export function orderFor(
  subscription: string,
  reading: number | null,
  change: Partial<SettlementOrder['facts']> = {},
  receivedAt = new Date().toISOString(),
): SettlementOrder {
  const settlementDate = change.settlementDate ?? today();
  return {
    id: settlementId(subscription, settlementDate),
    receivedAt,
    clerk: { id: 'clerk-1', name: 'مریم رضایی', role: 'clerk', office: '01' },
    facts: {
      subscription,
      settlementDate,
      reading,
      readingSource: reading === null ? 'none' : 'staff',
      purpose: 'balance',
      applicant: { kind: 'owner', name: 'علی کریمی', nationalId: '0932833810' },
      documents: [],
      confirmations: ['HIGH_CONSUMPTION', 'LOW_CONSUMPTION', 'ZERO_CONSUMPTION'].map((code) => ({ code, reason: 'بررسی شد' })),
      ...change,
    },
  };
}

/** Asks as the API does: starts the workflow if there is none, and waits for the announcement. */
export function announce(
  client: Client,
  order: SettlementOrder,
  updateId = `announce-${JSON.stringify(order.facts.reading)}`,
): Promise<Settlement> {
  return client.workflow.executeUpdateWithStart(announceBalance, {
    args: [order],
    updateId,
    startWorkflowOperation: new WithStartWorkflowOperation('settlement', {
      workflowId: settlementWorkflowId(order.id),
      taskQueue: TASK_QUEUE,
      args: [order],
      workflowIdConflictPolicy: 'USE_EXISTING',
      workflowIdReusePolicy: 'ALLOW_DUPLICATE_FAILED_ONLY',
    }),
  });
}

export async function timeSkippingServer(): Promise<TestWorkflowEnvironment> {
  logToTest();
  const executable = testServerExecutable();
  const env = await TestWorkflowEnvironment.createTimeSkipping(
    executable ? { server: { executable: { type: 'existing-path', path: executable } } } : {},
  );
  await env.connection.operatorService.addSearchAttributes({
    namespace: 'default',
    // the numbers of temporal.api.enums.v1.IndexedValueType
    searchAttributes: Object.fromEntries(
      Object.entries(SEARCH_ATTRIBUTE_TYPES).map(([name, type]) => [name, { Keyword: 2, Int: 3, Bool: 5 }[type]]),
    ),
  });
  return env;
}

/** For tests that do not skip time: the server that a run is given, in a namespace of its own, else the time-skipping one. */
export async function workflowServer(): Promise<TestWorkflowEnvironment> {
  const address = givenTemporal();
  if (address === null) return timeSkippingServer();
  const namespace = await testNamespace(address);
  const env = await TestWorkflowEnvironment.createFromExistingServer({ address, namespace: namespace.name });
  const teardown = env.teardown.bind(env);
  env.teardown = async () => {
    await teardown();
    await namespace.stop();
  };
  return env;
}

/** Runs `act` with a worker at work and ends the worker, also when `act` fails. */
export async function withWorker<T>(
  env: TestWorkflowEnvironment,
  activities: Activities,
  act: (worker: Worker) => Promise<T>,
  maxCachedWorkflows?: number,
): Promise<T> {
  const histories = historyCollector();
  const worker = await createWorker({
    connection: env.nativeConnection,
    namespace: env.namespace ?? 'default',
    taskQueue: TASK_QUEUE,
    activities,
    activityInterceptors: histories.interceptors,
    ...(maxCachedWorkflows === undefined ? {} : { maxCachedWorkflows }),
  });
  workers.add(worker);
  try {
    return await worker.runUntil(act(worker));
  } finally {
    workers.delete(worker);
    await histories.keep(env.client);
  }
}

const workers = new Set<Worker>();
/** Ends the workers of tests that ran out of time, so that the servers can be closed. */
export async function endWorkers(): Promise<void> {
  for (const worker of workers) {
    if (worker.getState() === 'RUNNING') worker.shutdown();
    while (worker.getState() !== 'STOPPED' && worker.getState() !== 'FAILED') await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

export { DEMO_SUBSCRIPTION };
