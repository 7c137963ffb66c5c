import { createHash } from 'node:crypto';
import { type Client, ScheduleAlreadyRunning, type ScheduleOptions, ScheduleOverlapPolicy } from '@temporalio/client';

/** What happens by the clock, as the Temporal server keeps it. */
export function schedules(taskQueue: string): ScheduleOptions[] {
  return [
    {
      scheduleId: 'dailyWatch',
      spec: { calendars: [{ hour: 6, minute: 0, comment: 'every morning, before the offices open' }], timezone: 'Asia/Tehran' },
      action: {
        type: 'startWorkflow',
        workflowType: 'dailyWatch',
        workflowId: 'dailyWatch',
        taskQueue,
        args: [],
        staticSummary: 'پایش روزانه',
      },
      // a watch that was missed in an outage is made up for, one that still runs is not run over
      policies: { overlap: ScheduleOverlapPolicy.SKIP, catchupWindow: '1 day', pauseOnFailure: false },
    },
    {
      scheduleId: 'historyExport',
      spec: { calendars: [{ hour: 2, minute: 0, comment: 'every night, while nobody announces' }], timezone: 'Asia/Tehran' },
      action: {
        type: 'startWorkflow',
        workflowType: 'historyExport',
        workflowId: 'historyExport',
        taskQueue,
        args: [],
        staticSummary: 'بایگانی تاریخچه‌ها',
      },
      policies: { overlap: ScheduleOverlapPolicy.SKIP, catchupWindow: '1 day', pauseOnFailure: false },
    },
    {
      scheduleId: 'qualityReport',
      spec: {
        calendars: [{ hour: 6, minute: 0, comment: 'every morning: acts on the first of a Jalali month, or as soon as one was missed' }],
        timezone: 'Asia/Tehran',
      },
      action: {
        type: 'startWorkflow',
        workflowType: 'monthlyReports',
        workflowId: 'monthlyReports',
        taskQueue,
        args: [],
        staticSummary: 'گزارش کیفی ماهانه',
      },
      policies: { overlap: ScheduleOverlapPolicy.SKIP, catchupWindow: '1 day', pauseOnFailure: false },
    },
  ];
}

const CALL_MS = 10_000;
/** Kept with the action, which an update can change. */
const DEFINITION = 'definition';

/**
 * Creates the schedules, each once, whoever comes first; one whose definition here has changed is brought up to date, and
 * stays paused when somebody paused it. An unchanged one is left alone: workers start right after an outage, when the server
 * makes up for what was missed.
 */
export async function keepSchedules(client: Client, wanted: readonly ScheduleOptions[]): Promise<void> {
  for (const { scheduleId, ...options } of wanted) {
    const definition = createHash('sha256').update(JSON.stringify(options)).digest('hex');
    const action = { ...options.action, memo: { [DEFINITION]: definition } };
    await client.withDeadline(Date.now() + CALL_MS, async () => {
      try {
        await client.schedule.create({ ...options, scheduleId, action });
      } catch (error) {
        if (!(error instanceof ScheduleAlreadyRunning)) throw error;
        const handle = client.schedule.getHandle(scheduleId);
        const { action: standing } = await handle.describe();
        if (standing.memo?.[DEFINITION] !== definition) await handle.update(({ state }) => ({ ...options, action, state }));
      }
    });
  }
}
