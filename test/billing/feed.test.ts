import { Readable } from 'node:stream';
import { loadFeed, type FeedResult } from '../../src/billing/feed.js';
import { feedTarget } from '../../src/store/payments.js';
import { demoFeeds } from '../../src/billing/demo.js';
import { FEED_KINDS, type FeedKind } from '../../src/domain/settlement/account.js';
import { jalali } from '../../src/domain/calendar/jalali.js';
import { migrate } from '../../src/store/migrate.js';
import { emptied, feedText, load, testDatabase, type TestDatabase } from './database.js';

let db: TestDatabase;
beforeAll(async () => {
  db = await testDatabase();
});
afterAll(() => db?.stop());
beforeEach(() => emptied(db.pool));

const S = '014123456701';

async function withAccount(): Promise<void> {
  expect(await load(db.pool, 'accounts', [{}])).toMatchObject({ ok: true, inserted: 1 });
}

async function faultsOf(kind: FeedKind, rows: Parameters<typeof load>[2]): Promise<string[]> {
  const result = await load(db.pool, kind, rows);
  if (result.ok || 'older' in result) throw new Error('the feed was not refused for its rows');
  for (const { message } of result.faults) expect(message).toMatch(/[آ-ی]/);
  return result.faults.map(({ row, column, code }) => `${row} ${column} ${code}`);
}

async function count(kind: FeedKind): Promise<number> {
  return (await db.pool.query<{ n: number }>(`select count(*) as n from billing.${kind}`)).rows[0]?.n ?? -1;
}

test('migrating again changes nothing, also from several processes at once', async () => {
  expect(await Promise.all([migrate(db.url), migrate(db.url), migrate(db.url)])).toEqual([[], [], []]);
});

