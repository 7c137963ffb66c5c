import { type ChildProcess, fork } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Client, Connection, WithStartWorkflowOperation } from '@temporalio/client';
import { createTokens } from '../src/api/tokens.js';
import { createSettlementWorkflows } from '../src/temporal/workflow-client.js';
import { loadDemoData } from '../src/embedded/demo.js';
import { todayInTehran } from '../src/domain/calendar/jalali.js';
import { type SettlementOrder, settlementId, settlementWorkflowId } from '../src/domain/settlement/settlement.js';
import { freePort } from '../src/embedded/ports.js';
import { createDataConverter, newEncryptionKey, readEncryptionKeys } from '../src/temporal/encryption.js';
import { migrate } from '../src/store/migrate.js';
import { createPool } from '../src/store/pool.js';
import { OFFICE, STATUS, SUBSCRIPTION } from '../src/workflows/search-attributes.js';
import { testPostgres, testTemporal } from '../test/servers.js';
import { cpuMs } from './cpu.js';
import { answerAtOnce } from './floor/workflow.js';

const WARM_UP = 30;
const ALONE = 100;
const TOGETHER = 300;
const AT_ONCE = 30;
/** blocks of floor and settlement in turn, so that both meet the machine's same moods */
const BLOCKS = 5;
const DEADLINE_MS = 60_000;
/** after which a session's statistics are told */
const STATISTICS_MS = 1_500;
const SECRET = 'bench'.repeat(8);

interface Times {
  median: number;
  p95: number;
  p99: number;
}

export interface Announcement {
  aloneMs: { floor: Times; settlement: Times; ratio: number };
  perSecond: { floor: number; settlement: number; ratio: number };
  /** the same through POST /settlements */
  api: { aloneMs: Times; perSecond: number };
  /** of one at 30 at once: milliseconds of CPU by process, null where they cannot be told (given servers) */
  cpuMs: Record<'worker' | 'postgres' | 'temporal' | 'client' | 'all', number | null> & { floor: number | null };
  /** of one at 30 at once, in our database */
  commits: number;
  fsyncs: number;
  history: { events: number; bytes: number };
  n: { alone: number; together: number; waiting: number };
}

/**
 * The announcement beside an empty workflow with update-with-start, on one server, one at a time and 30 at once; `waiting`:
 * with so many settlements that were announced before and wait for their cycle.
 */
