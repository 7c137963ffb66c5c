import type { Indicators, RiskCounts } from './indicators.js';
import { type JalaliDate, monthBefore, todayInTehran } from '../calendar/jalali.js';
import type { Outage } from '../calendar/outage.js';
import type { Instant } from '../settlement/settlement.js';

/** What the monthly report shows: the plan's indicators as `indicators` defines them, the month beside those before it. */
export interface QualityReport {
  /** Jalali `yyyy/mm`, and its first and last day */
  month: string;
  from: JalaliDate;
  to: JalaliDate;
  /** 1 for the first; each making anew counts one more */
  edition: number;
  madeAt: Instant;
  /** null: made by the schedule */
  madeBy: string | null;
  whole: Indicators;
  before: Indicators;
  /** the month and the eleven before it */
  months: Indicators[];
  days: Indicators[];
  cycles: Indicators[];
  offices: Indicators[];
  clerks: Indicators[];
  risks: RiskCounts;
  outages: Outage[];
  correctiveActions: { opened: number; closed: number; open: number };
}

/** Months that a report may be missing for when it was made up for at once: a year. */
const MONTHS_BACK = 12;

/**
 * The months, the earliest first, that are over at `at` and have no report: from the month of the first settlement on, a
 * year at most. On the first of a month that is the one before; a first that was missed is made up for on any later day.
 */
export function monthsWithoutReport(at: Instant, firstDay: JalaliDate | null, made: ReadonlySet<string>): string[] {
  if (firstDay === null) return [];
  const missing: string[] = [];
  let month = todayInTehran(new Date(at)).slice(0, 7);
  for (let back = 0; back < MONTHS_BACK; back++) {
    month = monthBefore(month);
    if (month < firstDay.slice(0, 7)) break;
    if (!made.has(month)) missing.unshift(month);
  }
  return missing;
}

/** Whether a month is over at `at`: before that its figures still change. */
export function monthIsOver(month: string, at: Instant): boolean {
  return month < todayInTehran(new Date(at)).slice(0, 7);
}

export const QUALITY_REPORT_WORKFLOW = 'qualityReport';

/** Start argument of the workflow that makes one. */
export interface ReportOrder {
  month: string;
  edition: number;
  /** who asked for it anew; null: the schedule */
  by: string | null;
}

/** `qualityReport/1405-08`, later editions `qualityReport/1405-08/2`. */
export function qualityReportWorkflowId(month: string, edition: number): string {
  return `qualityReport/${month.replace('/', '-')}${edition > 1 ? `/${edition}` : ''}`;
}
