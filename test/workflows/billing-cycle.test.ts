import { Client } from '@temporalio/client';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { createCycleActivities } from '../../src/activities/billing-cycle.js';
import type { Activities } from '../../src/activities/index.js';
import { BillingRefusedError, BillingUnavailableError } from '../../src/billing/errors.js';
import { type TaskDesk, createTaskDesk } from '../../src/activities/task-desk.js';
import { type Opening, billingCycleWorkflowId, endOfDay } from '../../src/domain/outbox/cycle.js';
import { type JalaliDate, addDays, yearOf } from '../../src/domain/calendar/jalali.js';
import { COVERED, type CycleCounts, type Outcome } from '../../src/domain/outbox/outbox.js';
import { type Posting, type Settlement, type SettlementOrder, settlementWorkflowId } from '../../src/domain/settlement/settlement.js';
import { taskId, taskWorkflowId } from '../../src/domain/settlement/task.js';
import { createMessenger } from '../../src/temporal/messenger.js';
import type { PostingBatch } from '../../src/domain/outbox/outbox.js';
import { type PostingStore, createPostingStore } from '../../src/store/postings.js';
import { createSettlementStore } from '../../src/store/settlements.js';
import { createTariffStore } from '../../src/store/tariffs.js';
import { createTaskStore } from '../../src/store/tasks.js';
import { TASK_QUEUE, confirmDelivery, postingRetracted, settlementState } from '../../src/workflows/messages.js';
import { seedWaiting } from '../store/waiting.js';
import {
  announce,
  endWorkers,
  householdAccounts,
  orderFor,
  realActivities,
  startDatabase,
  timeSkippingServer,
  today,
  withWorker,
} from './stage.js';

const BILLING = { id: 'billing', name: 'صورتحساب', role: 'billing', office: '01' } as const;
const NEW_SUBSCRIBER = { name: 'علی کریمی', nationalId: '0932833810' } as const;
/** Ended settlements that a long cycle tells; 20,000 are a night's work for one machine. */
const MANY = Number(process.env['TASVIEH_TEST_SETTLEMENTS'] ?? 300);

let database: Awaited<ReturnType<typeof startDatabase>>;
let postings: PostingStore;
let env: TestWorkflowEnvironment;
/** waits without skipping time: only `env.sleep` does */
let client: Client;
let real: Activities;
let desk: TaskDesk;
let accounts: { subscription: string; reading: number }[];
let seriesMade = 0;

beforeAll(async () => {
  database = await startDatabase(300);
  postings = createPostingStore(database.pool);
  accounts = await householdAccounts(database.pool);
}, 120_000);
afterAll(() => database?.stop());
beforeEach(async () => {
  env = await timeSkippingServer();
  client = new Client({ connection: env.connection });
  const messenger = createMessenger(client, { taskQueue: TASK_QUEUE });
  real = realActivities(database.pool, messenger);
  desk = createTaskDesk({ tasks: createTaskStore(database.pool), tariffs: createTariffStore(database.pool), messenger });
});
afterEach(async () => {
  await endWorkers();
  await env.teardown();
});

/** A series of one test's own with its timetable: cycles of sixty days, the first closing two days after its end. */
async function newSeries(
  cycles = 3,
  firstEnds = 18,
): Promise<{ series: string; cycles: { cycle: string; closesOn: JalaliDate; toDate: JalaliDate }[] }> {
  const series = `7${++seriesMade}`;
  const made = Array.from({ length: cycles }, (_, i) => {
    const toDate = addDays(today(), firstEnds + 60 * i);
    return { cycle: `${series}-${yearOf(toDate)}-0${i + 1}`, toDate, closesOn: addDays(toDate, 2) };
  });
  for (const { cycle, toDate, closesOn } of made) await plan(series, cycle, toDate, closesOn);
  return { series, cycles: made };
}
/** A row of the timetable, as its feed writes it. */
const plan = (series: string, cycle: string, toDate: JalaliDate, closesOn: JalaliDate) =>
  database.pool.query(
    `insert into billing.cycles (cycle, series, from_date, to_date, closes_on, issues_on, objection_days) values ($1, $2, $3, $4, $5, $6, 10)
     on conflict (cycle) do update set to_date = excluded.to_date, closes_on = excluded.closes_on, issues_on = excluded.issues_on`,
    [cycle, series, addDays(toDate, -60), toDate, closesOn, addDays(closesOn, 5)],
  );
const moveTo = (series: string, order: SettlementOrder) =>
  database.pool.query('update billing.accounts set series = $1 where subscription = $2', [series, order.facts.subscription]);

/** A usual order of a subscriber of the series. */
async function orderIn(series: string, change: Partial<SettlementOrder['facts']> = {}): Promise<SettlementOrder> {
  const account = accounts.shift();
  if (!account) throw new Error('no account left');
  const order = orderFor(account.subscription, account.reading + 40, change);
  await moveTo(series, order);
  return order;
}
const handle = (order: SettlementOrder) => client.workflow.getHandle(settlementWorkflowId(order.id));
const state = (order: SettlementOrder): Promise<Settlement> => handle(order).query(settlementState);
const deliver = (order: SettlementOrder) =>
  handle(order).executeUpdate(confirmDelivery, { args: [{ deliveredTo: 'علی کریمی', channel: 'counter', by: order.clerk }] });
