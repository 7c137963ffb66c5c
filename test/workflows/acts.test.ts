/* No act ends its workflow, whatever it throws and however: who asked hears it, all else is tried again and is a task meanwhile. */
import { WorkflowUpdateFailedError } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { DefaultLogger, Worker, bundleWorkflowCode } from '@temporalio/worker';
import type { Activities } from '../../src/activities/index.js';
import type { CorrectiveAction } from '../../src/domain/correction/corrective-action.js';
import { addDays, yearOf } from '../../src/domain/calendar/jalali.js';
import { billingCycleWorkflowId, endOfDay } from '../../src/domain/outbox/cycle.js';
import { type Operator, type Settlement, type SettlementOrder, settlementWorkflowId } from '../../src/domain/settlement/settlement.js';
import { taskWorkflowId } from '../../src/domain/settlement/task.js';
import { createTaskDesk } from '../../src/activities/task-desk.js';
import { createMessenger } from '../../src/temporal/messenger.js';
import { createCorrectiveActionStore } from '../../src/store/corrective-actions.js';
import { createPostingStore } from '../../src/store/postings.js';
import { createTariffStore } from '../../src/store/tariffs.js';
import { createTaskStore } from '../../src/store/tasks.js';
import {
  TASK_QUEUE,
  billingCycleOpened,
  cancelSettlement,
  confirmDelivery,
  confirmRefund,
  outboxChanged,
  paymentReceived,
  postingTaken,
  reportError,
  requestRefund,
  settlementState,
  submitCorrection,
  takeAct,
  verifyCorrection,
  withdrawCorrection,
} from '../../src/workflows/messages.js';
import { WAYS, type Way, ask, beside, done, end, say } from './acts-workflow.js';
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

const person = (id: string, role: Operator['role']): Operator => ({ id, name: id, role, office: '01' });
const CLERK = person('clerk-1', 'clerk');
const SUPERVISOR = person('supervisor-1', 'supervisor');
const SECOND_SUPERVISOR = person('supervisor-2', 'supervisor');
const QUALITY = person('quality-1', 'quality');

let database: Awaited<ReturnType<typeof startDatabase>>;
let env: TestWorkflowEnvironment;
let real: Activities;
let accounts: { subscription: string; reading: number }[];
beforeAll(async () => {
  database = await startDatabase(60);
  accounts = await householdAccounts(database.pool);
}, 120_000);
afterAll(() => database?.stop());
beforeEach(async () => {
  env = await timeSkippingServer();
  real = realActivities(database.pool, createMessenger(env.client, { taskQueue: TASK_QUEUE }));
});
afterEach(async () => {
  await endWorkers();
  await env.teardown();
});

