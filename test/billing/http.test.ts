import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { z } from 'zod';
import { readAccount } from '../../src/billing/answers.js';
import { BillingAnswerError, BillingRefusedError, BillingUnavailableError } from '../../src/billing/errors.js';
import { createHttpBilling, type HttpBilling } from '../../src/billing/http.js';
import type { PostingBatch } from '../../src/domain/outbox/outbox.js';
import type { BillingPort } from '../../src/billing/port.js';
import { createPostgresBilling } from '../../src/billing/postgres.js';
import { FEED_KINDS, type AccountSnapshot, type FeedKind } from '../../src/domain/settlement/account.js';
import { jalali } from '../../src/domain/calendar/jalali.js';
import { type CentralSystem, demoLedger, FAULTS, type Fault, type SeenCall, startCentralSystem } from './central-system.js';
import { feedText, load, testDatabase, type TestDatabase } from './database.js';

const TOKEN = 'only-for-the-tests';
const TODAY = jalali('1405/09/04');
const DEMO = '014123456701';
const FULL = '014000000202';
const BARE = '014000000303';
/** Told in letters and figures that the contract does not ask for and that are understood all the same. */
const TYPED = '014000000404';
const NOBODY = '014999999999';

const own = { subscription: FULL };
const typed = { subscription: TYPED };
/** What the demo does not have: ledgers with edges, other systems' letters. */
const MORE: Record<FeedKind, Record<string, string>[]> = {
  accounts: [
    {
      ...own,
      file: '22',
      name: ' علي  كريمي',
      nationalId: '0499370899',
      mobile: '+98 912 123 4567',
      address: 'میدان (آزادی) 100%',
      office: '02',
    },
    {
      ...typed,
      file: '۲۴',
      company: '٠١٤',
      name: 'ﻋﻠﻲ نیک\u200c پور',
      nationalId: '۰۴۹۹۳۷۰۸۹۹',
      mobile: '۹۱۲۱۲۳۴۵۶۷',
      postalCode: '٠٦١٢٣٤٥٦٧٨',
      connectedOn: '۱۳۹۰/۱/۱',
    },
    {
      subscription: BARE,
      file: '23',
      name: 'کریم علیزاده',
      nationalId: '',
      mobile: '',
      address: '',
      postalCode: '',
      closedOn: '1405/08/30',
    },
  ],
  meters: [
    { ...own, serial: '00ab77', capacity: '6.50', coefficient: '1.0325' },
    { ...typed, serial: '٠٠٧', capacity: '۰۶٫۰', coefficient: '010' },
    { ...own, serial: '1', installedOn: '1380/01/01', removedOn: '1385/01/01', endReading: '4980', digits: '4' },
    // fitted again
    { ...own, serial: '1', installedOn: '1386/01/01', startReading: '4980', removedOn: '1390/01/01', endReading: '5100', digits: '4' },
  ],
  bills: [
    { ...own, serial: '11', fromDate: '1403/08/01', toDate: '1403/09/01' },
    { ...own, serial: '9', toDate: '1405/07/25', issuedOn: '1405/08/01' },
    { ...own, serial: '10', toDate: '1405/07/25', issuedOn: '1405/08/01', totalDue: '-2147483648' },
    { ...own, serial: '12', fromDate: '1403/06/01', toDate: '1403/07/25' },
    { ...typed, serial: '۱۲', issuedOn: ' 1405/8/2 ' },
  ],
  payments: [
    { ...own, reference: 'counted', countedInBill: '10' },
    { ...own, reference: 'future', countedInBill: '13', paymentId: '' },
    { ...own, reference: 'open', paidOn: '1405/01/01', amount: '2147483648' },
  ],
  adjustments: [
    { ...own, reference: 'a-counted', countedInBill: '9' },
    { ...own, reference: 'a-open', reason: 'برگشت ' },
  ],
  instalments: [
    { ...own, reference: 'I2', dueOn: '1405/12/01' },
    { ...own, reference: 'I1' },
  ],
  deposits: [{ ...own }],
  cycles: [],
};

let db: TestDatabase;
let central: CentralSystem;
let files: BillingPort;
let http: HttpBilling;
let subscriptions: string[];

beforeAll(async () => {
  const demo = demoLedger(60, TODAY);
  const feeds = Object.fromEntries(
    FEED_KINDS.map((kind) => [kind, demo[kind] + feedText(kind, MORE[kind]).replace(/^.*\n/, '')]),
  ) as Record<FeedKind, string>;
  db = await testDatabase();
  for (const kind of FEED_KINDS) expect(await load(db.pool, kind, feeds[kind])).toMatchObject({ ok: true });
  await db.pool.query('update billing.feeds set loaded_at = $1, as_of = $2', ['2026-11-25T06:30:00Z', TODAY]);
  subscriptions = (await db.pool.query<{ subscription: string }>('select subscription from billing.accounts order by 1')).rows.map(
    ({ subscription }) => subscription,
  );
  central = await startCentralSystem({ token: TOKEN, feeds, asOf: TODAY, loadedAt: '2026-11-25T10:00:00+03:30' });
  files = createPostgresBilling(db.pool);
  http = client();
});
afterAll(async () => {
  await central?.stop();
  await db?.stop();
});

