import type { Activities } from '../../src/activities/index.js';
import { rebuildSettlements } from '../../src/operations/rebuild.js';
import { compareBills } from '../../src/domain/correction/correction.js';
import { type Act, afterAct } from '../../src/domain/correction/corrective-action.js';
import { DEFAULT_SERVICE_TERMS } from '../../src/domain/settlement/service-terms.js';
import type { Bill, Operator, SettlementOrder } from '../../src/domain/settlement/settlement.js';
import { createClearanceStore } from '../../src/store/clearances.js';
import { createCorrectionStore } from '../../src/store/corrections.js';
import { createCorrectiveActionStore } from '../../src/store/corrective-actions.js';
import { OpenSettlementsError, erasePersonData } from '../../src/store/erasures.js';
import { createOverrideStore } from '../../src/store/overrides.js';
import { createPostingStore } from '../../src/store/postings.js';
import { createSettlementStore } from '../../src/store/settlements.js';
import { createTaskStore } from '../../src/store/tasks.js';
import { verifyBills } from '../../src/operations/verify.js';
import { createBillPrinter } from '../../src/document/bill.js';
import { subscriber, walk } from '../activities/stage.js';
import { load } from '../billing/database.js';
import { orderFor, realActivities, startDatabase, today } from '../workflows/stage.js';

let database: Awaited<ReturnType<typeof startDatabase>>;
let activities: Activities;
beforeAll(async () => {
  database = await startDatabase(1);
  activities = realActivities(database.pool);
}, 120_000);
afterAll(() => database?.stop());

const SUPERVISOR: Operator = { id: 's-1', name: 'نرگس کاظمی', role: 'supervisor', office: '01' };
const OWNER = { name: 'بهرام توکلی', nationalId: '0013542419', mobile: '09351112233', address: 'کوچهٔ ارغوان', postalCode: '9988776655' };
const NEW = { name: 'پروین صداقت', nationalId: '0932833810', mobile: '09367778899' };
const BY = { by: 'ناهید رسولی', confirmedBy: 'کاوه امین', reason: 'حکم شمارهٔ ۱۲' };
let subscribers = 0;

