import { addFeeResolutionCommand } from '../../src/cli/fee-resolution.js';
import { Refusal } from '../../src/refusal.js';
import { createTariffStore } from '../../src/store/tariffs.js';
import { type TestDatabase, testDatabase } from '../billing/database.js';
import { on } from '../domain/sample.js';
import { runCommand } from './run-command.js';

let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase();
}, 60_000);
afterAll(() => database?.stop());
beforeEach(() => database.pool.query('truncate app.fee_resolutions'));

const run = async (...args: string[]): Promise<string> =>
  (await runCommand(addFeeResolutionCommand, { databaseUrl: database.url }, ['fee-resolution', ...args])).out;
const SOUND = {
  number: '1405-12',
  'resolved-on': '1405/01/10',
  amount: '49000',
  from: '1405/01/16',
  by: 'مریم رضایی',
  'confirmed-by': 'علی کریمی',
};
const record = (change: Record<string, string> = {}, ...flags: string[]): Promise<string> =>
  run('record', ...Object.entries({ ...SOUND, ...change }).flatMap(([name, value]) => [`--${name}`, value]), ...flags);
const refusal = async (promise: Promise<unknown>): Promise<string> => {
  const refused: unknown = await promise.catch((error: unknown) => error);
  expect(refused).toBeInstanceOf(Refusal);
  return (refused as Refusal).message;
};
const listed = async () => JSON.parse(await run('list', '--json')) as { number: string; amount: number; inForce: boolean }[];

test('recorded by two, in force from its first day, listed', async () => {
  expect(await record()).toBe('Resolution 1405-12: 49,000 rial, 1405/01/16 to further notice.');
  const store = createTariffStore(database.pool);
  expect(await store.feeOn(on('1405/01/16'))).toEqual({ resolution: '1405-12', amount: 49_000, illustrative: false });
  expect(await store.feeOn(on('1405/01/15'))).toBeNull();
  expect(await listed()).toEqual([
    {
      number: '1405-12',
      resolvedOn: '1405/01/10',
      amount: 49_000,
      from: '1405/01/16',
      to: null,
      illustrative: false,
      by: 'مریم رضایی',
      confirmedBy: 'علی کریمی',
      inForce: true,
    },
  ]);
  expect(await run('list')).toBe(
    '1405-12; 49,000 rial; 1405/01/16 to further notice; resolved on 1405/01/10; recorded by مریم رضایی, confirmed by علی کریمی; in force today',
  );
});

test('digits and thousands marks as they are typed', async () => {
  await record({ number: ' ۱۴۰۵-۱۲ ', amount: '۴۹٬۰۰۰', from: '۱۴۰۵/۱/۱۶', to: '۱۴۰۵/۱۲/۲۹' });
  expect(await listed()).toMatchObject([{ number: '۱۴۰۵-۱۲', amount: 49_000, from: '1405/01/16', to: '1405/12/29' }]);
});

test.each([
  ['the same', 'مريم  رضايي'],
  ['nobody', ' '],
])('%s is no second person', async (_, confirmedBy) => {
  expect(await refusal(record({ 'confirmed-by': confirmedBy }))).toMatch(/second person|named/);
  expect(await listed()).toEqual([]);
});
test('the database itself holds the two apart', async () => {
  await expect(
    database.pool.query(
      `insert into app.fee_resolutions (number, resolved_on, amount, valid_from, recorded_by, confirmed_by) values ('x', '1405/01/01', 1, '1405/01/01', 'a', 'a')`,
    ),
  ).rejects.toThrow('another_confirms');
});