function nextOrder(): SettlementOrder {
  const { subscription, reading } = accounts.shift() as { subscription: string; reading: number };
  return orderFor(subscription, reading + 40);
}
const handle = (order: SettlementOrder) => env.client.workflow.getHandle(settlementWorkflowId(order.id));
const state = (order: SettlementOrder): Promise<Settlement> => handle(order).query(settlementState);
async function until<T>(what: string, of: () => Promise<T>, holds: (value: T) => boolean): Promise<T> {
  let last: T | undefined;
  for (let left = 400; left > 0; left--) {
    last = await of();
    if (holds(last)) return last;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new Error(`never came: ${what}: ${JSON.stringify(last)}`);
}
async function failureOf(promise: Promise<unknown>): Promise<string | undefined | null> {
  const error: unknown = await promise.then(
    () => new Error('was answered'),
    (failure: unknown) => failure,
  );
  if (!(error instanceof WorkflowUpdateFailedError) || !(error.cause instanceof ApplicationFailure)) throw error;
  return error.cause.type;
}
interface FailedAct {
  id: string;
  act: string;
  failure: string;
  closed: boolean;
}
async function failedActs(about: string): Promise<FailedAct[]> {
  const { rows } = await database.pool.query<FailedAct>(
    `select id, detail->>'act' as act, detail->>'failure' as failure, closed_at is not null as closed from app.tasks
     where kind = 'actFailed' and id like 'actFailed.' || $1 || '%' order by since, id`,
    [about],
  );
  return rows;
}
/** The real steps, of which those named fail for good, each so often. */
function failing(times: Partial<Record<keyof Activities, number>>): Activities {
  return {
    ...real,
    ...Object.fromEntries(
      Object.keys(times).map((name) => [
        name,
        async (...args: unknown[]) => {
          const step = name as keyof Activities;
          const left = times[step] ?? 0;
          if (left > 0) {
            times[step] = left - 1;
            throw ApplicationFailure.nonRetryable('no', 'STEP_FAILED');
          }
          return (real[step] as (...args: unknown[]) => Promise<unknown>)(...args);
        },
      ]),
    ),
  };
}

let held: Promise<void> | null = null;
let entered: () => void = () => undefined;
/** The real steps; `fetchPayments` waits while `held`. */
function holding(): Activities {
  return {
    ...real,
    async fetchPayments(input) {
      entered();
      await held;
      return real.fetchPayments(input);
    },
  };
}
/** What acts come to that reach the settlement in one workflow task: they are sent while a step runs. */
async function together(order: SettlementOrder, acts: (() => Promise<unknown>)[]): Promise<unknown[]> {
  const running = new Promise<void>((resolve) => (entered = resolve));
  let release = (): void => undefined;
  held = new Promise<void>((resolve) => (release = resolve));
  await handle(order).signal(paymentReceived, { eventId: `held-${Math.random()}`, reference: 'held' });
  await running;
  const answers = acts.map(async (act) => {
    const answer = act();
    return answer.then(
      () => 'done',
      () => failureOf(answer),
    );
  });
  // they went by the same connection before this
  await handle(order).describe();
  release();
  return Promise.all(answers);
}

describe('the loop itself', () => {
  let code: string;
  beforeAll(async () => {
    ({ code } = await bundleWorkflowCode({
      workflowsPath: require.resolve('./acts-workflow.ts'),
      logger: new DefaultLogger('ERROR'),
      webpackConfigHook: (config) => ({
        ...config,
        resolve: { ...config.resolve, extensionAlias: { '.js': ['.ts', '.js'] } },
      }),
    }));
  }, 120_000);
  const withActs = async (act: () => Promise<void>): Promise<void> => {
    const worker = await Worker.create({
      connection: env.nativeConnection,
      namespace: 'default',
      taskQueue: 'acts',
      workflowBundle: { code },
      activities: real,
    });
    await withWorker(env, real, () => worker.runUntil(act()));
  };

  test('whatever an act throws and however, the loop goes on', async () => {
    await withActs(async () => {
      const loop = await env.client.workflow.start('acts', { workflowId: 'acts', taskQueue: 'acts', args: ['loop'] });
      for (const way of WAYS) {
        expect([way, await failureOf(loop.executeUpdate(ask, { args: [way] }))]).toEqual([
          way,
          way.endsWith('failure') ? 'NO_WAY' : 'ACT_FAILED',
        ]);
        await loop.signal(say, way);
        await loop.signal(beside, way);
      }
      expect(await loop.executeUpdate(ask, { args: [null] })).toBe('asked');
      const open = await until(
        'a task for each failed act',
        () => failedActs('loop.'),
        (tasks) => tasks.length === 2 * WAYS.length,
      );
      expect(open.every(({ closed }) => !closed)).toBe(true);
      expect(new Map(open.map(({ act, failure }) => [act, failure])).get('say sync TypeError')).toBe('TypeError');
      expect(new Map(open.map(({ act, failure }) => [act, failure])).get('beside async failure')).toBe('NO_WAY');

      // it does not end while something is to be tried again
      await loop.signal(end);
      const log = (await loop.result()) as string[];
      expect(log.filter((each) => each === 'disturbed')).toHaveLength(WAYS.length);
      const passed = (name: string): string[] => log.filter((each) => each.startsWith(name)).sort();
      const each = (name: string): string[] => WAYS.map((way: Way) => `${name} ${way}`).sort();
      expect([passed('said'), passed('beside')]).toEqual([each('said'), each('beside')]);
      expect((await failedActs('loop.')).every(({ closed }) => closed)).toBe(true);
    });
  }, 120_000);

  test('a step that must pass is repeated, not given up', async () => {
    await withActs(async () => {
      expect(await env.client.workflow.execute('persists', { workflowId: 'persists', taskQueue: 'acts', args: ['persists'] })).toBe(3);
      expect(await failedActs('persists.')).toMatchObject([{ act: 'step', closed: true }]);
    });
  }, 120_000);

  test('two acts in one task: the second is heard as well', async () => {
    const loop = await env.client.workflow.start('acts', { workflowId: 'acts-two', taskQueue: 'acts', args: ['two'] });
    const both = [failureOf(loop.executeUpdate(ask, { args: ['sync TypeError'] })), loop.executeUpdate(ask, { args: [null] })];
    await withActs(async () => {
      expect(await Promise.all(both)).toEqual(['ACT_FAILED', 'asked']);
      expect(await loop.query(done)).toContain('asked');
    });
  }, 120_000);
});

describe('settlement', () => {
  test('of two who act on one correction at the same moment the second hears what happened, and the settlement goes on', async () => {
    const order = nextOrder();
    const reading = (order.facts.reading ?? 0) - 10;
    const report = () =>
      handle(order).executeUpdate(reportError, {
        args: [{ kind: 'reading', cause: 'clerk', description: 'رقم اشتباه خوانده شد', by: SUPERVISOR }],
      });
    const submit = (n: number) =>
      handle(order).executeUpdate(submitCorrection, { args: [{ n, by: CLERK, corrected: { reading: reading + n }, basis: 'first' }] });
    const verify = (n: number, by: Operator, accepted: boolean) => () =>
      handle(order).executeUpdate(verifyCorrection, { args: [{ n, by, accepted, note: null }] });
    const answers = async (acts: (() => Promise<unknown>)[]): Promise<unknown[]> => (await together(order, acts)).sort();
    await withWorker(env, holding(), async () => {
      await announce(env.client, order);
      await report();
      expect(await answers([() => submit(1), () => submit(1)])).toEqual(['NOT_ALLOWED_NOW', 'done']);
      expect(await answers([verify(1, SUPERVISOR, false), verify(1, SECOND_SUPERVISOR, false)])).toEqual(['NOT_ALLOWED_NOW', 'done']);
      await submit(1);
      expect(await answers([verify(1, SUPERVISOR, true), verify(1, SECOND_SUPERVISOR, true)])).toEqual(['NOT_ALLOWED_NOW', 'done']);
      await report();
      const withdraw = () => handle(order).executeUpdate(withdrawCorrection, { args: [{ n: 2, by: CLERK, note: null }] });
      expect(await answers([withdraw, withdraw])).toEqual(['NOT_ALLOWED_NOW', 'done']);
      const cancel = () => handle(order).executeUpdate(cancelSettlement, { args: [{ reason: 'درخواست', by: SUPERVISOR }] });
      expect(await state(order)).toMatchObject({ revision: 2, corrections: [{ status: 'issued' }, { status: 'withdrawn' }] });
      expect(await answers([cancel, cancel])).toEqual(['NOT_ALLOWED_NOW', 'done']);
      expect(await handle(order).result()).toMatchObject({ status: 'cancelled' });
    });
  }, 120_000);

  test('a signal’s step that fails for good is tried again and is a task meanwhile; the others go on', async () => {
    const order = nextOrder();
    const times = { fetchPayments: 1, lookAtOutbox: 1, handOver: 1, recordOutcome: 1, closeDue: 1, settle: 1, openTask: 1, markDelay: 1 };
    await withWorker(env, failing(times), async () => {
      // breached at once, and nobody hands the bill over today
      const late = { ...order, receivedAt: new Date(Date.now() - 600_000).toISOString() };
      const { postings } = await announce(env.client, late);
      const [posting] = postings;
      await handle(order).signal(paymentReceived, { eventId: 'p-1', reference: 'p-1' });
      await handle(order).signal(outboxChanged);
      const opening = { eventId: `open-${order.id}`, cycle: posting?.cycle as string, closesOn: posting?.dueOn as string };
      await createPostingStore(database.pool).openCycle({ ...opening, by: person('billing-1', 'billing') });
      await handle(order).signal(billingCycleOpened, opening);
      const acts = ['تأخیر: وظیفه برای سرپرست', 'پرداخت', 'نگاه دوباره به اقلام', 'باز شدن دوره'];
      await until(
        'a task for each failed act',
        () => failedActs(order.id),
        (tasks) => acts.every((act) => tasks.some((task) => task.act === act && task.failure === 'STEP_FAILED')),
      );
      expect((await state(order)).status).toBe('announced');
      await env.sleep('2 minutes');
      await until(
        'handed over after all',
        () => state(order),
        ({ status }) => status === 'handedOver',
      );
      for (const each of postings)
        await handle(order).signal(postingTaken, { eventId: `take-${each.posting}`, posting: each.posting, billSerial: 'B-1' });
      await env.sleep('2 minutes');
      await until(
        'taken after all',
        () => state(order),
        (now) => now.postings.every(({ status }) => status === 'taken'),
      );
      await handle(order).executeUpdate(confirmDelivery, { args: [{ deliveredTo: 'علی', channel: 'counter', by: CLERK }] });
      expect(await handle(order).result()).toMatchObject({ status: 'settled' });
      expect(times).toMatchObject({ fetchPayments: 0, lookAtOutbox: 0, handOver: 0, recordOutcome: 0, settle: 0, markDelay: 0 });
      expect((await failedActs(order.id)).map(({ closed }) => closed)).not.toContain(false);
    });
  }, 120_000);

  test('what comes malformed fails alone', async () => {
    const order = nextOrder();
    await withWorker(env, real, async () => {
      await announce(env.client, order);
      for (const signal of ['billingCycleOpened', 'postingTaken', 'postingRefused', 'postingRetracted', 'paymentReceived'])
        await handle(order).signal(signal);
      expect(await failureOf(handle(order).executeUpdate('announceBalance', { args: [{}] }))).toBe('ACT_FAILED');
      await until(
        'a task for each',
        () => failedActs(order.id),
        (tasks) => tasks.length === 5,
      );
      expect((await state(order)).status).toBe('announced');
      await handle(order).executeUpdate(confirmDelivery, { args: [{ deliveredTo: 'علی', channel: 'counter', by: CLERK }] });
      expect((await handle(order).describe()).status.name).toBe('RUNNING');
    });
  }, 120_000);

  test('an act’s step that fails for good fails that act alone; what it left half done is looked at again', async () => {
    const order = nextOrder();
    const times = {
      recordDelivery: 1,
      reportError: 1,
      submitCorrection: 1,
      reissueBill: 1,
      fetchPayments: 1,
      cancelSettlement: 1,
      requestRefund: 0,
    };
    await withWorker(env, failing(times), async () => {
      await announce(env.client, order);
      const report = () =>
        handle(order).executeUpdate(reportError, {
          args: [{ kind: 'reading', cause: 'clerk', description: 'رقم اشتباه خوانده شد', by: SUPERVISOR }],
        });
      const submit = () =>
        handle(order).executeUpdate(submitCorrection, {
          args: [{ n: 1, by: CLERK, corrected: { reading: (order.facts.reading ?? 0) - 10 }, basis: 'first' }],
        });
      const verify = () => handle(order).executeUpdate(verifyCorrection, { args: [{ n: 1, by: SUPERVISOR, accepted: true, note: null }] });
      const deliver = () => handle(order).executeUpdate(confirmDelivery, { args: [{ deliveredTo: 'علی', channel: 'counter', by: CLERK }] });
      for (const act of [deliver, report, submit]) {
        expect(await failureOf(act())).toBe('STEP_FAILED');
        await act();
      }
      expect(await failureOf(verify())).toBe('STEP_FAILED');
      // it is decided: what is left comes by itself, though the payments cannot be read at first
      expect(await failureOf(verify())).toBe('NOT_ALLOWED_NOW');
      expect(await failedActs(order.id)).toMatchObject([{ act: 'صدور ویرایش 2 صورتحساب', failure: 'STEP_FAILED', closed: false }]);
      await env.sleep('2 minutes');
      const { postings } = await until(
        'the outbox of the second revision',
        () => state(order),
        (now) => now.postings.some(({ posting }) => posting.endsWith('/settlement/2')),
      );
      expect(postings.find(({ posting }) => posting.endsWith('/settlement'))?.status).toBe('replaced');
      expect(await state(order)).toMatchObject({ revision: 2, status: 'delivered', corrections: [{ status: 'issued' }] });
      await env.sleep('5 minutes');
      await until(
        'nothing is left',
        () => failedActs(order.id),
        (tasks) => tasks.every(({ closed }) => closed),
      );
      expect(times).toMatchObject({ fetchPayments: 0, reissueBill: 0 });
      expect(await failureOf(handle(order).executeUpdate(requestRefund, { args: [{ reason: '', by: SUPERVISOR }] }))).toBe(
        'NOT_ALLOWED_NOW',
      );
      expect(await failureOf(handle(order).executeUpdate(confirmRefund, { args: [{ by: SUPERVISOR }] }))).toBe('NOT_ALLOWED_NOW');
      const cancel = () => handle(order).executeUpdate(cancelSettlement, { args: [{ reason: 'درخواست', by: SUPERVISOR }] });
      expect(await failureOf(cancel())).toBe('STEP_FAILED');
      expect(await cancel()).toMatchObject({ status: 'cancelled' });
      expect(await handle(order).result()).toMatchObject({ status: 'cancelled' });
    });
  }, 120_000);
});

test('corrective action: a step that fails for good is tried again, an act’s fails that act alone', async () => {
  const opened: CorrectiveAction = await realAction();
  const times = { openActionStep: 1, recordAct: 1 };
  await withWorker(env, failing(times), async () => {
    const action = await env.client.workflow.start('correctiveAction', {
      workflowId: `correctiveAction/${opened.n}`,
      taskQueue: TASK_QUEUE,
      args: [opened],
    });
    await until(
      'a task',
      () => failedActs(`action-${opened.n}.`),
      (tasks) => tasks.length === 1,
    );
    const call = () =>
      action.executeUpdate(takeAct, { args: [{ act: { act: 'call', on: addDays(today(), 2), participants: ['سرپرست'] }, by: QUALITY }] });
    expect(await failureOf(call())).toBe('STEP_FAILED');
    expect(await call()).toMatchObject({ status: 'called' });
    await env.sleep('2 minutes');
    await until(
      'the task is closed',
      () => failedActs(`action-${opened.n}.`),
      (tasks) => tasks.every(({ closed }) => closed),
    );
    expect((await action.describe()).status.name).toBe('RUNNING');
  });
}, 120_000);

/** As an office's repeated errors open it. */
async function realAction(): Promise<CorrectiveAction> {
  const actions = createCorrectiveActionStore(database.pool);
  const { action } = await actions.open({
    scope: 'office',
    subject: '01',
    office: '01',
    month: today().slice(0, 7),
    openedAt: new Date().toISOString(),
    errors: null,
    threshold: null,
    openedBy: { id: QUALITY.id, name: QUALITY.name, role: QUALITY.role },
    reason: 'خطاهای تکراری',
  });
  return action;
}

test('task: a step that fails for good is tried again, and its details say so', async () => {
  const tasks = createTaskStore(database.pool);
  const desk = createTaskDesk({
    tasks,
    tariffs: createTariffStore(database.pool),
    messenger: createMessenger(env.client, { taskQueue: TASK_QUEUE }),
  });
  const times = { escalateTask: 2 };
  await withWorker(env, failing(times), async () => {
    const dueAt = new Date((await env.currentTimeMs()) + 3_600_000).toISOString();
    const { id } = await desk.open({ kind: 'meterReversed', office: '01', subject: 'acts', dueAt });
    await env.sleep('26 hours');
    await until(
      'escalated',
      () => tasks.get(id),
      (task) => task?.escalatedAt !== null,
    );
    expect(times.escalateTask).toBe(0);
    await desk.close(id, { by: null, outcome: 'done' });
    await env.client.workflow.getHandle(taskWorkflowId(id)).result();
  });
}, 120_000);

test('cycle and acknowledgement: a step that fails for good is tried again and is a task meanwhile', async () => {
  const times = { tellWaiting: 1, cycleCounts: 1, closeCycle: 1, tellOutcomes: 1, tellCycle: 1 };
  await withWorker(env, failing(times), async () => {
    const closesOn = addDays(today(), 1);
    const cycle = `95-${yearOf(closesOn)}-01`;
    await createPostingStore(database.pool).openCycle({ cycle, eventId: `open-${cycle}`, closesOn, by: person('billing-1', 'billing') });
    const report = await env.client.workflow.execute('billingCycle', {
      workflowId: billingCycleWorkflowId(cycle),
      taskQueue: TASK_QUEUE,
      args: [{ opened: { cycle, eventId: `open-${cycle}`, closesOn }, closesAt: endOfDay(closesOn) }],
    });
    expect(report).toMatchObject({ due: 0, late: 0 });
    await env.client.workflow.execute('acknowledgement', {
      workflowId: `acknowledgement/${cycle}`,
      taskQueue: TASK_QUEUE,
      args: [{ eventId: 'none', cycle }],
    });
    expect(times).toEqual({ tellWaiting: 0, cycleCounts: 0, closeCycle: 0, tellOutcomes: 0, tellCycle: 0 });
    expect((await failedActs(`cycle-${cycle}`)).map(({ act, closed }) => [act, closed])).toEqual([
      ['خبر به تسویه‌های در انتظار دوره', true],
      ['شمارش اقلام دوره', true],
      ['پایان دوره و گزارش آن', true],
    ]);
    expect(await failedActs(`acknowledgement-${cycle}`)).toMatchObject([{ closed: true }, { closed: true }]);
  });
}, 120_000);
