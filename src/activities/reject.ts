import type { Finding } from '../domain/settlement/finding.js';
import type { SettlementOrder, StepTime } from '../domain/settlement/settlement.js';
import { TASK_OF_FINDING } from '../domain/settlement/task.js';
import { SettlementExistsError, type SettlementStore } from '../store/settlements.js';
import { finalFailure, runId } from './step.js';
import type { TaskDesk } from './task-desk.js';

export interface RejectInput {
  order: SettlementOrder;
  errors: Finding[];
  warnings: Finding[];
  steps: StepTime[];
}

/** The findings forbid the settlement: received and rejected at once. What billing has to mend before it can be asked for again becomes a task. */
export function reject(settlements: SettlementStore, desk: TaskDesk) {
  return async ({ order, errors, warnings, steps }: RejectInput): Promise<void> => {
    try {
      await settlements.reject(order, runId(), errors, warnings, steps, new Date().toISOString());
    } catch (error) {
      if (error instanceof SettlementExistsError) throw finalFailure('SETTLEMENT_EXISTS', error.message, [error.settlement]);
      throw error;
    }
    for (const { code, message } of errors) {
      const kind = TASK_OF_FINDING[code];
      if (kind) await desk.open({ kind, office: order.clerk.office, settlementId: order.id, detail: { message } });
    }
  };
}
