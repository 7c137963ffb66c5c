import { type JalaliDate, todayInTehran } from '../domain/calendar/jalali.js';
import type { Debt } from '../domain/bill/debt.js';
import { checkOperator, qualifyingDay } from '../domain/people/qualification.js';
import { assess as assessOrder, checkSlip } from '../domain/settlement/assessment.js';
import { type Finding, blocking } from '../domain/settlement/finding.js';
import { serviceTermsOn } from '../domain/settlement/service-terms.js';
import type { SettlementOrder, StepTime } from '../domain/settlement/settlement.js';
import type { BillInputs } from '../domain/settlement/verification.js';
import type { OverrideStore } from '../store/overrides.js';
import type { PeopleStore } from '../store/people.js';
import type { TariffStore } from '../store/tariffs.js';
import { type Ledger, ledgerReader } from './ledger.js';
import { type EarlierAttempts, type StepTimes, stepTimes } from './step.js';

export interface AssessmentSources {
  ledger: Ledger;
  tariffs: TariffStore;
  overrides: OverrideStore;
  people: Pick<PeopleStore, 'standing'>;
}

/** What the workflow goes on with: the findings, and what the bill is made of. The debt is computed again from it: that is cheap. */
export interface Assessed {
  /** what stands in the way; empty: the bill can be issued */
  errors: Finding[];
  warnings: Finding[];
  steps: StepTime[];
  /** null when something stands in the way */
  basis: AssessedBasis | null;
}
export interface AssessedBasis extends Omit<BillInputs, 'facts'> {
  on: JalaliDate;
}

/** Steps 2 to 4: the last bill is fetched, the reading checked, the debt computed. Reads only. */
export function assess(sources: AssessmentSources) {
  const carryOut = assessor(sources);
  return async ({ order }: { order: SettlementOrder }, earlier?: EarlierAttempts): Promise<Assessed> => {
    const steps = stepTimes(earlier);
    const { basis, debt, findings } = await carryOut(order, steps);
    const errors = blocking(findings, order.facts.confirmations);
    return {
      errors,
      warnings: findings.filter(({ severity }) => severity !== 'error'),
      steps: steps.times,
      basis: errors.length > 0 || !debt ? null : basis,
    };
  };
}

/** The same without a trace: what would be announced, and everything that is found. */
export function createPreview(sources: AssessmentSources) {
  const carryOut = assessor(sources);
  return async (order: SettlementOrder): Promise<{ bill: Debt | null; warnings: Finding[]; errors: Finding[] }> => {
    const { debt, findings } = await carryOut(order, UNTIMED);
    return {
      bill: debt,
      warnings: findings.filter(({ severity }) => severity !== 'error'),
      errors: findings.filter(({ severity }) => severity === 'error'),
    };
  };
}

const UNTIMED: Pick<StepTimes, 'run' | 'end'> = { run: async (_name, act) => act(), end: () => undefined };

/** Who issues is looked up at the same moment (R3); one who may not hears no sum. */
function assessor({ ledger, tariffs, overrides, people }: AssessmentSources) {
  const read = ledgerReader(ledger, tariffs, overrides);
  return async (order: SettlementOrder, steps: Pick<StepTimes, 'run' | 'end'>) => {
    const on = todayInTehran(new Date());
    const fetched = await steps.run('fetchAccount', async () => {
      const [found, standing] = await Promise.all([read(order), people.standing(order.clerk.id)]);
      return { ...found, standing, documents: await tariffs.tariffs(found.tariffs) };
    });
    const { snapshot, fee, documents, standing } = fetched;
    const day = qualifyingDay(order, on);
    const { qualificationWarnDays } = serviceTermsOn(documents, day);
    const asked = [...checkSlip(order, documents, on), ...checkOperator(order.clerk, standing, day, qualificationWarnDays)];
    steps.end('checkReading');
    const { debt, findings } = await steps.run('computeDebt', () => assessOrder(order, snapshot, documents, fee, on, fetched.overrides));
    return {
      basis: snapshot && { snapshot, tariffs: fetched.tariffs, fee, on },
      debt: asked.some(({ severity }) => severity === 'error') ? null : debt,
      findings: [...asked, ...findings],
    };
  };
}
