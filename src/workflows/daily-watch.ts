import { SearchAttributeType, defineSearchAttributeKey } from '@temporalio/common';
import { proxyActivities, setCurrentDetails, workflowInfo } from '@temporalio/workflow';
import type { Activities } from '../activities/index.js';

/** Set by the server on what a schedule starts: the time it was meant for, however late it comes. */
const SCHEDULED_FOR = defineSearchAttributeKey('TemporalScheduledStartTime', SearchAttributeType.DATETIME);

const step = proxyActivities<Activities>({
  startToCloseTimeout: '2m',
  retry: { initialInterval: '5s', backoffCoefficient: 2, maximumInterval: '5m' },
});

/** How many matters stand open, by what was looked at. */
export interface WatchReport {
  at: string;
  staleFeeds: number;
  closingCycles: number;
  seriesWithoutTimetable: number;
  lapsingQualifications: number;
  /** open settlements that no workflow moves on */
  haltedSettlements: number;
  /** tasks of payments that got their due times only now */
  paymentTasks: number;
  /** entries of the access log that have had their three years */
  expiredAccesses: number;
}

/** Every morning: what is stale, what closes soon, what waits for no cycle, whose qualification ends, which task has no due time; and what the access log has kept long enough leaves. `at`: for another day than the scheduled one. */
export async function dailyWatch(given?: { at: string }): Promise<WatchReport> {
  const { typedSearchAttributes, startTime } = workflowInfo();
  const at = given?.at ?? (typedSearchAttributes.get(SCHEDULED_FOR) ?? startTime).toISOString();
  // side by side: one that waits for something keeps none of the others
  const [staleFeeds, closingCycles, seriesWithoutTimetable, lapsingQualifications, haltedSettlements, paymentTasks, expiredAccesses] =
    await Promise.all([
      step.watchFeeds.executeWithOptions({ summary: 'داده‌هایی که به‌روز نیست' }, [{ at }]),
      step.watchCycles.executeWithOptions({ summary: 'دوره‌های رو به پایان و اقلام ارسال‌نشده' }, [{ at }]),
      step.watchTimetable.executeWithOptions({ summary: 'سری‌های بدون جدول زمان‌بندی' }, [{ at }]),
      step.watchQualifications.executeWithOptions({ summary: 'صلاحیت‌های رو به پایان' }, [{ at }]),
      step.watchWorkflows.executeWithOptions({ summary: 'تسویه‌های متوقف‌شده' }, [{ at }]),
      step.watchPayments.executeWithOptions({ summary: 'وظیفه‌های پرداخت بدون مهلت' }, []),
      step.expireAccessLog.executeWithOptions({ summary: 'گزارش دسترسی: آنچه سه سال ماند' }, []),
    ]);
  setCurrentDetails(
    `داده کهنه: ${staleFeeds} · دورهٔ رو به پایان: ${closingCycles} · سری بدون جدول زمان‌بندی: ${seriesWithoutTimetable} · صلاحیت رو به پایان: ${lapsingQualifications} · تسویهٔ متوقف‌شده: ${haltedSettlements}`,
  );
  return { at, staleFeeds, closingCycles, seriesWithoutTimetable, lapsingQualifications, haltedSettlements, paymentTasks, expiredAccesses };
}
