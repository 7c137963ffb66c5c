import { CommanderError } from 'commander';
import type { Activities } from '../../src/activities/index.js';
import { addAuditCommand } from '../../src/cli/audit.js';
import type { Bill, SettlementOrder } from '../../src/domain/settlement/settlement.js';
import { addPersonDataCommand } from '../../src/cli/person-data.js';
import { Refusal } from '../../src/refusal.js';
import { subscriber, walk } from '../activities/stage.js';
import { runCommand } from './run-command.js';
import { orderFor, realActivities, startDatabase } from '../workflows/stage.js';

let database: Awaited<ReturnType<typeof startDatabase>>;
let activities: Activities;
let settled: { order: SettlementOrder; bill: Bill }[];
beforeAll(async () => {
  database = await startDatabase(1);
  activities = realActivities(database.pool);
  settled = [];
  for (const subscription of ['014900000801', '014900000802', '014900000803']) {
    await subscriber(database.pool, subscription, 40);
    const order = orderFor(subscription, 1030);
    const { bill } = await walk(activities, order, `run-${subscription}`);
    if (!bill) throw new Error('nothing was issued');
    settled.push({ order, bill });
  }
}, 120_000);
afterAll(() => database?.stop());
afterEach(() => void (process.exitCode = undefined));

const run = (...args: string[]): Promise<{ code: number; out: string }> =>
  runCommand(args[0] === 'audit' ? addAuditCommand : addPersonDataCommand, { databaseUrl: database.postgres.url }, args);

test('audit rebuild: equal 0, a difference 1 with its field, no such settlement refused', async () => {
  const { order } = settled[0]!;
  expect(await run('audit', 'rebuild', order.id)).toEqual({ code: 0, out: `${order.id}: equal\n1 settlements: 1 equal, 0 differ.` });
  expect(await run('audit', 'rebuild')).toEqual({ code: 0, out: '3 settlements: 3 equal, 0 differ.' });
  await database.pool.query(`update app.settlements set status = 'settled' where id = $1`, [order.id]);
  expect(await run('audit', 'rebuild')).toEqual({
    code: 1,
    out: `${order.id}: differs\n  settlement.status: log "announced", stored "settled"\n3 settlements: 2 equal, 1 differ.`,
  });
  const { code, out } = await run('audit', 'rebuild', '--json');
  expect([code, JSON.parse(out)]).toEqual([
    1,
    {
      checked: 3,
      equal: 2,
      different: [
        { settlement: order.id, equal: false, differences: [{ field: 'settlement.status', log: 'announced', stored: 'settled' }] },
      ],
    },
  ]);
  await database.pool.query(`update app.settlements set status = 'announced' where id = $1`, [order.id]);
  await expect(run('audit', 'rebuild', '014900000999-14050904')).rejects.toThrow(Refusal);
});

test('audit indicators: what does not agree is named, exit 1; made anew it agrees', async () => {
  expect(await run('audit', 'indicators')).toEqual({ code: 0, out: 'The indicators rest on what is stored.' });
  const { order } = settled[1]!;
  await database.pool.query('update app.measures set errors = 3 where settlement_id = $1', [order.id]);
  await database.pool.query(
    `insert into app.dues (due_on, cycle, office, clerk, due, taken) values ('1405/09/01', '12-1405-06', '01', 'x', 1, 1)`,
  );
  expect(await run('audit', 'indicators')).toEqual({
    code: 1,
    out: `${order.id}: differs\n1 settlements and 1 sums of what was due differ; --anew mends them.`,
  });
  expect(await run('audit', 'indicators', '--anew')).toEqual({ code: 0, out: 'The indicators rest on what is stored.' });
});

test('audit numbers: gaps are named, exit 1; of a period its own', async () => {
  const numbers = settled.map(({ bill }) => bill.number);
  expect(await run('audit', 'numbers')).toEqual({
    code: 0,
    out: `bill, office 01, ${numbers[0]!.split('-')[1]}: 3 issued (${numbers[0]} to ${numbers[2]}), 0 void, 0 missing`,
  });
  // changed past the app: one number is gone
  await database.pool.query(`update app.bills set number = $2 where number = $1`, [numbers[1], `${numbers[1]!.slice(0, -6)}000009`]);
  await database.pool.query('update app.bills set void = true where number = $1', [numbers[2]]);
  await database.pool.query('update app.bill_numbers set last = 9');
  const { code, out } = await run('audit', 'numbers', '--json');
  const gap = (from: number, to: number) => ({
    from: `${numbers[1]!.slice(0, -6)}${String(from).padStart(6, '0')}`,
    to: `${numbers[1]!.slice(0, -6)}${String(to).padStart(6, '0')}`,
    count: to - from + 1,
  });
  expect([code, JSON.parse(out)]).toMatchObject([
    1,
    { numbers: [{ document: 'bill', issued: 3, void: [numbers[2]], missing: [gap(2, 2), gap(4, 8)] }] },
  ]);
  expect((await run('audit', 'numbers')).out).toContain(
    `  void ${numbers[2]}\n  missing ${numbers[1]}\n  missing ${gap(4, 8).from} to ${gap(4, 8).to}`,
  );
  expect(await run('audit', 'numbers', '--to', '1400/01/01')).toEqual({ code: 0, out: 'No numbers were given.' });
  await expect(run('audit', 'numbers', '--from', '1400/13/01')).rejects.toThrow(CommanderError);
});

test('audit expire', async () => {
  expect(await run('audit', 'expire')).toEqual({ code: 0, out: '0 entries of the access log have had their time.' });
});

test('person-data erase: two persons, one person or subscription, nothing while something is open', async () => {
  const { order } = settled[2]!;
  const erase = (...args: string[]) => run('person-data', 'erase', '--by', 'ناهید رسولی', '--reason', 'حکم ۱۲', ...args);
  const confirmed = ['--confirmed-by', 'کاوه امین'];
  await expect(erase('--subscription', order.facts.subscription, '--confirmed-by', 'ناهيد  رسولي')).rejects.toThrow(/second person/);
  await expect(erase(...confirmed)).rejects.toThrow(CommanderError);
  await expect(erase(...confirmed, '--subscription', order.facts.subscription, '--national-id', '0932833810')).rejects.toThrow(
    CommanderError,
  );
  await expect(erase(...confirmed, '--national-id', '0932833811')).rejects.toThrow(CommanderError);
  await expect(erase(...confirmed, '--subscription', order.facts.subscription)).rejects.toThrow(
    new Refusal(`Nothing was erased. Not ended yet: ${order.id}`),
  );
  await database.pool.query(`update app.settlements set status = 'settled' where id = $1`, [order.id]);
  await database.pool.query(`update app.postings set status = 'taken' where settlement_id = $1`, [order.id]);
  expect(await erase(...confirmed, '--subscription', '۰۱۴۹ ۰۰۰۰ ۰۸۰۳')).toEqual({ code: 0, out: `Erased from 1 settlements: ${order.id}` });
  expect(await erase(...confirmed, '--subscription', '014900000999', '--json')).toEqual({ code: 0, out: '{"erased":[]}' });
});