test('the same again changes nothing; the number with another content is refused, whoever brings it', async () => {
  await record();
  expect(await record({ by: 'سارا', 'confirmed-by': 'رضا' })).toContain('stands already');
  for (const change of [{ amount: '50000' }, { from: '1405/01/17' }, { to: '1405/12/29' }, { 'resolved-on': '1405/01/11' }]) {
    for (const number of ['1405-12', '۱۴۰۵-۱۲', ' 1405 -12'])
      expect(await refusal(record({ ...change, number }))).toContain('recorded with another content (49000 rial');
  }
  expect(await listed()).toMatchObject([{ number: '1405-12', amount: 49_000, by: 'مریم رضایی' }]);
});
test('one that is being recorded is waited for, however its number is typed', async () => {
  const store = createTariffStore(database.pool);
  const of = { number: '7', resolvedOn: on('1405/01/01'), amount: 1_000, from: on('1405/01/01'), to: null, illustrative: false };
  const first = await database.pool.connect();
  try {
    await first.query('begin');
    await first.query(
      `insert into app.fee_resolutions (number, resolved_on, amount, valid_from) values ('۷', '1405/01/01', 1000, '1405/01/01')`,
    );
    let answered = false;
    const second = store.recordResolution(of, 'a', 'b').finally(() => (answered = true));
    while (!answered && (await first.query('select from pg_locks where not granted')).rowCount === 0);
    await first.query('commit');
    expect(await second).toBe(false);
  } finally {
    first.release();
  }
  expect(await store.resolutions()).toMatchObject([{ number: '۷' }]);
});

test('overlapping ones are recorded and said; the latest first day stands', async () => {
  await record();
  expect(await record({ number: '1405-40', 'resolved-on': '1405/06/01', amount: '81000', from: '1405/07/01' })).toBe(
    [
      'Resolution 1405-40: 81,000 rial, 1405/07/01 to further notice.',
      '1405-12 (49000 rial, 1405/01/16 to further notice) holds on some of its days too; where both do, 1405-40 stands.',
    ].join('\n'),
  );
  expect(await listed()).toMatchObject([
    { number: '1405-12', inForce: false },
    { number: '1405-40', inForce: true },
  ]);
  expect((await createTariffStore(database.pool).feeOn(on('1405/06/31')))?.resolution).toBe('1405-12');
});
test('of one first day and one day of resolution the last recorded stands', async () => {
  for (const number of ['b', 'a', 'c']) await record({ number });
  expect((await createTariffStore(database.pool).feeOn(on('1405/09/01')))?.resolution).toBe('c');
});

test('ten times off the one before is refused until it is meant', async () => {
  await record();
  const toman = { number: '1405-40', amount: '4900', from: '1405/07/01' };
  const message = await refusal(record(toman));
  expect(message).toContain('4900 rial is about ten times or a tenth of the 49000 of 1405-12');
  expect(message).toContain('--yes');
  expect(await listed()).toHaveLength(1);
  expect(await record(toman, '--yes', '--json').then((out) => JSON.parse(out))).toMatchObject({
    number: '1405-40',
    recorded: true,
    notes: [{ code: 'HOLDS_TOO' }],
  });
  // what stands is no question any more
  expect(await record(toman)).toContain('stands already');
});

test('what cannot be is refused, also with --yes', async () => {
  expect(await refusal(record({ to: '1405/01/15' }, '--yes'))).toContain('ends (1405/01/15) before it starts');
  expect(await refusal(record({ 'resolved-on': '1498/01/01' }, '--yes'))).toContain('Nothing was resolved on 1498/01/01');
  expect(await listed()).toEqual([]);
});
test.each([{ amount: '0' }, { amount: '49.5' }, { amount: '-5' }, { from: '1405/13/01' }, { 'resolved-on': '1404/12/30' }])(
  'wrong usage: %j',
  async (change) => {
    await expect(record(change as Record<string, string>)).rejects.toMatchObject({ code: 'commander.invalidArgument' });
  },
);

test('none on record: the list says what that means', async () => expect(await run('list')).toContain('no fee'));

test('what was put in before persons were asked is listed as such', async () => {
  await database.pool.query(
    `insert into app.fee_resolutions (number, resolved_on, amount, valid_from, illustrative) values ('x', '1405/01/01', 1, '1405/01/01', true)`,
  );
  expect(await run('list')).toBe(
    'x; 1 rial; 1405/01/01 to further notice; resolved on 1405/01/01; recorded by nobody on record; for practice; in force today',
  );
});
