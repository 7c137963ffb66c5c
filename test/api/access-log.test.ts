import { createAccessWriter } from '../../src/api/access-log';
import { pino } from 'pino';
import type { Access } from '../../src/store/access-log';
import { createAccessStore } from '../../src/store/access-log';
import { testDatabase, type TestDatabase } from '../billing/database';
import { emptied } from '../store/emptying';
import {
  ADMIN,
  announced,
  CLERK,
  ID,
  NOW,
  OTHER_CLERK,
  QUALITY,
  request,
  SUBSCRIPTION,
  SUPERVISOR,
  startApi,
  type TestApi,
} from './fixture';

const entry = (change: Partial<Access> = {}): Access => ({
  at: NOW.toISOString(),
  by: CLERK,
  call: 'GET /settlements/{id}',
  subscriptions: [SUBSCRIPTION],
  settlement: ID,
  requestId: 'request-1',
  ...change,
});

describe('who looks is noted', () => {
  let api: TestApi;
  beforeAll(async () => {
    api = await startApi();
    api.deps.billing.findAccounts = async ({ query }) =>
      query === 'علی'
        ? ['014123456701', '014123456702'].map((subscription) => ({
            subscription,
            billId: '1',
            name: 'علی',
            address: 'x',
            office: '12',
            use: 'household',
            meterSerial: null,
          }))
        : [];
  });
  afterAll(() => api.server.close());
  beforeEach(() => void (api.accesses.length = 0));

  const own = { by: CLERK, subscriptions: [SUBSCRIPTION], settlement: ID };
  test.each<[string, string, string, unknown, Partial<Access>[]]>([
    [
      'a search: whom it showed, not what was typed',
      'GET',
      '/accounts?query=علی',
      undefined,
      [{ call: 'GET /accounts', subscriptions: ['014123456701', '014123456702'], settlement: null }],
    ],
    ['a search without a hit', 'GET', '/accounts?query=0932833810', undefined, [{ call: 'GET /accounts', subscriptions: [] }]],
    [
      'an account',
      'GET',
      `/accounts/${SUBSCRIPTION}`,
      undefined,
      [{ by: CLERK, call: 'GET /accounts/{subscription}', subscriptions: [SUBSCRIPTION] }],
    ],
    ['a settlement', 'GET', `/settlements/${ID}`, undefined, [{ ...own, call: 'GET /settlements/{id}' }]],
    ['a bill', 'GET', `/settlements/${ID}/bill.pdf`, undefined, [{ ...own, call: 'GET /settlements/{id}/bill.pdf' }]],
    ['a letter', 'GET', `/settlements/${ID}/clearance.pdf`, undefined, [{ ...own, call: 'GET /settlements/{id}/clearance.pdf' }]],
    ['the list', 'GET', '/settlements', undefined, [{ call: 'GET /settlements', subscriptions: [SUBSCRIPTION] }]],
    ['what is unsent', 'GET', '/billing/unsent', undefined, [{ call: 'GET /billing/unsent', subscriptions: [SUBSCRIPTION] }]],
    ['a preview', 'POST', '/settlements/preview', request(), [{ call: 'POST /settlements/preview', subscriptions: [SUBSCRIPTION] }]],
    ['an announcement', 'POST', '/settlements', request(), [{ ...own, call: 'POST /settlements' }]],
    [
      'a history in the Temporal UI, of nobody known',
      'POST',
      '/codec/decode',
      { payloads: [] },
      [{ by: SUPERVISOR, call: 'POST /codec/decode', subscriptions: [] }],
    ],
    [
      'a delivery, once though it looks twice',
      'POST',
      `/settlements/${ID}/delivery`,
      { deliveredTo: 'علی', channel: 'post' },
      [{ ...own, call: 'POST /settlements/{id}/delivery' }],
    ],
  ])('%s', async (_what, method, path, json, noted) => {
    const { status, headers } = await api.call(method, `/api/v1${path}`, {
      as: path.startsWith('/codec') ? SUPERVISOR : CLERK,
      ...(json === undefined ? {} : { json }),
    });
    expect(status).toBeLessThan(300);
    expect(api.accesses).toEqual(
      noted.map((each) => expect.objectContaining({ ...each, at: NOW.toISOString(), requestId: headers.get('x-request-id') })),
    );
    expect(JSON.stringify(api.accesses)).not.toContain('0932833810');
  });

  test('who sees nothing has not looked', async () => {
    for (const [path, as] of [
      [`/settlements/${ID}`, OTHER_CLERK],
      [`/accounts/${SUBSCRIPTION}`, OTHER_CLERK],
      ['/settlements/014123456799-14050904', CLERK],
      ['/people', SUPERVISOR],
    ] as const) {
      await api.call('GET', `/api/v1${path}`, { as });
    }
    expect(api.accesses).toEqual([]);
  });

  test('read by quality and admin, with days and pages', async () => {
    const asked: unknown[] = [];
    api.deps.accessLog.list = async (filter) => {
      asked.push(filter);
      return { items: [entry()], next: '7' };
    };
    const path = `/api/v1/access-log?subscription=${SUBSCRIPTION}&person=c1&from=1405/09/01&to=1405/09/04&limit=10&cursor=9`;
    for (const as of [QUALITY, ADMIN])
      expect(await api.call('GET', path, { as })).toMatchObject({
        status: 200,
        body: { items: [{ by: { id: 'c1', role: 'clerk' }, subscriptions: [SUBSCRIPTION], settlement: ID }], next: '7' },
      });
    expect(asked[0]).toEqual({
      subscription: SUBSCRIPTION,
      person: 'c1',
      from: '2026-11-21T20:30:00.000Z',
      to: '2026-11-25T20:30:00.000Z',
      limit: 10,
      cursor: '9',
    });
    expect((await api.call('GET', '/api/v1/access-log?to=1498/12/30', { as: ADMIN })).status).toBe(200);
    expect((await api.call('GET', path, { as: SUPERVISOR })).status).toBe(403);
    expect((await api.call('GET', '/api/v1/access-log?subscription=1', { as: ADMIN })).status).toBe(422);
  });

  test('an answer is given though nothing can be written', async () => {
    const lines: string[] = [];
    const writer = createAccessWriter(
      { append: () => Promise.reject(new Error(`no ${SUBSCRIPTION} here`)) },
      pino({}, { write: (line: string) => void lines.push(line) }),
    );
    const away = await startApi({ accessLog: { note: writer.note, list: async () => ({ items: [], next: null }) } });
    try {
      away.deps.settlements.get = async () => announced();
      expect((await away.call('GET', `/api/v1/settlements/${ID}`, { as: CLERK })).status).toBe(200);
    } finally {
      await away.server.close();
      await writer.close();
    }
    expect(lines.join('')).toContain('access log');
    expect(lines.join('')).not.toContain(SUBSCRIPTION);
  });
});