/** The end, after the objection days of the cycle in which all was taken. */
const settled = async (order: SettlementOrder, { closesOn }: { closesOn: JalaliDate }): Promise<string> => {
  await sleepPast(addDays(closesOn, 16));
  return ((await handle(order).result()) as Settlement).status;
};
async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  for (let left = 400; left > 0; left--) {
    if (await holds()) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`never came: ${what}`);
}
const fate = ({ status, cycle }: Posting): string => `${status} ${cycle}`;
/** `fee` → `late 71-1405-02`, as the workflow tells it. */
const fates = async (order: SettlementOrder): Promise<Record<string, string>> =>
  Object.fromEntries((await state(order)).postings.map((posting) => [posting.kind, fate(posting)]));
const untilFates = (order: SettlementOrder, expected: Record<string, string>) =>
  until(
    `${order.id}: ${JSON.stringify(expected)}`,
    async () => JSON.stringify(Object.entries(await fates(order)).sort()) === JSON.stringify(Object.entries(expected).sort()),
  );
const all = (fate: string) => ({ fee: fate, settlement: fate });
/** Two databases of truth: what the workflow tells is what Postgres holds. */
async function agree(...orders: SettlementOrder[]): Promise<void> {
  for (const order of orders) {
    const told = await state(order);
    const stored = await createSettlementStore(database.pool).get(order.id, { office: null });
    expect({ id: order.id, status: stored?.status, postings: stored?.postings }).toEqual({
      id: order.id,
      status: told.status,
      postings: told.postings,
    });
  }
}
const tasks = async (order: SettlementOrder): Promise<string[]> =>
  (
    await database.pool.query<{ kind: string }>(`select kind from app.tasks where settlement_id = $1 and kind <> 'deliver' order by kind`, [
      order.id,
    ])
  ).rows.map(({ kind }) => kind);
const attributes = async (order: SettlementOrder): Promise<[overdue: unknown, cycle: unknown]> => {
  const { searchAttributes } = await handle(order).describe();
  return [searchAttributes['feeOverdue']?.[0], searchAttributes['billingCycle']?.[0]];
};

/** Opens a cycle as the API does: recorded, then its workflow started. */
async function open({ cycle, closesOn }: { cycle: string; closesOn: JalaliDate }): Promise<void> {
  const opened: Opening = { eventId: `open-${cycle}`, cycle, closesOn };
  await postings.openCycle({ ...opened, by: BILLING });
  await client.workflow.start('billingCycle', {
    workflowId: billingCycleWorkflowId(cycle),
    taskQueue: TASK_QUEUE,
    args: [{ opened, closesAt: endOfDay(closesOn) }],
  });
}
const batchOf = async ({ cycle }: { cycle: string }): Promise<PostingBatch> => {
  const batch = await postings.nextBatch(cycle);
  if (!batch) throw new Error(`no batch of ${cycle}`);
  return batch;
};
/** Acknowledges as the API does. */
let events = 0;
async function acknowledge({ cycle, batch, count, sum }: PostingBatch, items: Outcome[]): Promise<void> {
  const eventId = `ack-${++events}`;
  expect(await postings.acknowledge({ eventId, cycle, batch, count, sum, items }, BILLING)).toEqual({ kind: 'recorded' });
  await client.workflow.execute('acknowledgement', {
    workflowId: `acknowledgement/${eventId}`,
    taskQueue: TASK_QUEUE,
    args: [{ eventId, cycle }],
  });
}
const takenAll = ({ items }: PostingBatch, billSerial: string): Outcome[] =>
  items.map(({ posting }) => ({ posting, outcome: 'taken', billSerial, nameOnBill: NEW_SUBSCRIBER.name }));
/** To the moment after the end of a day, Tehran. */
const sleepPast = async (day: JalaliDate): Promise<void> => env.sleep(Date.parse(endOfDay(day)) - (await env.currentTimeMs()) + 60_000);
/** The report of a cycle, after its closing. */
async function report({ cycle, closesOn }: { cycle: string; closesOn: JalaliDate }): Promise<CycleCounts> {
  await sleepPast(closesOn);
  return (await client.workflow.getHandle(billingCycleWorkflowId(cycle)).result()) as CycleCounts;
}

