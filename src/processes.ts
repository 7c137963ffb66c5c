import { randomUUID } from 'node:crypto';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { activityInfo } from '@temporalio/activity';
import { Client, Connection } from '@temporalio/client';
import { NativeConnection, type Worker } from '@temporalio/worker';
import type { Logger } from 'pino';
import { createActivities } from './activities/index.js';
import { createPreview } from './activities/preview.js';
import { termsOn } from './activities/service-terms.js';
import { createTaskDesk } from './activities/task-desk.js';
import { createApi } from './api/app.js';
import { counterPages } from './api/pages.js';
import { listen } from './api/server.js';
import { createSessions } from './api/sessions.js';
import { createTokens } from './api/tokens.js';
import { NoAnswerError, createSettlementWorkflows, isUnanswered } from './api/workflows.js';
import { loadFeed } from './billing/feed.js';
import { type BillingCaller, type HttpBilling, createHttpBilling } from './billing/http.js';
import { createPostgresBilling } from './billing/postgres.js';
import { type Config, signingSecret } from './config.js';
import { createBillPrinter } from './document/bill.js';
import { bridgeTemporalLog, createLog } from './logging.js';
import { createMessenger } from './messenger.js';
import { createEventListener } from './store/event-listener.js';
import { createAccessWriter } from './api/access-log.js';
import { createAccessStore } from './store/access-log.js';
import { createClearanceStore } from './store/clearances.js';
import { createCopyStore } from './store/copies.js';
import { createCorrectionStore } from './store/corrections.js';
import { createIndicatorStore } from './store/indicators.js';
import { createOverrideStore } from './store/overrides.js';
import { createPaymentStore } from './store/payments.js';
import { createPeopleStore } from './store/people.js';
import { createPool } from './store/pool.js';
import { createPostingStore } from './store/postings.js';
import { createSettlementStore } from './store/settlements.js';
import { createSignInStore } from './store/sign-in.js';
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

/** What a call of billing leaves of a step's time for the step itself, ms. */
const STEP_MS = 300;
/** A step that has a minute asks billing for less: it is repeated anyhow. */
const LONGEST_STEP_MS = 15_000;
/** A page waits no longer for billing, ms. */
const PAGE_MS = 3_000;

/** The company's billing system where it answers calls. */
function centralBilling({ billing }: Config, caller: () => BillingCaller): HttpBilling | null {
  return billing && createHttpBilling({ baseUrl: billing.url, token: billing.token, caller });
}

/** A step's time is that of its attempt, or until its next sign of life is due; its id is found in the Temporal UI. */
function stepAsCaller(): BillingCaller {
  const { startToCloseTimeoutMs, heartbeatTimeoutMs, workflowExecution, activityId } = activityInfo();
  return { limitMs: Math.min(startToCloseTimeoutMs, heartbeatTimeoutMs || LONGEST_STEP_MS, LONGEST_STEP_MS) - STEP_MS, correlationId: `${workflowExecution?.runId}/${activityId}` };
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
      billing: centralBilling(config, stepAsCaller) ?? createPostgresBilling(pool),
      tariffs: createTariffStore(pool),
      overrides: createOverrideStore(pool),
      payments: createPaymentStore(pool),
      people: createPeopleStore(pool),
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
  const central = centralBilling(config, () => ({ limitMs: PAGE_MS, correlationId: randomUUID() }));
  const billing = central ?? createPostgresBilling(pool);
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
  // beside the compiled sources: dist/counter
  const pages = counterPages(path.resolve(__dirname, '../counter'));
  const payments = createPaymentStore(pool);
  const people = createPeopleStore(pool);
  const signIns = createSignInStore(pool);
  const tariffs = createTariffStore(pool);
  const tasks = createTaskStore(pool);
  const desk = createTaskDesk({ tasks, tariffs, messenger });
  const accesses = createAccessStore(pool);
  const looks = createAccessWriter(accesses, log);
  const app = createApi({
    temporal,
    settlements: { ...settlements, onEvent: events.onEvent },
    overrides,
    payments,
    accessLog: { note: looks.note, list: accesses.list },
    corrections: createCorrectionStore(pool),
    copies: createCopyStore(pool),
    clearances: createClearanceStore(pool),
    tasks: {
      ...tasks,
      close: (id, end) => desk.close(id, end).catch(noAnswer),
    },
    billing,
    people,
    signIns,
    sessions: createSessions(signIns),
    unsent: createUnsentStore(pool),
    serviceTerms: (day) => termsOn(tariffs, day),
    postings: createPostingStore(pool),
    indicators: createIndicatorStore(pool),
    startWorkflow: (...call) => messenger.start(...call).catch(noAnswer),
    loadFeed: (kind, stream, options) => loadFeed(pool, kind, stream, options),
    printer: createBillPrinter(),
    preview: createPreview({ billing, settlements, payments }, tariffs, overrides, people),
    tokens: createTokens(signingSecret(config)),
    now: () => new Date(),
    async ready() {
      const [postgres, reachable, billing] = await Promise.all([
        pool.query('select 1').then(
          () => 'ok',
          () => 'unreachable',
        ),
        temporal.reachable(),
        central?.state(),
      ]);
      // without billing settlements are accepted and wait: it is shown, and readiness does not depend on it
      return { ready: postgres === 'ok' && reachable, checks: { postgres, temporal: reachable ? 'ok' : 'unreachable', ...(billing && { billing }) } };
    },
    log,
    version,
    ...(pages && { pages }),
  });
  const letGo = async (): Promise<void> => {
    await looks.close();
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
