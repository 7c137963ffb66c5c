import { Client } from '@temporalio/client';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import type { Activities } from '../../src/activities/index.js';
import { endOfDay } from '../../src/domain/outbox/cycle.js';
import { type JalaliDate, addDays, startOfDayInTehran } from '../../src/domain/calendar/jalali.js';
import { DEFAULT_SERVICE_TERMS } from '../../src/domain/settlement/service-terms.js';
import { type SettlementOrder, settlementId } from '../../src/domain/settlement/settlement.js';
import { type Task, type TaskKind, taskWorkflowId } from '../../src/domain/settlement/task.js';
import { createMessenger } from '../../src/temporal/messenger.js';
import { createAccessStore } from '../../src/store/access-log.js';
import { createPaymentStore } from '../../src/store/payments.js';
import { createPostingStore } from '../../src/store/postings.js';
import { createSettlementStore } from '../../src/store/settlements.js';
import { createTaskStore } from '../../src/store/tasks.js';
import { TASK_QUEUE } from '../../src/workflows/messages.js';
import type { WatchReport } from '../../src/workflows/daily-watch.js';
import { load } from '../billing/database.js';
import { orderFor, realActivities, startDatabase, timeSkippingServer, today, withWorker, endWorkers } from './stage.js';

let database: Awaited<ReturnType<typeof startDatabase>>;
let env: TestWorkflowEnvironment;
let real: Activities;
beforeAll(async () => {
  database = await startDatabase(1);
}, 120_000);
afterAll(() => database?.stop());
beforeEach(async () => {
  env = await timeSkippingServer();
  real = realActivities(database.pool, createMessenger(env.client, { taskQueue: TASK_QUEUE }));
  await database.pool.query('delete from app.tasks');
  await database.pool.query('delete from app.postings');
  await database.pool.query('delete from app.billing_cycles');
  await database.pool.query('delete from billing.cycles');
  await database.pool.query('update billing.feeds set as_of = $1', [today()]);
});
afterEach(async () => {
  await endWorkers();
  await env.teardown();
});

/** The watch of a day, at its own time (06:00 in Tehran) unless it comes late. */
let runs = 0;
const watch = (day: JalaliDate, hours = 6): Promise<WatchReport> => {
  const at = new Date(Date.parse(startOfDayInTehran(day)) + hours * 3_600_000).toISOString();
  // this client lets no time pass while it waits: the tasks' timers stand still
  return new Client({ connection: env.connection }).workflow.execute('dailyWatch', {
    workflowId: `dailyWatch-${++runs}`,
    taskQueue: TASK_QUEUE,
    args: [{ at }],
  });
};
const tasks = async (kind?: TaskKind): Promise<Task[]> => {
  const { items } = await createTaskStore(database.pool).list({
    operator: { id: 'q', name: 'q', role: 'quality', office: '' },
    mine: false,
    kind,
    state: 'open',
    limit: 100,
  });
  return items;
};
const ids = async (kind?: TaskKind): Promise<string[]> => (await tasks(kind)).map(({ id }) => id);
const running = async (id: string): Promise<boolean> =>
  (await env.client.workflow.getHandle(taskWorkflowId(id)).describe()).status.name === 'RUNNING';

let settlements = 0;
/** A posting that waits in a cycle (null: in none) of a series and an office. */
async function posting(
  cycle: string | null,
  dueOn: JalaliDate | null,
  { office = '01', series = '12', reason = null as string | null } = {},
): Promise<string> {
  const subscription = String(123_000_000_000 + ++settlements);
  const order: SettlementOrder = orderFor(subscription, null);
  const id = settlementId(subscription, order.facts.settlementDate);
  await createSettlementStore(database.pool).register({ ...order, id, clerk: { ...order.clerk, office } }, 'run-1');
  await database.pool.query('update app.settlements set account = $2 where id = $1', [id, JSON.stringify({ series })]);
  await createPostingStore(database.pool).schedule(
    id,
    'run-1',
    1,
    [
      {
        posting: `${id}/fee`,
        kind: 'fee',
        amount: 1,
        cycle,
        dueOn,
        status: 'waiting',
        timesLate: 0,
        reason: null,
        billSerial: null,
        detail: {},
        objectionEndsAt: null,
      },
    ],
    [],
  );
  if (reason) await database.pool.query('update app.postings set reason = $2 where posting = $1', [`${id}/fee`, reason]);
  return `${id}/fee`;
}
const take = (id: string) => database.pool.query("update app.postings set status = 'taken' where posting = $1", [id]);
const DIGITS = (day: JalaliDate): string => day.replaceAll('/', '');

