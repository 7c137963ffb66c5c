import type { RecordedPayment } from '../../src/store/payments';
import {
  announced,
  APPROVER,
  BILLING,
  CLERK,
  ID,
  NOW,
  QUALITY,
  snapshot,
  startApi,
  SUBSCRIPTION,
  SUPERVISOR,
  type TestApi,
} from './fixture';
import { makeBillId, makePaymentId } from '../../src/domain/bill/bill-id';
import { persianDigits } from '../../src/domain/text';

const { file, company } = snapshot().account;
const PAYMENT_ID = makePaymentId({ billId: makeBillId({ file, company }), amount: 48_000, yearDigit: 5, period: 50 });
const SENT = {
  eventId: 'event-1',
  subscription: SUBSCRIPTION,
  paymentId: PAYMENT_ID,
  amount: 47_500,
  paidOn: '1405/09/03',
  reference: 'R-1',
};

let api: TestApi;
let told: [string, object][];
beforeEach(async () => {
  told = [];
  api = await startApi();
  api.deps.temporal.paymentReceived = async (id, received) => {
    told.push([id, received]);
    return 'told';
  };
});
afterEach(() => api.server.close());

const send = (change: object = {}, as = BILLING) => api.call('POST', '/api/v1/billing/payments', { as, json: { ...SENT, ...change } });
const findings = (body: { errors: { field: string; code: string }[] }) => body.errors.map(({ field, code }) => `${field} ${code}`).sort();

