import type { Finding } from '../domain/settlement/finding.js';
import type { StepTime } from '../domain/settlement/settlement.js';
import { TASK_OF_FINDING } from '../domain/settlement/task.js';
import type { SettlementStore } from '../store/settlements.js';
import { runId } from './step.js';
import type { TaskDesk } from './task-desk.js';

export interface RejectInput {
  id: string;
  errors: Finding[];
  warnings: Finding[];
  steps: StepTime[];
}

/** The findings forbid the settlement. What billing has to mend before it can be asked for again becomes a task. */
export function reject(settlements: SettlementStore, desk: TaskDesk) {
  return async ({ id, errors, warnings, steps }: RejectInput): Promise<void> => {
    await settlements.reject(id, runId(), errors, warnings, steps, new Date().toISOString());
    for (const { code, message } of errors) {
      const kind = TASK_OF_FINDING[code];
      const office = kind && (await settlements.officeOf(id));
      if (kind && office) await desk.open({ kind, office, settlementId: id, detail: { message } });
    }
  };
}