test('a whole cycle: everyone is told once, one batch, all taken, and the report says so', async () => {
  const {
    series,
    cycles: [first],
  } = await newSeries();
  if (!first) throw new Error('no cycle');
  await withWorker(env, real, async () => {
    const orders: SettlementOrder[] = [];
    for (let i = 0; i < 8; i++) {
      const order = await orderIn(series);
      await announce(client, order);
      await deliver(order);
      orders.push(order);
    }
    await open(first);
    for (const order of orders) await untilFates(order, all(`handedOver ${first.cycle}`));
    // one that comes while the cycle is open joins it
    const joining = await orderIn(series);
    await announce(client, joining);
    await deliver(joining);
    await untilFates(joining, all(`handedOver ${first.cycle}`));
    orders.push(joining);

    const batch = await batchOf(first);
    expect(batch).toMatchObject({ batch: 1, count: orders.length * 2, sum: batch.items.reduce((sum, { amount }) => sum + amount, 0) });
    expect(new Set(batch.items.map(({ posting }) => posting)).size).toBe(orders.length * 2);
    // fetched again, before any word of billing: the same
    expect(await postings.nextBatch(first.cycle)).toEqual(batch);
    await acknowledge(batch, takenAll(batch, 'B-1'));
    for (const order of orders) await untilFates(order, all(`taken ${first.cycle}`));
    await agree(...orders);
    expect(await postings.nextBatch(first.cycle)).toBeNull();

    const due = orders.length * 2;
    expect(await report(first)).toEqual({ due, waiting: 0, handedOver: 0, taken: due, refused: 0, late: 0 });
    for (const order of orders) expect(await settled(order, first)).toBe('settled');
    await agree(...orders);
    const { rows } = await database.pool.query(
      `select kind, count(*), count(distinct (settlement_id, key)) as once from app.events where settlement_id = any($1) and kind in ('cycleOpened', 'taken', 'late') group by 1 order by 1`,
      [orders.map(({ id }) => id)],
    );
    expect(rows).toEqual([
      { kind: 'cycleOpened', count: orders.length, once: orders.length },
      { kind: 'taken', count: due, once: due },
    ]);
  });
}, 90_000);

test('a cycle that nobody opens: late on its closing, not before, moved to the next, and taken there once', async () => {
  const {
    series,
    cycles: [first, second],
  } = await newSeries();
  if (!first || !second) throw new Error('no cycles');
  const order = await orderIn(series);
  await withWorker(env, real, async () => {
    await announce(client, order);
    await deliver(order);
    expect(await attributes(order)).toEqual([undefined, first.cycle]);
    await env.sleep(Date.parse(endOfDay(first.closesOn)) - (await env.currentTimeMs()) - 60_000);
    await untilFates(order, all(`waiting ${first.cycle}`));
    await env.sleep(120_000);
    await untilFates(order, all(`late ${second.cycle}`));
    expect((await state(order)).postings.map(({ timesLate }) => timesLate)).toEqual([1, 1]);
    expect(await tasks(order)).toEqual(['postingLate']);
    expect(await attributes(order)).toEqual([true, second.cycle]);
    expect((await postings.counts([first.cycle])).get(first.cycle)).toMatchObject({ due: 2, late: 2 });
    await agree(order);

    await open(second);
    await untilFates(order, all(`handedOver ${second.cycle}`));
    const batch = await batchOf(second);
    expect(batch.items.map(({ posting }) => posting)).toEqual([`${order.id}/fee`, `${order.id}/settlement`]);
    await acknowledge(batch, takenAll(batch, 'B-2'));
    await untilFates(order, all(`taken ${second.cycle}`));
    expect((await attributes(order))[0]).toBe(false);
    expect(await settled(order, second)).toBe('settled');
    await agree(order);
    // taken after all: nothing of it waits for billing any more
    expect(await createTaskStore(database.pool).get(taskId('postingLate', order.id))).toMatchObject({ closedBy: null, outcome: 'settled' });
    await client.workflow.getHandle(taskWorkflowId(taskId('postingLate', order.id))).result();
  });
}, 90_000);

test('handed over and not acknowledged by the closing: late; the acknowledgement that comes after it still counts, and nothing is handed over twice', async () => {
  const {
    series,
    cycles: [first, second],
  } = await newSeries();
  if (!first || !second) throw new Error('no cycles');
  const [inTime, slow] = [await orderIn(series), await orderIn(series)];
  await withWorker(env, real, async () => {
    for (const order of [inTime, slow]) {
      await announce(client, order);
      await deliver(order);
    }
    await open(first);
    for (const order of [inTime, slow]) await untilFates(order, all(`handedOver ${first.cycle}`));
    const batch = await batchOf(first);
    await acknowledge(
      batch,
      takenAll(batch, 'B-1').filter(({ posting }) => posting.startsWith(inTime.id)),
    );
    await untilFates(inTime, all(`taken ${first.cycle}`));
    // the report does not depend on who moves on first
    expect(await report(first)).toEqual({ due: 4, waiting: 0, handedOver: 0, taken: 2, refused: 0, late: 2 });
    await untilFates(slow, all(`late ${second.cycle}`));
    expect(await tasks(inTime)).toEqual([]);
    expect(await tasks(slow)).toEqual(['postingLate']);

    await acknowledge(
      batch,
      takenAll(batch, 'B-1').filter(({ posting }) => posting.startsWith(slow.id)),
    );
    await untilFates(slow, all(`taken ${second.cycle}`));
    expect((await state(slow)).postings.map(({ billSerial }) => billSerial)).toEqual(['B-1', 'B-1']);
    await open(second);
    await until(
      'all have been told',
      async () => (await client.workflow.getHandle(billingCycleWorkflowId(second.cycle)).describe()).historyLength > 10,
    );
    expect(await postings.nextBatch(second.cycle)).toBeNull();
    await agree(inTime, slow);
  });
}, 90_000);

