import { createPreview } from '../../src/activities/assess.js';
import { createPostgresBilling } from '../../src/billing/postgres.js';
import { addDays } from '../../src/domain/calendar/jalali.js';
import { createOverrideStore } from '../../src/store/overrides.js';
import { createPeopleStore } from '../../src/store/people.js';
import { createPaymentStore } from '../../src/store/payments.js';
import { createSettlementStore } from '../../src/store/settlements.js';
import { createTariffStore } from '../../src/store/tariffs.js';
import { orderFor, realActivities, startDatabase, today } from '../workflows/stage.js';
import { subscriber, walk } from './stage.js';

let database: Awaited<ReturnType<typeof startDatabase>>;
beforeAll(async () => {
  database = await startDatabase(1);
}, 120_000);
afterAll(() => database?.stop());

test('plan R2: on stale data the preview says so, the settlement needs a reason, and the bill names the day of its data', async () => {
  const { pool } = database;
  const subscription = '014900000501';
  await subscriber(pool, subscription, 40);
  const order = orderFor(subscription, 1_040);
  const preview = createPreview({
    ledger: { billing: createPostgresBilling(pool), payments: createPaymentStore(database.pool), settlements: createSettlementStore(pool) },
    tariffs: createTariffStore(pool),
    overrides: createOverrideStore(pool),
    people: createPeopleStore(pool),
  });
  // the feeds of the demo and of the tests are of today
  expect((await preview(order)).warnings).toEqual([]);

  const old = addDays(today(), -60);
  await pool.query("update billing.feeds set as_of = $1 where kind in ('bills', 'payments')", [old]);
  const { bill, warnings } = await preview(order);
  expect([bill?.dataAsOf, warnings.map(({ code, severity }) => [code, severity])]).toEqual([old, [['STALE_FEED', 'confirm']]]);

  const activities = realActivities(pool);
  expect(await walk(activities, order, 'run-1')).toMatchObject({ bill: null, findings: [{ code: 'STALE_FEED' }] });
  const confirmed = {
    ...order,
    facts: { ...order.facts, confirmations: [{ code: 'STALE_FEED', reason: 'آخرین قبض و رسید متقاضی دیده شد' }] },
  };
  expect(await walk(activities, confirmed, 'run-2')).toMatchObject({ bill: { dataAsOf: old }, findings: [{ code: 'STALE_FEED' }] });
});
