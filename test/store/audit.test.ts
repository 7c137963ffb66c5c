import type { Activities } from '../../src/activities/index.js';
import { rebuildSettlements } from '../../src/operations/rebuild.js';
import { compareBills } from '../../src/domain/correction/correction.js';
import type { Bill, Operator, SettlementOrder } from '../../src/domain/settlement/settlement.js';
import { type CorrectionStore, type Submission, createCorrectionStore } from '../../src/store/corrections.js';
import { createOverrideStore } from '../../src/store/overrides.js';
import { createPaymentStore } from '../../src/store/payments.js';
import { type PostingStore, createPostingStore } from '../../src/store/postings.js';
import { createSettlementStore } from '../../src/store/settlements.js';
import { postDifference } from '../../src/store/late-decree.js';
import { draftOf } from '../../src/activities/bill-draft.js';
import { subscriber, walk } from '../activities/stage.js';
import { orderFor, realActivities, startDatabase, today } from '../workflows/stage.js';

let database: Awaited<ReturnType<typeof startDatabase>>;
let activities: Activities;
let corrections: CorrectionStore;
let postings: PostingStore;
beforeAll(async () => {
  database = await startDatabase(1);
  activities = realActivities(database.pool);
  corrections = createCorrectionStore(database.pool);
  postings = createPostingStore(database.pool);
}, 120_000);
afterAll(() => database?.stop());

const SUPERVISOR: Operator = { id: 's-1', name: 'نرگس کاظمی', role: 'supervisor', office: '01' };
const SECOND: Operator = { ...SUPERVISOR, id: 's-2' };
let subscribers = 0;

async function issued(reading = 1030, totalDue = 100_000): Promise<{ order: SettlementOrder; bill: Bill }> {
  const subscription = `0149000005${String(++subscribers).padStart(2, '0')}`;
  await subscriber(database.pool, subscription, 40, totalDue);
  const order = orderFor(subscription, reading, { newSubscriber: { name: 'سارا احمدی', nationalId: '0932833810', from: today() } });
  const { bill } = await walk(activities, order, `run-${subscription}`);
  if (!bill) throw new Error('nothing was issued');
  return { order, bill };
}
const audited = async (id: string | null = null) => {
  const all = [];
  for await (const each of rebuildSettlements(database.pool, id)) all.push(each);
  return all;
};
async function agrees(id: string): Promise<void> {
  expect(await audited(id)).toEqual([{ settlement: id, equal: true, differences: [] }]);
}
/** A report, its submission with another reading, and its verification. */
async function corrected({ order, bill }: { order: SettlementOrder; bill: Bill }, n: number, more: number): Promise<Bill> {
  const { id } = order;
  const at = new Date().toISOString();
  await corrections.report(id, n, 'reported', {
    kind: 'reading',
    cause: 'clerk',
    description: 'رقم اشتباه علی کریمی',
    by: SUPERVISOR,
    owner: { role: 'clerk', user: 'clerk-1' },
    at,
    dueAt: at,
  });
  await agrees(id);
  await corrections.refer(id, n, new Date(Date.now() + 60_000).toISOString());
  await agrees(id);
  const standing = await corrections.standing(id);
  if (!standing) throw new Error('no bill');
  const debt = {
    ...standing.bill,
    total: standing.bill.total + more,
    payable: standing.bill.payable + more,
    lines: standing.bill.lines.map((line, i) => (i === 0 ? { ...line, amount: line.amount + more } : line)),
  };
  const facts = { ...standing.inputs.facts, reading: (standing.inputs.facts.reading ?? 0) + 1 };
  const submission: Submission = { facts, inputs: { ...standing.inputs, facts }, debt, comparison: compareBills(bill, debt, false) };
  const submit = () => corrections.submit(id, n, submission, order.clerk);
  await submit();
  await corrections.decide(id, n, 'rejected', SECOND, 'دوباره بخوانید');
  await agrees(id);
  await submit();
  await corrections.decide(id, n, 'verified', SUPERVISOR, null);
  await agrees(id);
  const draft = draftOf({ order: { ...order, facts }, inputs: submission.inputs, debt, revision: bill.revision + 1, documents: [] });
  const entry = {
    cycle: null,
    dueOn: null,
    status: 'waiting' as const,
    timesLate: 0,
    reason: null,
    billSerial: null,
    objectionEndsAt: null,
  };
  const { bill: next } = await corrections.reissue(
    {
      id,
      n,
      approvedBy: SECOND,
      draft,
      facts,
      entries: (to) => [
        { posting: `${id}/settlement`, kind: 'settlement', amount: to.total, ...entry, detail: { lines: {} } },
        { posting: `${id}/nameChange`, kind: 'nameChange', amount: 0, ...entry, detail: { name: 'مینا راد', nationalId: '0932833810' } },
      ],
    },
    'run',
  );
  await agrees(id);
  return next;
}