describe('a cell that is wrong is named by row, column and code', () => {
  const cases: [kind: FeedKind, cells: Record<string, string>, expected: string][] = [
    ['payments', { subscription: '' }, 'subscription REQUIRED'],
    ['payments', { paidOn: '1404/12/30' }, 'paidOn NOT_A_DATE'],
    ['payments', { paidOn: '2026-11-25' }, 'paidOn NOT_A_DATE'],
    ['payments', { amount: '1000.5' }, 'amount NOT_WHOLE_RIAL'],
    ['payments', { amount: '1,000' }, 'amount NOT_WHOLE_RIAL'],
    ['payments', { amount: '9007199254740993' }, 'amount NOT_WHOLE_RIAL'],
    ['payments', { amount: '-1' }, 'amount OUT_OF_RANGE'],
    ['payments', { paymentId: '1.23E+08' }, 'paymentId SPREADSHEET_NUMBER'],
    ['payments', { subscription: '1.41E+11' }, 'subscription SPREADSHEET_NUMBER'],
    ['payments', { subscription: '14123456701.0' }, 'subscription SPREADSHEET_NUMBER'],
    ['payments', { subscription: '14123456701' }, 'subscription WRONG_LENGTH'],
    ['payments', { subscription: '01412345670x' }, 'subscription NOT_DIGITS'],
    ['payments', { subscription: '014000000000' }, 'subscription UNKNOWN_SUBSCRIPTION'],
    ['payments', { reference: '1.5E+12' }, 'reference SPREADSHEET_NUMBER'],
    ['payments', { reference: 'x'.repeat(61) }, 'reference TOO_LONG'],
    ['payments', { countedInBill: '501.0' }, 'countedInBill SPREADSHEET_NUMBER'],
    ['adjustments', { reason: 'ا'.repeat(501) }, 'reason TOO_LONG'],
    ['adjustments', { reason: 'a\u0000b' }, 'reason INVALID_CHARACTER'],
    ['bills', { readingSource: 'guess' }, 'readingSource NOT_IN_LIST'],
    ['bills', { readingSource: 'constructor' }, 'readingSource NOT_IN_LIST'],
    ['bills', { fromReading: '12.5' }, 'fromReading NOT_A_NUMBER'],
    ['bills', { fromReading: '-1' }, 'fromReading OUT_OF_RANGE'],
    ['bills', { toDate: '1405/05/31' }, 'toDate PERIOD_REVERSED'],
    ['meters', { capacity: '6/0' }, 'capacity NOT_A_NUMBER'],
    ['meters', { coefficient: '0' }, 'coefficient OUT_OF_RANGE'],
    ['meters', { startReading: '100000' }, 'startReading OUT_OF_RANGE'],
    ['meters', { removedOn: '1400/01/01' }, 'endReading REQUIRED'],
    ['meters', { removedOn: '1389/01/01', endReading: '5' }, 'removedOn PERIOD_REVERSED'],
    ['accounts', { name: 'س?روس کر?م?' }, 'name LETTERS_LOST'],
    ['accounts', { name: '????? ?????' }, 'name LETTERS_LOST'],
    ['accounts', { address: 'Ø³ÛŒØ±ÙˆØ³' }, 'address LETTERS_LOST'],
    ['accounts', { use: 'خانگی' }, 'use NOT_A_CODE'],
    ['accounts', { climate: '6' }, 'climate OUT_OF_RANGE'],
    ['accounts', { area: 'city' }, 'area NOT_IN_LIST'],
    ['accounts', { nationalId: '13542419' }, 'nationalId WRONG_LENGTH'],
    ['accounts', { file: '0' }, 'file OUT_OF_RANGE'],
    ['accounts', { closedOn: '1389/12/29' }, 'closedOn PERIOD_REVERSED'],
    ['cycles', { cycle: '11-1405-06' }, 'cycle UNKNOWN_SERIES'],
    ['cycles', { cycle: '12-1405' }, 'cycle NOT_A_CODE'],
    ['cycles', { issuesOn: '1405/09/26' }, 'issuesOn PERIOD_REVERSED'],
  ];
  test.each(cases)('%s %j → %s', async (kind, cells, expected) => {
    await withAccount();
    const good = {
      reference: 'P0',
      serial: '0500',
      cycle: '12-1405-05',
      ...(kind === 'accounts' ? { subscription: '014000000101', file: '101' } : {}),
    };
    expect(await faultsOf(kind, [good, cells])).toEqual([`3 ${expected}`]);
    if (kind !== 'accounts') expect(await count(kind)).toBe(0);
  });

  test('every faulty row, and several cells of one row, in the order of the file', async () => {
    await withAccount();
    const rows = [
      { reference: 'A' },
      { reference: 'B', amount: 'x', paidOn: 'y' },
      { reference: 'A' },
      { reference: '', subscription: '014000000000' },
    ];
    expect(await faultsOf('payments', rows)).toEqual([
      '3 paidOn NOT_A_DATE',
      '3 amount NOT_WHOLE_RIAL',
      '4 reference DUPLICATE_IN_FILE',
      '5 reference REQUIRED',
      '5 subscription UNKNOWN_SUBSCRIPTION',
    ]);
    expect(await count('payments')).toBe(0);
  });

  describe('case 35: a spreadsheet’s number in an identifier column', () => {
    const identifiers: [FeedKind, string[]][] = [
      ['accounts', ['subscription', 'file', 'company', 'nationalId', 'mobile', 'postalCode', 'office', 'series']],
      ['meters', ['subscription', 'serial']],
      ['bills', ['subscription', 'serial', 'cycle']],
      ['payments', ['reference', 'subscription', 'paymentId', 'countedInBill']],
      ['adjustments', ['reference', 'subscription', 'countedInBill']],
      ['instalments', ['reference', 'subscription', 'countedInBill']],
      ['deposits', ['reference', 'subscription']],
      ['cycles', ['series', 'cycle']],
    ];
    test.each(identifiers.flatMap(([kind, columns]) => columns.map((column) => [kind, column] as const)))(
      '%s.%s is refused with row and column, each picture of it',
      async (kind, column) => {
        await withAccount();
        const pictures = ['1.23457E+11', '1,23457E+11', '1.23457e+11', '14123456701.0', '14123456701.'];
        const rows = [
          {
            reference: 'GOOD',
            serial: 'GOOD',
            ...(kind === 'cycles' ? {} : { cycle: '12-1405-05' }),
            ...(kind === 'accounts' ? { subscription: '014000000101', file: '101' } : {}),
          },
        ];
        const faults = await faultsOf(kind, [
          ...rows,
          ...pictures.map((picture, i) => ({
            ...rows[0],
            reference: `R${i}`,
            serial: `S${i}`,
            file: String(200 + i),
            subscription: kind === 'accounts' ? `01400000020${i}` : S,
            cycle: `12-1405-1${i}`,
            [column]: picture,
          })),
        ]);
        expect(faults).toEqual(pictures.map((_, i) => `${3 + i} ${column} SPREADSHEET_NUMBER`));
        expect(await count(kind)).toBe(kind === 'accounts' ? 1 : 0);
      },
    );

    test('a text cell is kept exactly: leading zeros, length, case', async () => {
      const kept = {
        subscription: '000000000012',
        file: '00000012',
        company: '001',
        nationalId: '0000000018',
        postalCode: '0000012345',
        office: '001',
        series: '0E1',
      };
      expect(await load(db.pool, 'accounts', [{ ...kept, mobile: '0012' }])).toMatchObject({ ok: true, inserted: 1 });
      const { rows } = await db.pool.query(
        'select subscription, file, company, national_id as "nationalId", postal_code as "postalCode", office, series, mobile from billing.accounts',
      );
      expect(rows).toEqual([{ ...kept, mobile: '0012' }]);
      const of = { subscription: kept.subscription };
      expect(await load(db.pool, 'meters', [{ ...of, serial: '00012E5a' }])).toMatchObject({ ok: true });
      expect(
        await load(db.pool, 'payments', [
          { ...of, reference: '000123456789012345678901234567', paymentId: '0000086050112', countedInBill: '0007' },
        ]),
      ).toMatchObject({ ok: true });
      expect((await db.pool.query('select serial from billing.meters')).rows).toEqual([{ serial: '00012E5a' }]);
      expect((await db.pool.query('select reference, payment_id, counted_in_bill from billing.payments')).rows).toEqual([
        { reference: '000123456789012345678901234567', payment_id: '0000086050112', counted_in_bill: '0007' },
      ]);
    });

    test('leading zeros that a spreadsheet took are missed where the length is known', async () => {
      expect(
        await faultsOf('accounts', [
          {},
          { subscription: '14123456702' },
          { subscription: '014123456703', file: '3', nationalId: '13542419', postalCode: '612345678', company: '14' },
        ]),
      ).toEqual(['3 subscription WRONG_LENGTH', '4 company WRONG_LENGTH', '4 nationalId WRONG_LENGTH', '4 postalCode WRONG_LENGTH']);
    });
  });

  describe('one bill id is one subscriber’s', () => {
    const [A, B, C] = ['014000000101', '014000000102', '014000000103'];
    test('two in one file: the later row is named, with the row and the subscriber before it', async () => {
      const rows = [
        { subscription: A, file: '77' },
        { subscription: B, file: '78' },
        { subscription: C, file: '00077' },
      ];
      const result = await load(db.pool, 'accounts', rows);
      expect(result).toMatchObject({
        ok: false,
        faults: [{ row: 4, column: 'file', code: 'DUPLICATE_BILL_ID', message: expect.stringMatching(/ردیف 2.*014000000101/) }],
      });
      expect(await count('accounts')).toBe(0);
      // of another company it is another id
      expect(await load(db.pool, 'accounts', [rows[0]!, { ...rows[2]!, company: '015' }])).toMatchObject({ ok: true, inserted: 2 });
    });
    test('one that another subscriber on record has', async () => {
      await load(db.pool, 'accounts', [
        { subscription: A, file: '77' },
        { subscription: B, file: '78' },
      ]);
      const result = await load(db.pool, 'accounts', [
        { subscription: C, file: '79' },
        { subscription: B, file: '77' },
      ]);
      expect(result).toMatchObject({
        ok: false,
        faults: [{ row: 3, column: 'file', code: 'DUPLICATE_BILL_ID', message: expect.stringContaining(A) }],
      });
      expect(await count('accounts')).toBe(2);
      // the same file again, and two that change places, are no duplicates
      expect(
        await load(db.pool, 'accounts', [
          { subscription: A, file: '77' },
          { subscription: B, file: '78' },
        ]),
      ).toMatchObject({ ok: true, unchanged: 2 });
      expect(
        await load(db.pool, 'accounts', [
          { subscription: A, file: '78' },
          { subscription: B, file: '77' },
        ]),
      ).toMatchObject({ ok: true, updated: 2 });
    });
    test('two files at once: one of them is refused', async () => {
      const results = await Promise.all([A, B, C].map((subscription) => load(db.pool, 'accounts', [{ subscription, file: '77' }])));
      expect(results.filter(({ ok }) => ok)).toHaveLength(1);
      expect(await count('accounts')).toBe(1);
    });
  });

  test('a thousand faults are a thousand answers', async () => {
    await withAccount();
    const faults = await faultsOf(
      'payments',
      Array.from({ length: 1000 }, (_, i) => ({ reference: `P${i}`, amount: 'x' })),
    );
    expect(faults).toHaveLength(1000);
    expect(faults.at(-1)).toBe('1001 amount NOT_WHOLE_RIAL');
  });
});

