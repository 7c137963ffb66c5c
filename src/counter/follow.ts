import { EventStream, type Happening } from './events';

/** A tab follows a settlement, stops that, or is closed. */
export type ToWorker = { key: number; follow: string } | { drop: number } | { leave: true };
export interface FromWorker {
  key: number;
  happening: Happening;
}

interface Following {
  id: string;
  hear: (event: Happening) => void;
  /** in this page's own stream, where the browser has no shared worker */
  stop?: () => void;
}

const following = new Map<number, Following>();
let keys = 0;
let own: EventStream | null = null;
let shared: MessagePort | null = null;

/**
 * Follows a settlement's events of whatever kind, past ones first; returns the way to stop. All tabs share one
 * connection.
 */
export function follow(id: string, hear: (event: Happening) => void): () => void {
  const key = ++keys;
  const entry: Following = { id, hear };
  following.set(key, entry);
  begin(key, entry);
  return () => {
    following.delete(key);
    entry.stop?.();
    tell({ drop: key });
  };
}

function begin(key: number, entry: Following): void {
  connect();
  if (own === null) tell({ key, follow: entry.id });
  else entry.stop = own.follow(entry.id, entry.hear);
}

function tell(message: ToWorker): void {
  shared?.postMessage(message);
}

function connect(): void {
  if (shared !== null || own !== null) return;
  if (typeof SharedWorker === 'undefined') {
    own = new EventStream();
    return;
  }
  const worker = new SharedWorker(new URL('./events-worker.ts', import.meta.url), { type: 'module', name: 'tasvieh-events' });
  shared = worker.port;
  shared.onmessage = ({ data: { key, happening } }: MessageEvent<FromWorker>) => following.get(key)?.hear(happening);
  // its script is gone, since the service was renewed meanwhile
  worker.onerror = () => {
    shared = null;
    own = new EventStream();
    for (const [key, entry] of following) begin(key, entry);
  };
  // a port tells nobody that its tab is gone; one that comes back from the browser's memory follows anew
  addEventListener('pagehide', () => tell({ leave: true }));
  addEventListener('pageshow', ({ persisted }) => {
    if (persisted) for (const [key, entry] of following) begin(key, entry);
  });
}
