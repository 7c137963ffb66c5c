import type { Messenger } from '../../src/activities/messenger.js';
import { createPostgresBilling } from '../../src/billing/postgres.js';
import { addDays } from '../../src/domain/calendar/jalali.js';
import type { Bill, SettlementOrder } from '../../src/domain/settlement/settlement.js';
import type { Tariff } from '../../src/domain/tariff/tariff.js';
import { type ListedBill, type Posting, lateDecree } from '../../src/operations/late-decree.js';
import { Refusal } from '../../src/refusal.js';
import { createCorrectionStore } from '../../src/store/corrections.js';
import { createTariffStore } from '../../src/store/tariffs.js';
import { subscriber, walk } from '../activities/stage.js';
import { orderFor, realActivities, startDatabase, today } from '../workflows/stage.js';

let database: Awaited<ReturnType<typeof startDatabase>>;
let settled: { order: SettlementOrder; bill: Bill }[];
let old: Tariff;
const told: string[] = [];
const messenger: Messenger = {
  signal: (id, name) => {
    told.push(`${id} ${name}`);
    return Promise.resolve('told');
  },
  start: () => Promise.reject(new Error('nothing is started here')),
};

beforeAll(async () => {
  database = await startDatabase(10);
  const { pool } = database;
  // the demo's tariff ends twenty days ago and is used provisionally since
  await pool.query(`update app.tariffs set document = document || jsonb_build_object('to', $1::text, 'provisionalTo', $2::text)`, [
    addDays(today(), -20),
    addDays(today(), 60),
  ]);
  const store = createTariffStore(pool);
  [old] = (await store.tariffs(await store.versions())) as [Tariff];
  const activities = realActivities(pool);
  settled = [];
  for (const [i, days] of [30, 15, 15].entries()) {
    const subscription = `0149000004${i}1`;
    await subscriber(pool, subscription, days);
    const order = orderFor(subscription, 1040 + i);
    const { bill, findings } = await walk(activities, order, `run-${i}`);
    if (!bill) throw new Error(findings.map(({ code }) => code).join());
    expect(findings.map(({ code }) => code)).toContain('PROVISIONAL_TARIFF');
    expect(bill.definitive).toBe(false);
    settled.push({ order, bill });
  }
}, 120_000);
afterAll(() => database?.stop());

const run = async (version: string, posting: Partial<Posting> | null): Promise<ListedBill[]> => {
  const all: ListedBill[] = [];
  const given = posting && {
    by: 'مریم رضایی',
    confirmedBy: 'زهرا احمدی',
    billing: createPostgresBilling(database.pool),
    messenger,
    ...posting,
  };
  for await (const bill of lateDecree(database.pool, version, given)) all.push(bill);
  return all;
};
const postings = async () =>
  (await database.pool.query(`select posting, amount, detail, status from app.postings where kind = 'difference' order by 1`)).rows;
/** The decree that came late: a rise of 10 % from the day after the old tariff's end. */
function raised(percent: number): Tariff {
  const { provisionalTo: _, ...rest } = old;
  const gas = old.gas.map((rates) => ({
    ...rates,
    steps: rates.steps.map((step) => ({ ...step, rialPerM3: Math.round((step.rialPerM3 * (100 + percent)) / 100) })),
  }));
  return { ...rest, version: `late-${percent}`, from: addDays(today(), -19), to: null, gas };
}

test('the differences are listed, then posted once by two persons; bills stay as they were issued', async () => {
  await expect(run('late-10', null)).rejects.toBeInstanceOf(Refusal);
  await createTariffStore(database.pool).publish(raised(10), 'مریم رضایی', 'زهرا احمدی');
  const listed = await run('late-10', null);
  expect(listed.map(({ settlement }) => settlement)).toEqual(settled.map(({ order }) => order.id));
  for (const [i, { difference }] of listed.entries()) {
    const bill = settled[i]?.bill as Bill;
    expect(difference?.before).toBe(bill.total);
    expect(difference?.amount).toBe((difference?.after ?? 0) - bill.total);
    expect(Object.values(difference?.lines ?? {}).reduce((sum, amount) => sum + amount, 0)).toBe(difference?.amount);
  }
  // all 15 days of the second bill are dearer: its gas by a tenth (each printed line rounds by itself)
  const gas = settled[1]?.bill.lines.filter(({ code }) => code === 'GAS_STEP') ?? [];
  expect(Math.abs((listed[1]?.difference?.lines.GAS_STEP ?? 0) - gas.reduce((sum, { amount }) => sum + amount, 0) / 10)).toBeLessThan(
    gas.length + 40,
  );
  expect(await postings()).toEqual([]);

  await expect(run('late-10', { confirmedBy: 'مريم رضايي' })).rejects.toThrow('second person');
  const posted = await run('late-10', {});
  expect(posted.every((bill) => bill.posted)).toBe(true);
  expect((await postings()).map(({ posting, amount, status }) => [posting, amount, status])).toEqual(
    listed.map(({ settlement, difference }) => [`${settlement}/difference/decree-late-10`, difference?.amount, 'waiting']),
  );
  expect(told).toEqual(settled.map(({ order }) => `settlement/${order.id} outboxChanged`));
  expect(await run('late-10', {})).toHaveLength(3);
  expect(await postings()).toHaveLength(3);
  const { rows } = await database.pool.query('select bill from app.bills order by settlement_id');
  expect(rows.map(({ bill }) => (bill as Bill).total)).toEqual(settled.map(({ bill }) => bill.total));
});

test('a decree that corrects the decree: only what is still missing', async () => {
  await createTariffStore(database.pool).publish(raised(20), 'مریم رضایی', 'زهرا احمدی');
  const before = await postings();
  const listed = await run('late-20', {});
  for (const [i, { difference }] of listed.entries()) expect(difference?.before).toBe((settled[i]?.bill.total ?? 0) + before[i].amount);
  expect(await postings()).toHaveLength(6);
});

test('a correction after the decree starts from the decree, and its postings replace those of the decree', async () => {
  const { order, bill } = settled[1] as (typeof settled)[number];
  const activities = realActivities(database.pool, { ...messenger, start: () => Promise.resolve('started') });
  const by = { id: 'clerk-1', name: 'مریم', role: 'clerk', office: '01' } as const;
  const at = new Date().toISOString();
  await activities.reportError({
    order,
    n: 1,
    first: true,
    report: { kind: 'other', cause: 'clerk', description: 'بررسی دوباره', by },
    at,
  });
  const { comparison } = await activities.submitCorrection({ order, submission: { n: 1, by, corrected: {}, basis: 'first' }, at });
  const decreed = (await postings())
    .filter(({ posting }) => String(posting).startsWith(order.id))
    .reduce((sum, { amount }) => sum + Number(amount), 0);
  // the same facts under the decree: exactly what was posted for it
  expect(comparison?.total.after).toBe(bill.total + decreed);
  expect((await createCorrectionStore(database.pool).standing(order.id))?.decreed).toBe(true);
});