describe('a file that is none', () => {
  test('empty', async () => {
    expect(await faultsOf('bills', '')).toEqual(['1  EMPTY_FILE']);
    expect(await faultsOf('bills', feedText('bills', []))).toEqual(['1  EMPTY_FILE']);
    // a day without payments is news
    expect(await load(db.pool, 'payments', [])).toMatchObject({ ok: true, rows: 0 });
  });
  test('header', async () => {
    const text = feedText('deposits', [{}]).replace('amount,on', 'amount,amount,colour');
    expect(await faultsOf('deposits', text)).toEqual(['1 colour UNKNOWN_COLUMN', '1 amount DUPLICATE_COLUMN', '1 on MISSING_COLUMN']);
  });
  test('fields', async () => {
    await withAccount();
    const text = `${feedText('deposits', [{}])}D2,${S},5\n\nD3,${S},5,1390/01/01,\n`;
    expect(await faultsOf('deposits', text)).toEqual(['3  WRONG_NUMBER_OF_FIELDS', '5  WRONG_NUMBER_OF_FIELDS']);
  });
  test('encoding and quotation marks', async () => {
    await withAccount();
    const windows1256 = Buffer.concat([Buffer.from(feedText('adjustments', [{}, {}])), Buffer.from([0x41, 0xc8, 0xd1, 0x0a])]);
    expect(await faultsOf('adjustments', windows1256)).toContain('4  NOT_UTF8');
    expect(await faultsOf('adjustments', Buffer.from(feedText('adjustments', [{}]), 'utf16le'))).not.toEqual([]);
    expect(await faultsOf('adjustments', `${feedText('adjustments', [{}])}A2,${S},1405/01/01,5,"open,\n`)).toEqual(['3  CSV_SYNTAX']);
  });
  test('the stream is read to its end, so that the sender can read the answer', async () => {
    const stream = Readable.from(['no,header\n', ...Array.from({ length: 200 }, () => 'x,y\n'.repeat(5000))]);
    const ended = new Promise((resolve) => stream.once('end', resolve));
    expect((await loadFeed(feedTarget(db.pool), 'bills', stream)).ok).toBe(false);
    await ended;
  });
  test('a sender that breaks off leaves nothing', async () => {
    await withAccount();
    async function* broken(): AsyncGenerator<string> {
      yield feedText('payments', [{}]);
      await new Promise((resolve) => setImmediate(resolve));
      throw new Error('connection reset');
    }
    await expect(loadFeed(feedTarget(db.pool), 'payments', Readable.from(broken()))).rejects.toThrow('connection reset');
    expect(await count('payments')).toBe(0);
    expect(await load(db.pool, 'payments', [{}])).toMatchObject({ ok: true, inserted: 1 });
  });
});

