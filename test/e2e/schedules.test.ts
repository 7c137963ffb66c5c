import { ScheduleOverlapPolicy } from '@temporalio/client';
import { addDays, todayInTehran } from '../../src/domain/calendar/jalali.js';
import { taskWorkflowId } from '../../src/domain/settlement/task.js';
import { keepSchedules, schedules } from '../../src/temporal/schedules.js';
import { TASK_QUEUE } from '../../src/workflows/messages.js';
import type { WatchReport } from '../../src/workflows/daily-watch.js';
import { type Stage, openStage, until } from './stage.js';

let stage: Stage;
beforeAll(async () => {
  stage = await openStage(1);
  // two workers that start at the same moment make one schedule
  await Promise.all([stage.startWorker(), keepSchedules(stage.client, schedules(TASK_QUEUE))]);
}, 120_000);
afterAll(() => stage?.close());

const handle = () => stage.client.schedule.getHandle('dailyWatch');
const [definition] = schedules(TASK_QUEUE);
if (!definition) throw new Error('no schedule');

test('the daily watch: created once, at 06:00 in Tehran whatever zone the machine is in', async () => {
  const described = await until('created', 30, () => handle().describe());
  expect(described).toMatchObject({
    spec: { timezone: 'Asia/Tehran' },
    action: { workflowType: 'dailyWatch', taskQueue: TASK_QUEUE, workflowId: 'dailyWatch' },
    policies: { overlap: ScheduleOverlapPolicy.SKIP, catchupWindow: 86_400_000 },
    state: { paused: false },
  });
  const next = described.info.nextActionTimes;
  expect(next.length).toBeGreaterThan(1);
  // Tehran is at +03:30 all the year since 1402
  for (const time of next) expect(time.toISOString()).toMatch(/T02:30:00\.000Z$/);
  const listed: string[] = [];
  for await (const { scheduleId } of stage.client.schedule.list()) listed.push(scheduleId);
  expect(listed.sort()).toEqual(['dailyWatch', 'historyExport', 'qualityReport']);
});

test('a worker that starts again leaves it alone; a changed definition is taken over, a pause stays', async () => {
  const before = await handle().describe();
  await stage.worker.kill('SIGTERM');
  await stage.startWorker();
  await keepSchedules(stage.client, [definition]);
  const unchanged = await handle().describe();
  // a worker starts right after an outage: no update comes between the server and what it missed
  expect([unchanged.info.createdAt, unchanged.info.lastUpdatedAt]).toEqual([before.info.createdAt, before.info.lastUpdatedAt]);

  await handle().pause('تعطیلات');
  const later = { ...definition, spec: { ...definition.spec, calendars: [{ hour: 7, minute: 15 }] } };
  await Promise.all([keepSchedules(stage.client, [later]), keepSchedules(stage.client, [later])]);
  const changed = await handle().describe();
  expect(changed.state).toMatchObject({ paused: true, note: 'تعطیلات' });
  expect(changed.spec.calendars).toMatchObject([{ hour: [{ start: 7, end: 7 }], minute: [{ start: 15, end: 15 }] }]);
  await keepSchedules(stage.client, [definition]);
  await handle().unpause();
});

test('triggered it runs once, for its day, and its tasks wait with their timers', async () => {
  const stale = addDays(todayInTehran(new Date()), -10);
  await stage.pool.query("update billing.feeds set as_of = $1 where kind = 'payments'", [stale]);
  await handle().trigger();
  const run = await until('the run', 30, async () => (await handle().describe()).info.recentActions[0]?.action);
  const report = (await stage.client.workflow.getHandle(run.workflow.workflowId, run.workflow.firstExecutionRunId).result()) as WatchReport;
  expect(report.staleFeeds).toBe(1);
  // the scheduled time, not the time of the run, tells the day
  const { searchAttributes } = await stage.client.workflow.getHandle(run.workflow.workflowId).describe();
  expect([report.at]).toEqual(searchAttributes['TemporalScheduledStartTime']?.map((time) => new Date(time as Date).toISOString()));
  const id = `staleFeed.payments-${stale.replaceAll('/', '')}`;
  const { body } = await (async () => {
    await stage.startApi();
    return stage.call('GET', '/tasks?mine=true', { as: ['billing', ''] });
  })();
  expect(body.items).toMatchObject([{ id, role: 'billing', overdue: false, detail: { asOf: stale } }]);
  expect((await stage.client.workflow.getHandle(taskWorkflowId(id)).describe()).status.name).toBe('RUNNING');

  // closed by a note, its timer ends
  const closed = await stage.call('POST', `/tasks/${id}/closure`, { as: ['billing', ''], body: { note: 'امروز بارگذاری می‌شود' } });
  expect([closed.status, closed.body]).toMatchObject([200, { closedBy: 'مریم رضایی', outcome: 'امروز بارگذاری می‌شود' }]);
  await stage.client.workflow.getHandle(taskWorkflowId(id)).result();

  // a second watch of the same day opens nothing again
  await handle().trigger();
  await until('the second run', 30, async () => (await handle().describe()).info.recentActions.length === 2);
  const rows = await until('ended', 30, async () => {
    for await (const { status } of stage.client.workflow.list({ query: "WorkflowType = 'dailyWatch' and ExecutionStatus = 'Running'" }))
      return status && false;
    return (await stage.pool.query<{ id: string }>("select id from app.tasks where kind = 'staleFeed'")).rows;
  });
  expect(rows).toEqual([{ id }]);
}, 120_000);
