import { heartbeat } from '@temporalio/activity';
import type { BillingPort } from '../billing/port.js';
import { type Opening, billingCycleWorkflowId, seriesOf } from '../domain/outbox/cycle.js';
import type { Instant, Outbox } from '../domain/settlement/settlement.js';
import { settlementWorkflowId } from '../domain/settlement/settlement.js';
import { type CycleCounts, reportOf } from '../domain/outbox/outbox.js';
import { todayInTehran } from '../domain/calendar/jalali.js';
import { EVERY_OFFICE } from '../domain/settlement/task.js';
import type { PostingStore } from '../store/postings.js';
import type { SettlementStore } from '../store/settlements.js';
import type { TaskStore } from '../store/tasks.js';
import type { Messenger } from './messenger.js';
import type { OutboxInput, OutcomeInput, Targeted } from './outbox.js';
import type { TaskDesk } from './task-desk.js';

/** Settlements told in one step: a few seconds of signals, so that a kill repeats little. */
const PAGE = 500;
const AT_ONCE = 32;

interface CycleDependencies {
  billing: Pick<BillingPort, 'submitBatch'>;
  postings: PostingStore;
  settlements: Pick<SettlementStore, 'factsOf'>;
  desk: Pick<TaskDesk, 'open' | 'close'>;
  tasks: Pick<TaskStore, 'openOf'>;
  messenger: Messenger;
  /** what a settlement's own workflow would do, for one that has ended */
  handOver(input: OutboxInput & { opened: Opening }): Promise<Outbox>;
  recordOutcome(input: OutcomeInput): Promise<Outbox>;
  closeDue(input: OutboxInput): Promise<Targeted>;
  /** settlements told in one step */
  page?: number;
}

