import { setTimeout as pause } from 'node:timers/promises';
import { Client, Connection } from '@temporalio/client';
import { NativeConnection, type Worker } from '@temporalio/worker';
import type { Logger } from 'pino';
import { createActivities } from './activities/index.js';
import { createPreview } from './activities/preview.js';
import { termsOn } from './activities/service-terms.js';
import { createTaskDesk } from './activities/task-desk.js';
import { createApi } from './api/app.js';
import { listen } from './api/server.js';
import { createTokens } from './api/tokens.js';
import { NoAnswerError, createSettlementWorkflows, isUnanswered } from './api/workflows.js';
import { loadFeed } from './billing/feed.js';
import { createPostgresBilling } from './billing/postgres.js';
import { type Config, signingSecret } from './config.js';
import { createBillPrinter } from './document/bill.js';
import { bridgeTemporalLog, createLog } from './logging.js';
import { createMessenger } from './messenger.js';
import { createEventListener } from './store/event-listener.js';
import { createCorrectionStore } from './store/corrections.js';
import { createOverrideStore } from './store/overrides.js';
import { createPool } from './store/pool.js';
import { createPostingStore } from './store/postings.js';
import { createSettlementStore } from './store/settlements.js';
import { createTariffStore } from './store/tariffs.js';
import { createTaskStore } from './store/tasks.js';
import { createUnsentStore } from './store/unsent.js';
import { version } from '../package.json';
import { keepSchedules, schedules } from './schedules.js';
import { createWorker } from './worker.js';
import { OFFICE, STATUS, SUBSCRIPTION } from './workflows/search-attributes.js';

/** What an API or worker process needs of the configuration: both servers are there. */
export type ServedConfig = Config & { databaseUrl: string; temporalAddress: string };

/** A running process: `ended` rejects when it ended by itself. */
export interface Running {
  ended: Promise<void>;
  stop(): Promise<void>;
}

/** The worker: polls the task queue until it is stopped. Rejects when Temporal cannot be reached at the start. */
export async function runWorker(config: ServedConfig): Promise<Running> {
  const log = createLog('worker', config.logLevel);
  bridgeTemporalLog(log);
  const connection = await NativeConnection.connect({ address: config.temporalAddress });
  const pool = createPool(config.databaseUrl, { applicationName: 'tasvieh-worker', max: 20 });
  // what steps tell other workflows goes over a connection of its own kind: the worker's is for polling
  const clientConnection = Connection.lazy({ address: config.temporalAddress, connectTimeout: '2s' });
  const client = new Client({ connection: clientConnection, namespace: config.temporalNamespace });
  const worker: Worker = await createWorker({
    connection,
    namespace: config.temporalNamespace,
    taskQueue: config.taskQueue,
    activities: createActivities({
      settlements: createSettlementStore(pool),
      postings: createPostingStore(pool),
    corrections: createCorrectionStore(pool),
      billing: createPostgresBilling(pool),
      tariffs: createTariffStore(pool),
      overrides: createOverrideStore(pool),
      tasks: createTaskStore(pool),
      unsent: createUnsentStore(pool),
      messenger: createMessenger(client, { taskQueue: config.taskQueue }),
    }),
  });
  const ending = new AbortController();
  // worker first, then the connection, then the pool: nothing is taken away from a running activity
  const ended = worker.run().finally(async () => {
    ending.abort();
    await connection.close();
    await clientConnection.close();
    await pool.end();
  });
  // beside the work: no counter waits for what happens in the morning
  void keepSchedulesUntil(ending.signal, () => keepSchedules(client, schedules(config.taskQueue)), log);
  return {
    ended,
    async stop() {
      if (worker.getState() === 'RUNNING') worker.shutdown();
      await ended.catch(() => undefined);
    },
  };
}

const SCHEDULES_AGAIN_MS = 30_000;

/** Tries until the schedules stand; each failure is in the log. */
async function keepSchedulesUntil(ending: AbortSignal, keep: () => Promise<void>, log: Logger): Promise<void> {
  while (!ending.aborted) {
    try {
      return await keep();
    } catch (error) {
      if (ending.aborted) return;
      log.error({ err: error }, 'the schedules could not be kept up to date, trying again');
      await pause(SCHEDULES_AGAIN_MS, undefined, { signal: ending }).catch(() => undefined);
    }
  }
}

/** Without a word from Temporal what was asked may have been done or not. */
function noAnswer(error: unknown): never {
  throw isUnanswered(error) ? new NoAnswerError() : error;
}

/** The API. It starts while Postgres or Temporal are away, and says so under /readyz. */
export async function runApi(config: ServedConfig): Promise<Running & { port: number }> {
  const log = createLog('api', config.logLevel);
  const connection = Connection.lazy({ address: config.temporalAddress, connectTimeout: '2s' });
  const client = new Client({ connection, namespace: config.temporalNamespace });
  const pool = createPool(config.databaseUrl, { applicationName: 'tasvieh-api', max: 20 });
  const events = createEventListener(config.databaseUrl);
  const billing = createPostgresBilling(pool);
  const temporal = createSettlementWorkflows(client, {
    taskQueue: config.taskQueue,
    searchAttributes: ({ clerk, facts }) => [
      { key: OFFICE, value: clerk.office },
      { key: STATUS, value: 'received' },
      { key: SUBSCRIPTION, value: facts.subscription },
    ],
  });
  const messenger = createMessenger(client, { taskQueue: config.taskQueue });
  const settlements = createSettlementStore(pool);
  const overrides = createOverrideStore(pool);
  const tariffs = createTariffStore(pool);
  const tasks = createTaskStore(pool);
  const desk = createTaskDesk({ tasks, tariffs, messenger });
  const app = createApi({
    temporal,
    settlements: { ...settlements, onEvent: events.onEvent },
    overrides,
    tasks: {
      ...tasks,
      close: (id, end) => desk.close(id, end).catch(noAnswer),
    },
    billing,
    unsent: createUnsentStore(pool),
    serviceTerms: (day) => termsOn(tariffs, day),
    postings: createPostingStore(pool),
    startWorkflow: (...call) => messenger.start(...call).catch(noAnswer),
    loadFeed: (kind, stream, options) => loadFeed(pool, kind, stream, options),
    printer: createBillPrinter(),
    preview: createPreview({ billing, settlements }, tariffs, overrides),
    tokens: createTokens(signingSecret(config)),
    now: () => new Date(),
    async ready() {
      const [postgres, reachable] = await Promise.all([
        pool.query('select 1').then(
          () => 'ok',
          () => 'unreachable',
        ),
        temporal.reachable(),
      ]);
      return { ready: postgres === 'ok' && reachable, checks: { postgres, temporal: reachable ? 'ok' : 'unreachable' } };
    },
    log,
    version,
  });
  const letGo = async (): Promise<void> => {
    await events.close();
    await connection.close();
    await pool.end();
  };
  // a port in use ends the process: nothing that was opened may keep it alive
  const server = await listen(app, { host: config.apiHost, port: config.apiPort }).catch(async (error: unknown) => {
    await letGo();
    throw error;
  });
  return {
    port: server.port,
    ended: new Promise(() => undefined),
    async stop() {
      await server.close();
      await letGo();
    },
  };
}
