import { SearchAttributeType, defineSearchAttributeKey } from '@temporalio/common';
import { proxyActivities, setCurrentDetails, workflowInfo } from '@temporalio/workflow';
import type { Activities } from '../activities/index.js';
import type { ReportOrder } from '../domain/quality/quality-report.js';

/** Set by the server on what a schedule starts: the time it was meant for, however late it comes. */
const SCHEDULED_FOR = defineSearchAttributeKey('TemporalScheduledStartTime', SearchAttributeType.DATETIME);

const step = proxyActivities<Activities>({
  // a year of figures and two files
  startToCloseTimeout: '2m',
  retry: { initialInterval: '5s', backoffCoefficient: 2, maximumInterval: '5m' },
});

/**
 * Every morning: on the first of a Jalali month the report of the month before is started, and one that was missed on any
 * later morning (schedules are Gregorian). `at`: for another day than the scheduled one.
 */
export async function monthlyReports(given?: { at: string }): Promise<{ at: string; started: string[] }> {
  const { typedSearchAttributes, startTime } = workflowInfo();
  const at = given?.at ?? (typedSearchAttributes.get(SCHEDULED_FOR) ?? startTime).toISOString();
  const started = await step.startReports.executeWithOptions({ summary: 'ماه‌های بدون گزارش' }, [{ at }]);
  setCurrentDetails(started.length === 0 ? 'گزارش همهٔ ماه‌ها هست' : `گزارش ${started.join('، ')} آغاز شد`);
  return { at, started };
}

/** One edition of a month's report: figures, PDF and workbook, kept for good. */
export async function qualityReport(order: ReportOrder): Promise<void> {
  setCurrentDetails(`**گزارش کیفی ${order.month}** ویرایش ${order.edition}`);
  await step.makeReport.executeWithOptions({ summary: `ارقام و پرونده‌های گزارش ${order.month}` }, [
    { order, at: new Date().toISOString() },
  ]);
  setCurrentDetails(`**گزارش کیفی ${order.month}** ویرایش ${order.edition}: آماده است`);
}
