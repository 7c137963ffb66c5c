import { Client } from '@temporalio/client';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import type { Activities } from '../../src/activities/index.js';
import { jalali, startOfDayInTehran } from '../../src/domain/calendar/jalali.js';
import { qualityReportWorkflowId } from '../../src/domain/quality/quality-report.js';
import { createMessenger } from '../../src/temporal/messenger.js';
import { createIndicatorStore } from '../../src/store/indicators.js';
import { createQualityReportStore } from '../../src/store/quality-reports.js';
import { TASK_QUEUE } from '../../src/workflows/messages.js';
import { readPdfs } from '../document/read-pdf.js';
import { endWorkers, realActivities, startDatabase, workflowServer, withWorker } from './stage.js';

let database: Awaited<ReturnType<typeof startDatabase>>;
let env: TestWorkflowEnvironment;
let real: Activities;
/** Lets no time pass while it waits. */
let client: Client;
beforeAll(async () => {
  database = await startDatabase(1);
  // announcements from the end of 1404 to Farvardin 1405, one late; a month lies between without any
  await database.pool.query(`
    insert into app.settlements (id, subscription, settlement_date, office, clerk, run_id, status, revision, received_at, announced_at, elapsed_ms, within_target, late_entry, facts, operator)
    select lpad(n::text, 12, '0') || '-14041220', lpad(n::text, 12, '0'), '1404/12/20', '0' || (1 + n % 2), 'c1', 'run', 'settled', 1, at, at + interval '9 seconds', case n when 1 then 400000 else 9000 end, n <> 1, false, '{}', '{}'
    from (select n, case when n < 8 then '2026-03-12T08:00:00Z'::timestamptz else '2026-04-15T08:00:00Z'::timestamptz end as at from generate_series(1, 12) n) s`);
  env = await workflowServer();
  client = new Client({ connection: env.connection, namespace: env.namespace ?? 'default' });
  real = realActivities(database.pool, createMessenger(env.client, { taskQueue: TASK_QUEUE }));
}, 120_000);
afterAll(async () => {
  await endWorkers();
  await env?.teardown();
  await database?.stop();
});

let runs = 0;
/** The schedule's morning run of a day, at 06:00 in Tehran. */
const morning = (day: string): Promise<{ at: string; started: string[] }> =>
  client.workflow.execute('monthlyReports', {
    workflowId: `monthlyReports-${++runs}`,
    taskQueue: TASK_QUEUE,
    args: [{ at: new Date(Date.parse(startOfDayInTehran(jalali(day))) + 6 * 3_600_000).toISOString() }],
  });
const made = (month: string, edition = 1) => client.workflow.getHandle(qualityReportWorkflowId(month, edition)).result();

test('on the first over Nowruz the month before; a first that was missed is made up for; made again it is another edition', async () => {
  const reports = createQualityReportStore(database.pool);
  await withWorker(env, real, async () => {
    expect((await morning('1404/12/29')).started).toEqual([]);
    expect((await morning('1405/01/01')).started).toEqual(['1404/12']);
    await made('1404/12');
    expect(await reports.list()).toMatchObject([{ month: '1404/12', edition: 1, madeBy: null }]);
    // the same morning once more, and the next one
    expect((await morning('1405/01/02')).started).toEqual([]);
    // nobody was there on the first of Ordibehesht and Khordad
    expect((await morning('1405/03/05')).started).toEqual(['1405/01', '1405/02']);
    await Promise.all([made('1405/01'), made('1405/02')]);

    const before = await reports.file('1404/12', null, 'pdf');
    await database.pool.query('delete from app.settlements where id = $1', ['000000000002-14041220']);
    await client.workflow.execute('qualityReport', {
      workflowId: qualityReportWorkflowId('1404/12', 2),
      taskQueue: TASK_QUEUE,
      args: [{ month: '1404/12', edition: 2, by: 'زهرا امینی' }],
    });
    expect((await reports.list()).map(({ month, edition, madeBy }) => [month, edition, madeBy])).toEqual([
      ['1405/02', 1, null],
      ['1405/01', 1, null],
      ['1404/12', 2, 'زهرا امینی'],
      ['1404/12', 1, null],
    ]);
    // the first edition stays what it was
    expect(await reports.file('1404/12', 1, 'pdf')).toEqual(before);
    const files = [await reports.file('1404/12', 1, 'pdf'), await reports.file('1404/12', null, 'pdf')];
    expect(files.map((file) => file?.edition)).toEqual([1, 2]);
    const [first, second] = readPdfs(files.map((file) => file?.bytes as Buffer));
    expect([/۶\s*از\s*۷/.test(first?.text ?? ''), /۵\s*از\s*۶/.test(second?.text ?? '')]).toEqual([true, true]);
    expect((await reports.file('1404/12', 1, 'xlsx'))?.bytes.subarray(0, 2).toString()).toBe('PK');
    expect(await reports.file('1403/12', null, 'pdf')).toBeNull();
    await expect(database.pool.query('update app.quality_reports set made_by = null')).rejects.toThrow('append-only');

    // the figures are the indicators' own
    const { rows } = await database.pool.query("select report from app.quality_reports where month = '1405/01'");
    const [counts] = await createIndicatorStore(database.pool).counts({
      from: jalali('1405/01/01'),
      to: jalali('1405/01/31'),
      office: null,
      by: null,
    });
    expect(rows[0].report).toMatchObject({
      whole: { k5: counts?.counts.announcements, k1: { requests: 5, medianMs: 9000 } },
      before: { group: '1404/12', k5: 7 },
      months: { length: 12 },
      days: { length: 31 },
      offices: [{ group: '01' }, { group: '02' }],
    });
  });
});
