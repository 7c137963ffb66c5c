import { createPostgresBilling } from '../../src/billing/postgres.js';
import type { BillingPort } from '../../src/billing/port.js';
import { jalali } from '../../src/domain/calendar/jalali.js';
import { inTransaction } from '../../src/store/pool.js';
import { emptied, load, testDatabase, type TestDatabase } from './database.js';

let db: TestDatabase;
let billing: BillingPort;
beforeAll(async () => {
  db = await testDatabase();
  billing = createPostgresBilling(db.pool);
});
afterAll(() => db?.stop());
beforeEach(() => emptied(db.pool));

const S = '014123456701';
const OTHER = '014000000202';
const TODAY = jalali('1405/09/04');

async function loaded(kind: Parameters<typeof load>[1], rows: Record<string, string>[]): Promise<void> {
  expect(await load(db.pool, kind, rows)).toMatchObject({ ok: true });
}

describe('finding a subscriber', () => {
  beforeEach(async () => {
    await loaded('accounts', [
      {},
      {
        subscription: OTHER,
        file: '22',
        name: 'محمدعلی نیک‌پور',
        nationalId: '0499370899',
        address: 'میدان (آزادی) 100% پلاک 1 23',
        office: '02',
      },
      { subscription: '014000000303', file: '23', name: 'کریم علیزاده', nationalId: '', address: 'بلوار_کشاورز', office: '01' },
    ]);
    await loaded('meters', [
      {},
      { subscription: OTHER, serial: '00ab77' },
      { subscription: OTHER, serial: '555', removedOn: '1400/01/01', endReading: '9' },
    ]);
  });
  const find = async (query: string, office: string | null = null): Promise<string[]> =>
    (await billing.findAccounts({ query, office, limit: 10, after: null })).map(({ subscription }) => subscription);

  test.each([
    [S, [S]],
    ['۰۱۴ ۱۲۳۴۵۶۷ ۰۱', [S]],
    ['123456701439', [S]],
    ['0123456701439', [S]],
    ['01234567014390000125040556', [S]],
    ['0013542419', [S]],
    ['٠٠١٣٥٤٢٤١٩', [S]],
    ['13542419', []],
    ['00345678', [S]],
    ['345678', []],
    ['00AB77', [OTHER]],
    ['555', [OTHER]],
    ['علي كريمي', [S]],
    ['کریمی علی', [S]],
    ['کریم', ['014000000303', S]],
    ['ولیعصر', [S]],
    ['ولی عصر پلاک 12', [S]],
    ['محمد علی نیکپور', [OTHER]],
    ['نیک پور', [OTHER]],
    ['آزادی', [OTHER]],
    ['100%', [OTHER]],
    ['%', []],
    ['_', []],
    ['ک%', []],
    ["' | 'x':* & !", []],
    ['\\', []],
    ['  ', []],
  ])('%s', async (query, expected) => {
    expect(await find(query)).toEqual(expected);
  });

  test('another office is not found', async () => {
    expect(await find(S, '02')).toEqual([]);
    expect(await find('نیک‌پور', '01')).toEqual([]);
    expect(await find('نیک‌پور', '02')).toEqual([OTHER]);
  });

  test('a row, and pages', async () => {
    const [hit] = await billing.findAccounts({ query: OTHER, office: null, limit: 1, after: null });
    expect(hit).toEqual({
      subscription: OTHER,
      billId: '2201437',
      name: 'محمدعلی نیک‌پور',
      address: 'میدان (آزادی) 100% پلاک 1 23',
      office: '02',
      use: 'household',
      meterSerial: '00ab77',
    });
    const page = async (after: string | null): Promise<string[]> =>
      (await billing.findAccounts({ query: 'کریم', office: '01', limit: 1, after })).map(({ subscription }) => subscription);
    expect([await page(null), await page('014000000303'), await page(S)]).toEqual([['014000000303'], [S], []]);
    expect(await billing.findAccounts({ query: S, office: null, limit: 1, after: S })).toEqual([]);
  });
});

