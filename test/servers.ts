import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { appendFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Connection } from '@temporalio/client';
import { Client } from 'pg';
import { temporalExecutable } from '../src/embedded/binaries.js';
import { freePort } from '../src/embedded/ports.js';
import { type EmbeddedPostgres, type PostgresOptions, startPostgres } from '../src/embedded/postgres.js';
import { type EmbeddedTemporal, type TemporalOptions, startTemporal } from '../src/embedded/temporal.js';
import { keepNamespace } from '../src/temporal/namespace.js';
import { SEARCH_ATTRIBUTE_TYPES } from '../src/workflows/search-attributes.js';

// Servers of a test file's own, or, where a run is given some, a database and a namespace of its own there: nothing else
// of a given server is touched, and both go at the end.

export type TestTemporal = EmbeddedTemporal & { namespace: string };

interface Choice {
  /** Why this file must have servers of its own whatever a run is given: it is told. */
  own?: string | undefined;
}

/** The test file that runs; measurements (bench) stand on these servers too, without jest. */
function testFile(): string {
  const { expect } = globalThis as { expect?: { getState: () => { testPath?: string } } };
  return expect?.getState().testPath ?? 'this file';
}

function givenOr(setting: 'TASVIEH_TEST_DATABASE_URL' | 'TASVIEH_TEST_TEMPORAL_ADDRESS', { own }: Choice): string | null {
  const given = process.env[setting]?.trim() || null;
  if (given !== null && own !== undefined) process.stderr.write(`${setting} is not used by ${testFile()}: ${own}\n`);
  return own === undefined ? given : null;
}

const newName = (): string => `tasvieh_test_${randomBytes(6).toString('hex')}`;

/** A given server is never ended by a test: to ask for its process is a fault of the test. */
const given = (what: string) => ({
  get pid(): number {
    throw new Error(`${what} is a given one: a test that ends its server says so when it asks for it`);
  },
  ended: new Promise<string>(() => undefined),
});

export async function testPostgres({ own, ...options }: PostgresOptions & Choice): Promise<EmbeddedPostgres> {
  const url = givenOr('TASVIEH_TEST_DATABASE_URL', { own });
  if (url === null) {
    // measurements keep the durable cluster of an installation
    if (process.env['JEST_WORKER_ID'] !== undefined) await copyCluster(options.dataFolder);
    return startPostgres(options);
  }
  const name = newName();
  await onServer(
    url,
    `create database ${name} template template0 encoding 'UTF8' locale 'C' locale_provider builtin builtin_locale 'C.UTF-8'`,
  );
  const database = new URL(url);
  database.pathname = `/${name}`;
  return Object.assign(given('Postgres'), {
    url: database.href,
    stop: () => onServer(url, `drop database if exists ${name} with (force)`),
  });
}

/** A cluster that initdb made and nobody has used, kept for all runs until the server or the way of making it changes. */
const EMPTY_CLUSTER = path.resolve(
  'node_modules/.cache/tasvieh-postgres',
  ['package.json', 'src/embedded/postgres.ts', 'test/servers.ts']
    .reduce((hash, file) => hash.update(readFileSync(file)), createHash('sha256'))
    .digest('hex')
    .slice(0, 16),
);

/** Copies the empty cluster into a folder that has none; initdb takes far longer. */
async function copyCluster(dataFolder: string): Promise<void> {
  if (existsSync(path.join(dataFolder, 'postgres'))) return;
  if (!existsSync(EMPTY_CLUSTER)) await makeEmptyCluster();
  mkdirSync(dataFolder, { recursive: true });
  // cp keeps the owner: as root, Postgres runs as somebody else
  execFileSync('cp', ['-a', ...['postgres', 'postgres.password'].map((name) => path.join(EMPTY_CLUSTER, name)), dataFolder]);
}

async function makeEmptyCluster(): Promise<void> {
  mkdirSync(path.dirname(EMPTY_CLUSTER), { recursive: true });
  const making = mkdtempSync(path.join(tmpdir(), 'tasvieh-cluster-'));
  try {
    const server = await startPostgres({ dataFolder: making, port: await freePort() });
    await server.stop();
    // tests kill the server, none cuts the power: what the operating system has is enough
    appendFileSync(path.join(making, 'postgres/postgresql.auto.conf'), 'fsync = off\nfull_page_writes = off\n');
    const copied = `${EMPTY_CLUSTER}.${process.pid}`;
    execFileSync('cp', ['-a', making, copied]);
    try {
      renameSync(copied, EMPTY_CLUSTER);
    } catch (error) {
      // another file of this run was first
      rmSync(copied, { recursive: true });
      if (!existsSync(EMPTY_CLUSTER)) throw error;
    }
  } finally {
    rmSync(making, { recursive: true, force: true });
  }
}

async function onServer(url: string, statement: string): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}

/** A real Temporal server, by default without a file. */
export async function testTemporal({ own, ...options }: Pick<TemporalOptions, 'dataFile' | 'port'> & Choice): Promise<TestTemporal> {
  const address = givenOr('TASVIEH_TEST_TEMPORAL_ADDRESS', { own });
  if (address === null) {
    const executable = temporalExecutable();
    if (executable === null) throw new Error('no Temporal server');
    return {
      ...(await startTemporal({ ...options, executable, uiPort: null, searchAttributes: SEARCH_ATTRIBUTE_TYPES })),
      namespace: 'default',
    };
  }
  const namespace = await testNamespace(address);
  return Object.assign(given('Temporal'), { address, namespace: namespace.name, stop: namespace.stop });
}

/** The Temporal server that a run is given, for tests that need not skip time; null = none. */
export const givenTemporal = (): string | null => givenOr('TASVIEH_TEST_TEMPORAL_ADDRESS', {});

/** A namespace of its own with the search attributes. */
export async function testNamespace(address: string): Promise<{ name: string; stop(): Promise<void> }> {
  const name = newName();
  const connection = await Connection.connect({ address });
  const stop = async (): Promise<void> => {
    await connection.operatorService.deleteNamespace({ namespace: name });
    await connection.close();
  };
  try {
    await keepNamespace(connection, { namespace: name, retentionDays: 1, searchAttributes: SEARCH_ATTRIBUTE_TYPES });
    return { name, stop };
  } catch (error) {
    await connection.close();
    throw error;
  }
}

/**
 * All rows of all tables that a given Temporal server keeps, from its database TASVIEH_TEST_TEMPORAL_DATABASE_URL and,
 * beside it, `…_visibility`.
 */
export async function givenTemporalKeeps(): Promise<Buffer> {
  const url = process.env['TASVIEH_TEST_TEMPORAL_DATABASE_URL'];
  if (!url) throw new Error('TASVIEH_TEST_TEMPORAL_DATABASE_URL: missing; what the given Temporal server keeps cannot be looked at');
  const parts: Buffer[] = [];
  for (const each of [url, url.replace(/([^/]+)$/, '$1_visibility')]) {
    const client = new Client({ connectionString: each });
    await client.connect();
    try {
      const { rows: tables } = await client.query<{ name: string }>(
        "select format('%I.%I', table_schema, table_name) as name from information_schema.tables where table_schema = 'public' and table_type = 'BASE TABLE'",
      );
      for (const { name } of tables) {
        const { rows } = await client.query<unknown[]>({ text: `select * from ${name}`, rowMode: 'array' });
        for (const value of rows.flat())
          parts.push(Buffer.isBuffer(value) ? value : Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)));
      }
    } finally {
      await client.end();
    }
  }
  return Buffer.concat(parts);
}
