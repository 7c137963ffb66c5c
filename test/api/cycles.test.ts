import { parse } from 'csv-parse/sync';
import type { Pool } from 'pg';
import { NoAnswerError } from '../../src/temporal/workflow-client';
import { createPostgresBilling } from '../../src/billing/postgres';
import { endOfDay } from '../../src/domain/outbox/cycle';
import { jalali } from '../../src/domain/calendar/jalali';
import type { BatchItem, PostingBatch } from '../../src/domain/outbox/outbox.js';
import { createPostingStore, type PostingStore } from '../../src/store/postings';
import { load, testDatabase, type TestDatabase } from '../billing/database';
import { emptyOutbox, seedWaiting, type Waiting } from '../store/waiting';
import { ADMIN, APPROVER, BILLING, CLERK, QUALITY, SUPERVISOR, startApi, type Answered, type TestApi } from './fixture';

/** Of the timetable on 1405/09/04, the fixture's today: one that has closed, the one to open, the one after it, and another series'. */
const CLOSED = { cycle: '12-1405-04', closesOn: '1405/07/20' };
const FIVE = { cycle: '12-1405-05', closesOn: '1405/09/20' };
const SIX = { cycle: '12-1405-06', closesOn: '1405/11/20' };
const OTHER = { cycle: '13-1405-05', closesOn: '1405/09/10' };
const LIMIT = 4 * 1024 * 1024;

let database: TestDatabase;
let pool: Pool;
let store: PostingStore;
let api: TestApi;
let started: unknown[][];
/** what the next start of a workflow meets */
let startFails: Error | null;
beforeAll(async () => {
  database = await testDatabase();
  pool = database.pool;
  store = createPostingStore(pool);
}, 60_000);
afterAll(() => database?.stop());
beforeEach(async () => {
  await emptyOutbox(pool);
  await pool.query('truncate billing.cycles');
  const rows = [CLOSED, FIVE, SIX, OTHER].map(({ cycle, closesOn }) => ({
    series: cycle.slice(0, 2),
    cycle,
    fromDate: '1405/05/01',
    toDate: closesOn,
    closesOn,
    issuesOn: closesOn,
    objectionDays: '10',
  }));
  expect(await load(pool, 'cycles', rows)).toMatchObject({ ok: true });
  started = [];
  startFails = null;
  api = await startApi({
    postings: store,
    billing: createPostgresBilling(pool),
    startWorkflow: async (...call) => {
      if (startFails) throw startFails;
      started.push(call);
      return 'started';
    },
  });
});
afterEach(() => api.server.close({ graceMs: 200 }));

const at = (cycle: string, path: string): string => `/api/v1/billing/cycles/${cycle}/${path}`;
const open = (cycle = FIVE, change: Record<string, unknown> = {}, as = BILLING): Promise<Answered> =>
  api.call('POST', at(cycle.cycle, 'opening'), { as, json: { eventId: `open-${cycle.cycle}`, closesOn: cycle.closesOn, ...change } });
const fetchPostings = (query = '', cycle = FIVE.cycle, as = BILLING): Promise<Answered> =>
  api.call('GET', at(cycle, `postings${query}`), { as });
const acknowledge = (json: Record<string, unknown>, cycle = FIVE.cycle, as = BILLING): Promise<Answered> =>
  api.call('POST', at(cycle, 'acknowledgements'), { as, json });
const itemsOf = ({ body }: Answered): BatchItem[] => (body as PostingBatch).items;
const errorsOf = ({ body }: Answered): string[][] =>
  (body as { errors: { field: string; code: string }[] }).errors.map(({ field, code }) => [field, code]);
const problem = ({ status, body }: Answered): unknown[] => [status, body.code];
/** Settlements whose postings are handed over in the open cycle. */
async function handedOver(settlements: (Partial<Waiting> & { id: string })[]): Promise<void> {
  await seedWaiting(
    pool,
    settlements.map((each) => ({ cycle: FIVE.cycle, dueOn: FIVE.closesOn, ...each })),
  );
  await open();
  await pool.query(`update app.postings set status = 'handedOver', handed_over_at = now()`);
}
/** An acknowledgement of batch 1 by its own control totals. */
async function acknowledgement(items: Record<string, unknown>[], change: Record<string, unknown> = {}): Promise<Record<string, unknown>> {
  const batch = await store.batch(FIVE.cycle, 1);
  return { eventId: 'ack-1', batch: 1, count: batch?.count, sum: batch?.sum, items, ...change };
}
const taken = (posting: string): Record<string, unknown> => ({
  posting,
  outcome: 'taken',
  billSerial: 'B-1',
  ...(posting.includes('/nameChange') && { nameOnBill: 'سارا احمدی' }),
});

