import { useSyncExternalStore } from 'react';

/** The five minutes from the receipt to the announcement; at risk at half of them (plan, time target). */
export const AT_RISK_MS = 150_000;
export const TARGET_MS = 300_000;

export type ClockState = 'running' | 'atRisk' | 'breached';

export function clockState(elapsedMs: number): ClockState {
  if (elapsedMs >= TARGET_MS) return 'breached';
  return elapsedMs >= AT_RISK_MS ? 'atRisk' : 'running';
}

/** `m:ss`, hours in front once there are any. */
export function clockText(elapsedMs: number): string {
  const seconds = Math.max(0, Math.floor(elapsedMs / 1000));
  const [h, m, s] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  const two = (n: number): string => String(n).padStart(2, '0');
  return h > 0 ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}

/** A difference below this is nobody's business: it may be the way of the answer. */
const SAME_CLOCK_MS = 60_000;
/** What the server's clock is ahead of this computer's. */
let ahead = 0;
const watchers = new Set<() => void>();

/** Every answer carries the server's time; a difference is known before the first form is opened. */
export function serverSaid(date: string | null): void {
  const difference = Date.parse(date ?? '') - Date.now();
  if (Number.isNaN(difference)) return;
  const now = Math.abs(difference) < SAME_CLOCK_MS ? 0 : difference;
  // by seconds it differs with every answer
  if (Math.abs(now - ahead) < SAME_CLOCK_MS && (now === 0) === (ahead === 0)) return;
  ahead = now;
  for (const watcher of watchers) watcher();
}

/** The server's time, ms. */
export function serverNow(): number {
  return Date.now() + ahead;
}

/** Whole minutes that this computer's clock is behind the server's, negative when it is ahead of it; 0: it agrees. */
export function useClockBehind(): number {
  return useSyncExternalStore(
    (watcher) => {
      watchers.add(watcher);
      return () => watchers.delete(watcher);
    },
    () => Math.round(ahead / 60_000),
  );
}
