import type { ApplicationFailure } from '@temporalio/common';
import type { AccountSnapshot } from '../domain/settlement/account.js';
import { barcode, makeBillId, makePaymentId, splitPayable } from '../domain/bill/bill-id.js';
import type { Debt, Fee } from '../domain/bill/debt.js';
import { finding } from '../domain/settlement/finding.js';
import { yearOf } from '../domain/calendar/jalali.js';
import type { Bill, SettlementFacts, SettlementOrder, StepTime } from '../domain/settlement/settlement.js';
import { DEFAULT_PAYMENT_PERIODS, type Tariff, tariffOn } from '../domain/tariff/tariff.js';
import type { BillInputs } from '../domain/settlement/verification.js';
import { type BillDraft, LedgerChangedError, PaymentPeriodsExhaustedError, type SettlementStore } from '../store/settlements.js';
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
  return step('issueBill', async ({ order, snapshot, debt, revision, steps, ...rest }: IssueInput): Promise<Bill> => {
    const inputs = { snapshot, facts: order.facts, ...rest };
    const documents = await tariffs.tariffs(inputs.tariffs);
    try {
      return await settlements.issueBill(draftOf({ order, inputs, debt, revision, documents }), runId(), steps);
    } catch (error) {
      if (error instanceof PaymentPeriodsExhaustedError) throw periodsExhausted(error, order.facts);
      // no retry of this step mends it: the account must be fetched again
      if (error instanceof LedgerChangedError) throw finalFailure('LEDGER_CHANGED', error.message);
      throw error;
    }
  });
}

/** All that a revision is made of but its number, its payment periods and its time. */
export function draftOf({
  order: { id, facts, clerk },
  inputs,
  debt,
  revision,
  documents,
}: {
  order: SettlementOrder;
  inputs: BillInputs;
  debt: Debt;
  revision: number;
  documents: readonly Tariff[];
}): BillDraft {
  const { account } = inputs.snapshot;
  const year = yearOf(facts.settlementDate);
  const amounts = splitPayable(debt.payable);
  const billId = makeBillId({ file: account.file, company: account.company });
  return {
    settlementId: id,
    subscription: facts.subscription,
    office: clerk.office,
    revision,
    year,
    paymentPeriods: tariffOn(documents, facts.settlementDate)?.paymentPeriods ?? DEFAULT_PAYMENT_PERIODS,
    slips: amounts.length,
    inputs,
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
  };
}

/** No payment id is left: answered like any other finding. */
export function periodsExhausted(error: PaymentPeriodsExhaustedError, { settlementDate }: SettlementFacts): ApplicationFailure {
  return finalFailure('REJECTED', error.message, [
    [
      finding(
        'PAYMENT_PERIODS_EXHAUSTED',
        'subscription',
        `شناسه‌های پرداخت سال ${yearOf(settlementDate)} این اشتراک تمام شده است. موضوع را به واحد صورتحساب ارجاع دهید.`,
      ),
    ],
  ]);
}
