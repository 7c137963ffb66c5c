// npm run test:production-like [-- jest's arguments | -- bench announcement]: the suites that need no time skipped and kill no
// server, or a measurement, against the production Temporal server on PostgreSQL, set up as docs/operations.md says.
import { spawnSync } from 'node:child_process';
import { accessSync, constants, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { build } from './build.mjs';
import { runNode } from './child.mjs';
import { asCommand, prepare, root } from './prepare.mjs';

const require = createRequire(path.join(root, 'package.json'));
const say = (line) => process.stderr.write(`production-like: ${line}\n`);
const PORTS = [
  'FRONTEND_GRPC',
  'FRONTEND_HTTP',
  'FRONTEND_MEMBERSHIP',
  'HISTORY_GRPC',
  'HISTORY_MEMBERSHIP',
  'MATCHING_GRPC',
  'MATCHING_MEMBERSHIP',
  'WORKER_GRPC',
  'WORKER_MEMBERSHIP',
].map((name) => `${name}_PORT`);
const taken = new Set();

await asCommand(async () => {
  const [server, sqlTool] = [
    binary('TASVIEH_TEMPORAL_SERVER_BIN', 'temporal-server'),
    binary('TASVIEH_TEMPORAL_SQL_TOOL_BIN', 'temporal-sql-tool'),
  ];
  const [first, ...rest] = process.argv.slice(2);
  const bench = first === 'bench';
  const env = await prepare({ testServer: !bench });
  await build({ bench });
  const ends = [];
  // a Ctrl-C ends what runs, and this goes on to its end
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => {});
  try {
    const given = await servers({ server, sqlTool, env }, ends);
    const code = await (bench
      ? runNode(['dist/bench/main.js', ...rest], { cwd: root, env: { ...env, ...given.settings } })
      : runNode(['node_modules/jest/bin/jest.js', '--ci', '--runInBand', ...suites(process.argv.slice(2))], {
          cwd: root,
          env: { ...env, ...given.settings },
        }));
    await given.tellFigures();
    return code;
  } finally {
    for (const end of ends.reverse()) await end();
  }
});

/** An executable file by its setting or on the PATH. */
function binary(setting, name) {
  const isExecutable = (file) => {
    try {
      accessSync(file, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  };
  const configured = process.env[setting];
  if (configured && !isExecutable(configured)) throw new Error(`${setting}: ${configured} is not an executable file.`);
  const found = configured
    ? path.resolve(configured)
    : (process.env.PATH ?? '')
        .split(path.delimiter)
        .filter(Boolean)
        .map((folder) => path.join(folder, name))
        .find(isExecutable);
  if (!found)
    throw new Error(
      `Nothing was tested: there is no ${name}. Put it on the PATH or name it in ${setting}; docs/operations.md ("Without containers") says how to get one.`,
    );
  return found;
}

/** The arguments, with the files that stand on real servers of any kind unless some are named; why others do not is told. */
function suites(args) {
  if (args.some((each) => each.endsWith('.test.ts'))) return args;
  const files = ['test/e2e', 'test/workflows'].flatMap((folder) =>
    readdirSync(path.join(root, folder))
      .filter((name) => name.endsWith('.test.ts'))
      .map((name) => `${folder}/${name}`),
  );
  const standing = files.filter((file) => {
    const text = readFileSync(path.join(root, file), 'utf8');
    const own = /ownServers: '([^']+)'/.exec(text)?.[1];
    const why =
      own ??
      (/\btimeSkippingServer\(/.test(text)
        ? 'it skips time, which only the test server can'
        : /\b(openStage|testTemporal|workflowServer)\(/.test(text)
          ? null
          : 'it needs no server');
    if (why !== null) say(`${file} is left out: ${why}`);
    return why === null;
  });
  return [...standing, ...args];
}

/** A free port that fits the 16 bits with a sign in which the server keeps its members' ports; each is given once. */
async function lowPort(mustBeFree) {
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 12_000);
    if (taken.has(port)) continue;
    taken.add(port);
    if (
      await mustBeFree(port, '').then(
        () => true,
        () => false,
      )
    )
      return port;
  }
}

