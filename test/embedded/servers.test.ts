import { spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, readdirSync, readlinkSync, rmSync, statSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Client as TemporalClient, Connection } from '@temporalio/client';
import { Client } from 'pg';
import { temporalExecutable, testServerExecutable } from '../../src/embedded/binaries.js';
import { freePort } from '../../src/embedded/ports.js';
import { startPostgres } from '../../src/embedded/postgres.js';
import { startTemporal } from '../../src/embedded/temporal.js';
import { keepNamespace } from '../../src/temporal/namespace.js';

let folder: string;
const pids: number[] = [];

/** Notes the pid, so that it is ended even when a test fails before its own stop. */
async function noted<T extends { pid: number }>(starting: Promise<T>): Promise<T> {
  const server = await starting;
  pids.push(server.pid);
  return server;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

async function until(condition: () => boolean, milliseconds = 15_000): Promise<void> {
  const deadline = Date.now() + milliseconds;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error('waited in vain');
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** What in a folder others may read or write. */
function open(where: string): string[] {
  return readdirSync(where, { recursive: true })
    .map(String)
    .filter((name) => (statSync(path.join(where, name)).mode & 0o066) !== 0);
}

async function query(url: string, text: string): Promise<unknown[]> {
  const client = new Client({ connectionString: url });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(text)).rows;
  } finally {
    await client.end();
  }
}

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'tasvieh-embedded-'));
});

afterEach(async () => {
  for (const pid of pids.splice(0)) {
    if (isAlive(pid)) process.kill(pid, 'SIGKILL');
    await until(() => !isAlive(pid));
  }
  rmSync(folder, { recursive: true, force: true });
});