describe('the account', () => {
  test('unknown', async () => {
    expect(await billing.account(S, TODAY)).toBeNull();
  });

  test('without a ledger', async () => {
    await loaded('accounts', [{}]);
    expect(await billing.account(S, TODAY)).toMatchObject({
      account: { subscription: S, welfare: false, closedOn: null, units: 1, climate: 1 },
      meters: [],
      lastBill: null,
      history: [],
      payments: [],
      adjustments: [],
      instalments: [],
      deposits: [],
      cycles: [],
    });
  });

  test('in full', async () => {
    await loaded('accounts', [{}, { subscription: OTHER, file: '22' }]);
    await loaded('meters', [
      { capacity: '6.0', coefficient: '1.0325' },
      { serial: '1', installedOn: '1380/01/01', removedOn: '1390/01/01', endReading: '4980', digits: '4' },
    ]);
    await loaded('bills', [
      { serial: '9', toDate: '1405/07/25', issuedOn: '1405/08/01' },
      { serial: '10', toDate: '1405/07/25', issuedOn: '1405/08/01', totalDue: '2147483648' },
      { serial: '11', fromDate: '1403/08/01', toDate: '1403/09/01' },
      { serial: '12', fromDate: '1403/06/01', toDate: '1403/07/25' },
      { subscription: OTHER, serial: '77', toDate: '1405/08/30' },
    ]);
    await loaded('payments', [
      { reference: 'counted', countedInBill: '10' },
      { reference: 'open', countedInBill: '', paidOn: '1405/01/01', amount: '2147483648' },
      { reference: 'not-fed-yet', countedInBill: '13', paymentId: '' },
      // the serial is another subscriber's bill
      { reference: 'others-serial', countedInBill: '77' },
      { reference: 'of-other', subscription: OTHER },
    ]);
    await loaded('adjustments', [{}, { reference: 'counted', countedInBill: '9' }]);
    await loaded('instalments', [{ reference: 'I2', dueOn: '1405/12/01' }, {}, { reference: 'counted', countedInBill: '9' }]);
    await loaded('deposits', [{}]);
    await loaded('cycles', [
      { cycle: '12-1405-05', closesOn: '1405/09/03' },
      { cycle: '12-1405-07', closesOn: '1405/11/20', issuesOn: '1405/11/25' },
      { cycle: '12-1405-06', closesOn: '1405/09/04' },
      { cycle: '12-1406-01', closesOn: '1406/01/20', issuesOn: '1406/01/25' },
      { cycle: '12-1406-02', closesOn: '1406/03/20', issuesOn: '1406/03/25' },
      { series: '11', cycle: '11-1405-06' },
    ]);
    const snapshot = await billing.account(S, TODAY);
    expect(snapshot).toMatchObject({
      account: {
        subscription: S,
        file: '1234567',
        company: '014',
        name: 'علی کریمی',
        nationalId: '0013542419',
        mobile: '09121234567',
        postalCode: '0612345678',
        office: '01',
        series: '12',
        use: 'household',
        climate: 1,
        area: 'urban',
        units: 1,
        welfare: false,
        connectedOn: '1390/01/01',
        closedOn: null,
      },
      meters: [
        { serial: '1', digits: 4, installedOn: '1380/01/01', removedOn: '1390/01/01', endReading: 4980 },
        { serial: '00345678', digits: 5, capacity: '6', coefficient: '1.0325', startReading: 0, removedOn: null, endReading: null },
      ],
      lastBill: { serial: '10', totalDue: 2147483648, readingSource: 'staff', fromReading: 1200, toReading: 1230 },
      adjustments: [{ reference: 'A1', on: '1405/08/11', amount: -5000, reason: 'برگشت' }],
      instalments: [{ reference: 'I1', dueOn: '1405/10/01', amount: 250000 }, { reference: 'I2' }],
      deposits: [{ reference: 'D1', amount: 3000000, on: '1390/01/01' }],
    });
    expect(snapshot?.history.map(({ serial }) => serial)).toEqual(['10', '9', '11']);
    expect(snapshot?.payments).toEqual([
      { reference: 'open', paidOn: '1405/01/01', amount: 2147483648, paymentId: '86050112' },
      { reference: 'not-fed-yet', paidOn: '1405/08/10', amount: 86000, paymentId: null },
      { reference: 'others-serial', paidOn: '1405/08/10', amount: 86000, paymentId: '86050112' },
    ]);
    expect(snapshot?.cycles.map(({ cycle }) => cycle)).toEqual(['12-1405-06', '12-1405-07', '12-1406-01']);
    expect(snapshot?.feeds.map(({ kind }) => kind)).toEqual([
      'accounts',
      'meters',
      'bills',
      'payments',
      'adjustments',
      'instalments',
      'deposits',
      'cycles',
    ]);
    expect(snapshot?.feeds[0]?.loadedAt).toMatch(/^\d{4}-\d\d-\d\dT[\d:]{8}\.\d{3}Z$/);

    // reported by call: one that the ledger holds is the ledger's to tell, whatever the report says of it
    const reported = ['of-call', 'open', 'counted', 'of-other'].map((reference) => ({
      reference,
      paidOn: jalali('1405/07/30'),
      amount: 7,
      paymentId: '100000',
    }));
    expect((await billing.account(S, TODAY, reported))?.payments).toEqual([
      snapshot?.payments[0],
      { reference: 'of-call', paidOn: '1405/07/30', amount: 7, paymentId: '100000' },
      ...(snapshot?.payments.slice(1) ?? []),
    ]);

    // the bill comes in: its payment is counted from then on
    await loaded('bills', [{ serial: '13', toDate: '1405/08/25' }]);
    expect((await billing.account(S, TODAY))?.payments.map(({ reference }) => reference)).toEqual(['open', 'others-serial']);
  });
});