describe('every act is in the log, and the log gives the stored state again', () => {
  test('from the receipt to the end, with a late cycle, a refusal, a retraction and a second end', async () => {
    const { order, bill } = await issued();
    const { id } = order;
    await agrees(id);
    const settlements = createSettlementStore(database.pool);
    await settlements.markDelay(id, `run-${order.facts.subscription}`, 'atRisk');
    await settlements.markDelay(id, `run-${order.facts.subscription}`, 'breached');
    await settlements.recordDelivery(id, { deliveredTo: 'علی کریمی', channel: 'counter' }, order.clerk);
    await settlements.recordDelivery(id, { deliveredTo: 'رضا', channel: 'post' }, order.clerk);
    await agrees(id);
    const { postings: first } = await postings.of(id);
    const cycle = first[0]?.cycle as string;
    const opened = { eventId: 'open-1', cycle, closesOn: first[0]?.dueOn as never };
    const nowhere = { cycle: null, dueOn: null, objectionEndsAt: null };
    await postings.handOver(id, { opened, objectionEndsAt: null, next: { ...nowhere, cycle: '12-1405-99' }, leaves: true });
    await agrees(id);
    await postings.handOver(id, { opened: { ...opened, cycle: '12-1405-99' }, objectionEndsAt: null, next: nowhere, leaves: false });
    expect((await settlements.get(id, { office: null }))?.status).toBe('handedOver');
    await agrees(id);
    await postings.recordOutcome(id, 'r-1', { posting: `${id}/fee`, outcome: 'refused', reason: 'نام علی کریمی نیست', seq: 1 });
    await corrections.release(id);
    await agrees(id);
    // told again by the same event: what waits again goes with it
    await postings.handOver(id, { opened: { ...opened, cycle: '12-1405-99' }, objectionEndsAt: null, next: nowhere, leaves: false });
    await postings.moveOn(id, [
      {
        posting: `${id}/fee`,
        from: '12-1405-99',
        was: 'handedOver',
        cycle: null,
        dueOn: null,
        objectionEndsAt: null,
        status: 'late',
        reason: null,
        late: true,
      },
    ]);
    await agrees(id);
    for (const { posting } of first)
      await postings.recordOutcome(id, `t-${posting}`, { posting, outcome: 'taken', billSerial: 'B-1', nameOnBill: 'سارا احمدی', seq: 2 });
    await settlements.settle(id);
    await settlements.settle(id);
    await agrees(id);
    await postings.recordOutcome(id, 'x-1', { posting: `${id}/fee`, outcome: 'retracted', seq: 3 });
    expect((await settlements.get(id, { office: null }))?.status).toBe('handedOver');
    await postings.recordOutcome(id, 't-9', { posting: `${id}/fee`, outcome: 'taken', billSerial: 'B-2', seq: 4 });
    await settlements.settle(id);
    await agrees(id);
    const { rows } = await database.pool.query<{ kind: string }>('select kind from app.events where settlement_id = $1 order by seq', [id]);
    expect(rows.map(({ kind }) => kind)).toEqual([
      'received',
      'issued',
      'announced',
      'scheduled',
      'atRisk',
      'breached',
      'delivered',
      'postingsMoved',
      'cycleOpened',
      'refused',
      'postingsReleased',
      'cycleOpened',
      'late',
      'taken',
      'taken',
      'taken',
      'settled',
      'retracted',
      'taken',
      'settled',
    ]);
    expect(bill.revision).toBe(1);
  });

  test('corrections before and after billing took the postings, an override, payments by feed and call, a late decree', async () => {
    const { order, bill } = await issued();
    const { id } = order;
    const second = await corrected({ order, bill }, 1, 3_000);
    for (const { posting } of (await postings.of(id)).postings)
      await postings.recordOutcome(id, `t-${posting}`, { posting, outcome: 'taken', billSerial: 'B-1', seq: 1 });
    const third = await corrected({ order, bill: second }, 2, 5_000);
    await createOverrideStore(database.pool).record(id, { code: 'OUTSIDE_OUTER_BAND', reason: 'علی کریمی گفت', reading: 5 }, SUPERVISOR);
    const slip = third.payments[0]!;
    const payments = createPaymentStore(database.pool);
    await payments.record(
      {
        reference: `R-${id}`,
        eventId: `e-${id}`,
        subscription: order.facts.subscription,
        paymentId: slip.paymentId,
        amount: slip.amount,
        paidOn: today(),
      },
      '01',
      { id: 'b-1', office: '01' },
    );
    const posting = `${id}/difference/decree-T`;
    await postDifference(
      database.pool,
      id,
      {
        posting,
        kind: 'difference',
        amount: 7,
        cycle: null,
        dueOn: null,
        status: 'waiting',
        timesLate: 0,
        reason: null,
        billSerial: null,
        objectionEndsAt: null,
        detail: { decree: 'T', lines: {} },
      },
      SUPERVISOR,
      's-2',
    );
    await agrees(id);
    expect((await postings.of(id)).postings.map((each) => each.posting)).toContain(posting);
  });

  test('cancelled with an open error; a credit paid back; rejected and asked for again', async () => {
    const one = await issued();
    await corrections.report(one.order.id, 1, 'referred', {
      kind: 'other',
      cause: 'system',
      description: 'x',
      by: SUPERVISOR,
      owner: { role: 'supervisor', user: null },
      at: new Date().toISOString(),
      dueAt: new Date().toISOString(),
    });
    expect(await corrections.cancel(one.order.id, 'اشتباه علی', SUPERVISOR, new Date().toISOString())).toBe(true);
    await agrees(one.order.id);

    const two = await issued(1030, -900_000);
    const { id } = two.order;
    await corrections.requestRefund(id, 500, 'مالک خواست', SUPERVISOR);
    await corrections.requestRefund(id, 500, 'دوباره', SECOND);
    const entry = {
      posting: `${id}/difference/refund`,
      kind: 'difference' as const,
      cycle: null,
      dueOn: null,
      status: 'waiting' as const,
      timesLate: 0,
      reason: null,
      billSerial: null,
      objectionEndsAt: null,
      detail: { refund: true },
    };
    // a correction has changed the credit: the one confirmed is the one asked for last
    expect(await corrections.confirmRefund(id, SECOND, { ...entry, amount: 400 })).toMatchObject({ amount: 500, confirmedBy: null });
    expect(await corrections.requestRefund(id, 400, 'پس از اصلاح', SUPERVISOR)).toMatchObject({
      amount: 400,
      requestedBy: 's-1',
      reason: 'پس از اصلاح',
    });
    expect(await corrections.confirmRefund(id, SUPERVISOR, { ...entry, amount: 400 })).toMatchObject({ confirmedBy: null });
    await agrees(id);
    for (let i = 0; i < 2; i++)
      expect(await corrections.confirmRefund(id, SECOND, { ...entry, amount: 400 })).toMatchObject({ amount: 400, confirmedBy: 's-2' });
    await agrees(id);
    expect((await createSettlementStore(database.pool).get(id, { office: null }))?.refund).toMatchObject({
      amount: 400,
      requestedBy: 's-1',
      confirmedBy: 's-2',
    });

    const subscription = '014900000599';
    await subscriber(database.pool, subscription, 40);
    const wrong = orderFor(subscription, 900);
    await walk(activities, wrong, 'run-wrong');
    await agrees(wrong.id);
    await createOverrideStore(database.pool).record(wrong.id, { code: 'OUTSIDE_OUTER_BAND', reason: 'x', reading: null }, SUPERVISOR);
    await walk(activities, orderFor(subscription, 1030), 'run-right');
    await agrees(wrong.id);
    expect((await createSettlementStore(database.pool).get(wrong.id, { office: null }))?.status).toBe('announced');
  });

  test('the log holds nobody: no name, no id, no free text', async () => {
    const { rows } = await database.pool.query<{ text: string }>(
      `select coalesce(string_agg(data::text || coalesce(changed::text, ''), ''), '') as text from app.events`,
    );
    for (const secret of ['کریمی', 'سارا', 'مینا', '0932833810', 'اشتباه', 'مالک'])
      expect([secret, rows[0]?.text.includes(secret)]).toEqual([secret, false]);
    // they are beside it, and in what an event stream tells
    const { rows: apart } = await database.pool.query<{ text: string }>(`select string_agg(data::text, '') as text from app.event_persons`);
    for (const kept of ['علی کریمی', 'سارا احمدی', 'مالک خواست', 'دوباره بخوانید']) expect(apart[0]?.text).toContain(kept);
  });
});

