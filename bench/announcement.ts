import { type ChildProcess, fork } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Client, Connection, WithStartWorkflowOperation } from '@temporalio/client';
import { createSettlementWorkflows } from '../src/temporal/workflow-client.js';
import { loadDemoData } from '../src/embedded/demo.js';
import { todayInTehran } from '../src/domain/calendar/jalali.js';
import { type SettlementOrder, settlementId } from '../src/domain/settlement/settlement.js';
import { freePort } from '../src/embedded/ports.js';
import { createDataConverter, newEncryptionKey, readEncryptionKeys } from '../src/temporal/encryption.js';
import { migrate } from '../src/store/migrate.js';
import { createPool } from '../src/store/pool.js';
import { OFFICE, STATUS, SUBSCRIPTION } from '../src/workflows/search-attributes.js';
import { testPostgres, testTemporal } from '../test/servers.js';
import { answerAtOnce } from './floor/workflow.js';

const WARM_UP = 30;
const ALONE = 100;
const TOGETHER = 300;
const AT_ONCE = 30;
/** blocks of floor and settlement in turn, so that both meet the machine's same moods */
const BLOCKS = 5;
const DEADLINE_MS = 60_000;

export interface Announcement {
  aloneMs: { floor: number; settlement: number; ratio: number };
  perSecond: { floor: number; settlement: number; ratio: number };
  n: { alone: number; together: number };
}

/** The announcement beside an empty workflow with update-with-start, on one server, one at a time and 30 at once. */
export async function benchAnnouncement(): Promise<Announcement> {
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
    await loadDemoData(pool, WARM_UP + ALONE + TOGETHER + 600, new Date());
    const orders = await ordersOf(pool);
    if (orders.length < WARM_UP + ALONE + TOGETHER) throw new Error(`only ${orders.length} accounts to settle`);

    const newKey = newEncryptionKey('bench');
    const env = {
      ...process.env,
      TASVIEH_DATABASE_URL: postgres.url,
      TASVIEH_TEMPORAL_ADDRESS: temporal.address,
      TASVIEH_TEMPORAL_NAMESPACE: namespace,
      TASVIEH_SECRET: 'bench'.repeat(8),
      TASVIEH_ENCRYPTION_KEYS: newKey,
      TASVIEH_LOG_LEVEL: 'error',
    };
    ends.push((await child(path.join(__dirname, '../src/main.js'), ['worker'], env)).end);
    ends.push((await child(path.join(__dirname, 'floor/worker.js'), [temporal.address, 'floor', namespace], env)).end);

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

    const take = (n: number): SettlementOrder[] => orders.splice(0, n);
    for (const order of take(WARM_UP)) {
      await floor(order);
      await settle(order);
    }
    const floorMs: number[] = [];
    const settlementMs: number[] = [];
    for (let block = 0; block < BLOCKS; block++) {
      const part = take(ALONE / BLOCKS);
      for (const order of part) floorMs.push(await timed(() => floor(order)));
      for (const order of part) settlementMs.push(await timed(() => settle(order)));
    }
    let floorSeconds = 0;
    let settlementSeconds = 0;
    for (let block = 0; block < BLOCKS; block++) {
      const part = take(TOGETHER / BLOCKS);
      floorSeconds += (await timed(() => atOnce(part, floor))) / 1000;
      settlementSeconds += (await timed(() => atOnce(part, settle))) / 1000;
    }
    const alone = { floor: median(floorMs), settlement: median(settlementMs) };
    const perSecond = { floor: TOGETHER / floorSeconds, settlement: TOGETHER / settlementSeconds };
    return {
      aloneMs: { ...alone, ratio: alone.settlement / alone.floor },
      perSecond: { ...perSecond, ratio: perSecond.settlement / perSecond.floor },
      n: { alone: ALONE, together: TOGETHER },
    };
  } finally {
    for (const end of ends.reverse()) await end();
  }
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

function median(values: number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? NaN;
}

/** A process of ours that says when it is ready. */
export function child(file: string, args: string[], env: NodeJS.ProcessEnv): Promise<{ pid: number; end(): Promise<void> }> {
  const started: ChildProcess = fork(file, args, { env, execArgv: [] });
  const gone = new Promise<void>((resolve) => started.once('exit', () => resolve()));
  return new Promise((resolve, reject) => {
    started.once('message', () =>
      resolve({
        pid: started.pid ?? -1,
        async end() {
          if (started.exitCode === null && started.signalCode === null) started.kill('SIGTERM');
          await gone;
        },
      }),
    );
    started.once('exit', (code) => reject(new Error(`${args.join(' ')} ended (${code})`)));
  });
}