export async function benchAnnouncement(waiting = 0): Promise<Announcement> {
  const folder = mkdtempSync(path.join(tmpdir(), 'tasvieh-bench-'));
  const ends: (() => Promise<unknown> | void)[] = [() => rmSync(folder, { recursive: true, force: true })];
  try {
    const postgres = await testPostgres({ dataFolder: folder, port: await freePort() });
    ends.push(() => postgres.stop());
    const temporal = await testTemporal({ dataFile: path.join(folder, 'temporal.db'), port: await freePort() });
    const { namespace } = temporal;
    ends.push(() => temporal.stop());
    await migrate(postgres.url);
    const pool = createPool(postgres.url, { applicationName: 'bench' });
    ends.push(() => pool.end());
    const needed = WARM_UP + 2 * (ALONE + TOGETHER) + waiting;
    // about one account in three is closed or was estimated last
    await loadDemoData(pool, Math.ceil(needed * 1.6) + 200, new Date());
    const orders = await ordersOf(pool);
    if (orders.length < needed) throw new Error(`only ${orders.length} accounts to settle`);

    const newKey = newEncryptionKey('bench');
    const env = {
      ...process.env,
      TASVIEH_DATABASE_URL: postgres.url,
      TASVIEH_TEMPORAL_ADDRESS: temporal.address,
      TASVIEH_TEMPORAL_NAMESPACE: namespace,
      TASVIEH_SECRET: SECRET,
      TASVIEH_ENCRYPTION_KEYS: newKey,
      TASVIEH_LOG_LEVEL: 'error',
      TASVIEH_API_PORT: '0',
    };
    const worker = await child(path.join(__dirname, '../src/main.js'), ['worker'], env);
    ends.push(worker.end);
    ends.push((await child(path.join(__dirname, 'floor/worker.js'), [temporal.address, 'floor', namespace], env)).end);
    const api = await child(path.join(__dirname, '../src/main.js'), ['api'], env);
    ends.push(api.end);

    const connection = await Connection.connect({ address: temporal.address });
    ends.push(() => connection.close());
    const client = new Client({ connection, namespace });
    const encrypting = new Client({ connection, namespace, dataConverter: createDataConverter(readEncryptionKeys(newKey)) });
    const workflows = createSettlementWorkflows(encrypting, {
      taskQueue: 'tasvieh',
      searchAttributes: ({ clerk, facts }) => [
        { key: OFFICE, value: clerk.office },
        { key: STATUS, value: 'received' },
        { key: SUBSCRIPTION, value: facts.subscription },
      ],
    });
    const settle = async (order: SettlementOrder): Promise<void> => {
      const answer = await workflows.announce({ ...order, receivedAt: new Date().toISOString() }, { deadlineMs: DEADLINE_MS });
      if (answer.kind !== 'announced') throw new Error(`${order.id}: ${JSON.stringify(answer).slice(0, 500)}`);
    };
    const floor = async (order: SettlementOrder): Promise<void> => {
      await client.workflow.executeUpdateWithStart(answerAtOnce, {
        args: [order],
        startWorkflowOperation: new WithStartWorkflowOperation('floor', {
          workflowId: `floor/${order.id}`,
          taskQueue: 'floor',
          args: [order],
          workflowIdConflictPolicy: 'USE_EXISTING',
          typedSearchAttributes: [{ key: OFFICE, value: order.clerk.office }],
        }),
      });
    };
    const tokens = createTokens(SECRET);
    const post = async ({ facts, clerk }: SettlementOrder): Promise<void> => {
      const token = await tokens.issue(clerk, { ttl: 600 });
      const answer = await fetch(`http://127.0.0.1:${api.port}/api/v1/settlements`, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        body: JSON.stringify(facts),
      });
      const text = await answer.text();
      // 202: durable, and slower than a clerk is kept waiting
      if (![200, 201, 202].includes(answer.status)) throw new Error(`POST /settlements: ${answer.status} ${text.slice(0, 500)}`);
    };

    const take = (n: number): SettlementOrder[] => orders.splice(0, n);
    for (const order of take(WARM_UP)) {
      await floor(order);
      await settle(order);
    }
    await atOnce(take(waiting), settle);

    const [floorMs, settlementMs, apiMs]: number[][] = [[], [], []];
    for (let block = 0; block < BLOCKS; block++) {
      const part = take(ALONE / BLOCKS);
      for (const order of part) floorMs?.push(await timed(() => floor(order)));
      for (const order of part) settlementMs?.push(await timed(() => settle(order)));
      for (const order of take(ALONE / BLOCKS)) apiMs?.push(await timed(() => post(order)));
    }

    const pids = { worker: worker.pid, postgres: pidOf(postgres), temporal: pidOf(temporal) };
    const meter = (): Record<keyof typeof pids | 'client', number | null> => ({
      worker: cpuMs(pids.worker),
      postgres: pids.postgres === null ? null : cpuMs(pids.postgres),
      temporal: pids.temporal === null ? null : cpuMs(pids.temporal),
      // the servers are its children
      client: cpuMs(process.pid, { alone: true }),
    });
    const used = { worker: 0, postgres: 0, temporal: 0, client: 0 };
    const told = { worker: true, postgres: true, temporal: true, client: true };
    let [floorSeconds, settlementSeconds, apiSeconds, floorCpu] = [0, 0, 0, 0];
    const written = { commits: 0, fsyncs: 0 };
    let last: SettlementOrder | undefined;
    for (let block = 0; block < BLOCKS; block++) {
      const part = take(TOGETHER / BLOCKS);
      const start = meter();
      floorSeconds += (await timed(() => atOnce(part, floor))) / 1000;
      const [before, wrote] = [meter(), await walOf(pool)];
      floorCpu += (before.temporal ?? NaN) - (start.temporal ?? NaN) + (before.client ?? NaN) - (start.client ?? NaN);
      settlementSeconds += (await timed(() => atOnce(part, settle))) / 1000;
      const [after, wrote2] = [meter(), await walOf(pool)];
      for (const name of Object.keys(used) as (keyof typeof used)[]) {
        const [a, b] = [before[name], after[name]];
        if (a === null || b === null) told[name] = false;
        else used[name] += (b - a) / TOGETHER;
      }
      written.commits += (wrote2.commits - wrote.commits) / TOGETHER;
      written.fsyncs += (wrote2.fsyncs - wrote.fsyncs) / TOGETHER;
      apiSeconds += (await timed(() => atOnce(take(TOGETHER / BLOCKS), post))) / 1000;
      last = part.at(-1);
    }
    const { raw } = await client.workflow.getHandle(settlementWorkflowId((last as SettlementOrder).id)).describe();
    const cpu = (name: keyof typeof used): number | null => (told[name] ? used[name] : null);
    const all = Object.values(told).every(Boolean) ? Object.values(used).reduce((sum, ms) => sum + ms, 0) : null;
    const aloneMs = { floor: times(floorMs ?? []), settlement: times(settlementMs ?? []) };
    const perSecond = { floor: TOGETHER / floorSeconds, settlement: TOGETHER / settlementSeconds };
    return {
      aloneMs: { ...aloneMs, ratio: aloneMs.settlement.median / aloneMs.floor.median },
      perSecond: { ...perSecond, ratio: perSecond.settlement / perSecond.floor },
      api: { aloneMs: times(apiMs ?? []), perSecond: TOGETHER / apiSeconds },
      cpuMs: {
        worker: cpu('worker'),
        postgres: cpu('postgres'),
        temporal: cpu('temporal'),
        client: cpu('client'),
        all,
        floor: Number.isNaN(floorCpu) ? null : floorCpu / TOGETHER,
      },
      ...written,
      history: {
        events: Number(raw.workflowExecutionInfo?.historyLength ?? 0),
        bytes: Number(raw.workflowExecutionInfo?.historySizeBytes ?? 0),
      },
      n: { alone: ALONE, together: TOGETHER, waiting },
    };
  } finally {
    for (const end of ends.reverse()) await end();
  }
}