describe('opening', () => {
  test('201, its workflow started to the end of the closing day; the same again 200 with the same, started if it was not', async () => {
    await seedWaiting(pool, [{ id: 'S1', cycle: FIVE.cycle, dueOn: FIVE.closesOn }]);
    const first = await open();
    expect(first).toMatchObject({ status: 201, body: { ...FIVE, series: '12', state: 'open', counts: { due: 3, waiting: 3, taken: 0 } } });
    const workflow = [
      'billingCycle',
      `billingCycle/${FIVE.cycle}`,
      { opened: { eventId: `open-${FIVE.cycle}`, ...FIVE }, closesAt: endOfDay(jalali(FIVE.closesOn)) },
      expect.stringContaining(FIVE.cycle),
    ];
    expect(started).toEqual([workflow]);
    const again = await open(FIVE, { closesOn: '۱۴۰۵/۹/۲۰' });
    expect(again).toMatchObject({ status: 200, body: first.body });
    expect(started).toEqual([workflow, workflow]);
  });

  test('no word from Temporal: 503, and the repeat starts it', async () => {
    startFails = new NoAnswerError();
    expect(problem(await open())).toEqual([503, 'UNAVAILABLE']);
    expect(started).toEqual([]);
    startFails = null;
    expect((await open()).status).toBe(200);
    expect(started).toHaveLength(1);
  });

  test.each<[string, { cycle: string; closesOn: string }, unknown[], Record<string, unknown> | undefined]>([
    ['a cycle that is not in the timetable', { cycle: '12-1405-09', closesOn: FIVE.closesOn }, [404, 'CYCLE_UNKNOWN'], {}],
    ['another closing day', { ...FIVE, closesOn: '1405/09/21' }, [409, 'TIMETABLE_DIFFERS'], { closesOn: FIVE.closesOn }],
    ['one that has closed', CLOSED, [409, 'CYCLE_CLOSED'], { closesOn: CLOSED.closesOn }],
    ['one whose predecessor takes postings', SIX, [409, 'CYCLE_OUT_OF_ORDER'], { earlier: FIVE.cycle, closesOn: FIVE.closesOn }],
  ])('%s is refused with what the timetable has', async (_, cycle, expected, timetable) => {
    const answer = await open(cycle);
    expect(problem(answer)).toEqual(expected);
    expect(answer.body.timetable).toEqual(timetable);
    expect(started).toEqual([]);
    expect(await store.openedCycles([cycle.cycle])).toEqual([]);
  });

  test('by another event: refused with the one that opened it; an event that opened another cycle: refused', async () => {
    await open();
    const other = await open(FIVE, { eventId: 'open-again' });
    expect([...problem(other), other.body.eventId]).toEqual([409, 'CYCLE_ALREADY_OPEN', `open-${FIVE.cycle}`]);
    expect(problem(await open(OTHER, { eventId: `open-${FIVE.cycle}` }))).toEqual([409, 'EVENT_EXISTS']);
    const day = await open(FIVE, { closesOn: '1405/09/21' });
    expect([...problem(day), day.body.timetable]).toEqual([409, 'TIMETABLE_DIFFERS', { closesOn: FIVE.closesOn }]);
    expect(started).toHaveLength(1);
  });

  test('the timetable changed since: the repeat is the same as before, closing as opened', async () => {
    const first = await open();
    await pool.query(`update billing.cycles set closes_on = '1405/09/25' where cycle = $1`, [FIVE.cycle]);
    expect(await open()).toMatchObject({ status: 200, body: { ...first.body, closesOn: FIVE.closesOn } });
  });

  test('a repeat after the closing starts nothing', async () => {
    await open();
    await store.closeCycle(FIVE.cycle, { due: 0, waiting: 0, handedOver: 0, taken: 0, refused: 0, late: 0 });
    started = [];
    expect(await open()).toMatchObject({ status: 200, body: { state: 'closed' } });
    expect(started).toEqual([]);
  });

  test.each([
    ['eventId', { eventId: 'یک' }, 'EVENT_ID_INVALID'],
    ['eventId', { eventId: '' }, 'EVENT_ID_INVALID'],
    ['closesOn', { closesOn: '1405/13/01' }, 'DATE_INVALID'],
    ['cycle', { cycle: FIVE.cycle }, 'UNKNOWN_FIELD'],
  ])('a faulty %s (%o)', async (field, change, code) => {
    expect((await open(FIVE, change)).body).toMatchObject({ code: 'INVALID_REQUEST', errors: [{ field, code }] });
  });
  test('a name that no cycle can have', async () =>
    expect(problem(await open({ cycle: 'x', closesOn: FIVE.closesOn }))).toEqual([404, 'NOT_FOUND']));
});

