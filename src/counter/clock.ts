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
