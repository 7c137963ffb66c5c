import { WorkflowNotFoundError, WorkflowUpdateFailedError } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import type { Activities } from '../../src/activities/index.js';
import { createTaskDesk } from '../../src/activities/task-desk.js';
import { rebuildSettlements } from '../../src/operations/rebuild.js';
import { isOpenCorrection } from '../../src/domain/correction/correction.js';
import { type JalaliDate, todayInTehran } from '../../src/domain/calendar/jalali.js';
import { type Operator, type Settlement, type SettlementOrder, settlementWorkflowId } from '../../src/domain/settlement/settlement.js';
import { taskWorkflowId } from '../../src/domain/settlement/task.js';
import { createMessenger } from '../../src/temporal/messenger.js';
import { createSettlementWorkflows } from '../../src/temporal/workflow-client.js';
import { createCorrectionStore } from '../../src/store/corrections.js';
import { createPaymentStore } from '../../src/store/payments.js';
import { type PostingStore, createPostingStore } from '../../src/store/postings.js';
import { createSettlementStore } from '../../src/store/settlements.js';
import { createTariffStore } from '../../src/store/tariffs.js';
import { createTaskStore } from '../../src/store/tasks.js';
import { verifyBills } from '../../src/operations/verify.js';
import {
  TASK_QUEUE,
  approveCorrection,
  billingCycleOpened,
  cancelSettlement,
  confirmDelivery,
  confirmRefund,
  paymentReceived,
  postingRefused,
  postingRetracted,
  postingTaken,
  reportError,
  requestRefund,
  settlementState,
  submitCorrection,
  verifyCorrection,
  withdrawCorrection,
} from '../../src/workflows/messages.js';
import {
  announce,
  endWorkers,
  householdAccounts,
  orderFor,
  realActivities,
  startDatabase,
  timeSkippingServer,
  withWorker,
} from './stage.js';

const person = (id: string, role: Operator['role']): Operator => ({ id, name: id, role, office: '01' });
const CLERK = person('clerk-1', 'clerk');
const OTHER_CLERK = person('clerk-2', 'clerk');
const SUPERVISOR = person('supervisor-1', 'supervisor');
const SECOND_SUPERVISOR = person('supervisor-2', 'supervisor');
const APPROVER = person('approver-1', 'approver');

let database: Awaited<ReturnType<typeof startDatabase>>;
let postings: PostingStore;
let env: TestWorkflowEnvironment;
let real: Activities;
let accounts: { subscription: string; reading: number }[];

