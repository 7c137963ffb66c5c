import type { ApplicationFailure } from '@temporalio/common';
import { barcode, makeBillId, makePaymentId, splitPayable } from '../domain/bill/bill-id.js';
import type { Debt } from '../domain/bill/debt.js';
import { finding } from '../domain/settlement/finding.js';
import { yearOf } from '../domain/calendar/jalali.js';
import type { SettlementFacts, SettlementOrder } from '../domain/settlement/settlement.js';
import { DEFAULT_PAYMENT_PERIODS, type Tariff, tariffOn } from '../domain/tariff/tariff.js';
import type { BillInputs } from '../domain/settlement/verification.js';
import type { BillDraft, PaymentPeriodsExhaustedError } from '../store/settlements.js';
import { finalFailure } from './step.js';

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
