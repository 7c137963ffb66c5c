import type { Cycle, EarlierSettlement } from '../settlement/account.js';
import { sumsByCode } from '../correction/correction.js';
import { endOfDay, nextCycle } from './cycle.js';
import { type JalaliDate, addDays } from '../calendar/jalali.js';
import { COVERED, isOpen } from './outbox.js';
import type { Bill, Instant, Outbox, Posting, PostingStatus, SettlementOrder } from '../settlement/settlement.js';

/** A posting with what billing needs to book it. */
export type PostingEntry = Posting & { detail: Record<string, unknown>; objectionEndsAt: Instant | null };

/** Where a posting waits: the cycle with its closing day and the end of its objection days. */
export interface Target {
  cycle: string | null;
  dueOn: JalaliDate | null;
  objectionEndsAt: Instant | null;
}

export function targetOf(cycle: Cycle | null): Target {
  return {
    cycle: cycle?.cycle ?? null,
    dueOn: cycle?.closesOn ?? null,
    objectionEndsAt: cycle && endOfDay(addDays(cycle.issuesOn, cycle.objectionDays)),
  };
}

/**
 * What an announced settlement hands to billing for the next cycle (plan, steps 5 to 7): its reading and amounts, so that
 * the next bill starts where this one ended; the issuing fee as miscellaneous debt; the new subscriber's name.
 */
export function postingsOf(order: SettlementOrder, bill: Bill, cycle: Cycle | null, earlier?: EarlierSettlement): PostingEntry[] {
  const { facts, id } = order;
  const outbox = { ...targetOf(cycle), status: 'waiting' as const, timesLate: 0, reason: null, billSerial: null };
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
        lines: sumsByCode(bill.lines),
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

/** Where a posting goes from a cycle; `late` when it leaves the cycle, which has closed without it (K2). */
export type Move = Target & { status: PostingStatus; reason: string | null; late: boolean };

/**
 * What becomes of a posting whose closing day has passed: fee, name and differences go on to the next cycle, and so do
 * reading and amounts, unless a bill that covers their dates exists by now: then they would be charged twice, and billing
 * must look. Of a cycle that billing has not opened (`opened` names those it has) the timetable may have moved the closing:
 * the posting's day moves with it and nothing is late. Null for one that waits for no closing that has passed. `today` is
 * the day after it or later.
 */
export function afterClosing(
  posting: Pick<Posting, 'kind' | 'status' | 'reason' | 'cycle' | 'dueOn'>,
  at: { today: JalaliDate; settlementDate: JalaliDate; cycles: readonly Cycle[]; opened: ReadonlySet<string>; covered: boolean },
): Move | null {
  const { kind, status, reason, cycle, dueOn } = posting;
  if (!isOpen(posting) || dueOn === null || dueOn >= at.today) return null;
  const own = at.cycles.find((each) => each.cycle === cycle && each.closesOn >= at.today);
  if (own && !at.opened.has(own.cycle)) return { ...targetOf(own), status, reason, late: false };
  if (kind === 'settlement' && at.covered) return { ...targetOf(null), status: 'late', reason: COVERED, late: true };
  const others = at.cycles.filter((each) => each.cycle !== cycle);
  // a refused one still waits for its correction
  return {
    ...targetOf(nextCycle(others, at.today, at.settlementDate)),
    status: status === 'refused' ? 'refused' : 'late',
    reason: null,
    late: true,
  };
}

/** The postings with the moments that their settlement waits for. */
export function outboxOf(rows: readonly (Posting & { objectionEndsAt: Instant | null })[]): Outbox {
  const standing = rows.filter(({ status }) => status !== 'replaced' && status !== 'cancelled');
  const dueOn = standing.filter(isOpen).flatMap((row) => row.dueOn ?? []);
  const ends = standing.flatMap((row) => row.objectionEndsAt ?? []);
  return {
    postings: rows.map(({ objectionEndsAt: _, ...posting }) => posting),
    closesAt: dueOn.length > 0 ? endOfDay(dueOn.reduce((a, b) => (a < b ? a : b))) : null,
    objectionEndsAt: ends.length > 0 ? ends.reduce((a, b) => (a > b ? a : b)) : null,
  };
}
