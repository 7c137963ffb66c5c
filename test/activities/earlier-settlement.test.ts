import type { Activities } from '../../src/activities/index.js';
import { createPreview } from '../../src/activities/assess.js';
import { createPostgresBilling } from '../../src/billing/postgres.js';
import { addDays } from '../../src/domain/calendar/jalali.js';
import type { SettlementOrder } from '../../src/domain/settlement/settlement.js';
import { createOverrideStore } from '../../src/store/overrides.js';
import { createPaymentStore } from '../../src/store/payments.js';
import { createPeopleStore } from '../../src/store/people.js';
import { createSettlementStore } from '../../src/store/settlements.js';
import { createTariffStore } from '../../src/store/tariffs.js';
import { load } from '../billing/database.js';
import { orderFor, realActivities, startDatabase, today } from '../workflows/stage.js';
import { subscriber, walk } from './stage.js';

let database: Awaited<ReturnType<typeof startDatabase>>;
let activities: Activities;
beforeAll(async () => {
  database = await startDatabase(1);
  activities = realActivities(database.pool);
}, 120_000);
afterAll(() => database?.stop());

const ago = (days: number) => addDays(today(), -days);
const order = (
  subscription: string,
  daysAgo: number,
  reading: number | null,
  change: Partial<SettlementOrder['facts']> = {},
): SettlementOrder => orderFor(subscription, reading, { settlementDate: ago(daysAgo), ...change });
const pays = (subscription: string, reference: string, amount: number, countedInBill = '') =>
  load(database.pool, 'payments', [{ subscription, reference, amount: String(amount), paidOn: ago(5), paymentId: '', countedInBill }]);
const status = (id: string, to: string) => database.pool.query('update app.settlements set status = $2 where id = $1', [id, to]);
const ledger = (of: { lines: { code: string; amount: number }[] } | null) =>
  of?.lines.flatMap(({ code, amount }) => (['PREVIOUS_DEBT', 'PAYMENT', 'ADJUSTMENT'].includes(code) ? [[code, amount]] : []));

test('a second settlement starts at the first; payments count once; the next bill ends it', async () => {
  const subscription = '014900000101';
  await subscriber(database.pool, subscription, 40);
  await pays(subscription, 'E1', 60_000);
  const first = await walk(activities, order(subscription, 10, 1030), 'run-1');
  expect(first.assessed.basis?.snapshot?.earlierSettlement).toBeUndefined();
  expect(ledger(first.bill)).toEqual([
    ['PREVIOUS_DEBT', 100_000],
    ['PAYMENT', -60_000],
  ]);

  await pays(subscription, 'E2', first.bill!.payable);
  const second = await walk(activities, order(subscription, 0, 1040), 'run-2');
  expect(second.bill).toMatchObject({ days: 10, consumption: '10', previousReading: { reading: 1030, on: ago(10) } });
  expect(ledger(second.bill)).toEqual([
    ['PREVIOUS_DEBT', first.bill!.total],
    ['PAYMENT', -first.bill!.payable],
  ]);
  const known = async () => createSettlementStore(database.pool).known(subscription, second.assessed.basis?.snapshot?.lastBill ?? null);
  const { id, facts } = order(subscription, 0, 1040);
  expect(await known()).toEqual({
    earlier: { id, settlementDate: today(), reading: 1040, total: second.bill!.total, payable: second.bill!.payable },
    meter: { state: 'normal', on: today(), settlement: id },
  });
  await database.pool.query('update app.settlements set facts = $2 where id = $1', [
    id,
    JSON.stringify({ ...facts, meterState: 'broken' }),
  ]);
  expect((await known()).meter).toEqual({ state: 'broken', on: today(), settlement: id });
  const { rows } = await database.pool.query(
    "select detail->>'continues' as continues from app.postings where kind = 'settlement' and settlement_id like $1 order by posting",
    [`${subscription}%`],
  );
  expect(rows.map(({ continues }) => continues)).toEqual([null, first.bill!.number]);

  // a repeated fetch of the second one must not start at itself, and the preview sees what the activities see
  const preview = createPreview({
    ledger: {
      billing: createPostgresBilling(database.pool),
      settlements: createSettlementStore(database.pool),
      payments: createPaymentStore(database.pool),
    },
    tariffs: createTariffStore(database.pool),
    overrides: createOverrideStore(database.pool),
    people: createPeopleStore(database.pool),
  });
  expect(await preview(order(subscription, 0, 1040))).toMatchObject({ bill: { total: second.bill!.total, lines: second.bill!.lines } });

  // cancelled, it is as if it had not been issued
  await status(order(subscription, 0, 1040).id, 'cancelled');
  expect((await preview(order(subscription, 1, 1039))).bill).toMatchObject({ days: 9, previousReading: { reading: 1030 } });
  expect(await known()).toMatchObject({ earlier: { settlementDate: ago(10), reading: 1030 }, meter: { state: 'normal', on: ago(10) } });
  await status(order(subscription, 10, 1030).id, 'cancelled');
  expect((await preview(order(subscription, 1, 1039))).bill).toMatchObject({ days: 39, previousReading: { reading: 1000, on: ago(40) } });
  await status(order(subscription, 10, 1030).id, 'settled');
  await status(order(subscription, 0, 1040).id, 'handedOver');

  // the next bill covers both: it is then the whole ledger
  await load(database.pool, 'bills', [
    {
      subscription,
      serial: 'B2',
      issuedOn: today(),
      fromDate: ago(40),
      toDate: today(),
      fromReading: '1000',
      toReading: '1040',
      totalDue: '7000',
    },
  ]);
  await pays(subscription, 'E2', first.bill!.payable, 'B2');
  await pays(subscription, 'E1', 60_000, 'B2');
  const after = await preview(order(subscription, 0, null, { readingSource: 'none' }));
  expect(ledger(after.bill)).toEqual([['PREVIOUS_DEBT', 7_000]]);
});

