import { request as httpRequest } from 'node:http';
import { jalali } from '../../src/domain/calendar/jalali';
import { BILLING, CLERK, startApi, type TestApi } from './fixture';

let api: TestApi;
beforeEach(async () => {
  api = await startApi({ maxFeedBytes: 3_000_000 });
});
afterEach(() => api.server.close({ graceMs: 200 }));

const CSV = { 'content-type': 'text/csv; charset=utf-8' };
const send = (body: RequestInit['body'], path = 'accounts', headers: Record<string, string> = CSV, as = BILLING) =>
  api.call('POST', `/api/v1/billing/feeds/${path}`, { as, body, headers });

test('200 with the counts; kind and day reach the loader', async () => {
  const load = jest.spyOn(api.deps, 'loadFeed');
  expect(await send('a,b\n1,2\n', 'payments?asOf=۱۴۰۵/۹/۳')).toMatchObject({ status: 200, body: { kind: 'payments', rows: 2 } });
  expect(load).toHaveBeenCalledWith('payments', expect.anything(), { asOf: '1405/09/03' });
});

test('the body streams: the loader reads before the sender has ended', async () => {
  let seen!: () => void;
  const first = new Promise<void>((resolve) => (seen = resolve));
  api.deps.loadFeed = async (kind, stream) => {
    let rows = 0;
    for await (const chunk of stream) {
      rows += String(chunk).split('\n').length - 1;
      seen();
    }
    return { ok: true, kind, rows, inserted: rows, updated: 0, unchanged: 0 };
  };
  const body = new ReadableStream<Uint8Array>({
    async start(controller) {
      controller.enqueue(Buffer.from('a\n'));
      await first;
      controller.enqueue(Buffer.from('b\n'));
      controller.close();
    },
  });
  expect(await send(body)).toMatchObject({ status: 200, body: { rows: 2 } });
});

const FAULT = { row: 3, column: 'mobile', code: 'WRONG_LENGTH' as const, message: 'تعداد رقم‌ها درست نیست' };

test('422 names every faulty row, also when the loader stops reading early', async () => {
  api.deps.loadFeed = async (kind, stream) => {
    for await (const _ of stream) break;
    return { ok: false, kind, faults: [FAULT], counts: { WRONG_LENGTH: 1 }, truncated: false };
  };
  for (const size of [100, 2_000_000]) {
    const { status, body } = await send('x'.repeat(size));
    expect(status).toBe(422);
    expect(body).toMatchObject({
      code: 'FEED_REFUSED',
      errors: [{ ...FAULT, field: 'mobile' }],
    });
  }
});

test('of many faults the count of each code is told beside the first thousand', async () => {
  const counts = { WRONG_LENGTH: 130_000 };
  api.deps.loadFeed = async (kind, stream) => {
    for await (const _ of stream) continue;
    return { ok: false, kind, faults: Array.from({ length: 1000 }, () => FAULT), counts, truncated: true };
  };
  const { body } = await send('x');
  expect(body).toMatchObject({ code: 'FEED_REFUSED', truncated: true, counts });
  expect(body['errors']).toHaveLength(1000);
});

test('case 38: an older file is refused with both days; a second person, who is another one, lets it in', async () => {
  const asked: unknown[] = [];
  api.deps.loadFeed = async (kind, stream, { older }) => {
    for await (const _ of stream) continue;
    asked.push(older);
    return older
      ? { ok: true, kind, rows: 1, inserted: 0, updated: 1, unchanged: 0 }
      : { ok: false, kind, older: { asOf: jalali('1405/09/04'), loaded: jalali('1405/09/05') } };
  };
  const refused = await send('x', 'accounts?asOf=1405/09/04');
  expect(refused).toMatchObject({ status: 409, body: { code: 'FEED_OLDER', errors: [{ message: '1405/09/04 < 1405/09/05' }] } });
  expect(refused.body['detail']).toContain('1405/09/05');
  const alone = await send('x', `accounts?asOf=1405/09/04&olderConfirmedBy=${encodeURIComponent(BILLING.name)}`);
  expect(alone).toMatchObject({ status: 403, body: { code: 'SECOND_PERSON_NEEDED' } });
  const two = await send('x', `accounts?asOf=1405/09/04&olderConfirmedBy=${encodeURIComponent('مریم رضایی')}`);
  expect(two.status).toBe(200);
  expect(asked).toEqual([undefined, { by: BILLING.name, confirmedBy: 'مریم رضایی' }]);
});