beforeAll(async () => {
  database = await startDatabase(200);
  postings = createPostingStore(database.pool);
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

function nextOrder(change: Partial<SettlementOrder['facts']> = {}): SettlementOrder {
  const account = accounts.shift();
  if (!account) throw new Error('no account left');
  return orderFor(account.subscription, account.reading + 40, change);
}
const handle = (order: SettlementOrder) => env.client.workflow.getHandle(settlementWorkflowId(order.id));
const state = (order: SettlementOrder): Promise<Settlement> => handle(order).query(settlementState);
const stored = async (id: string): Promise<Settlement> =>
  (await createSettlementStore(database.pool).get(id, { office: null })) as Settlement;
async function failureOf(promise: Promise<unknown>): Promise<string | undefined | null> {
  const error: unknown = await promise.then(
    () => new Error('was answered'),
    (failure: unknown) => failure,
  );
  if (!(error instanceof WorkflowUpdateFailedError) || !(error.cause instanceof ApplicationFailure)) throw error;
  return error.cause.type;
}
async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  for (let left = 200; left > 0; left--) {
    if (await holds()) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`never came: ${what}`);
}
const report = (order: SettlementOrder, change: object = {}) =>
  handle(order).executeUpdate(reportError, {
    args: [{ kind: 'reading', cause: 'clerk', description: 'رقم اشتباه خوانده شد', by: SUPERVISOR, ...change }],
  });
const submit = (order: SettlementOrder, n: number, reading: number, by = CLERK) =>
  handle(order).executeUpdate(submitCorrection, { args: [{ n, by, corrected: { reading }, basis: 'first' }] });
const verify = (order: SettlementOrder, n: number, by = SUPERVISOR, accepted = true) =>
  handle(order).executeUpdate(verifyCorrection, { args: [{ n, by, accepted, note: null }] });
const kinds = ({ postings: all }: Settlement) =>
  Object.fromEntries(all.map(({ posting, status, amount }) => [posting.split('/').slice(1).join('/'), [status, amount]]));

test('error → referral → correction → verification → the next revision; what billing does not hold is replaced', async () => {
  const order = nextOrder();
  await withWorker(env, real, async () => {
    const first = await announce(env.client, order);
    const reading = (order.facts.reading ?? 0) - 10;
    expect(await report(order)).toMatchObject({
      n: 1,
      status: 'referred',
      owner: { role: 'clerk', user: 'clerk-1' },
      reportedBy: 'supervisor-1',
    });
    // only its owner, or a supervisor
    expect(await failureOf(submit(order, 1, reading, OTHER_CLERK))).toBe('NOT_THE_OWNER');
    const { comparison } = await submit(order, 1, reading);
    const bill = first.bill as NonNullable<Settlement['bill']>;
    expect(comparison.total.before).toBe(bill.total);
    expect(comparison.difference).toBe(comparison.total.after - bill.total);
    expect(comparison.difference).toBeLessThan(0);
    // case 29: every line of the old bill is there
    expect(comparison.lines.filter(({ before }) => before !== null)).toHaveLength(bill.lines.length);
    // another person verifies
    expect(await failureOf(verify(order, 1, CLERK))).toBe('SECOND_PERSON_NEEDED');
    const second = await verify(order, 1);
    expect(second).toMatchObject({
      revision: 2,
      facts: { reading },
      bill: { revision: 2, total: comparison.total.after },
      corrections: [{ n: 1, status: 'issued', revision: 2 }],
    });
    expect(second.bill?.number).not.toBe(bill.number);
    expect(kinds(second)).toEqual({
      settlement: ['replaced', bill.total],
      'settlement/2': ['waiting', comparison.total.after],
      fee: ['waiting', bill.fee?.amount],
    });
    const { rows } = await database.pool.query('select revision, void from app.bills where settlement_id = $1 order by 1', [order.id]);
    expect(rows).toEqual([
      { revision: 1, void: true },
      { revision: 2, void: false },
    ]);
    expect(await stored(order.id)).toMatchObject({ revision: 2, facts: { reading }, corrections: [{ status: 'issued' }] });
    // who was second hears that it is done
    expect(await failureOf(verify(order, 1, SECOND_SUPERVISOR))).toBe('NOT_ALLOWED_NOW');
  });
});

test('after billing took the postings a difference follows, line by line, and no second fee', async () => {
  const order = nextOrder();
  await withWorker(env, real, async () => {
    const first = await announce(env.client, order);
    for (const { posting } of first.postings)
      await handle(order).signal(postingTaken, { eventId: `take-${posting}`, posting, billSerial: 'B-1' });
    await until('taken', async () => (await state(order)).postings.every(({ status }) => status === 'taken'));
    await report(order);
    const { comparison } = await submit(order, 1, (order.facts.reading ?? 0) + 7);
    const second = await verify(order, 1);
    expect(kinds(second)).toEqual({
      settlement: ['taken', first.bill?.total],
      fee: ['taken', first.bill?.fee?.amount],
      'difference/2': ['waiting', comparison.difference],
    });
    const { rows } = await database.pool.query<{ lines: Record<string, number> }>(
      `select detail->'lines' as lines from app.postings where posting = $1`,
      [`${order.id}/difference/2`],
    );
    expect(Object.values(rows[0]?.lines ?? {}).reduce((sum, amount) => sum + amount, 0)).toBe(comparison.difference);

    // a further correction before that difference is taken replaces it: billing gets one difference to what it holds
    await report(order);
    const again = await submit(order, 2, (order.facts.reading ?? 0) + 9);
    const third = await verify(order, 2);
    expect(kinds(third)).toMatchObject({
      'difference/2': ['replaced', comparison.difference],
      'difference/3': ['waiting', comparison.difference + again.comparison.difference],
    });

    await until(
      'how many errors there were, for the Temporal UI',
      async () => (await handle(order).describe()).searchAttributes['corrections']?.[0] === 2,
    );

    const waiting = third.postings.find(({ status }) => status === 'waiting') as Settlement['postings'][number];
    await handle(order).executeUpdate(confirmDelivery, { args: [{ deliveredTo: 'علی', channel: 'counter', by: CLERK }] });
    await postings.openCycle({
      cycle: waiting.cycle as string,
      eventId: `open-${order.id}`,
      closesOn: waiting.dueOn as string,
      by: person('b', 'billing'),
    });
    await handle(order).signal(billingCycleOpened, {
      eventId: `open-${order.id}`,
      cycle: waiting.cycle as string,
      closesOn: waiting.dueOn as string,
    });
    await handle(order).signal(postingTaken, { eventId: 'take-3', posting: waiting.posting, billSerial: 'B-2' });
    expect(((await handle(order).result()) as Settlement).status).toBe('settled');
  });
});

test('above the set amount the approver is asked; a rejected submission goes back', async () => {
  const order = nextOrder({
    confirmations: ['HIGH_CONSUMPTION', 'LOW_CONSUMPTION', 'ZERO_CONSUMPTION'].map((code) => ({ code, reason: 'بررسی شد' })),
  });
  const strict: Activities = {
    ...real,
    decideCorrection: async (input) => ({ ...(await real.decideCorrection(input)), approval: input.decision === 'verified' }),
  };
  await withWorker(env, strict, async () => {
    await announce(env.client, order);
    await report(order);
    await submit(order, 1, (order.facts.reading ?? 0) + 5);
    expect((await verify(order, 1, SUPERVISOR, false)).corrections[0]?.status).toBe('rejected');
    await submit(order, 1, (order.facts.reading ?? 0) + 6);
    expect(await verify(order, 1)).toMatchObject({ revision: 1, corrections: [{ status: 'verified' }] });
    const approve = (by: Operator) =>
      handle(order).executeUpdate(approveCorrection, { args: [{ n: 1, by, accepted: true, note: 'تصویب شد' }] });
    expect(await failureOf(approve(SECOND_SUPERVISOR))).toBe('APPROVER_NEEDED');
    expect(await failureOf(approve({ ...SUPERVISOR, role: 'approver' }))).toBe('SECOND_PERSON_NEEDED');
    expect(await approve(APPROVER)).toMatchObject({ revision: 2, corrections: [{ status: 'issued', approvedBy: 'approver-1' }] });
  });
});

test('several errors go one after another; no change ends without a revision; a finding that blocks keeps nothing', async () => {
  const order = nextOrder();
  await withWorker(env, real, async () => {
    await announce(env.client, order);
    await report(order);
    expect(await report(order, { kind: 'document' })).toMatchObject({ n: 2, status: 'reported' });
    expect(await failureOf(submit(order, 2, 1))).toBe('NOT_ALLOWED_NOW');
    expect(await failureOf(submit(order, 1, 1))).toBe('REJECTED');
    expect((await state(order)).corrections[0]?.status).toBe('referred');
    expect((await submit(order, 1, order.facts.reading ?? 0)).comparison.noChange).toBe(true);
    const after = await verify(order, 1);
    expect(after).toMatchObject({
      revision: 1,
      corrections: [
        { n: 1, status: 'withdrawn' },
        { n: 2, status: 'referred' },
      ],
    });
    const ended = await handle(order).executeUpdate(withdrawCorrection, { args: [{ n: 2, by: SUPERVISOR, note: 'مدرک کامل بود' }] });
    expect(ended.corrections.map(({ status }) => status)).toEqual(['withdrawn', 'withdrawn']);
  });
});

test('what billing refuses is an error with an owner; its end sends the posting again', async () => {
  const order = nextOrder();
  await withWorker(env, real, async () => {
    const { postings: all } = await announce(env.client, order);
    const fee = all.find(({ kind }) => kind === 'fee') as Settlement['postings'][number];
    await handle(order).signal(postingRefused, { eventId: 'refuse-1', posting: fee.posting, reason: 'مصوبه ناشناخته' });
    await until('the correction', async () => (await state(order)).corrections.length === 1);
    expect((await state(order)).corrections[0]).toMatchObject({
      kind: 'other',
      cause: 'system',
      status: 'referred',
      owner: { role: 'supervisor', user: null },
      reportedBy: 'billing',
    });
    const after = await handle(order).executeUpdate(withdrawCorrection, { args: [{ n: 1, by: SUPERVISOR, note: 'مصوبه درست است' }] });
    expect(after.postings.find(({ kind }) => kind === 'fee')).toMatchObject({ status: 'waiting', reason: null });

    // with its refusal taken back billing may be working on what it had: it is not as if nothing had been issued
    await handle(order).signal(postingRetracted, { eventId: 'retract-1', posting: fee.posting });
    await until(
      'heard',
      async () =>
        (await database.pool.query(`select from app.events where settlement_id = $1 and kind = 'retracted'`, [order.id])).rowCount === 1,
    );
    expect(await failureOf(handle(order).executeUpdate(cancelSettlement, { args: [{ reason: 'اشتباه', by: SUPERVISOR }] }))).toBe(
      'POSTINGS_TAKEN',
    );
  });
});

test('an error that a person called `billing` reports is no refusal: billing’s other words leave it alone', async () => {
  const order = nextOrder();
  await withWorker(env, real, async () => {
    const { postings: all } = await announce(env.client, order);
    const fee = all.find(({ kind }) => kind === 'fee') as Settlement['postings'][number];
    // its text begins as a refusal's does
    await report(order, { cause: 'feed', description: `${fee.posting}: نام`, by: person('billing', 'billing') });
    await handle(order).signal(postingTaken, { eventId: 'take-1', posting: `${order.id}/settlement`, billSerial: 'B-1' });
    await until('taken', async () => (await state(order)).postings.some(({ status }) => status === 'taken'));
    await handle(order).signal(postingRefused, { eventId: 'refuse-1', posting: fee.posting, reason: 'مصوبه ناشناخته' });
    await until('the second error', async () => (await state(order)).corrections.length === 2);
    // the refusal is over with it, the report is not
    await handle(order).signal(postingTaken, { eventId: 'take-2', posting: fee.posting, billSerial: 'B-1' });
    await until('withdrawn', async () => (await state(order)).corrections[1]?.status === 'withdrawn');
    expect((await stored(order.id)).corrections.map(({ n, reportedBy, status }) => [n, reportedBy, status])).toEqual([
      [1, 'billing', 'referred'],
      [2, 'billing', 'withdrawn'],
    ]);
  });
});

test('cancelled with errors open: the answer, the workflow and Postgres say that nobody works on them', async () => {
  const order = nextOrder();
  await withWorker(env, real, async () => {
    await announce(env.client, order);
    await report(order);
    await report(order, { kind: 'document' });
    const withdrawn = [
      { n: 1, status: 'withdrawn', note: 'cancelled' },
      { n: 2, status: 'withdrawn', note: 'cancelled' },
    ];
    expect(
      (await handle(order).executeUpdate(cancelSettlement, { args: [{ reason: 'اشتراک اشتباه', by: SUPERVISOR }] })).corrections,
    ).toMatchObject(withdrawn);
    expect((await state(order)).corrections).toMatchObject(withdrawn);
    expect((await stored(order.id)).corrections).toMatchObject(withdrawn);
  });
});

test('cancelled by a second person: as if it had not been issued, and the number stays used', async () => {
  const order = nextOrder();
  await withWorker(env, real, async () => {
    const first = await announce(env.client, order);
    const cancel = (by: Operator) => handle(order).executeUpdate(cancelSettlement, { args: [{ reason: 'اشتراک اشتباه', by }] });
    expect(await failureOf(cancel(CLERK))).toBe('SECOND_PERSON_NEEDED');
    expect(await cancel(SUPERVISOR)).toMatchObject({ status: 'cancelled', cancellation: { by: 'supervisor-1', reason: 'اشتراک اشتباه' } });
    expect(((await handle(order).result()) as Settlement).status).toBe('cancelled');
    const settlement = await stored(order.id);
    expect(settlement.postings.every(({ status }) => status === 'cancelled')).toBe(true);
    expect(settlement.bill?.number).toBe(first.bill?.number);
    const { rows } = await database.pool.query('select void from app.bills where settlement_id = $1', [order.id]);
    expect(rows).toEqual([{ void: true }]);
  });
});

test('case 28: billing holds a posting: no cancellation, and the way to correct it', async () => {
  const order = nextOrder();
  await withWorker(env, real, async () => {
    const { postings: all } = await announce(env.client, order);
    await handle(order).signal(postingTaken, { eventId: 'take-1', posting: all[0]?.posting as string, billSerial: 'B-1' });
    await until('taken', async () => (await state(order)).postings.some(({ status }) => status === 'taken'));
    expect(await failureOf(handle(order).executeUpdate(cancelSettlement, { args: [{ reason: 'اشتباه', by: SUPERVISOR }] }))).toBe(
      'POSTINGS_TAKEN',
    );
    expect((await state(order)).status).not.toBe('cancelled');
  });
});

test('a credit is paid back once, after a second supervisor confirmed', async () => {
  const order = nextOrder();
  await database.pool.query(
    `insert into billing.adjustments (reference, subscription, "on", amount, reason) values ('ADJ-CREDIT', $1, '1405/09/01', -900000000, 'اصلاح')`,
    [order.facts.subscription],
  );
  await withWorker(env, real, async () => {
    const first = await announce(env.client, order);
    const total = first.bill?.total ?? 0;
    expect(total).toBeLessThan(0);
    expect(await failureOf(handle(order).executeUpdate(confirmRefund, { args: [{ by: SECOND_SUPERVISOR }] }))).toBe('NOT_ALLOWED_NOW');
    const asked = await handle(order).executeUpdate(requestRefund, { args: [{ reason: 'درخواست مالک', by: SUPERVISOR }] });
    expect(asked.refund).toMatchObject({ amount: -total, reason: 'درخواست مالک', requestedBy: 'supervisor-1', confirmedBy: null });
    expect(await failureOf(handle(order).executeUpdate(confirmRefund, { args: [{ by: SUPERVISOR }] }))).toBe('SECOND_PERSON_NEEDED');
    const confirmed = await handle(order).executeUpdate(confirmRefund, { args: [{ by: SECOND_SUPERVISOR }] });
    expect(kinds(confirmed)['difference/refund']).toEqual(['waiting', -total]);
    expect(confirmed.refund).toMatchObject({ amount: -total, requestedBy: 'supervisor-1', confirmedBy: 'supervisor-2' });
    expect((await stored(order.id)).refund).toEqual(confirmed.refund);
    await handle(order).executeUpdate(confirmRefund, { args: [{ by: SECOND_SUPERVISOR }] });
    expect((await state(order)).postings).toHaveLength(3);
  });
});

test('a refund is not confirmed while an error is open, nor after a correction has changed the credit: it is asked for again', async () => {
  const order = nextOrder();
  await database.pool.query(
    `insert into billing.adjustments (reference, subscription, "on", amount, reason) values ('ADJ-CREDIT-2', $1, '1405/09/01', -900000000, 'اصلاح')`,
    [order.facts.subscription],
  );
  await withWorker(env, real, async () => {
    await announce(env.client, order);
    const ask = () => handle(order).executeUpdate(requestRefund, { args: [{ reason: 'درخواست مالک', by: SUPERVISOR }] });
    const confirm = () => handle(order).executeUpdate(confirmRefund, { args: [{ by: SECOND_SUPERVISOR }] });
    await ask();
    await report(order);
    expect(await failureOf(confirm())).toBe('NOT_ALLOWED_NOW');
    await submit(order, 1, (order.facts.reading ?? 0) + 5);
    const credit = -((await verify(order, 1)).bill?.total ?? 0);
    expect(await failureOf(confirm())).toBe('NOT_ALLOWED_NOW');
    expect((await ask()).refund).toMatchObject({ amount: credit, confirmedBy: null });
    expect((await confirm()).refund).toMatchObject({ amount: credit, confirmedBy: 'supervisor-2' });
  });
});

describe('payments received since the issue', () => {
  const pay = async (
    order: SettlementOrder,
    { subscription }: { subscription: string },
    bill: NonNullable<Settlement['bill']>,
    amount: number,
    reference: string,
  ) => {
    const report = {
      reference,
      eventId: reference,
      subscription,
      paymentId: bill.payments[0]?.paymentId as string,
      amount,
      paidOn: todayInTehran(new Date()),
    };
    expect(await createPaymentStore(database.pool).record(report, '01', { id: 'b', office: '01' })).toMatchObject({
      kind: 'recorded',
      payment: { settlement: order.id },
    });
  };
  const billed = (settlement: Settlement) => settlement.bill as NonNullable<Settlement['bill']>;
  const audit = async (id: string) => {
    for await (const each of rebuildSettlements(database.pool, id)) expect(each).toMatchObject({ equal: true, differences: [] });
    for await (const each of verifyBills(database.pool, id)) expect(each).toMatchObject({ equal: true, differences: [] });
  };

  test('enter a correction: what is asked for is the rest; the error alone decides on the approval; no error, no change', async () => {
    const order = nextOrder();
    await withWorker(env, real, async () => {
      const first = billed(await announce(env.client, order));
      await pay(order, order.facts, first, first.payable, `SINCE-${order.id}`);
      await report(order);
      // the same figure again: it was paid, and that is no error
      expect((await submit(order, 1, order.facts.reading ?? 0)).comparison).toMatchObject({ noChange: true, received: 0, difference: 0 });
      await handle(order).executeUpdate(verifyCorrection, { args: [{ n: 1, by: SUPERVISOR, accepted: false, note: 'دوباره' }] });
      const { comparison } = await submit(order, 1, (order.facts.reading ?? 0) + 20);
      const error = comparison.difference + first.payable;
      expect(error).toBeGreaterThan(0);
      expect(comparison).toMatchObject({
        received: first.payable,
        noChange: false,
        total: { before: first.total, after: first.total + error - first.payable },
      });
      expect(comparison.lines.filter(({ code, before }) => code === 'PAYMENT' && before === null)).toEqual([
        expect.objectContaining({ after: -first.payable }),
      ]);
      expect(await createCorrectionStore(database.pool).submission(order.id, 1)).toMatchObject({ comparison: { received: first.payable } });
      const second = await verify(order, 1);
      // issued at once: what was paid is no part of what the approver looks at
      expect(second).toMatchObject({ revision: 2, bill: { total: comparison.total.after } });
      expect(kinds(second)).toMatchObject({ settlement: ['replaced', first.total], 'settlement/2': ['waiting', comparison.total.after] });
      expect((await stored(order.id)).paid).toMatchObject({ remaining: billed(second).payable });
      await audit(order.id);
    });
  });

  test('stay out of the difference to what billing holds, however many corrections come: its own ledger has them', async () => {
    const order = nextOrder();
    await withWorker(env, real, async () => {
      const announced = await announce(env.client, order);
      const first = billed(announced);
      for (const { posting } of announced.postings)
        await handle(order).signal(postingTaken, { eventId: `take-${posting}`, posting, billSerial: 'B-1' });
      await until('taken', async () => (await state(order)).postings.every(({ status }) => status === 'taken'));
      await pay(order, order.facts, first, 4_000, `HELD-1-${order.id}`);
      await report(order);
      const one = (await submit(order, 1, (order.facts.reading ?? 0) + 20)).comparison;
      expect(one.received).toBe(4_000);
      const second = await verify(order, 1);
      expect(kinds(second)['difference/2']).toEqual(['waiting', one.difference + 4_000]);
      await handle(order).signal(postingTaken, { eventId: 'take-2', posting: `${order.id}/difference/2`, billSerial: 'B-2' });
      await until('taken', async () => (await state(order)).postings.every(({ status }) => status === 'taken'));
      await pay(order, order.facts, first, 3_000, `HELD-2-${order.id}`);
      await report(order);
      const two = (await submit(order, 2, (order.facts.reading ?? 0) + 30)).comparison;
      expect(two.received).toBe(3_000);
      expect(kinds(await verify(order, 2))['difference/3']).toEqual(['waiting', two.difference + 3_000]);
      const { rows } = await database.pool.query<{ amount: number; lines: Record<string, number> }>(
        `select amount, detail->'lines' as lines from app.postings where settlement_id = $1 and kind = 'difference'`,
        [order.id],
      );
      for (const { amount, lines } of rows) {
        expect(lines['PAYMENT']).toBeUndefined();
        expect(Object.values(lines).reduce((sum, each) => sum + each, 0)).toBe(amount);
      }
      await audit(order.id);
    });
  });
});

test('a correction in the middle of an open cycle: its posting joins the cycle by itself', async () => {
  const order = nextOrder();
  await withWorker(env, real, async () => {
    const { postings: all } = await announce(env.client, order);
    const { cycle, dueOn } = all[0] as { cycle: string; dueOn: JalaliDate };
    await postings.openCycle({ cycle, eventId: `open-${cycle}`, closesOn: dueOn, by: person('b', 'billing') });
    await handle(order).signal(billingCycleOpened, { eventId: `open-${cycle}`, cycle, closesOn: dueOn });
    await until('handed over', async () => (await state(order)).postings.every(({ status }) => status === 'handedOver'));
    await report(order);
    await submit(order, 1, (order.facts.reading ?? 0) + 3);
    await verify(order, 1);
    await until('handed over again', async () =>
      (await state(order)).postings.every(({ status }) => status === 'handedOver' || status === 'replaced'),
    );
    const batch = await postings.nextBatch(cycle);
    expect(batch?.items.filter(({ settlement }) => settlement === order.id).map(({ posting }) => posting)).toEqual([
      `${order.id}/fee`,
      `${order.id}/settlement/2`,
    ]);
  });
});

test('weeks later the first data is as old as it was at the announcement; today’s data is judged by today', async () => {
  const order = nextOrder();
  await withWorker(env, real, async () => {
    await announce(env.client, order);
    await report(order);
    await env.sleep('20 days');
    const corrected = { reading: (order.facts.reading ?? 0) - 10 };
    expect(await failureOf(handle(order).executeUpdate(submitCorrection, { args: [{ n: 1, by: CLERK, corrected, basis: 'now' }] }))).toBe(
      'REJECTED',
    );
    expect((await submit(order, 1, corrected.reading)).warnings.map(({ code }) => code)).not.toContain('STALE_FEED');
  });
});

test('cancelled: nothing of it waits for anybody, but a breach is looked at all the same', async () => {
  const order = nextOrder();
  const desk = createTaskDesk({
    tasks: createTaskStore(database.pool),
    tariffs: createTariffStore(database.pool),
    messenger: createMessenger(env.client, { taskQueue: TASK_QUEUE }),
  });
  await withWorker(env, real, async () => {
    await announce(env.client, order);
    const [deliver, late, breach] = [
      await desk.open({ kind: 'deliver', office: '01', settlementId: order.id }),
      await desk.open({ kind: 'postingLate', office: '01', settlementId: order.id }),
      await desk.open({ kind: 'breached', office: '01', settlementId: order.id }),
    ];
    await handle(order).executeUpdate(cancelSettlement, { args: [{ reason: 'اشتراک اشتباه', by: SUPERVISOR }] });
    for (const { id } of [deliver, late]) await env.client.workflow.getHandle(taskWorkflowId(id)).result();
    const ends = (await createTaskStore(database.pool).ofSettlement(order.id)).map(({ kind, outcome, closedBy }) => [
      kind,
      outcome,
      closedBy,
    ]);
    expect(ends).toEqual([
      ['breached', null, null],
      ['deliver', 'cancelled', null],
      ['postingLate', 'cancelled', null],
    ]);
    expect((await env.client.workflow.getHandle(taskWorkflowId(breach.id)).describe()).status.name).toBe('RUNNING');
  });
});

describe('two act at once, both let in before either has acted', () => {
  const CANCEL = { reason: 'اشتباه', by: SECOND_SUPERVISOR };
  const verifying =
    (by: Operator, accepted = true) =>
    (order: SettlementOrder): Promise<unknown> =>
      verify(order, 1, by, accepted);
  const approving =
    (by: Operator, accepted = true) =>
    (order: SettlementOrder): Promise<unknown> =>
      handle(order).executeUpdate(approveCorrection, { args: [{ n: 1, by, accepted, note: null }] });
  const submitting =
    (more: number, by: Operator) =>
    (order: SettlementOrder): Promise<unknown> =>
      submit(order, 1, (order.facts.reading ?? 0) + more, by);
  const withdrawing =
    (by: Operator) =>
    (order: SettlementOrder): Promise<unknown> =>
      handle(order).executeUpdate(withdrawCorrection, { args: [{ n: 1, by, note: 'خطا نبود' }] });
  const cancelling = (order: SettlementOrder): Promise<unknown> => handle(order).executeUpdate(cancelSettlement, { args: [CANCEL] });
  const SECOND_APPROVER = person('approver-2', 'approver');

  /** Where the error stands, the two acts, and how it stands after the first or the second of them. */
  const PAIRS: [string, 'referred' | 'submitted' | 'verified', ((order: SettlementOrder) => Promise<unknown>)[], object[]][] = [
    [
      'verify and verify',
      'submitted',
      [verifying(SUPERVISOR), verifying(SECOND_SUPERVISOR)],
      [
        { revision: 2, corrections: [{ status: 'issued', verifiedBy: 'supervisor-1' }] },
        { revision: 2, corrections: [{ status: 'issued', verifiedBy: 'supervisor-2' }] },
      ],
    ],
    [
      'verify and send back',
      'submitted',
      [verifying(SUPERVISOR), verifying(SECOND_SUPERVISOR, false)],
      [
        { revision: 2, corrections: [{ status: 'issued' }] },
        { revision: 1, corrections: [{ status: 'rejected' }] },
      ],
    ],
    [
      'submit and submit',
      'referred',
      [submitting(5, CLERK), submitting(6, SUPERVISOR)],
      [
        { corrections: [{ status: 'submitted', submittedBy: 'clerk-1' }] },
        { corrections: [{ status: 'submitted', submittedBy: 'supervisor-1' }] },
      ],
    ],
    [
      'submit and withdraw',
      'referred',
      [submitting(5, CLERK), withdrawing(SUPERVISOR)],
      [{ corrections: [{ status: 'submitted' }] }, { corrections: [{ status: 'withdrawn' }] }],
    ],
    [
      'withdraw and withdraw',
      'referred',
      [withdrawing(CLERK), withdrawing(SUPERVISOR)],
      [{ corrections: [{ status: 'withdrawn' }] }, { corrections: [{ status: 'withdrawn' }] }],
    ],
    [
      'approve and approve',
      'verified',
      [approving(APPROVER), approving(SECOND_APPROVER)],
      [
        { revision: 2, corrections: [{ status: 'issued', approvedBy: 'approver-1' }] },
        { revision: 2, corrections: [{ status: 'issued', approvedBy: 'approver-2' }] },
      ],
    ],
    [
      'approve and send back',
      'verified',
      [approving(APPROVER), approving(SECOND_APPROVER, false)],
      [
        { revision: 2, corrections: [{ status: 'issued' }] },
        { revision: 1, corrections: [{ status: 'rejected' }] },
      ],
    ],
    ['cancel and verify', 'submitted', [cancelling, verifying(SUPERVISOR)], [{ status: 'cancelled', corrections: [{ n: 1 }] }]],
    [
      'cancel and submit',
      'referred',
      [cancelling, submitting(5, CLERK)],
      [{ status: 'cancelled', corrections: [{ status: 'withdrawn' }] }],
    ],
    [
      'cancel and cancel',
      'referred',
      [cancelling, (order) => handle(order).executeUpdate(cancelSettlement, { args: [{ ...CANCEL, by: SUPERVISOR }] })],
      [{ status: 'cancelled' }, { status: 'cancelled' }],
    ],
    ['cancel and report', 'referred', [cancelling, (order) => report(order)], [{ status: 'cancelled' }]],
  ];
  test.each(PAIRS)('%s: one wins, the other is told', async (pair, standing, acts, ends) => {
    const order = nextOrder();
    let begun = false;
    let goOn: () => void = () => undefined;
    const held = new Promise<void>((resolve) => (goOn = resolve));
    const strict: Activities = {
      ...real,
      decideCorrection: async (input) => ({
        ...(await real.decideCorrection(input)),
        approval: input.decision === 'verified' && standing === 'verified',
      }),
      fetchPayments: async (input) => {
        begun = true;
        await held;
        return real.fetchPayments(input);
      },
    };
    await withWorker(env, strict, async () => {
      await announce(env.client, order);
      await report(order);
      if (standing !== 'referred') await submit(order, 1, (order.facts.reading ?? 0) + 5);
      if (standing === 'verified') await verify(order, 1);
      // while the settlement looks at its payments messages wait for it: both are let in, and then act
      await handle(order).signal(paymentReceived, { eventId: `look-${order.id}`, reference: 'R-1' });
      await until('at work', async () => begun);
      const both = acts.map((act) => failureOr(act(order)));
      await handle(order).describe();
      goOn();
      const answers = await Promise.all(both);
      const end = ends[answers.indexOf('done')];
      if (end === undefined || !/^done,NOT_ALLOWED_NOW$|^NOT_ALLOWED_NOW,done$|^done,ended$|^ended,done$/.test(answers.join(','))) {
        // what came before the cancellation is cancelled with it
        expect({ pair, answers, cancelled: acts.includes(cancelling) }).toEqual({ pair, answers: ['done', 'done'], cancelled: true });
      }
      expect(await state(order)).toMatchObject(end ?? {});
      expect(await stored(order.id)).toMatchObject(end ?? {});
      // an error that came before the cancellation went with it
      if (acts.includes(cancelling)) expect((await state(order)).corrections.filter(isOpenCorrection)).toEqual([]);
      const { rows } = await database.pool.query(
        'select count(*) filter (where not void)::integer as valid from app.bills where settlement_id = $1',
        [order.id],
      );
      expect(rows).toEqual([{ valid: acts.includes(cancelling) ? 0 : 1 }]);
    });
  });

  async function failureOr(act: Promise<unknown>): Promise<string> {
    try {
      await act;
      return 'done';
    } catch (error) {
      if (error instanceof WorkflowNotFoundError) return 'ended';
      if (!(error instanceof WorkflowUpdateFailedError) || !(error.cause instanceof ApplicationFailure)) throw error;
      return error.cause.type === 'AcceptedUpdateCompletedWorkflow' ? 'ended' : (error.cause.type ?? '');
    }
  }
});

test('a report that is sent twice at the same moment, and again afterwards, is one correction; another event is another', async () => {
  const order = nextOrder();
  await withWorker(env, real, async () => {
    await announce(env.client, order);
    const { act } = createSettlementWorkflows(env.client, { taskQueue: TASK_QUEUE });
    const once = (eventId: string) =>
      act(order.id, reportError, { kind: 'reading', cause: 'clerk', description: 'رقم اشتباه خوانده شد', by: SUPERVISOR }, eventId);
    const answers = [...(await Promise.all([once('event-1'), once('event-1')])), await once('event-1')];
    expect(answers).toEqual(Array.from({ length: 3 }, () => ({ kind: 'done', value: expect.objectContaining({ n: 1 }) })));
    expect((await stored(order.id)).corrections).toHaveLength(1);
    expect(await once('event-2')).toMatchObject({ kind: 'done', value: { n: 2 } });
  });
});