describe('POST /billing/payments', () => {
  test('201 recorded, then the workflow is told; the same again 200', async () => {
    const first = await send();
    expect(first).toMatchObject({
      status: 201,
      body: { ...SENT, outcome: 'matched', settlement: ID, revision: 1, ledger: null, recordedAt: NOW.toISOString() },
    });
    expect(told).toEqual([[ID, { eventId: 'event-1', reference: 'R-1' }]]);
    // told again: the first word may have been lost, and the workflow drops what it has heard
    expect(await send()).toMatchObject({ status: 200, body: first.body });
    expect(await send({ eventId: 'event-2' })).toMatchObject({ status: 200, body: { eventId: 'event-1' } });
    expect(told.map(([, received]) => received)).toEqual(Array(3).fill({ eventId: 'event-1', reference: 'R-1' }));
  });

  test('tasks that it opened get their due times, also when it comes again; when that fails, it is on record all the same', async () => {
    let asked = 0;
    api.deps.tasks.takeUp = async () => {
      asked++;
      throw new Error('away');
    };
    expect(await send()).toMatchObject({ status: 201 });
    expect(await send()).toMatchObject({ status: 200 });
    expect(asked).toBe(2);
  });

  test.each([
    ['amount', { amount: 47_501 }],
    ['day', { paidOn: '1405/09/02' }],
    ['reference under the same event', { reference: 'R-2' }],
  ])('409 with another %s: both are shown and nobody is told', async (_, change) => {
    await send();
    told = [];
    expect(await send(change)).toMatchObject({
      status: 409,
      body: { code: 'PAYMENT_DIFFERS', recorded: [SENT], received: { ...SENT, ...change } },
    });
    expect(told).toEqual([]);
  });
  test('409 with both when the reference and the event are of two payments', async () => {
    await send();
    await send({ eventId: 'event-2', reference: 'R-2' });
    expect(await send({ reference: 'R-2' })).toMatchObject({
      status: 409,
      body: { recorded: [{ reference: 'R-1' }, { reference: 'R-2' }] },
    });
  });

  test('digits of any script, padded ids and Arabic letters are the same payment', async () => {
    await send();
    const typed = {
      subscription: persianDigits(SUBSCRIPTION),
      paymentId: persianDigits(PAYMENT_ID.padStart(13, '0')),
      paidOn: '۱۴۰۵/۹/۳',
      reference: ' R-۱ ',
    };
    expect(await send(typed)).toMatchObject({ status: 200, body: SENT });
    await send({ eventId: 'event-3', reference: 'بانك-۳' });
    expect(await send({ eventId: 'event-3', reference: 'بانک-3' })).toMatchObject({ status: 200 });
  });

  test('422 with all findings at once', async () => {
    const all = await send({ eventId: '', subscription: '12', paymentId: '12', amount: 0, paidOn: '1404/12/30', reference: '' });
    expect(all.status).toBe(422);
    expect(findings(all.body)).toEqual([
      'amount TOO_SMALL',
      'eventId EVENT_ID_INVALID',
      'paidOn DATE_INVALID',
      'paymentId PAYMENT_ID_INVALID',
      'reference TEXT_INVALID',
      'subscription SUBSCRIPTION_INVALID',
    ]);
    // what only shows between fields comes with what is wrong in one
    const wrong = String(Number(PAYMENT_ID) + 1);
    expect(findings((await send({ paymentId: wrong, paidOn: '1405/09/05', amount: 1.5 })).body)).toEqual([
      'amount WRONG_TYPE',
      'paidOn DATE_IN_FUTURE',
      'paymentId PAYMENT_ID_INVALID',
    ]);
    for (const amount of [-1, 2 ** 53, '47500', null])
      expect(findings((await send({ amount })).body)).toEqual([expect.stringMatching(/^amount /)]);
    expect(findings((await api.call('POST', '/api/v1/billing/payments', { as: BILLING, json: [] })).body)).not.toEqual([]);
    expect(told).toEqual([]);
  });
  test('paid today is no future; a slip of another subscriber is refused by its check digit', async () => {
    expect((await send({ paidOn: '1405/09/04' })).status).toBe(201);
    const others = makePaymentId({ billId: makeBillId({ file: '1234568', company }), amount: 48_000, yearDigit: 5, period: 50 });
    expect(findings((await send({ eventId: 'e', reference: 'r', paymentId: others })).body)).toEqual(['paymentId PAYMENT_ID_INVALID']);
  });
  test('a subscription that has not been fed: taken, since nothing may be lost; the account’s office goes with it otherwise', async () => {
    const record = jest.spyOn(api.deps.payments, 'record');
    expect((await send({ subscription: '014999999999', paymentId: '123456' })).status).toBe(201);
    expect(record).toHaveBeenLastCalledWith(expect.anything(), null, expect.objectContaining({ id: BILLING.id }));
    await send();
    expect(record).toHaveBeenLastCalledWith(expect.anything(), '12', expect.anything());
  });

  test.each(['ended', 'unanswered'] as const)('the workflow has %s: recorded and answered all the same', async (outcome) => {
    api.deps.temporal.paymentReceived = async () => outcome;
    expect((await send()).status).toBe(201);
  });
  test('the call to the workflow fails: recorded and answered all the same, and logged', async () => {
    api.deps.temporal.paymentReceived = async () => Promise.reject(new Error('bug'));
    expect((await send()).status).toBe(201);
    expect(api.log.join()).toContain('was not told of a payment');
  });
  test('no settlement’s slip: nobody to tell', async () => {
    api.deps.payments.record = async (report) => ({
      kind: 'recorded',
      payment: { ...report, recordedAt: NOW.toISOString(), outcome: 'unknown', settlement: null, revision: null, ledger: null },
    });
    expect(await send()).toMatchObject({ status: 201, body: { outcome: 'unknown', settlement: null } });
    expect(told).toEqual([]);
  });
  test('the store is away: 503, and the workflow is not told of what is not on record', async () => {
    api.deps.payments.record = async () => Promise.reject(Object.assign(new Error('gone'), { code: '57P01' }));
    expect(await send()).toMatchObject({ status: 503, body: { code: 'UNAVAILABLE' } });
    expect(told).toEqual([]);
  });

  test.each([CLERK, SUPERVISOR, APPROVER, QUALITY])('not for $role', async (as) => expect((await send({}, as)).status).toBe(403));
});

