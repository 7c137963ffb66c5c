import { finding } from '../../src/domain/settlement/finding';
import { NoAnswerError } from '../../src/temporal/workflow-client';
import { receivedSettlement } from '../../src/domain/settlement/settlement';
import {
  announced,
  BILLING,
  CLERK,
  ID,
  NATIONAL_ID,
  NOW,
  order,
  OTHER_CLERK,
  QUALITY,
  request,
  startApi,
  SUBSCRIPTION,
  SUPERVISOR,
  type TestApi,
} from './fixture';
import type { SettlementOrder } from '../../src/domain/settlement/settlement';
import type { Announcement } from '../../src/temporal/workflow-client';
import { createTokens } from '../../src/api/tokens';

let api: TestApi;
let orders: SettlementOrder[];

beforeEach(async () => {
  api = await startApi();
  orders = [];
  answers((o) => ({ kind: 'announced', settlement: announced(o) }));
});
afterEach(() => api.server.close());

function answers(with_: (o: SettlementOrder) => Announcement): void {
  api.deps.temporal.announce = async (o) => {
    orders.push(o);
    return with_(o);
  };
}

const post = (json: unknown, as = CLERK) => api.call('POST', '/api/v1/settlements', { as, json });
const codes = (errors: { field: string; code: string }[]) => errors.map(({ field, code }) => `${field} ${code}`).sort();

describe('POST /settlements', () => {
  test('201 with the settlement and where it is found', async () => {
    const { status, headers, body, text } = await post(request());
    expect(status).toBe(201);
    expect(headers.get('location')).toBe(`/api/v1/settlements/${ID}`);
    expect(body).toMatchObject({ id: ID, status: 'announced', withinTarget: true, bill: { total: 48_645, payable: 48_000, carry: 645 } });
    expect(orders[0]).toMatchObject({ id: ID, clerk: CLERK, receivedAt: NOW.toISOString(), facts: { reading: 1234, confirmations: [] } });
    // the applicant's ids are asked for, never given back
    expect(text).not.toContain(NATIONAL_ID);
    expect(text).not.toContain('09121234567');
  });

  test('the meter’s state goes with the facts; normal when absent', async () => {
    expect((await post(request({ meterState: 'closed', readingSource: 'estimated' }))).body.facts.meterState).toBe('closed');
    expect(orders[0]?.facts.meterState).toBe('closed');
    expect((await post(request())).body.facts.meterState).toBe('normal');
    expect(await post(request({ meterState: 'lost' }))).toMatchObject({ status: 422, body: { errors: [{ field: 'meterState' }] } });
  });

  test('200 when the same one exists, as it stands now', async () => {
    answers((o) => ({ kind: 'existing', settlement: announced(o) }));
    api.deps.settlements.get = async () => ({ ...announced(), status: 'delivered' });
    expect(await post(request())).toMatchObject({ status: 200, body: { status: 'delivered' } });
  });

  test('200 from the first answer when Postgres is away', async () => {
    answers((o) => ({ kind: 'existing', settlement: announced(o) }));
    api.deps.settlements.get = async () => Promise.reject(new Error('away'));
    expect(await post(request())).toMatchObject({ status: 200, body: { status: 'announced' } });
  });

  test('202 with the place to look when the answer takes longer', async () => {
    answers(() => ({ kind: 'pending' }));
    api.deps.settlements.get = async () => null;
    const { status, headers, body } = await post(request());
    expect(status).toBe(202);
    expect(headers.get('location')).toBe(`/api/v1/settlements/${ID}`);
    expect(body).toMatchObject({ id: ID, status: 'received', bill: null });
  });

  test('pending, and Postgres knows it: 200 once announced, 409 with other facts', async () => {
    answers(() => ({ kind: 'pending' }));
    expect((await post(request())).status).toBe(200);
    expect((await post(request({ reading: 1235 }))).status).toBe(409);
  });

  test('409 with the existing one for other facts under the same key', async () => {
    answers(() => ({ kind: 'conflict', settlement: announced() }));
    const { status, body } = await post(request({ reading: 1300 }));
    expect(status).toBe(409);
    expect(body).toMatchObject({ code: 'SETTLEMENT_EXISTS', settlement: { id: ID, facts: { reading: 1234 } } });
  });

  test.each([
    [{}, 200],
    [{ reading: 7 }, 409],
  ])('a run that has ended is answered from Postgres: %j → %i', async (change, status) => {
    answers(() => ({ kind: 'closed' }));
    expect((await post(request(change))).status).toBe(status);
  });

  test('a run that ended refused gives its findings', async () => {
    answers(() => ({ kind: 'closed' }));
    api.deps.settlements.get = async () => ({
      ...receivedSettlement(order()),
      status: 'rejected',
      errors: [finding('NO_TARIFF', 'settlementDate', 'تعرفه نیست')],
    });
    expect(await post(request())).toMatchObject({ status: 422, body: { code: 'REJECTED', errors: [{ code: 'NO_TARIFF' }] } });
  });

  test('422 with all findings of a refusal', async () => {
    answers(() => ({
      kind: 'rejected',
      errors: [finding('READING_BELOW_PREVIOUS', 'reading', 'کمتر است'), finding('HIGH_CONSUMPTION', 'reading', 'زیاد است')],
    }));
    const { status, body } = await post(request());
    expect(status).toBe(422);
    expect(body.code).toBe('REJECTED');
    expect(body.errors).toEqual([
      { field: 'reading', code: 'READING_BELOW_PREVIOUS', severity: 'error', message: 'کمتر است' },
      { field: 'reading', code: 'HIGH_CONSUMPTION', severity: 'confirm', message: 'زیاد است' },
    ]);
  });

  test('403 when the token says what the record does not', async () => {
    answers(() => ({ kind: 'rejected', errors: [finding('FORBIDDEN', 'clerk', 'ادارهٔ دیگر')] }));
    expect(await post(request())).toMatchObject({ status: 403, body: { code: 'FORBIDDEN' } });
  });

  test.each(['existing', 'conflict'] as const)('%s: nothing of another office is shown', async (kind) => {
    answers(() => ({ kind, settlement: announced() }));
    const { status, body, text } = await post(request(), OTHER_CLERK);
    expect([status, ...codes(body.errors)]).toEqual([422, 'subscription ACCOUNT_NOT_FOUND']);
    expect(text).not.toContain('علی کریمی');
  });

  test('503 without a word from the server: it may have been accepted, and the same again does no harm', async () => {
    answers(() => ({ kind: 'unanswered' }));
    const { status, body } = await post(request());
    expect([status, body.code]).toEqual([503, 'UNAVAILABLE']);
    expect(body.detail).toContain('دوباره بفرستید');
  });

  test('503 when nothing was accepted', async () => {
    answers(() => ({ kind: 'unavailable' }));
    const { status, body, headers } = await post(request());
    expect(status).toBe(503);
    expect(body.code).toBe('NOTHING_ACCEPTED');
    expect(headers.get('retry-after')).toBe('5');
  });

  test('500 tells nothing of the fault, the log tells it without ids', async () => {
    api.deps.temporal.announce = async () => Promise.reject(new TypeError(`secret of ${NATIONAL_ID}`));
    const { status, body, text } = await post(request());
    expect(status).toBe(500);
    expect(body.code).toBe('INTERNAL');
    expect(text).not.toContain('secret');
    const log = api.log.join('');
    expect(log).toContain('TypeError');
    expect(log).not.toContain(NATIONAL_ID);
  });
});

