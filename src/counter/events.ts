import { ROOT } from './root';

/** Something that happened to a settlement. */
export interface Happening {
  settlement: string;
  seq: number;
  kind: string;
  at: string;
}

const REOPEN_MS = 2_000;
/** A page opens what it follows one after the other: that is one stream. */
const TOGETHER_MS = 50;
/** The server sends a beat every 5 s: after two missed ones the connection is dead, whether it says so or not. */
const SILENT_MS = 12_000;
/** What one stream takes (`eventsQuery` of the API). */
const MOST = 50;

interface Followed {
  events: Happening[];
  ended: boolean;
  listeners: Set<(event: Happening) => void>;
}

/** The events of any number of settlements over one connection, opened again where it broke off. */
export class EventStream {
  private readonly followed = new Map<string, Followed>();
  private open: AbortController | null = null;
  private timer: ReturnType<typeof setTimeout> | undefined;

  /** Calls `listener` with every event of the settlement, past ones first; returns the way to stop that. */
  follow(id: string, listener: (event: Happening) => void): () => void {
    let entry = this.followed.get(id);
    if (entry === undefined) {
      entry = { events: [], ended: false, listeners: new Set() };
      this.followed.set(id, entry);
      this.reopen();
    }
    const { events, listeners } = entry;
    // the same function may follow twice
    const mine = (event: Happening): void => listener(event);
    for (const event of events) mine(event);
    listeners.add(mine);
    return () => {
      listeners.delete(mine);
      if (listeners.size > 0 || this.followed.get(id)?.listeners !== listeners) return;
      this.followed.delete(id);
      this.reopen();
    };
  }

  private reopen(): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      this.open?.abort();
      this.open = new AbortController();
      void this.run(this.open.signal);
    }, TOGETHER_MS);
  }

  private async run(stopped: AbortSignal): Promise<void> {
    for (;;) {
      const asked = [...this.followed].filter(([, { ended }]) => !ended).slice(-MOST);
      if (stopped.aborted || asked.length === 0) return;
      const list = asked.map(([id, { events }]) => `${id}:${events.at(-1)?.seq ?? 0}`).join(',');
      try {
        await this.read(`${ROOT}/events?settlements=${list}`, stopped);
      } catch {
        // asked for again below
      }
      if (stopped.aborted) return;
      await new Promise((resolve) => setTimeout(resolve, REOPEN_MS));
    }
  }

  /** Reads a stream until it ends, is stopped, or is silent for too long. */
  private async read(address: string, stopped: AbortSignal): Promise<void> {
    const attempt = new AbortController();
    const stop = (): void => attempt.abort();
    stopped.addEventListener('abort', stop);
    let silence = setTimeout(stop, SILENT_MS);
    try {
      const { ok, body } = await fetch(address, { signal: attempt.signal });
      if (!ok || body === null) return;
      const reader = body.pipeThrough(new TextDecoderStream()).getReader();
      let text = '';
      for (;;) {
        const { done, value } = await reader.read();
        if (done || stopped.aborted) return;
        clearTimeout(silence);
        silence = setTimeout(stop, SILENT_MS);
        const blocks = (text + value).split('\n\n');
        text = blocks.pop() ?? '';
        for (const block of blocks) this.take(block);
      }
    } finally {
      clearTimeout(silence);
      stopped.removeEventListener('abort', stop);
    }
  }

  private take(block: string): void {
    const [, kind, data] = /^event: (.*)\ndata: (.*)$/.exec(block) ?? [];
    if (kind === undefined || data === undefined) return;
    const { settlement, seq, at } = JSON.parse(data) as Omit<Happening, 'kind'>;
    const entry = this.followed.get(settlement);
    if (entry === undefined) return;
    if (kind === 'end') {
      entry.ended = true;
      return;
    }
    if (seq <= (entry.events.at(-1)?.seq ?? 0)) return;
    const event = { settlement, seq, kind, at };
    entry.events.push(event);
    for (const listener of [...entry.listeners]) listener(event);
  }
}
