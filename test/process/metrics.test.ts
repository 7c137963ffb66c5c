import { createApiMetrics, createWorkerMetrics } from '../../src/process/metrics.js';
import { serveScrapes } from '../../src/process/metrics-server.js';
import type { Standing } from '../../src/store/standing.js';

const pool = { totalCount: 3, idleCount: 1, waitingCount: 2 };
const NOW: Standing = {
  waiting: { none: 1, atRisk: 2, breached: 3 },
  oldestWaitingSeconds: 90,
  postings: { waiting: 4, handedOver: 5, late: 6, refused: 7 },
  closing: { passed: 1, today: 2, tomorrow: 3, week: 4 },
  withoutCycle: 8,
  tasks: [{ kind: 'deliver', open: 9, overdue: 1, oldestSeconds: 3600 }],
  unknownPayments: 2,
  feedAgeDays: { bills: 40 },
  historiesBehindSeconds: 0,
  clock: 0,
};
const QUEUE = { workflow: { pollers: 2, backlog: 0, backlogSeconds: 0 }, activity: { pollers: 0, backlog: 7, backlogSeconds: 30 } };

function apiMetrics(standing: () => Promise<Standing>) {
  return createApiMetrics({ version: '1.2.3', pool, standing, feedTerms: async () => ({ bills: 45 }), taskQueue: async () => QUEUE });
}
const samples = (text: string): string[] => text.split('\n').filter((line) => line.startsWith('tasvieh_'));

test('what stands open is told by small words', async () => {
  const text = await apiMetrics(async () => NOW).exposition();
  expect(samples(text)).toEqual(
    expect.arrayContaining([
      'tasvieh_database_up 1',
      'tasvieh_database_connections{state="busy"} 2',
      'tasvieh_database_connections{state="waiting"} 2',
      'tasvieh_settlements_waiting{delay="breached"} 3',
      'tasvieh_settlements_oldest_waiting_seconds 90',
      'tasvieh_postings_open{status="late"} 6',
      'tasvieh_postings_closing{by="today"} 2',
      'tasvieh_postings_without_cycle 8',
      'tasvieh_tasks_overdue{kind="deliver"} 1',
      'tasvieh_tasks_oldest_seconds{kind="deliver"} 3600',
      'tasvieh_payments_unknown 2',
      'tasvieh_feed_age_days{kind="bills"} 40',
      'tasvieh_feed_stale_after_days{kind="bills"} 45',
      'tasvieh_task_queue_pollers{tasks="activity"} 0',
      'tasvieh_task_queue_backlog_seconds{tasks="activity"} 30',
      'tasvieh_temporal_up 1',
    ]),
  );
});

test.each<[string, () => Promise<Standing>]>([
  ['refuses', () => Promise.reject(new Error('away'))],
  [
    'throws',
    () => {
      throw new Error('away');
    },
  ],
])('a database that %s is a metric: its figures are absent, not old', async (_how, standing) => {
  const text = await apiMetrics(standing).exposition();
  expect(samples(text)).toContain('tasvieh_database_up 0');
  expect(samples(text).filter((line) => /^tasvieh_(settlements|postings|tasks|payments|feed_age)/.test(line))).toEqual([]);
});

test('a database that does not answer holds no scrape', async () => {
  jest.useFakeTimers();
  try {
    const told = apiMetrics(() => new Promise(() => undefined)).exposition();
    await jest.advanceTimersByTimeAsync(3_000);
    expect(samples(await told)).toContain('tasvieh_database_up 0');
  } finally {
    jest.useRealTimers();
  }
});

test('many scrapes at once ask the database once', async () => {
  let asked = 0;
  const metrics = apiMetrics(async () => (asked++, NOW));
  await Promise.all([metrics.exposition(), metrics.exposition()]);
  await metrics.exposition();
  expect(asked).toBe(1);
});

