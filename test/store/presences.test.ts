import { jalali } from '../../src/domain/calendar/jalali.js';
import { createPresenceStore } from '../../src/store/presences.js';
import { type TestDatabase, testDatabase } from '../billing/database.js';

let db: TestDatabase;
beforeAll(async () => {
  db = await testDatabase();
}, 120_000);
afterAll(() => db?.stop());
beforeEach(() => db.pool.query('truncate app.presences'));

const stretches = async () =>
  (
    await db.pool.query(
      `select office, extract(epoch from now() - from_at)::integer / 60 as "from", extract(epoch from now() - to_at)::integer / 60 as "to" from app.presences order by office, from_at`,
    )
  ).rows;
const heardOf = (office: string, from: number, to: number) =>
  db.pool.query(`insert into app.presences values ($1, now() - $2 * interval '1 minute', now() - $3 * interval '1 minute')`, [
    office,
    from,
    to,
  ]);

test('a sign goes on with the stretch of its office; after a gap it begins another', async () => {
  const store = createPresenceStore(db.pool);
  await heardOf('01', 90, 2);
  await heardOf('02', 90, 5);
  await heardOf('03', 200, 150);
  await heardOf('03', 90, 60);
  await store.heard(['*', '01', '02', '01']);
  expect(await stretches()).toEqual([
    { office: '*', from: 0, to: 0 },
    { office: '01', from: 90, to: 0 },
    { office: '02', from: 90, to: 5 },
    { office: '02', from: 0, to: 0 },
    { office: '03', from: 200, to: 150 },
    { office: '03', from: 90, to: 60 },
  ]);
  // again, and by several processes at once
  await Promise.all([1, 2, 3].map(() => store.heard(['*', '01', '02'])));
  expect(await stretches()).toHaveLength(6);
});

test('stretches that touch the days, the last ones before, and the system’s beside an office’s', async () => {
  await db.pool.query(`insert into app.presences values
    ('*', '2026-11-01T00:00:00Z', '2026-11-28T12:00:00Z'), ('01', '2026-11-20T05:00:00Z', '2026-11-20T11:00:00Z'), ('01', '2026-11-25T05:00:00Z', '2026-11-25T11:00:00Z'),
    ('01', '2026-11-28T05:00:00Z', '2026-11-28T11:00:00Z'), ('01', '2026-11-29T05:00:00Z', '2026-11-29T11:00:00Z'), ('02', '2026-11-24T05:00:00Z', '2026-11-24T11:00:00Z')`);
  // 1405/09/07 is 2026-11-28
  const of = async (office: string | null) =>
    (await createPresenceStore(db.pool).presences({ from: jalali('1405/09/07'), to: jalali('1405/09/07'), office })).map((each) => [
      each.office,
      each.from,
      each.to,
    ]);
  const system = ['*', '2026-11-01T00:00:00.000Z', '2026-11-28T12:00:00.000Z'];
  const first = [
    ['01', '2026-11-25T05:00:00.000Z', '2026-11-25T11:00:00.000Z'],
    ['01', '2026-11-28T05:00:00.000Z', '2026-11-28T11:00:00.000Z'],
  ];
  expect(await of('01')).toEqual([system, ...first]);
  expect(await of(null)).toEqual([system, ['02', '2026-11-24T05:00:00.000Z', '2026-11-24T11:00:00.000Z'], ...first]);
  expect(await of('03')).toEqual([system]);
});