describe('what is read', () => {
  test('digits of three scripts and Arabic letters are normalised', async () => {
    const { status } = await post(
      request({
        subscription: '۰۱۴۱۲۳۴۵۶۷۰۱',
        settlementDate: '١٤٠٥/۰۹/4',
        reading: '۱٬۲۳۴',
        applicant: { kind: 'tenant', name: ' علي  كريمي ', nationalId: '۰۹۳۲۸۳۳۸۱۰', mobile: '+98 912 123 4567' },
        newSubscriber: { name: 'سارا نوری', nationalId: NATIONAL_ID, from: '1405/9/5' },
      }),
    );
    expect(status).toBe(201);
    expect(orders[0]).toMatchObject({
      id: ID,
      facts: {
        subscription: SUBSCRIPTION,
        settlementDate: '1405/09/04',
        reading: 1234,
        applicant: { name: 'علی کریمی', nationalId: NATIONAL_ID, mobile: '09121234567' },
        newSubscriber: { from: '1405/09/05' },
      },
    });
  });

  test('all findings at once, each with its field', async () => {
    const { status, body } = await post({
      subscription: '12',
      settlementDate: '1404/12/30',
      reading: '12.5',
      readingSource: 'guess',
      applicant: { kind: 'owner', name: '', nationalId: '1111111111', mobile: '123', extra: 1 },
      documents: 'none',
      newSubscriber: { name: 'سارا نوری', nationalId: '0', from: 'x' },
      lateEntry: { slip: '1', receivedAt: '2030-01-01T00:00:00Z' },
      confirmations: [{ code: 'NO_SUCH', reason: 'x' }],
      request: 'forged',
      foo: 1,
    });
    expect(status).toBe(422);
    expect(body.code).toBe('INVALID_REQUEST');
    expect(codes(body.errors)).toEqual(
      [
        'subscription SUBSCRIPTION_INVALID',
        'settlementDate DATE_INVALID',
        'reading READING_INVALID',
        'readingSource INVALID_VALUE',
        'purpose REQUIRED',
        'applicant.name TEXT_INVALID',
        'applicant.nationalId NATIONAL_ID_INVALID',
        'applicant.mobile MOBILE_INVALID',
        'applicant.extra UNKNOWN_FIELD',
        'documents WRONG_TYPE',
        'newSubscriber.nationalId NATIONAL_ID_INVALID',
        'newSubscriber.from DATE_INVALID',
        'lateEntry.receivedAt INSTANT_IN_FUTURE',
        'confirmations.0.code FINDING_UNKNOWN',
        'confirmations.0.reason TEXT_INVALID',
        'request RECEIPT_INVALID',
        'foo UNKNOWN_FIELD',
      ].sort(),
    );
    for (const { message } of body.errors) expect(message).toMatch(/[آ-ی]/);
    expect(orders).toEqual([]);
  });

  test.each([
    [{ reading: undefined }, 'reading READING_REQUIRED'],
    [{ reading: null }, 'reading READING_REQUIRED'],
    [{ reading: 5, readingSource: 'none' }, 'reading READING_NOT_EXPECTED'],
    [{ reading: -1 }, 'reading READING_INVALID'],
    [{ reading: 1.5 }, 'reading READING_INVALID'],
    [{ reading: 1e300 }, 'reading READING_INVALID'],
    [{ reading: '' }, 'reading READING_INVALID'],
    [{ reading: true }, 'reading INVALID_VALUE'],
    [{ subscription: 14123456701 }, 'subscription WRONG_TYPE'],
    [{ applicant: { kind: 'owner', name: 'ab\u0000cd', nationalId: NATIONAL_ID } }, 'applicant.name TEXT_INVALID'],
    [{ applicant: { kind: 'owner', name: 'ab\ud800', nationalId: NATIONAL_ID } }, 'applicant.name TEXT_INVALID'],
    [{ settlementDate: '1405-09-04T00:00' }, 'settlementDate DATE_INVALID'],
  ])('%j → %s', async (change, code) => {
    const { status, body } = await post(request(change));
    expect(status).toBe(422);
    expect(codes(body.errors)).toEqual([code]);
  });

  test('the ledger balance alone needs no reading', async () => {
    expect((await post(request({ reading: undefined, readingSource: 'none' }))).status).toBe(201);
    expect(orders[0]?.facts.reading).toBeNull();
  });

  test('a field named __proto__ is unknown like any other', async () => {
    const json = JSON.stringify(request()).replace('{', '{"__proto__":{"role":"admin"},');
    const { status, body } = await api.call('POST', '/api/v1/settlements', {
      as: CLERK,
      body: json,
      headers: { 'content-type': 'application/json' },
    });
    expect(status).toBe(422);
    expect(codes(body.errors)).toEqual(['__proto__ UNKNOWN_FIELD']);
  });
});

