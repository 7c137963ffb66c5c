import type { Response } from 'express';
import type { z } from 'zod';
import type { SettlementStatus } from '../domain/settlement/settlement.js';
import type { ApiDeps, SettlementEvent } from './deps.js';
import { Problem, withoutData } from './problems.js';
import type { Call } from './route.js';
import type { eventsQuery, settlementParams } from './schemas.js';
import { findSettlement, seekSettlement } from './settlements.js';

/** By missing beats a reader notices a connection that is dead without a word (src/counter/events.ts waits for two). */
const BEAT_MS = 5_000;
/** Every third beat looks for events whose notice was lost, and whether the session is over. */
const BEATS_A_LOOK = 3;
const FINAL: ReadonlySet<SettlementStatus> = new Set(['settled', 'rejected', 'cancelled']);

/** The answers that stay open, so that a shutdown can end them: browsers come back by themselves. */
export class OpenStreams {
  private readonly ends = new Set<() => void>();
  private closed = false;

  /** Registers an open answer's end; called at once when the server is closing already. */
  add(end: () => void): void {
    if (this.closed) end();
    else this.ends.add(end);
  }

  delete(end: () => void): void {
    this.ends.delete(end);
  }

  get size(): number {
    return this.ends.size;
  }

  close(): void {
    this.closed = true;
    for (const end of [...this.ends]) end();
  }
}

/**
 * GET /settlements/{id}/events: progress as server-sent events, `id` = sequence number, `event` = kind, `data` =
 * `{at, data}`. After the last event of a settlement that has ended comes `event: end`; whoever reconnects after
 * that gets 204, at which an EventSource stops.
 */
export async function streamEvents(call: Call<z.output<typeof settlementParams>>, deps: ApiDeps): Promise<void> {
  const { req, res, params } = call;
  const settlement = await findSettlement(call, deps);
  const seq = lastEventId(req.headers['last-event-id']);
  const first = await eventsOrNone(deps, params.id, seq);
  if (FINAL.has(settlement.status) && first.length === 0 && seq > 0) {
    res.status(204).end();
    return;
  }
  await stream(call, deps, [{ id: params.id, seq }], {
    event: (_id, { seq, at, data }) => ({ id: seq, data: { at, data } }),
    end: () => ({}),
  });
}

/**
 * GET /events: the same for several settlements over one connection, `data` = `{settlement, seq, at}`. A browser opens
 * only six connections to a host. A settlement that the caller may not see ends at once.
 */
export async function streamManyEvents(call: Call<unknown, z.output<typeof eventsQuery>>, deps: ApiDeps): Promise<void> {
  const seen = await Promise.all(
    call.query.settlements.map(({ id }) =>
      // no person's data leaves here, so that it is no look at the settlement
      seekSettlement({ ...call, params: { id } }, deps).then(
        () => true,
        (error: unknown) => {
          if (error instanceof Problem && (error.code === 'FORBIDDEN' || error.code === 'NOT_FOUND')) return false;
          throw error;
        },
      ),
    ),
  );
  await stream(
    call,
    deps,
    call.query.settlements.filter((_, n) => seen[n]),
    { event: (settlement, { seq, at }) => ({ data: { settlement, seq, at } }), end: (settlement) => ({ settlement }) },
    call.query.settlements.filter((_, n) => !seen[n]).map(({ id }) => id),
  );
}

interface Followed {
  id: string;
  /** the last event that the reader has */
  seq: number;
}

/** How an event and the end of a settlement are written. */
interface Wording {
  event(settlement: string, event: SettlementEvent): { id?: number; data: unknown };
  end(settlement: string): unknown;
}

