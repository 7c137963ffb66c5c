import { useEffect, useRef, useState } from 'react';
import { call, type Found, get, Refused, type Settlement, untilAnswered } from '../api';
import { follow } from '../follow';

export type Issuing =
  | { kind: 'idle' }
  | { kind: 'sending' }
  /** no answer: the same is sent again, which is harmless */
  | { kind: 'waiting' }
  /** accepted, the announcement takes longer */
  | { kind: 'following'; id: string }
  | { kind: 'exists'; settlement: Settlement | null }
  | { kind: 'refused'; detail: string; errors: Found[] };

const LOOK_MS = 3000;

/**
 * Sends a settlement request until the API has answered, and follows it until it is announced. `done` hears the
 * announced settlement, and whether it had been issued before.
 */
export function useIssuing(done: (settlement: Settlement, again: boolean) => void): {
  state: Issuing;
  issue: (body: unknown) => void;
  reset: () => void;
} {
  const [state, setState] = useState<Issuing>({ kind: 'idle' });
  const running = useRef<AbortController | null>(null);
  useEffect(() => () => running.current?.abort(), []);

  const issue = (body: unknown): void => {
    // a second press while the first is on its way
    if (running.current !== null) return;
    const mine = new AbortController();
    running.current = mine;
    setState({ kind: 'sending' });
    void send(body, mine.signal, setState, done).finally(() => {
      if (running.current === mine) running.current = null;
    });
  };
  const reset = (): void => {
    running.current?.abort();
    running.current = null;
    setState({ kind: 'idle' });
  };
  return { state, issue, reset };
}

async function send(
  body: unknown,
  stopped: AbortSignal,
  tell: (state: Issuing) => void,
  done: (settlement: Settlement, again: boolean) => void,
): Promise<void> {
  try {
    const sent = (): Promise<{ status: number; value: Settlement }> => call<Settlement>('POST', '/settlements', { body, signal: stopped });
    const { status, value } = await untilAnswered(sent, stopped, () => tell({ kind: 'waiting' }));
    if (value.announcedAt !== null) return done(value, status === 200);
    tell({ kind: 'following', id: value.id });
    const settlement = await announced(value.id, stopped);
    if (settlement.status !== 'rejected') return done(settlement, false);
    tell({ kind: 'refused', detail: '', errors: settlement.errors });
  } catch (error) {
    if (stopped.aborted) return;
    if (!(error instanceof Refused)) throw error;
    const { code, detail, errors, settlement } = error.problem;
    tell(code === 'SETTLEMENT_EXISTS' ? { kind: 'exists', settlement: settlement ?? null } : { kind: 'refused', detail, errors });
  }
}

/** The settlement once it is announced or rejected: by its events, and by a look now and then in case one was lost. */
function announced(id: string, stopped: AbortSignal): Promise<Settlement> {
  return new Promise((resolve, reject) => {
    const end = (): void => {
      stop();
      clearInterval(timer);
      stopped.removeEventListener('abort', abort);
    };
    const abort = (): void => {
      end();
      reject(new Error('stopped'));
    };
    const look = (): void => {
      get<Settlement>(`/settlements/${id}`, stopped).then(
        (settlement) => {
          if (settlement.announcedAt === null && settlement.status !== 'rejected') return;
          end();
          resolve(settlement);
        },
        // asked again at the next beat
        () => undefined,
      );
    };
    const stop = follow(id, look);
    const timer = setInterval(look, LOOK_MS);
    stopped.addEventListener('abort', abort);
  });
}
