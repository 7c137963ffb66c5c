import type { AccountSnapshot } from '../domain/settlement/account.js';
import type { Finding } from '../domain/settlement/finding.js';
import { todayInTehran } from '../domain/calendar/jalali.js';
import { checkReading as check } from '../domain/settlement/reading.js';
import type { SettlementOrder } from '../domain/settlement/settlement.js';
import type { TariffStore } from '../store/tariffs.js';
import { step } from './step.js';

/** 3. The meter's reading on the requested date, held against the meter and the subscriber's own history. */
export function checkReading(tariffs: TariffStore) {
  return step(
    'checkReading',
    async (input: { order: SettlementOrder; snapshot: AccountSnapshot; tariffs: string[] }): Promise<Finding[]> => {
      const documents = await tariffs.tariffs(input.tariffs);
      return check(input.snapshot, input.order.facts, documents, todayInTehran(new Date())).findings;
    },
  );
}
