import { readFileSync, readdirSync } from 'node:fs';
import { type Server, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { settlementWorkflowId } from '../../src/domain/settlement/settlement.js';
import { type Account, type Stage, idOf, openStage, requestFor, until } from './stage.js';

// what whoever runs it sees: metrics, logs and traces of real processes

const STEPS = ['announce', 'checkReading', 'computeDebt', 'fetchAccount', 'issueBill', 'register', 'scheduleFee'];
/** Those that carry them out. */
const ACTIVITIES = ['assess', 'issue'];
const REQUEST = 'request-of-the-operate-test';
const APPLICANT = { kind: 'owner', name: 'پروانه شکیبا', nationalId: '0932833810', mobile: '09121234567' };

interface Span {
  service: string;
  traceId: string;
  name: string;
}

let stage: Stage;
let collector: Server;
const spans: Span[] = [];
let account: Account;

beforeAll(async () => {
  // an OTLP/HTTP collector that keeps what it is sent
  collector = createServer((req, res) => {
    const parts: Buffer[] = [];
    req.on('data', (part: Buffer) => parts.push(part));
    req.on('end', () => {
      const { resourceSpans } = JSON.parse(Buffer.concat(parts).toString()) as {
        resourceSpans: {
          resource: { attributes: { key: string; value: { stringValue: string } }[] };
          scopeSpans: { spans: { traceId: string; name: string }[] }[];
        }[];
      };
      for (const { resource, scopeSpans } of resourceSpans) {
        const service = resource.attributes.find(({ key }) => key === 'service.name')?.value.stringValue ?? '';
        for (const { spans: sent } of scopeSpans) spans.push(...sent.map(({ traceId, name }) => ({ service, traceId, name })));
      }
      res.setHeader('content-type', 'application/json').end('{}');
    });
  });
  await new Promise<void>((resolve) => collector.listen(0, '127.0.0.1', resolve));
  stage = await openStage(20, { ownServers: 'it kills both servers' });
  Object.assign(stage.settings, {
    TASVIEH_METRICS_PORT: '0',
    TASVIEH_LOG_LEVEL: 'debug',
    TASVIEH_OTEL_ENDPOINT: `http://127.0.0.1:${(collector.address() as AddressInfo).port}`,
  });
  await stage.startAll();
  account = stage.account();
  const answer = await stage.call('POST', '/settlements', {
    body: requestFor(account, { applicant: APPLICANT }),
    headers: { 'X-Request-Id': REQUEST },
  });
  expect([201, 202]).toContain(answer.status);
  await until('announced, with its postings', 30, async () => {
    const { body } = await stage.call('GET', `/settlements/${idOf(account)}`);
    return body.status === 'announced' && body.postings.length > 0;
  });
}, 90_000);
afterAll(async () => {
  await stage?.close();
  await new Promise((resolve) => collector?.close(resolve));
});

const scrape = async (from: 'api' | 'worker'): Promise<string> => {
  const answer = await fetch(`http://127.0.0.1:${from === 'api' ? stage.api.port : stage.worker.metricsPort}/metrics`);
  expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'text/plain; version=0.0.4; charset=utf-8']);
  return answer.text();
};
/** The sum of the samples of a metric whose labels hold `label`. */
const sample = (text: string, metric: string, label = ''): number | null => {
  const values = text
    .split('\n')
    .filter((line) => new RegExp(`^${metric}[ {]`).test(line) && line.includes(label))
    .map((line) => Number(line.slice(line.lastIndexOf(' '))));
  return values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0);
};

test('one trace leads from the request over the workflow into its steps', async () => {
  const whole = await until('the spans of all three', 20, async () => {
    const traceId = spans.find(({ name }) => name === 'POST /settlements')?.traceId;
    const trace = spans.filter((span) => span.traceId === traceId);
    return traceId !== undefined && STEPS.every((step) => trace.some(({ name }) => name === step)) && trace;
  });
  const names = (service: string): string[] => whole.filter((span) => span.service === service).map(({ name }) => name);
  expect(names('tasvieh-api')).toEqual(expect.arrayContaining(['POST /settlements', 'UpdateWithStartWorkflow:announceBalance']));
  const once = [...new Set(names('tasvieh-worker'))].sort();
  expect(once.filter((name) => ACTIVITIES.includes(name.slice('RunActivity:'.length)))).toEqual(
    ACTIVITIES.map((name) => `RunActivity:${name}`),
  );
  expect(once.filter((name) => STEPS.includes(name))).toEqual(STEPS);
});

test('the logs of both name the request, the settlement and the workflow, and no person and no secret', async () => {
  const lines = (name: 'api' | 'worker'): Record<string, unknown>[] =>
    stage
      .logOf(name)
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  const ids = { requestId: REQUEST, settlement: idOf(account), workflowId: settlementWorkflowId(idOf(account)) };
  expect(lines('api')).toContainEqual(expect.objectContaining({ ...ids, msg: 'answered', route: '/settlements' }));
  for (const step of ACTIVITIES)
    expect(lines('worker')).toContainEqual(expect.objectContaining({ ...ids, step, msg: 'step done', runId: expect.any(String) }));
  const all = stage.logOf('api') + stage.logOf('worker');
  for (const hidden of [
    account.name,
    APPLICANT.name,
    APPLICANT.nationalId,
    APPLICANT.mobile,
    await stage.tokenOf('clerk', '01'),
    'only for the tests of one machine',
  ])
    expect(all).not.toContain(hidden);
  expect(all).not.toMatch(/postgres:\/\/[^\s:/@]+:(?!…)[^\s@]+@/);
});