/** With more time than a loaded machine needs: only what does not answer at all is given up. */
function client(options: Partial<Parameters<typeof createHttpBilling>[0]> = {}): HttpBilling {
  return createHttpBilling({
    baseUrl: central.url,
    token: TOKEN,
    timeoutMs: 20_000,
    caller: () => ({ limitMs: 40_000, correlationId: 'test-1' }),
    ...options,
  });
}
const IMPATIENT = { timeoutMs: 1_500 };

/** The calls that came while `act` ran, and what came of it. */
async function seen<T>(act: () => Promise<T>): Promise<{ value: T | null; error: unknown; calls: SeenCall[] }> {
  const before = central.calls.length;
  const outcome = await act().then(
    (value) => ({ value, error: null }),
    (error: unknown) => ({ value: null, error }),
  );
  return { ...outcome, calls: central.calls.slice(before) };
}

describe.each([
  ['files', () => files],
  ['HTTP', () => http],
] as const)('the port by %s', (_, port) => {
  const find = async (query: string, office: string | null = null, after: string | null = null, limit = 10): Promise<string[]> =>
    (await port().findAccounts({ query, office, limit, after })).map(({ subscription }) => subscription);

  test.each([
    [FULL, [FULL]],
    ['۰۱۴ ۰۰۰۰۰۰۲ ۰۲', [FULL]],
    ['2201437', [FULL]],
    ['0000002201437', [FULL]],
    ['00000022014370000000048593', [FULL]],
    ['00AB77', [FULL]],
    ['علي كريمي میدان', [FULL]],
    ['کریم علیزاده', [BARE]],
    ['100%', [FULL]],
    ['%', []],
    [NOBODY, []],
  ])('finds %s', async (query, expected) => {
    expect(await find(query)).toEqual(expected);
  });

  test('an office and pages', async () => {
    expect(await find(FULL, '01')).toEqual([]);
    expect(await find(FULL, '02')).toEqual([FULL]);
    const all = await find('خیابان', '01', null, 200);
    expect(all.length).toBeGreaterThan(3);
    expect(await find('خیابان', '01', null, 2)).toEqual(all.slice(0, 2));
    expect(await find('خیابان', '01', all[1], 2)).toEqual(all.slice(2, 4));
    expect(await find('خیابان', '01', all.at(-1), 2)).toEqual([]);
  });

  test('a row as the page shows it', async () => {
    expect(await port().findAccounts({ query: FULL, office: null, limit: 1, after: null })).toEqual([
      {
        subscription: FULL,
        billId: '2201437',
        name: 'علی کریمی',
        address: 'میدان (آزادی) 100%',
        office: '02',
        use: 'household',
        meterSerial: '00ab77',
      },
    ]);
  });

  test('the timetable', async () => {
    const named = async (series: string | null, from: string, to: string): Promise<string[]> =>
      (await port().timetable({ series, from: jalali(from), to: jalali(to) })).map(({ cycle, closesOn }) => `${closesOn} ${cycle}`);
    const all = await named(null, '1405/01/01', '1406/01/01');
    expect(all.length).toBeGreaterThan(12);
    expect(all).toEqual([...all].sort());
    const own = await named('12', '1405/01/01', '1406/01/01');
    expect(own).toEqual(all.filter((each) => each.includes(' 12-')));
    const [first = '', second = ''] = own;
    expect(await named('12', first.slice(0, 10), second.slice(0, 10))).toEqual([first, second]);
    expect(await named('77', '1405/01/01', '1406/01/01')).toEqual([]);
  });

  test('nobody', async () => {
    expect(await port().account(NOBODY, TODAY)).toBeNull();
  });

  test('an account in full', async () => {
    const snapshot = await port().account(FULL, TODAY);
    expect(snapshot?.account).toMatchObject({
      name: 'علی کریمی',
      nationalId: '0499370899',
      mobile: '09121234567',
      climate: 1,
      welfare: false,
      closedOn: null,
    });
    expect(snapshot?.meters.map(({ serial, capacity }) => [serial, capacity])).toEqual([
      ['1', '6'],
      ['1', '6'],
      ['00ab77', '6.5'],
    ]);
    expect(snapshot?.lastBill).toMatchObject({ serial: '10', totalDue: -2147483648 });
    expect(snapshot?.history.map(({ serial }) => serial)).toEqual(['10', '9', '11']);
    expect(snapshot?.payments).toEqual([
      { reference: 'open', paidOn: '1405/01/01', amount: 2147483648, paymentId: '86050112' },
      { reference: 'future', paidOn: '1405/08/10', amount: 86000, paymentId: null },
    ]);
    expect(snapshot?.adjustments).toEqual([{ reference: 'a-open', on: '1405/08/11', amount: -5000, reason: 'برگشت' }]);
    expect(snapshot?.instalments.map(({ reference }) => reference)).toEqual(['I1', 'I2']);
    expect(snapshot?.cycles).toHaveLength(3);
    expect(snapshot?.feeds).toEqual(FEED_KINDS.map((kind) => ({ kind, loadedAt: '2026-11-25T06:30:00.000Z', asOf: TODAY })));
  });
});

