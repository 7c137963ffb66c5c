import type { Messenger } from '../../src/activities/messenger.js';
import { orderFor, realActivities, startDatabase, today } from '../workflows/stage.js';
import { subscriber, walk } from './stage.js';

let database: Awaited<ReturnType<typeof startDatabase>>;
const started: string[] = [];
// the timers themselves are tested on a server
const messenger: Messenger = {
  signal: async () => 'ended',
  async start(_workflow, id) {
    started.push(id);
    return 'started';
  },
};
beforeAll(async () => {
  database = await startDatabase(1);
}, 120_000);
afterAll(() => database?.stop());

async function settle(subscription: string) {
  await subscriber(database.pool, subscription, 40);
  const { bill } = await walk(realActivities(database.pool, messenger), orderFor(subscription, 1_040), 'run-1');
  const { rows: fees } = await database.pool.query("select 1 from app.postings where settlement_id like $1 and kind = 'fee'", [
    `${subscription}-%`,
  ]);
  const { rows: tasks } = await database.pool.query("select id, role, office from app.tasks where kind = 'noFeeResolution'");
  return { fee: bill?.fee?.amount ?? null, fees: fees.length, tasks };
}

test('no board resolution in force: announced without a fee, and one task of the day says so, however many are', async () => {
  expect(await settle('014900000501')).toEqual({ fee: 49_000, fees: 1, tasks: [] });
  await database.pool.query('truncate app.fee_resolutions');
  const task = { id: `noFeeResolution.${today().replaceAll('/', '')}`, role: 'admin', office: '*' };
  for (const subscription of ['014900000502', '014900000503'])
    expect(await settle(subscription)).toEqual({ fee: null, fees: 0, tasks: [task] });
  expect(new Set(started)).toEqual(new Set([`task/${task.id}`]));
});