/** Of a given server there is none to be told. */
function pidOf(server: { pid: number }): number | null {
  try {
    return server.pid;
  } catch {
    return null;
  }
}

/** Commits and flushes of the log so far. Sessions report what they did within a second of being idle. */
async function walOf(pool: ReturnType<typeof createPool>): Promise<{ commits: number; fsyncs: number }> {
  await pause(STATISTICS_MS);
  const { rows } = await pool.query<{ commits: number; fsyncs: number }>(
    `select (select xact_commit from pg_stat_database where datname = current_database()) as commits,
       (select coalesce(sum(fsyncs), 0)::bigint from pg_stat_io where object = 'wal') as fsyncs`,
  );
  return rows[0] as { commits: number; fsyncs: number };
}

/** Usual readings of open accounts whose last figure was read by staff. */
async function ordersOf(pool: ReturnType<typeof createPool>): Promise<SettlementOrder[]> {
  const { rows } = await pool.query<{ subscription: string; office: string; reading: number; digits: number }>(
    `select a.subscription, a.office, b.to_reading as reading, m.digits from billing.accounts a
     join lateral (select * from billing.bills where subscription = a.subscription order by to_date desc limit 1) b on true
     join lateral (select * from billing.meters where subscription = a.subscription order by installed_on desc limit 1) m on true
     where a.closed_on is null and b.reading_source <> 'estimated' and b.to_reading + 30 < 10 ^ m.digits order by 1`,
  );
  const settlementDate = todayInTehran(new Date());
  const reason = 'بررسی شد';
  return rows.map(({ subscription, office, reading }) => ({
    id: settlementId(subscription, settlementDate),
    receivedAt: '',
    clerk: { id: 'bench', name: 'bench', role: 'clerk', office },
    facts: {
      subscription,
      settlementDate,
      reading: reading + 30,
      readingSource: 'staff',
      purpose: 'balance',
      applicant: { kind: 'owner', name: 'علی کریمی', nationalId: '0932833810' },
      documents: [],
      confirmations: ['HIGH_CONSUMPTION', 'LOW_CONSUMPTION', 'ZERO_CONSUMPTION'].map((code) => ({ code, reason })),
    },
  }));
}

async function atOnce(orders: SettlementOrder[], act: (order: SettlementOrder) => Promise<void>): Promise<void> {
  const waiting = [...orders];
  const one = async (): Promise<void> => {
    for (let order = waiting.shift(); order; order = waiting.shift()) await act(order);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, one));
}

async function timed(act: () => Promise<void>): Promise<number> {
  const start = performance.now();
  await act();
  return performance.now() - start;
}

function times(values: number[]): Times {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (part: number): number => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? NaN;
  return { median: at(0.5), p95: at(0.95), p99: at(0.99) };
}

/** A process of ours that says when it is ready. */
export function child(file: string, args: string[], env: NodeJS.ProcessEnv): Promise<{ pid: number; port: number; end(): Promise<void> }> {
  const started: ChildProcess = fork(file, args, { env, execArgv: [] });
  const gone = new Promise<void>((resolve) => started.once('exit', () => resolve()));
  return new Promise((resolve, reject) => {
    started.once('message', (ready: { port?: number }) =>
      resolve({
        pid: started.pid ?? -1,
        port: ready.port ?? -1,
        async end() {
          if (started.exitCode === null && started.signalCode === null) started.kill('SIGTERM');
          await gone;
        },
      }),
    );
    started.once('exit', (code) => reject(new Error(`${args.join(' ')} ended (${code})`)));
  });
}