test('a bill that covers the dates comes before the closing: the amounts wait outside with a task, the fee goes on', async () => {
  const {
    series,
    cycles: [first, second],
  } = await newSeries();
  if (!first || !second) throw new Error('no cycles');
  const order = await orderIn(series);
  await withWorker(env, real, async () => {
    await announce(client, order);
    await deliver(order);
    await database.pool.query(
      `insert into billing.bills (subscription, serial, cycle, issued_on, from_date, to_date, from_reading, to_reading, reading_source, total_due)
       select subscription, 'NEW', $2, $3, to_date, $3, to_reading, to_reading + 50, 'staff', 0 from billing.bills where subscription = $1 order by to_date desc limit 1`,
      [order.facts.subscription, first.cycle, order.facts.settlementDate],
    );
    await sleepPast(first.closesOn);
    await untilFates(order, { fee: `late ${second.cycle}`, settlement: 'late null' });
    expect((await state(order)).postings.find(({ kind }) => kind === 'settlement')).toMatchObject({
      reason: COVERED,
      dueOn: null,
      timesLate: 1,
    });
    expect(await tasks(order)).toEqual(['postingLate', 'settlementCovered']);
    await open(second);
    await untilFates(order, { fee: `handedOver ${second.cycle}`, settlement: 'late null' });
    const batch = await batchOf(second);
    expect(batch.items.map(({ posting }) => posting)).toEqual([`${order.id}/fee`]);
    await acknowledge(batch, takenAll(batch, 'B-2'));
    await untilFates(order, { fee: `taken ${second.cycle}`, settlement: 'late null' });
    await sleepPast(addDays(second.closesOn, 30));
    // it waits for a person, not for a cycle
    await agree(order);
    expect((await handle(order).describe()).status.name).toBe('RUNNING');
  });
}, 90_000);

