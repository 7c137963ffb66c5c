import type { Cycle } from './account.js';
import { type JalaliDate, addDays, startOfDayInTehran } from './jalali.js';
import type { Instant } from './settlement.js';

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