/** By call: one that the ledger does not hold, one that it lists, one that a bill counts. */
const REPORTED = ['by call', 'open', 'counted'].map((reference) => ({
  reference,
  paidOn: jalali('1405/07/30'),
  amount: 7,
  paymentId: '100000',
}));

test('reported payments are among an account’s until the ledger holds them, the same by both ways', async () => {
  const told = await http.account(FULL, TODAY, REPORTED);
  expect(told).toEqual(await files.account(FULL, TODAY, REPORTED));
  expect(told?.payments.map(({ reference, amount }) => [reference, amount])).toEqual([
    ['open', 2147483648],
    ['by call', 7],
    ['future', 86000],
  ]);
  expect(told).not.toHaveProperty('held');
});

test('without the word of which the ledger holds, nothing of an answer is used', async () => {
  const { calls } = await seen(() => http.account(FULL, TODAY, REPORTED));
  const { held, ...without } = calls[0]?.answer as { held: unknown };
  expect(held).toEqual(['counted', 'open']);
  central.answerNext(200, { 'content-type': 'application/json' }, JSON.stringify(without));
  const { error } = await seen(() => http.account(FULL, TODAY, REPORTED));
  expect(error).toBeInstanceOf(BillingAnswerError);
  expect((error as BillingAnswerError).faults).toEqual(['held: MISSING']);
});

test('the timetable is the same by both ways', async () => {
  const search = { series: null, from: jalali('1403/01/01'), to: jalali('1407/01/01') };
  expect(await http.timetable(search)).toEqual(await files.timetable(search));
});

test('every subscriber is the same by both ways', async () => {
  expect(subscriptions.length).toBe(63);
  for (const subscription of subscriptions) {
    const [told, fed] = [await http.account(subscription, TODAY), await files.account(subscription, TODAY)];
    expect(told).toEqual(fed);
    // a later settlement is joined to an earlier one by the stored JSON of the last bill
    const { rows } = await db.pool.query<{ same: boolean }>('select $1::jsonb = $2::jsonb as same', [
      JSON.stringify(told),
      JSON.stringify(fed),
    ]);
    expect(rows).toEqual([{ same: true }]);
  }
});

const BATCH: PostingBatch = {
  cycle: '12-1405-06',
  batch: 1,
  count: 2,
  sum: 167_000,
  frozenAt: '2026-11-25T06:30:00.000Z',
  items: [
    {
      posting: `${DEMO}-14050904/settlement`,
      kind: 'settlement',
      subscription: DEMO,
      settlement: `${DEMO}-14050904`,
      amount: 118_000,
      detail: { reading: 1234, total: 118_000 },
    },
    {
      posting: `${DEMO}-14050904/fee`,
      kind: 'fee',
      subscription: DEMO,
      settlement: `${DEMO}-14050904`,
      amount: 49_000,
      detail: { resolution: 'نمایشی-۱' },
    },
  ],
};
let nextBatch = 1;
const newBatch = (): PostingBatch => ({ ...BATCH, batch: ++nextBatch });
const held = ({ cycle, batch }: PostingBatch): PostingBatch | undefined => central.batches.get(`${cycle}/${batch}`);

describe('a batch', () => {
  test('is taken once, whatever is repeated', async () => {
    const batch = newBatch();
    const { calls } = await seen(async () => {
      await http.submitBatch(batch);
      await http.submitBatch(batch);
    });
    expect(calls.map(({ status }) => status)).toEqual([201, 200]);
    expect(calls[0]?.headers['idempotency-key']).toBe(`12-1405-06/${batch.batch}`);
    expect(held(batch)).toEqual(batch);
  });

  test('with another content under its number is refused and overwrites nothing', async () => {
    const batch = newBatch();
    await http.submitBatch(batch);
    const other = { ...batch, count: 1, sum: 49_000, items: batch.items.slice(1) };
    const { error, calls } = await seen(() => http.submitBatch(other));
    expect(error).toBeInstanceOf(BillingRefusedError);
    expect(error).toMatchObject({ status: 409, code: 'BATCH_DIFFERS' });
    expect(calls).toHaveLength(1);
    expect(held(batch)).toEqual(batch);
  });

  test('whose control total is wrong is refused', async () => {
    const batch = { ...newBatch(), sum: 1 };
    expect((await seen(() => http.submitBatch(batch))).error).toMatchObject({ status: 422, code: 'CONTROL_TOTAL_WRONG' });
    expect(held(batch)).toBeUndefined();
  });

  test('carries nothing but what the contract names, and the cycle in its path whole', async () => {
    const batch = { ...newBatch(), cycle: '1/2-1405-06' };
    const more = { ...batch, workflow: 'x', items: batch.items.map((item) => ({ ...item, nationalId: '0932833810' })) };
    const { calls } = await seen(() => http.submitBatch(more));
    expect(calls[0]).toMatchObject({ url: `/cycles/1%2F2-1405-06/batches/${batch.batch}`, status: 201, body: batch });
    expect(JSON.stringify(calls[0]?.body)).not.toContain('0932833810');
  });
});