describe('what billing says', () => {
  /** An announced and delivered settlement with a name change, handed over in the first cycle's batch. */
  async function handedOver() {
    const { series, cycles } = await newSeries();
    const [first, second] = cycles;
    if (!first || !second) throw new Error('no cycles');
    const order = await orderIn(series, { newSubscriber: { ...NEW_SUBSCRIBER, from: today() } });
    await announce(client, order);
    await deliver(order);
    await open(first);
    await untilFates(order, everything(`handedOver ${first.cycle}`));
    return { series, order, first, second, batch: await batchOf(first) };
  }
  const everything = (fate: string) => ({ fee: fate, settlement: fate, nameChange: fate });

  test('refused: an error with an owner, which ends when it is taken after all', async () => {
    await withWorker(env, real, async () => {
      const { order, first, batch } = await handedOver();
      await acknowledge(batch, [
        ...takenAll(batch, 'B-1').filter(({ posting }) => !posting.endsWith('/fee')),
        { posting: `${order.id}/fee`, outcome: 'refused', reason: 'مصوبه نیامده است' },
      ]);
      await untilFates(order, { ...everything(`taken ${first.cycle}`), fee: `refused ${first.cycle}` });
      expect((await state(order)).postings.find(({ kind }) => kind === 'fee')?.reason).toBe('مصوبه نیامده است');
      await until('the error', async () => (await state(order)).corrections.length === 1);
      expect((await state(order)).corrections[0]).toMatchObject({
        cause: 'system',
        status: 'referred',
        owner: { role: 'supervisor', user: null },
      });
      await acknowledge(batch, [{ posting: `${order.id}/fee`, outcome: 'taken', billSerial: 'B-2' }]);
      await untilFates(order, everything(`taken ${first.cycle}`));
      expect((await state(order)).postings.map(({ reason }) => reason)).toEqual([null, null, null]);
      expect(await settled(order, first)).toBe('settled');
      await agree(order);
    });
  }, 90_000);

  test('the name on the bill is compared: the same in other letters is taken, another one is not', async () => {
    await withWorker(env, real, async () => {
      const { order, first, batch } = await handedOver();
      const named = (nameOnBill: string): Outcome[] => [
        { posting: `${order.id}/nameChange`, outcome: 'taken', billSerial: 'B-1', nameOnBill },
      ];
      await acknowledge(batch, named('علی کرمانی'));
      await untilFates(order, { ...everything(`handedOver ${first.cycle}`), nameChange: `refused ${first.cycle}` });
      expect((await state(order)).postings.find(({ kind }) => kind === 'nameChange')?.reason).toBe('NAME_DIFFERS: علی کرمانی');
      await until('the error', async () => (await state(order)).corrections.length === 1);
      expect((await state(order)).corrections[0]).toMatchObject({
        cause: 'system',
        status: 'referred',
        owner: { role: 'supervisor', user: null },
      });
      // Arabic ي and ك, a ZWNJ, two spaces
      await acknowledge(batch, named('علي\u200c  كريمي'));
      await untilFates(order, { ...everything(`handedOver ${first.cycle}`), nameChange: `taken ${first.cycle}` });
      await agree(order);
    });
  }, 90_000);

  test('retracted while the cycle is open: it waits again, and is late at the closing', async () => {
    await withWorker(env, real, async () => {
      const { order, first, second, batch } = await handedOver();
      await acknowledge(batch, takenAll(batch, 'B-1'));
      await untilFates(order, everything(`taken ${first.cycle}`));
      await acknowledge(batch, [{ posting: `${order.id}/fee`, outcome: 'retracted' }]);
      await untilFates(order, { ...everything(`taken ${first.cycle}`), fee: `handedOver ${first.cycle}` });
      await sleepPast(first.closesOn);
      await untilFates(order, { ...everything(`taken ${first.cycle}`), fee: `late ${second.cycle}` });
      await agree(order);
    });
  }, 90_000);

  test('retracted after the closing: it goes on at once, and joins the next cycle when that is open', async () => {
    await withWorker(env, real, async () => {
      const { order, first, second, batch } = await handedOver();
      await acknowledge(batch, takenAll(batch, 'B-1'));
      await untilFates(order, everything(`taken ${first.cycle}`));
      expect(await report(first)).toMatchObject({ due: 3, taken: 3 });
      await open(second);
      await acknowledge(batch, [{ posting: `${order.id}/nameChange`, outcome: 'retracted' }]);
      await untilFates(order, { ...everything(`taken ${first.cycle}`), nameChange: `handedOver ${second.cycle}` });
      expect(await tasks(order)).toEqual(['postingLate']);
      const again = await batchOf(second);
      expect(again.items.map(({ posting }) => posting)).toEqual([`${order.id}/nameChange`]);
      await acknowledge(again, takenAll(again, 'B-2'));
      expect(await settled(order, second)).toBe('settled');
      await agree(order);
    });
  }, 90_000);

  test('said to a settlement that has ended: recorded in Postgres with a task, and it goes on to the next cycle', async () => {
    await withWorker(env, real, async () => {
      const { order, first, second, batch } = await handedOver();
      await acknowledge(batch, takenAll(batch, 'B-1'));
      expect(await settled(order, first)).toBe('settled');
      await agree(order);
      // a repeat of what it knows is nothing to do
      await acknowledge(batch, [{ posting: `${order.id}/fee`, outcome: 'taken', billSerial: 'B-1' }]);
      expect(await tasks(order)).toEqual([]);
      await acknowledge(batch, [{ posting: `${order.id}/fee`, outcome: 'retracted' }]);
      expect((await postings.of(order.id)).postings.map(fate)).toEqual([
        `late ${second.cycle}`,
        `taken ${first.cycle}`,
        `taken ${first.cycle}`,
      ]);
      expect(await tasks(order)).toEqual(['postingAfterEnd']);
      await open(second);
      await until('handed over without a workflow', async () =>
        (await postings.of(order.id)).postings.map(fate).includes(`handedOver ${second.cycle}`),
      );
      const again = await batchOf(second);
      expect(again.items.map(({ posting }) => posting)).toEqual([`${order.id}/fee`]);
      await acknowledge(again, takenAll(again, 'B-2'));
      expect((await postings.of(order.id)).postings.map(({ billSerial }) => billSerial)).toEqual(['B-2', 'B-1', 'B-1']);
      expect(await report(second)).toEqual({ due: 1, waiting: 0, handedOver: 0, taken: 1, refused: 0, late: 0 });
    });
  }, 90_000);

  test('the wrong name said to a settlement that has ended is a task too', async () => {
    await withWorker(env, real, async () => {
      const { order, first, batch } = await handedOver();
      await acknowledge(batch, takenAll(batch, 'B-1'));
      expect(await settled(order, first)).toBe('settled');
      await acknowledge(batch, [{ posting: `${order.id}/nameChange`, outcome: 'retracted' }]);
      await database.pool.query('delete from app.tasks where settlement_id = $1', [order.id]);
      await acknowledge(batch, [{ posting: `${order.id}/nameChange`, outcome: 'taken', billSerial: 'B-1', nameOnBill: 'دیگری' }]);
      expect((await postings.of(order.id)).postings.find(({ kind }) => kind === 'nameChange')).toMatchObject({
        status: 'refused',
        reason: 'NAME_DIFFERS: دیگری',
      });
      expect(await tasks(order)).toEqual(['postingAfterEnd']);
    });
  }, 90_000);

  test('said during the last step, when that is a durable one: it is heard', async () => {
    let attempts = 0;
    let [reached, release] = [(): void => undefined, (): void => undefined];
    const ending = new Promise<void>((resolve) => (reached = resolve));
    const goesOn = new Promise<void>((resolve) => (release = resolve));
    const gated: Activities = {
      ...real,
      async settle(input) {
        if (++attempts <= 2) throw new Error('connect ECONNREFUSED');
        reached();
        await goesOn;
        return real.settle(input);
      },
    };
    await withWorker(env, gated, async () => {
      const { order, first, batch, second } = await handedOver();
      await acknowledge(batch, takenAll(batch, 'B-1'));
      const slept = sleepPast(addDays(first.closesOn, 16));
      await ending;
      await handle(order).signal(postingRetracted, { eventId: 'last-moment', posting: `${order.id}/fee` });
      // in the history while the step still runs
      await until('the signal', async () =>
        ((await handle(order).fetchHistory()).events ?? []).some(
          (event) => event.workflowExecutionSignaledEventAttributes?.signalName === 'postingRetracted',
        ),
      );
      release();
      await slept;
      await untilFates(order, { ...everything(`taken ${first.cycle}`), fee: `late ${second.cycle}` });
      expect((await state(order)).status).toBe('handedOver');
      await agree(order);
      await open(second);
      await untilFates(order, { ...everything(`taken ${first.cycle}`), fee: `handedOver ${second.cycle}` });
      const again = await batchOf(second);
      await acknowledge(again, takenAll(again, 'B-2'));
      expect(await settled(order, second)).toBe('settled');
      await agree(order);
    });
  }, 90_000);
});

