import type { BillingPort } from '../billing/port.js';
import type { AccountSnapshot } from '../domain/account.js';
import { earlierSettlement } from '../domain/earlier-settlement.js';
import type { JalaliDate } from '../domain/jalali.js';
import type { SettlementOrder } from '../domain/settlement.js';
import type { SettlementStore } from '../store/settlements.js';

/** The ledger as billing tells it, with the settlement of the same cycle that billing does not know yet. */
export async function accountOf(
  { id, facts }: SettlementOrder,
  { billing, settlements }: { billing: BillingPort; settlements: Pick<SettlementStore, 'latestValid'> },
  today: JalaliDate,
): Promise<AccountSnapshot | null> {
  const snapshot = await billing.account(facts.subscription, today);
  if (!snapshot) return null;
  const latest = await settlements.latestValid(facts.subscription, snapshot.lastBill, id);
  return latest ? { ...snapshot, earlierSettlement: earlierSettlement(latest) } : snapshot;
}
