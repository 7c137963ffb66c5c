import type { Pool } from 'pg';
import { type HistoryDifference, historyDifferences, rebuild } from '../domain/settlement/history.js';
import { auditedSettlements } from '../store/audit.js';

export interface RebuiltSettlement {
  settlement: string;
  equal: boolean;
  differences: HistoryDifference[];
}

/** Rebuilds settlements from the event log alone and says where what is stored differs. */
export async function* rebuildSettlements(pool: Pool, settlement: string | null): AsyncGenerator<RebuiltSettlement> {
  for await (const { settlement: id, events, stored } of auditedSettlements(pool, settlement)) {
    const differences = historyDifferences(rebuild(events) ?? undefined, stored ?? undefined, '');
    yield { settlement: id, equal: differences.length === 0, differences };
  }
}