describe('the subscriber’s series changes before the cycle opens', () => {
  test.each([
    ['it waits for the other series’ cycle', false],
    ['it joins the other series’ cycle, which is open already', true],
  ])(
    '%s',
    async (_, openAlready) => {
      const [old, other] = [await newSeries(), await newSeries()];
      const [from, to] = [old.cycles[0], other.cycles[0]];
      if (!from || !to) throw new Error('no cycles');
      const order = await orderIn(old.series);
      await withWorker(env, real, async () => {
        await announce(client, order);
        await deliver(order);
        await moveTo(other.series, order);
        if (openAlready) await open(to);
        await untilFates(order, all(`waiting ${from.cycle}`));
        await open(from);
        await untilFates(order, all(`${openAlready ? 'handedOver' : 'waiting'} ${to.cycle}`));
        expect(await postings.nextBatch(from.cycle)).toBeNull();
        if (!openAlready) await open(to);
        await untilFates(order, all(`handedOver ${to.cycle}`));
        expect((await batchOf(to)).items).toHaveLength(2);
        // it was not late for the series that it left
        expect(await tasks(order)).toEqual([]);
        expect((await postings.counts([from.cycle])).get(from.cycle)).toMatchObject({ due: 0 });
        await agree(order);
      });
    },
    90_000,
  );
});

test('without any timetable it waits, and joins the first cycle of its series whose bill reaches its date', async () => {
  const { series } = await newSeries(0);
  const order = await orderIn(series);
  const [tooEarly, right] = [`${series}-1405-01`, `${series}-1405-02`];
  await withWorker(env, real, async () => {
    await announce(client, order);
    await deliver(order);
    expect(await fates(order)).toEqual(all('waiting null'));
    expect((await attributes(order))[1]).toBeUndefined();
    // the first to open is still of the period before
    await plan(series, tooEarly, addDays(today(), -2), addDays(today(), 1));
    await plan(series, right, addDays(today(), 58), addDays(today(), 60));
    await open({ cycle: tooEarly, closesOn: addDays(today(), 1) });
    await untilFates(order, all(`waiting ${right}`));
    await report({ cycle: tooEarly, closesOn: addDays(today(), 1) });
    await open({ cycle: right, closesOn: addDays(today(), 60) });
    await untilFates(order, all(`handedOver ${right}`));
    expect(await attributes(order)).toEqual([undefined, right]);
    expect(await tasks(order)).toEqual([]);
    await agree(order);
  });
}, 90_000);

test('the timetable moves the closing of a cycle that is not open: nothing is late, and all is handed over in it', async () => {
  const {
    series,
    cycles: [first],
  } = await newSeries();
  if (!first) throw new Error('no cycle');
  const order = await orderIn(series);
  await withWorker(env, real, async () => {
    await announce(client, order);
    await deliver(order);
    const closesOn = addDays(first.closesOn, 10);
    await plan(series, first.cycle, first.toDate, closesOn);
    await sleepPast(first.closesOn);
    await until('its day has moved', async () => (await state(order)).postings.every(({ dueOn }) => dueOn === closesOn));
    expect(await fates(order)).toEqual(all(`waiting ${first.cycle}`));
    await open({ cycle: first.cycle, closesOn });
    await untilFates(order, all(`handedOver ${first.cycle}`));
    expect(await tasks(order)).toEqual([]);
    const batch = await batchOf(first);
    await acknowledge(batch, takenAll(batch, 'B-1'));
    expect(await report({ cycle: first.cycle, closesOn })).toEqual({ due: 2, waiting: 0, handedOver: 0, taken: 2, refused: 0, late: 0 });
    await agree(order);
  });
}, 90_000);

