import { proxyActivities, setCurrentDetails } from '@temporalio/workflow';
import type { Activities } from '../activities/index.js';
import type { ExportReport } from '../activities/history-export.js';

const step = proxyActivities<Activities>({
  // the first one takes a whole retention; an attempt that is cut off goes on where it was
  startToCloseTimeout: '6h',
  heartbeatTimeout: '1m',
  retry: { initialInterval: '10s', backoffCoefficient: 2, maximumInterval: '10m' },
});

/** Every night: what has ended is kept in Postgres, before Temporal forgets it. */
export async function historyExport(): Promise<ExportReport> {
  const report = await step.exportHistories.executeWithOptions({ summary: 'بایگانی تاریخچهٔ فرایندهای پایان‌یافته' }, []);
  setCurrentDetails(
    `${report.kept} تاریخچه بایگانی شد${report.gone > 0 ? `؛ ${report.gone} تاریخچه پیش از بایگانی از میان رفته بود` : ''}`,
  );
  return report;
}
