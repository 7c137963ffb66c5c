import type { Cycle, EarlierSettlement } from './account.js';
import type { Bill, Posting, SettlementOrder } from './settlement.js';

/** A posting with what billing needs to book it. */
export type PostingEntry = Posting & { detail: Record<string, unknown> };

/**
 * What an announced settlement hands to billing for the next cycle (plan, steps 5 to 7): its reading and amounts, so that
 * the next bill starts where this one ended; the issuing fee as miscellaneous debt; the new subscriber's name.
 */
export function postingsOf(order: SettlementOrder, bill: Bill, cycle: Cycle | null, earlier?: EarlierSettlement): PostingEntry[] {
  const { facts, id } = order;
  const outbox = { cycle: cycle?.cycle ?? null, dueOn: cycle?.closesOn ?? null, status: 'waiting' as const };
  const entries: PostingEntry[] = [
    {
      posting: `${id}/settlement`,
      kind: 'settlement',
      amount: bill.total,
      ...outbox,
      detail: {
        billNumber: bill.number,
        date: facts.settlementDate,
        reading: facts.reading,
        readingSource: facts.readingSource,
        total: bill.total,
        payable: bill.payable,
        carry: bill.carry,
        // its total holds that one's: billing books the difference, not both
        ...(earlier && { continues: earlier.billNumber }),
      },
    },
  ];
  if (bill.fee) {
    entries.push({ posting: `${id}/fee`, kind: 'fee', amount: bill.fee.amount, ...outbox, detail: { resolution: bill.fee.resolution } });
  }
  if (facts.newSubscriber) {
    entries.push({ posting: `${id}/nameChange`, kind: 'nameChange', amount: 0, ...outbox, detail: { ...facts.newSubscriber } });
  }
  return entries;
}
