import { type Opening, billingCycleWorkflowId, seriesOf } from '../domain/cycle.js';
import type { Instant, Outbox } from '../domain/settlement.js';
import { settlementWorkflowId } from '../domain/settlement.js';
import type { CycleCounts } from '../domain/outbox.js';
import type { PostingStore } from '../store/postings.js';
import type { SettlementStore } from '../store/settlements.js';
import type { Messenger } from './messenger.js';
import type { OutboxInput, OutcomeInput, Targeted } from './outbox.js';
import type { TaskDesk } from './task-desk.js';

/** Settlements told in one step: a few seconds of signals, so that a kill repeats little. */
const PAGE = 500;
const AT_ONCE = 32;

interface CycleDependencies {
  postings: PostingStore;
  settlements: Pick<SettlementStore, 'factsOf'>;
  desk: Pick<TaskDesk, 'open'>;
  messenger: Messenger;
  /** what a settlement's own workflow would do, for one that has ended */
  handOver(input: OutboxInput & { opened: Opening }): Promise<Outbox>;
  recordOutcome(input: OutcomeInput): Promise<Outbox>;
  closeDue(input: OutboxInput): Promise<Targeted>;
}

/** The steps of a billing cycle: whoever waits is told, in pages; whose workflow has ended is served here. */
export function createCycleActivities({ postings, settlements, desk, messenger, handOver, recordOutcome, closeDue }: CycleDependencies) {
  return {
    /** Tells a page of the settlements that wait for the cycle; `after` is null when all have been told. */
    async tellWaiting({ opened, after, at }: { opened: Opening; after: string | null; at: Instant }): Promise<{ after: string | null; told: number }> {
      const ids = await postings.waitingFor(opened.cycle, seriesOf(opened.cycle), after, PAGE);
      await each(ids, async (id) => {
        if ((await messenger.signal(settlementWorkflowId(id), 'billingCycleOpened', opened)) === 'told') return;
        const facts = await settlements.factsOf(id);
        if (facts) await handOver({ id, facts, at, opened });
      });
      return { after: ids.length < PAGE ? null : (ids.at(-1) ?? null), told: ids.length };
    },

    /** Tells the settlements of a page of an acknowledgement's items; answers where the next page starts, null at the end. */
    async tellOutcomes({ eventId, from }: { eventId: string; from: number }): Promise<number | null> {
      const { seq, items } = await postings.acknowledged(eventId, from, PAGE);
      await each(items, async ({ settlement, outcome, ...said }) => {
        // one event for each item: an acknowledgement speaks of several postings of one settlement
        const itemId = `${eventId}/${said.posting}`;
        if ((await messenger.signal(settlementWorkflowId(settlement), SIGNALS[outcome], { eventId: itemId, seq, ...said })) === 'told') return;
        const facts = await settlements.factsOf(settlement);
        if (!facts) return;
        await recordOutcome({ id: settlement, eventId: itemId, outcome: { ...said, outcome }, seq, newName: facts.newName });
        // nobody waits for it any more: a person must look
        if (outcome !== 'taken') await desk.open({ settlementId: settlement, kind: 'postingAfterEnd', office: facts.office });
      });
      return items.length < PAGE ? null : from + PAGE;
    },

    /** The cycle's workflow shows what came in; after its end nobody needs to be told. */
    async tellCycle({ cycle }: { cycle: string }): Promise<void> {
      await messenger.signal(billingCycleWorkflowId(cycle), 'cycleChanged', undefined);
    },

    async cycleCounts({ cycle }: { cycle: string }): Promise<CycleCounts> {
      return (await postings.counts([cycle])).get(cycle) as CycleCounts;
    },

    /** The cycle's end: what ended settlements left behind moves on, and the report is kept. */
    async closeCycle({ cycle, at }: { cycle: string; at: Instant }): Promise<CycleCounts> {
      await each(await postings.leftBehind(cycle), async (id) => {
        const facts = await settlements.factsOf(id);
        if (!facts) return;
        const { open } = await closeDue({ id, facts, at });
        if (open) await handOver({ id, facts, at, opened: open });
      });
      const counts = (await postings.counts([cycle])).get(cycle) as CycleCounts;
      await postings.closeCycle(cycle, counts);
      return counts;
    },
  };
}

const SIGNALS = { taken: 'postingTaken', refused: 'postingRefused', retracted: 'postingRetracted' } as const;

/** Runs `act` on all, some at once; the first failure is thrown and the step is repeated, which is harmless. */
async function each<T>(items: readonly T[], act: (item: T) => Promise<void>): Promise<void> {
  let next = 0;
  const work = async (): Promise<void> => {
    while (next < items.length) await act(items[next++] as T);
  };
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, items.length) }, work));
}
