import type { Activities } from '../../src/activities/index.js';
import { createPreview } from '../../src/activities/assess.js';
import { createPostgresBilling } from '../../src/billing/postgres.js';
import { addDays } from '../../src/domain/calendar/jalali.js';
import type { Bill, SettlementOrder } from '../../src/domain/settlement/settlement.js';
import { createOverrideStore } from '../../src/store/overrides.js';
import { createPeopleStore } from '../../src/store/people.js';
import { createPaymentStore } from '../../src/store/payments.js';
import { createSettlementStore } from '../../src/store/settlements.js';
import { createTariffStore } from '../../src/store/tariffs.js';
import { verifyBills } from '../../src/operations/verify.js';
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
const ledger = ({ lines }: Pick<Bill, 'lines'>) =>
  lines.flatMap(({ code, amount }) => (['PREVIOUS_DEBT', 'PAYMENT'].includes(code) ? [[code, amount]] : []));

/** The settlements of one subscriber, who had a reading of 1000 and owed 100,000 rial forty days ago. */
async function visits(subscription: string) {
  await subscriber(database.pool, subscription, 40);
  const order = (daysAgo: number, reading: number | null): SettlementOrder =>
    orderFor(subscription, reading, { settlementDate: ago(daysAgo) });
  return {
    order,
    async settle(daysAgo: number, reading: number | null = null): Promise<Bill> {
      const asked = order(daysAgo, reading);
      const { bill } = await walk(activities, asked, `run-${asked.id}`);
      if (!bill) throw new Error(`${asked.id}: no bill`);
      return bill;
    },
    report: (reference: string, bill: Bill, amount = bill.payable) =>
      createPaymentStore(database.pool).record(
        {
          eventId: `${subscription}-${reference}`,
          reference: `${subscription}-${reference}`,
          subscription,
          paymentId: bill.payments[0]!.paymentId,
          amount,
          paidOn: today(),
        },
        '01',
        { id: 'b-1', office: '01' },
      ),
    feed: (reference: string, amount: number, countedInBill = '') =>
      load(database.pool, 'payments', [
        { subscription, reference: `${subscription}-${reference}`, amount: String(amount), paidOn: today(), paymentId: '', countedInBill },
      ]),
  };
}

test('settled, paid by call, settled again: counted once; then by the feed under the same reference: no more', async () => {
  const { settle, report, feed } = await visits('014900000401');
  const first = await settle(10, 1030);
  await report('R', first);
  const second = await settle(5, 1035);
  expect(ledger(second)).toEqual([
    ['PREVIOUS_DEBT', first.total],
    ['PAYMENT', -first.payable],
  ]);
  await feed('R', first.payable);
  const third = await settle(3);
  expect(ledger(third)).toEqual([['PREVIOUS_DEBT', second.total]]);
  // the next bill counts it: it is then the whole ledger
  await load(database.pool, 'bills', [
    {
      subscription: '014900000401',
      serial: 'B2',
      issuedOn: today(),
      fromDate: ago(40),
      toDate: ago(2),
      fromReading: '1000',
      toReading: '1037',
      totalDue: '7000',
    },
  ]);
  await feed('R', first.payable, 'B2');
  expect(ledger(await settle(0))).toEqual([['PREVIOUS_DEBT', 7_000]]);
});

test('the first settlement counts what was reported of an ordinary bill; the ledger’s sum stands afterwards', async () => {
  const { settle, report, feed } = await visits('014900000402');
  const anyId = { payable: 30_000, payments: [{ paymentId: '100000' }] } as Bill;
  expect(await report('O', anyId)).toMatchObject({ payment: { outcome: 'unknown' } });
  const first = await settle(10, 1030);
  expect(ledger(first)).toEqual([
    ['PREVIOUS_DEBT', 100_000],
    ['PAYMENT', -30_000],
  ]);
  await feed('O', 28_000);
  expect(ledger(await settle(5))).toEqual([
    ['PREVIOUS_DEBT', first.total],
    ['PAYMENT', 2_000],
  ]);
});

test('the ledger says that the last bill counted it already: it is given back', async () => {
  const { settle, report, feed } = await visits('014900000409');
  const first = await settle(10, 1030);
  await report('B', first, 20_000);
  const second = await settle(5);
  expect(second.total).toBe(first.total - 20_000);
  await feed('B', 20_000, 'B1');
  expect(ledger(await settle(3))).toEqual([
    ['PREVIOUS_DEBT', second.total],
    ['PAYMENT', 20_000],
  ]);
});

test('a part leaves the rest; too much is a credit that goes on', async () => {
  const part = await visits('014900000403');
  const first = await part.settle(10, 1030);
  await part.report('P', first, 50_000);
  expect(await part.settle(5)).toMatchObject({ total: first.total - 50_000 });
  const much = await visits('014900000404');
  const paid = await much.settle(10, 1030);
  await much.report('M', paid, paid.total + 90_000);
  const credit = await much.settle(5);
  expect(credit).toMatchObject({ total: -90_000, payable: 0, carry: -90_000, payments: [] });
  await much.feed('M', paid.total + 90_000);
  expect(ledger(await much.settle(0))).toEqual([['PREVIOUS_DEBT', -90_000]]);
});

test('case 22: the first bill’s slip is paid after the second settlement: neither is recalculated, the third counts it once', async () => {
  const { settle, report, feed, order } = await visits('014900000405');
  const first = await settle(10, 1030);
  const second = await settle(5, 1035);
  await report('L', first);
  const store = createSettlementStore(database.pool);
  expect(await store.get(order(10, 1030).id, { office: null })).toMatchObject({
    bill: first,
    paid: { status: 'paid' },
    payments: [{ reference: '014900000405-L', counted: 0 }],
  });
  expect(await store.get(order(5, 1035).id, { office: null })).toMatchObject({
    bill: second,
    paid: { amount: 0, status: 'none' },
    payments: [],
  });
  const third = await settle(3);
  expect(third.total).toBe(second.total - first.payable);
  await feed('L', first.payable);
  expect((await settle(2)).total).toBe(third.total);
  const checked = [];
  for await (const bill of verifyBills(database.pool, null)) checked.push(bill);
  expect(checked.length).toBeGreaterThan(5);
  expect(checked.filter(({ equal }) => !equal)).toEqual([]);
});

test('a feed that comes while the account is read: the ledger alone says whether the payment is counted', async () => {
  const { settle, report, feed, order } = await visits('014900000406');
  const first = await settle(10, 1030);
  await report('F', first);
  const real = createPostgresBilling(database.pool);
  let reads = 0;
  const preview = createPreview({
    ledger: {
      billing: {
        ...real,
        async account(...asked) {
          // between the look for reported payments and the answer of the ledger
          reads++;
          await feed('F', first.payable, 'B1');
          return real.account(...asked);
        },
      },
      settlements: createSettlementStore(database.pool),
      payments: createPaymentStore(database.pool),
    },
    tariffs: createTariffStore(database.pool),
    overrides: createOverrideStore(database.pool),
    people: createPeopleStore(database.pool),
  });
  const { bill } = await preview(order(0, null));
  expect(reads).toBe(1);
  // the last bill counts it already
  expect(ledger(bill!)).toEqual([['PREVIOUS_DEBT', first.total]]);
});

test('another subscriber’s report changes nothing', async () => {
  const [one, other] = [await visits('014900000407'), await visits('014900000408')];
  await one.report('X', await one.settle(10, 1030));
  expect(ledger(await other.settle(5, 1035))).toEqual([['PREVIOUS_DEBT', 100_000]]);
});
