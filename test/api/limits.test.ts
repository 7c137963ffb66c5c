import { ROUTES, SERVICE_ROUTES } from '../../src/api/routes';
import type { FeedResult } from '../../src/billing/feed';
import { problemsOf } from '../../src/api/openapi';
import { BILLING, CLERK, ID, PASSWORD, PERSON, startApi, type TestApi } from './fixture';

const PACE = { address: 6, token: 4, signIn: 2 };
let api: TestApi;
/** ms since the start: the window of a minute is moved by the test */
let later = 0;
beforeEach(async () => {
  later = 0;
  const now = Date.now.bind(Date);
  jest.spyOn(Date, 'now').mockImplementation(() => now() + later);
  api = await startApi({ pace: PACE });
});
afterEach(async () => {
  jest.restoreAllMocks();
  await api.server.close();
});

const session = (as = CLERK, headers: Record<string, string> = {}) => api.call('GET', '/api/v1/session', { as, headers });
const statuses = async (calls: number, call: () => Promise<{ status: number }>): Promise<number[]> => {
  const seen: number[] = [];
  for (let n = 0; n < calls; n++) seen.push((await call()).status);
  return seen;
};

test('one token: so many calls a minute, then 429 with the seconds to wait; another token goes on', async () => {
  const token = await api.tokens.issue(CLERK, { ttl: 60 });
  const mine = () => api.call('GET', '/api/v1/session', { headers: { authorization: `Bearer ${token}` } });
  expect(await statuses(4, mine)).toEqual([200, 200, 200, 200]);
  const refused = await mine();
  expect(refused).toMatchObject({
    status: 429,
    body: { code: 'TOO_MANY_REQUESTS', title: 'Too many requests', detail: expect.stringMatching(/[آ-ی]{3}/) },
  });
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
  expect(Number(refused.headers.get('retry-after'))).toBeLessThanOrEqual(60);
  expect((await session()).status).toBe(200);
  later = 60_000;
  expect((await mine()).status).toBe(200);
});

test('one address: also without a token, and whatever it says of itself', async () => {
  let n = 0;
  const claimed = () =>
    api.call('GET', '/api/v1/session', {
      headers: { 'x-forwarded-for': `10.0.0.${n++}`, forwarded: `for=10.0.0.${n}`, 'x-real-ip': `10.0.0.${n}` },
    });
  expect(await statuses(7, claimed)).toEqual([401, 401, 401, 401, 401, 401, 429]);
});

test('behind a proxy that is named each office counts for itself', async () => {
  const behind = await startApi({ pace: PACE, trustedProxies: ['127.0.0.1'] });
  try {
    const from = (ip: string) => () => behind.call('GET', '/api/v1/session', { headers: { 'x-forwarded-for': ip } });
    expect((await statuses(7, from('10.0.0.1'))).at(-1)).toBe(429);
    expect((await from('10.0.0.2')()).status).toBe(401);
    // what stands before the proxy's own entry is the client's word
    expect((await from('10.0.0.9, 10.0.0.1')()).status).toBe(429);
    // addresses of one IPv6 network are one
    for (let n = 1; n <= 6; n++) await from(`2001:db8:0:1::${n}`)();
    expect((await from('2001:db8:0:1::99')()).status).toBe(429);
  } finally {
    await behind.server.close();
  }
});

test('the doors are narrower, before a password is looked at', async () => {
  let looked = 0;
  const { signIn } = api.deps.signIns;
  api.deps.signIns.signIn = (...asked) => (looked++, signIn(...asked));
  const enter = () => api.call('POST', '/api/v1/session', { json: { user: PERSON.id, password: PASSWORD } });
  expect(await statuses(3, enter)).toEqual([200, 200, 429]);
  expect(looked).toBe(2);
  // the others are open meanwhile
  expect((await session()).status).toBe(200);
  const page = await fetch(`${api.url}/api/v1/session/sign-on`, { headers: { accept: 'text/html' }, redirect: 'manual' });
  expect([page.status, page.headers.get('content-type')]).toEqual([429, 'text/html; charset=utf-8']);
});

test('health, metrics and event streams are never refused', async () => {
  await statuses(8, () => session());
  expect((await session()).status).toBe(429);
  for (const path of ['/healthz', '/readyz', '/metrics', '/api/v1/healthz'])
    expect([path, (await api.call('GET', path)).status]).toEqual([path, 200]);
  expect(await statuses(8, () => api.call('HEAD', `/api/v1/settlements/${ID}/events`, { as: CLERK }))).toEqual(Array(8).fill(200));
});

test('each call that may be refused says so in the document', () => {
  for (const row of [...ROUTES, ...SERVICE_ROUTES])
    expect([row.path, problemsOf(row).includes('TOO_MANY_REQUESTS')]).toEqual([row.path, row.pace !== 'free']);
  expect(ROUTES.filter(({ oneAtATime }) => oneAtATime).map(({ path }) => path)).toEqual([
    '/billing/feeds/{kind}',
    '/billing/cycles/{cycle}/opening',
  ]);
});

test('feeds one after the other: what is done after an answer is in nobody’s way', async () => {
  api.deps.loadFeed = async () => ({
    ok: true,
    kind: 'payments',
    rows: 1,
    inserted: 1,
    updated: 0,
    unchanged: 0,
    payments: { paid: [{ settlement: ID } as never], closedTasks: [] },
  });
  let told = 0;
  api.deps.temporal.paymentReceived = () => (told++, new Promise(() => undefined));
  const send = () =>
    api.call('POST', '/api/v1/billing/feeds/payments', { as: BILLING, body: 'a\n1\n', headers: { 'content-type': 'text/csv' } });
  expect(await statuses(3, send)).toEqual([200, 200, 200]);
  expect(told).toBe(3);
});

test('a feed at a time: a second one of the same caller waits for its end, also for a failed one', async () => {
  let end: (result: FeedResult | Error) => void = () => undefined;
  let began: () => void = () => undefined;
  const reading = () => new Promise<void>((resolve) => (began = resolve));
  api.deps.loadFeed = () =>
    new Promise((resolve, reject) => {
      end = (result) => (result instanceof Error ? reject(result) : resolve(result));
      began();
    });
  const send = (as = BILLING) =>
    api.call('POST', '/api/v1/billing/feeds/accounts', { as, body: 'a\n1\n', headers: { 'content-type': 'text/csv' } });
  const done: FeedResult = { ok: true, kind: 'accounts', rows: 1, inserted: 1, updated: 0, unchanged: 0 };

  let begun = reading();
  const first = send();
  await begun;
  const refused = await send();
  expect(refused).toMatchObject({ status: 429, body: { code: 'ONE_AT_A_TIME', detail: expect.stringMatching(/[آ-ی]{3}/) } });
  expect(refused.headers.get('retry-after')).toBe('10');
  const endFirst = end;
  // somebody else's is not in its way
  begun = reading();
  const other = send({ ...BILLING, id: 'b2' });
  await begun;
  end(done);
  endFirst(new Error('broken'));
  expect([(await first).status, (await other).status]).toEqual([500, 200]);
  begun = reading();
  const again = send();
  await begun;
  end(done);
  expect((await again).status).toBe(200);
});