describe('Postgres', () => {
  it('answers in UTF-8 and durable, keeps its rows over kill -9, and ends on stop', async () => {
    const port = await freePort();
    const first = await noted(startPostgres({ dataFolder: folder, port }));
    expect(await query(first.url, 'select 1 as one')).toEqual([{ one: 1 }]);
    expect(
      await query(
        first.url,
        `select current_setting('server_encoding') as encoding, current_setting('fsync') as fsync, current_setting('timezone') as zone`,
      ),
    ).toEqual([{ encoding: 'UTF8', fsync: 'on', zone: 'UTC' }]);
    expect(statSync(path.join(folder, 'postgres.password')).mode & 0o777).toBe(0o600);
    expect(statSync(folder).mode & 0o066).toBe(0);
    expect(open(path.join(folder, 'postgres'))).toEqual([]);
    await query(first.url, `create table kept (name text); insert into kept values ('تسویه')`);

    process.kill(first.pid, 'SIGKILL');
    expect(await first.ended).toBe('signal SIGKILL');

    const second = await noted(startPostgres({ dataFolder: folder, port }));
    expect(second.url).toBe(first.url);
    expect(await query(second.url, 'select name from kept')).toEqual([{ name: 'تسویه' }]);

    await Promise.all([second.stop(), second.stop()]);
    expect(await second.ended).toBe('exit code 0');
    expect(isAlive(second.pid)).toBe(false);

    const third = await noted(startPostgres({ dataFolder: folder, port }));
    expect(await query(third.url, 'select name from kept')).toEqual([{ name: 'تسویه' }]);
    // stop ends even one that was halted
    process.kill(third.pid, 'SIGSTOP');
    await third.stop();
    expect(isAlive(third.pid)).toBe(false);
  });

  it('ends when the process that started it is killed', async () => {
    const port = await freePort();
    const script = `const {startPostgres}=require(process.argv[1]);startPostgres({dataFolder:process.argv[2],port:${port}}).then(({pid})=>{console.log(pid);setInterval(()=>{},1000)})`;
    const parent = spawn(process.execPath, ['-e', script, path.resolve('dist/src/embedded/postgres.js'), folder], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    pids.push(parent.pid ?? -1);
    const pid = Number(await new Promise<string>((resolve) => parent.stdout.once('data', (data: Buffer) => resolve(data.toString()))));
    pids.push(pid);
    expect(isAlive(pid)).toBe(true);
    parent.kill('SIGKILL');
    await until(() => !isAlive(pid));
  });
});

/** The addresses at which a process of Linux listens. */
function listeners(pid: number): string[] {
  const sockets = new Set(
    readdirSync(`/proc/${pid}/fd`).flatMap((fd) => /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`))?.[1] ?? []),
  );
  return ['tcp', 'tcp6'].flatMap((kind) =>
    readFileSync(`/proc/${pid}/net/${kind}`, 'utf8')
      .trim()
      .split('\n')
      .map((line) => line.trim().split(/\s+/))
      // 0A: listening
      .filter((cells) => cells[3] === '0A' && sockets.has(cells[9] ?? ''))
      .map(([, local = '']) => (kind === 'tcp' ? Buffer.from(local.slice(0, 8), 'hex').reverse().join('.') : local)),
  );
}

describe('Temporal', () => {
  it('has its search attributes, starts again on the same file, and ends on stop', async () => {
    const executable = temporalExecutable();
    expect(executable).not.toBeNull();
    const port = await freePort();
    const options = {
      executable: executable ?? '',
      dataFile: path.join(folder, 'temporal.db'),
      port,
      uiPort: await freePort(),
      searchAttributes: { TasviehOffice: 'Keyword', TasviehDueAt: 'Datetime' },
    } as const;
    for (const signal of ['SIGKILL', null] as const) {
      const server = await noted(startTemporal(options));
      const connection = await Connection.connect({ address: server.address });
      const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace: 'default' });
      expect(Object.keys(customAttributes)).toEqual(expect.arrayContaining(['TasviehOffice', 'TasviehDueAt']));
      await connection.close();
      expect((await fetch(`http://127.0.0.1:${options.uiPort}/`)).status).toBe(200);
      expect(open(folder)).toEqual([]);
      expect(readdirSync(folder)).toContain('temporal.db');
      // as an older version left it
      chmodSync(options.dataFile, 0o644);
      if (signal === null) await server.stop();
      else process.kill(server.pid, signal);
      await server.ended;
      expect(isAlive(server.pid)).toBe(false);
    }
  });

  it('shows its UI for looking: what a workflow is asked for passes, what would change one does not, and every port is this machine’s own', async () => {
    const options = {
      executable: temporalExecutable() ?? '',
      dataFile: null,
      port: await freePort(),
      uiPort: await freePort(),
      searchAttributes: {},
    };
    const server = await noted(startTemporal(options));
    const connection = await Connection.connect({ address: server.address });
    const client = new TemporalClient({ connection });
    await client.workflow.start('unheardOf', { workflowId: 'looked/at', taskQueue: 'nobody' });
    const ui = `http://127.0.0.1:${options.uiPort}`;
    const workflows = `${ui}/api/v1/namespaces/default/workflows`;
    // as its pages do: the token of its cookie goes along in a header
    const cookie = (await fetch(`${ui}/api/v1/settings`)).headers.getSetCookie()[0]?.split(';')[0] ?? '';
    const headers = { 'content-type': 'application/json', cookie, 'x-csrf-token': cookie.split('=')[1] ?? '' };
    const asked = async (address: string, init: RequestInit = {}): Promise<[number, string]> => {
      const answer = await fetch(address, { ...init, headers });
      return [answer.status, await answer.text()];
    };
    expect(await asked(`${ui}/`)).toEqual([200, expect.stringContaining('<html')]);
    const settings = JSON.parse((await asked(`${ui}/api/v1/settings`))[1]) as Record<string, unknown>;
    expect(settings).toMatchObject({
      DisableWriteActions: true,
      WorkflowTerminateDisabled: true,
      BatchActionsDisabled: true,
      Version: expect.any(String),
    });
    expect(await asked(`${workflows}/looked%2Fat`)).toEqual([200, expect.stringContaining('unheardOf')]);
    // of one that there is not: the server itself answers, at once
    expect(await asked(`${workflows}/nobody/query/anything`, { method: 'POST', body: '{"query":{"queryType":"anything"}}' })).toEqual([
      404,
      expect.stringContaining('not found'),
    ]);
    for (const [method, path] of [
      ['POST', 'looked%2Fat/terminate'],
      ['POST', 'looked%2Fat/cancel'],
      ['POST', 'looked%2Fat/signal/query'],
      ['POST', 'looked%2Fat/signal/query/x'],
      ['POST', 'looked%2Fat/terminate?x=/query/y'],
      ['POST', 'query'],
      ['PUT', 'looked%2Fat'],
      ['DELETE', 'looked%2Fat'],
    ] as const) {
      expect([path, await asked(`${workflows}/${path}`, { method, body: '{"reason":"x"}' })]).toEqual([
        path,
        [405, expect.stringContaining('for looking')],
      ]);
    }
    expect((await client.workflow.getHandle('looked/at').describe()).status.name).toBe('RUNNING');
    await connection.close();
    if (process.platform === 'linux') {
      const listening = listeners(server.pid);
      expect(listening.length).toBeGreaterThan(2);
      expect(listening.filter((address) => address !== '127.0.0.1')).toEqual([]);
    }
    await server.stop();
    await expect(fetch(ui)).rejects.toThrow();
  });

  it('runs in memory without UI; a namespace is made there once, and gets what it lacks', async () => {
    const server = await noted(
      startTemporal({ executable: temporalExecutable() ?? '', dataFile: null, port: await freePort(), uiPort: null, searchAttributes: {} }),
    );
    const connection = await Connection.connect({ address: server.address });
    const keep = (searchAttributes: Record<string, 'Keyword' | 'Bool'>, retentionDays: number) =>
      keepNamespace(connection, { namespace: 'made', retentionDays, searchAttributes });
    expect(await keep({ TasviehOffice: 'Keyword' }, 7)).toEqual({ made: true, registered: ['TasviehOffice'] });
    expect(await keep({ TasviehOffice: 'Keyword', TasviehLate: 'Bool' }, 90)).toEqual({ made: false, registered: ['TasviehLate'] });
    expect(await keep({ TasviehOffice: 'Keyword', TasviehLate: 'Bool' }, 90)).toEqual({ made: false, registered: [] });
    const { config } = await connection.workflowService.describeNamespace({ namespace: 'made' });
    expect(Number(config?.workflowExecutionRetentionTtl?.seconds)).toBe(7 * 86_400);
    await connection.close();
    await server.stop();
    expect(isAlive(server.pid)).toBe(false);
  });
});

