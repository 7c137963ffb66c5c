import { WorkflowNotFoundError, WorkflowUpdateFailedError } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { Worker } from '@temporalio/worker';
import type { Activities } from '../../src/activities/index.js';
import { endOfDay } from '../../src/domain/outbox/cycle.js';
import type { Finding } from '../../src/domain/settlement/finding.js';
import { type JalaliDate, addDays } from '../../src/domain/calendar/jalali.js';
import { STEP_NAMES, type Settlement, type SettlementOrder, settlementWorkflowId } from '../../src/domain/settlement/settlement.js';
import { taskId, taskWorkflowId } from '../../src/domain/settlement/task.js';
import { createOverrideStore } from '../../src/store/overrides.js';
import { createSettlementStore } from '../../src/store/settlements.js';
import { WORKFLOW_BUNDLE } from '../../src/temporal/worker.js';
import { billingCycleOpened, confirmDelivery, postingTaken, settlementState } from '../../src/workflows/messages.js';
import { type History, answeredPart, throughJson } from './histories.js';
import {
  announce,
  endWorkers,
  householdAccounts,
  messengerTo,
  orderFor,
  realActivities,
  startDatabase,
  timeSkippingServer,
  withWorker,
} from './stage.js';

let database: Awaited<ReturnType<typeof startDatabase>>;
let env: TestWorkflowEnvironment;
let real: Activities;
/** household accounts of office 01 that no test has used yet */
let accounts: { subscription: string; reading: number }[];
const started: string[] = [];
const histories: { workflowId: string; history: History }[] = [];

beforeAll(async () => {
  database = await startDatabase(200);
  real = realActivities(
    database.pool,
    messengerTo(() => env.client),
  );
  accounts = await householdAccounts(database.pool);
}, 120_000);
afterAll(() => database?.stop());

// a server for each test: skipped time belongs to one story
beforeEach(async () => {
  env = await timeSkippingServer();
});
afterEach(async () => {
  await endWorkers();
  for (const workflowId of started.splice(0)) {
    const history = await env.client.workflow.getHandle(workflowId).fetchHistory();
    histories.push({ workflowId, history: answeredPart(history) });
  }
  await env.teardown();
});

/** A fresh account's order with a usual reading. */
function nextOrder(change: Partial<SettlementOrder['facts']> = {}, receivedAt?: string): SettlementOrder {
  const account = accounts.shift();
  if (!account) throw new Error('no account left');
  const order = orderFor(account.subscription, account.reading + 40, change, receivedAt);
  started.push(settlementWorkflowId(order.id));
  return order;
}

