import type { BillingPort } from '../billing/port.js';
import type { AccountSnapshot } from '../domain/settlement/account.js';
import { earlierSettlement } from '../domain/settlement/earlier-settlement.js';
import type { JalaliDate } from '../domain/calendar/jalali.js';
import type { SettlementOrder } from '../domain/settlement/settlement.js';
import type { PaymentStore } from '../store/payments.js';
import type { SettlementStore } from '../store/settlements.js';

/** Where the account is read: billing's ledger, and what stands beside it. */
export interface Ledger {
  billing: BillingPort;
  settlements: Pick<SettlementStore, 'latestValid'>;
  payments: Pick<PaymentStore, 'reported'>;
}

/** The ledger as billing tells it, with the reported payments and the settlement of the same cycle that it does not know yet. */
export async function accountOf(
  { id, facts }: SettlementOrder,
  { billing, settlements, payments }: Ledger,
  today: JalaliDate,
): Promise<AccountSnapshot | null> {
  // first: what the ledger came to hold in between is then its own to say
  const reported = await payments.reported(facts.subscription);
  const snapshot = await billing.account(facts.subscription, today, reported);
  if (!snapshot) return null;
  const latest = await settlements.latestValid(facts.subscription, snapshot.lastBill, id);
  return latest ? { ...snapshot, earlierSettlement: earlierSettlement(latest) } : snapshot;
}