describe('the pool', () => {
  test('a killed connection rejects its query and nothing else', async () => {
    await expect(
      inTransaction(db.pool, async (client) => {
        await client.query('select pg_terminate_backend(pg_backend_pid())');
      }),
    ).rejects.toThrow();
    await db.pool.query(
      `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'test' and pid <> pg_backend_pid()`,
    );
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect((await db.pool.query('select 1 as one')).rows).toEqual([{ one: 1 }]);
  });

  test('a transaction that fails leaves nothing', async () => {
    const failure = new Error('no');
    await expect(
      inTransaction(db.pool, async (client) => {
        await client.query(`insert into billing.feeds values ('x', now(), '1405/01/01', 0, '')`);
        throw failure;
      }),
    ).rejects.toBe(failure);
    expect((await db.pool.query('select * from billing.feeds')).rows).toEqual([]);
  });

  test('bigint is exact or an error, dates are checked', async () => {
    expect((await db.pool.query('select 2147483648::bigint as n, count(*) as c from billing.feeds')).rows).toEqual([
      { n: 2147483648, c: 0 },
    ]);
    await expect(db.pool.query('select 9007199254740993::bigint')).rejects.toThrow(RangeError);
    await expect(db.pool.query(`select '1405/9/4'::billing.jalali_date`)).rejects.toThrow();
  });
});

test('case 43: both stretches of a meter that was fitted again reach the snapshot, by files', async () => {
  await emptied(db.pool);
  await load(db.pool, 'accounts', [{}]);
  const stretches = [
    { serial: 'M1', installedOn: '1400/01/01', startReading: '0', removedOn: '1405/08/10', endReading: '4980' },
    { serial: 'T9', installedOn: '1405/08/10', startReading: '0', removedOn: '1405/08/25', endReading: '35' },
    { serial: 'M1', installedOn: '1405/08/25', startReading: '4980' },
  ];
  expect(await load(db.pool, 'meters', stretches)).toMatchObject({ ok: true, inserted: 3 });
  expect(await load(db.pool, 'meters', stretches)).toMatchObject({ ok: true, unchanged: 3 });
  const snapshot = await createPostgresBilling(db.pool).account('014123456701', jalali('1405/09/03'));
  expect(snapshot?.meters.map(({ serial, installedOn, removedOn }) => [serial, installedOn, removedOn])).toEqual([
    ['M1', '1400/01/01', '1405/08/10'],
    ['T9', '1405/08/10', '1405/08/25'],
    ['M1', '1405/08/25', null],
  ]);
});
