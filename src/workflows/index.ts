export { acknowledgement } from './acknowledgement.js';
export { billingCycle } from './billing-cycle.js';
export { correctiveAction } from './corrective-action.js';
export { settlement } from './settlement.js';
export { dailyWatch } from './daily-watch.js';
export { historyExport } from './history-export.js';
export { monthlyReports, qualityReport } from './quality-report.js';
export { task } from './task.js';
