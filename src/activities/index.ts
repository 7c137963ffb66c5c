import type { BillingPort } from '../billing/port.js';
import type { Finding } from '../domain/finding.js';
import type { Instant, Operator, Settlement, StepTime } from '../domain/settlement.js';
import type { OverrideStore } from '../store/overrides.js';
import type { PaymentStore } from '../store/payments.js';
import type { SettlementStore } from '../store/settlements.js';
import type { TariffStore } from '../store/tariffs.js';
import { announce } from './announce.js';
import { checkReading } from './check-reading.js';
import { computeDebt } from './compute-debt.js';
import { fetchAccount } from './fetch-account.js';
import { issueBill } from './issue-bill.js';
import type { Messenger } from './messenger.js';
import { register } from './register.js';
import { scheduleFee } from './schedule-fee.js';
import { runId } from './step.js';

export type { EarlierAttempts } from './step.js';

export interface ActivityDependencies {
  settlements: SettlementStore;
  billing: BillingPort;
  tariffs: TariffStore;
  overrides: OverrideStore;
  payments: PaymentStore;
  messenger: Messenger;
}

export type Activities = ReturnType<typeof createActivities>;

/** The steps of the settlement in the plan's order, then what happens to it afterwards. Each may run twice. */
export function createActivities({ settlements, billing, tariffs, overrides, payments }: ActivityDependencies) {
  return {
    register: register(settlements),
    fetchAccount: fetchAccount({ billing, settlements, payments }, tariffs, overrides),
    checkReading: checkReading(tariffs),
    computeDebt: computeDebt(tariffs),
    issueBill: issueBill(settlements, tariffs),
    announce: announce(settlements),
    scheduleFee: scheduleFee(settlements),

    reject: (input: { id: string; errors: Finding[]; warnings: Finding[]; steps: StepTime[] }) =>
      settlements.reject(input.id, runId(), input.errors, input.warnings, input.steps, new Date().toISOString()),
    markDelay: (input: { id: string; office: string; delay: 'atRisk' | 'breached' }) =>
      settlements.markDelay(input.id, runId(), input.delay, input.office),
    openTask: (input: { settlementId: string; kind: string; office: string; role: string; dueAt: Instant | null }) => settlements.openTask(input),
    recordDelivery: (input: { id: string; deliveredTo: string; channel: string; by: Operator }) =>
      settlements.recordDelivery(input.id, { deliveredTo: input.deliveredTo, channel: input.channel }, input.by),
    handOver: (input: { id: string; cycle: string; eventId: string }) => settlements.handOver(input.id, input.cycle, input.eventId),
    recordTaken: (input: { id: string; taken: { eventId: string; posting: string; billSerial: string; nameOnBill: string } }) =>
      settlements.recordTaken(input.id, input.taken),
    /** what Postgres holds of it: a payment is recorded there before anybody is told */
    fetchPayments: async ({ id }: { id: string }): Promise<Pick<Settlement, 'payments' | 'paid'>> => {
      const settlement = await settlements.get(id, { office: null });
      if (!settlement) throw new Error(`no settlement ${id}`);
      return { payments: settlement.payments, paid: settlement.paid };
    },
    settle: (input: { id: string }) => settlements.settle(input.id),
  };
}
