import { setTimeout as pause } from 'node:timers/promises';
import type { Logger } from 'pino';
import { EVERYWHERE } from '../domain/calendar/outage.js';
import type { PresenceStore } from '../store/presences.js';

const EVERY_MS = 60_000;

/** Offices of which somebody was heard since the last writing. */
export interface Signs {
  heard(office: string): void;
  /** Writes them, with the system's own sign; what could not be written is not made up for: then the system was away. */
  write(): Promise<void>;
}

export function createSigns(store: Pick<PresenceStore, 'heard'>): Signs {
  let offices = new Set<string>();
  return {
    heard(office) {
      offices.add(office);
    },
    write() {
      const heard = [EVERYWHERE, ...offices];
      offices = new Set();
      return store.heard(heard);
    },
  };
}

/** Does each of the acts at once and every minute until `ending`, one round after the other. An act that fails is logged when that begins and when it is over. */
export async function everyMinute(
  acts: Record<string, () => Promise<unknown>>,
  { log, ending, everyMs = EVERY_MS }: { log: Logger; ending: AbortSignal; everyMs?: number },
): Promise<void> {
  const failing = new Set<string>();
  const once = async ([act, run]: [string, () => Promise<unknown>]): Promise<void> => {
    try {
      await run();
      if (failing.delete(act)) log.warn({ act }, 'done again');
    } catch (error) {
      if (!failing.has(act) && !ending.aborted) log.error({ act, err: error }, 'could not be done, trying every minute');
      failing.add(act);
    }
  };
  while (!ending.aborted) {
    await Promise.all(Object.entries(acts).map(once));
    await pause(everyMs, undefined, { signal: ending, ref: false }).catch(() => undefined);
  }
}
