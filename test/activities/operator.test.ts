import { ledgerReader } from '../../src/activities/ledger.js';
import { createPreview } from '../../src/activities/assess.js';
import { createPostgresBilling } from '../../src/billing/postgres.js';
import { illustrativeTariff } from '../../src/embedded/demo.js';
import { addDays, jalali } from '../../src/domain/calendar/jalali.js';
import { QUALIFICATIONS, type QualificationCode } from '../../src/domain/people/qualification.js';
import type { SettlementOrder } from '../../src/domain/settlement/settlement.js';
import { createOverrideStore } from '../../src/store/overrides.js';
import { createPaymentStore } from '../../src/store/payments.js';
import { type PeopleStore, createPeopleStore } from '../../src/store/people.js';
import { createSettlementStore } from '../../src/store/settlements.js';
import { createTariffStore } from '../../src/store/tariffs.js';
import { orderFor, realActivities, startDatabase, today } from '../workflows/stage.js';
import { subscriber, walk } from './stage.js';
import { emptied } from '../store/emptying.js';

let database: Awaited<ReturnType<typeof startDatabase>>;
let people: PeopleStore;
let preview: ReturnType<typeof createPreview>;
beforeAll(async () => {
  database = await startDatabase(1);
  const { pool } = database;
  people = createPeopleStore(pool);
  preview = createPreview({
    ledger: { billing: createPostgresBilling(pool), settlements: createSettlementStore(pool), payments: createPaymentStore(pool) },
    tariffs: createTariffStore(pool),
    overrides: createOverrideStore(pool),
    people,
  });
}, 120_000);
afterAll(() => database?.stop());
beforeEach(() => emptied(database.pool, 'app.users'));

const ADMIN = { id: 'm1', name: 'مدیر', role: 'admin' } as const;
let last = 300;
async function order(change: Partial<SettlementOrder['facts']> = {}, receivedAt?: string): Promise<SettlementOrder> {
  const subscription = `014900000${++last}`;
  await subscriber(database.pool, subscription, 40);
  return orderFor(subscription, 1_040, change, receivedAt);
}
/** The clerk of `orderFor`, with the last day of each qualification (null: open); one that is left out is not held. */
async function clerk(ends: Partial<Record<QualificationCode, number | null>>, change: { office?: string } = {}): Promise<void> {
  await people.record({ id: 'clerk-1', name: 'مریم رضایی', office: change.office ?? '01', roles: ['clerk'] }, ADMIN);
  for (const [code, days] of Object.entries(ends) as [QualificationCode, number | null][]) {
    await people.qualify(
      'clerk-1',
      { code, validFrom: addDays(today(), -300), validTo: days === null ? null : addDays(today(), days), certificate: null },
      ADMIN,
    );
  }
}
const OPEN = Object.fromEntries(QUALIFICATIONS.map((code) => [code, null]));
const counts = async (id: string) =>
  (
    await database.pool.query(
      `select (select count(*) from app.bills where settlement_id = $1) as bills, (select count(*) from app.postings where settlement_id = $1) as postings,
       (select count(*) from app.bill_numbers) as numbers, (select count(*) from app.tasks) as tasks,
       (select coalesce(json_agg(kind order by seq), '[]') from app.events where settlement_id = $1) as events from (select) as one`,
      [id],
    )
  ).rows[0];

test('before the first person is recorded nobody is checked', async () => {
  expect((await walk(realActivities(database.pool), await order(), 'run-1')).bill).not.toBeNull();
});