/** One Postgres for the app and one for Temporal, its schema, the server and a namespace, in the order of the documents. */
async function servers({ server, sqlTool, env }, ends) {
  const { freePort, mustBeFree } = require('./dist/src/embedded/ports.js');
  const { startPostgres } = require('./dist/src/embedded/postgres.js');
  const { startServer } = require('./dist/src/embedded/server.js');
  const { Connection } = require('@temporalio/client');
  const folder = mkdtempSync(path.join(tmpdir(), 'tasvieh-production-'));
  ends.push(() => rmSync(folder, { recursive: true, force: true }));
  const started = async (starting) => {
    const each = await starting;
    ends.push(() => each.stop());
    return each;
  };
  const app = await started(startPostgres({ dataFolder: path.join(folder, 'app'), port: await freePort() }));
  const kept = await started(startPostgres({ dataFolder: path.join(folder, 'temporal'), port: await freePort() }));

  const url = new URL(kept.url);
  const settings = Object.fromEntries(
    readFileSync(path.join(root, 'ops/temporal/server.env'), 'utf8')
      .split('\n')
      .filter((line) => /^\w/.test(line))
      .map((line) => line.split(/=(.*)/s).slice(0, 2)),
  );
  Object.assign(settings, {
    DB_PORT: url.port,
    POSTGRES_USER: url.username,
    POSTGRES_PWD: url.password,
    DYNAMIC_CONFIG_FILE_PATH: path.join(root, 'ops/temporal/dynamic-config.yaml'),
  });
  for (const name of PORTS) settings[name] = String(await lowPort(mustBeFree));
  settings.PROMETHEUS_ENDPOINT = `127.0.0.1:${await lowPort(mustBeFree)}`;

  run('sh', [path.join(root, 'ops/temporal/schema.sh')], { PATH: env.PATH, ...settings, TASVIEH_TEMPORAL_SQL_TOOL_BIN: sqlTool });
  const address = `127.0.0.1:${settings.FRONTEND_GRPC_PORT}`;
  const temporal = await started(
    startServer({
      name: 'The Temporal server',
      command: server,
      args: ['--allow-no-auth', 'start'],
      env: { PATH: env.PATH, ...settings },
      logFile: path.join(folder, 'temporal-server.log'),
      ask: async () => (await Connection.connect({ address, connectTimeout: '2s' })).close(),
    }),
  );
  run(process.execPath, [path.join(root, 'dist/src/main.js'), 'temporal-namespace', '--retention-days', '1'], {
    ...env,
    TASVIEH_TEMPORAL_ADDRESS: address,
    TASVIEH_DATABASE_URL: app.url,
    TASVIEH_SECRET: 'of a run of the tests and nothing else',
  });
  url.pathname = `/${settings.DBNAME}`;
  say(`${spawnSync(server, ['--version'], { encoding: 'utf8' }).stdout.trim()} on PostgreSQL at ${address}`);
  return {
    settings: { TASVIEH_TEST_TEMPORAL_ADDRESS: address, TASVIEH_TEST_DATABASE_URL: app.url, TASVIEH_TEST_TEMPORAL_DATABASE_URL: url.href },
    /** What the server took for it. */
    async tellFigures() {
      const { Client } = require('pg');
      const sizes = {
        histories: [settings.DBNAME, 'history_node'],
        executions: [settings.DBNAME, 'executions'],
        visibility: [settings.VISIBILITY_DBNAME, 'executions_visibility'],
      };
      for (const [name, [database, table]] of Object.entries(sizes)) {
        const client = new Client({ connectionString: Object.assign(new URL(url), { pathname: `/${database}` }).href });
        await client.connect();
        const size = async () =>
          (
            await client.query(`select pg_size_pretty(pg_total_relation_size($1)) as size, (select count(*) from ${table}) as rows`, [
              table,
            ])
          ).rows[0];
        const grown = await size();
        await client.query(`vacuum full ${table}`);
        say(`Temporal's ${name}: ${grown.size} for ${grown.rows} rows, ${(await size()).size} without what was overwritten`);
        await client.end();
      }
      if (process.platform === 'linux') {
        const status = readFileSync(`/proc/${temporal.pid}/status`, 'utf8');
        const [now, peak] = ['VmRSS', 'VmHWM'].map((name) => Math.round(Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1]) / 1024));
        say(`the server's memory: ${now} MB, ${peak} MB at most`);
      }
    },
  };
}

function run(command, args, env) {
  const { status, stdout, stderr, error } = spawnSync(command, args, { cwd: root, env, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${path.basename(args[0])} failed: ${error?.message ?? `${stdout}\n${stderr}`.trim().slice(-3000)}`);
}
