import type { Payload } from '@temporalio/common';
import { createPayloadCodec, newEncryptionKey, readEncryptionKeys } from '../../src/temporal/encryption';
import { ADMIN, APPROVER, BILLING, CLERK, QUALITY, SUPERVISOR, type TestApi, startApi } from './fixture';

const ORIGIN = 'http://127.0.0.1:8233';
const KEY = 'ab'.repeat(16);
const codec = createPayloadCodec(readEncryptionKeys(newEncryptionKey('k1')));
const SECRET_TEXT = '{"name":"مریم رضایی"}';

let stage: TestApi;
const openWith = async (practiceKey: string | null, origin: string | null = ORIGIN): Promise<void> => {
  stage = await startApi({ codec: { decode: codec.decode, origin, practiceKey } });
};
afterEach(() => stage.server.close());

const base64 = (bytes: Uint8Array | null | undefined): string => Buffer.from(bytes ?? []).toString('base64');
async function hidden() {
  const payloads = await codec.encode([{ metadata: { encoding: Buffer.from('json/plain') }, data: Buffer.from(SECRET_TEXT) }]);
  return {
    payloads: payloads.map(({ metadata, data }: Payload) => ({
      metadata: Object.fromEntries(Object.entries(metadata ?? {}).map(([name, value]) => [name, base64(value)])),
      data: base64(data),
    })),
  };
}
const SHOWN = { payloads: [{ metadata: { encoding: base64(Buffer.from('json/plain')) }, data: base64(Buffer.from(SECRET_TEXT)) }] };

test.each([
  [SUPERVISOR, 200],
  [APPROVER, 200],
  [QUALITY, 200],
  [ADMIN, 200],
  [CLERK, 403],
  [BILLING, 403],
])('%j decrypts: %i', async (as, status) => {
  await openWith(null);
  const answer = await stage.call('POST', '/api/v1/codec/decode', { as, json: await hidden() });
  expect(answer.status).toBe(status);
  if (status === 200) expect(answer.body).toEqual(SHOWN);
  const shown = stage.log
    .map((line) => JSON.parse(line) as { msg: string; operator?: string })
    .filter(({ msg }) => msg === 'payloads were shown');
  expect(shown.map(({ operator }) => operator)).toEqual(status === 200 ? [as.id] : []);
  expect(stage.log.join('')).not.toContain('مریم رضایی');
});

test('nobody without a token', async () => {
  await openWith(KEY);
  expect((await stage.call('POST', '/api/v1/codec/decode', { json: await hidden() })).status).toBe(401);
});

test('what no key of ours reads is told as such', async () => {
  await openWith(null);
  const { payloads } = await hidden();
  const broken = { payloads: [{ ...payloads[0], metadata: { ...payloads[0]?.metadata, 'key-id': base64(Buffer.from('k0')) } }] };
  const answer = await stage.call('POST', '/api/v1/codec/decode', { as: SUPERVISOR, json: broken });
  expect([answer.status, answer.body]).toEqual([422, expect.objectContaining({ code: 'PAYLOAD_UNREADABLE' })]);
});

describe('from the UI’s pages', () => {
  const cookie = async () => ({ cookie: `tasvieh_session=${await stage.tokens.issue(SUPERVISOR, { ttl: 600 })}` });
  test('its origin may use the session’s cookie, another site may not', async () => {
    await openWith(null);
    const from = async (origin: string) =>
      stage.call('POST', '/api/v1/codec/decode', {
        json: await hidden(),
        headers: { ...(await cookie()), origin, 'sec-fetch-site': 'same-site' },
      });
    const [ours, other] = [await from(ORIGIN), await from('http://127.0.0.1:9999')];
    expect([ours.status, ours.headers.get('access-control-allow-origin'), ours.headers.get('access-control-allow-credentials')]).toEqual([
      200,
      ORIGIN,
      'true',
    ]);
    expect([other.status, other.headers.get('access-control-allow-origin')]).toEqual([403, null]);
  });
  test('its preflight is answered; no other call allows it', async () => {
    await openWith(null);
    const ask = (path: string) =>
      fetch(`${stage.url}/api/v1${path}`, { method: 'OPTIONS', headers: { origin: ORIGIN, 'access-control-request-method': 'POST' } });
    const allowed = (await ask('/codec/decode')).headers;
    expect([allowed.get('access-control-allow-origin'), allowed.get('access-control-allow-headers')]).toEqual([
      ORIGIN,
      'authorization, content-type, x-namespace',
    ]);
    expect((await ask('/settlements')).headers.get('access-control-allow-origin')).toBeNull();
    expect(
      (
        await stage.call('POST', '/api/v1/session/password', {
          json: {},
          headers: { ...(await cookie()), origin: ORIGIN, 'sec-fetch-site': 'same-site' },
        })
      ).status,
    ).toBe(403);
  });
  test('without a configured origin none may', async () => {
    await openWith(null, null);
    const answer = await stage.call('POST', '/api/v1/codec/decode', {
      json: await hidden(),
      headers: { ...(await cookie()), origin: ORIGIN, 'sec-fetch-site': 'same-site' },
    });
    expect(answer.status).toBe(403);
  });
});

test('the key of a practice installation opens it, another does not, and without one nothing does', async () => {
  await openWith(KEY);
  const ask = async (key: string) => (await stage.call('POST', `/api/v1/codec/${key}/decode`, { json: await hidden() })).status;
  expect([await ask(KEY), await ask('cd'.repeat(16)), await ask('')]).toEqual([200, 404, 404]);
  await stage.server.close();
  await openWith(null);
  expect(await ask(KEY)).toBe(404);
});
