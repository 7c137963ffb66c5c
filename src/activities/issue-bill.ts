import type { AccountSnapshot } from '../domain/account.js';
import { barcode, makeBillId, makePaymentId, splitPayable } from '../domain/bill-id.js';
import type { Debt, Fee } from '../domain/debt.js';
import { finding } from '../domain/finding.js';
import { yearOf } from '../domain/jalali.js';
import type { Bill, SettlementOrder, StepTime } from '../domain/settlement.js';
import { DEFAULT_PAYMENT_PERIODS, tariffOn } from '../domain/tariff.js';
import { PaymentPeriodsExhaustedError, type SettlementStore } from '../store/settlements.js';
import type { TariffStore } from '../store/tariffs.js';
import { finalFailure, runId, step } from './step.js';

export interface IssueInput {
  order: SettlementOrder;
  snapshot: AccountSnapshot;
  tariffs: string[];
  fee: Fee | null;
  debt: Debt;
  revision: number;
  /** times of the steps before, stored in the same transaction */
  steps: StepTime[];
}

/** 5. The settlement bill is issued: number, payment ids and bill in one transaction, once per revision. */
export function issueBill(settlements: SettlementStore, tariffs: TariffStore) {
  return step('issueBill', async ({ order, snapshot, debt, revision, steps, ...inputs }: IssueInput): Promise<Bill> => {
    const { facts } = order;
    const { account } = snapshot;
    const year = yearOf(facts.settlementDate);
    const amounts = splitPayable(debt.payable);
    const billId = makeBillId({ file: account.file, company: account.company });
    const tariff = tariffOn(await tariffs.tariffs(inputs.tariffs), facts.settlementDate);
    try {
      return await settlements.issueBill(
        {
          settlementId: order.id,
          subscription: facts.subscription,
          office: order.clerk.office,
          revision,
          year,
          paymentPeriods: tariff?.paymentPeriods ?? DEFAULT_PAYMENT_PERIODS,
          slips: amounts.length,
          inputs: { snapshot, facts, ...inputs },
          write: ({ number, periods, issuedAt }) => ({
            ...debt,
            number,
            revision,
            issuedAt,
            billId,
            payments: amounts.map((amount, i) => {
              const paymentId = makePaymentId({ billId, amount, yearDigit: year % 10, period: periods[i] as number });
              return { amount, paymentId, barcode: barcode(billId, paymentId) };
            }),
          }),
        },
        runId(),
        steps,
      );
    } catch (error) {
      if (error instanceof PaymentPeriodsExhaustedError) {
        throw finalFailure('REJECTED', error.message, [
          [finding('PAYMENT_PERIODS_EXHAUSTED', 'subscription', `شناسه‌های پرداخت سال ${year} این اشتراک تمام شده است. موضوع را به واحد صورتحساب ارجاع دهید.`)],
        ]);
      }
      throw error;
    }
  });
}
