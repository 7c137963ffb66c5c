import { addDays, todayInTehran } from '../../src/domain/calendar/jalali.js';
import { createHistoryStore } from '../../src/store/histories.js';
import { createStandingStore } from '../../src/store/standing.js';
import { type TestDatabase, load, testDatabase } from '../billing/database.js';
import { seedWaiting } from './waiting.js';

let db: TestDatabase;
const now = new Date();
const today = todayInTehran(now);
const standing = () => createStandingStore(db.pool).standing(now);

beforeAll(async () => {
  db = await testDatabase();
}, 120_000);
afterAll(() => db?.stop());

test('plan R2, R4, R5: what stands open, of everything that is there', async () => {
  expect(await standing()).toMatchObject({
    waiting: { none: 0, atRisk: 0, breached: 0 },
    oldestWaitingSeconds: 0,
    postings: { waiting: 0, handedOver: 0, late: 0, refused: 0 },
    closing: { passed: 0, today: 0, tomorrow: 0, week: 0 },
    withoutCycle: 0,
    tasks: [],
    unknownPayments: 0,
    feedAgeDays: {},
    historiesBehindSeconds: 0,
  });

  const dated = (id: string, ahead: number | null) => ({
    id,
    subscription: id.padStart(12, '0'),
    cycle: ahead === null ? null : '12-1405-06',
    dueOn: ahead === null ? null : addDays(today, ahead),
    kinds: ['fee'] as ['fee'],
  });
  await seedWaiting(db.pool, [
    dated('1', -1),
    dated('2', 0),
    dated('3', 1),
    dated('4', 5),
    dated('5', 30),
    dated('6', null),
    dated('7', 0),
  ]);
  await db.pool.query(`update app.postings set status = case posting when '7/fee' then 'taken' when '2/fee' then 'late' else status end`);
  await db.pool.query(
    `update app.settlements set status = 'received', announced_at = null, received_at = now() - interval '10 minutes',
       at_risk_at = case when id in ('2', '3') then now() end, breached_at = case when id = '3' then now() end where id in ('1', '2', '3')`,
  );
  // its slip is hours old: it says nothing of the counter
  await db.pool.query(
    `update app.settlements set status = 'received', late_entry = true, received_at = now() - interval '5 hours' where id = '4'`,
  );
  await db.pool.query(
    `insert into app.tasks (id, settlement_id, office, kind, role, since, due_at, closed_at) values
       ('deliver.1', '1', '01', 'deliver', 'clerk', now() - interval '2 hours', now() - interval '1 hour', null),
       ('deliver.2', '2', '01', 'deliver', 'clerk', now() - interval '1 hour', now() + interval '1 hour', null),
       ('deliver.3', '3', '01', 'deliver', 'clerk', now() - interval '9 hours', now() - interval '8 hours', now()),
       ('breached.3', '3', '01', 'breached', 'supervisor', now(), null, null)`,
  );
  await db.pool.query(
    `insert into app.payments (reference, event_id, subscription, payment_id, amount, paid_on, recorded_by) values
       ('R1', 'e1', '014123456701', '1', 1000, '1405/08/10', 'b'), ('P1', 'e2', '014123456701', '2', 86000, '1405/08/10', 'b')`,
  );
  await load(db.pool, 'accounts', [{}]);
  // the ledger knows it: it is nobody's riddle
  await load(db.pool, 'payments', [{}]);
  await db.pool.query(`update billing.feeds set as_of = $1 where kind = 'payments'`, [addDays(today, -4)]);

  const seen = await standing();
  expect(seen).toMatchObject({
    waiting: { none: 2, atRisk: 1, breached: 1 },
    postings: { waiting: 5, handedOver: 0, late: 1, refused: 0 },
    closing: { passed: 1, today: 2, tomorrow: 3, week: 4 },
    withoutCycle: 1,
    tasks: [
      { kind: 'breached', open: 1, overdue: 0 },
      { kind: 'deliver', open: 2, overdue: 1 },
    ],
    unknownPayments: 1,
    feedAgeDays: { payments: 4 },
  });
  expect(seen.oldestWaitingSeconds).toBeGreaterThanOrEqual(600);
  expect(seen.oldestWaitingSeconds).toBeLessThan(3600);
  expect(seen.tasks[1]?.oldestSeconds).toBeGreaterThanOrEqual(7200);
  // no history was exported yet: counted from the first settlement
  expect(seen.historiesBehindSeconds).toBeGreaterThanOrEqual(5 * 3600);
  await createHistoryStore(db.pool).exported(new Date(Date.now() - 60_000).toISOString());
  expect((await standing()).historiesBehindSeconds).toBeLessThan(3600);
});