test(
  `${MANY} ended settlements in pages of a few, with some that live: each told once, in a history begun anew`,
  async () => {
    const page = Math.max(5, Math.ceil(MANY / 60));
    const {
      series,
      cycles: [first, second],
    } = await newSeries();
    if (!first || !second) throw new Error('no cycles');
    const settlements = createSettlementStore(database.pool);
    const paged: Activities = {
      ...real,
      ...createCycleActivities({
        billing: {},
        postings,
        settlements,
        desk,
        tasks: createTaskStore(database.pool),
        messenger: createMessenger(client, { taskQueue: TASK_QUEUE }),
        ...real,
        page,
      }),
    };
    // half of them in a cycle that nobody opened and that has closed since
    const ended = Array.from({ length: MANY }, (_, i) => ({
      id: `${series}${String(i).padStart(9, '0')}-seeded`,
      ...(i % 2 === 0 ? { cycle: first.cycle, dueOn: first.closesOn } : { cycle: `${series}-1404-09`, dueOn: addDays(today(), -30) }),
    }));
    const template = await orderIn(series);
    await seedWaiting(
      database.pool,
      ended.map((each) => ({ ...each, subscription: template.facts.subscription, series, status: 'settled', kinds: ['fee' as const] })),
    );
    await withWorker(env, paged, async () => {
      const living = [await orderIn(series), await orderIn(series)];
      for (const order of living) await announce(client, order);
      const before = process.memoryUsage().rss;
      await open(first);
      await until('handed over', async () => ((await postings.counts([first.cycle])).get(first.cycle)?.handedOver ?? 0) > 0);
      for (const order of living) await untilFates(order, all(`handedOver ${first.cycle}`));
      const due = MANY + living.length * 2;
      const cycle = client.workflow.getHandle(billingCycleWorkflowId(first.cycle));
      const firstRun = (await cycle.describe()).raw.workflowExecutionInfo?.firstRunId;
      while ((await postings.counts([first.cycle])).get(first.cycle)?.handedOver !== due)
        await new Promise((resolve) => setTimeout(resolve, 200));
      expect((await cycle.describe()).runId).not.toBe(firstRun);
      expect((process.memoryUsage().rss - before) / 2 ** 20).toBeLessThan(200);

      const items = new Set<string>();
      for (let batch = await postings.nextBatch(first.cycle); batch; batch = await postings.nextBatch(first.cycle)) {
        for (const { posting } of batch.items) items.add(posting);
        await acknowledge(batch, takenAll(batch, 'B-1'));
      }
      expect(items.size).toBe(due);
      for (const order of living) await untilFates(order, all(`taken ${first.cycle}`));
      await agree(...living);
      expect(await report(first)).toEqual({ due, waiting: 0, handedOver: 0, taken: due, refused: 0, late: 0 });
      const { rows } = await database.pool.query(
        `select kind, count(*) from app.events where settlement_id like $1 and kind in ('cycleOpened', 'late', 'taken') group by 1 order by 1`,
        [`${series}%-seeded`],
      );
      expect(rows).toEqual([
        { kind: 'cycleOpened', count: MANY },
        { kind: 'late', count: Math.floor(MANY / 2) },
        { kind: 'taken', count: MANY },
      ]);
    });
  },
  120_000 + MANY * 200,
);

test('a cycle that stays open for a season keeps its history short', async () => {
  const {
    cycles: [first],
  } = await newSeries(1);
  if (!first) throw new Error('no cycle');
  await withWorker(env, real, async () => {
    const opened: Opening = { eventId: `open-${first.cycle}`, cycle: first.cycle, closesOn: first.closesOn };
    const cycle = await client.workflow.start('billingCycle', {
      workflowId: billingCycleWorkflowId(first.cycle),
      taskQueue: TASK_QUEUE,
      args: [{ opened, closesAt: new Date((await env.currentTimeMs()) + 60 * 86_400_000).toISOString() }],
    });
    await sleepPast(addDays(first.closesOn, 41));
    expect(await cycle.result()).toEqual({ due: 0, waiting: 0, handedOver: 0, taken: 0, refused: 0, late: 0 });
    const last = await client.workflow.getHandle(cycle.workflowId).describe();
    expect(last.runId).not.toBe(cycle.firstExecutionRunId);
    expect(last.historyLength).toBeLessThan(3000);
  });
}, 120_000);

test('a central billing system is told each batch, also when it did the work and its answer was lost, and what joins later', async () => {
  const {
    series,
    cycles: [first],
  } = await newSeries();
  if (!first) throw new Error('no cycle');
  const held = new Map<string, PostingBatch>();
  let calls = 0;
  const submitBatch = (batch: PostingBatch): Promise<void> => {
    const known = held.get(`${batch.cycle}/${batch.batch}`);
    if (known) expect(batch).toEqual(known);
    held.set(`${batch.cycle}/${batch.batch}`, batch);
    return calls++ === 0 ? Promise.reject(new Error('timed out')) : Promise.resolve();
  };
  const settlements = createSettlementStore(database.pool);
  const told: Activities = {
    ...real,
    ...createCycleActivities({
      billing: { submitBatch },
      postings,
      settlements,
      desk,
      tasks: createTaskStore(database.pool),
      messenger: createMessenger(client, { taskQueue: TASK_QUEUE }),
      ...real,
    }),
  };
  await withWorker(env, told, async () => {
    const orders = [await orderIn(series), await orderIn(series)];
    for (const order of orders) await announce(client, order);
    await open(first);
    for (const order of orders) await untilFates(order, all(`handedOver ${first.cycle}`));
    const postingsHeld = (): string[] => [...held.values()].flatMap(({ items }) => items.map(({ posting }) => posting)).sort();
    const joining = await orderIn(series);
    await announce(client, joining);
    await untilFates(joining, all(`handedOver ${first.cycle}`));
    await env.sleep('21 minutes');
    const expected = [...orders, joining].flatMap(({ id }) => [`${id}/fee`, `${id}/settlement`]).sort();
    await until('all are held', async () => postingsHeld().length === expected.length);
    expect(postingsHeld()).toEqual(expected);
    expect(calls).toBe(held.size + 1);
  });
}, 90_000);

