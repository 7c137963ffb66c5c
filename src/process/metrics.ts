import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';
import type { AnsweredRequest } from '../api/deps.js';
import type { FeedKind } from '../domain/settlement/account.js';
import { TARGET_MS } from '../domain/settlement/settlement.js';
import { DELAYS, type Standing } from '../store/standing.js';
import type { TaskQueueView } from '../temporal/task-queue.js';

/** The other machines whose clocks are compared. */
export const CLOCKS = ['postgres', 'temporal'] as const;
export type Clock = (typeof CLOCKS)[number];

/** A reading is not older than this when it is told, ms. */
const CACHE_MS = 5_000;
/** A scrape waits no longer for it, ms: Prometheus gives up after ten seconds. */
const LIMIT_MS = 3_000;

const seconds = (ms: number): number => ms / 1000;

export interface MetricsOptions {
  part: 'api' | 'worker';
  version: string;
  /** connections of the process's pool */
  pool: { totalCount: number; idleCount: number; waitingCount: number };
  /** rejects when the database cannot be asked */
  database: () => Promise<unknown>;
}

/**
 * What a process tells Prometheus. Labels hold routes, steps, kinds and words of small closed sets: never a subscription,
 * a person or an address. What must be asked for is asked when somebody scrapes, and a failure is a metric of its own.
 */
export function createMetrics({ part, version, pool, database }: MetricsOptions) {
  const registry = new Registry();
  const registers = [registry];
  const gauge = <L extends string>(name: string, help: string, labelNames: readonly L[] = []): Gauge<L> =>
    new Gauge({ name, help, labelNames, registers });
  const counter = <L extends string>(name: string, help: string, labelNames: readonly L[] = []): Counter<L> =>
    new Counter({ name, help, labelNames, registers });
  collectDefaultMetrics({ register: registry });

  const readings: (() => Promise<void>)[] = [];
  /** Asked at a scrape and cleared when it fails: an old figure must not look like a new one. */
  const atScrape = <T>(read: () => Promise<T>, tell: (reading: T | null) => void): void => {
    const reading = cached(read);
    readings.push(async () => tell(await reading()));
  };

  gauge('tasvieh_build_info', 'Version of this process; always 1', ['part', 'version', 'node']).set(
    { part, version, node: process.version },
    1,
  );
  const connections = gauge('tasvieh_database_connections', 'Connections of this process to Postgres, and queries that wait for one', [
    'state',
  ]);
  readings.push(() => {
    connections.set({ state: 'busy' }, pool.totalCount - pool.idleCount);
    connections.set({ state: 'idle' }, pool.idleCount);
    connections.set({ state: 'waiting' }, pool.waitingCount);
    return Promise.resolve();
  });
  const databaseUp = gauge('tasvieh_database_up', 'Whether Postgres answered at this scrape; when 0, what is read from it is absent');
  atScrape(database, (answer) => databaseUp.set(answer === null ? 0 : 1));
  const clockSkew = gauge(
    'tasvieh_clock_skew_seconds',
    'How far the clock of another machine is ahead of this one; absent while it cannot be compared',
    ['clock'],
  );
  const clockLimit = gauge('tasvieh_clock_skew_limit_seconds', 'From here on the skew is an alert');

  return {
    registry,
    atScrape,
    gauge,
    counter,
    clock(clock: Clock, skewMs: number | null, limitMs: number): void {
      clockLimit.set(seconds(limitMs));
      if (skewMs === null) clockSkew.remove({ clock });
      else clockSkew.set({ clock }, seconds(skewMs));
    },
    /** The text that Prometheus reads. Never rejects. */
    async exposition(): Promise<string> {
      await Promise.all(readings.map((reading) => reading()));
      return registry.metrics();
    },
  };
}

export type Metrics = ReturnType<typeof createMetrics>;

/** One reading serves all scrapes of CACHE_MS, failed ones too; null when it failed or came late. */
function cached<T>(read: () => Promise<T>): () => Promise<T | null> {
  let last: { at: number; reading: Promise<T | null> } | null = null;
  return () => {
    if (last === null || performance.now() - last.at > CACHE_MS) {
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<null>((resolve) => {
        timer = setTimeout(() => resolve(null), LIMIT_MS);
      });
      // a read that throws at once is a failure like another
      const reading = Promise.race([Promise.resolve().then(read), late]).catch(() => null);
      void reading.finally(() => clearTimeout(timer));
      last = { at: performance.now(), reading };
    }
    return last.reading;
  };
}

