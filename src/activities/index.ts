import type { BillingPort } from '../billing/port.js';
import type { Finding } from '../domain/finding.js';
import type { Instant, Operator, StepTime } from '../domain/settlement.js';
import type { CorrectionStore } from '../store/corrections.js';
import type { OverrideStore } from '../store/overrides.js';
import type { PeopleStore } from '../store/people.js';
import type { PostingStore } from '../store/postings.js';
import type { SettlementStore } from '../store/settlements.js';
import type { TariffStore } from '../store/tariffs.js';
import { announce } from './announce.js';
import { checkReading } from './check-reading.js';
import { computeDebt } from './compute-debt.js';
import { createCorrectionActivities } from './corrections.js';
import { fetchAccount, reader } from './fetch-account.js';
import { issueBill } from './issue-bill.js';
import type { Messenger } from './messenger.js';
import { register } from './register.js';
import { createCycleActivities } from './billing-cycle.js';
import { closeDue, handOver, recordOutcome, scheduleFee } from './outbox.js';
import { runId } from './step.js';

export type { EarlierAttempts } from './step.js';

export interface ActivityDependencies {
  settlements: SettlementStore;
  postings: PostingStore;
  corrections: CorrectionStore;
  billing: BillingPort;
  tariffs: TariffStore;
  overrides: OverrideStore;
  people: Pick<PeopleStore, 'standing'>;
  messenger: Messenger;
}

export type Activities = ReturnType<typeof createActivities>;

/** The steps of the settlement in the plan's order, then what happens to it afterwards. Each may run twice. */
export function createActivities({ settlements, postings, corrections, billing, tariffs, overrides, people, messenger }: ActivityDependencies) {
  const outbox = { handOver: handOver({ billing, postings }), recordOutcome: recordOutcome(postings), closeDue: closeDue({ billing, postings }) };
  return {
    register: register(settlements),
    fetchAccount: fetchAccount({ billing, settlements }, tariffs, overrides, people),
    checkReading: checkReading(tariffs),
    computeDebt: computeDebt(tariffs),
    issueBill: issueBill(settlements, tariffs),
    announce: announce(settlements),
    scheduleFee: scheduleFee(postings),
    ...outbox,
    ...createCorrectionActivities({ corrections, postings, billing, tariffs, overrides, read: reader({ billing, settlements }, tariffs, overrides) }),
    ...createCycleActivities({ billing, postings, settlements, messenger, ...outbox }),

    reject: (input: { id: string; errors: Finding[]; warnings: Finding[]; steps: StepTime[] }) =>
      settlements.reject(input.id, runId(), input.errors, input.warnings, input.steps, new Date().toISOString()),
    markDelay: (input: { id: string; office: string; delay: 'atRisk' | 'breached' }) =>
      settlements.markDelay(input.id, runId(), input.delay, input.office),
    openTask: (input: { settlementId: string; kind: string; office: string; role: string; dueAt: Instant | null }) => settlements.openTask(input),
    recordDelivery: (input: { id: string; deliveredTo: string; channel: string; by: Operator }) =>
      settlements.recordDelivery(input.id, { deliveredTo: input.deliveredTo, channel: input.channel }, input.by),
    settle: (input: { id: string }) => settlements.settle(input.id),
  };
}