describe('what is in the way is named', () => {
  let blocker: Server;
  let port: number;
  beforeEach(async () => {
    port = await freePort();
    blocker = createServer();
    await new Promise<void>((resolve) => blocker.listen(port, '127.0.0.1', resolve));
  });
  afterEach(async () => {
    await new Promise((resolve) => blocker.close(resolve));
  });

  it('by the setting of the port in use', async () => {
    const temporal = { executable: temporalExecutable() ?? '', dataFile: null, searchAttributes: {} };
    await expect(startPostgres({ dataFolder: folder, port })).rejects.toThrow(`TASVIEH_POSTGRES_PORT: port ${port} is in use`);
    await expect(startTemporal({ ...temporal, port, uiPort: null })).rejects.toThrow(`TASVIEH_TEMPORAL_PORT: port ${port} is in use`);
    await expect(startTemporal({ ...temporal, port: await freePort(), uiPort: port })).rejects.toThrow(
      `TASVIEH_TEMPORAL_UI_PORT: port ${port} is in use`,
    );
  });

  it('by the setting of the binary', () => {
    const missing = path.join(folder, 'nothing');
    expect(() => temporalExecutable({ TASVIEH_TEMPORAL_BIN: missing })).toThrow('TASVIEH_TEMPORAL_BIN');
    expect(() => testServerExecutable({ TASVIEH_TEMPORAL_TEST_SERVER_BIN: missing })).toThrow('TASVIEH_TEMPORAL_TEST_SERVER_BIN');
    expect(temporalExecutable({ PATH: '', TASVIEH_DATA: folder })).toBeNull();
  });
});