test('API and worker tell their metrics', async () => {
  const worker = await scrape('worker');
  expect(sample(worker, 'tasvieh_announcements_total')).toBe(1);
  expect(sample(worker, 'tasvieh_announcement_seconds_count')).toBe(1);
  for (const step of STEPS) expect(sample(worker, 'tasvieh_step_attempts_total', `step="${step}"`)).toBeGreaterThanOrEqual(1);
  expect(sample(worker, 'tasvieh_database_up')).toBe(1);
  expect(sample(worker, 'tasvieh_worker_polls')).toBe(2);
  expect(sample(worker, 'tasvieh_sdk_metrics_up')).toBe(1);
  expect(sample(worker, 'temporal_worker_task_slots_available', 'worker_type="ActivityWorker"')).toBeGreaterThan(0);

  const api = await scrape('api');
  expect(sample(api, 'tasvieh_http_requests_total', 'method="POST",route="/settlements"')).toBe(1);
  expect(sample(api, 'tasvieh_http_request_seconds_count', 'route="/settlements"')).toBe(1);
  expect(sample(api, 'tasvieh_postings_open', 'status="waiting"')).toBeGreaterThanOrEqual(2);
  expect(sample(api, 'tasvieh_feed_age_days', 'kind="bills"')).toBe(0);
  expect(sample(api, 'tasvieh_feed_stale_after_days', 'kind="bills"')).toBeGreaterThan(0);
  expect(sample(api, 'tasvieh_task_queue_pollers', 'tasks="workflow"')).toBeGreaterThanOrEqual(1);
  expect([sample(api, 'tasvieh_database_up'), sample(api, 'tasvieh_temporal_up')]).toEqual([1, 1]);
  // machines of one clock
  for (const text of [await clocksOf('worker'), await clocksOf('api')])
    for (const clock of ['postgres', 'temporal']) expect(Math.abs(sample(text, 'tasvieh_clock_skew_seconds', clock) ?? 9)).toBeLessThan(1);
  for (const hidden of [account.subscription, account.name, 'clerk-01']) expect(api + worker).not.toContain(hidden);
});
const clocksOf = (from: 'api' | 'worker'): Promise<string> =>
  until('clocks compared', 10, async () => {
    const text = await scrape(from);
    return ['postgres', 'temporal'].every((clock) => sample(text, 'tasvieh_clock_skew_seconds', clock) !== null) && text;
  });

test('a workflow task that cannot be done is a metric, and all that the rules and the dashboard use of the SDK is told', async () => {
  // no worker knows the type: its task fails and is tried again for ever, as one would that does not replay
  await stage.client.workflow.start('unheardOf', { workflowId: 'poison', taskQueue: 'tasvieh' });
  const worker = await until('the failed task, counted', 30, async () => {
    const text = await scrape('worker');
    return (sample(text, 'temporal_workflow_task_execution_failed', 'workflow_type="unheardOf"') ?? 0) > 0 && text;
  });
  await stage.client.workflow.getHandle('poison').terminate();
  const files = ['ops/prometheus', 'ops/grafana'].flatMap((folder) =>
    readdirSync(folder)
      .filter((name) => /\.(json|yml)$/.test(name))
      .map((name) => path.join(folder, name)),
  );
  const used = new Set(files.flatMap((file) => readFileSync(file, 'utf8').match(/\btemporal_\w+/g) ?? []));
  expect(used.size).toBeGreaterThan(3);
  expect([...used].filter((metric) => sample(worker, metric) === null)).toEqual([]);
});

test('a worker says whether it works, and parts that are away are metrics, not failing scrapes', async () => {
  const health = async (): Promise<number> => (await fetch(`http://127.0.0.1:${stage.worker.metricsPort}/healthz`)).status;
  expect(await health()).toBe(200);
  for (const { pid, ended } of [stage.temporal, stage.postgres]) {
    process.kill(pid, 'SIGKILL');
    await ended;
  }
  // nobody hears of it any more
  expect(await health()).toBe(503);
  const api = await until('a scrape that is not the last one', 20, async () => {
    const text = await scrape('api');
    return sample(text, 'tasvieh_database_up') === 0 && sample(text, 'tasvieh_temporal_up') === 0 && text;
  });
  // an old figure does not look like a new one
  expect(sample(api, 'tasvieh_postings_open')).toBeNull();
  expect(sample(api, 'tasvieh_settlements_oldest_waiting_seconds')).toBeNull();
  expect(sample(await scrape('worker'), 'tasvieh_database_up')).toBe(0);
});
