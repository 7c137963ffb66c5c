import type { Response } from 'express';
import type { z } from 'zod';
import type { SettlementStatus } from '../domain/settlement/settlement.js';
import type { ApiDeps, SettlementEvent } from './deps.js';
import { withoutData } from './problems.js';
import type { Call } from './route.js';
import type { settlementParams } from './schemas.js';
import { findSettlement } from './settlements.js';

/** Below the idle limits of usual proxies; each beat also looks for events whose notice was lost. */
const HEARTBEAT_MS = 15_000;
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
  const { req, res, session, params } = call;
  const settlement = await findSettlement(call, deps);
  let seq = lastEventId(req.headers['last-event-id']);
  const first = await eventsOrNone(deps, params.id, seq);
  if (FINAL.has(settlement.status) && first.length === 0 && seq > 0) {
    res.status(204).end();
    return;
  }
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

  const streams = req.app.locals['streams'] as OpenStreams;
  let open = true;
  let looking = false;
  let again = false;

  const stop = (): void => {
    if (!open) return;
    open = false;
    clearInterval(heartbeat);
    unsubscribe();
    streams.delete(end);
  };
  const end = (): void => {
    stop();
    res.end();
  };
  /** Writes what is new; one look at a time, a notice during a look causes another. */
  const look = async (): Promise<void> => {
    if (looking) {
      again = true;
      return;
    }
    looking = true;
    try {
      do {
        again = false;
        const events = await deps.settlements.eventsSince(params.id, seq);
        for (const event of events) {
          if (!open) return;
          if (event.seq <= seq) continue;
          seq = event.seq;
          await write(res, event);
        }
        const now = await deps.settlements.get(params.id, { office: null });
        if (now === null || !FINAL.has(now.status) || !open) continue;
        // the last event may have come after this look: only an empty one shows the end
        if (events.length > 0) again = true;
        else if (!again) {
          res.write('event: end\ndata: {}\n\n');
          end();
        }
      } while (again && open);
    } catch (error) {
      // the next beat looks again: the store may be back by then
      req.log.warn({ err: withoutData(error) }, 'events could not be read');
    } finally {
      looking = false;
    }
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
  const heartbeat = setInterval(() => {
    void isOver().then((over) => {
      if (!open) return;
      if (over) return end();
      res.write(': beat\n\n');
      void look();
    });
  }, HEARTBEAT_MS);
  // subscribe before looking: an event between the two must not be missed
  const unsubscribe = deps.settlements.onEvent(params.id, () => void look());
  res.on('close', stop);
  streams.add(end);
  // the client may have gone before the listener was there
  if (res.closed || req.destroyed) stop();
  if (open) await look();
}

async function eventsOrNone(deps: ApiDeps, id: string, seq: number): Promise<SettlementEvent[]> {
  try {
    return await deps.settlements.eventsSince(id, seq);
  } catch {
    return [];
  }
}

async function write(res: Response, { seq, kind, at, data }: SettlementEvent): Promise<void> {
  const flowing = res.write(`id: ${seq}\nevent: ${kind.replace(/[\r\n]/g, '')}\ndata: ${JSON.stringify({ at, data })}\n\n`);
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
