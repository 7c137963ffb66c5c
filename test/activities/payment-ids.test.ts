import type { Activities } from '../../src/activities/index.js';
import { checkPayment, makePaymentId, splitPayable } from '../../src/domain/bill/bill-id.js';
import { type JalaliDate, addDays, yearOf } from '../../src/domain/calendar/jalali.js';
import type { Bill } from '../../src/domain/settlement/settlement.js';
import { createTariffStore } from '../../src/store/tariffs.js';
import { orderFor, realActivities, startDatabase, today } from '../workflows/stage.js';
import { tariff } from '../domain/sample.js';
import { subscriber, walk } from './stage.js';

let database: Awaited<ReturnType<typeof startDatabase>>;
let activities: Activities;
beforeAll(async () => {
  database = await startDatabase(1);
  activities = realActivities(database.pool);
}, 120_000);
afterAll(() => database?.stop());

// a day of the year before today's, far enough from its end that a few more are in it too
const lastYear = addDays(`${yearOf(today())}/01/01` as JalaliDate, -30);
const daysSince = (date: JalaliDate): number => {
  let days = 0;
  for (let day = date; day < today(); day = addDays(day, 1)) days++;
  return days;
};

async function settle(subscription: string, date: JalaliDate): Promise<Bill | null> {
  return (await walk(activities, orderFor(subscription, null, { settlementDate: date }), `run-${subscription}-${date}`)).bill;
}
const parts = (bill: Bill | null) =>
  bill?.payments.map(({ paymentId, amount }) => {
    const { amountRial, yearDigit, period } = checkPayment(bill.billId, paymentId);
    expect(amountRial).toBe(amount);
    return [yearDigit, period];
  });

test('decision: the year digit is that of the settlement date; periods are counted by subscriber and year, one per slip', async () => {
  const [one, two] = ['014900000401', '014900000402'] as const;
  // three slips each
  for (const subscription of [one, two]) await subscriber(database.pool, subscription, daysSince(lastYear) + 40, 250_000_000_000);
  const before = yearOf(lastYear) % 10;
  const now = yearOf(today()) % 10;
  const first = await settle(one, lastYear);
  expect(first?.payable).toBe(250_000_000_000);
  expect(parts(first)).toEqual([
    [before, 50],
    [before, 51],
    [before, 52],
  ]);
  // the year of issue would make another id of the same sum
  const { amount, paymentId } = first!.payments[0]!;
  expect(makePaymentId({ billId: first!.billId, amount, yearDigit: now, period: 50 })).not.toBe(paymentId);
  // the next of the same year goes on, another year and another subscriber begin anew
  expect(parts(await settle(one, addDays(lastYear, 1)))).toEqual([
    [before, 53],
    [before, 54],
    [before, 55],
  ]);
  expect(parts(await settle(one, today()))).toEqual([
    [now, 50],
    [now, 51],
    [now, 52],
  ]);
  expect(parts(await settle(two, lastYear))).toEqual([
    [before, 50],
    [before, 51],
    [before, 52],
  ]);
  // equal sums of one subscriber never share an id
  const { rows } = await database.pool.query<{ ids: string[] }>(
    `select array_agg(p->>'paymentId') as ids from app.bills b, jsonb_array_elements(b.bill->'payments') p where b.settlement_id like $1`,
    [`${one}%`],
  );
  expect(new Set(rows[0]?.ids).size).toBe(3 * splitPayable(first!.payable).length);
});

test('decision: inside the range that the data gives, also when that begins higher within the year; used up, it is refused', async () => {
  const subscription = '014900000403';
  await subscriber(database.pool, subscription, daysSince(lastYear) + 40, 50_000);
  const store = createTariffStore(database.pool);
  const range = (version: string, from: JalaliDate, periods: { from: number; to: number }) =>
    store.publish(tariff({ version, from, paymentPeriods: periods }), 'a', 'b');
  await range('early', lastYear, { from: 20, to: 22 });
  await range('later', addDays(lastYear, 2), { from: 60, to: 61 });
  const digit = yearOf(lastYear) % 10;
  expect(parts(await settle(subscription, lastYear))).toEqual([[digit, 20]]);
  expect(parts(await settle(subscription, addDays(lastYear, 2)))).toEqual([[digit, 60]]);
  expect(parts(await settle(subscription, addDays(lastYear, 3)))).toEqual([[digit, 61]]);
  await expect(settle(subscription, addDays(lastYear, 4))).rejects.toMatchObject({
    type: 'REJECTED',
    message: expect.stringContaining('60–61'),
  });
});