/** Settled by OWNER for NEW, with every part in which a person may stand; ended. */
async function ended(): Promise<{ order: SettlementOrder; bill: Bill }> {
  const { pool } = database;
  const subscription = `0149000007${String(++subscribers).padStart(2, '0')}`;
  await subscriber(pool, subscription, 40, -900_000);
  await load(pool, 'accounts', [{ subscription, file: subscription.slice(4), ...OWNER }]);
  const order = orderFor(subscription, 1030, {
    applicant: { kind: 'owner', name: OWNER.name, nationalId: OWNER.nationalId, mobile: OWNER.mobile },
    newSubscriber: { ...NEW, from: today() },
    confirmations: [
      { code: 'HIGH_CONSUMPTION', reason: `به گفتهٔ ${OWNER.name}` },
      { code: 'LOW_CONSUMPTION', reason: 'x' },
      { code: 'ZERO_CONSUMPTION', reason: 'x' },
    ],
  });
  const { id } = order;
  await createOverrideStore(pool).record(id, { code: 'OUTSIDE_OUTER_BAND', reason: `${OWNER.name} نشان داد`, reading: null }, SUPERVISOR);
  const { bill } = await walk(activities, order, `run-${subscription}`);
  if (!bill) throw new Error('nothing was issued');
  const settlements = createSettlementStore(pool);
  const postings = createPostingStore(pool);
  const corrections = createCorrectionStore(pool);
  await settlements.recordDelivery(id, { deliveredTo: OWNER.name, channel: 'counter' }, order.clerk);
  const tasks = createTaskStore(pool);
  await tasks.open({
    id: `breached.${id}`,
    kind: 'breached',
    settlement: id,
    office: '01',
    role: 'supervisor',
    dueAt: null,
    detail: { description: `${NEW.name} گفت` },
  });
  await tasks.close(`breached.${id}`, { by: SUPERVISOR, outcome: `با ${OWNER.name} تماس گرفته شد` });
  const at = new Date().toISOString();
  await corrections.report(id, 1, 'referred', {
    kind: 'name',
    cause: 'applicant',
    description: `نام ${NEW.name} نادرست است`,
    by: SUPERVISOR,
    owner: { role: 'clerk', user: null },
    at,
    dueAt: at,
  });
  const standing = await corrections.standing(id);
  if (!standing) throw new Error('no bill');
  await corrections.submit(
    id,
    1,
    { facts: order.facts, inputs: standing.inputs, debt: standing.bill, comparison: compareBills(standing.bill, standing.bill, true) },
    order.clerk,
  );
  await corrections.decide(id, 1, 'withdrawn', SUPERVISOR, `${NEW.name} درست بود`);
  await corrections.requestRefund(id, 5, `${OWNER.name} خواست`, SUPERVISOR);
  const entry = {
    kind: 'difference' as const,
    cycle: null,
    dueOn: null,
    status: 'waiting' as const,
    timesLate: 0,
    reason: null,
    billSerial: null,
    objectionEndsAt: null,
  };
  await corrections.confirmRefund(
    id,
    { ...SUPERVISOR, id: 's-2' },
    { ...entry, posting: `${id}/difference/refund`, amount: 5, detail: { refund: true, reason: `${OWNER.name} خواست` } },
  );
  await createClearanceStore(pool).issue(id, order.clerk);

  const actions = createCorrectiveActionStore(pool);
  const of = { office: '01', month: '1405/09', openedAt: at } as const;
  const { action } = await actions.open({ ...of, scope: 'settlement', subject: id, errors: 2, threshold: 2, openedBy: null, reason: null });
  const by = { id: SUPERVISOR.id, name: SUPERVISOR.name, role: SUPERVISOR.role };
  const acts: Act[] = [
    { act: 'call', on: today(), participants: ['مریم احمدی'] },
    { act: 'minutes', minutes: `${OWNER.name} گلایه داشت`, cause: `نشانی ${OWNER.address}` },
    { act: 'plan', what: `تماس با ${OWNER.mobile}`, owner: SUPERVISOR.id, dueOn: today() },
    { act: 'done', note: `با ${NEW.name} گفت‌وگو شد` },
  ];
  for (const [version, act] of acts.entries())
    await actions.record(action.n, version, act, by, at, (standing) => afterAct(standing, act, by, at, DEFAULT_SERVICE_TERMS));
  // of another matter, which names them by the way
  const other = await actions.open({
    ...of,
    scope: 'other',
    subject: `شکایت ${OWNER.name.replace(' ', '\u200c')} از ${id}`,
    errors: null,
    threshold: null,
    openedBy: by,
    reason: `کد ملی ${NEW.nationalId} و ${OWNER.nationalId}`,
  });
  const called: Act = { act: 'call', on: today(), participants: [NEW.name, 'رضا موسوی'] };
  await actions.record(other.action.n, 0, called, by, at, (standing) => afterAct(standing, called, by, at, DEFAULT_SERVICE_TERMS));

  const { postings: all } = await postings.of(id);
  const { cycle, dueOn } = all.find(({ kind }) => kind === 'fee')!;
  await pool.query('update app.postings set cycle = $2, due_on = $3 where settlement_id = $1 and cycle is null', [id, cycle, dueOn]);
  const opened = await postings.openCycle({ cycle: cycle!, eventId: `open-${cycle}`, closesOn: dueOn!, by: SUPERVISOR });
  await postings.handOver(id, {
    opened: { ...opened, closesOn: dueOn! },
    objectionEndsAt: null,
    next: { cycle, dueOn, objectionEndsAt: null },
    leaves: false,
  });
  const batch = await postings.nextBatch(cycle!);
  if (!batch) throw new Error('no batch');
  await postings.acknowledge(
    {
      eventId: `ack-${id}`,
      cycle: cycle!,
      batch: batch.batch,
      count: batch.count,
      sum: batch.sum,
      items: batch.items.map(({ posting }) => ({ posting, outcome: 'taken', billSerial: 'B-1', nameOnBill: NEW.name })),
    },
    SUPERVISOR,
  );
  for (const { posting } of batch.items)
    await postings.recordOutcome(id, `t-${posting}`, { posting, outcome: 'taken', billSerial: 'B-1', nameOnBill: NEW.name, seq: 1 });
  await settlements.settle(id);
  return { order, bill };
}