describe('GET /billing/payments', () => {
  const list = (query = '', as = BILLING) => api.call('GET', `/api/v1/billing/payments${query}`, { as });
  test('pages of what came, with what the ledger says', async () => {
    const asked = jest.fn();
    const payment: RecordedPayment = {
      ...SENT,
      paidOn: SENT.paidOn as never,
      recordedAt: NOW.toISOString(),
      outcome: 'ledger',
      settlement: null,
      revision: null,
      ledger: { amount: 47_000, paidOn: SENT.paidOn as never },
    };
    api.deps.payments.list = async (filter) => {
      asked(filter);
      return { items: [payment], next: '7' };
    };
    expect(await list('?outcome=unknown&limit=1&cursor=6')).toMatchObject({
      status: 200,
      body: { items: [{ ...SENT, ledger: { amount: 47_000 } }], next: '7' },
    });
    expect(asked).toHaveBeenLastCalledWith({ outcome: 'unknown', limit: 1, cursor: '6', office: null });
    await list('', SUPERVISOR);
    expect(asked).toHaveBeenLastCalledWith({ limit: 50, office: SUPERVISOR.office });
  });
  test('roles and query', async () => {
    for (const as of [CLERK, APPROVER, QUALITY]) expect((await list('', as)).status).toBe(403);
    expect((await list('?outcome=lost')).status).toBe(422);
    expect((await list('?limit=0')).status).toBe(422);
  });
});

test('a payments feed: answered, then each settlement that it paid is told; one that fails keeps nobody else', async () => {
  const paid = Array.from({ length: 50 }, (_, n) => ({
    settlement: `014123456${String(n).padStart(3, '0')}-14050904`,
    reference: `R-${n}`,
    eventId: `R-${n}/1`,
  }));
  api.deps.loadFeed = async (kind, stream) => {
    stream.resume();
    return { ok: true, kind, rows: 50, inserted: 50, updated: 0, unchanged: 0, payments: { paid, closedTasks: ['unknownPayment.R-0'] } };
  };
  let all!: (closed: readonly string[]) => void;
  const takenUp = new Promise<readonly string[]>((resolve) => (all = resolve));
  // after the workflows, whatever became of them
  api.deps.tasks.takeUp = async (closed) => all(closed);
  api.deps.temporal.paymentReceived = async (id, received) => {
    told.push([id, received]);
    if (told.length === 3) throw new Error('bug');
    return 'told';
  };
  const answer = await api.call('POST', '/api/v1/billing/feeds/payments', {
    as: BILLING,
    body: 'a\n',
    headers: { 'content-type': 'text/csv' },
  });
  expect(answer).toMatchObject({ status: 200, body: { rows: 50 } });
  expect(answer.body).not.toHaveProperty('payments');
  expect(await takenUp).toEqual(['unknownPayment.R-0']);
  expect(told.map(([id]) => id).sort()).toEqual(paid.map(({ settlement }) => settlement));
});

describe('what was paid is shown', () => {
  const payment = {
    reference: 'R-1',
    paymentId: PAYMENT_ID,
    amount: 47_000,
    paidOn: '1405/09/03' as never,
    revision: 1,
    outcome: 'matched' as const,
    reportedAmount: 47_500,
    counted: 0,
  };
  const paid = { amount: 47_000, remaining: 1_000, status: 'partial' as const };
  test('with the settlement', async () => {
    api.deps.settlements.get = async () => ({ ...announced(), payments: [payment], paid });
    expect((await api.call('GET', `/api/v1/settlements/${ID}`, { as: CLERK })).body).toMatchObject({ payments: [payment], paid });
  });
  test('also in the answer of a delivery, when the workflow has not been told', async () => {
    api.deps.settlements.get = async () => ({ ...announced(), payments: [payment], paid });
    const { body } = await api.call('POST', `/api/v1/settlements/${ID}/delivery`, {
      as: CLERK,
      json: { deliveredTo: 'علی کریمی', channel: 'counter' },
    });
    expect(body).toMatchObject({ status: 'delivered', payments: [payment], paid });
  });
  test('an account shows what was reported and the ledger does not hold', async () => {
    const reported = [{ reference: 'R-1', paidOn: '1405/09/03' as never, amount: 1, paymentId: null }];
    api.deps.payments.reported = async (subscription) => (subscription === SUBSCRIPTION ? reported : []);
    api.deps.billing.account = async (_, __, told = []) => ({ ...snapshot(), payments: [...told] });
    expect((await api.call('GET', `/api/v1/accounts/${SUBSCRIPTION}`, { as: CLERK })).body.payments).toEqual(reported);
  });
});
