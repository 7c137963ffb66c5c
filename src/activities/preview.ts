import type { BillingPort } from '../billing/port.js';
import { assessDebt, checkAccount } from '../domain/assessment.js';
import type { Debt } from '../domain/debt.js';
import { type Finding, overridden } from '../domain/finding.js';
import { todayInTehran } from '../domain/jalali.js';
import { checkReading } from '../domain/reading.js';
import type { SettlementOrder } from '../domain/settlement.js';
import type { OverrideStore } from '../store/overrides.js';
import type { SettlementStore } from '../store/settlements.js';
import type { TariffStore } from '../store/tariffs.js';
import { accountOf } from './account.js';

/** Steps 2 to 4 without a trace: what would be announced, and everything that is found. */
export function createPreview(ledger: { billing: BillingPort; settlements: SettlementStore }, tariffs: TariffStore, overrides: OverrideStore) {
  return async (order: SettlementOrder): Promise<{ bill: Debt | null; warnings: Finding[]; errors: Finding[] }> => {
    const today = todayInTehran(new Date());
    const [snapshot, versions, fee, accepted] = await Promise.all([
      accountOf(order, ledger, today),
      tariffs.versions(),
      tariffs.feeOn(today),
      overrides.of(order.id, order.facts.reading),
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
      warnings: overridden(findings, accepted).filter((each) => each.severity !== 'error'),
      errors: findings.filter((each) => each.severity === 'error'),
    };
  };
}