describe('a server that goes', () => {
  // while the sender is at it: the load rejects at once, leaves nothing, and the pool goes on
  test.each([
    ['killed', 'select pg_terminate_backend(pid)'],
    ['cancelled', 'select pg_cancel_backend(pid)'],
  ])('%s', async (_, sql) => {
    await withAccount();
    async function* interrupted(): AsyncGenerator<string> {
      yield feedText(
        'payments',
        Array.from({ length: 5000 }, (__, i) => ({ reference: `P${i}` })),
      );
      await new Promise((resolve) => setTimeout(resolve, 100));
      await db.pool.query(`${sql} from pg_stat_activity where query like 'copy feed_rows%' and pid <> pg_backend_pid()`);
      await new Promise((resolve) => setTimeout(resolve, 100));
      for (let i = 0; i < 100; i++) yield `X${i},${S},1405/01/01,5,,\n`.repeat(1000);
    }
    const start = performance.now();
    await expect(loadFeed(feedTarget(db.pool), 'payments', Readable.from(interrupted()))).rejects.toThrow();
    expect(performance.now() - start).toBeLessThan(5000);
    expect(await count('payments')).toBe(0);
    expect(await load(db.pool, 'payments', [{}])).toMatchObject({ ok: true, inserted: 1 });
    expect(db.pool.waitingCount).toBe(0);
  });
});

