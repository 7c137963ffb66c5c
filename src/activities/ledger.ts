import type { BillingPort } from '../billing/port.js';
import type { AccountSnapshot } from '../domain/settlement/account.js';
import { earlierSettlement } from '../domain/settlement/earlier-settlement.js';
import type { Fee } from '../domain/bill/debt.js';
import { type JalaliDate, todayInTehran } from '../domain/calendar/jalali.js';
import type { Override } from '../domain/settlement/finding.js';
import type { SettlementOrder } from '../domain/settlement/settlement.js';
import type { OverrideStore } from '../store/overrides.js';
import type { PaymentStore } from '../store/payments.js';
import type { SettlementStore } from '../store/settlements.js';
import type { TariffStore } from '../store/tariffs.js';

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

/** All that an order's debt is computed from, read at one moment. */
export interface LedgerRead {
  snapshot: AccountSnapshot | null;
  /** versions of the tariffs on record, in the order of publication */
  tariffs: string[];
  fee: Fee | null;
  /** what a supervisor accepted for this settlement and reading */
  overrides: Override[];
}

/** Reads what an order's debt is computed from: for the announcement, the preview, and a correction on today's ledger. */
export function ledgerReader(ledger: Ledger, tariffs: TariffStore, overrides: OverrideStore) {
  return async (order: SettlementOrder): Promise<LedgerRead> => {
    const today = todayInTehran(new Date());
    const [snapshot, versions, fee, accepted] = await Promise.all([
      accountOf(order, ledger, today),
      tariffs.versions(),
      tariffs.feeOn(today),
      overrides.of(order.id, order.facts.reading),
    ]);
    return { snapshot, tariffs: versions, fee, overrides: accepted };
  };
}
