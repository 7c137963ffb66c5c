import type { Logger } from 'pino';
import type { z } from 'zod';
import { LAST_DAY, addDays, startOfDayInTehran } from '../domain/calendar/jalali.js';
import type { Settlement } from '../domain/settlement/settlement.js';
import type { Access, AccessStore } from '../store/access-log.js';
import type { ApiDeps } from './deps.js';
import { withoutData } from './problems.js';
import type { Call } from './route.js';
import type { accessQuery } from './schemas.js';

/** Entries that wait for Postgres at most; of more than that the oldest are given up, and the log says so. */
const MOST = 20_000;
/** Entries written in one go. */
const AT_ONCE = 500;
const AGAIN_MS = 2_000;

export interface AccessWriter {
  /** Keeps an entry: no answer waits for it, and none fails by it. */
  note(entry: Access): void;
  /** Writes what is left; gives up when Postgres is away. */
  close(): Promise<void>;
}

/** Writes looks at persons' data beside the answers, in the order in which they came, one batch after the other. */
export function createAccessWriter(
  store: Pick<AccessStore, 'append'>,
  log: Logger,
  { againMs = AGAIN_MS, most = MOST }: { againMs?: number; most?: number } = {},
): AccessWriter {
  let waiting: Access[] = [];
  let writing: Promise<void> | null = null;
  let timer: NodeJS.Timeout | undefined;
  let closed = false;

  const write = async (): Promise<void> => {
    while (waiting.length > 0) {
      const batch = waiting.slice(0, AT_ONCE);
      try {
        await store.append(batch);
        // the oldest may have been given up meanwhile
        const written = new Set(batch);
        waiting = waiting.filter((entry) => !written.has(entry));
      } catch (error) {
        // kept and tried again: what is missing is told now, in case that never succeeds
        log.error({ err: withoutData(error), entries: waiting.length }, 'looks at persons’ data could not be written to the access log');
        if (!closed) timer = setTimeout(start, againMs).unref();
        return;
      }
    }
  };
  function start(): void {
    clearTimeout(timer);
    timer = undefined;
    writing ??= write().finally(() => {
      writing = null;
      // one that came between the last look and here
      if (waiting.length > 0 && timer === undefined && !closed) start();
    });
  }

  return {
    note(entry) {
      if (waiting.length >= most) {
        const [given] = waiting.splice(0, 1);
        log.error(
          { operator: given?.by.id, role: given?.by.role, office: given?.by.office, route: given?.call, requestId: given?.requestId },
          'a look at persons’ data was given up: the access log could not be written for too long',
        );
      }
      waiting.push(entry);
      // while it failed the next try is on its way
      if (timer === undefined) start();
    },
    async close() {
      closed = true;
      clearTimeout(timer);
      timer = undefined;
      await writing;
      await write();
      if (waiting.length > 0) log.error({ entries: waiting.length }, 'looks at persons’ data were not written to the access log');
    },
  };
}

/** Notes whose data a call shows, once per call however often it looks. */
export function looked(
  { req, res, operator }: Call,
  deps: Pick<ApiDeps, 'accessLog' | 'now'>,
  subscriptions: readonly string[],
  settlement: string | null = null,
): void {
  const locals = res.locals as { pattern?: string; looked?: Set<string> };
  const seen = (locals.looked ??= new Set());
  const key = JSON.stringify([subscriptions, settlement]);
  if (seen.has(key)) return;
  seen.add(key);
  deps.accessLog.note({
    at: deps.now().toISOString(),
    by: { id: operator.id, name: operator.name, role: operator.role, office: operator.office },
    call: `${req.method} ${locals.pattern ?? ''}`,
    subscriptions: [...new Set(subscriptions)],
    settlement,
    requestId: String(req.id),
  });
}

export function lookedAt(call: Call, deps: Pick<ApiDeps, 'accessLog' | 'now'>, { id, facts }: Pick<Settlement, 'id' | 'facts'>): void {
  looked(call, deps, [facts.subscription], id);
}

/** GET /access-log: who looked at persons' data, newest first. */
export async function listAccesses({ res, query }: Call<unknown, z.output<typeof accessQuery>>, deps: ApiDeps) {
  const { from, to, ...rest } = query;
  const { items, next } = await deps.accessLog.list({
    ...rest,
    from: from && startOfDayInTehran(from),
    // through the end of the day; after the calendar's last day nothing can come
    to: to && to < LAST_DAY ? startOfDayInTehran(addDays(to, 1)) : undefined,
  });
  res.json({
    items: items.map(({ at, by, call, subscriptions, settlement, requestId }) => ({
      at,
      by: { id: by.id, name: by.name, role: by.role, office: by.office },
      call,
      subscriptions,
      settlement,
      requestId,
    })),
    next,
  });
}