test('the list: planned, open and closed, each with its counts', async () => {
  await handedOver([{ id: 'S1' }]);
  await seedWaiting(pool, [{ id: 'S2', cycle: SIX.cycle, dueOn: SIX.closesOn, kinds: ['fee'] }]);
  const list = async (query = ''): Promise<unknown[]> =>
    (
      (await api.call('GET', `/api/v1/billing/cycles${query}`, { as: BILLING })).body.items as {
        cycle: string;
        state: string;
        counts: { due: number; handedOver: number };
      }[]
    ).map(({ cycle, state, counts }) => [cycle, state, counts.due, counts.handedOver]);
  const [other, five, six] = [
    [OTHER.cycle, 'planned', 0, 0],
    [FIVE.cycle, 'open', 3, 3],
    [SIX.cycle, 'planned', 1, 0],
  ];
  expect(await list()).toEqual([other, five, six]);
  expect(await list('?series=12&from=1405/07/01')).toEqual([[CLOSED.cycle, 'closed', 0, 0], five, six]);
  expect(await list('?to=1405/09/15')).toEqual([other]);
});

describe('roles', () => {
  test.each([CLERK, SUPERVISOR, APPROVER, QUALITY, ADMIN])('only billing opens, fetches and acknowledges: $role', async (as) => {
    await handedOver([{ id: 'S1' }]);
    await store.nextBatch(FIVE.cycle);
    for (const answer of [
      await open(FIVE, {}, as),
      await fetchPostings('', FIVE.cycle, as),
      await acknowledge(await acknowledgement([taken('S1/fee')]), FIVE.cycle, as),
    ]) {
      expect(problem(answer)).toEqual([403, 'FORBIDDEN']);
    }
    expect((await store.acknowledged('ack-1', 0, 9)).items).toEqual([]);
    const sees = as !== CLERK && as !== APPROVER;
    expect((await api.call('GET', '/api/v1/billing/cycles', { as })).status).toBe(sees ? 200 : 403);
  });
  test('nobody without a token', async () =>
    expect(problem(await api.call('GET', at(FIVE.cycle, 'postings')))).toEqual([401, 'UNAUTHENTICATED']));
});