describe('receipts', () => {
  const open = (subscription: string, as = CLERK) => api.call('POST', '/api/v1/requests', { as, json: { subscription } });

  test('the five minutes run from the receipt', async () => {
    const receipt = await open('۰۱۴۱۲۳۴۵۶۷۰۱');
    expect(receipt.status).toBe(201);
    expect(receipt.body.receivedAt).toBe(NOW.toISOString());
    api.deps.now = () => new Date(NOW.getTime() + 120_000);
    expect((await post(request({ request: receipt.body.request }))).status).toBe(201);
    expect(orders[0]?.receivedAt).toBe(NOW.toISOString());
  });

  test('another subscription, a forged one, a session token: refused', async () => {
    const other = (await open('014123456799')).body.request as string;
    const forged = await createTokens('another secret, also long enough for it').issueReceipt({
      subscription: SUBSCRIPTION,
      receivedAt: NOW.toISOString(),
      operator: 'c1',
    });
    const session = await api.tokens.issue(CLERK, { ttl: 60 });
    const good = (await open(SUBSCRIPTION)).body.request as string;
    for (const bad of [other, forged, session, `${good.slice(0, -3)}abc`, 'x']) {
      const { status, body } = await post(request({ request: bad }));
      expect(status).toBe(422);
      expect(codes(body.errors)).toEqual(['request RECEIPT_INVALID']);
    }
    // and a receipt opens no door
    const { status } = await api.call('GET', '/api/v1/session', { headers: { authorization: `Bearer ${good}` } });
    expect(status).toBe(401);
  });

  test('a late entry counts from its slip, which lies in the past', async () => {
    const late = { slip: '77', receivedAt: '2026-11-24T12:00:00+03:30' };
    expect((await post(request({ lateEntry: late }))).status).toBe(201);
    expect(orders[0]).toMatchObject({ receivedAt: '2026-11-24T08:30:00.000Z', facts: { lateEntry: { slip: '77' } } });
  });
});

