import type { Messenger } from '../../src/activities/messenger.js';
import { addDays } from '../../src/domain/calendar/jalali.js';
import { load } from '../billing/database.js';
import { orderFor, realActivities, startDatabase, today } from '../workflows/stage.js';
import { subscriber, walk } from './stage.js';

let database: Awaited<ReturnType<typeof startDatabase>>;
const started: string[] = [];
// the timers themselves are tested on a server
const messenger: Messenger = {
  signal: async () => 'ended',
  async start(_workflow, id) {
    const first = !started.includes(id);
    if (first) started.push(id);
    return first ? 'started' : 'exists';
  },
};
beforeAll(async () => {
  database = await startDatabase(1);
}, 120_000);
afterAll(() => database?.stop());
const tasksOf = async (settlement: string) =>
  (await database.pool.query('select id, kind, role, office, detail, closed_at from app.tasks where settlement_id = $1', [settlement]))
    .rows;

test('domain: below an estimated last reading: refused, and billing has one task however often it is asked for', async () => {
  const subscription = '014900000401';
  await subscriber(database.pool, subscription, 40);
  await load(database.pool, 'bills', [
    {
      subscription,
      serial: 'B2',
      issuedOn: addDays(today(), -20),
      fromDate: addDays(today(), -40),
      toDate: addDays(today(), -20),
      fromReading: '1000',
      toReading: '1100',
      readingSource: 'estimated',
    },
  ]);
  const order = orderFor(subscription, 1_050);
  const activities = realActivities(database.pool, messenger);
  for (const run of ['run-1', 'run-2']) {
    const { bill, findings } = await walk(activities, order, run);
    expect([bill, findings.map(({ code }) => code)]).toEqual([null, ['READING_BELOW_ESTIMATE']]);
  }
  expect(await tasksOf(order.id)).toEqual([
    {
      id: `readingBelowEstimate.${order.id}`,
      kind: 'readingBelowEstimate',
      role: 'billing',
      office: '01',
      detail: { message: expect.stringContaining('1050') },
      closed_at: null,
    },
  ]);
  expect(started).toEqual([`task/readingBelowEstimate.${order.id}`]);
});

test('a reading that the clerk mends alone leaves no task', async () => {
  const subscription = '014900000402';
  await subscriber(database.pool, subscription, 40);
  const order = orderFor(subscription, 990);
  const { findings } = await walk(realActivities(database.pool, messenger), order, 'run-1');
  expect(findings.map(({ code }) => code)).toEqual(['READING_BELOW_PREVIOUS']);
  expect(await tasksOf(order.id)).toEqual([]);
});

test('a reversed meter: billing’s too', async () => {
  const subscription = '014900000403';
  await subscriber(database.pool, subscription, 40);
  const order = orderFor(subscription, 1_010, { meterState: 'reversed' });
  await walk(realActivities(database.pool, messenger), order, 'run-1');
  expect((await tasksOf(order.id)).map(({ kind }) => kind)).toEqual(['meterReversed']);
});