/** Where in the app's tables a text stands, whatever table may come. */
async function places(secret: string): Promise<string[]> {
  const { rows: tables } = await database.pool.query<{ name: string }>(
    `select table_name as name from information_schema.tables where table_schema = 'app' and table_type = 'BASE TABLE' order by 1`,
  );
  const found = [];
  for (const { name } of tables) {
    const { rows } = await database.pool.query<{ found: boolean }>(
      `select exists (select from app.${name} t where t::text like '%' || $1 || '%') as found`,
      [secret],
    );
    if (rows[0]?.found) found.push(name);
  }
  return found;
}
async function agree(id: string): Promise<void> {
  for await (const each of rebuildSettlements(database.pool, id)) {
    // the test itself gave the refund a cycle past the log
    expect(each.differences.filter(({ field }) => !/difference\/refund\.(cycle|dueOn)$/.test(field))).toEqual([]);
  }
  for await (const each of verifyBills(database.pool, id)) expect(each).toMatchObject({ settlement: id, equal: true });
}

test('everybody of a subscription: gone from every table of the app; amounts, ids, the log and every check stay', async () => {
  const { order, bill } = await ended();
  const secrets = [...Object.values(OWNER), ...Object.values(NEW)];
  const before = await Promise.all(secrets.map(places));
  // what the test proves is worth something: they stood everywhere before
  expect([...new Set(before.flat())].sort()).toEqual([
    'acknowledgements',
    'bills',
    'clearances',
    'corrections',
    'corrective_action_texts',
    'corrective_actions',
    'event_persons',
    'overrides',
    'posting_batches',
    'postings',
    'refunds',
    'settlements',
    'tasks',
  ]);
  const log = async () =>
    (await database.pool.query("select * from app.events where settlement_id = $1 and kind <> 'erased' order by seq", [order.id])).rows;
  const batches = async () =>
    (
      await database.pool.query(
        'select cycle, batch, count, sum, jsonb_array_length(items) as items from app.posting_batches order by 1, 2',
      )
    ).rows;
  const [events, frozen] = [await log(), await batches()];
  expect(await erasePersonData(database.pool, { whose: { subscription: order.facts.subscription }, ...BY })).toEqual([order.id]);
  for (const secret of secrets) expect([secret, await places(secret)]).toEqual([secret, []]);
  expect([await log(), await batches()]).toEqual([events, frozen]);
  await agree(order.id);

  const settlement = await createSettlementStore(database.pool).get(order.id, { office: null });
  expect(settlement).toMatchObject({
    status: 'settled',
    bill: JSON.parse(JSON.stringify(bill)),
    facts: { reading: 1030, applicant: { kind: 'owner', name: '' }, newSubscriber: { name: '', from: today() } },
    account: { subscription: order.facts.subscription, name: '' },
  });
  const { rows } = await database.pool.query('select by, confirmed_by, reason, asked_by, settlements from app.erasures');
  expect(rows).toEqual([{ by: BY.by, confirmed_by: BY.confirmedBy, reason: BY.reason, asked_by: 'subscription', settlements: [order.id] }]);
  expect(
    (await database.pool.query("select data from app.events where settlement_id = $1 and kind = 'erased'", [order.id])).rows,
  ).toMatchObject([{ data: { by: BY.by, confirmedBy: BY.confirmedBy } }]);
  for (const sql of ['update app.erasures set reason = reason', 'delete from app.erasures', 'truncate app.erasures'])
    await expect(database.pool.query(sql)).rejects.toThrow(/append-only/);

  // of the corrective actions who did what and when stays, and whoever is no party
  const actions = createCorrectiveActionStore(database.pool);
  const of = (await actions.list({ scope: null, limit: 10 })).items.reverse();
  expect(of).toMatchObject([
    {
      scope: 'settlement',
      subject: order.id,
      status: 'done',
      meeting: { participants: ['مریم احمدی'], minutes: '', cause: '' },
      actions: [{ what: '', owner: SUPERVISOR.id, done: { note: '', by: { id: SUPERVISOR.id } } }],
    },
    { scope: 'other', subject: '', reason: '', status: 'called', meeting: { on: today(), participants: ['', 'رضا موسوی'] } },
  ]);
  expect(
    (await database.pool.query('select act from app.corrective_action_events order by n, version')).rows.map(({ act }) => act.act),
  ).toEqual(['call', 'minutes', 'plan', 'done', 'call']);

  // the documents can still be printed, without the person
  if (settlement) expect(createBillPrinter().bill({ settlement, copy: false, void: false }).length).toBeGreaterThan(1000);
  expect(await createClearanceStore(database.pool).issue(order.id, order.clerk)).toMatchObject({
    issued: false,
    letter: { person: { name: '', address: '' }, subscription: order.facts.subscription },
  });
  // again: it finds the same and changes nothing that matters
  expect(await erasePersonData(database.pool, { whose: { subscription: order.facts.subscription }, ...BY })).toEqual([order.id]);
  await agree(order.id);
});