/** Once: the fault passes by itself, or the caller is told what is wrong and comes again. */
const OUTCOMES: Record<Fault, 'passes' | typeof BillingUnavailableError | typeof BillingAnswerError> = {
  unanswered: 'passes',
  late: 'passes',
  'refused-connection': 'passes',
  cut: 'passes',
  twice: 'passes',
  unavailable: 'passes',
  busy: 'passes',
  failed: BillingUnavailableError,
  'not-json': BillingAnswerError,
  'wrong-field': BillingAnswerError,
  'wrong-check': BillingAnswerError,
};

describe.each(FAULTS)('the fault %s', (fault) => {
  const outcome = OUTCOMES[fault];
  const port = (): HttpBilling => (fault === 'unanswered' || fault === 'late' ? client(IMPATIENT) : http);
  const check = async <T>(act: () => Promise<T>, faulty: string[]): Promise<void> => {
    central.fail(fault);
    const { error, calls } = await seen(act);
    if (outcome === 'passes') {
      expect(error).toBeNull();
      expect(calls).toHaveLength(fault === 'twice' ? 1 : 2);
    } else {
      expect(error).toBeInstanceOf(outcome);
      // asked again by the workflow, not by a quick retry
      expect(calls).toHaveLength(1);
      if (fault.startsWith('wrong')) expect((error as BillingAnswerError).faults.map((each) => each.split(':')[0])).toEqual(faulty);
    }
    // the same attempt is found in both logs
    expect(new Set(calls.map(({ headers }) => headers['x-correlation-id']))).toEqual(new Set(['test-1']));
  };

  test('an account: the same snapshot or none', async () => {
    const right = await files.account(FULL, TODAY);
    const field =
      fault === 'wrong-field'
        ? ['lastBill.totalDue', 'history.0.totalDue', 'history.1.totalDue', 'history.2.totalDue']
        : ['account.subscription'];
    await check(async () => expect(await port().account(FULL, TODAY)).toEqual(right), field);
    expect(await http.account(FULL, TODAY)).toEqual(right);
  });

  test('a search: the same hits or none', async () => {
    const search = { query: FULL, office: null, limit: 5, after: null };
    const right = await files.findAccounts(search);
    await check(
      async () => expect(await port().findAccounts(search)).toEqual(right),
      [fault === 'wrong-field' ? 'items.0.name' : 'items.0.billId'],
    );
    expect(await http.findAccounts(search)).toEqual(right);
  });

  test('the timetable: the same or none', async () => {
    const search = { series: '12', from: TODAY, to: jalali('1405/10/10') };
    const right = await files.timetable(search);
    expect(right).toHaveLength(1);
    await check(
      async () => expect(await port().timetable(search)).toEqual(right),
      [fault === 'wrong-field' ? 'items.0.objectionDays' : 'items.0.closesOn'],
    );
    expect(await http.timetable(search)).toEqual(right);
  });

  test('a batch: still once', async () => {
    const batch = newBatch();
    const before = central.batches.size;
    await check(() => port().submitBatch(batch), [fault === 'wrong-field' ? 'count' : 'sum']);
    await http.submitBatch(batch);
    expect(held(batch)).toEqual(batch);
    expect(central.batches.size).toBe(before + 1);
  });
});

