import { BillingAnswerError, BillingRefusedError, BillingUnavailableError } from '../../src/billing/errors';
import type { AccountHit } from '../../src/billing/port';
import { jalali } from '../../src/domain/calendar/jalali';
import { APPROVER, CLERK, NATIONAL_ID, NOW, OTHER_CLERK, snapshot, startApi, SUBSCRIPTION, SUPERVISOR, type TestApi } from './fixture';

let api: TestApi;
beforeEach(async () => {
  api = await startApi();
});
afterEach(() => api.server.close());

const hit = (n: number): AccountHit => ({
  subscription: String(n).padStart(12, '0'),
  billId: '1234567014326',
  name: 'علی کریمی',
  address: 'خیابان آزادی',
  office: '12',
  use: 'household',
  meterSerial: 'M1',
});

test('a search stays in the office and pages by its cursor', async () => {
  const searches: unknown[] = [];
  api.deps.billing.findAccounts = async (search) => {
    searches.push(search);
    return [1, 2, 3].slice(0, search.limit).map(hit);
  };
  const first = await api.call('GET', '/api/v1/accounts?query=علي&limit=2', { as: CLERK });
  expect(first).toMatchObject({ status: 200, body: { items: [{ subscription: hit(1).subscription }, {}], next: hit(2).subscription } });
  expect(searches[0]).toEqual({ query: 'علی', office: '12', limit: 3, after: null });
  const last = await api.call('GET', `/api/v1/accounts?query=علی&cursor=${first.body.next}`, { as: SUPERVISOR });
  expect(last.body).toMatchObject({ next: null });
  expect(searches[1]).toMatchObject({ limit: 21, after: hit(2).subscription });
});

test.each(['', '?query=', '?query=a', `?query=${'x'.repeat(200)}`, '?query=%00ab', '?query=ab&limit=101', '?query=ab&cursor=%D8%B9'])(
  'a faulty search %s',
  async (query) => {
    expect(await api.call('GET', `/api/v1/accounts${query}`, { as: CLERK })).toMatchObject({
      status: 422,
      body: { code: 'INVALID_REQUEST' },
    });
  },
);

test('an account with its meter in place, last bill, payments and freshness; only the ends of ids', async () => {
  const { status, body, text } = await api.call('GET', `/api/v1/accounts/${SUBSCRIPTION}`, { as: CLERK });
  expect(status).toBe(200);
  expect(body).toMatchObject({
    account: { subscription: SUBSCRIPTION, billId: expect.stringMatching(/^1234567014\d{2,3}$/), nationalIdEnding: '3810' },
    meter: { serial: 'M1' },
    lastBill: { totalDue: -5 },
    payments: [{ amount: 1000 }],
    // a month old on the day of these tests, as old as allowed
    feeds: [{ kind: 'accounts', asOf: '1405/08/04', stale: false }],
  });
  expect(text).not.toContain(NATIONAL_ID);
  expect(text).not.toContain('09121234567');
});

test('what is known before the next settlement: the earlier one of the cycle, and a meter that was not found normal', async () => {
  const at = `/api/v1/accounts/${SUBSCRIPTION}`;
  expect((await api.call('GET', at, { as: CLERK })).body).toMatchObject({ earlierSettlement: null, meterState: null });
  const asked: unknown[] = [];
  const earlier = { id: '014123456701-14050901', settlementDate: jalali('1405/09/01'), reading: 1200, total: 48_645, payable: 48_000 };
  api.deps.settlements.known = async (...of) => {
    asked.push(of);
    return { earlier, meter: { state: 'broken', on: jalali('1405/09/01'), settlement: earlier.id } };
  };
  const { body } = await api.call('GET', at, { as: CLERK });
  expect(body).toMatchObject({ earlierSettlement: earlier, meterState: { state: 'broken', on: '1405/09/01', settlement: earlier.id } });
  expect(asked).toEqual([[SUBSCRIPTION, snapshot().lastBill]]);
});

test('plan R2: a feed that is older than the terms allow is marked', async () => {
  const feeds = (['accounts', 'payments', 'cycles'] as const).map((kind) => ({
    kind,
    loadedAt: NOW.toISOString(),
    asOf: jalali('1405/08/30'),
  }));
  api.deps.billing.account = async () => ({ ...snapshot(), feeds });
  const { body } = await api.call('GET', `/api/v1/accounts/${SUBSCRIPTION}`, { as: CLERK });
  expect(body.feeds).toMatchObject([
    { kind: 'accounts', stale: false },
    { kind: 'payments', stale: true },
    { kind: 'cycles', stale: false },
  ]);
});

test('another office 404, another role 403, none 404; Persian digits in the path', async () => {
  const get = (subscription: string, as = CLERK) => api.call('GET', `/api/v1/accounts/${encodeURIComponent(subscription)}`, { as });
  expect((await get('۰۱۴۱۲۳۴۵۶۷۰۱')).status).toBe(200);
  expect(await get(SUBSCRIPTION, OTHER_CLERK)).toMatchObject({ status: 404, body: { code: 'ACCOUNT_NOT_FOUND' } });
  expect((await get(SUBSCRIPTION, APPROVER)).status).toBe(403);
  expect(await get('014123456799')).toMatchObject({ status: 404, body: { code: 'ACCOUNT_NOT_FOUND' } });
  expect(await get('abc')).toMatchObject({ status: 404, body: { code: 'NOT_FOUND' } });
});

test('no meter, no bill; 503 when billing is away', async () => {
  api.deps.billing.account = async () => ({ ...snapshot(), meters: [], lastBill: null });
  expect((await api.call('GET', `/api/v1/accounts/${SUBSCRIPTION}`, { as: CLERK })).body).toMatchObject({ meter: null, lastBill: null });
  api.deps.billing.account = async () => Promise.reject(new Error('Connection terminated unexpectedly'));
  expect((await api.call('GET', `/api/v1/accounts/${SUBSCRIPTION}`, { as: CLERK })).status).toBe(503);
});

test.each([
  [new BillingUnavailableError('GET /accounts/{subscription}: ECONNREFUSED'), 503, 'UNAVAILABLE', 'سامانهٔ صدور قبض'],
  [new BillingRefusedError('status 401', 401, 'UNAUTHENTICATED'), 502, 'BILLING_FAULT', 'سامانهٔ صدور قبض'],
  [
    new BillingAnswerError('lastBill.totalDue: NOT_WHOLE_RIAL', ['lastBill.totalDue: NOT_WHOLE_RIAL']),
    502,
    'BILLING_FAULT',
    'سامانهٔ صدور قبض',
  ],
])('a central billing system: %s', async (error, status, code, words) => {
  api.deps.billing.account = async () => Promise.reject(error);
  api.deps.billing.findAccounts = async () => Promise.reject(error);
  for (const path of [`/api/v1/accounts/${SUBSCRIPTION}`, '/api/v1/accounts?query=ab']) {
    expect(await api.call('GET', path, { as: CLERK })).toMatchObject({ status, body: { code, detail: expect.stringContaining(words) } });
  }
});
