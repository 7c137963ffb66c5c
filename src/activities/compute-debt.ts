import type { AccountSnapshot } from '../domain/settlement/account.js';
import { type DebtAssessment, assessDebt } from '../domain/settlement/assessment.js';
import type { Fee } from '../domain/bill/debt.js';
import { todayInTehran } from '../domain/calendar/jalali.js';
import type { SettlementOrder } from '../domain/settlement/settlement.js';
import type { TariffStore } from '../store/tariffs.js';
import { step } from './step.js';

/** 4. The exact balance under the tariffs in force. */
export function computeDebt(tariffs: TariffStore) {
  return step(
    'computeDebt',
    async (input: { order: SettlementOrder; snapshot: AccountSnapshot; tariffs: string[]; fee: Fee | null }): Promise<DebtAssessment> => {
      const documents = await tariffs.tariffs(input.tariffs);
      return assessDebt(input.order, input.snapshot, documents, input.fee, todayInTehran(new Date()));
    },
  );
}
