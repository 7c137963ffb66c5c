import type { Cycle } from '../settlement/account.js';
import { type JalaliDate, addDays, startOfDayInTehran } from '../calendar/jalali.js';
import type { Instant } from '../settlement/settlement.js';

/**
 * The cycle whose bill comes next for a settlement: the first that still takes postings on `today`
 * (its closing day included) and whose bill reaches at least the settlement date.
 */
export function nextCycle(cycles: readonly Cycle[], today: JalaliDate, settlementDate: JalaliDate): Cycle | null {
  let next: Cycle | null = null;
  for (const cycle of cycles) {
    if (cycle.closesOn < today || cycle.toDate < settlementDate) continue;
    if (!next || cycle.closesOn < next.closesOn) next = cycle;
  }
  return next;
}

/** The instant after which nothing of `lastDay` is left: its 24:00 in Tehran. */
export function endOfDay(lastDay: JalaliDate): Instant {
  return startOfDayInTehran(addDays(lastDay, 1));
}

/** Billing's word that it opened a cycle. */
export interface Opening {
  eventId: string;
  cycle: string;
  closesOn: string;
}

/** The series of a cycle's name, `<series>-<yyyy>-<nn>`. */
export function seriesOf(cycle: string): string {
  return cycle.replace(/-[0-9]{4}-[0-9]{2}$/, '');
}

export function billingCycleWorkflowId(cycle: string): string {
  return `billingCycle/${cycle}`;
}

export type OpeningRefusal =
  | { code: 'CYCLE_UNKNOWN' }
  | { code: 'TIMETABLE_DIFFERS'; closesOn: JalaliDate }
  | { code: 'CYCLE_CLOSED'; closesOn: JalaliDate }
  /** an earlier cycle of the series still takes postings */
  | { code: 'CYCLE_OUT_OF_ORDER'; earlier: string; closesOn: JalaliDate };

/** Whether billing may open a cycle on `today`: the nearest one of its series that has not closed, as the timetable has it. */
export function checkOpening(timetable: readonly Cycle[], cycle: string, closesOn: JalaliDate, today: JalaliDate): OpeningRefusal | null {
  const asked = timetable.find((each) => each.cycle === cycle);
  if (!asked) return { code: 'CYCLE_UNKNOWN' };
  if (asked.closesOn !== closesOn) return { code: 'TIMETABLE_DIFFERS', closesOn: asked.closesOn };
  if (asked.closesOn < today) return { code: 'CYCLE_CLOSED', closesOn: asked.closesOn };
  const earlier = timetable.find((each) => each.series === asked.series && each.closesOn >= today && each.closesOn < asked.closesOn);
  return earlier ? { code: 'CYCLE_OUT_OF_ORDER', earlier: earlier.cycle, closesOn: earlier.closesOn } : null;
}