describe('what a call costs at most', () => {
  test('three attempts, then the reason', async () => {
    central.fail('unavailable', 3);
    const { error, calls } = await seen(() => http.account(FULL, TODAY));
    expect(error).toBeInstanceOf(BillingUnavailableError);
    expect((error as Error).message).toContain('GET /accounts/{subscription}');
    expect((error as Error).message).toContain('status 503');
    expect((error as Error).message).not.toContain(FULL);
    expect(calls).toHaveLength(3);
  });

  test('no more than the time of its caller: a pause that is too long is not begun', async () => {
    central.fail('busy');
    const { error, calls } = await seen(() => client({ caller: () => ({ limitMs: 900, correlationId: 'c' }) }).account(FULL, TODAY));
    expect(error).toBeInstanceOf(BillingUnavailableError);
    expect(calls).toHaveLength(1);
  });

  test('an attempt leaves time for another, however long it might take', async () => {
    central.fail('unanswered');
    const { error, calls } = await seen(() =>
      client({ timeoutMs: 60_000, caller: () => ({ limitMs: 6_000, correlationId: 'c' }) }).account(FULL, TODAY),
    );
    expect(error).toBeNull();
    expect(calls).toHaveLength(2);
  });

  test.each([
    ['429 that does not say when', 429, {}],
    ['500', 500, {}],
    ['501', 501, { 'retry-after': '0' }],
  ])('%s is not asked again at once', async (_, status, headers) => {
    central.answerNext(status, headers, '');
    const { error, calls } = await seen(() => http.account(FULL, TODAY));
    expect(error).toBeInstanceOf(BillingUnavailableError);
    expect(calls).toHaveLength(1);
  });

  test.each([
    ['an HTTP date', 503, { 'retry-after': new Date(Date.now() - 1000).toUTCString() }],
    ['nonsense', 503, { 'retry-after': 'soon' }],
    ['none', 502, {}],
    ['a gateway', 504, {}],
  ])('Retry-After: %s', async (_, status, headers) => {
    central.answerNext(status, headers, '');
    const { error, calls } = await seen(() => http.account(FULL, TODAY));
    expect(error).toBeNull();
    expect(calls).toHaveLength(2);
  });

  test('nobody there', async () => {
    const { error } = await seen(() => client({ baseUrl: 'http://127.0.0.1:1' }).account(FULL, TODAY));
    expect(error).toBeInstanceOf(BillingUnavailableError);
    expect((error as Error).message).toContain('3 attempts');
  });
});

describe('what must be mended is told once', () => {
  test('a wrong token', async () => {
    const { error, calls } = await seen(() => client({ token: 'stale' }).account(FULL, TODAY));
    expect(error).toBeInstanceOf(BillingRefusedError);
    expect(error).toMatchObject({ status: 401, code: 'UNAUTHENTICATED' });
    expect((error as Error).message).not.toContain('stale');
    expect(calls).toHaveLength(1);
  });

  test('a wrong address is not an unknown subscriber', async () => {
    expect((await seen(() => client({ baseUrl: `${central.url}/elsewhere` }).account(FULL, TODAY))).error).toMatchObject({
      status: 404,
      code: 'NOT_FOUND',
    });
    central.answerNext(404, { 'content-type': 'text/html' }, '<h1>Not Found</h1>');
    expect((await seen(() => http.account(NOBODY, TODAY))).error).toMatchObject({ name: 'BillingRefusedError', status: 404, code: null });
    central.answerNext(404, { 'content-type': 'application/problem+json' }, '{"code":');
    expect((await seen(() => http.account(NOBODY, TODAY))).error).toMatchObject({ name: 'BillingRefusedError', status: 404, code: null });
  });

  test('a redirect is not followed: the token stays here', async () => {
    central.answerNext(302, { location: `${central.url}/accounts/${FULL}?today=${TODAY}` }, '');
    const { error, calls } = await seen(() => http.account(FULL, TODAY));
    expect(error).toMatchObject({ name: 'BillingRefusedError', status: 302 });
    expect(calls).toHaveLength(1);
  });

  test('an answer without end', async () => {
    central.answerNext(200, {}, `"${'x'.repeat(1_100_000)}"`);
    const { error, calls } = await seen(() => http.account(FULL, TODAY));
    expect(error).toMatchObject({ name: 'BillingAnswerError', faults: ['the answer: TOO_LARGE'] });
    expect(calls).toHaveLength(1);
  });

  test.each(['', 'null', '[]', '"x"', '<html>', '{}'])('an answer that is %j', async (text) => {
    central.answerNext(200, { 'content-type': 'application/json' }, text);
    expect((await seen(() => http.account(FULL, TODAY))).error).toBeInstanceOf(BillingAnswerError);
  });

  test('hits of another office, out of order, before the page or too many', async () => {
    const { value } = await seen(() => http.findAccounts({ query: 'خیابان', office: null, limit: 200, after: null }));
    const items = value ?? [];
    const faultsOf = async (found: unknown[], search: Partial<Parameters<BillingPort['findAccounts']>[0]>): Promise<unknown> => {
      central.answerNext(200, {}, JSON.stringify({ items: found }));
      return (
        (await seen(() => http.findAccounts({ query: 'x', office: null, limit: 100, after: null, ...search })))
          .error as BillingAnswerError | null
      )?.faults;
    };
    const [first, second] = items;
    expect(await faultsOf([first, second], {})).toBeUndefined();
    expect(await faultsOf([second, first], {})).toEqual(['items.1.subscription: NOT_IN_ORDER']);
    expect(await faultsOf([first, first], {})).toEqual(['items.1.subscription: NOT_IN_ORDER']);
    expect(await faultsOf([first], { after: first?.subscription ?? '' })).toEqual(['items.0.subscription: NOT_IN_ORDER']);
    expect(await faultsOf([first, second], { limit: 1 })).toEqual(['items: MORE_THAN 1']);
    expect(await faultsOf([first], { office: '99' })).toEqual(['items.0.office: ANOTHER_OFFICE']);
  });
});