test('case 33: a header that looks like a formula or markup comes back as text, in JSON that no page runs', async () => {
  const column = `=cmd|' /C calc'!A0<script>`;
  api.deps.loadFeed = async (kind, stream) => {
    for await (const _ of stream) break;
    return {
      ok: false,
      kind,
      faults: [{ row: 1, column, code: 'UNKNOWN_COLUMN', message: 'این ستون شناخته نیست.' }],
      counts: { UNKNOWN_COLUMN: 1 },
      truncated: false,
    };
  };
  const { status, headers, body } = await send(`${column}\n1\n`);
  expect([status, headers.get('content-type'), headers.get('x-content-type-options')]).toEqual([
    422,
    expect.stringContaining('application/problem+json'),
    'nosniff',
  ]);
  expect(body.errors).toEqual([expect.objectContaining({ row: 1, column, code: 'UNKNOWN_COLUMN' })]);
  // a name that stands in the faulty row is not repeated
  expect(body.detail).not.toContain('<script>');
});

test('413 past the limit, announced or not', async () => {
  expect(await send('x'.repeat(3_000_001))).toMatchObject({ status: 413, body: { code: 'BODY_TOO_LARGE' } });
  const chunks = new ReadableStream<Uint8Array>({
    start(controller) {
      for (let i = 0; i < 4; i += 1) controller.enqueue(Buffer.alloc(1_000_000, 'x'));
      controller.close();
    },
  });
  expect(await send(chunks)).toMatchObject({ status: 413, body: { code: 'BODY_TOO_LARGE' } });
});

test('a sender that breaks off breaks the loader: it never looks like the end', async () => {
  const told = new Promise<unknown>((resolve) => {
    api.deps.loadFeed = async (kind, stream) => {
      try {
        for await (const _ of stream);
        resolve('end');
      } catch (error) {
        resolve(error);
        throw error;
      }
      return { ok: true, kind, rows: 0, inserted: 0, updated: 0, unchanged: 0 };
    };
  });
  const token = await api.tokens.issue(BILLING, { ttl: 60 });
  const half = httpRequest(`${api.url}/api/v1/billing/feeds/accounts`, {
    method: 'POST',
    headers: { ...CSV, authorization: `Bearer ${token}`, 'transfer-encoding': 'chunked' },
  });
  half.on('error', () => undefined);
  half.write('a\n', () => setTimeout(() => half.destroy(), 50));
  expect(await told).toMatchObject({ code: 'BODY_INCOMPLETE' });
});

test('media type, charset, encoding, role, kind, day', async () => {
  for (const headers of [
    { 'content-type': 'application/json' },
    { 'content-type': 'text/csv; charset=windows-1256' },
    { ...CSV, 'content-encoding': 'gzip' },
    { 'content-type': 'text/csvx' },
  ]) {
    expect((await send('a\n', 'accounts', headers as never)).status).toBe(415);
  }
  expect((await send('a\n', 'accounts', CSV, CLERK)).status).toBe(403);
  expect((await send('a\n', 'people')).status).toBe(404);
  expect((await send('a\n', 'accounts?asOf=1404/12/30')).status).toBe(422);
});

test('a loader that fails for its own reasons is no fault of the sender', async () => {
  api.deps.loadFeed = async () => Promise.reject(Object.assign(new Error('gone'), { code: '57P01' }));
  expect((await send('a\n')).status).toBe(503);
  api.deps.loadFeed = async () => Promise.reject(new Error('bug'));
  expect((await send('a\n')).status).toBe(500);
});
