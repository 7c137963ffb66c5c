import { createOverrideStore } from '../../src/store/overrides.js';
import { addDays } from '../../src/domain/calendar/jalali.js';
import { orderFor, realActivities, startDatabase, today } from '../workflows/stage.js';
import { subscriber, walk } from './stage.js';

let database: Awaited<ReturnType<typeof startDatabase>>;
beforeAll(async () => {
  database = await startDatabase(1);
}, 120_000);
afterAll(() => database?.stop());

const SUPERVISOR = { id: 's-1', name: 'نرگس کاظمی', role: 'supervisor', office: '01' } as const;
const ASKED = { code: 'OUTSIDE_OUTER_BAND', reason: 'دوباره خوانده شد', reading: null };

test('taken before the settlement is on record, it lets the first request pass', async () => {
  const subscription = '014900000201';
  await subscriber(database.pool, subscription, 60);
  const order = orderFor(subscription, 5_000, { settlementDate: addDays(today(), -1) });
  const store = createOverrideStore(database.pool);
  await store.record(order.id, ASKED, SUPERVISOR);
  const walked = await walk(realActivities(database.pool), order, 'run-1');
  expect(walked.bill).toMatchObject({ consumption: '4000' });
  expect(walked.findings).toMatchObject([{ code: 'OUTSIDE_OUTER_BAND', override: { reason: ASKED.reason } }]);
});

test('once per settlement, code, figure and person, at the same moment too; one event for each', async () => {
  const store = createOverrideStore(database.pool);
  const id = '014900000202-14050904';
  const answers = await Promise.all([1, 2, 3, 4].map((n) => store.record(id, { ...ASKED, reason: `دلیل ${n}` }, SUPERVISOR)));
  expect(answers.filter(({ recorded }) => recorded)).toHaveLength(1);
  expect(new Set(answers.map(({ override }) => override.reason)).size).toBe(1);
  expect(await store.record(id, { ...ASKED, reading: 7 }, SUPERVISOR)).toMatchObject({ recorded: true });
  const { rows } = await database.pool.query(
    "select key, data from app.events where settlement_id = $1 and kind = 'overridden' order by seq",
    [id],
  );
  expect(rows).toMatchObject([
    { key: `${ASKED.code}/s-1`, data: { by: { id: 's-1', role: 'supervisor' } } },
    { key: `${ASKED.code}/7/s-1`, data: { reading: 7 } },
  ]);
  expect((await store.of(id, 7)).map(({ reading }) => reading)).toEqual([null, 7]);
  expect((await store.of(id, 8)).map(({ reading }) => reading)).toEqual([null]);
  expect(await store.of('014900000202-14050905', 7)).toEqual([]);
});
