import type { BillingPort } from '../billing/port.js';
import type { Instant, Operator, Settlement } from '../domain/settlement/settlement.js';
import { todayInTehran } from '../domain/calendar/jalali.js';
import { EVERY_OFFICE, taskId } from '../domain/settlement/task.js';
import type { Stores } from '../store/stores.js';
import { assess } from './assess.js';
import { createCycleActivities } from './billing-cycle.js';
import { createCorrectionActivities } from './corrections.js';
import { createCorrectiveActionActivities } from './corrective-actions.js';
import { type WatchDependencies, createWatchActivities } from './daily-watch.js';
import { type HistoryArchive, createExportActivities } from './history-export.js';
import { issue } from './issue.js';
import { ledgerReader } from './ledger.js';
import type { Messenger } from './messenger.js';
import { createReportActivities } from './quality-report.js';
import { register } from './register.js';
import { closeDue, handOver, recordOutcome } from './outbox.js';
import { reject } from './reject.js';
import { runId } from './step.js';
import { type TaskRequest, createTaskDesk } from './task-desk.js';

export type { EarlierAttempts } from './step.js';

export interface ActivityDependencies {
  stores: Stores;
  billing: BillingPort;
  messenger: Messenger;
  halted: WatchDependencies['halted'];
  archive: HistoryArchive;
}

export type Activities = ReturnType<typeof createActivities>;

/** The steps of the settlement in the plan's order, then what happens to it afterwards. Each may run twice. */
export function createActivities({ stores, billing, messenger, halted, archive }: ActivityDependencies) {
  const { settlements, postings, tariffs, overrides, payments, people, tasks } = stores;
  const desk = createTaskDesk({ tasks, tariffs, messenger });
  const ledger = { billing, settlements, payments };
  const delivered = (id: string): Promise<unknown> => desk.close(taskId('deliver', id), { by: null, outcome: 'delivered' });
  const outbox = {
    handOver: handOver({ billing, postings }),
    recordOutcome: recordOutcome(postings),
    closeDue: closeDue({ billing, postings }),
  };
  return {
    assess: assess({ ledger, tariffs, overrides, people }),
    issue: issue(stores),
    register: register(settlements),
    reject: reject(settlements, desk),
    ...outbox,
    ...createCorrectionActivities({
      ...stores,
      desk,
      billing,
      read: ledgerReader(ledger, tariffs, overrides),
    }),
    ...createCorrectiveActionActivities({ ...stores, actions: stores.correctiveActions, desk, messenger }),
    ...createCycleActivities({ ...stores, billing, desk, messenger, ...outbox }),

    ...createReportActivities({ ...stores, messenger }),
    ...createWatchActivities({ ...stores, billing, desk, halted }),
    ...createExportActivities({ archive }),

    async markDelay(input: { id: string; office: string; delay: 'atRisk' | 'breached' }) {
      const marked = await settlements.markDelay(input.id, runId(), input.delay);
      if (marked && input.delay === 'breached') await desk.open({ kind: 'breached', office: input.office, settlementId: input.id });
    },
    async openTask(input: TaskRequest & { settlementId: string }) {
      await desk.open(input);
      // the bill may be handed over or cancelled at the same moment: whoever of the two comes second closes the task
      const now = await settlements.get(input.settlementId, { office: null });
      if (input.kind === 'deliver' && now?.delivery) await delivered(input.settlementId);
      if (now?.status === 'cancelled') await desk.closeAll(input.settlementId, 'cancelled');
    },
    /** Announced without a fee: one task a day says that no resolution of the board is in force. */
    async reportNoFee({ id, at }: { id: string; at: Instant }) {
      const day = todayInTehran(new Date(at));
      await desk.open({
        kind: 'noFeeResolution',
        subject: day.replaceAll('/', ''),
        office: EVERY_OFFICE,
        at,
        detail: { day, settlement: id },
      });
    },
    async recordDelivery(input: { id: string; deliveredTo: string; channel: string; by: Operator }) {
      const delivery = await settlements.recordDelivery(input.id, { deliveredTo: input.deliveredTo, channel: input.channel }, input.by);
      await delivered(input.id);
      return delivery;
    },
    /** what Postgres holds of it: a payment is recorded there before anybody is told */
    fetchPayments: async ({ id }: { id: string }): Promise<Pick<Settlement, 'payments' | 'paid'>> => {
      const settlement = await settlements.get(id, { office: null });
      if (!settlement) throw new Error(`no settlement ${id}`);
      return { payments: settlement.payments, paid: settlement.paid };
    },
    /** Answers whether the task is still open, its owner having been reminded. */
    async remindOfTask(input: { id: string }): Promise<boolean> {
      const task = await tasks.remind(input.id);
      return task !== null && task.closedAt === null;
    },
    /** Answers whether the task is still open, having gone to the supervisor. */
    async escalateTask(input: { id: string }): Promise<boolean> {
      const task = await tasks.escalate(input.id);
      return task !== null && task.closedAt === null;
    },
    /** An act of a workflow failed for a reason that no repeat of its step mends: it is tried again, and somebody looks at it. */
    async reportFailedAct(input: { settlementId?: string; subject: string; office: string; act: string; failure: string; at: Instant }) {
      const { settlementId, subject, office, act, failure, at } = input;
      await desk.open({
        kind: 'actFailed',
        subject,
        office,
        at,
        ...(settlementId !== undefined && { settlementId }),
        about: settlementId ?? subject,
        detail: { act, failure },
      });
    },
    async closeFailedAct({ subject }: { subject: string }) {
      await desk.close(taskId('actFailed', subject), { by: null, outcome: 'passed' });
    },
    async settle({ id }: { id: string }) {
      await settlements.settle(id);
      await desk.closeAll(id, 'settled');
    },
  };
}
