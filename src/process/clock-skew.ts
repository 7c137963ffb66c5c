import { hostname } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import type { Connection } from '@temporalio/client';
import type { Pool } from 'pg';
import type { Logger } from 'pino';
import type { Clock } from './metrics.js';

const EVERY_MS = 60_000;
const CALL_MS = 2_500;
/** The server holds a poll at least so long, and refuses one that would end before. */
const POLL_MS = 2_500;

/** Asks another machine for its time: ms since 1970, taken between the call and its answer. */
export type AskClock = () => Promise<number>;

/** How far the asked clock is ahead of ours, ms; 0 when it lies between question and answer. */
export async function skewOf(ask: AskClock, now: () => number = Date.now): Promise<number> {
  const before = now();
  const theirs = await ask();
  const after = now();
  return theirs < before ? theirs - before : Math.max(0, theirs - after);
}

export function postgresClock(pool: Pool): AskClock {
  return async () => {
    const { rows } = await pool.query<{ clock: number }>('select (extract(epoch from clock_timestamp()) * 1000)::float8 as clock');
    return rows[0]?.clock ?? NaN;
  };
}

/**
 * No call of Temporal tells its time. But the server stamps a poller when it comes and tells the stamp to whoever asks: we
 * poll a queue of our own that nobody fills, a sticky one since that has no partitions. No workflow and no history is made.
 */
export function temporalClock(
  connection: Connection,
  { namespace, taskQueue: normalName }: { namespace: string; taskQueue: string },
): AskClock {
  const taskQueue = { name: `clock/${hostname()}/${process.pid}`, kind: 2, normalName };
  let asked = 0;
  return async () => {
    const identity = `clock-${++asked}`;
    const polled = connection.withDeadline(Date.now() + POLL_MS, () =>
      connection.workflowService.pollWorkflowTaskQueue({ namespace, taskQueue, identity }),
    );
    let failure: Error | undefined;
    polled.catch((error: unknown) => (failure = error as Error));
    for (const deadline = Date.now() + CALL_MS; ; await pause(10)) {
      const { pollers } = await connection.withDeadline(deadline, () =>
        connection.workflowService.describeTaskQueue({ namespace, taskQueue, taskQueueType: 1 }),
      );
      const at = pollers.find((poller) => poller.identity === identity)?.lastAccessTime;
      if (at) return Number(at.seconds) * 1000 + Number(at.nanos) / 1e6;
      if (failure) throw failure;
      if (Date.now() > deadline) throw new Error('the server does not tell of the poll');
    }
  };
}

/**
 * Compares the clocks at once and every minute until `ending`. A skew above the limit is logged when it comes and when it
 * is over; a clock that does not answer has no skew. What a settlement is judged by is told by several machines' clocks.
 */
export async function watchClocks(
  clocks: Partial<Record<Clock, AskClock>>,
  {
    limitMs,
    tell,
    log,
    ending,
    everyMs = EVERY_MS,
  }: { limitMs: number; tell: (clock: Clock, skewMs: number | null) => void; log: Logger; ending: AbortSignal; everyMs?: number },
): Promise<void> {
  const apart = new Set<Clock>();
  const compare = async ([clock, ask]: [Clock, AskClock]): Promise<void> => {
    const skewMs = await skewOf(ask).catch(() => null);
    tell(clock, skewMs);
    if (skewMs === null || ending.aborted) return;
    const tooFar = Math.abs(skewMs) > limitMs;
    if (tooFar && !apart.has(clock))
      log.error(
        { clock, skewMs: Math.round(skewMs), limitMs },
        'the clocks are apart: times and the five minutes are judged wrongly until they are set',
      );
    if (!tooFar && apart.has(clock)) log.warn({ clock, skewMs: Math.round(skewMs) }, 'the clocks agree again');
    if (tooFar) apart.add(clock);
    else apart.delete(clock);
  };
  while (!ending.aborted) {
    await Promise.all((Object.entries(clocks) as [Clock, AskClock][]).map(compare));
    await pause(everyMs, undefined, { signal: ending, ref: false }).catch(() => undefined);
  }
}