/** The steps of a billing cycle: whoever waits is told, in pages; whose workflow has ended is served here. */
export function createCycleActivities({
  billing,
  postings,
  settlements,
  desk,
  tasks,
  messenger,
  handOver,
  recordOutcome,
  closeDue,
  page = PAGE,
}: CycleDependencies) {
  /** What an ended settlement left in a cycle that has closed goes on, and joins the next one if that is open. */
  const goOn = async (input: OutboxInput): Promise<void> => {
    const { open } = await closeDue(input);
    if (open) await handOver({ ...input, opened: open });
  };
  const closeLeftBehind = async (at: Instant): Promise<void> =>
    each(await postings.leftBehind(todayInTehran(new Date(at))), async (id) => {
      const facts = await settlements.factsOf(id);
      if (facts) await goOn({ id, facts, at });
    });

  /** The open tasks that say that the cycle's batches are not taken. */
  const unsubmittedTasks = async (cycle: string): Promise<string[]> =>
    (await tasks.openOf('batchNotSubmitted')).filter(({ detail }) => detail['cycle'] === cycle).map(({ id }) => id);
  const tellUnsubmitted = async (cycle: string, reason: string | null, at: Instant): Promise<void> => {
    const batches = await postings.unsubmitted(cycle);
    if (batches === 0 || (await unsubmittedTasks(cycle)).length > 0) return;
    // named by its day: the same may come again
    const subject = `${cycle}-${todayInTehran(new Date(at)).replaceAll('/', '')}`;
    await desk.open({
      kind: 'batchNotSubmitted',
      office: EVERY_OFFICE,
      subject,
      at,
      detail: { cycle, batches, ...(reason !== null && { reason }) },
    });
  };

  return {
    /** Tells a page of the settlements that wait for the cycle; `after` is null when all have been told. */
    async tellWaiting({
      opened,
      after,
      at,
    }: {
      opened: Opening;
      after: string | null;
      at: Instant;
    }): Promise<{ after: string | null; told: number }> {
      // a cycle that nobody opened had nobody to close it
      if (after === null) await closeLeftBehind(at);
      const ids = await postings.waitingFor(opened.cycle, seriesOf(opened.cycle), after, page);
      await each(ids, async (id) => {
        if ((await messenger.signal(settlementWorkflowId(id), 'billingCycleOpened', opened)) === 'told') return;
        const facts = await settlements.factsOf(id);
        if (facts) await handOver({ id, facts, at, opened });
      });
      return { after: ids.length < page ? null : (ids.at(-1) ?? null), told: ids.length };
    },

    /** Tells the settlements of a page of an acknowledgement's items; answers where the next page starts, null at the end. */
    async tellOutcomes({ eventId, from, at }: { eventId: string; from: number; at: Instant }): Promise<number | null> {
      const { seq, items } = await postings.acknowledged(eventId, from, page);
      await each(items, async ({ settlement: id, outcome, ...said }) => {
        // one event for each item: an acknowledgement speaks of several postings of one settlement
        const itemId = `${eventId}/${said.posting}`;
        if ((await messenger.signal(settlementWorkflowId(id), SIGNALS[outcome], { eventId: itemId, seq, ...said })) === 'told') return;
        const facts = await settlements.factsOf(id);
        if (!facts) return;
        const outbox = await recordOutcome({
          id,
          eventId: itemId,
          outcome: { ...said, outcome },
          seq,
          newName: facts.newName,
          ended: true,
        });
        if (outbox.postings.find(({ posting }) => posting === said.posting)?.status === 'taken') return;
        // nobody waits for it any more: a person must look
        await desk.open({ settlementId: id, kind: 'postingAfterEnd', office: facts.office });
        await goOn({ id, facts, at });
      });
      return items.length < page ? null : from + page;
    },

    /** The cycle's workflow shows what came in; after its end nobody needs to be told. */
    async tellCycle({ cycle }: { cycle: string }): Promise<void> {
      await messenger.signal(billingCycleWorkflowId(cycle), 'cycleChanged', undefined);
    },

    /**
     * Hands what is handed over to a central billing system, batch by batch: one that is not known to have arrived is sent
     * again as it was. False where billing fetches its batches itself.
     */
    async submitBatches({ cycle }: { cycle: string }): Promise<boolean> {
      if (!billing.submitBatch) return false;
      for (let batch = await postings.nextToSubmit(cycle); batch; batch = await postings.nextToSubmit(cycle)) {
        heartbeat();
        await billing.submitBatch(batch);
        await postings.submitted(batch);
      }
      for (const id of await unsubmittedTasks(cycle)) await desk.close(id, { by: null, outcome: 'submitted' });
      return true;
    },

    /** A central billing system does not take the batches: billing hears of it before the cycle closes without them. */
    async reportUnsubmitted({ cycle, reason, at }: { cycle: string; reason: string; at: Instant }): Promise<void> {
      await tellUnsubmitted(cycle, reason, at);
    },

    async cycleCounts({ cycle }: { cycle: string }): Promise<CycleCounts> {
      return (await postings.counts([cycle])).get(cycle) as CycleCounts;
    },

    /** The cycle's end: its report is kept, and what a central billing system never took is a task. Asks nothing of billing. */
    async closeCycle({ cycle, at }: { cycle: string; at: Instant }): Promise<CycleCounts> {
      const report = reportOf((await postings.counts([cycle])).get(cycle) as CycleCounts);
      await postings.closeCycle(cycle, report);
      if (billing.submitBatch) await tellUnsubmitted(cycle, null, at);
      return report;
    },

    /** What ended settlements left in cycles that have closed moves on. */
    async closeLeftBehind({ at }: { at: Instant }): Promise<void> {
      await closeLeftBehind(at);
    },
  };
}

const SIGNALS = { taken: 'postingTaken', refused: 'postingRefused', retracted: 'postingRetracted' } as const;

/** Runs `act` on all, some at once; the first failure is thrown and the step is repeated, which is harmless. */
async function each<T>(items: readonly T[], act: (item: T) => Promise<void>): Promise<void> {
  let next = 0;
  const work = async (): Promise<void> => {
    while (next < items.length) {
      heartbeat();
      await act(items[next++] as T);
    }
  };
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, items.length) }, work));
}
