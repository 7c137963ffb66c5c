import { randomUUID } from 'node:crypto';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { activityInfo } from '@temporalio/activity';
import { Client, Connection } from '@temporalio/client';
import { NativeConnection, type Worker } from '@temporalio/worker';
import type { Pool } from 'pg';
import type { Logger } from 'pino';
import { createActivities } from '../activities/index.js';
import { createPreview } from '../activities/assess.js';
import { termsOn } from '../activities/service-terms.js';
import { createHaltNotes } from '../activities/halts.js';
import { createTaskDesk } from '../activities/task-desk.js';
import { API_ROOT, createApi } from '../api/app.js';
import { createIdentityProvider } from '../api/identity-provider.js';
import { counterPages } from '../api/pages.js';
import { inTime } from '../api/in-time.js';
import { listen } from '../api/server.js';
import { createSessions } from '../api/sessions.js';
import { createTokens } from '../api/tokens.js';
import { NoAnswerError, createSettlementWorkflows, isUnanswered } from '../temporal/workflow-client.js';
import { loadFeed } from '../billing/feed.js';
import { type BillingCaller, type HttpBilling, createHttpBilling } from '../billing/http.js';
import { createPostgresBilling } from '../billing/postgres.js';
import { postgresClock, temporalClock, watchClocks } from './clock-skew.js';
import { type Config, encryptionKeys, isLoopback, signingSecret } from '../config.js';
import { requestIdInterceptor } from './correlation.js';
import { createBillPrinter } from '../document/bill.js';
import { todayInTehran } from '../domain/calendar/jalali.js';
import { freePort } from '../embedded/ports.js';
import { createDataConverter, createPayloadCodec, readEncryptionKeys } from '../temporal/encryption.js';
import { createHistoryArchive } from '../temporal/kept-histories.js';
import { bridgeTemporalLog, createLog } from './logging.js';
import { haltedWorkflows } from '../temporal/halted-workflows.js';
import { createMessenger } from '../temporal/messenger.js';
import { createApiMetrics, createWorkerMetrics } from './metrics.js';
import { type ScrapeServer, serveScrapes } from './metrics-server.js';
import { createEventListener } from '../store/event-listener.js';
import { createAccessWriter } from '../api/access-log.js';
import { feedTarget } from '../store/payments.js';
import { createPool } from '../store/pool.js';
import { writeState } from '../store/readiness.js';
import { createStandingStore } from '../store/standing.js';
import { createStores } from '../store/stores.js';
import { createTariffStore } from '../store/tariffs.js';
import { version } from '../../package.json';
import { createSigns, everyMinute } from './every-minute.js';
import { keepSchedules, schedules } from '../temporal/schedules.js';
import { watchSteps } from './step-metrics.js';
import { isWorkedAt, lookAtTaskQueue } from '../temporal/task-queue.js';
import type { Tracing } from './tracing.js';
import { createWorker } from '../temporal/worker.js';
import { OFFICE, STATUS, SUBSCRIPTION } from '../workflows/search-attributes.js';

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
/** Longer than the server's own limit on a statement: this one is for a host that has vanished, ms. */
const ANSWER_MS = 12_000;
/** Whoever asks for readiness waits no longer for Postgres; connecting takes 2 s at most. */
const READY_MS = 3_000;
/** A page waits no longer for billing, ms. */
const PAGE_MS = 3_000;

/** The company's billing system where it answers calls. */
function centralBilling({ billing }: Config, caller: () => BillingCaller): HttpBilling | null {
  return billing && createHttpBilling({ baseUrl: billing.url, token: billing.token, caller });
}

/** A step's time is that of its attempt, or until its next sign of life is due; its id is found in the Temporal UI. */
function stepAsCaller(): BillingCaller {
  const { startToCloseTimeoutMs, heartbeatTimeoutMs, workflowExecution, activityId } = activityInfo();
  return {
    limitMs: Math.min(startToCloseTimeoutMs, heartbeatTimeoutMs || LONGEST_STEP_MS, LONGEST_STEP_MS) - STEP_MS,
    correlationId: `${workflowExecution?.runId}/${activityId}`,
  };
}

/** Traces where they are asked for; their packages are loaded nowhere else. */
async function tracingOf(part: 'api' | 'worker', { traces }: Config): Promise<Tracing | null> {
  return traces === null ? null : (await import('./tracing.js')).startTracing(part, traces, version);
}

/** Whoever scrapes must not wait for the work, nor the work for a scrape. */
function scrapingPool(config: ServedConfig, part: 'api' | 'worker'): Pool {
  return createPool(config.databaseUrl, { applicationName: `tasvieh-${part}-metrics`, max: 1, statementTimeoutMs: 2_500 });
}

/** The SDK's own metrics, as it tells them on a port of this machine. */
async function sdkMetrics(address: string): Promise<string> {
  const answer = await fetch(`http://${address}/metrics`, { signal: AbortSignal.timeout(2_500) });
  if (!answer.ok) throw new Error(`the SDK answers ${answer.status}`);
  return answer.text();
}