test('an unqualified clerk: refused, nothing is written but the rejection, and the preview says so before', async () => {
  await database.pool.query('truncate app.settlements, app.bill_numbers cascade; truncate app.tasks');
  await clerk({ sevenSkills: null, billingSystem: -1 });
  const asked = await order();
  const shown = await preview(asked);
  expect(shown).toMatchObject({ bill: null, warnings: [], errors: [{ code: 'OPERATOR_NOT_QUALIFIED', field: 'clerk' }] });
  expect(shown.errors[0]?.message).toContain(`«سامانه صورتحساب» (تا ${addDays(today(), -1)} معتبر بود)`);
  expect(await createSettlementStore(database.pool).get(asked.id, { office: null })).toBeNull();

  const walked = await walk(realActivities(database.pool), asked, 'run-1');
  expect(walked.bill).toBeNull();
  expect(walked.findings).toEqual(shown.errors);
  expect(await createSettlementStore(database.pool).get(asked.id, { office: null })).toMatchObject({
    status: 'rejected',
    errors: [{ code: 'OPERATOR_NOT_QUALIFIED' }],
    bill: null,
    postings: [],
  });
  expect(await counts(asked.id)).toEqual({ bills: 0, postings: 0, numbers: 0, tasks: 0, events: ['received', 'rejected'] });

  // the certificates come, and the same request is announced
  for (const code of ['billingSystem', 'secondCopy'] as const)
    await people.qualify('clerk-1', { code, validFrom: today(), validTo: null, certificate: 'G-1' }, ADMIN);
  expect((await preview(asked)).errors).toEqual([]);
  expect((await walk(realActivities(database.pool), asked, 'run-2')).bill).not.toBeNull();
});

test('an operator without a record is not qualified, once anybody is recorded', async () => {
  await people.record({ id: 'another', name: 'دیگری', office: '01', roles: ['admin'] }, ADMIN);
  expect((await walk(realActivities(database.pool), await order(), 'run-1')).findings).toMatchObject([{ code: 'OPERATOR_NOT_QUALIFIED' }]);
});

test('what the token says and the record does not: forbidden', async () => {
  await clerk(OPEN, { office: '02' });
  expect((await preview(await order())).errors).toMatchObject([{ code: 'FORBIDDEN', field: 'clerk' }]);
});

test('a qualification that ends soon: announced, and the clerk is told', async () => {
  await clerk({ ...OPEN, secondCopy: 10 });
  const asked = await order();
  const shown = await preview(asked);
  expect(shown).toMatchObject({
    errors: [],
    bill: { total: expect.any(Number) },
    warnings: [{ code: 'QUALIFICATION_LAPSES', severity: 'info' }],
  });
  const walked = await walk(realActivities(database.pool), asked, 'run-1');
  expect(walked.bill).toMatchObject({ total: shown.bill!.total });
});

test('the day of the request counts; of a late entry the day it is entered', async () => {
  const yesterday = new Date(Date.now() - 24 * 3600_000).toISOString();
  await clerk({ ...OPEN, sevenSkills: -1 });
  // asked for while qualified, computed after an outage
  expect((await preview(await order({}, yesterday))).errors).toEqual([]);
  const slip = { lateEntry: { slip: '7', receivedAt: yesterday } };
  expect((await preview(await order(slip, yesterday))).errors).toMatchObject([{ code: 'OPERATOR_NOT_QUALIFIED' }]);
  // qualified by now, and not when the slip was written
  await people.qualify('clerk-1', { code: 'sevenSkills', validFrom: today(), validTo: null, certificate: null }, ADMIN);
  expect((await preview(await order(slip, yesterday))).errors).toEqual([]);
});

test('how long before its end a clerk is told is the company’s to say; a correction asks nothing of who issued once', async () => {
  const { pool } = database;
  await createTariffStore(pool).publish(
    { ...illustrativeTariff(), version: 'with-terms', service: [{ from: jalali('1398/01/16'), to: null, qualificationWarnDays: 5 }] },
    'a',
    'b',
  );
  await clerk({ ...OPEN, secondCopy: 10 });
  const asked = await order();
  expect((await preview(asked)).warnings).toEqual([]);
  await people.change('clerk-1', { active: false }, ADMIN);
  const read = ledgerReader(
    { billing: createPostgresBilling(pool), settlements: createSettlementStore(pool), payments: createPaymentStore(pool) },
    createTariffStore(pool),
    createOverrideStore(pool),
  );
  expect((await read(asked)).snapshot?.account.subscription).toBe(asked.facts.subscription);
  expect((await preview(asked)).errors).toMatchObject([{ code: 'FORBIDDEN' }]);
});
