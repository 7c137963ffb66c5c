import type { AccountSnapshot } from '../domain/account.js';
import { endOfDay, nextCycle } from '../domain/cycle.js';
import { type JalaliDate, addDays, todayInTehran } from '../domain/jalali.js';
import { postingsOf } from '../domain/posting.js';
import type { Bill, Instant, Posting, SettlementOrder } from '../domain/settlement.js';
import type { SettlementStore } from '../store/settlements.js';
import { runId, step } from './step.js';

export interface Scheduled {
  postings: Posting[];
  /** when the objection days of the cycle are over; null while no cycle is known */
  objectionEndsAt: Instant | null;
  /** 24:00 of today: the bill should be handed over by then */
  dayEndsAt: Instant;
}

/** 7. Fee, reading and amounts, and the new name wait in the outbox for the subscriber's next cycle. */
export function scheduleFee(settlements: SettlementStore) {
  return step('scheduleFee', async (input: { order: SettlementOrder; snapshot: AccountSnapshot; bill: Bill }, time): Promise<Scheduled> => {
    const { order, snapshot, bill } = input;
    const today: JalaliDate = todayInTehran(new Date());
    const cycle = nextCycle(snapshot.cycles, today, order.facts.settlementDate);
    const entries = postingsOf(order, bill, cycle, snapshot.earlierSettlement);
    await settlements.schedulePostings(order.id, runId(), bill.revision, entries, [time()]);
    return {
      postings: entries.map(({ detail: _, ...posting }) => posting),
      objectionEndsAt: cycle && endOfDay(addDays(cycle.issuesOn, cycle.objectionDays)),
      dayEndsAt: endOfDay(today),
    };
  });
}