/** The API's own: its answers, the task queue as Temporal sees it, and what stands open in Postgres. */
export function createApiMetrics({
  standing,
  feedTerms,
  taskQueue,
  ...options
}: Omit<MetricsOptions, 'part' | 'database'> & {
  standing: () => Promise<Standing>;
  /** days after which a feed is stale, of those that can be */
  feedTerms: () => Promise<Partial<Record<FeedKind, number>>>;
  taskQueue: () => Promise<TaskQueueView>;
}) {
  // one reading for both: whether Postgres answers, and what it says
  const asked = cached(standing);
  const read = async (): Promise<Standing> => {
    const answer = await asked();
    if (answer === null) throw new Error('no answer');
    return answer;
  };
  const metrics = createMetrics({ ...options, part: 'api', database: read });
  const { registry, gauge, counter, atScrape } = metrics;

  const requests = counter('tasvieh_http_requests_total', 'Answered requests', ['method', 'route', 'status']);
  const durations = new Histogram({
    name: 'tasvieh_http_request_seconds',
    help: 'Time from the request to its answer; event streams apart',
    labelNames: ['method', 'route'],
    buckets: [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    registers: [registry],
  });

  const waiting = gauge('tasvieh_settlements_waiting', 'Settlements received and not announced yet, by how late they are', ['delay']);
  const oldest = gauge(
    'tasvieh_settlements_oldest_waiting_seconds',
    'Since the receipt of the oldest settlement that is not announced; late entries apart',
  );
  const postings = gauge('tasvieh_postings_open', 'Postings that billing has not taken', ['status']);
  const closing = gauge(
    'tasvieh_postings_closing',
    'Postings that billing has not taken and whose cycle closes by then; each holds those before it',
    ['by'],
  );
  const withoutCycle = gauge('tasvieh_postings_without_cycle', 'Postings for which the timetable holds no cycle');
  const open = gauge('tasvieh_tasks_open', 'Tasks that wait for a person', ['kind']);
  const overdue = gauge('tasvieh_tasks_overdue', 'Tasks past their due time', ['kind']);
  const age = gauge('tasvieh_tasks_oldest_seconds', 'Age of the oldest open task', ['kind']);
  const unknown = gauge('tasvieh_payments_unknown', 'Reported payments that belong to no slip and no bill');
  const feedAge = gauge('tasvieh_feed_age_days', 'Days since the day up to which a feed speaks', ['kind']);
  const historiesBehind = gauge(
    'tasvieh_histories_behind_seconds',
    'Since the moment up to which the histories of what had ended are kept',
  );
  const feedLimit = gauge('tasvieh_feed_stale_after_days', 'From more days on a feed is stale, by the terms in force', ['kind']);
  atScrape(read, (now) => {
    for (const each of [waiting, oldest, postings, closing, withoutCycle, open, overdue, age, unknown, feedAge, historiesBehind])
      each.reset();
    if (now === null) {
      for (const single of [oldest, withoutCycle, unknown, historiesBehind]) single.remove();
      return;
    }
    for (const delay of DELAYS) waiting.set({ delay }, now.waiting[delay]);
    oldest.set(now.oldestWaitingSeconds);
    for (const [status, count] of Object.entries(now.postings)) postings.set({ status }, count);
    for (const [by, count] of Object.entries(now.closing)) closing.set({ by }, count);
    withoutCycle.set(now.withoutCycle);
    for (const { kind, ...task } of now.tasks) {
      open.set({ kind }, task.open);
      overdue.set({ kind }, task.overdue);
      age.set({ kind }, task.oldestSeconds);
    }
    unknown.set(now.unknownPayments);
    historiesBehind.set(now.historiesBehindSeconds);
    for (const [kind, days] of Object.entries(now.feedAgeDays)) feedAge.set({ kind }, days);
  });
  atScrape(feedTerms, (terms) => {
    feedLimit.reset();
    for (const [kind, days] of Object.entries(terms ?? {})) feedLimit.set({ kind }, days);
  });

  const temporalUp = gauge('tasvieh_temporal_up', 'Whether Temporal answered at this scrape; when 0, what is read from it is absent');
  const pollers = gauge('tasvieh_task_queue_pollers', 'Workers that asked Temporal for work in the last minute and a half', ['tasks']);
  const backlog = gauge('tasvieh_task_queue_backlog', 'Tasks in Temporal that no worker has taken, about', ['tasks']);
  const backlogAge = gauge('tasvieh_task_queue_backlog_seconds', 'Age of the oldest of them, about', ['tasks']);
  atScrape(taskQueue, (view) => {
    temporalUp.set(view === null ? 0 : 1);
    for (const each of [pollers, backlog, backlogAge]) each.reset();
    for (const [tasks, now] of Object.entries(view ?? {})) {
      pollers.set({ tasks }, now.pollers);
      backlog.set({ tasks }, now.backlog);
      backlogAge.set({ tasks }, now.backlogSeconds);
    }
  });

  return {
    ...metrics,
    answered({ method, route, status, seconds, streamed }: AnsweredRequest): void {
      requests.inc({ method, route, status });
      if (!streamed) durations.observe({ method, route }, seconds);
    },
  };
}

/** A worker's own: its steps, and what became of the five minutes. */
export function createWorkerMetrics({ polls, ...options }: Omit<MetricsOptions, 'part'> & { polls: () => Promise<TaskQueueView> }) {
  const metrics = createMetrics({ ...options, part: 'worker' });
  const { registry, gauge, counter, atScrape } = metrics;
  const attempts = counter('tasvieh_step_attempts_total', 'Attempts of a step', ['step']);
  const failures = counter('tasvieh_step_failures_total', 'Failed attempts: refused ones are answers, the others are tried again', [
    'step',
    'how',
  ]);
  const durations = new Histogram({
    name: 'tasvieh_step_seconds',
    help: 'Time of an attempt',
    labelNames: ['step'],
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 15],
    registers: [registry],
  });
  const announcements = counter('tasvieh_announcements_total', 'Balances announced', ['in_time', 'late_entry']);
  const announced = new Histogram({
    name: 'tasvieh_announcement_seconds',
    help: 'From the receipt of the request to the announcement; late entries apart',
    buckets: [1, 5, 15, 30, 60, 90, 120, 150, 180, 240, seconds(TARGET_MS), 450, 600, 1800, 3600],
    registers: [registry],
  });
  const delays = counter('tasvieh_delays_total', 'Settlements that came to be at risk, and that breached the five minutes', ['delay']);
  // an increase is only seen of what was there before
  for (const in_time of ['true', 'false']) for (const late_entry of ['true', 'false']) announcements.inc({ in_time, late_entry }, 0);
  for (const delay of DELAYS) if (delay !== 'none') delays.inc({ delay }, 0);
  const polling = gauge(
    'tasvieh_worker_polls',
    'Whether Temporal saw this very worker ask for work in the last minute and a half; absent while Temporal does not answer',
    ['tasks'],
  );
  atScrape(polls, (view) => {
    polling.reset();
    for (const [tasks, { pollers }] of Object.entries(view ?? {})) polling.set({ tasks }, pollers > 0 ? 1 : 0);
  });

  return {
    ...metrics,
    attempted(step: string, ms: number, failure: 'refused' | 'failed' | null): void {
      attempts.inc({ step });
      durations.observe({ step }, seconds(ms));
      if (failure !== null) failures.inc({ step, how: failure });
    },
    announced({ elapsedMs, withinTarget, lateEntry }: { elapsedMs: number; withinTarget: boolean; lateEntry: boolean }): void {
      announcements.inc({ in_time: String(withinTarget), late_entry: String(lateEntry) });
      if (!lateEntry) announced.observe(seconds(elapsedMs));
    },
    delayed(delay: 'atRisk' | 'breached'): void {
      delays.inc({ delay });
    },
  };
}

export type ApiMetrics = ReturnType<typeof createApiMetrics>;
export type WorkerMetrics = ReturnType<typeof createWorkerMetrics>;