/** Writes the events of the settlements until all have ended, the session is over, or the reader has gone. */
async function stream(
  { req, res, session }: Pick<Call, 'req' | 'res' | 'session'>,
  deps: ApiDeps,
  followed: readonly Followed[],
  wording: Wording,
  refused: readonly string[] = [],
): Promise<void> {
  res.status(200).set({
    'Content-Type': 'text/event-stream; charset=utf-8',
    'Cache-Control': 'no-store',
    // a buffering proxy would hold the events back
    'X-Accel-Buffering': 'no',
  });
  res.flushHeaders();
  if (req.method === 'HEAD') {
    res.end();
    return;
  }
  res.write(': open\n\n');
  const writeEnd = (id: string): void => void res.write(`event: end\ndata: ${JSON.stringify(wording.end(id))}\n\n`);
  refused.forEach(writeEnd);

  const streams = req.app.locals['streams'] as OpenStreams;
  let open = true;
  let left = followed.length;
  const stop = (): void => {
    if (!open) return;
    open = false;
    clearInterval(heartbeat);
    for (const { unsubscribe } of readers) unsubscribe();
    streams.delete(end);
  };
  const end = (): void => {
    stop();
    res.end();
  };

  const readerOf = ({ id, seq: from }: Followed) => {
    let seq = from;
    let ended = false;
    let looking = false;
    let again = false;
    /** Writes what is new; one look at a time, a notice during a look causes another. */
    const look = async (): Promise<void> => {
      if (ended) return;
      if (looking) {
        again = true;
        return;
      }
      looking = true;
      try {
        do {
          again = false;
          const events = await deps.settlements.eventsSince(id, seq);
          for (const event of events) {
            if (!open) return;
            if (event.seq <= seq) continue;
            seq = event.seq;
            await write(res, event.kind, wording.event(id, event));
          }
          const now = await deps.settlements.get(id, { office: null });
          if (now === null || !FINAL.has(now.status) || !open) continue;
          // the last event may have come after this look: only an empty one shows the end
          if (events.length > 0) again = true;
          else if (!again) {
            ended = true;
            unsubscribe();
            writeEnd(id);
            if (--left === 0) end();
          }
        } while (again && open && !ended);
      } catch (error) {
        // a later beat looks again: the store may be back by then
        req.log.warn({ err: withoutData(error) }, 'events could not be read');
      } finally {
        looking = false;
      }
    };
    // subscribe before looking: an event between the two must not be missed
    const unsubscribe = deps.settlements.onEvent(id, () => void look());
    return { look, unsubscribe };
  };

  /** Whether the stream's session is over: an open answer must not outlive it. */
  const isOver = async (): Promise<boolean> => {
    try {
      return session === null || session.expiresAt <= deps.now() || !(await deps.sessions.stands(session, req.log));
    } catch (error) {
      req.log.warn({ err: withoutData(error) }, 'the session could not be looked up');
      return false;
    }
  };
  let beats = 0;
  const heartbeat = setInterval(() => {
    res.write(': beat\n\n');
    if (++beats % BEATS_A_LOOK !== 0) return;
    void isOver().then((over) => {
      if (!open) return;
      if (over) return end();
      for (const { look } of readers) void look();
    });
  }, BEAT_MS);
  const readers = followed.map(readerOf);
  res.on('close', stop);
  streams.add(end);
  // the client may have gone before the listener was there
  if (res.closed || req.destroyed) stop();
  if (left === 0) end();
  if (open) await Promise.all(readers.map(({ look }) => look()));
}

async function eventsOrNone(deps: ApiDeps, id: string, seq: number): Promise<SettlementEvent[]> {
  try {
    return await deps.settlements.eventsSince(id, seq);
  } catch {
    return [];
  }
}

async function write(res: Response, kind: string, { id, data }: ReturnType<Wording['event']>): Promise<void> {
  const numbered = id === undefined ? '' : `id: ${id}\n`;
  const flowing = res.write(`${numbered}event: ${kind.replace(/[\r\n]/g, '')}\ndata: ${JSON.stringify(data)}\n\n`);
  if (flowing || res.closed) return;
  // a reader that does not read must not fill the memory
  await new Promise<void>((resolve) => {
    const go = (): void => {
      res.off('drain', go);
      res.off('close', go);
      resolve();
    };
    res.on('drain', go);
    res.on('close', go);
  });
}

function lastEventId(header: string | string[] | undefined): number {
  return typeof header === 'string' && /^[0-9]{1,15}$/.test(header) ? Number(header) : 0;
}