test('its state: there, away, or not letting us in', async () => {
  expect(await http.state()).toBe('ok');
  expect(await client({ token: 'stale' }).state()).toBe('refused');
  expect(await client({ baseUrl: 'http://127.0.0.1:1' }).state()).toBe('unreachable');
});

type Json = Record<string, unknown>;
const document = JSON.parse(readFileSync('docs/billing-system.openapi.json', 'utf8')) as {
  paths: Record<string, Record<string, { parameters: Json[]; requestBody?: Json; responses: Record<string, Json> }>>;
  components: Record<string, Record<string, Json>>;
};

const readers = new Map<string, z.ZodType>();
/** A schema of the document, with what it refers to. */
function reader(schema: Json): z.ZodType {
  const key = JSON.stringify(schema);
  const made = readers.get(key) ?? madeReader(schema);
  readers.set(key, made);
  return made;
}
function madeReader(schema: Json): z.ZodType {
  const local = (value: unknown): Json => JSON.parse(JSON.stringify(value).replaceAll('#/components/schemas/', '#/$defs/')) as Json;
  return z.fromJSONSchema({
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    $defs: local(document.components['schemas']),
    ...local(schema),
  } as never);
}
function referred(part: Json): Json {
  const ref = part['$ref'] as string | undefined;
  return ref === undefined
    ? part
    : ref
        .slice(2)
        .split('/')
        .reduce<Json>((at, name) => at[name] as Json, document as unknown as Json);
}
const promises = (schema: Json, value: unknown): string | null => {
  const result = reader(schema).safeParse(value);
  return result.success ? null : `${z.prettifyError(result.error)}\n${JSON.stringify(value)}`;
};

/** What is said in this call that the document does not; null when it is all as promised. `name` is the operation's. */
function unpromised({ method, url, headers, body, status, answer }: SeenCall): { name: string; fault: string | null } {
  const asked = new URL(url, central.url);
  for (const [template, operations] of Object.entries(document.paths)) {
    const match = new RegExp(`^${template.replace(/\{(\w+)\}/g, '(?<$1>[^/]+)')}$`).exec(asked.pathname);
    const operation = operations[method.toLowerCase()];
    if (!match || !operation) continue;
    const name = `${method} ${template} ${status}`;
    const parameters = operation.parameters.map(referred);
    for (const { name: parameter, in: place, required, schema } of parameters as {
      name: string;
      in: string;
      required?: boolean;
      schema: Json;
    }[]) {
      const [first, ...more] = asked.searchParams.getAll(parameter);
      const inQuery = schema['type'] === 'array' && first !== undefined ? [first, ...more] : first;
      const text =
        place === 'path'
          ? decodeURIComponent(match.groups?.[parameter] ?? '')
          : place === 'query'
            ? inQuery
            : headers[parameter.toLowerCase()];
      if ((text ?? null) === null) {
        if (required) return { name, fault: `${parameter} is missing` };
        continue;
      }
      const fault = promises(schema, schema['type'] === 'integer' ? Number(text) : text);
      if (fault) return { name, fault: `${parameter}: ${fault}` };
    }
    const known = parameters.filter(({ in: place }) => place === 'query').map((each) => each['name']);
    for (const parameter of asked.searchParams.keys())
      if (!known.includes(parameter)) return { name, fault: `${parameter} is not in the document` };
    const content = operation.requestBody?.['content'] as Record<string, { schema: Json }> | undefined;
    if (content) {
      const fault = promises(content['application/json']?.schema ?? {}, body);
      if (fault) return { name, fault };
    }
    const response = operation.responses[String(status)];
    if (!response) return { name, fault: `${status} is not promised` };
    const answers = referred(response)['content'] as Record<string, { schema: Json }> | undefined;
    const schema = Object.values(answers ?? {})[0]?.schema;
    return { name, fault: schema ? promises(schema, answer) : answer === null ? null : 'an answer where none is promised' };
  }
  return { name: `${method} ${asked.pathname}`, fault: 'no such operation' };
}

