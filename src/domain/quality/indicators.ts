import type { CorrectionCause, CorrectionKind } from '../correction/correction.js';
import type { JalaliDate } from '../calendar/jalali.js';

/** By what the indicators are told apart. */
export const INDICATOR_GROUPS = ['day', 'month', 'cycle', 'clerk', 'office'] as const;
export type IndicatorGroup = (typeof INDICATOR_GROUPS)[number];

export interface IndicatorQuery {
  /** both days included (Tehran) */
  from: JalaliDate;
  to: JalaliDate;
  office: string | null;
  /** null: one row for all */
  by: IndicatorGroup | null;
}

/** What is counted; every share is made of these in one place (`indicators`). */
export interface IndicatorCounts {
  /** announced or, being late, still to be announced; late entries apart */
  requests: number;
  onTime: number;
  atRisk: number;
  medianMs: number | null;
  p95Ms: number | null;
  /** entered later from a paper slip (R1), and those of them within five minutes of the slip's time */
  lateEntries: number;
  lateEntriesOnTime: number;
  announcements: number;
  /** announced settlements with an error that was not withdrawn */
  announcedWithError: number;
  /** postings whose closing day fell into the period, and those that billing had taken by then */
  due: number;
  taken: number;
  corrections: number;
  withdrawn: number;
  byKind: Partial<Record<CorrectionKind, number>>;
  byCause: Partial<Record<CorrectionCause, number>>;
}

export const NOTHING_COUNTED: IndicatorCounts = {
  requests: 0,
  onTime: 0,
  atRisk: 0,
  medianMs: null,
  p95Ms: null,
  lateEntries: 0,
  lateEntriesOnTime: 0,
  announcements: 0,
  announcedWithError: 0,
  due: 0,
  taken: 0,
  corrections: 0,
  withdrawn: 0,
  byKind: {},
  byCause: {},
};

/** Of the times to the announcement: the median, and the time that 95 % of them do not exceed. */
export const QUANTILES = [0.5, 0.95] as const;

/**
 * The quantile of `n` times in whole ms: between the two that stand around its place `share × (n − 1)`, counted from 0, in
 * proportion; rounded to whole ms.
 */
export function quantileOf(share: number, n: number, below: number, above: number): number {
  const place = share * (n - 1);
  return Math.round(below + (above - below) * (place - Math.floor(place)));
}

/** The plan's indicators. A share is a number from 0 to 1; null where nothing is there to be counted. */
export interface Indicators {
  /** the group's value; null for all */
  group: string | null;
  /** balances announced within five minutes of the receipt; late entries after an outage apart */
  k1: {
    requests: number;
    onTime: number;
    share: number | null;
    medianMs: number | null;
    p95Ms: number | null;
    atRisk: number;
    atRiskShare: number | null;
    lateEntries: number;
    lateEntryShare: number | null;
  };
  /** data that billing took by the timetable's date */
  k2: { due: number; inTime: number; late: number; share: number | null };
  /** entered right the first time */
  k3: { announced: number; correct: number; share: number | null };
  /** errors and rework; withdrawn ones apart */
  k4: {
    corrections: number;
    withdrawn: number;
    byKind: Partial<Record<CorrectionKind, number>>;
    byCause: Partial<Record<CorrectionCause, number>>;
  };
  /** announcements */
  k5: number;
}

export function indicators(group: string | null, counts: IndicatorCounts): Indicators {
  const share = (part: number, whole: number): number | null => (whole === 0 ? null : part / whole);
  return {
    group,
    k1: {
      requests: counts.requests,
      onTime: counts.onTime,
      share: share(counts.onTime, counts.requests),
      medianMs: counts.medianMs,
      p95Ms: counts.p95Ms,
      atRisk: counts.atRisk,
      atRiskShare: share(counts.atRisk, counts.requests),
      lateEntries: counts.lateEntries,
      lateEntryShare: share(counts.lateEntriesOnTime, counts.lateEntries),
    },
    k2: { due: counts.due, inTime: counts.taken, late: counts.due - counts.taken, share: share(counts.taken, counts.due) },
    k3: {
      announced: counts.announcements,
      correct: counts.announcements - counts.announcedWithError,
      share: share(counts.announcements - counts.announcedWithError, counts.announcements),
    },
    k4: { corrections: counts.corrections, withdrawn: counts.withdrawn, byKind: counts.byKind, byCause: counts.byCause },
    k5: counts.announcements,
  };
}

/** The risks of the plan as they stand now. */
export interface RiskCounts {
  /** R1: late entries in the period: somebody wrote paper slips, and the days of offices on which that happened */
  lateEntries: number;
  lateEntryDays: number;
  /** R1: silences in working hours that were noticed (outage.ts), of offices and of the system itself, and their minutes in all */
  outages: number;
  outageMinutes: number;
  /** R2: announcements in the period that rest on data confirmed as stale */
  onStaleData: number;
  /** R4: postings that billing has not taken, and those of them that were late */
  unsent: number;
  unsentLate: number;
  /** R5: open tasks past their due time */
  overdueTasks: number;
}
