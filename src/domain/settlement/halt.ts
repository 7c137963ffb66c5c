import type { SettlementStatus } from './settlement.js';

/** How a workflow ended that should still move its settlement on; `missing`: the server knows none. */
export const HALTS = ['failed', 'terminated', 'timedOut', 'cancelled', 'completed', 'missing'] as const;
export type Halt = (typeof HALTS)[number];

const OPEN: ReadonlySet<SettlementStatus> = new Set(['received', 'announced', 'delivered', 'handedOver']);

/** Whether a workflow must run for the settlement: without one nothing moves it on. */
export function needsWorkflow({ status }: { status: SettlementStatus }): boolean {
  return OPEN.has(status);
}