/** The worker: polls the task queue until it is stopped. Rejects when Temporal cannot be reached at the start. */
export async function runWorker(config: ServedConfig): Promise<Running & { metricsPort: number | null }> {
  const log = createLog('worker', config.logLevel);
  const { port: metricsPort, host: metricsHost, token: metricsToken } = config.metrics;
  // the runtime binds its port itself and does not tell which: a free one of this machine, behind our own
  const sdkAddress = metricsPort === null ? null : `127.0.0.1:${await freePort()}`;
  const tracing = await tracingOf('worker', config);
  const pool = createPool(config.databaseUrl, { applicationName: 'tasvieh-worker', max: 20, answerTimeoutMs: ANSWER_MS });
  const stores = createStores(pool);
  const watchPool = scrapingPool(config, 'worker');
  // what steps tell other workflows goes over a connection of its own kind: the worker's is for polling
  const clientConnection = Connection.lazy({ address: config.temporalAddress, connectTimeout: '2s' });
  const dataConverter = createDataConverter(readEncryptionKeys(encryptionKeys(config)));
  const client = new Client({ connection: clientConnection, namespace: config.temporalNamespace, dataConverter });
  const place = { namespace: config.temporalNamespace, taskQueue: config.taskQueue };
  let running: { worker: Worker; connection: NativeConnection } | null = null;
  const polls = async (): ReturnType<typeof lookAtTaskQueue> => {
    if (running === null) throw new Error('not at work yet');
    return lookAtTaskQueue(clientConnection, place, running.worker.options.identity);
  };
  const metrics = createWorkerMetrics({ version, pool, database: () => watchPool.query('select 1'), polls });
  const sdkUp = metrics.gauge('tasvieh_sdk_metrics_up', 'Whether the Temporal SDK told its own metrics (temporal_…) at this scrape');
  const exposition = async (): Promise<string> => {
    const sdk = await sdkMetrics(sdkAddress as string).catch(() => null);
    sdkUp.set(sdk === null ? 0 : 1);
    return (await metrics.exposition()) + (sdk ?? '');
  };
  const healthy = async (): Promise<boolean> => running?.worker.getState() === 'RUNNING' && polls().then(isWorkedAt, () => false);
  let scrapes: ScrapeServer | null = null;
  const letGo = async (): Promise<void> => {
    await scrapes?.close();
    await running?.connection.close();
    await clientConnection.close();
    await pool.end();
    await watchPool.end();
    await tracing?.close();
  };
  const atWork = async (): Promise<{ worker: Worker; connection: NativeConnection }> => {
    // a port in use is told before anything is opened that would hold the process
    if (metricsPort !== null)
      scrapes = await serveScrapes({ host: metricsHost, port: metricsPort, token: metricsToken }, { exposition, healthy });
    bridgeTemporalLog(log, sdkAddress);
    const connection = await NativeConnection.connect({ address: config.temporalAddress });
    const worker = await createWorker({
      connection,
      namespace: config.temporalNamespace,
      taskQueue: config.taskQueue,
      buildId: config.workerBuildId,
      dataConverter,
      activities: createActivities({
        stores,
        billing: centralBilling(config, stepAsCaller) ?? createPostgresBilling(pool),
        messenger: createMessenger(client, { taskQueue: config.taskQueue }),
        halted: (open) => haltedWorkflows(client, open),
        archive: createHistoryArchive({ client, store: stores.histories }),
      }),
      activityInterceptors: [...(tracing ? [tracing.activity, tracing.steps] : []), watchSteps(metrics, log)],
    });
    return { worker, connection };
  };
  running = await atWork().catch(async (error: unknown) => {
    await letGo();
    throw error;
  });
  const { worker } = running;
  const ending = new AbortController();
  // worker first, then the connection, then the pool: nothing is taken away from a running activity
  const ended = worker.run().finally(async () => {
    ending.abort();
    await letGo();
  });
  void watchClocks(
    { postgres: postgresClock(watchPool), temporal: temporalClock(clientConnection, place) },
    {
      limitMs: config.clockSkewLimitMs,
      tell: (clock, skewMs) => metrics.clock(clock, skewMs, config.clockSkewLimitMs),
      log,
      ending: ending.signal,
    },
  );
  // beside the work: no counter waits for what happens in the morning
  void keepSchedulesUntil(ending.signal, () => keepSchedules(client, schedules(config.taskQueue)), log);
  return {
    ended,
    metricsPort: (scrapes as ScrapeServer | null)?.port ?? null,
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
  const tracing = await tracingOf('api', config);
  const connection = Connection.lazy({ address: config.temporalAddress, connectTimeout: '2s' });
  const keys = readEncryptionKeys(encryptionKeys(config));
  const client = new Client({
    connection,
    namespace: config.temporalNamespace,
    dataConverter: createDataConverter(keys),
    interceptors: { workflow: [requestIdInterceptor(), ...(tracing ? [tracing.client] : [])] },
  });
  const pool = createPool(config.databaseUrl, { applicationName: 'tasvieh-api', max: 20, answerTimeoutMs: ANSWER_MS });
  // a large feed has limits of its own
  const feedPool = createPool(config.databaseUrl, { applicationName: 'tasvieh-api-feeds', max: 4 });
  const watchPool = scrapingPool(config, 'api');
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
  // beside the compiled sources: dist/counter
  const pages = counterPages(path.resolve(__dirname, '../../counter'));
  const stores = createStores(pool);
  const { settlements, overrides, payments, people, signIns, tariffs, tasks, accesses } = stores;
  const desk = createTaskDesk({ tasks, tariffs, messenger });
  const signs = createSigns(stores.presences);
  const looks = createAccessWriter(accesses, log);
  const place = { namespace: config.temporalNamespace, taskQueue: config.taskQueue };
  const standing = createStandingStore(watchPool);
  const metrics = createApiMetrics({
    version,
    pool,
    standing: () => standing.standing(new Date()),
    feedTerms: async () => (await termsOn(createTariffStore(watchPool), todayInTehran(new Date()))).staleAfterDays,
    taskQueue: () => lookAtTaskQueue(connection, place),
  });
  const app = createApi({
    ...stores,
    temporal,
    settlements: { ...settlements, onEvent: events.onEvent },
    accessLog: { note: looks.note, list: accesses.list },
    tasks: {
      ...tasks,
      close: (id, end) => desk.close(id, end).catch(noAnswer),
      noteHalt: createHaltNotes({ tasks, desk }),
      takeUp: desk.takeUp,
    },
    billing,
    sessions: createSessions(signIns),
    identityProvider:
      config.oidc && createIdentityProvider({ ...config.oidc, redirectUrl: `${config.publicUrl}${API_ROOT}/session/sign-on/answer` }),
    serviceTerms: (day) => termsOn(tariffs, day),
    signs,
    startWorkflow: (...call) => messenger.start(...call).catch(noAnswer),
    loadFeed: (kind, stream, options) => loadFeed(feedTarget(feedPool), kind, stream, options),
    printer: createBillPrinter(),
    preview: createPreview({ ledger: { billing, settlements, payments }, tariffs, overrides, people }),
    tokens: createTokens(signingSecret(config)),
    codec: {
      decode: createPayloadCodec(keys).decode,
      origin: config.temporalUiUrl && new URL(config.temporalUiUrl).origin,
      practiceKey: config.practiceCodecKey,
    },
    now: () => new Date(),
    async ready() {
      const [postgres, reachable, worked, billing] = await Promise.all([
        inTime(writeState(pool), READY_MS).catch(() => 'slow'),
        temporal.reachable(),
        lookAtTaskQueue(connection, place).then(isWorkedAt, () => null),
        central?.state(),
      ]);
      const worker = worked === null ? 'unknown' : worked ? 'ok' : 'silent';
      // without a worker or billing settlements are accepted and wait: it is shown, and readiness does not depend on it
      return {
        ready: postgres === 'ok' && reachable,
        checks: { postgres, temporal: reachable ? 'ok' : 'unreachable', worker, ...(billing && { billing }) },
      };
    },
    metrics: {
      access: { token: config.metrics.token, loopback: isLoopback(config.apiHost) },
      answered: metrics.answered,
      exposition: metrics.exposition,
    },
    ...(tracing && { trace: tracing.http }),
    pace: config.pace,
    trustedProxies: config.trustedProxies,
    publicUrl: config.publicUrl,
    log,
    version,
    ...(pages && { pages }),
    ...(config.temporalUiUrl !== null && {
      temporalUi: `${config.temporalUiUrl}/namespaces/${encodeURIComponent(config.temporalNamespace)}/workflows/`,
    }),
  });
  const ending = new AbortController();
  const letGo = async (): Promise<void> => {
    await looks.close();
    ending.abort();
    await events.close();
    await connection.close();
    await pool.end();
    await feedPool.end();
    await watchPool.end();
    await tracing?.close();
  };
  // a port in use ends the process: nothing that was opened may keep it alive
  const server = await listen(app, { host: config.apiHost, port: config.apiPort }).catch(async (error: unknown) => {
    await letGo();
    throw error;
  });
  void watchClocks(
    { postgres: postgresClock(watchPool), temporal: temporalClock(connection, place) },
    {
      limitMs: config.clockSkewLimitMs,
      tell: (clock, skewMs) => metrics.clock(clock, skewMs, config.clockSkewLimitMs),
      log,
      ending: ending.signal,
    },
  );
  void everyMinute(
    { 'the signs of offices': signs.write, 'sums of what was due': () => stores.indicators.sumDues() },
    { log, ending: ending.signal },
  );
  return {
    port: server.port,
    ended: new Promise(() => undefined),
    async stop() {
      await server.close();
      await letGo();
    },
  };
}