describe('preview', () => {
  const preview = (as = CLERK) => api.call('POST', '/api/v1/settlements/preview', { as, json: request() });

  test('200 with bill, warnings and errors; nothing is announced', async () => {
    const { number: _n, revision: _r, issuedAt: _i, billId: _b, payments: _p, ...bill } = announced().bill!;
    api.deps.preview = async () => ({ bill, warnings: [finding('STALE_FEED', '', 'کهنه')], errors: [] });
    const { status, body } = await preview();
    expect(status).toBe(200);
    expect(body).toMatchObject({ bill: { total: 48_645 }, warnings: [{ code: 'STALE_FEED', severity: 'confirm' }], errors: [] });
    expect(orders).toEqual([]);
  });

  test('503 when the database is away', async () => {
    api.deps.preview = async () => Promise.reject(Object.assign(new Error('refused'), { code: 'ECONNREFUSED' }));
    expect(await preview()).toMatchObject({ status: 503, body: { code: 'UNAVAILABLE' } });
  });
});

describe('GET /settlements/{id}', () => {
  const get = (as = CLERK, id = ID) => api.call('GET', `/api/v1/settlements/${id}`, { as });

  test('own office and the roles that see all', async () => {
    for (const as of [CLERK, SUPERVISOR, QUALITY]) expect((await get(as)).status).toBe(200);
  });

  test('404 for another office and for none, 403 for billing', async () => {
    expect(await get(OTHER_CLERK)).toMatchObject({ status: 404, body: { code: 'NOT_FOUND' } });
    expect((await get({ ...SUPERVISOR, office: '34' })).status).toBe(404);
    expect((await get(BILLING)).status).toBe(403);
    expect(await get(CLERK, '014123456701-14050905')).toMatchObject({ status: 404, body: { code: 'NOT_FOUND' } });
    expect((await get(CLERK, 'nonsense')).status).toBe(404);
  });

  test('unknown to Postgres or Postgres away: Temporal says', async () => {
    api.deps.temporal.state = async () => receivedSettlement(order());
    api.deps.settlements.get = async () => null;
    expect(await get()).toMatchObject({ status: 200, body: { status: 'received' } });
    expect((await get(OTHER_CLERK)).status).toBe(404);
    api.deps.settlements.get = async () => Promise.reject(new Error('away'));
    expect((await get()).status).toBe(200);
    api.deps.settlements.get = async () => null;
    api.deps.temporal.state = () => Promise.reject(new NoAnswerError());
    expect(await get()).toMatchObject({ status: 503, body: { code: 'UNAVAILABLE' } });
    api.deps.settlements.get = async () => Promise.reject(new Error('away'));
    api.deps.temporal.state = async () => null;
    expect(await get()).toMatchObject({ status: 503, body: { code: 'UNAVAILABLE' } });
  });
});