describe('what was changed past the log is found', () => {
  test.each([
    ['a status', `update app.settlements set status = 'settled' where id = $1`, 'settlement.status'],
    ['a mark of the five minutes', 'update app.settlements set within_target = not within_target where id = $1', 'settlement.withinTarget'],
    [
      'a bill’s content',
      `update app.bills set bill = jsonb_set(bill, '{lines,0,label}', '"x"') where settlement_id = $1`,
      'bills.1.digest',
    ],
    ['a bill’s validity', 'update app.bills set void = true where settlement_id = $1', 'bills.1.void'],
    [
      'a posting’s amount',
      `update app.postings set amount = amount + 1 where settlement_id = $1 and kind = 'fee'`,
      /^postings\..*\/fee\.amount$/,
    ],
    ['a posting that is gone', `delete from app.postings where settlement_id = $1 and kind = 'fee'`, /^postings\..*\/fee$/],
    ['a step’s time', `update app.steps set attempts = 9 where settlement_id = $1 and name = 'announce'`, 'steps.announce.attempts'],
    ['a reading', `update app.settlements set facts = jsonb_set(facts, '{reading}', '1') where id = $1`, 'settlement.reading'],
  ])('%s', async (_what, sql, field) => {
    const { order } = await issued();
    await database.pool.query(sql, [order.id]);
    const [found] = await audited(order.id);
    expect(found?.differences).toEqual([
      expect.objectContaining({ field: typeof field === 'string' ? field : expect.stringMatching(field) }),
    ]);
  });

  test('a settlement that is gone, and one that the log does not know', async () => {
    const { order } = await issued();
    const client = await database.pool.connect();
    try {
      await client.query('begin');
      for (const table of ['steps', 'postings', 'slips', 'bills'])
        await client.query(`delete from app.${table} where settlement_id = $1`, [order.id]);
      await client.query('delete from app.settlements where id = $1', [order.id]);
      await client.query('commit');
    } finally {
      client.release();
    }
    expect(await audited(order.id)).toMatchObject([{ equal: false, differences: [{ field: '', stored: undefined }] }]);
    await database.pool.query(
      `insert into app.settlements (id, subscription, settlement_date, office, clerk, run_id, status, received_at, late_entry, facts, operator) values ('014900000598-14050904', '014900000598', '1405/09/04', '01', 'c', 'r', 'received', now(), false, '{}', '{}')`,
    );
    expect(await audited('014900000598-14050904')).toMatchObject([{ equal: false, differences: [{ field: '', log: undefined }] }]);
  });
});