describe('what is taken', () => {
  test('the same file twice changes nothing; a changed row is one update', async () => {
    await withAccount();
    const rows = Array.from({ length: 50 }, (_, i) => ({ reference: `P${i}` }));
    expect(await load(db.pool, 'payments', rows)).toEqual({
      ok: true,
      kind: 'payments',
      rows: 50,
      inserted: 50,
      updated: 0,
      unchanged: 0,
      payments: { paid: [], closedTasks: [] },
    });
    expect(await load(db.pool, 'payments', rows)).toEqual({
      ok: true,
      kind: 'payments',
      rows: 50,
      inserted: 0,
      updated: 0,
      unchanged: 50,
      payments: { paid: [], closedTasks: [] },
    });
    rows[7] = { reference: 'P7', countedInBill: '0501' } as { reference: string };
    expect(await load(db.pool, 'payments', rows)).toMatchObject({ inserted: 0, updated: 1, unchanged: 49 });
    expect(await load(db.pool, 'accounts', [{}])).toMatchObject({ inserted: 0, updated: 0, unchanged: 1 });
  });

  test('leading zeros, digits of three scripts, letters, BOM, CRLF, columns in another order', async () => {
    const text = feedText('accounts', [
      {
        subscription: '۰۱۴۱۲۳۴۵۶۷۰۱',
        nationalId: '٠٠١٣٥٤٢٤١٩',
        name: '\u200c علي  كريمي\u200c',
        connectedOn: '۱۳۹۰/۱/۱',
        mobile: '+98 912 123 4567',
      },
    ]);
    const turned = text
      .trimEnd()
      .split('\n')
      .map((line) => line.split(',').reverse().join(','));
    expect(await load(db.pool, 'accounts', `\ufeff${turned.join('\r\n')}\r\n`)).toMatchObject({ ok: true, rows: 1 });
    const { rows } = await db.pool.query(
      'select subscription, national_id, name, connected_on, mobile, postal_code, bill_id from billing.accounts',
    );
    expect(rows).toEqual([
      {
        subscription: S,
        national_id: '0013542419',
        name: 'علی کریمی',
        connected_on: '1390/01/01',
        mobile: '09121234567',
        postal_code: '0612345678',
        bill_id: '123456701439',
      },
    ]);
  });

  test('case 33: text stays text: quotation marks, tabs, backslashes, formulas', async () => {
    const name = '=1+1 "ع" \\N \\t <b>, ';
    await load(db.pool, 'accounts', [{ name, address: 'a\tb' }]);
    expect((await db.pool.query('select name, address from billing.accounts')).rows).toEqual([{ name: name.trim(), address: 'a b' }]);
  });

  test('2,147,483,648 rial and signed amounts', async () => {
    await withAccount();
    await load(db.pool, 'payments', [{ amount: '۲۱۴۷۴۸۳۶۴۸' }]);
    await load(db.pool, 'bills', [{ totalDue: '-9007199254740991' }]);
    expect((await db.pool.query('select amount from billing.payments')).rows).toEqual([{ amount: 2147483648 }]);
    expect((await db.pool.query('select total_due from billing.bills')).rows).toEqual([{ total_due: -9007199254740991 }]);
  });

  test('two loads of one kind at once: the second sees the first', async () => {
    await withAccount();
    const rows = Array.from({ length: 2000 }, (_, i) => ({ reference: `P${i}` }));
    const results = await Promise.all([load(db.pool, 'payments', rows), load(db.pool, 'payments', rows)]);
    expect(results.map((result) => (result.ok ? [result.inserted, result.unchanged] : null)).sort()).toEqual(
      [
        [0, 2000],
        [2000, 0],
      ].sort(),
    );
  });

  test('the state of the feed', async () => {
    await withAccount();
    await loadFeed(feedTarget(db.pool), 'payments', Readable.from([feedText('payments', [{}])]), { asOf: jalali('1405/09/03') });
    await load(db.pool, 'payments', [{ amount: 'x' }]);
    const { rows } = await db.pool.query(`select as_of, rows, sha256, loaded_at from billing.feeds where kind = 'payments'`);
    expect(rows).toEqual([
      {
        as_of: '1405/09/03',
        rows: 1,
        sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
        loaded_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:]{8}\.\d{3}Z$/),
      },
    ]);
  });
});

