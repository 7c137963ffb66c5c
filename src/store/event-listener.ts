import { Client } from 'pg';

/** Tells when something happened to a settlement: one connection listens for the whole process. */
export interface EventListener {
  /** Calls `listener` after each new event of the settlement; returns how to end that. */
  onEvent(settlementId: string, listener: () => void): () => void;
  close(): Promise<void>;
}

const RECONNECT_MS = 1000;
/** A host that vanishes closes nothing: an idle connection must be asked. */
const BEAT_MS = 10_000;
const ANSWER_MS = 5_000;

/** Listens on the database at `url`; a lost connection is made again, and every listener is then told to look. */
export function createEventListener(url: string, beat = { everyMs: BEAT_MS, answerMs: ANSWER_MS }): EventListener {
  const listeners = new Map<string, Set<() => void>>();
  let client: Client | undefined;
  let closed = false;
  let timer: NodeJS.Timeout | undefined;
  let beating: NodeJS.Timeout | undefined;

  const again = (): void => {
    clearInterval(beating);
    client = undefined;
    if (closed || timer) return;
    timer = setTimeout(() => {
      timer = undefined;
      void connect();
    }, RECONNECT_MS);
  };
  const connect = async (): Promise<void> => {
    const fresh = new Client({
      connectionString: url,
      application_name: 'tasvieh-events',
      keepAlive: true,
      connectionTimeoutMillis: 2000,
      query_timeout: beat.answerMs,
    });
    let lost = false;
    /** Each connection is replaced once, and what is left of it is closed. */
    const lose = (): void => {
      if (lost) return;
      lost = true;
      void fresh.end().catch(() => undefined);
      again();
    };
    // without a listener an error of an idle connection would end the process
    fresh.on('error', lose);
    fresh.on('end', lose);
    fresh.on('notification', ({ payload }) => listeners.get(payload ?? '')?.forEach((listener) => listener()));
    try {
      await fresh.connect();
      await fresh.query('listen settlement_event');
      if (closed || lost) return lose();
      client = fresh;
      beating = setInterval(() => void fresh.query('select 1').catch(lose), beat.everyMs);
      // whatever was told while nobody listened
      for (const each of listeners.values()) for (const listener of each) listener();
    } catch {
      lose();
    }
  };
  void connect();

  return {
    onEvent(settlementId, listener) {
      const each = listeners.get(settlementId) ?? new Set();
      listeners.set(settlementId, each.add(listener));
      return () => {
        each.delete(listener);
        if (each.size === 0 && listeners.get(settlementId) === each) listeners.delete(settlementId);
      };
    },
    async close() {
      closed = true;
      clearTimeout(timer);
      clearInterval(beating);
      await client?.end();
    },
  };
}
