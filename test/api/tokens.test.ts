import { createTokens } from '../../src/api/tokens';
import { CLERK, NOW, SECRET } from './fixture';

const OLD = 'an older secret of the tests, long enough';
const receipt = { subscription: '014123456701', receivedAt: NOW.toISOString(), operator: 'c1' };

test('a session token names its operator until it expires', async () => {
  let now = NOW;
  const tokens = createTokens(SECRET, () => now);
  const token = await tokens.issue(CLERK, { ttl: 60 });
  expect(await tokens.readSession(token)).toEqual({
    id: expect.stringMatching(/^[0-9a-f-]{36}$/),
    operator: CLERK,
    expiresAt: new Date(NOW.getTime() + 60_000),
    version: null,
    mustChangePassword: false,
  });
  now = new Date(NOW.getTime() + 61_000);
  expect(await tokens.readSession(token)).toBeNull();
});

test('a receipt is no session and a session no receipt', async () => {
  const tokens = createTokens(SECRET, () => NOW);
  const signed = await tokens.issueReceipt(receipt);
  expect(await tokens.readReceipt(signed)).toEqual({ ...receipt, id: expect.stringMatching(/^[0-9a-f-]{36}$/) });
  expect(await tokens.readSession(signed)).toBeNull();
  expect(await tokens.readReceipt(await tokens.issue(CLERK, { ttl: 60 }))).toBeNull();
  expect(await tokens.issueReceipt(receipt)).not.toBe(signed);
});

test('a session of a sign-in carries its number and what it is good for', async () => {
  const tokens = createTokens(SECRET, () => NOW);
  expect(await tokens.readSession(await tokens.issue(CLERK, { ttl: 60, version: 0 }))).toMatchObject({
    version: 0,
    mustChangePassword: false,
  });
  expect(await tokens.readSession(await tokens.issue(CLERK, { ttl: 60, version: 3, mustChangePassword: true }))).toMatchObject({
    version: 3,
    mustChangePassword: true,
  });
});

test('a replaced secret still verifies, a dropped one does not', async () => {
  const before = await createTokens(OLD, () => NOW).issue(CLERK, { ttl: 60 });
  expect(await createTokens([SECRET, OLD], () => NOW).readSession(before)).toMatchObject({ operator: CLERK });
  expect(await createTokens(SECRET, () => NOW).readSession(before)).toBeNull();
  const after = await createTokens([SECRET, OLD], () => NOW).issue(CLERK, { ttl: 60 });
  expect(await createTokens(OLD, () => NOW).readSession(after)).toBeNull();
});

test('a changed role breaks the signature', async () => {
  const tokens = createTokens(SECRET, () => NOW);
  const [head, claims, signature] = (await tokens.issue(CLERK, { ttl: 60 })).split('.');
  const raised = Buffer.from(
    Buffer.from(claims ?? '', 'base64url')
      .toString()
      .replace('clerk', 'admin'),
  ).toString('base64url');
  expect(await tokens.readSession([head, raised, signature].join('.'))).toBeNull();
});

test.each([1e300, 8.64e15, 253_402_300_800, Number.MAX_SAFE_INTEGER])('an expiry that is no date (%d) makes it no token', async (exp) => {
  const tokens = createTokens(SECRET, () => NOW);
  const seconds = NOW.getTime() / 1000;
  expect(await tokens.readSession(await tokens.issue(CLERK, { ttl: exp - seconds }))).toBeNull();
});

test('a short secret is refused', () => {
  expect(() => createTokens('short')).toThrow(RangeError);
  expect(() => createTokens([])).toThrow(RangeError);
});