test('the demo feeds load, twice without a change, and add up', async () => {
  const feeds = demoFeeds({ today: jalali('1405/09/04') });
  const all = async (): Promise<FeedResult[]> => {
    const results = [];
    for (const kind of FEED_KINDS) results.push(await loadFeed(feedTarget(db.pool), kind, Readable.from(feeds[kind])));
    return results;
  };
  for (const result of await all()) expect(result).toMatchObject({ ok: true });
  for (const result of await all()) expect(result).toMatchObject({ ok: true, inserted: 0, updated: 0 });
  expect(await count('accounts')).toBe(500);
  for (const kind of FEED_KINDS) expect(await count(kind)).toBeGreaterThan(5);
  const gaps = await db.pool.query(
    `select * from (select subscription, from_date, lag(to_date) over (partition by subscription order by to_date) as before from billing.bills) b where before <> from_date`,
  );
  expect(gaps.rows).toEqual([]);
  const { rows } = await db.pool.query(
    `select to_date, total_due from billing.bills where subscription = $1 order by to_date desc limit 1`,
    [S],
  );
  expect(rows[0].to_date).toBe('1405/07/24');
  expect(rows[0].total_due).toBeGreaterThan(10_000);
  expect(rows[0].total_due).toBeLessThan(1_000_000);
});

describe('rows that an open quotation mark would swallow', () => {
  const head = 'reference,subscription,on,amount,reason,countedInBill\n';
  test('case 36: three adjustments, the first two with half a quotation: refused, row 2 named, nothing is loaded', async () => {
    await withAccount();
    const file = `${head}A-1,${S},1405/09/02,1000,"note,\nA-2,${S},1405/09/02,2000,note",S1\nA-3,${S},1405/09/02,3000,x,\n`;
    expect(await faultsOf('adjustments', file)).toEqual(['2 reason LINE_BREAK_IN_CELL']);
    expect(await count('adjustments')).toBe(0);
  });
  test('rows after it keep the numbers of their lines', async () => {
    await withAccount();
    const file = `${head}A-1,${S},1405/09/02,1000,"a\r\nb",\nA-2,${S},1405/09/02,1.5,x,\n`;
    expect(await faultsOf('adjustments', file)).toEqual(['2 reason LINE_BREAK_IN_CELL', '4 amount NOT_WHOLE_RIAL']);
  });
  test.each([
    ['one that is never closed', `A-1,${S},1405/09/02,1000,"note,\nA-2,${S},1405/09/02,2000,x,\n`],
    ['one inside a cell', `A-1,${S},1405/09/02,1000,no"te,\nA-2,${S},1405/09/02,2000,x,\n`],
    ['text after a closed one', `A-1,${S},1405/09/02,1000,"no"te,\nA-2,${S},1405/09/02,2000,x,\n`],
  ])('%s: refused from its row on', async (_, rows) => {
    await withAccount();
    expect(await faultsOf('adjustments', head + rows)).toEqual(['2  CSV_SYNTAX']);
  });
  test('a closed quotation with a comma and a doubled mark is text', async () => {
    await withAccount();
    expect(await load(db.pool, 'adjustments', [{ reason: 'الف، "ب", ج' }])).toMatchObject({ ok: true, inserted: 1 });
  });
  test.each([
    ['a header of CRLF before rows of LF', (text: string) => text.replace('\n', '\r\n')],
    ['a header of LF before rows of CRLF', (text: string) => text.replace(/\n/g, '\r\n').replace('\r\n', '\n')],
  ])('case 40: %s: every row is read', async (_, mixed) => {
    await withAccount();
    const rows = ['A-1', 'A-2', 'A-3'].map((reference) => ({ reference }));
    expect(await load(db.pool, 'adjustments', mixed(feedText('adjustments', rows)))).toMatchObject({ ok: true, rows: 3, inserted: 3 });
  });
  test.each(['utf16le', 'utf16le with a mark'] as const)('case 40: %s: one fault that names the cause', async (how) => {
    const text = feedText('adjustments', [{}]);
    const result = await load(db.pool, 'adjustments', Buffer.from(how === 'utf16le' ? text : `\ufeff${text}`, 'utf16le'));
    expect(result).toMatchObject({ ok: false, faults: [{ code: 'NOT_UTF8' }], counts: { NOT_UTF8: 1 } });
  });
});