test('a quiet day: nothing waits for anybody', async () => {
  await withWorker(env, real, async () => {
    expect(await watch(today())).toMatchObject({ staleFeeds: 0, closingCycles: 0, seriesWithoutTimetable: 0 });
    expect(await ids()).toEqual([]);
  });
});

describe('plan R2: stale feeds', () => {
  test('a task for billing for each kind and as-of date; twice on a day nothing twice; a fresh feed ends it', async () => {
    await withWorker(env, real, async () => {
      const old = addDays(today(), -10);
      await database.pool.query("update billing.feeds set as_of = $1 where kind = 'payments'", [old]);
      expect(await watch(today())).toMatchObject({ staleFeeds: 1 });
      const [task] = await tasks();
      expect(task).toMatchObject({
        id: `staleFeed.payments-${DIGITS(old)}`,
        kind: 'staleFeed',
        role: 'billing',
        office: '*',
        settlement: null,
        dueAt: endOfDay(today()),
        detail: { feed: 'payments', asOf: old, days: 10, message: expect.stringContaining('پرداخت‌ها') },
      });
      expect(await running(task?.id ?? '')).toBe(true);
      await watch(today());
      // the next day it is a day older, and still one task with its own due time
      await watch(addDays(today(), 1));
      expect(await tasks()).toMatchObject([{ id: task?.id, since: task?.since, dueAt: task?.dueAt, detail: { days: 11 } }]);

      await database.pool.query("update billing.feeds set as_of = $1 where kind = 'payments'", [today()]);
      expect(await watch(today())).toMatchObject({ staleFeeds: 0 });
      expect(await createTaskStore(database.pool).get(task?.id ?? '')).toMatchObject({ outcome: 'fed', closedBy: null });
      await env.client.workflow.getHandle(taskWorkflowId(task?.id ?? '')).result();
    });
  });

  test('a run that comes late acts for its own day', async () => {
    await withWorker(env, real, async () => {
      await database.pool.query("update billing.feeds set as_of = $1 where kind = 'payments'", [addDays(today(), -3)]);
      // three days are allowed: stale tomorrow, not today, whenever the watch of today comes to run
      expect(await watch(today(), 23)).toMatchObject({ staleFeeds: 0 });
      expect(await watch(addDays(today(), 1))).toMatchObject({ staleFeeds: 1 });
      expect(await tasks()).toMatchObject([{ dueAt: endOfDay(addDays(today(), 1)) }]);
    });
  });
});

