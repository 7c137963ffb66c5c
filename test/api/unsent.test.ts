import { parse } from 'csv-parse/sync';
import { jalali } from '../../src/domain/calendar/jalali';
import { BILLING, CLERK, SUPERVISOR, startApi, type TestApi, unsent } from './fixture';
import { readSheet } from '../../src/document/sheet';

let api: TestApi;
beforeEach(async () => {
  api = await startApi();
});
afterEach(() => api.server.close());

const get = (query: string, as = SUPERVISOR) => api.call('GET', `/api/v1/billing/unsent${query}`, { as });

test('what is asked reaches the store within the own office; a clerk’s own by `me`', async () => {
  const asked: unknown[] = [];
  api.deps.unsent.page = async (filter) => {
    asked.push(filter);
    return {
      items: [unsent({ dueOn: jalali('1405/09/01'), timesLate: 2, status: 'late' }), unsent(), unsent({ cycle: null, dueOn: null })],
      next: 'abc',
    };
  };
  const { status, body } = await get('?clerk=me&cycle=12-1405-05&dueBefore=۱۴۰۵/۱۰/۰۱&limit=3&cursor=xyz', CLERK);
  expect(status).toBe(200);
  expect(asked).toEqual([{ office: '12', clerk: CLERK.id, cycle: '12-1405-05', dueBefore: '1405/10/01', limit: 3, cursor: 'xyz' }]);
  // the day of these tests is 1405/09/04
  expect(body).toMatchObject({
    counts: { waiting: 1 },
    next: 'abc',
    items: [{ daysLeft: -3, timesLate: 2, clerk: { name: CLERK.name } }, { daysLeft: 23 }, { daysLeft: null, cycle: null }],
  });
});

test('billing sees every office, the counter no other', async () => {
  const offices: unknown[] = [];
  api.deps.unsent.page = async ({ office }) => {
    offices.push(office);
    return { items: [], next: null };
  };
  expect((await get('', BILLING)).status).toBe(200);
  expect((await get('?office=34', BILLING)).status).toBe(200);
  expect((await get('?office=34')).status).toBe(403);
  expect(offices).toEqual([undefined, '34']);
  expect((await get('?dueBefore=1405/13/01')).status).toBe(422);
  expect((await get('?format=pdf')).status).toBe(422);
});

test('as XLSX: a text cell keeps the leading zeros of an id', async () => {
  api.deps.unsent.page = async ({ cursor }) => ({
    items: [unsent({ subscription: '014123456701' })],
    next: cursor === undefined ? 'next' : null,
  });
  const answer = await get('?format=xlsx');
  expect(answer.headers.get('content-disposition')).toBe('attachment; filename="unsent.xlsx"');
  const { rows } = await readSheet('unsent.xlsx', answer.bytes);
  expect(rows).toHaveLength(3);
  expect(rows[0]?.cells).toContain('subscription');
  expect(rows[1]?.cells).toContain('014123456701');
});

describe('as CSV', () => {
  test('the whole list over all its pages, with the counts in a header', async () => {
    const cursors: unknown[] = [];
    api.deps.unsent.page = async ({ cursor }) => {
      cursors.push(cursor);
      return { items: [unsent({ posting: `p-${cursors.length}` })], next: cursors.length < 3 ? `to-${cursors.length}` : null };
    };
    const answer = await get('?format=csv&cursor=ignored');
    expect(answer.headers.get('content-type')).toMatch(/^text\/csv/);
    expect(answer.headers.get('x-unsent-counts')).toBe('waiting=1, handedOver=0, late=0, refused=0');
    expect(cursors).toEqual([undefined, 'to-1', 'to-2']);
    // the mark by which spreadsheets know UTF-8; reading text drops it
    expect(answer.bytes.subarray(0, 3).toString('hex')).toBe('efbbbf');
    const rows = parse(answer.text, { columns: true });
    expect(rows).toMatchObject([
      { posting: 'p-1', clerk: CLERK.name, amount: '49000', daysLeft: '23' },
      { posting: 'p-2' },
      { posting: 'p-3' },
    ]);
  });

  test.each(['=1+1', '+98', '-5', '@SUM(A1)', '\tx'])('text that would begin a formula gets an apostrophe: %j', async (subscriber) => {
    api.deps.unsent.page = async () => ({ items: [unsent({ subscriber, amount: -5_000, dueOn: jalali('1405/09/01') })], next: null });
    // numbers stay numbers: they hold no formula
    expect(parse((await get('?format=csv')).text, { columns: true })).toMatchObject([
      { subscriber: `'${subscriber}`, amount: '-5000', daysLeft: '-3' },
    ]);
  });

  test('a list that breaks off does not look complete', async () => {
    let pages = 0;
    api.deps.unsent.page = async () => {
      if (pages++ > 0) throw new Error('connection terminated');
      return { items: [unsent()], next: 'more' };
    };
    await expect(get('?format=csv')).rejects.toThrow();
    // before the first row it is an ordinary problem
    api.deps.unsent.page = () => Promise.reject(Object.assign(new Error('x'), { code: 'ECONNREFUSED' }));
    expect(await get('?format=csv')).toMatchObject({ status: 503, body: { code: 'UNAVAILABLE' } });
  });
});
