import type { Finding } from '../domain/settlement/finding.js';
import { type AccountView, type StepTime, TARGET_MS } from '../domain/settlement/settlement.js';
import type { SettlementStore } from '../store/settlements.js';
import { runId, step } from './step.js';

export interface AnnounceInput {
  id: string;
  account: AccountView;
  warnings: Finding[];
  steps: StepTime[];
}

/** 6. The balance is announced: here the five minutes stop. */
export function announce(settlements: SettlementStore) {
  return step('announce', ({ id, account, warnings, steps }: AnnounceInput, time) =>
    settlements.announce(id, runId(), { account, warnings, targetMs: TARGET_MS }, [...steps, time()]),
  );
}
