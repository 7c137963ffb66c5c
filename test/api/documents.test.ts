import type { ClearanceRefusal } from '../../src/domain/settlement/clearance';
import { announced, CLERK, ID, OTHER_CLERK, SUPERVISOR, startApi, type TestApi } from './fixture';

let api: TestApi;
let copies: [string, number, string][];
let printed: (false | number)[];
beforeEach(async () => {
  copies = [];
  printed = [];
  api = await startApi();
  api.deps.copies.record = async (id, revision, by) => {
    copies.push([id, revision, by.id]);
    return copies.length;
  };
  api.deps.printer.bill = ({ copy }) => {
    printed.push(copy);
    return new TextEncoder().encode('%PDF');
  };
});
afterEach(() => api.server.close());

const BILL = `/api/v1/settlements/${ID}/bill.pdf`;
const CLEARANCE = `/api/v1/settlements/${ID}/clearance.pdf`;

describe('GET /settlements/{id}/bill.pdf', () => {
  test('the bill itself is not counted; each reprint is, and carries its number', async () => {
    await api.call('GET', BILL, { as: CLERK });
    await api.call('GET', `${BILL}?copy=true`, { as: CLERK });
    await api.call('GET', `${BILL}?copy=true&revision=1`, { as: SUPERVISOR });
    await api.call('GET', `${BILL}?copy=false`, { as: CLERK });
    expect(printed).toEqual([false, 1, 2, false]);
    expect(copies).toEqual([
      [ID, 1, 'c1'],
      [ID, 1, 's1'],
    ]);
  });

  test('looking at the heads counts nothing; who may not see it, or a bill that is not there, neither', async () => {
    const heads = await api.call('HEAD', `${BILL}?copy=true`, { as: CLERK });
    expect([heads.status, heads.headers.get('content-type')]).toEqual([200, 'application/pdf']);
    expect((await api.call('GET', `${BILL}?copy=true`, { as: OTHER_CLERK })).status).toBe(404);
    expect((await api.call('GET', `${BILL}?copy=true&revision=7`, { as: CLERK })).status).toBe(404);
    expect(copies).toEqual([]);
  });

  test('a reprint that cannot be counted is not given', async () => {
    api.deps.copies.record = () => Promise.reject(Object.assign(new Error('gone'), { code: 'ECONNREFUSED' }));
    expect(await api.call('GET', `${BILL}?copy=true`, { as: CLERK })).toMatchObject({ status: 503, body: { code: 'UNAVAILABLE' } });
    expect(printed).toEqual([]);
    expect((await api.call('GET', BILL, { as: CLERK })).status).toBe(200);
  });
});

describe('GET /settlements/{id}/clearance.pdf', () => {
  test('the letter', async () => {
    const { status, headers, text } = await api.call('GET', CLEARANCE, { as: CLERK });
    expect([status, headers.get('content-type'), text]).toEqual([200, 'application/pdf', '%PDF-1.7 letter']);
    expect(headers.get('content-disposition')).toContain('clearance-M-12-1405-000001.pdf');
  });

  test.each<[ClearanceRefusal, number, object]>([
    [
      { code: 'STILL_OWED', payable: 48_000, paid: 1_000, remaining: 47_000 },
      409,
      {
        owed: { payable: 48_000, paid: 1_000, remaining: 47_000 },
        title: 'The bill is not paid yet',
        detail: expect.stringContaining('۴۷٬۰۰۰ ریال'),
      },
    ],
    [{ code: 'CORRECTION_OPEN', n: 2 }, 409, { correction: 2 }],
    [{ code: 'NOT_ALLOWED_NOW' }, 409, {}],
    [{ code: 'NO_BILL' }, 404, {}],
  ])('%j', async (refusal, status, members) => {
    api.deps.clearances.issue = async () => ({ refusal });
    expect(await api.call('GET', CLEARANCE, { as: CLERK })).toMatchObject({ status, body: { code: refusal.code, ...members } });
  });

  test('another office’s is not issued; the heads issue nothing and say what the letter would', async () => {
    let asked = 0;
    api.deps.clearances.issue = async () => {
      asked++;
      return null;
    };
    expect((await api.call('GET', CLEARANCE, { as: OTHER_CLERK })).status).toBe(404);
    expect((await api.call('HEAD', CLEARANCE, { as: CLERK })).status).toBe(404);
    api.deps.settlements.get = async () => ({ ...announced(), corrections: [], paid: { amount: 1, remaining: 5, status: 'partial' } });
    expect((await api.call('HEAD', CLEARANCE, { as: CLERK })).status).toBe(409);
    api.deps.settlements.get = async () => ({ ...announced(), corrections: [], paid: { amount: 6, remaining: 0, status: 'paid' } });
    expect((await api.call('HEAD', CLEARANCE, { as: CLERK })).status).toBe(200);
    expect(asked).toBe(0);
    // accepted, and not on record yet
    expect(await api.call('GET', CLEARANCE, { as: CLERK })).toMatchObject({ status: 404, body: { code: 'NO_BILL' } });
  });
});

test('an answer of the workflow shows the reprints and the letter that are on record beside it', async () => {
  const kept = {
    copies: [{ revision: 1, n: 1, by: 'c1', at: '2026-11-25T06:30:00.000Z' }],
    clearance: { number: 'M-12-1405-000001', issuedAt: '2026-11-25T06:30:00.000Z', by: 'c1' },
  };
  api.deps.settlements.get = async () => ({ ...announced(), ...kept });
  const delivered = await api.call('POST', `/api/v1/settlements/${ID}/delivery`, {
    as: CLERK,
    json: { deliveredTo: 'علی', channel: 'post' },
  });
  expect(delivered.body).toMatchObject(kept);
  const asked = await api.call('POST', `/api/v1/settlements/${ID}/refund`, { as: SUPERVISOR, json: { reason: 'درخواست مالک' } });
  expect(asked.body).toMatchObject(kept);
});