describe('the OpenAPI document', () => {
  test('is what is asked and answered here', async () => {
    const { calls } = await seen(async () => {
      await http.state();
      for (const subscription of subscriptions) if (subscription !== TYPED) await http.account(subscription, TODAY);
      await http.account(NOBODY, TODAY);
      await http.account(FULL, TODAY, REPORTED);
      await http.findAccounts({ query: 'خیابان', office: '01', limit: 100, after: DEMO });
      await http.timetable({ series: '12', from: TODAY, to: jalali('1406/01/01') });
      await http.timetable({ series: null, from: TODAY, to: jalali('1406/01/01') });
      const batch = newBatch();
      await http.submitBatch(batch);
      await http.submitBatch(batch);
      await http.submitBatch({ ...batch, count: 1, sum: 118_000, items: batch.items.slice(0, 1) }).catch(() => {});
      await http.submitBatch({ ...newBatch(), count: 5 }).catch(() => {});
      await client({ token: 'stale' })
        .account(FULL, TODAY)
        .catch(() => {});
      await client({ token: 'stale' }).state();
      central.fail('unavailable');
      await http.findAccounts({ query: FULL, office: null, limit: 1, after: null });
      central.fail('busy');
      await http.account(FULL, TODAY);
    });
    const checked = calls.map(unpromised);
    expect(checked.filter(({ fault }) => fault !== null)).toEqual([]);
    expect([...new Set(checked.map(({ name }) => name))].sort()).toEqual(
      [
        'GET /accounts 200',
        'GET /accounts 503',
        'GET /accounts/{subscription} 200',
        'GET /accounts/{subscription} 401',
        'GET /accounts/{subscription} 404',
        'GET /accounts/{subscription} 429',
        'GET /cycles 200',
        'GET /health 204',
        'GET /health 401',
        'PUT /cycles/{cycle}/batches/{batch} 200',
        'PUT /cycles/{cycle}/batches/{batch} 201',
        'PUT /cycles/{cycle}/batches/{batch} 409',
        'PUT /cycles/{cycle}/batches/{batch} 422',
      ].sort(),
    );
  });

  test('does not promise what the stand-in spoils', () => {
    const call: SeenCall = { method: 'GET', url: '/health', headers: {}, body: null, fault: null, status: 204, answer: null };
    expect(unpromised(call).fault).toBe('X-Correlation-Id is missing');
    expect(unpromised({ ...call, url: '/accounts?query=x&limit=1&order=2', headers: { 'x-correlation-id': 'x' } }).fault).toContain(
      'order',
    );
    expect(unpromised({ ...call, url: '/accounts?query=x&limit=0', headers: { 'x-correlation-id': 'x' } }).fault).toContain('limit');
    expect(unpromised({ ...call, headers: { 'x-correlation-id': 'x' }, status: 418 }).fault).toContain('418');
  });
});

