import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Connection } from '@temporalio/client';
import { Client } from 'pg';
import { freePort, startPostgres, startTemporal, temporalExecutable, testServerExecutable } from '../src/embedded.js';

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
    expect(await query(first.url, `select current_setting('server_encoding') as encoding, current_setting('fsync') as fsync, current_setting('timezone') as zone`)).toEqual([
      { encoding: 'UTF8', fsync: 'on', zone: 'UTC' },
    ]);
    expect(statSync(path.join(folder, 'postgres.password')).mode & 0o777).toBe(0o600);
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
    const parent = spawn(process.execPath, ['-e', script, path.resolve('dist/src/embedded.js'), folder], { stdio: ['ignore', 'pipe', 'inherit'] });
    pids.push(parent.pid ?? -1);
    const pid = Number(await new Promise<string>((resolve) => parent.stdout.once('data', (data: Buffer) => resolve(data.toString()))));
    pids.push(pid);
    expect(isAlive(pid)).toBe(true);
    parent.kill('SIGKILL');
    await until(() => !isAlive(pid));
  });
});

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
      if (signal === null) await server.stop();
      else process.kill(server.pid, signal);
      await server.ended;
      expect(isAlive(server.pid)).toBe(false);
    }
  });

  it('runs in memory without UI', async () => {
    const server = await noted(startTemporal({ executable: temporalExecutable() ?? '', dataFile: null, port: await freePort(), uiPort: null, searchAttributes: {} }));
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
    await expect(startTemporal({ ...temporal, port: await freePort(), uiPort: port })).rejects.toThrow(`TASVIEH_TEMPORAL_UI_PORT: port ${port} is in use`);
  });

  it('by the setting of the binary', () => {
    const missing = path.join(folder, 'nothing');
    expect(() => temporalExecutable({ TASVIEH_TEMPORAL_BIN: missing })).toThrow('TASVIEH_TEMPORAL_BIN');
    expect(() => testServerExecutable({ TASVIEH_TEMPORAL_TEST_SERVER_BIN: missing })).toThrow('TASVIEH_TEMPORAL_TEST_SERVER_BIN');
    expect(temporalExecutable({ PATH: '', TASVIEH_DATA: folder })).toBeNull();
  });
});