test('an answer counts by its route; a stream has no duration', async () => {
  const metrics = apiMetrics(async () => NOW);
  const answered = { method: 'GET', route: '/settlements/{id}', status: '200', seconds: 0.2, streamed: false };
  metrics.answered(answered);
  metrics.answered({ ...answered, route: '/settlements/{id}/events', seconds: 900, streamed: true });
  const text = samples(await metrics.exposition());
  expect(text).toContain('tasvieh_http_requests_total{method="GET",route="/settlements/{id}",status="200"} 1');
  expect(text).toContain('tasvieh_http_requests_total{method="GET",route="/settlements/{id}/events",status="200"} 1');
  expect(text.filter((line) => line.startsWith('tasvieh_http_request_seconds_count'))).toEqual([
    'tasvieh_http_request_seconds_count{method="GET",route="/settlements/{id}"} 1',
  ]);
});

test('a worker tells its steps and what became of the five minutes', async () => {
  const metrics = createWorkerMetrics({ version: '1.2.3', pool, database: async () => 1, polls: async () => QUEUE });
  expect(samples(await metrics.exposition())).toContain('tasvieh_delays_total{delay="breached"} 0');
  metrics.attempted('register', 30, null);
  metrics.attempted('register', 30, 'failed');
  metrics.attempted('fetchAccount', 30, 'refused');
  metrics.announced({ elapsedMs: 120_000, withinTarget: true, lateEntry: false });
  // its slip was written hours ago
  metrics.announced({ elapsedMs: 7_200_000, withinTarget: false, lateEntry: true });
  metrics.delayed('breached');
  metrics.clock('temporal', -2_500, 2_000);
  expect(samples(await metrics.exposition())).toEqual(
    expect.arrayContaining([
      'tasvieh_step_attempts_total{step="register"} 2',
      'tasvieh_step_failures_total{step="register",how="failed"} 1',
      'tasvieh_step_failures_total{step="fetchAccount",how="refused"} 1',
      'tasvieh_announcements_total{in_time="true",late_entry="false"} 1',
      'tasvieh_announcements_total{in_time="false",late_entry="true"} 1',
      'tasvieh_announcement_seconds_count 1',
      'tasvieh_announcement_seconds_sum 120',
      'tasvieh_delays_total{delay="breached"} 1',
      'tasvieh_worker_polls{tasks="workflow"} 1',
      'tasvieh_worker_polls{tasks="activity"} 0',
      'tasvieh_clock_skew_seconds{clock="temporal"} -2.5',
      'tasvieh_clock_skew_limit_seconds 2',
    ]),
  );
});

describe("a worker's port", () => {
  const parts = { exposition: async () => 'tasvieh_build_info 1\n', healthy: async () => false };
  const asked = async (
    token: string | null,
    path: string,
    headers: Record<string, string> = {},
    method = 'GET',
  ): Promise<[number, string]> => {
    const server = await serveScrapes({ host: '127.0.0.1', port: 0, token }, parts);
    try {
      const answer = await fetch(`http://127.0.0.1:${server.port}${path}`, { headers, method });
      return [answer.status, await answer.text()];
    } finally {
      await server.close();
    }
  };

  test.each<[string | null, string, Record<string, string>, string, number]>([
    [null, '/metrics', {}, 'GET', 200],
    [null, '/metrics', { 'x-forwarded-for': '10.0.0.7' }, 'GET', 403],
    ['scrape', '/metrics', {}, 'GET', 401],
    ['scrape', '/metrics', { authorization: 'Bearer wrong' }, 'GET', 401],
    ['scrape', '/metrics', { authorization: 'Bearer scrape' }, 'GET', 200],
    ['scrape', '/healthz', {}, 'GET', 503],
    [null, '/elsewhere', {}, 'GET', 404],
    [null, '/metrics', {}, 'POST', 405],
  ])('with token %s: %s %j %s → %i', async (token, path, headers, method, status) => {
    const [answered, text] = await asked(token, path, headers, method);
    expect(answered).toBe(status);
    expect(text.includes('tasvieh_build_info')).toBe(status === 200);
  });
});
