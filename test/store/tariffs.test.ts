import { illustrativeTariff, loadDemoData, publishedTariff } from '../../src/embedded/demo.js';
import { readTariff } from '../../src/domain/tariff/tariff.js';
import { PublicationRefused, createTariffStore } from '../../src/store/tariffs.js';
import { type TestDatabase, testDatabase } from '../billing/database.js';
import { on, tariff } from '../domain/sample.js';

let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase();
}, 60_000);
afterAll(() => database?.stop());
beforeEach(() => database.pool.query('truncate app.tariffs; truncate app.settlements cascade'));

async function refusal(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
    return 'accepted';
  } catch (error) {
    if (error instanceof PublicationRefused) return error.message;
    throw error;
  }
}
const recorded = async () =>
  (await database.pool.query('select version, published_by as by, confirmed_by as "confirmedBy" from app.tariffs order by seq')).rows;

describe('publish', () => {
  test('by two persons, both on record', async () => {
    const store = createTariffStore(database.pool);
    expect(await store.publish(tariff({ version: 'A' }), ' مریم رضایی', 'علی کریمی')).toBe(true);
    expect(await recorded()).toEqual([{ version: 'A', by: 'مریم رضایی', confirmedBy: 'علی کریمی' }]);
    expect(await store.tariffs(['A'])).toEqual([tariff({ version: 'A' })]);
  });
  test.each([
    ['the same', 'علی کریمی', 'علی کریمی'],
    ['the same in Arabic letters and with other gaps', 'علی کریمی', 'علي‌كريمي '],
    ['the same in capitals', 'Sara', 'SARA'],
  ])('%s name is no second person', async (_, by, confirmedBy) => {
    expect(await refusal(createTariffStore(database.pool).publish(tariff(), by, confirmedBy))).toContain('second person');
    expect(await recorded()).toEqual([]);
  });
  test.each([
    ['', 'x'],
    ['x', ' '],
    ['x', '\u200c'],
  ])('%j and %j: nobody is no person', async (by, confirmedBy) => {
    expect(await refusal(createTariffStore(database.pool).publish(tariff(), by, confirmedBy))).toContain('named');
  });
  test('the database itself holds the two apart', async () => {
    await expect(
      database.pool.query(`insert into app.tariffs (version, document, published_by, confirmed_by) values ('x', '{}', 'a', 'a')`),
    ).rejects.toThrow('another_confirms');
  });

  test('the same version again changes nothing; with another content it is refused, also by others', async () => {
    const store = createTariffStore(database.pool);
    await store.publish(publishedTariff(), 'a', 'b');
    expect(await store.publish(publishedTariff(), 'c', 'd')).toBe(false);
    for (const change of [{ from: on('1397/01/17') }, { title: 'x' }, { requiredDocuments: [] }]) {
      expect(await refusal(store.publish({ ...publishedTariff(), ...change }, 'c', 'd'))).toContain('is a new version');
    }
    expect(await recorded()).toEqual([{ version: '1397', by: 'a', confirmedBy: 'b' }]);
    expect(await store.tariffs(['1397'])).toEqual([publishedTariff()]);
    // a backdated change under a version of its own stands after the first, for the same days
    expect(await store.publish({ ...publishedTariff(), version: '1397-2' }, 'c', 'd')).toBe(true);
    expect(await store.versions()).toEqual(['1397', '1397-2']);
  });
  test('of two that publish at once one does', async () => {
    const store = createTariffStore(database.pool);
    expect((await Promise.all([1, 2, 3].map(() => store.publish(tariff(), 'a', 'b')))).sort()).toEqual([false, false, true]);
  });
  test('faults are refused', async () => {
    await expect(createTariffStore(database.pool).publish({ ...tariff(), gas: [{}] }, 'a', 'b')).rejects.toMatchObject({
      name: 'TariffError',
    });
    expect(await recorded()).toEqual([]);
  });
  test('discounts and documents come back as they were', async () => {
    const of = readTariff({
      ...tariff(),
      discounts: [{ from: '1399/01/01', to: null, kind: 'freeAllowance', title: 'x', use: 'household', uptoM3PerMonth: 45 }],
      requiredDocuments: [{ from: '1399/01/01', to: null, anyOf: [{ code: 'DEED', name: 'سند' }], purposes: ['nameChange'] }],
    });
    const store = createTariffStore(database.pool);
    await store.publish(of, 'a', 'b');
    expect(await store.tariffs([of.version])).toEqual([of]);
  });
  test('the demo leaves what an older one published', async () => {
    const store = createTariffStore(database.pool);
    await store.publish({ ...illustrativeTariff(), title: 'older' }, 'demo');
    await loadDemoData(database.pool, 2, new Date());
    expect((await store.versions()).sort()).toEqual(['1397', 'illustrative-1397']);
  });
});

describe('open settlements', () => {
  async function settlement(id: string, date: string, status: string, lastReadingOn: string | null = null, revision = 1): Promise<void> {
    await database.pool.query(
      `insert into app.settlements (id, subscription, settlement_date, office, clerk, run_id, status, revision, received_at, late_entry, facts, operator)
       values ($1, $1, $2, '01', 'c', $1, $3, $4, now(), false, '{}', '{}')`,
      [id, date, status, revision],
    );
    const bill = { lines: [{ code: 'GAS_STEP', amount: 48_645 }], previousReading: lastReadingOn && { reading: 1, on: lastReadingOn } };
    await database.pool.query(
      `insert into app.bills (settlement_id, revision, number, issued_at, bill, inputs, total, payable, carry) values ($1, $2, $1, now(), $3, '{}', 48645, 48000, 645)`,
      [id, revision, JSON.stringify(bill)],
    );
  }
  const of = tariff({ from: on('1405/01/01'), to: on('1405/06/31') });
  const open = async (change: object = {}) =>
    (await createTariffStore(database.pool).openSettlements({ ...of, ...change })).map(({ id }) => id);

  test('announced, delivered or handed over, with a date in its validity', async () => {
    for (const status of ['received', 'announced', 'delivered', 'handedOver', 'settled', 'rejected', 'cancelled'])
      await settlement(status, '1405/03/01', status);
    await settlement('first', '1405/01/01', 'announced');
    await settlement('last', '1405/06/31', 'announced');
    await settlement('before', '1404/12/29', 'announced', '1404/11/01');
    await settlement('after', '1405/07/01', 'announced');
    expect(await open()).toEqual(['first', 'announced', 'delivered', 'handedOver', 'last']);
    expect(await open({ to: null })).toEqual(['first', 'announced', 'delivered', 'handedOver', 'last', 'after']);
    expect(await createTariffStore(database.pool).openSettlements({ ...of, to: on('1405/01/01') })).toEqual([
      { id: 'first', subscription: 'first', settlementDate: '1405/01/01', office: '01', status: 'announced' },
    ]);
  });
  test('a period that only began under it', async () => {
    await settlement('a', '1405/07/20', 'announced', '1405/06/30');
    // the last reading's day is billed already
    await settlement('b', '1405/07/20', 'announced', '1405/06/31');
    expect(await open()).toEqual(['a']);
  });
  test('case 23: publishing changes no issued bill', async () => {
    await settlement('a', '1405/03/01', 'announced', '1405/02/01');
    const rows = async () =>
      (await database.pool.query('select s.*, b.* from app.settlements s join app.bills b on b.settlement_id = s.id')).rows;
    const before = await rows();
    await createTariffStore(database.pool).publish(of, 'a', 'b');
    expect(await rows()).toEqual(before);
    expect(await open()).toEqual(['a']);
  });
});