describe('postings', () => {
  test('a batch with its control totals, the same bytes whenever it is asked for', async () => {
    await handedOver([{ id: 'S1' }, { id: 'S2' }]);
    const first = await fetchPostings();
    expect(first).toMatchObject({ status: 200, body: { cycle: FIVE.cycle, batch: 1, count: 6, sum: 2 * (49_000 + 118_467) } });
    expect(first.body.items[2]).toEqual({
      posting: 'S1/settlement',
      kind: 'settlement',
      subscription: '000000000000',
      settlement: 'S1',
      amount: 118_467,
      detail: {},
    });
    expect((await fetchPostings()).text).toBe(first.text);
    await store.recordOutcome('S1', 'e', { posting: 'S1/fee', outcome: 'taken', billSerial: 'B', seq: 1 });
    await acknowledge(await acknowledgement([taken('S1/fee')]));
    await pool.query(`update app.postings set amount = 0, status = 'cancelled'`);
    expect((await fetchPostings('?batch=1')).text).toBe(first.text);
    expect((await fetchPostings('?batch=۱&format=json')).text).toBe(first.text);
    // all of it is acknowledged and nothing is new
    expect((await fetchPostings()).body).toEqual({ cycle: FIVE.cycle, batch: null, frozenAt: null, count: 0, sum: 0, items: [] });
  });

  test('as CSV: the totals in headers, formulas harmless, everything else exact', async () => {
    const names = ['=HYPERLINK("http://x";"y")', '+1', '@SUM(A1)', '-2', 'احمدی، "سارا"\nدوم', "O'Neil"];
    await handedOver(names.map((newName, i) => ({ id: `S${i}`, newName })));
    await pool.query(
      `update app.postings set amount = -118467, detail = '{"billNumber":"01-1405-000001","date":"1405/09/04","reading":1234,"readingSource":"staff","total":-118467,"payable":0,"carry":-118467}' where kind = 'settlement'`,
    );
    const json = await fetchPostings();
    expect(
      itemsOf(json)
        .filter(({ kind }) => kind === 'nameChange')
        .map(({ detail }) => detail['name']),
    ).toEqual(names);
    const csv = await fetchPostings('?format=csv&batch=1');
    expect(csv.headers.get('content-type')).toBe('text/csv; charset=utf-8');
    expect(['x-cycle', 'x-batch', 'x-control-count', 'x-control-sum', 'content-disposition'].map((name) => csv.headers.get(name))).toEqual([
      FIVE.cycle,
      '1',
      String(json.body.count),
      String(json.body.sum),
      'attachment; filename="postings-1.csv"',
    ]);
    const rows = parse<Record<string, string>>(csv.text, { columns: true });
    expect(rows.map(({ posting, amount }) => [posting, Number(amount)])).toEqual(
      itemsOf(json).map(({ posting, amount }) => [posting, amount]),
    );
    expect(rows.filter(({ kind }) => kind === 'nameChange').map(({ name }) => name)).toEqual([
      '\'=HYPERLINK("http://x";"y")',
      "'+1",
      "'@SUM(A1)",
      "'-2",
      'احمدی، "سارا"\nدوم',
      "O'Neil",
    ]);
    expect(rows.find(({ kind }) => kind === 'settlement')).toMatchObject({
      amount: '-118467',
      total: '-118467',
      carry: '-118467',
      payable: '0',
      reading: '1234',
      billNumber: '01-1405-000001',
      name: '',
    });
    expect(rows.reduce((sum, { amount }) => sum + Number(amount), 0)).toBe(Number(csv.headers.get('x-control-sum')));
    expect(csv.text.split('\r\n')[0]).toMatch(/^posting,kind,subscription,settlement,amount,/);
    expect((await fetchPostings('?format=csv')).text).toBe(csv.text);
  });

  test('nothing to hand over as CSV: the header row and no batch', async () => {
    await open();
    const csv = await fetchPostings('?format=csv');
    expect([csv.status, csv.headers.get('x-batch'), csv.headers.get('x-control-count'), csv.text.split('\r\n').length]).toEqual([
      200,
      '',
      '0',
      2,
    ]);
  });

  test.each<[string, string, unknown[]]>([
    ['a batch that was never made', '?batch=2', [404, 'BATCH_UNKNOWN']],
    ['no number', '?batch=x', [422, 'INVALID_REQUEST']],
    ['zero', '?batch=0', [422, 'INVALID_REQUEST']],
    ['another format', '?format=xml', [422, 'INVALID_REQUEST']],
  ])('%s', async (_, query, expected) => {
    await handedOver([{ id: 'S1' }]);
    await fetchPostings();
    expect(problem(await fetchPostings(query))).toEqual(expected);
  });
  test('a cycle that is not open', async () => expect(problem(await fetchPostings())).toEqual([409, 'CYCLE_NOT_OPEN']));
});

