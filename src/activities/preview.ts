import type { BillingPort } from '../billing/port.js';
import { assessDebt, checkAccount } from '../domain/assessment.js';
import type { Debt } from '../domain/debt.js';
import type { Finding } from '../domain/finding.js';
import { todayInTehran } from '../domain/jalali.js';
import { checkReading } from '../domain/reading.js';
import type { SettlementOrder } from '../domain/settlement.js';
import type { TariffStore } from '../store/tariffs.js';

/** Steps 2 to 4 without a trace: what would be announced, and everything that is found. */
export function createPreview(billing: BillingPort, tariffs: TariffStore) {
  return async (order: SettlementOrder): Promise<{ bill: Debt | null; warnings: Finding[]; errors: Finding[] }> => {
    const today = todayInTehran(new Date());
    const [snapshot, versions, fee] = await Promise.all([
      billing.account(order.facts.subscription, today),
      tariffs.versions(),
      tariffs.feeOn(today),
    ]);
    const findings = checkAccount(order, snapshot);
    let debt: Debt | null = null;
    if (snapshot && findings.length === 0) {
      const documents = await tariffs.tariffs(versions);
      findings.push(...checkReading(snapshot, order.facts, documents, today).findings);
      const assessed = assessDebt(order, snapshot, documents, fee, today);
      findings.push(...assessed.findings);
      debt = assessed.debt;
    }
    return {
      bill: debt,
      warnings: findings.filter((each) => each.severity !== 'error'),
      errors: findings.filter((each) => each.severity === 'error'),
    };
  };
}
