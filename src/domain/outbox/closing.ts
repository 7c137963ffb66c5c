import type { Cycle } from '../settlement/account.js';
import { type JalaliDate, addDays } from '../calendar/jalali.js';
import type { ServiceTerms } from '../settlement/service-terms.js';

/** Unsent postings of one office in one cycle. */
export interface UnsentInCycle {
  cycle: string;
  dueOn: JalaliDate;
  office: string;
  count: number;
}

/** A cycle that billing has to look at: its closing is near or has passed. */
export interface ClosingCycle {
  cycle: string;
  closesOn: JalaliDate;
  opened: boolean;
  /** postings that billing has not taken */
  unsent: number;
}

/** The last closing day that the reminders of `day` look at; the day before when the terms set none: only what has passed. */
export function remindUntil(day: JalaliDate, { remindDaysBeforeClosing }: Pick<ServiceTerms, 'remindDaysBeforeClosing'>): JalaliDate {
  return addDays(day, Math.max(-1, ...remindDaysBeforeClosing));
}

/**
 * Of the cycles that close up to `until` those that billing has still to do something about (plan, R4): it has not opened
 * them, or has not taken everything. One whose closing has passed counts for its postings alone: nobody opens it any more.
 */
export function closingCycles(
  soon: readonly Cycle[],
  opened: readonly string[],
  unsent: readonly UnsentInCycle[],
  day: JalaliDate,
): ClosingCycle[] {
  const cycles = new Map<string, ClosingCycle>();
  for (const { cycle, closesOn } of soon) cycles.set(cycle, { cycle, closesOn, opened: opened.includes(cycle), unsent: 0 });
  for (const { cycle, dueOn, count } of unsent) {
    const closing = cycles.get(cycle) ?? { cycle, closesOn: dueOn, opened: opened.includes(cycle), unsent: 0 };
    cycles.set(cycle, { ...closing, unsent: closing.unsent + count });
  }
  return [...cycles.values()].filter((each) => each.unsent > 0 || (!each.opened && each.closesOn >= day));
}