describe('plan R4: cycles near their closing', () => {
  const CYCLE = '12-1405-06';
  const closesOn = addDays(today(), 30);
  beforeEach(async () => {
    await load(database.pool, 'cycles', [
      { series: '12', cycle: CYCLE, fromDate: addDays(closesOn, -60), toDate: closesOn, closesOn, issuesOn: closesOn },
    ]);
    await database.pool.query('update billing.feeds set as_of = $1', [closesOn]);
  });
  const open = () =>
    createPostingStore(database.pool).openCycle({
      cycle: CYCLE,
      eventId: 'open-1',
      closesOn,
      by: { id: 'b', name: 'b', role: 'billing', office: '' },
    });

  test('three days before: a task for billing until it is opened and taken whole; on the closing day the offices hear of theirs', async () => {
    const mine = [await posting(CYCLE, closesOn), await posting(CYCLE, closesOn), await posting(CYCLE, closesOn, { office: '02' })];
    await withWorker(env, real, async () => {
      expect(await watch(addDays(closesOn, -4))).toMatchObject({ closingCycles: 0 });
      expect(await watch(addDays(closesOn, -3))).toMatchObject({ closingCycles: 1 });
      const id = `cycleClosing.${CYCLE}-${DIGITS(addDays(closesOn, -3))}`;
      expect(await tasks()).toMatchObject([
        { id, role: 'billing', office: '*', dueAt: endOfDay(closesOn), detail: { cycle: CYCLE, closesOn, opened: false, unsent: 3 } },
      ]);
      expect(await running(id)).toBe(true);

      await open();
      await take(mine[0] ?? '');
      await watch(addDays(closesOn, -2));
      expect(await tasks()).toMatchObject([{ id, detail: { opened: true, unsent: 2 } }]);

      // the closing day itself
      await watch(closesOn);
      await watch(closesOn, 20);
      expect((await tasks()).map((task) => [task.id, task.role, task.office, task.dueAt, task.detail['unsent']])).toEqual([
        [id, 'billing', '*', endOfDay(closesOn), 2],
        [`unsentPostings.${CYCLE}.01-${DIGITS(closesOn)}`, 'supervisor', '01', endOfDay(closesOn), 1],
        [`unsentPostings.${CYCLE}.02-${DIGITS(closesOn)}`, 'supervisor', '02', endOfDay(closesOn), 1],
      ]);
      for (const each of mine) await take(each);
      expect(await watch(addDays(closesOn, 1))).toMatchObject({ closingCycles: 0 });
      expect(await ids()).toEqual([]);
      expect(await createTaskStore(database.pool).get(id)).toMatchObject({ outcome: 'done', closedBy: null });
    });
  });

  test('taken whole early, then more came: it waits again', async () => {
    const first = await posting(CYCLE, closesOn);
    await withWorker(env, real, async () => {
      await open();
      await watch(addDays(closesOn, -3));
      await take(first);
      await watch(addDays(closesOn, -2));
      expect(await ids()).toEqual([]);
      await posting(CYCLE, closesOn);
      await watch(addDays(closesOn, -1));
      expect(await ids()).toEqual([`cycleClosing.${CYCLE}-${DIGITS(addDays(closesOn, -1))}`]);
    });
  });

  test('not opened and nothing in it: billing hears of it all the same, nobody else; closed with postings that went nowhere: both', async () => {
    await withWorker(env, real, async () => {
      await watch(closesOn);
      expect(await tasks()).toMatchObject([{ kind: 'cycleClosing', detail: { unsent: 0, opened: false } }]);
      await watch(addDays(closesOn, 1));
      expect(await ids()).toEqual([]);
      await posting(CYCLE, closesOn);
      await watch(addDays(closesOn, 2));
      expect((await tasks()).map(({ kind, dueAt }) => [kind, dueAt])).toEqual([
        ['cycleClosing', endOfDay(closesOn)],
        ['unsentPostings', endOfDay(closesOn)],
      ]);
    });
  });
});

test('plan R4: postings without a cycle: a task for each series, as long as they wait', async () => {
  await posting(null, null);
  await posting(null, null);
  await posting(null, null, { series: '13' });
  // a bill covers its dates: no timetable helps it
  await posting(null, null, { series: '14', reason: 'COVERED' });
  await withWorker(env, real, async () => {
    expect(await watch(today())).toMatchObject({ seriesWithoutTimetable: 2 });
    await watch(addDays(today(), 1));
    expect((await tasks()).map(({ id, detail }) => [id, detail['unsent']])).toEqual([
      [`noTimetable.12-${DIGITS(today())}`, 2],
      [`noTimetable.13-${DIGITS(today())}`, 1],
    ]);
    await database.pool.query(
      "update app.postings set cycle = '12-1405-07', due_on = $1 where cycle is null and settlement_id in (select id from app.settlements where account->>'series' = '12')",
      [addDays(today(), 60)],
    );
    expect(await watch(addDays(today(), 2))).toMatchObject({ seriesWithoutTimetable: 1 });
    expect(await ids()).toEqual([`noTimetable.13-${DIGITS(today())}`]);
    // months later it comes again: a task of its own
    await posting(null, null);
    await watch(addDays(today(), 90));
    expect(await ids('noTimetable')).toEqual(expect.arrayContaining([`noTimetable.12-${DIGITS(addDays(today(), 90))}`]));
  });
});

