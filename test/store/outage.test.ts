import { type AddressInfo, type Server, type Socket, connect, createServer } from 'node:net';
import { createEventListener } from '../../src/store/event-listener.js';
import { type Outage, outageOf } from '../../src/store/outage.js';
import { createPool, inTransaction } from '../../src/store/pool.js';
import { writeState } from '../../src/store/readiness.js';
import { type TestDatabase, testDatabase } from '../billing/database.js';

let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase();
}, 60_000);
afterAll(() => database?.stop());

const coded = (code: string): Error => Object.assign(new Error('x'), { code });

test.each<[string, Outage | null]>([
  ...['EAI_AGAIN', 'ENOTFOUND', 'ENETUNREACH', 'EHOSTUNREACH', 'ETIMEDOUT', 'ECONNREFUSED', 'ECONNRESET', 'EPIPE'].map(
    (code): [string, Outage] => [code, 'unreachable'],
  ),
  ...['08000', '08003', '08006', '57P01', '57P02', '57P03', '57P04', '57P05'].map((code): [string, Outage] => [code, 'unreachable']),
  ['25006', 'read-only'],
  ['53100', 'full'],
  ['53200', 'full'],
  ['53300', 'crowded'],
  ['57014', 'slow'],
  ['55P03', 'slow'],
  ['08P01', null],
  ['23505', null],
  ['42P01', null],
  ['28P01', null],
])('%s is %s', (code, outage) => {
  expect(outageOf(coded(code))).toBe(outage);
});

test('what pg reports without a code', () => {
  expect(outageOf(new Error('Query read timeout'))).toBe('slow');
  expect(outageOf(new Error('Connection terminated unexpectedly'))).toBe('unreachable');
  expect(outageOf(new Error('timeout exceeded when trying to connect'))).toBe('unreachable');
  expect(outageOf(new AggregateError([coded('ECONNREFUSED'), coded('ENETUNREACH')]))).toBe('unreachable');
  expect(outageOf(new TypeError('x'))).toBeNull();
  expect(outageOf('ECONNREFUSED')).toBeNull();
});

async function failure(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => null,
    (error: unknown) => error,
  );
}

test('a server that has become read-only: its connection is dropped and the next one writes again', async () => {
  const pool = createPool(database.url, { applicationName: 'test', max: 1 });
  try {
    expect(await writeState(pool)).toBe('ok');
    const { rows: before } = await pool.query<{ pid: number }>('select pg_backend_pid() as pid');
    await pool.query('set default_transaction_read_only = on');
    const insert = (client: { query(text: string): Promise<unknown> }) =>
      client.query("insert into app.presences (office, from_at, to_at) values ('x', now(), now())");
    expect(outageOf(await failure(inTransaction(pool, insert)))).toBe('read-only');
    const { rows: after } = await pool.query<{ pid: number }>('select pg_backend_pid() as pid');
    expect(after).not.toEqual(before);
    expect(await writeState(pool)).toBe('ok');
    await pool.query('set default_transaction_read_only = on');
    expect(await writeState(pool)).toBe('read-only');
  } finally {
    await pool.end();
  }
});

test('a probe leaves nothing behind', async () => {
  expect(await writeState(database.pool)).toBe('ok');
  expect((await database.pool.query("select 1 from app.presences where office = ''")).rowCount).toBe(0);
});

test('a locked table and a statement that takes too long are slow', async () => {
  const holder = await database.pool.connect();
  const pool = createPool(database.url, { applicationName: 'test', max: 1, statementTimeoutMs: 200 });
  try {
    await holder.query('begin; lock table app.presences in access exclusive mode');
    expect(await writeState(database.pool)).toBe('slow');
    expect(outageOf(await failure(pool.query('select count(*) from app.presences')))).toBe('slow');
  } finally {
    await holder.query('rollback');
    holder.release();
    await pool.end();
  }
  expect(await writeState(database.pool)).toBe('ok');
});

test('no connection left', async () => {
  await database.pool.query("create role crowd login password 'crowd' connection limit 0");
  const url = Object.assign(new URL(database.url), { username: 'crowd', password: 'crowd' });
  const pool = createPool(url.href, { applicationName: 'test' });
  try {
    expect(await writeState(pool)).toBe('crowded');
  } finally {
    await pool.end();
    await database.pool.query('drop role crowd');
  }
});

test('no such name, nobody there', async () => {
  const name = new URL(database.url);
  name.hostname = 'no-such-host.invalid';
  const nobody = new URL(database.url);
  nobody.port = '1';
  for (const url of [name, nobody]) {
    const pool = createPool(url.href, { applicationName: 'test' });
    expect(await writeState(pool)).toBe('unreachable');
    await pool.end();
  }
});

/** Passes bytes on to Postgres until it is told to be silent: then nothing is passed on, and nothing closed, on what is open. */
async function silentProxy(target: URL): Promise<{ url: string; silence(): void; close(): Promise<void> }> {
  const sockets = new Set<Socket>();
  const open: (() => void)[] = [];
  const server: Server = createServer((from) => {
    const to = connect(Number(target.port), target.hostname);
    let passes = true;
    open.push(() => void (passes = false));
    for (const [each, other] of [
      [from, to],
      [to, from],
    ] as const) {
      sockets.add(each);
      each.on('data', (bytes) => void (passes && other.write(bytes)));
      each.on('error', () => undefined);
      each.on('close', () => void (passes && other.destroy()));
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = new URL(target);
  url.port = String((server.address() as AddressInfo).port);
  return {
    url: url.href,
    silence: () => open.splice(0).forEach((stop) => stop()),
    async close() {
      for (const each of sockets) each.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

test('a host that vanishes without a word: the call ends, the connection is dropped, and the next call is answered', async () => {
  const proxy = await silentProxy(new URL(database.url));
  const pool = createPool(proxy.url, { applicationName: 'test', max: 1, answerTimeoutMs: 500 });
  try {
    await pool.query('select 1');
    proxy.silence();
    expect(outageOf(await failure(pool.query('select 1')))).toBe('slow');
    expect((await pool.query('select 1')).rowCount).toBe(1);
    proxy.silence();
    expect(outageOf(await failure(inTransaction(pool, (client) => client.query('select 1'))))).toBe('slow');
    expect(await writeState(pool)).toBe('ok');
  } finally {
    await pool.end();
    await proxy.close();
  }
});

test('a listener whose connection is half open makes another one and tells everybody to look', async () => {
  const proxy = await silentProxy(new URL(database.url));
  const events = createEventListener(proxy.url, { everyMs: 400, answerMs: 300 });
  let told = (): void => undefined;
  const next = (): Promise<void> => new Promise((resolve) => (told = resolve));
  try {
    const connected = next();
    events.onEvent('S', () => told());
    await connected;
    proxy.silence();
    await next();
    const notified = next();
    await database.pool.query("select pg_notify('settlement_event', 'S')");
    await notified;
  } finally {
    await events.close();
    await proxy.close();
  }
}, 20_000);
