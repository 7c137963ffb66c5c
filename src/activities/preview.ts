import { assessDebt } from '../domain/settlement/assessment.js';
import type { Debt } from '../domain/bill/debt.js';
import { type Finding, overridden } from '../domain/settlement/finding.js';
import { todayInTehran } from '../domain/calendar/jalali.js';
import { checkReading } from '../domain/settlement/reading.js';
import type { SettlementOrder } from '../domain/settlement/settlement.js';
import { issuingReader } from './fetch-account.js';

/** Steps 2 to 4 without a trace: what would be announced, and everything that is found. */
export function createPreview(...[ledger, tariffs, overrides, people]: Parameters<typeof issuingReader>) {
  const read = issuingReader(ledger, tariffs, overrides, people);
  return async (order: SettlementOrder): Promise<{ bill: Debt | null; warnings: Finding[]; errors: Finding[] }> => {
    const { snapshot, tariffs: versions, fee, findings, overrides: accepted } = await read(order);
    let debt: Debt | null = null;
    if (snapshot && !findings.some((each) => each.severity === 'error')) {
      const today = todayInTehran(new Date());
      const documents = await tariffs.tariffs(versions);
      findings.push(...checkReading(snapshot, order.facts, documents, today).findings);
      const assessed = assessDebt(order, snapshot, documents, fee, today);
      findings.push(...assessed.findings);
      debt = assessed.debt;
    }
    return {
      bill: debt,
      warnings: overridden(findings, accepted, order.clerk.id).filter((each) => each.severity !== 'error'),
      errors: findings.filter((each) => each.severity === 'error'),
    };
  };
}
