import type { AccountSnapshot } from '../domain/settlement/account.js';
import { accountView, checkAccount, checkSlip } from '../domain/settlement/assessment.js';
import type { Fee } from '../domain/bill/debt.js';
import type { Finding, Override } from '../domain/settlement/finding.js';
import { todayInTehran } from '../domain/calendar/jalali.js';
import { checkOperator, qualifyingDay } from '../domain/people/qualification.js';
import { serviceTermsOn } from '../domain/settlement/service-terms.js';
import type { AccountView, SettlementOrder } from '../domain/settlement/settlement.js';
import type { OverrideStore } from '../store/overrides.js';
import type { PeopleStore } from '../store/people.js';
import type { TariffStore } from '../store/tariffs.js';
import { type Ledger, accountOf } from './account.js';
import { step } from './step.js';

export interface Fetched {
  snapshot: AccountSnapshot | null;
  /** the subscriber as printed: made here, so that the workflow's script stays small (each run evaluates it) */
  account: AccountView | null;
  /** versions of the tariffs on record, in the order of publication */
  tariffs: string[];
  fee: Fee | null;
  findings: Finding[];
  /** what a supervisor accepted for this settlement and reading */
  overrides: Override[];
}

/** Reads at one moment all that an order's debt needs: for the step, and for the preview that leaves no trace. */
export function reader(ledger: Ledger, tariffs: TariffStore, overrides: OverrideStore) {
  return async (order: SettlementOrder): Promise<Fetched> => {
    const today = todayInTehran(new Date());
    const [snapshot, versions, fee, accepted] = await Promise.all([
      accountOf(order, ledger, today),
      tariffs.versions(),
      tariffs.feeOn(today),
      overrides.of(order.id, order.facts.reading),
    ]);
    return {
      snapshot,
      account: snapshot && accountView(snapshot, order.facts.settlementDate),
      tariffs: versions,
      fee,
      findings: checkAccount(order, snapshot),
      overrides: accepted,
    };
  };
}

/** The reading for who issues: with what is found of the operator (R3), looked up at the same moment. */
export function issuingReader(...[ledger, tariffs, overrides, people]: [...Parameters<typeof reader>, Pick<PeopleStore, 'standing'>]) {
  const read = reader(ledger, tariffs, overrides);
  return async (order: SettlementOrder): Promise<Fetched> => {
    const [fetched, standing] = await Promise.all([read(order), people.standing(order.clerk.id)]);
    const today = todayInTehran(new Date());
    const day = qualifyingDay(order, today);
    const documents = await tariffs.tariffs(fetched.tariffs);
    const { qualificationWarnDays } = serviceTermsOn(documents, day);
    return {
      ...fetched,
      findings: [
        ...fetched.findings,
        ...checkSlip(order, documents, today),
        ...checkOperator(order.clerk, standing, day, qualificationWarnDays),
      ],
    };
  };
}

/** 2. The last bill with all that the debt needs, read once and kept: a correction starts from the same. */
export function fetchAccount(...sources: Parameters<typeof issuingReader>) {
  const read = issuingReader(...sources);
  return step('fetchAccount', ({ order }: { order: SettlementOrder }) => read(order));
}