describe('append-only, whoever asks', () => {
  let order: SettlementOrder;
  beforeAll(async () => {
    ({ order } = await issued());
  });
  test.each([
    'update app.events set kind = kind',
    'delete from app.events',
    'truncate app.events cascade',
    'update app.people_events set kind = kind',
    'truncate app.people_events',
    'truncate app.qualifications',
  ])('%s', async (sql) => {
    await database.pool.query(
      `insert into app.users (id, name, search, office, roles, created_by) values ('x', 'x', 'x', '01', '{clerk}', '{}') on conflict do nothing`,
    );
    await database.pool.query(`insert into app.people_events (user_id, kind, by) values ('x', 'x', '{}')`);
    const before = (await database.pool.query('select count(*) from app.events')).rows;
    // the owner of the tables
    await expect(database.pool.query(sql)).rejects.toThrow(/append-only/);
    // a role of the app with every right that can be given
    await database.pool.query(
      `do $$ begin if not exists (select from pg_roles where rolname = 'app_role') then create role app_role; end if; end $$; grant all on schema app to app_role; grant all on all tables in schema app to app_role`,
    );
    const client = await database.pool.connect();
    try {
      await client.query('set role app_role');
      await expect(client.query(sql)).rejects.toThrow(/append-only/);
      await client.query(`set role app_role; select set_config('session_replication_role', 'replica', false)`).then(
        () => Promise.reject(new Error('the role of the app may set triggers aside')),
        (error: Error) => expect(error.message).toMatch(/permission denied/),
      );
      await expect(client.query('alter table app.events disable trigger all')).rejects.toThrow(/must be owner/);
    } finally {
      await client.query('reset role');
      client.release();
    }
    expect((await database.pool.query('select count(*) from app.events')).rows).toEqual(before);
    await agrees(order.id);
  });
});