describe('the writer', () => {
  const quiet = () => {
    const lines: Record<string, unknown>[] = [];
    return { lines, log: pino({}, { write: (line: string) => void lines.push(JSON.parse(line) as Record<string, unknown>) }) };
  };

  test('what could not be written is kept, in its order, and written when it can be', async () => {
    const written: Access[] = [];
    let away = true;
    const { lines, log } = quiet();
    const writer = createAccessWriter(
      {
        append: async (entries) => {
          if (away) throw new Error('away');
          written.push(...entries);
        },
      },
      log,
      { againMs: 1 },
    );
    writer.note(entry({ requestId: 'a' }));
    writer.note(entry({ requestId: 'b' }));
    await new Promise<void>((resolve) => setImmediate(resolve));
    expect(lines[0]).toMatchObject({ level: 50, err: { message: 'away' } });
    away = false;
    writer.note(entry({ requestId: 'c' }));
    await writer.close();
    expect(written.map(({ requestId }) => requestId)).toEqual(['a', 'b', 'c']);
  });

  test('of more than it holds the oldest is given up, and the log says whose look that was', async () => {
    const { lines, log } = quiet();
    const writer = createAccessWriter({ append: () => Promise.reject(new Error('away')) }, log, { most: 2 });
    for (const requestId of ['a', 'b', 'c']) writer.note(entry({ requestId }));
    await writer.close();
    expect(lines.filter(({ requestId }) => requestId === 'a')).toMatchObject([
      { operator: 'c1', role: 'clerk', office: '12', route: 'GET /settlements/{id}' },
    ]);
    expect(JSON.stringify(lines)).not.toContain(SUBSCRIPTION);
    expect(lines.at(-1)).toMatchObject({ entries: 2 });
  });
});

describe('on PostgreSQL', () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await testDatabase();
  }, 60_000);
  afterAll(() => database?.stop());
  beforeEach(() => emptied(database.pool, 'app.access_log'));

  test('found by subscription, person and time, in pages, the newest first', async () => {
    const store = createAccessStore(database.pool);
    const entries = Array.from({ length: 5 }, (_, i) =>
      entry({
        at: new Date(NOW.getTime() + i * 1000).toISOString(),
        subscriptions: i % 2 ? [SUBSCRIPTION, '014000000002'] : ['014000000002'],
        by: i < 3 ? CLERK : QUALITY,
        requestId: `r-${i}`,
      }),
    );
    await store.append(entries);
    const ids = async (filter: object) => (await store.list({ limit: 50, ...filter })).items.map(({ requestId }) => requestId);
    expect((await store.list({ limit: 50 })).items).toEqual([...entries].reverse());
    expect(await ids({ subscription: SUBSCRIPTION })).toEqual(['r-3', 'r-1']);
    expect(await ids({ person: 'q1' })).toEqual(['r-4', 'r-3']);
    expect(await ids({ from: entries[1]!.at, to: entries[3]!.at })).toEqual(['r-2', 'r-1']);
    const first = await store.list({ limit: 3 });
    const second = await store.list({ limit: 3, cursor: first.next ?? '' });
    expect([first, second].map(({ items }) => items.length)).toEqual([3, 2]);
    expect(second.next).toBeNull();
  });

  test('append-only; what has had its three years leaves, nothing else does', async () => {
    const store = createAccessStore(database.pool);
    const old = new Date(Date.now() - 3.1 * 366 * 86_400_000).toISOString();
    await store.append([entry({ at: old }), entry({ at: new Date().toISOString() })]);
    for (const sql of ['update app.access_log set role = role', 'delete from app.access_log', 'truncate app.access_log'])
      await expect(database.pool.query(sql)).rejects.toThrow(/append-only/);
    expect(await store.expire()).toBe(1);
    expect(await store.expire()).toBe(0);
    expect((await store.list({ limit: 9 })).items).toHaveLength(1);
  });
});