test('a watch that could not start a timer is repeated until it could: no task without one', async () => {
  await posting(null, null);
  const messenger = createMessenger(env.client, { taskQueue: TASK_QUEUE });
  let away = 2;
  const failing = realActivities(database.pool, {
    ...messenger,
    start: (...order) => (away-- > 0 ? Promise.reject(new Error('connect ECONNREFUSED')) : messenger.start(...order)),
  });
  await withWorker(env, failing, async () => {
    expect(await watch(today())).toMatchObject({ seriesWithoutTimetable: 1 });
    expect(away).toBeLessThan(0);
    const [id = ''] = await ids();
    expect([id, await running(id)]).toEqual([`noTimetable.12-${DIGITS(today())}`, true]);
  });
});

test('without a scheduled time it acts for the day on which it starts', async () => {
  await withWorker(env, real, async () => {
    // the server's clock runs on once nothing is left to wait for: its time before the run counts
    const before = await env.currentTimeMs();
    const report: WatchReport = await env.client.workflow.execute('dailyWatch', {
      workflowId: `dailyWatch-${++runs}`,
      taskQueue: TASK_QUEUE,
    });
    expect(Math.abs(Date.parse(report.at) - before)).toBeLessThan(60_000);
  });
});

test('tasks of payments whose timers nobody could start when they came: the watch gives them due times, counted from then', async () => {
  const report = { eventId: 'W/1', reference: 'W/1', subscription: '123999999999', paymentId: '100000', amount: 5, paidOn: today() };
  await createPaymentStore(database.pool).record(report, '01', { id: 'b-1', office: '01' });
  expect(await tasks()).toMatchObject([{ kind: 'unknownPayment', dueAt: null }]);
  await withWorker(env, real, async () => {
    expect(await watch(today())).toMatchObject({ paymentTasks: 1 });
    const [task] = await tasks();
    expect(Date.parse(task?.dueAt ?? '') - Date.parse(task?.since ?? '')).toBe(DEFAULT_SERVICE_TERMS.correction.dueHours * 3_600_000);
    expect(await running(task?.id ?? '')).toBe(true);
    expect(await watch(today())).toMatchObject({ paymentTasks: 0 });
    expect(await tasks()).toEqual([task]);
  });
});

test('what the access log has kept for its three years leaves with the morning, nothing younger', async () => {
  const store = createAccessStore(database.pool);
  const years = (n: number): string => new Date(Date.now() - n * 366 * 86_400_000).toISOString();
  const by = { id: 'c-1', name: 'مریم رضایی', role: 'clerk', office: '01' } as const;
  await store.append(
    [3.2, 3.1, 2.9, 0].map((ago, i) => ({
      at: years(ago),
      by,
      call: 'GET /accounts/{subscription}',
      subscriptions: ['014123456701'],
      settlement: null,
      requestId: `r-${i}`,
    })),
  );
  await withWorker(env, real, async () => {
    expect(await watch(today())).toMatchObject({ expiredAccesses: 2 });
    expect((await store.list({ limit: 9 })).items.map(({ requestId }) => requestId)).toEqual(['r-3', 'r-2']);
    expect(await watch(today())).toMatchObject({ expiredAccesses: 0 });
  });
});