describe('acknowledgements', () => {
  beforeEach(async () => {
    await handedOver([{ id: 'S1' }, { id: 'S2' }]);
    await fetchPostings();
    started = [];
  });

  test('201 and its workflow; the same again 200 and started if it was not', async () => {
    const json = await acknowledgement([
      taken('S1/fee'),
      taken('S1/nameChange'),
      { posting: 'S1/settlement', outcome: 'refused', reason: ' رقم  نمی‌خواند ' },
    ]);
    const body = { eventId: 'ack-1', cycle: FIVE.cycle, batch: 1, items: 3 };
    startFails = new NoAnswerError();
    expect(problem(await acknowledge(json))).toEqual([503, 'UNAVAILABLE']);
    startFails = null;
    expect(await acknowledge(json)).toMatchObject({ status: 200, body });
    const workflow = [
      'acknowledgement',
      'acknowledgement/ack-1',
      { eventId: 'ack-1', cycle: FIVE.cycle },
      expect.stringContaining(FIVE.cycle),
    ];
    expect(started).toEqual([workflow]);
    expect(await acknowledge({ ...json, eventId: 'ack-2' })).toMatchObject({ status: 201, body: { ...body, eventId: 'ack-2' } });
    expect((await store.acknowledged('ack-1', 2, 1)).items).toEqual([
      { posting: 'S1/settlement', outcome: 'refused', reason: 'رقم نمی‌خواند', settlement: 'S1' },
    ]);
  });

  test('the event of another acknowledgement', async () => {
    await acknowledge(await acknowledgement([taken('S1/fee')]));
    expect(problem(await acknowledge(await acknowledgement([taken('S2/fee')])))).toEqual([409, 'EVENT_EXISTS']);
  });

  test.each([
    ['count', { count: 5 }],
    ['sum', { sum: 0 }],
  ])('a wrong %s is told the batch’s own', async (_, change) => {
    const answer = await acknowledge(await acknowledgement([taken('S1/fee')], change));
    expect([...problem(answer), answer.body.batch]).toEqual([409, 'CONTROL_TOTAL_DIFFERS', { count: 6, sum: 2 * (49_000 + 118_467) }]);
  });

  test('postings that are not in the batch: each by its place, and nothing is kept', async () => {
    const answer = await acknowledge(await acknowledgement([taken('S1/fee'), taken('S9/fee'), taken('\u0000')]));
    expect(problem(answer)).toEqual([422, 'INVALID_REQUEST']);
    expect(errorsOf(answer)).toEqual([
      ['items.1.posting', 'NOT_IN_BATCH'],
      ['items.2.posting', 'NOT_IN_BATCH'],
    ]);
    expect((await store.acknowledged('ack-1', 0, 9)).items).toEqual([]);
    expect(started).toEqual([]);
  });

  test.each<[string, Record<string, unknown>[], string[][]]>([
    ['one posting twice', [taken('S1/fee'), { posting: 'S1/fee', outcome: 'refused', reason: 'x' }], [['items.1.posting', 'REPEATED']]],
    ['taken in no bill', [{ posting: 'S1/fee', outcome: 'taken' }], [['items.0.billSerial', 'REQUIRED']]],
    [
      'a name change without the printed name',
      [{ posting: 'S1/nameChange', outcome: 'taken', billSerial: 'B' }],
      [['items.0.nameOnBill', 'REQUIRED']],
    ],
    ['refused without a reason', [{ posting: 'S1/fee', outcome: 'refused' }], [['items.0.reason', 'REQUIRED']]],
    ['another outcome', [{ posting: 'S1/fee', outcome: 'lost' }], [['items.0.outcome', 'INVALID_VALUE']]],
    ['nothing at all', [], [['items', 'TOO_SMALL']]],
  ])('%s', async (_, items, errors) => {
    const answer = await acknowledge(await acknowledgement(items));
    expect([...problem(answer), errorsOf(answer)]).toEqual([422, 'INVALID_REQUEST', errors]);
    expect(started).toEqual([]);
  });

  test.each([
    ['batch', { batch: 2 }, FIVE.cycle],
    ['cycle', {}, SIX.cycle],
  ])('no such %s', async (_, change, cycle) => {
    expect(problem(await acknowledge(await acknowledgement([taken('S1/fee')], change), cycle))).toEqual([404, 'BATCH_UNKNOWN']);
  });
});

test('a full batch is acknowledged in one call; the limit of the body is exact, and beyond it nothing breaks', async () => {
  await handedOver(Array.from({ length: 1700 }, (_, i) => ({ id: `01412345${String(i).padStart(4, '0')}-14050904` })));
  const batch = (await fetchPostings()).body as { count: number; sum: number; items: { posting: string }[] };
  expect(batch.count).toBe(5000);
  const json = await acknowledgement(
    batch.items.map(({ posting }) => ({
      ...taken(posting),
      billSerial: '14050012345678901234',
      ...(posting.includes('/nameChange') && { nameOnBill: 'سیده فاطمه سادات حسینی نیک‌پور خراسانی' }),
    })),
  );
  const text = JSON.stringify(json);
  const send = (bytes: number): Promise<Answered> =>
    api.call('POST', at(FIVE.cycle, 'acknowledgements'), {
      as: BILLING,
      body: text + ' '.repeat(bytes - Buffer.byteLength(text)),
      headers: { 'content-type': 'application/json' },
    });
  expect(problem(await send(LIMIT + 2))).toEqual([413, 'BODY_TOO_LARGE']);
  expect((await store.acknowledged('ack-1', 0, 1)).items).toEqual([]);
  expect(await send(LIMIT)).toMatchObject({ status: 201, body: { items: 5000 } });
  expect((await fetchPostings()).body).toMatchObject({ batch: 2, count: 100 });
  const rows = (json['items'] as unknown[]).concat(taken('one-more'));
  expect((await acknowledge({ ...json, items: rows })).body).toMatchObject({
    code: 'INVALID_REQUEST',
    errors: [{ field: 'items', code: 'TOO_LARGE' }],
  });
}, 60_000);
