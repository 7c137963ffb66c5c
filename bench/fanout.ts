import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Client, Connection } from '@temporalio/client';
import { type Opening, billingCycleWorkflowId, endOfDay } from '../src/domain/outbox/cycle.js';
import { addDays, todayInTehran } from '../src/domain/calendar/jalali.js';
import { settlementWorkflowId } from '../src/domain/settlement/settlement.js';
import { freePort } from '../src/embedded/ports.js';
import { createDataConverter, newEncryptionKey, readEncryptionKeys } from '../src/temporal/encryption.js';
import { migrate } from '../src/store/migrate.js';
import { createPool } from '../src/store/pool.js';
import { createPostingStore } from '../src/store/postings.js';
import { BILLING_CYCLE_WORKFLOW, TASK_QUEUE, billingCycleOpened } from '../src/workflows/messages.js';
import { testPostgres, testTemporal } from '../test/servers.js';
import { seedWaiting } from '../test/store/waiting.js';
import { child } from './announcement.js';
import type { listens } from './floor/workflow.js';

/** as many as the cycle's step tells at once */
const AT_ONCE = 32;
/** blocks of floor and fan-out in turn, so that both meet the machine's same moods */
const BLOCKS = 2;
const LOOK_MS = 100;
const CLOSES_ON = addDays(todayInTehran(new Date()), 10);

export interface FanOut {
  perSecond: { floor: number; cycle: number; ratio: number };
  /** resident memory of the worker that tells them, MB */
  workerMb: { before: number; peak: number };
  n: number;
}

/**
 * A cycle's fan-out beside plain signals of a client, each to `settlements` waiting workflows of the same kind: what pages,
 * Postgres and the workflow cost besides the signals. What the settlements do then is not measured.
 */
export async function benchFanOut(settlements: number): Promise<FanOut> {
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
    const keys = newEncryptionKey('bench');
    const env = {
      ...process.env,
      TASVIEH_DATABASE_URL: postgres.url,
      TASVIEH_TEMPORAL_ADDRESS: temporal.address,
      TASVIEH_TEMPORAL_NAMESPACE: namespace,
      TASVIEH_SECRET: 'bench'.repeat(8),
      TASVIEH_ENCRYPTION_KEYS: keys,
      TASVIEH_LOG_LEVEL: 'error',
    };
    const worker = await child(path.join(__dirname, '../src/main.js'), ['worker'], env);
    ends.push(worker.end);
    ends.push((await child(path.join(__dirname, 'floor/worker.js'), [temporal.address, 'floor', namespace, keys], env)).end);
    const connection = await Connection.connect({ address: temporal.address });
    ends.push(() => connection.close());
    // the floor encrypts as well: what is measured is the cycle
    const client = new Client({ connection, namespace, dataConverter: createDataConverter(readEncryptionKeys(keys)) });

    const memory = watch(worker.pid);
    ends.push(() => void memory.stop());
    const size = Math.ceil(settlements / BLOCKS);
    let [floorSeconds, cycleSeconds] = [0, 0];
    for (let block = 0; block <= BLOCKS; block++) {
      const opened = opening(block);
      const length = block === 0 ? Math.min(size, AT_ONCE) : size;
      const plain = Array.from({ length }, (_, i) => `plain-${block}-${String(i).padStart(6, '0')}`);
      const waiting = Array.from({ length }, (_, i) => `cycle-${block}-${String(i).padStart(6, '0')}`);
      await seedWaiting(
        pool,
        waiting.map((id) => ({ id, cycle: opened.cycle, dueOn: opened.closesOn, kinds: ['fee'] })),
      );
      await atOnce([...plain, ...waiting], (id) => listening(client, id));
      const plainly = await timed(() =>
        atOnce(plain, (id) => client.workflow.getHandle(settlementWorkflowId(id)).signal(billingCycleOpened, opened)),
      );
      const byCycle = await fanOut(client, pool, opened);
      // the first block warms up
      if (block === 0) continue;
      floorSeconds += plainly;
      cycleSeconds += byCycle;
    }
    const perSecond = { floor: (size * BLOCKS) / floorSeconds, cycle: (size * BLOCKS) / cycleSeconds };
    return { perSecond: { ...perSecond, ratio: perSecond.cycle / perSecond.floor }, workerMb: memory.stop(), n: size * BLOCKS };
  } finally {
    for (const end of ends.reverse()) await end();
  }
}

function opening(block: number): Opening {
  const cycle = `12-1405-0${block}`;
  return { eventId: `open-${cycle}`, cycle, closesOn: CLOSES_ON };
}

/** A workflow that waits like a settlement; answers when it does. */
async function listening(client: Client, id: string): Promise<void> {
  const handle = await client.workflow.start<typeof listens>('listens', {
    workflowId: settlementWorkflowId(id),
    taskQueue: 'floor',
    args: [],
  });
  // started, its task scheduled, begun and completed
  while ((await handle.describe()).historyLength < 4) await pause(LOOK_MS);
}

/** Seconds from the start of the cycle's workflow until it has told the last settlement, by the server's clock. */
async function fanOut(client: Client, pool: ReturnType<typeof createPool>, opened: Opening): Promise<number> {
  await createPostingStore(pool).openCycle({ ...opened, by: { id: 'bench', name: 'bench', role: 'billing', office: '01' } });
  const handle = await client.workflow.start(BILLING_CYCLE_WORKFLOW, {
    workflowId: billingCycleWorkflowId(opened.cycle),
    taskQueue: TASK_QUEUE,
    args: [{ opened, closesAt: endOfDay(CLOSES_ON) }],
  });
  for (;;) {
    const { events } = await handle.fetchHistory();
    const at = (event: { eventTime?: { seconds?: unknown; nanos?: number | null } | null } | undefined): number =>
      Number(event?.eventTime?.seconds ?? 0) + (event?.eventTime?.nanos ?? 0) / 1e9;
    // the first look at its batches follows the last page
    const told = (events ?? []).find((event) => event.activityTaskScheduledEventAttributes?.activityType?.name === 'submitBatches');
    if (told) return at(told) - at(events?.[0] ?? undefined);
    await pause(LOOK_MS);
  }
}

/** The resident memory of a process, looked at often; `stop` answers the first and the highest. */
function watch(pid: number): { stop(): { before: number; peak: number } } {
  const look = (): number => Number(execFileSync('ps', ['-o', 'rss=', '-p', String(pid)]).toString()) / 1024;
  const before = look();
  let peak = before;
  const timer = setInterval(() => (peak = Math.max(peak, look())), 500);
  return {
    stop() {
      clearInterval(timer);
      return { before, peak };
    },
  };
}

async function atOnce(ids: readonly string[], act: (id: string) => Promise<void>): Promise<void> {
  let next = 0;
  const one = async (): Promise<void> => {
    while (next < ids.length) await act(ids[next++] as string);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, one));
}

async function timed(act: () => Promise<void>): Promise<number> {
  const start = performance.now();
  await act();
  return (performance.now() - start) / 1000;
}
