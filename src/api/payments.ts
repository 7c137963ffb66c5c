import type { z } from 'zod';
import { checkPayment, makeBillId } from '../domain/bill/bill-id.js';
import { todayInTehran } from '../domain/calendar/jalali.js';
import type { FedPayments, PaidSettlement, PaymentReport } from '../domain/settlement/payment.js';
import type { RecordedPayment } from '../store/payments.js';
import { officeScope } from './authentication.js';
import type { ApiDeps } from './deps.js';
import { Problem, withoutData } from './problems.js';
import type { Call, JsonBody } from './route.js';
import { paymentRequest, type paymentsQuery, type paymentView } from './schemas.js';
import { check } from './validation.js';

/** Workflows that are told at once of what one feed brought. */
const AT_ONCE = 20;

interface ReceivedPayment {
  report: PaymentReport & { eventId: string };
  /** of the account; null when it is not known */
  office: string | null;
}

/** A reported payment with the rules between its fields, all findings at once. */
export const paymentBody: JsonBody<ReceivedPayment> = {
  schema: paymentRequest,
  async read(raw, deps) {
    const { value, errors } = check(paymentRequest, raw);
    const fields: Record<string, unknown> = typeof raw === 'object' && raw !== null ? { ...raw } : {};
    const { shape } = paymentRequest;
    // the rules between fields are told also when another field is wrong in itself
    const subscription = check(shape.subscription, fields['subscription']).value;
    const paymentId = check(shape.paymentId, fields['paymentId']).value;
    const paidOn = check(shape.paidOn, fields['paidOn']).value;
    const today = todayInTehran(deps.now());
    if (paidOn !== null && paidOn > today) {
      errors.push({
        field: 'paidOn',
        code: 'DATE_IN_FUTURE',
        message: `تاریخ پرداخت ${paidOn} در آینده است. تاریخ روز پرداخت را بنویسید.`,
      });
    }
    const account = subscription === null ? null : ((await deps.billing.account(subscription, today))?.account ?? null);
    if (account !== null && paymentId !== null) {
      const billId = makeBillId({ file: account.file, company: account.company });
      if (!checkPayment(billId, paymentId).valid) {
        errors.push({
          field: 'paymentId',
          code: 'PAYMENT_ID_INVALID',
          message: `شناسهٔ پرداخت با شناسهٔ قبض ${billId} این اشتراک نمی‌خواند. هر دو شناسه را از روی برگهٔ پرداخت بررسی کنید.`,
        });
      }
    }
    if (errors.length > 0 || value === null) throw new Problem('INVALID_REQUEST', { errors });
    return { report: value, office: account?.office ?? null };
  },
};

/** POST /billing/payments: on record first, then the settlement's workflow is told, also of a repeated one. */
export async function receivePayment(
  { req, res, operator, body: { report, office } }: Call<unknown, unknown, ReceivedPayment>,
  deps: ApiDeps,
) {
  const recording = await deps.payments.record(report, office, operator);
  if (recording.kind === 'differs') {
    throw new Problem('PAYMENT_DIFFERS', { members: { recorded: recording.standing.map(viewPayment), received: viewReport(report) } });
  }
  const { kind, payment } = recording;
  const { settlement, reference, eventId } = payment;
  await tellOfPayments({ paid: settlement === null ? [] : [{ settlement, reference, eventId }], closedTasks: [] }, deps, req.log);
  res.status(kind === 'recorded' ? 201 : 200).json(viewPayment(payment));
}

/** GET /billing/payments: what came by call, oldest first; a supervisor sees the own office's and those of no known account. */
export async function listPayments({ res, operator, query }: Call<unknown, z.output<typeof paymentsQuery>>, deps: ApiDeps) {
  const { items, next } = await deps.payments.list({ ...query, office: officeScope(operator) });
  res.json({ items: items.map(viewPayment), next });
}

/** Tells workflows and timers of payments that are on record. Who does not answer misses nothing: Postgres holds them, and the daily watch takes up every task. */
export async function tellOfPayments(
  { paid, closedTasks }: FedPayments,
  deps: Pick<ApiDeps, 'temporal' | 'tasks'>,
  log: ApiDeps['log'],
): Promise<void> {
  await tellWorkflows(paid, deps, log);
  await deps.tasks
    .takeUp(closedTasks)
    .catch((error: unknown) => log.warn({ err: withoutData(error) }, 'tasks of payments wait for their due times'));
}

async function tellWorkflows(paid: readonly PaidSettlement[], { temporal }: Pick<ApiDeps, 'temporal'>, log: ApiDeps['log']): Promise<void> {
  const waiting = [...paid];
  const one = async (): Promise<void> => {
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      const { settlement, ...received } = next;
      try {
        const outcome = await temporal.paymentReceived(settlement, received);
        if (outcome === 'unanswered') log.warn('a workflow was not told of a payment that is on record');
      } catch (error) {
        log.error({ err: withoutData(error) }, 'a workflow was not told of a payment that is on record');
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, waiting.length) }, one));
}

function viewReport({ reference, subscription, paymentId, amount, paidOn, eventId }: PaymentReport & { eventId: string }) {
  return { reference, eventId, subscription, paymentId, amount, paidOn };
}

function viewPayment(payment: RecordedPayment): z.input<typeof paymentView> {
  const { recordedAt, outcome, settlement, revision, ledger } = payment;
  return {
    ...viewReport(payment),
    recordedAt,
    outcome,
    settlement,
    revision,
    ledger: ledger && { amount: ledger.amount, paidOn: ledger.paidOn },
  };
}