test('the same day: the same figure settles the ledger alone, another figure is refused', async () => {
  const subscription = '014900000102';
  await subscriber(database.pool, subscription, 40);
  const first = await walk(activities, order(subscription, 3, 1030), 'run-1');
  const successor = (reading: number, n: number): SettlementOrder => ({
    ...order(subscription, 3, reading),
    id: `${order(subscription, 3, reading).id}-${n}`,
  });
  const other = await walk(activities, successor(1031, 2), 'run-2');
  expect(other).toMatchObject({ bill: null, findings: [{ code: 'READING_CHANGED_ON_SAME_DAY' }] });
  const same = await walk(activities, successor(1030, 3), 'run-3');
  expect(same.bill).toMatchObject({ days: 0, total: first.bill!.total });
  expect(ledger(same.bill)).toEqual([['PREVIOUS_DEBT', first.bill!.total]]);
});

test('a settlement of the ledger alone moves the debt, not the reading; a rejected one moves nothing', async () => {
  const subscription = '014900000103';
  await subscriber(database.pool, subscription, 40);
  const rejected = await walk(activities, order(subscription, 6, 999), 'run-1');
  expect(rejected.bill).toBeNull();
  const none = await walk(activities, order(subscription, 5, null), 'run-2');
  expect(ledger(none.bill)).toEqual([['PREVIOUS_DEBT', 100_000]]);
  await pays(subscription, 'E3', 30_000);
  const next = await walk(activities, order(subscription, 0, 1040), 'run-3');
  expect(next.bill).toMatchObject({ days: 40, previousReading: { reading: 1000, on: ago(40) } });
  expect(ledger(next.bill)).toEqual([
    ['PREVIOUS_DEBT', 100_000],
    ['PAYMENT', -30_000],
  ]);
});

test('a bill that was fed or changed since the settlement is the ledger again: its payments are not lost', async () => {
  const subscription = '014900000104';
  await subscriber(database.pool, subscription, 40);
  await walk(activities, order(subscription, 10, 1030), 'run-1');
  await pays(subscription, 'E4', 10_000, 'B2');
  // read before the settlement, fed after it, with a payment that the settlement never saw
  await load(database.pool, 'bills', [
    {
      subscription,
      serial: 'B2',
      issuedOn: ago(8),
      fromDate: ago(40),
      toDate: ago(15),
      fromReading: '1000',
      toReading: '1025',
      totalDue: '95000',
    },
  ]);
  const next = await walk(activities, order(subscription, 0, 1040), 'run-2');
  expect(next.bill).toMatchObject({ days: 15, consumption: '15', previousReading: { reading: 1025, on: ago(15) } });
  expect(ledger(next.bill)).toEqual([['PREVIOUS_DEBT', 95_000]]);
});