describe('every field of an account', () => {
  /** A subscriber who has everything, as the wire carries it. */
  let answer: Json;
  let leaves: (string | number)[][];
  beforeAll(async () => {
    await http.account(FULL, TODAY);
    answer = central.calls.at(-1)?.answer as Json;
    delete answer['balanceShownOnOurPortal'];
    const walk = (value: unknown, path: (string | number)[]): (string | number)[][] =>
      typeof value === 'object' && value !== null
        ? Object.entries(value).flatMap(([key, child]) => walk(child, [...path, Array.isArray(value) ? Number(key) : key]))
        : [path];
    leaves = walk(answer, []);
  });
  const schema = { $ref: '#/components/schemas/AccountSnapshot' };
  const ask = (json: unknown) => readAccount(json, { subscription: FULL, today: TODAY, reported: [] });
  const changed = (path: (string | number)[], change: (parent: Json, key: string) => void): Json => {
    const copy = structuredClone(answer);
    const parent = path.slice(0, -1).reduce<Json>((at, key) => at[key] as Json, copy);
    change(parent, String(path.at(-1)));
    return copy;
  };
  /** Whether the document and the reader refuse it, the latter by the field's name. */
  const refusals = (json: unknown, path: (string | number)[]): [boolean, boolean] => {
    const result = ask(json);
    return [promises(schema, json) !== null, !result.ok && result.faults.some((fault) => fault.startsWith(`${path.join('.')}:`))];
  };

  test('is needed, by the document and by the reader, which names it', () => {
    expect(leaves.length).toBeGreaterThan(100);
    expect(promises(schema, answer)).toBeNull();
    expect(ask(answer).ok).toBe(true);
    for (const path of leaves)
      expect([
        path,
        refusals(
          changed(path, (parent, key) => delete parent[key]),
          path,
        ),
      ]).toEqual([path, [true, true]]);
    for (const path of Object.keys(answer))
      expect([
        path,
        refusals(
          changed([path], (parent, key) => delete parent[key]),
          [path],
        ),
      ]).toEqual([path, [true, true]]);
  });

  test.each<[string, unknown]>([
    ['an object', {}],
    ['a list', []],
    ['a fraction', 1.5],
    ['beyond the exact whole numbers', 9007199254740992],
    ['a control character', '1\u0000'],
  ])('is refused as %s', (_, wrong) => {
    for (const path of leaves) {
      const [, byReader] = refusals(
        changed(path, (parent, key) => void (parent[key] = wrong)),
        path,
      );
      expect([path, byReader]).toEqual([path, true]);
    }
  });

  test('is refused as null where the document has no null, and read where it has one', () => {
    const nullable: string[] = [];
    for (const path of leaves) {
      const json = changed(path, (parent, key) => void (parent[key] = null));
      const result = ask(json);
      const named = !result.ok && result.faults.some((fault) => fault.startsWith(`${path.join('.')}:`));
      // an end without its other half is refused by its rule, not by its type
      if (promises(schema, json) === null) nullable.push(path.join('.').replace(/\d+/, '#'));
      else expect([path, named]).toEqual([path, true]);
    }
    expect([...new Set(nullable)].sort()).toEqual([
      'account.closedOn',
      'meters.#.endReading',
      'meters.#.removedOn',
      'payments.#.paymentId',
    ]);
  });

  test.each<[string, (json: Json) => void, string]>([
    ['another subscriber', (json) => void ((json['account'] as Json)['subscription'] = DEMO), 'account.subscription: ANOTHER_SUBSCRIPTION'],
    [
      'a last bill that is not the newest',
      (json) => void (json['lastBill'] = (json['history'] as Json[])[1]),
      'lastBill: NOT_THE_NEWEST_OF_HISTORY',
    ],
    ['no last bill beside a history', (json) => void (json['lastBill'] = null), 'lastBill: NOT_THE_NEWEST_OF_HISTORY'],
    [
      'a last bill with another sum than in the history',
      (json) => void ((json['lastBill'] as Json)['totalDue'] = 1),
      'lastBill: NOT_THE_NEWEST_OF_HISTORY',
    ],
    [
      'a payment twice',
      (json) => (json['payments'] as Json[]).push((json['payments'] as Json[])[0] as Json),
      'payments.2.reference: DUPLICATE',
    ],
    ['a bill twice', (json) => (json['history'] as Json[]).push((json['history'] as Json[])[0] as Json), 'history.3.serial: DUPLICATE'],
    ['a negative payment', (json) => void (((json['payments'] as Json[])[0] as Json)['amount'] = -1), 'payments.0.amount: OUT_OF_RANGE'],
    [
      'a day that is none',
      (json) => void (((json['payments'] as Json[])[0] as Json)['paidOn'] = '1404/12/30'),
      'payments.0.paidOn: NOT_A_DATE',
    ],
    [
      'a period that ends before it begins',
      (json) => void (((json['history'] as Json[])[2] as Json)['fromDate'] = '1405/01/01'),
      'history.2.toDate: PERIOD_REVERSED',
    ],
    [
      'a figure beyond its counter',
      (json) => void (((json['meters'] as Json[])[0] as Json)['startReading'] = 100_000),
      'meters.0.startReading: OUT_OF_RANGE',
    ],
    [
      'a removed meter without its figure',
      (json) => void (((json['meters'] as Json[])[1] as Json)['endReading'] = null),
      'meters.1.endReading: REQUIRED',
    ],
    [
      'a cycle of another series',
      (json) => void (((json['cycles'] as Json[])[0] as Json)['series'] = '11'),
      'cycles.0.cycle: UNKNOWN_SERIES',
    ],
    ["a series of cycles that is not the account's", (json) => void ((json['account'] as Json)['series'] = '77'), 'ANOTHER_SERIES'],
    ['a cycle that is closed', (json) => void (((json['cycles'] as Json[])[0] as Json)['closesOn'] = '1405/09/03'), 'CLOSED_ALREADY'],
    ['a feed that says no day', (json) => void (json['feeds'] as Json[]).splice(3, 1), 'feeds: payments MISSING'],
    [
      'one stretch of a meter twice',
      (json) => void (json['meters'] as Json[]).push((json['meters'] as Json[])[0] as Json),
      'meters.3.serial: DUPLICATE',
    ],
    ['a feed twice', (json) => void (((json['feeds'] as Json[])[0] as Json)['kind'] = 'meters'), 'feeds.1.kind: DUPLICATE'],
  ])('%s is refused', (_, change, fault) => {
    const json = structuredClone(answer);
    change(json);
    const result = ask(json);
    expect(result.ok).toBe(false);
    expect(result.ok ? [] : result.faults).toEqual(expect.arrayContaining([expect.stringContaining(fault)]));
  });

  test('in any order and with anything more, it is the same account', async () => {
    const right = (await files.account(FULL, TODAY)) as AccountSnapshot;
    const shuffled = (list: unknown): fc.Arbitrary<unknown[]> =>
      fc.shuffledSubarray(list as unknown[], { minLength: (list as unknown[]).length });
    const lists = ['meters', 'history', 'payments', 'adjustments', 'instalments', 'deposits', 'cycles', 'feeds'];
    fc.assert(
      fc.property(
        fc.record(Object.fromEntries(lists.map((name) => [name, shuffled(answer[name])]))),
        fc.dictionary(
          fc.string().map((key) => `x-${key}`),
          fc.jsonValue(),
        ),
        (orders, more) => {
          const withMore = Object.fromEntries(
            Object.entries(orders).map(([name, list]) => [name, list.map((row) => ({ ...more, ...(row as Json) }))]),
          );
          const result = ask({ ...more, ...answer, ...withMore, account: { ...more, ...(answer['account'] as Json) } });
          expect(result).toEqual({ ok: true, value: right });
          expect(result.ok && Object.keys(result.value.account).sort()).toEqual(Object.keys(right.account).sort());
        },
      ),
    );
  });
});