test('one person by national id: the others stay, also where only the name tells who it is', async () => {
  const { order } = await ended();
  const other = await ended();
  expect(await erasePersonData(database.pool, { whose: { nationalId: NEW.nationalId }, ...BY })).toEqual([order.id, other.order.id]);
  for (const secret of Object.values(NEW)) expect([secret, await places(secret)]).toEqual([secret, []]);
  const settlement = await createSettlementStore(database.pool).get(order.id, { office: null });
  expect(settlement).toMatchObject({
    facts: { applicant: { name: OWNER.name, nationalId: OWNER.nationalId }, newSubscriber: { name: '' } },
    account: { name: OWNER.name },
    delivery: { deliveredTo: OWNER.name },
  });
  expect(await places(NEW.nationalId)).toEqual([]);
  await agree(order.id);

  await erasePersonData(database.pool, { whose: { nationalId: OWNER.nationalId }, ...BY });
  for (const secret of Object.values(OWNER)) expect([secret, await places(secret)]).toEqual([secret, []]);
  await agree(order.id);
  expect(await erasePersonData(database.pool, { whose: { nationalId: '0084575948' }, ...BY })).toEqual([]);
  expect((await database.pool.query('select count(*) from app.erasures')).rows).toEqual([{ count: 4 }]);
});

test('not while a settlement of the person is open, or a posting waits: nothing is erased', async () => {
  const { order } = await ended();
  const subscription = '014900000799';
  await subscriber(database.pool, subscription, 40);
  const open = orderFor(subscription, 1030, { applicant: { kind: 'tenant', name: NEW.name, nationalId: NEW.nationalId } });
  await walk(activities, open, 'run-open');
  const erase = () => erasePersonData(database.pool, { whose: { nationalId: NEW.nationalId }, ...BY });
  await expect(erase()).rejects.toEqual(new OpenSettlementsError([open.id]));
  // ended, but billing has still to take what is posted
  await createSettlementStore(database.pool).settle(open.id);
  await expect(erase()).rejects.toThrow(OpenSettlementsError);
  expect((await createSettlementStore(database.pool).get(order.id, { office: null }))?.facts.newSubscriber?.name).toBe(NEW.name);
});