describe('GET /settlements', () => {
  test('filters reach the store; an own-office role stays in its office', async () => {
    const seen: unknown[] = [];
    api.deps.settlements.list = async (filter) => {
      seen.push(filter);
      return { items: [announced()], next: 'abc' };
    };
    const query = 'status=announced&clerk=c1&subscription=۰۱۴۱۲۳۴۵۶۷۰۱&from=1405/9/1&to=1405/09/30&limit=۱۰&cursor=abc';
    const { status, body } = await api.call('GET', `/api/v1/settlements?${query}`, { as: CLERK });
    expect(status).toBe(200);
    expect(body.next).toBe('abc');
    await api.call('GET', '/api/v1/settlements?office=34', { as: QUALITY });
    await api.call('GET', '/api/v1/settlements', { as: QUALITY });
    expect(seen).toEqual([
      {
        status: 'announced',
        office: '12',
        clerk: 'c1',
        subscription: SUBSCRIPTION,
        // whole days of Tehran
        from: '2026-11-21T20:30:00.000Z',
        to: '2026-12-21T20:30:00.000Z',
        limit: 10,
        cursor: 'abc',
      },
      { office: '34', limit: 50 },
      { limit: 50 },
    ]);
    expect((await api.call('GET', '/api/v1/settlements?office=34', { as: CLERK })).status).toBe(403);
  });

  test('faulty queries', async () => {
    const { status, body } = await api.call('GET', '/api/v1/settlements?status=x&status=y&limit=0&foo=1&from=1', { as: CLERK });
    expect(status).toBe(422);
    expect(codes(body.errors)).toEqual(['foo UNKNOWN_FIELD', 'from DATE_INVALID', 'limit LIMIT_INVALID', 'status INVALID_VALUE']);
  });
});

describe('delivery', () => {
  const deliver = (json: unknown = { deliveredTo: 'علی کریمی', channel: 'counter' }, as = CLERK) =>
    api.call('POST', `/api/v1/settlements/${ID}/delivery`, { as, json });

  test('200 with the delivery, by whom it was done', async () => {
    const spy = jest.spyOn(api.deps.temporal, 'deliver');
    expect(await deliver()).toMatchObject({ status: 200, body: { status: 'delivered', delivery: { channel: 'counter' } } });
    expect(spy).toHaveBeenCalledWith(ID, { deliveredTo: 'علی کریمی', channel: 'counter', by: CLERK });
  });

  test.each([
    ['notAllowed', 409, 'NOT_ALLOWED_NOW'],
    ['closed', 409, 'NOT_ALLOWED_NOW'],
    ['unavailable', 503, 'UNAVAILABLE'],
  ] as const)('%s → %i', async (kind, status, code) => {
    api.deps.temporal.deliver = async () => ({ kind });
    expect(await deliver()).toMatchObject({ status, body: { code } });
  });

  test('the same again after the end changes nothing', async () => {
    api.deps.temporal.deliver = async () => ({ kind: 'closed' });
    api.deps.settlements.get = async () => ({
      ...announced(),
      status: 'settled',
      delivery: { deliveredTo: 'علی کریمی', channel: 'counter', at: NOW.toISOString() },
    });
    expect((await deliver()).status).toBe(200);
    expect((await deliver({ deliveredTo: 'سارا نوری', channel: 'counter' })).status).toBe(409);
  });

  test('another office, another role, a wrong channel', async () => {
    expect((await deliver(undefined, OTHER_CLERK)).status).toBe(404);
    expect((await deliver(undefined, SUPERVISOR)).status).toBe(403);
    expect(codes((await deliver({ channel: 'pigeon' })).body.errors)).toEqual(['channel INVALID_VALUE', 'deliveredTo REQUIRED']);
  });
});

describe('bill.pdf', () => {
  const pdf = (query = '', as = CLERK) => api.call('GET', `/api/v1/settlements/${ID}/bill.pdf${query}`, { as });

  test('inline, with a name, kept by no browser', async () => {
    const { status, headers, text } = await pdf();
    expect(status).toBe(200);
    expect(text).toBe('%PDF-1.7 test');
    expect(headers.get('content-type')).toBe('application/pdf');
    expect(headers.get('content-disposition')).toBe(`inline; filename="settlement-${ID}-r1.pdf"`);
    expect(headers.get('cache-control')).toBe('no-store');
  });

  test('copy, void and revision reach the printer', async () => {
    const seen: unknown[] = [];
    api.deps.printer.bill = ({ settlement, copy, void: isVoid }) => {
      seen.push([settlement.revision, copy, isVoid]);
      return new Uint8Array();
    };
    await pdf('?copy=true');
    api.deps.settlements.get = async () => ({ ...announced(), revision: 2 });
    await pdf('?revision=۱&copy=false');
    await pdf('?revision=2');
    expect(seen).toEqual([
      [1, 3, false],
      [1, false, true],
      [2, false, false],
    ]);
  });

  test('no bill yet, no such revision, a faulty query', async () => {
    expect(await pdf('?revision=9')).toMatchObject({ status: 404, body: { code: 'NO_BILL' } });
    api.deps.settlements.get = async () => receivedSettlement(order());
    expect((await pdf()).status).toBe(404);
    expect((await pdf('?copy=1&revision=0')).status).toBe(422);
  });
});
