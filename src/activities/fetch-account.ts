import type { BillingPort } from '../billing/port.js';
import type { AccountSnapshot } from '../domain/account.js';
import { checkAccount } from '../domain/assessment.js';
import type { Fee } from '../domain/debt.js';
import type { Finding } from '../domain/finding.js';
import { todayInTehran } from '../domain/jalali.js';
import type { SettlementOrder } from '../domain/settlement.js';
import type { TariffStore } from '../store/tariffs.js';
import { step } from './step.js';

export interface Fetched {
  snapshot: AccountSnapshot | null;
  /** versions of the tariffs on record, in the order of publication */
  tariffs: string[];
  fee: Fee | null;
  findings: Finding[];
}

/** 2. The last bill with all that the debt needs, read once and kept: a correction starts from the same. */
export function fetchAccount(billing: BillingPort, tariffs: TariffStore) {
  return step('fetchAccount', async ({ order }: { order: SettlementOrder }): Promise<Fetched> => {
    const today = todayInTehran(new Date());
    const [snapshot, versions, fee] = await Promise.all([
      billing.account(order.facts.subscription, today),
      tariffs.versions(),
      tariffs.feeOn(today),
    ]);
    return { snapshot, tariffs: versions, fee, findings: checkAccount(order, snapshot) };
  });
}