describe('many faults', () => {
  test('case 37: the first thousand by row, the count of all by code', async () => {
    await withAccount();
    const rows = Array.from({ length: 2500 }, (_, i) => ({
      reference: `P${i}`,
      paidOn: '1404/12/30',
      ...(i % 5 === 0 && { amount: 'x' }),
    }));
    const result = await load(db.pool, 'payments', rows);
    if (result.ok || 'older' in result) throw new Error('the feed was not refused for its rows');
    expect(result).toMatchObject({ truncated: true, counts: { NOT_A_DATE: 2500, NOT_WHOLE_RIAL: 500 } });
    expect(result.faults).toHaveLength(1000);
    expect(result.faults.slice(0, 3).map(({ row, column }) => `${row} ${column}`)).toEqual(['2 paidOn', '2 amount', '3 paidOn']);
  });
  test('130,000 unknown subscribers are counted, a thousand of them listed', async () => {
    const head = 'reference,subscription,paidOn,amount,paymentId,countedInBill\n';
    const file = head + Array.from({ length: 130_000 }, (_, i) => `P${i},014999999999,1405/08/10,1000,,\n`).join('');
    const result = await load(db.pool, 'payments', file);
    expect(result).toMatchObject({ ok: false, truncated: true, counts: { UNKNOWN_SUBSCRIPTION: 130_000 } });
    expect('faults' in result && result.faults.map(({ row }) => row)).toEqual(Array.from({ length: 1000 }, (_, i) => i + 2));
  });
  test('other work is done while a file of faulty rows is read', async () => {
    const head = 'reference,subscription,paidOn,amount,paymentId,countedInBill\n';
    const file = head + Array.from({ length: 20_000 }, (_, i) => `P${i},014999999999,1405/08/10,1000\n`).join('');
    let turns = 0;
    const turning = setInterval(() => turns++, 0);
    const result = await load(db.pool, 'payments', file);
    clearInterval(turning);
    expect(result).toMatchObject({ counts: { WRONG_NUMBER_OF_FIELDS: 20_000 } });
    expect(turns).toBeGreaterThan(5);
  });
});

describe('a file older than the one loaded', () => {
  const closed = { closedOn: '1405/09/05' };
  const send = (rows: Parameters<typeof feedText>[1], asOf: string, older?: { by: string; confirmedBy: string }): Promise<FeedResult> =>
    loadFeed(feedTarget(db.pool), 'accounts', Readable.from([Buffer.from(feedText('accounts', rows))]), {
      asOf: jalali(asOf),
      ...(older && { older }),
    });
  const stands = async () =>
    (
      await db.pool.query(
        `select (select closed_on from billing.accounts) as closed, (select as_of from billing.feeds where kind = 'accounts') as "asOf"`,
      )
    ).rows[0];

  test('case 38: both days are named and nothing changes', async () => {
    expect(await send([closed], '1405/09/05')).toMatchObject({ ok: true, inserted: 1 });
    expect(await send([{}], '1405/09/04')).toEqual({ ok: false, kind: 'accounts', older: { asOf: '1405/09/04', loaded: '1405/09/05' } });
    expect(await stands()).toEqual({ closed: '1405/09/05', asOf: '1405/09/05' });
    // the same day again, and a later one, are in order
    expect(await send([closed], '1405/09/05')).toMatchObject({ ok: true, unchanged: 1 });
    expect(await send([closed], '1405/09/06')).toMatchObject({ ok: true, unchanged: 1 });
  });
  test('two persons let it in, and both are recorded', async () => {
    expect(await send([closed], '1405/09/05')).toMatchObject({ ok: true });
    expect(await send([{}], '1405/09/04', { by: 'الف', confirmedBy: 'ب' })).toMatchObject({ ok: true, updated: 1 });
    expect(await stands()).toEqual({ closed: null, asOf: '1405/09/04' });
    const { rows } = await db.pool.query('select kind, as_of, replaced_as_of, by, confirmed_by from billing.older_feeds');
    expect(rows).toEqual([{ kind: 'accounts', as_of: '1405/09/04', replaced_as_of: '1405/09/05', by: 'الف', confirmed_by: 'ب' }]);
  });
});