const stored = async (id: string): Promise<Settlement> => {
  const settlement = await createSettlementStore(database.pool).get(id, { office: null });
  if (!settlement) throw new Error(`no settlement ${id}`);
  return settlement;
};
const count = async (sql: string, values: unknown[]): Promise<number> => Number((await database.pool.query(sql, values)).rows[0].count);
const handle = (order: SettlementOrder) => env.client.workflow.getHandle(settlementWorkflowId(order.id));
const now = async (): Promise<string> => new Date(await env.currentTimeMs()).toISOString();
/** What the update's caller meets. */
async function failureOf(promise: Promise<unknown>): Promise<ApplicationFailure> {
  const error = await promise.then(
    () => new Error('was answered'),
    (failure: unknown) => failure,
  );
  if (!(error instanceof WorkflowUpdateFailedError) || !(error.cause instanceof ApplicationFailure)) throw error;
  return error.cause;
}
/** Lets the real activity through only while `closed()` is false. */
function gate<N extends keyof Activities>(
  name: N,
  closed: () => boolean,
  failure: () => Error = () => new Error('connect ECONNREFUSED'),
): Activities {
  const original = real[name] as (...args: unknown[]) => Promise<unknown>;
  return { ...real, [name]: async (...args: unknown[]) => (closed() ? Promise.reject(failure()) : original(...args)) };
}
async function until(what: string, holds: () => Promise<boolean> | boolean): Promise<void> {
  for (let left = 200; left > 0; left--) {
    try {
      if (await holds()) return;
    } catch (error) {
      // asked before the start has arrived
      if (!(error instanceof WorkflowNotFoundError)) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`never came: ${what}`);
}
const deliver = (order: SettlementOrder) =>
  handle(order).executeUpdate(confirmDelivery, { args: [{ deliveredTo: 'علی کریمی', channel: 'counter', by: order.clerk }] });
const open = (order: SettlementOrder, cycle: string, eventId = `open-${cycle}`) =>
  handle(order).signal(billingCycleOpened, { eventId, cycle, closesOn: '1405/12/29' });
const take = (order: SettlementOrder, posting: string, eventId = `take-${posting}`) =>
  handle(order).signal(postingTaken, { eventId, posting, billSerial: 'B-1', nameOnBill: 'زهرا احمدي' });

describe('announcement', () => {
  test('the balance is announced, stored as answered, with every step timed', async () => {
    const order = nextOrder();
    const settlement = await withWorker(env, real, () => announce(env.client, order));
    expect(settlement.status).toBe('announced');
    const bill = settlement.bill;
    if (!bill) throw new Error('no bill');
    expect(bill.lines.reduce((sum, line) => sum + line.amount, 0)).toBe(bill.total);
    expect(bill.payable + bill.carry).toBe(bill.total);
    expect(settlement.steps.map((step) => step.name)).toEqual([
      'register',
      'fetchAccount',
      'checkReading',
      'computeDebt',
      'issueBill',
      'announce',
      'scheduleFee',
    ]);
    for (const step of settlement.steps) {
      expect(step.attempts).toBe(1);
      expect(Date.parse(step.endedAt)).toBeGreaterThanOrEqual(Date.parse(step.startedAt));
    }
    expect(settlement.withinTarget).toBe(true);
    expect(settlement.elapsedMs).toBe(Date.parse(settlement.announcedAt ?? '') - Date.parse(settlement.receivedAt));
    expect(settlement.postings.map(({ kind, amount, status }) => [kind, amount, status])).toEqual(
      expect.arrayContaining([
        ['fee', 49_000, 'waiting'],
        ['settlement', bill.total, 'waiting'],
      ]),
    );
    const row = await stored(order.id);
    expect({ ...row, steps: [], postings: [] }).toEqual({ ...settlement, steps: [], postings: [] });
    expect(row.steps.map((step) => step.name)).toEqual(settlement.steps.map((step) => step.name));
    expect(row.postings).toHaveLength(2);
  });

  test('the same facts from two callers at once: one settlement, one bill, one number', async () => {
    const order = nextOrder();
    const again = { ...order, receivedAt: new Date(Date.parse(order.receivedAt) + 5).toISOString() };
    const answers = await withWorker(env, real, () =>
      Promise.all([announce(env.client, order), announce(env.client, again), announce(env.client, again, 'announce-other-id')]),
    );
    expect(new Set(answers.map((answer) => answer.bill?.number)).size).toBe(1);
    expect(await count('select count(*) from app.bills where settlement_id = $1', [order.id])).toBe(1);
    expect(await count("select count(*) from app.postings where settlement_id = $1 and kind = 'fee'", [order.id])).toBe(1);
  });

  test('two subscribers in the same millisecond: two settlements, two numbers', async () => {
    const at = new Date().toISOString();
    const orders = [nextOrder({}, at), nextOrder({}, at)];
    const answers = await withWorker(env, real, () => Promise.all(orders.map((order) => announce(env.client, order))));
    expect(new Set(answers.map((answer) => answer.bill?.number)).size).toBe(2);
  });

  test('other facts under the same key are refused with the existing settlement', async () => {
    const order = nextOrder();
    const failure = await withWorker(env, real, async () => {
      await announce(env.client, order);
      const other = { ...order, facts: { ...order.facts, reading: (order.facts.reading ?? 0) + 1 } };
      return failureOf(announce(env.client, other));
    });
    expect(failure.type).toBe('SETTLEMENT_EXISTS');
    expect((failure.details?.[0] as Settlement).facts.reading).toBe(order.facts.reading);
    expect((failure.details?.[0] as Settlement).bill).not.toBeNull();
  });

  test('a rejected reading leaves nothing behind, and the same id may be asked for again', async () => {
    const good = nextOrder();
    const bad = { ...good, facts: { ...good.facts, reading: (good.facts.reading ?? 0) - 41 } };
    await withWorker(env, real, async () => {
      const failure = await failureOf(announce(env.client, bad));
      expect(failure.type).toBe('REJECTED');
      expect((failure.details?.[0] as Finding[]).map((finding) => finding.code)).toEqual(['READING_BELOW_PREVIOUS']);
      await expect(handle(bad).result()).rejects.toThrow();
      expect(await stored(bad.id)).toMatchObject({
        status: 'rejected',
        errors: [{ code: 'READING_BELOW_PREVIOUS' }],
        bill: null,
        postings: [],
      });
      const settlement = await announce(env.client, good);
      expect(settlement).toMatchObject({ status: 'announced', errors: [] });
    });
    expect(await stored(good.id)).toMatchObject({ status: 'announced', errors: [] });
    expect(await count('select count(*) from app.bills where settlement_id = $1', [good.id])).toBe(1);
  });

  test('outside the outer band: refused, accepted by a supervisor for that figure, and the same request is announced', async () => {
    const usual = nextOrder();
    const order = { ...usual, facts: { ...usual.facts, reading: (usual.facts.reading ?? 0) + 3_000 } };
    const overrides = createOverrideStore(database.pool);
    const supervisor = { id: 's-1', name: 'نرگس کاظمی', role: 'supervisor', office: '01' } as const;
    const accepted = { code: 'OUTSIDE_OUTER_BAND', reason: 'کنتور دوباره خوانده شد' };
    await withWorker(env, real, async () => {
      const refused = async (id: string) =>
        ((await failureOf(announce(env.client, order, id))).details?.[0] as Finding[]).map(({ code }) => code);
      expect(await refused('announce-1')).toEqual(['OUTSIDE_OUTER_BAND']);
      // of another figure: it does not stand for this one
      await overrides.record(order.id, { ...accepted, reading: order.facts.reading - 1 }, supervisor);
      expect(await refused('announce-2')).toEqual(['OUTSIDE_OUTER_BAND']);
      // nor does who asks for it accept it
      await overrides.record(order.id, { ...accepted, reading: order.facts.reading }, { ...supervisor, id: order.clerk.id });
      expect(await refused('announce-own')).toEqual(['OUTSIDE_OUTER_BAND']);
      await overrides.record(order.id, { ...accepted, reading: order.facts.reading }, supervisor);
      const settlement = await announce(env.client, order, 'announce-3');
      expect(settlement.warnings).toMatchObject([
        { code: 'OUTSIDE_OUTER_BAND', override: { reason: accepted.reason, by: { name: supervisor.name } } },
      ]);
    });
    expect(await stored(order.id)).toMatchObject({ status: 'announced', warnings: [{ override: { reason: accepted.reason } }] });
  });

  test('all findings come at once', async () => {
    const order = nextOrder({ settlementDate: '1498/01/01' as JalaliDate });
    const failure = await withWorker(env, real, () =>
      failureOf(announce(env.client, { ...order, clerk: { ...order.clerk, office: '02' } })),
    );
    expect((failure.details?.[0] as Finding[]).map((finding) => finding.code)).toEqual(['ACCOUNT_NOT_FOUND']);
    const inFuture = await withWorker(env, real, () =>
      failureOf(announce(env.client, { ...order, facts: { ...order.facts, confirmations: [], reading: (order.facts.reading ?? 0) - 40 } })),
    );
    expect((inFuture.details?.[0] as Finding[]).map((finding) => finding.code)).toEqual(['READING_DATE_IN_FUTURE', 'ZERO_CONSUMPTION']);
  });

  test('without any worker the start is kept; the answer comes when one is there', async () => {
    const order = nextOrder();
    await expect(env.client.withDeadline(Date.now() + 1500, () => announce(env.client, order))).rejects.toThrow();
    expect((await handle(order).describe()).status.name).toBe('RUNNING');
    const settlement = await withWorker(env, real, async () => {
      await until('announced', async () => (await handle(order).query(settlementState)).status === 'announced');
      return announce(env.client, order);
    });
    expect(settlement.bill).not.toBeNull();
  });

  test('every workflow task from a cold cache gives the same', async () => {
    const order = nextOrder();
    const settlement = await withWorker(env, real, () => announce(env.client, order), 0);
    expect(settlement.status).toBe('announced');
  });

  test('what billing has to mend first: refused, with one task for billing however often it is asked for', async () => {
    const order = nextOrder({ meterState: 'reversed' });
    await withWorker(env, real, async () => {
      for (const id of ['announce-1', 'announce-2']) {
        const failure = await failureOf(announce(env.client, order, id));
        expect((failure.details?.[0] as Finding[]).map(({ code }) => code)).toEqual(['METER_REVERSED']);
      }
    });
    const { rows } = await database.pool.query('select id, kind, role, office, due_at, detail from app.tasks where settlement_id = $1', [
      order.id,
    ]);
    expect(rows).toMatchObject([
      {
        id: `meterReversed.${order.id}`,
        kind: 'meterReversed',
        role: 'billing',
        office: '01',
        due_at: expect.any(String),
        detail: { message: expect.stringContaining(String(order.facts.reading)) },
      },
    ]);
    // its due time is being watched over
    expect((await env.client.workflow.getHandle(taskWorkflowId(rows[0].id)).describe()).status.name).toBe('RUNNING');
  });
});

test('two settlements of one subscriber at the same moment, of two dates: the second counts what the first counts', async () => {
  const later = nextOrder();
  const date = addDays(later.facts.settlementDate, -3);
  const earlier = orderFor(later.facts.subscription, (later.facts.reading ?? 0) - 3, { settlementDate: date });
  started.push(settlementWorkflowId(earlier.id));
  const { issue } = real;
  let goOn: () => void = () => undefined;
  const firstIsIssued = new Promise<void>((resolve) => (goOn = resolve));
  // the later one has fetched the account when the earlier one is issued
  const inTurn: Activities = {
    ...real,
    issue: async (input, attempts) => {
      if (input.order.id === later.id) await firstIsIssued;
      return issue(input, attempts);
    },
  };
  await withWorker(env, inTurn, async () => {
    const second = announce(env.client, later);
    // asked before the start has arrived there is none
    const history = () =>
      handle(later)
        .fetchHistory()
        .catch(() => ({ events: [] }));
    await until('fetched', async () => (await history()).events?.some((event) => event.markerRecordedEventAttributes) ?? false);
    const first = await announce(env.client, earlier);
    goOn();
    const settlement = await second;
    expect(settlement.bill).toMatchObject({ days: 3, consumption: '3', previousReading: { reading: earlier.facts.reading, on: date } });
    expect(settlement.bill?.lines.find(({ code }) => code === 'PREVIOUS_DEBT')?.amount).toBe(first.bill?.total);
    expect(settlement.steps.map(({ name }) => name)).toEqual([
      'register',
      'fetchAccount',
      'checkReading',
      'computeDebt',
      'issueBill',
      'announce',
      'scheduleFee',
    ]);
  });
});

describe('five minutes', () => {
  test('at 2:30 at risk, at 5:00 breached with a task, and the work goes on', async () => {
    const order = nextOrder({}, await now());
    let away = true;
    await withWorker(
      env,
      gate('assess', () => away),
      async () => {
        const answer = announce(env.client, order);
        await until(
          'the durable attempt',
          async () => (await handle(order).describe()).raw.pendingActivities?.[0]?.activityType?.name === 'assess',
        );
        const marks = async () =>
          (await database.pool.query('select at_risk_at, breached_at from app.settlements where id = $1', [order.id])).rows[0];
        await env.sleep('140s');
        expect(await marks()).toEqual({ at_risk_at: null, breached_at: null });
        await env.sleep('20s');
        await until('at risk', async () => (await marks()).at_risk_at !== null);
        expect((await marks()).breached_at).toBeNull();
        await env.sleep('130s');
        expect((await marks()).breached_at).toBeNull();
        await env.sleep('20s');
        await until('breached', async () => (await marks()).breached_at !== null);
        expect(
          await count("select count(*) from app.tasks where settlement_id = $1 and kind = 'breached' and role = 'supervisor'", [order.id]),
        ).toBe(1);
        away = false;
        await env.sleep('15s');
        const settlement = await answer;
        expect(settlement.status).toBe('announced');
        const fetched = settlement.steps.find((step) => step.name === 'fetchAccount');
        expect(fetched?.attempts).toBeGreaterThan(2);
      },
    );
  });

  test('announced at 4:59 by itself: at risk, never breached', async () => {
    const order = nextOrder({}, await now());
    let away = true;
    await withWorker(
      env,
      gate('assess', () => away),
      async () => {
        const answer = announce(env.client, order);
        await until('the durable attempt', async () => ((await handle(order).describe()).raw.pendingActivities?.length ?? 0) > 0);
        await env.sleep('280s');
        away = false;
        await env.sleep('11s');
        await answer;
        await env.sleep('10m');
      },
    );
    const { rows } = await database.pool.query('select at_risk_at, breached_at from app.settlements where id = $1', [order.id]);
    expect(rows[0].at_risk_at).not.toBeNull();
    expect(rows[0].breached_at).toBeNull();
  });

  test('a request that waited six minutes before it came to us is late, and says so', async () => {
    const order = nextOrder({}, new Date(Date.now() - 6 * 60_000).toISOString());
    const settlement = await withWorker(env, real, () => announce(env.client, order));
    expect(settlement.withinTarget).toBe(false);
    await until(
      'the task',
      async () => (await count("select count(*) from app.tasks where settlement_id = $1 and kind = 'breached'", [order.id])) === 1,
    );
  });

  test('a late entry keeps the slip’s time and calls nobody', async () => {
    const receivedAt = new Date(Date.now() - 3 * 3_600_000).toISOString();
    const order = nextOrder({ lateEntry: { slip: '17', receivedAt } }, receivedAt);
    const settlement = await withWorker(env, real, () => announce(env.client, order));
    expect(settlement).toMatchObject({ lateEntry: true, withinTarget: false, receivedAt });
    expect(await count("select count(*) from app.tasks where settlement_id = $1 and kind = 'breached'", [order.id])).toBe(0);
  });
});

describe('a step that fails', () => {
  const shapes: [string, () => Activities, (calls: () => number) => void][] = [
    ['an error of a quick attempt', () => failingTwice(() => new Error('connection terminated')), () => undefined],
    ['a retryable application failure', () => failingTwice(() => ApplicationFailure.retryable('busy', 'Busy')), () => undefined],
  ];
  let failures = 0;
  function failingTwice(failure: () => Error): Activities {
    failures = 0;
    return gate('issue', () => failures++ < 2, failure);
  }
  test.each(shapes)('%s: goes on as a durable activity', async (_name, activities) => {
    const order = nextOrder();
    const settlement = await withWorker(env, activities(), () => announce(env.client, order));
    expect(settlement.steps.find((step) => step.name === 'issueBill')?.attempts).toBe(3);
    const history = await handle(order).fetchHistory();
    const durable = history.events
      ?.filter((event) => event.activityTaskScheduledEventAttributes)
      .map((event) => event.activityTaskScheduledEventAttributes?.activityType?.name);
    expect(durable).toEqual(['issue']);
  });

  test('a quick attempt that hangs: its time-out leads to the durable one, and both bodies leave one bill', async () => {
    const order = nextOrder();
    let calls = 0;
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    const original = real.issue as (...args: unknown[]) => Promise<unknown>;
    const late: Promise<unknown>[] = [];
    const hanging: Activities = {
      ...real,
      issue: ((...args: unknown[]) => {
        if (calls++ >= 2) return original(...args);
        // the timed-out body is still alive and writes later
        const body = held.then(() => original(...args));
        late.push(body.catch(() => undefined));
        return body;
      }) as Activities['issue'],
    };
    const settlement = await withWorker(env, hanging, async () => {
      const answer = await announce(env.client, order);
      release();
      await Promise.all(late);
      return answer;
    });
    expect(calls).toBeGreaterThanOrEqual(2);
    expect(settlement.status).toBe('announced');
    expect(await count('select count(*) from app.bills where settlement_id = $1', [order.id])).toBe(1);
    expect((await stored(order.id)).bill?.number).toBe(settlement.bill?.number);
  });

  test('a final failure of a quick attempt ends the run as an expected end', async () => {
    const first = nextOrder();
    // the id is known to Postgres from a run that Temporal has forgotten
    await createSettlementStore(database.pool).register(first, 'forgotten-run');
    const failure = await withWorker(env, real, () => failureOf(announce(env.client, first)));
    expect(failure.type).toBe('SETTLEMENT_EXISTS');
    await expect(handle(first).result()).rejects.toThrow();
  });

  test('a final failure of the durable attempt arrives in the same shape', async () => {
    const order = nextOrder();
    await createSettlementStore(database.pool).register(order, 'forgotten-run');
    let calls = 0;
    const failure = await withWorker(
      env,
      gate('issue', () => calls++ < 2),
      () => failureOf(announce(env.client, order)),
    );
    expect(failure.type).toBe('SETTLEMENT_EXISTS');
  });

  test('cancelled while a step waits: the workflow is cancelled, not retried', async () => {
    const order = nextOrder();
    await withWorker(
      env,
      gate('assess', () => true),
      async () => {
        const answer = announce(env.client, order).catch(() => undefined);
        await until('the durable attempt', async () => ((await handle(order).describe()).raw.pendingActivities?.length ?? 0) > 0);
        await handle(order).cancel();
        await expect(handle(order).result()).rejects.toThrow(/cancel/i);
        await answer;
      },
    );
    expect((await handle(order).describe()).status.name).toBe('CANCELLED');
  });

  test('the answer of what was committed is lost: the durable attempt reads it back, and nothing is issued twice', async () => {
    const order = nextOrder();
    let lost = 0;
    const first: unknown[] = [];
    const losing: Activities = {
      ...real,
      issue: async (...args) => {
        const issued = await real.issue(...args);
        first.push(issued);
        if (lost++ < 2) throw new Error('connection terminated');
        return issued;
      },
    };
    const settlement = await withWorker(env, losing, () => announce(env.client, order));
    const [one, two, three] = first as Awaited<ReturnType<Activities['issue']>>[];
    expect([two, three]).toEqual([one, one]);
    expect(settlement.bill).toEqual(one?.bill);
    expect(settlement.postings).toHaveLength(2);
    expect(settlement.steps).toEqual((await stored(order.id)).steps);
    expect(settlement.steps.map(({ name, attempts }) => [name, attempts])).toEqual(STEP_NAMES.map((name) => [name, 1]));
    for (const table of ['bills', 'postings', 'events', 'steps'])
      expect([table, await count(`select count(*) from app.${table} where settlement_id = $1`, [order.id])]).toEqual([
        table,
        { bills: 1, postings: 2, events: 4, steps: 7 }[table],
      ]);
  });

  test('slow to be announced, a request is listed by itself, with the time that its registration took', async () => {
    const order = nextOrder();
    let away = true;
    await withWorker(
      env,
      gate('assess', () => away),
      async () => {
        const answer = announce(env.client, order);
        await until(
          'listed',
          async () => (await count("select count(*) from app.settlements where id = $1 and status = 'received'", [order.id])) === 1,
        );
        const [register] = (await stored(order.id)).steps;
        expect(register).toMatchObject({ name: 'register', attempts: 1 });
        away = false;
        await env.sleep('15s');
        const { steps } = await answer;
        expect(steps[0]).toEqual(register);
        expect(steps.map(({ name }) => name)).toEqual([...STEP_NAMES]);
        expect((await stored(order.id)).steps).toEqual(steps);
      },
    );
  });
});

describe('hand-over and the next cycle', () => {
  test('weeks to the cycle: postings handed over once, taken once, settled after the objection days', async () => {
    const order = nextOrder({
      newSubscriber: { name: 'زهرا احمدی', nationalId: '0499370899', from: '1405/09/05' as JalaliDate },
    });
    await withWorker(env, real, async () => {
      const settlement = await announce(env.client, order);
      const cycle = settlement.postings[0]?.cycle as string;
      expect(settlement.postings.map((posting) => posting.kind).sort()).toEqual(['fee', 'nameChange', 'settlement']);
      const delivered = await deliver(order);
      expect(delivered).toMatchObject({ status: 'delivered', delivery: { deliveredTo: 'علی کریمی', channel: 'counter' } });
      // a double click
      expect((await deliver(order)).delivery).toEqual(delivered.delivery);

      const closing = Date.parse(endOfDay(settlement.postings[0]?.dueOn as JalaliDate));
      await env.sleep(closing - (await env.currentTimeMs()) - 3_600_000);
      await open(order, '99-1405-01');
      await open(order, cycle);
      await open(order, cycle);
      await until('handed over', async () => (await handle(order).query(settlementState)).status === 'handedOver');
      expect(await count("select count(*) from app.events where settlement_id = $1 and kind = 'cycleOpened'", [order.id])).toBe(1);

      for (const { posting } of settlement.postings) {
        await take(order, posting);
        await take(order, posting);
        await take(order, posting, `again-${posting}`);
      }
      const ended = (await handle(order).result()) as Settlement;
      expect(ended.status).toBe('settled');
      expect(ended.postings.every((posting) => posting.status === 'taken')).toBe(true);
      const { rows } = await database.pool.query('select * from billing.cycles where cycle = $1', [cycle]);
      expect(await env.currentTimeMs()).toBeGreaterThanOrEqual(Date.parse(endOfDay(rows[0].issues_on)));

      await expect(take(order, `${order.id}/fee`, 'late')).rejects.toBeInstanceOf(WorkflowNotFoundError);
      await expect(deliver(order)).rejects.toBeInstanceOf(WorkflowNotFoundError);
      expect(await stored(order.id)).toMatchObject({ status: 'settled' });
      expect(await count("select count(*) from app.events where settlement_id = $1 and kind = 'settled'", [order.id])).toBe(1);
    });
  });

  test('billing acknowledges before it opened the cycle, and before the hand-over to the applicant', async () => {
    const order = nextOrder();
    await withWorker(env, real, async () => {
      const settlement = await announce(env.client, order);
      for (const { posting } of settlement.postings) await take(order, posting);
      await open(order, settlement.postings[0]?.cycle as string);
      await until('taken', async () =>
        (await handle(order).query(settlementState)).postings.every((posting) => posting.status === 'taken'),
      );
      expect((await handle(order).describe()).status.name).toBe('RUNNING');
      await deliver(order);
      expect(((await handle(order).result()) as Settlement).status).toBe('settled');
    });
  });

  test('a cycle that opens while the balance is being computed is not lost', async () => {
    const order = nextOrder();
    let away = true;
    await withWorker(
      env,
      gate('assess', () => away),
      async () => {
        const answer = announce(env.client, order);
        await until('waiting', async () => ((await handle(order).describe()).raw.pendingActivities?.length ?? 0) > 0);
        const { rows } = await database.pool.query(
          `select cycle from billing.cycles c join billing.accounts a using (series) where a.subscription = $1 and c.closes_on >= $2 and c.to_date >= $2 order by closes_on limit 1`,
          [order.facts.subscription, order.facts.settlementDate],
        );
        await open(order, rows[0].cycle);
        const refused = await failureOf(deliver(order));
        expect(refused.type).toBe('NOT_ALLOWED_NOW');
        away = false;
        await env.sleep('15s');
        await answer;
        await until('handed over', async () => (await handle(order).query(settlementState)).status === 'handedOver');
      },
    );
  });

  test('not handed over by the end of the day: a task for the clerk, closed by the hand-over, and its timer with it', async () => {
    const order = nextOrder();
    await withWorker(env, real, async () => {
      await announce(env.client, order);
      await env.sleep('25 hours');
      const tasks = (open: boolean) =>
        count(`select count(*) from app.tasks where settlement_id = $1 and kind = 'deliver' and (closed_at is null) = $2`, [
          order.id,
          open,
        ]);
      await until('the task', async () => (await tasks(true)) === 1);
      const timer = env.client.workflow.getHandle(taskWorkflowId(taskId('deliver', order.id)));
      await until('its timer', async () => (await timer.describe()).status.name === 'RUNNING');
      await deliver(order);
      expect(await tasks(false)).toBe(1);
      await timer.result();
      const { rows } = await database.pool.query(
        "select closed_by, outcome, escalated_at from app.tasks where settlement_id = $1 and kind = 'deliver'",
        [order.id],
      );
      expect(rows).toEqual([{ closed_by: null, outcome: 'delivered', escalated_at: null }]);
    });
  });

  test('handed over in the very moment in which the task opens: it does not stay open', async () => {
    const order = nextOrder();
    const { openTask } = real;
    const opening: Activities = {
      ...real,
      // the day's end and the hand-over at once: the delivery is on record before the task is
      openTask: async (input) => {
        await real.recordDelivery({ id: order.id, deliveredTo: 'علی کریمی', channel: 'counter', by: order.clerk });
        return openTask(input);
      },
    };
    await withWorker(env, opening, async () => {
      await announce(env.client, order);
      await env.sleep('25 hours');
      await until(
        'closed',
        async () =>
          (await count("select count(*) from app.tasks where settlement_id = $1 and kind = 'deliver' and outcome = 'delivered'", [
            order.id,
          ])) === 1,
      );
    });
  });
});

test('every history that this run made replays on this code, through the JSON in which it is kept', async () => {
  expect(histories.length).toBeGreaterThan(15);
  // with several copies of protobufjs installed neither direction works
  const kept = histories.map(({ workflowId, history }) => ({ workflowId, history: throughJson(history) }));
  const results: unknown[] = [];
  for await (const result of Worker.runReplayHistories({ workflowBundle: { codePath: WORKFLOW_BUNDLE } }, kept)) {
    if (result.error) results.push([result.workflowId, result.error]);
  }
  expect(results).toEqual([]);
}, 120_000);