test.each([
  ['is away', () => new BillingUnavailableError('connect ECONNREFUSED')],
  ['refuses', () => new BillingRefusedError('PUT /cycles/{cycle}/batches/{batch}: 403', 403, 'FORBIDDEN')],
])(
  'the central billing system %s until the closing: the cycle closes with its report and a task, and the next one hands all over',
  async (_, error) => {
    const {
      series,
      cycles: [first, second],
    } = await newSeries(2, -1);
    if (!first || !second) throw new Error('no cycles');
    let away = true;
    const held: PostingBatch[] = [];
    const submitBatch = (batch: PostingBatch): Promise<void> => (away ? Promise.reject(error()) : Promise.resolve(void held.push(batch)));
    const settlements = createSettlementStore(database.pool);
    const store = createTaskStore(database.pool);
    const central: Activities = {
      ...real,
      ...createCycleActivities({
        billing: { submitBatch },
        postings,
        settlements,
        desk,
        tasks: store,
        messenger: createMessenger(client, { taskQueue: TASK_QUEUE }),
        ...real,
      }),
    };
    const unsubmitted = async () =>
      (await store.openOf('batchNotSubmitted')).filter(({ detail }) => String(detail['cycle']).startsWith(`${series}-`));
    await withWorker(env, central, async () => {
      const order = await orderIn(series, { settlementDate: addDays(today(), -1) });
      await announce(client, order);
      await deliver(order);
      await open(first);
      await untilFates(order, all(`handedOver ${first.cycle}`));
      // a short outage is nobody's business, a longer one billing's
      await env.sleep('1 minute');
      expect(await unsubmitted()).toEqual([]);
      await env.sleep('20 minutes');
      await until('the task', async () => (await unsubmitted()).length === 1);
      expect(await unsubmitted()).toEqual([
        expect.objectContaining({ role: 'billing', detail: { cycle: first.cycle, batches: 1, reason: error().message } }),
      ]);

      expect(await report(first)).toEqual({ due: 2, waiting: 0, handedOver: 0, taken: 0, refused: 0, late: 2 });
      await untilFates(order, all(`late ${second.cycle}`));
      expect(await tasks(order)).toEqual(['postingLate']);
      expect(await unsubmitted()).toHaveLength(1);
      expect((await postings.openedCycles([first.cycle]))[0]?.closedAt).not.toBeNull();

      away = false;
      await open(second);
      await untilFates(order, all(`handedOver ${second.cycle}`));
      await env.sleep('11 minutes');
      await until('submitted', async () => held.length === 1);
      expect(held[0]).toMatchObject({ cycle: second.cycle, batch: 1, count: 2 });
      await agree(order);
    });
  },
  90_000,
);

test('a central billing system that comes back before the closing gets the batches, and the task ends by itself', async () => {
  const {
    series,
    cycles: [first],
  } = await newSeries(1, 0);
  if (!first) throw new Error('no cycle');
  let away = true;
  const held: PostingBatch[] = [];
  const submitBatch = (batch: PostingBatch): Promise<void> =>
    away ? Promise.reject(new BillingUnavailableError('connect ECONNREFUSED')) : Promise.resolve(void held.push(batch));
  const store = createTaskStore(database.pool);
  const settlements = createSettlementStore(database.pool);
  const central: Activities = {
    ...real,
    ...createCycleActivities({
      billing: { submitBatch },
      postings,
      settlements,
      desk,
      tasks: store,
      messenger: createMessenger(client, { taskQueue: TASK_QUEUE }),
      ...real,
    }),
  };
  await withWorker(env, central, async () => {
    const order = await orderIn(series);
    await announce(client, order);
    await open(first);
    await untilFates(order, all(`handedOver ${first.cycle}`));
    await env.sleep('21 minutes');
    const known = async () => (await store.openOf('batchNotSubmitted')).find(({ detail }) => detail['cycle'] === first.cycle);
    await until('the task', async () => (await known()) !== undefined);
    const { id } = (await known()) ?? { id: '' };
    away = false;
    await env.sleep('1 hour');
    await until('submitted', async () => held.length === 1);
    await until('the task has ended', async () => (await store.get(id))?.outcome === 'submitted');
  });
}, 90_000);
