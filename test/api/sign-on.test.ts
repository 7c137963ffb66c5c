import { CLOCK_TOLERANCE_S, createIdentityProvider, type ProviderSettings } from '../../src/api/identity-provider';
import { createTokens } from '../../src/api/tokens';
import { ADMIN, SECRET } from './fixture';
import { CLIENT, GOOD, startProvider, type Behaviour, type TestProvider } from './identity-provider';
import { startPeople, type PeopleStage } from './people-stage';

let stage: PeopleStage;
let provider: TestProvider;
const ANSWER = '/api/v1/session/sign-on/answer';
const configured = (change: Partial<ProviderSettings> = {}) =>
  createIdentityProvider({
    ...CLIENT,
    issuer: provider.issuer,
    userClaim: 'preferred_username',
    userDomains: [],
    redirectUrl: `${stage.api.url}${ANSWER}`,
    ...change,
  });

beforeAll(async () => {
  stage = await startPeople();
  provider = await startProvider();
}, 60_000);
afterAll(async () => {
  await stage?.stop();
  await provider?.close();
});
beforeEach(async () => {
  await stage.emptied();
  provider.behaviour = GOOD;
  provider.exchanges.length = 0;
  stage.api.deps.identityProvider = configured();
});

/** As a browser goes: no redirect is followed by itself, cookies are brought along. */
async function go(
  url: string,
  cookie = '',
  headers: Record<string, string> = {},
): Promise<{ status: number; location: string; cookies: string[]; text: string; headers: Headers }> {
  const answer = await fetch(url, { redirect: 'manual', headers: { ...(cookie && { cookie }), ...headers } });
  return {
    status: answer.status,
    location: answer.headers.get('location') ?? '',
    cookies: answer.headers.getSetCookie(),
    text: await answer.text(),
    headers: answer.headers,
  };
}
const pair = (cookie: string | undefined): string => (cookie ?? '').split(';')[0] ?? '';

/** To the provider and back to where the answer is: what a browser then asks for, and with which cookie. */
async function begun(query = ''): Promise<{ answer: string; cookie: string; set: string }> {
  const start = await go(`${stage.api.url}/api/v1/session/sign-on${query}`);
  expect(start.status).toBe(302);
  const atProvider = await go(start.location);
  expect(atProvider.status).toBe(302);
  return { answer: atProvider.location, cookie: pair(start.cookies[0]), set: start.cookies[0] ?? '' };
}
async function ended(query = '') {
  const { answer, cookie } = await begun(query);
  return go(answer, cookie);
}
const sessionOf = ({ cookies }: { cookies: string[] }): string => pair(cookies.find((each) => each.startsWith('tasvieh_session=')));
const codeOf = ({ text }: { text: string }): string => (JSON.parse(text) as { code: string }).code;

describe('signing on', () => {
  test('ends in the session of the recorded person: role and office come from the record', async () => {
    await stage.settled('m.rezaei', ['supervisor', 'clerk']);
    provider.behaviour = {
      ...GOOD,
      claims: { preferred_username: ' M.Rezaei', role: 'admin', roles: ['admin'], office: '99', name: 'somebody else' },
    };
    const entered = await ended();
    expect([entered.status, entered.location]).toEqual([303, '/']);
    const session = entered.cookies.find((each) => each.startsWith('tasvieh_session='));
    expect(session).toMatch(/^tasvieh_session=[\w.-]+; Path=\/; HttpOnly; SameSite=Strict$/);
    expect((await stage.call('GET', '/session', { headers: { cookie: sessionOf(entered) } })).body).toMatchObject({
      id: 'm.rezaei',
      name: 'مریم رضایی',
      role: 'supervisor',
      office: '12',
      mustChangePassword: false,
    });
    // the cookie of the way there is gone
    expect(entered.cookies.find((each) => each.startsWith('tasvieh_sign_on='))).toMatch(/^tasvieh_sign_on=;.*Expires=Thu, 01 Jan 1970/);
    expect(provider.exchanges).toEqual([{ header: true, body: false }]);
    for (const secret of [CLIENT.clientSecret, 'access', sessionOf(entered).slice(20)])
      expect(stage.api.log.join('')).not.toContain(secret);
  });

  test('its cookie is of use on the way back alone, which begins at another site', async () => {
    const { set } = await begun();
    expect(set).toMatch(/^tasvieh_sign_on=[\w.-]+; Max-Age=600; Path=\/api\/v1\/session\/sign-on; Expires=[^;]+; HttpOnly; SameSite=Lax$/);
  });

  test('in another of the own roles, and in none that is not held', async () => {
    await stage.settled('m.rezaei', ['supervisor', 'clerk']);
    const clerk = await ended('?role=clerk');
    expect((await stage.call('GET', '/session', { headers: { cookie: sessionOf(clerk) } })).body.role).toBe('clerk');
    const raised = await ended('?role=admin');
    expect([raised.status, codeOf(raised), sessionOf(raised)]).toEqual([422, 'INVALID_REQUEST', '']);
    expect((await go(`${stage.api.url}/api/v1/session/sign-on?role=king`)).status).toBe(422);
  });

  test('a session ends with the person as one by password does', async () => {
    await stage.settled('m.rezaei');
    const cookie = sessionOf(await ended());
    await stage.call('POST', '/people/m.rezaei', { as: ADMIN, json: { active: false } });
    expect((await stage.call('GET', '/session', { headers: { cookie } })).status).toBe(401);
  });

  test('a provider that takes the secret in the body alone, and a name from another claim', async () => {
    await stage.settled('n.kazemi');
    provider.behaviour = { ...GOOD, methods: ['client_secret_post'], claims: { upn: 'n.kazemi' } };
    stage.api.deps.identityProvider = configured({ userClaim: 'upn' });
    expect((await ended()).status).toBe(303);
    expect(provider.exchanges).toEqual([{ header: false, body: true }]);
  });
});

/** The id token of Entra ID (v2.0) and of ADFS, as their documents show it, without what the test provider adds. */
const ENTRA = {
  aio: 'AWQAm/8XAAAA',
  email: 'M.Rezaei@gas.example',
  name: 'Maryam Rezaei',
  oid: '690222be-ff1a-4d56-abd1-7e4f7d38e474',
  preferred_username: 'M.Rezaei@gas.example',
  rh: 'I',
  tid: 'fa15d692-e9c7-4460-a743-29f2956fd429',
  uti: 'fqiBqXLPj0eQa82S-IYFAA',
  ver: '2.0',
};
const ADFS = {
  auth_time: 1_700_000_000,
  upn: 'GAS\\m.rezaei',
  unique_name: 'GAS\\m.rezaei',
  sid: 'S-1-5-21-1-2-3-1106',
  apptype: 'Confidential',
};

describe('a name with a domain', () => {
  const BOTH = ['gas.example', 'GAS'];
  test.each<[string, Record<string, unknown>, string, string[]]>([
    ['Entra ID', ENTRA, 'preferred_username', ['gas.example']],
    ['Entra ID, the domain in capitals', ENTRA, 'preferred_username', ['GAS.EXAMPLE']],
    ['Entra ID, by mail', ENTRA, 'email', ['gas.example']],
    ['ADFS', ADFS, 'upn', ['gas']],
    ['ADFS, one of two domains', ADFS, 'unique_name', BOTH],
    ['ADFS with the UPN of the directory', { ...ADFS, upn: 'm.rezaei@gas.example' }, 'upn', BOTH],
  ])('of the configured domain enters: %s', async (_what, claims, userClaim, userDomains) => {
    await stage.settled('m.rezaei');
    provider.behaviour = { ...GOOD, claims, begins: 0 };
    stage.api.deps.identityProvider = configured({ userClaim, userDomains });
    const entered = await ended();
    expect(entered.status).toBe(303);
    expect((await stage.call('GET', '/session', { headers: { cookie: sessionOf(entered) } })).body.id).toBe('m.rezaei');
  });

  test.each<[string, string[]]>([
    ['m.rezaei@other.example', ['gas.example']],
    ['m.rezaei@gas.example.evil.example', ['gas.example']],
    ['m.rezaei@sub.gas.example', ['gas.example']],
    ['m.rezaei@evil.example@gas.example', ['gas.example']],
    ['gas.example\\m.rezaei@other.example', ['gas.example']],
    ['OTHER\\m.rezaei', ['GAS']],
    ['GAS\\OTHER\\m.rezaei', ['GAS']],
    // a guest of the directory, as Entra ID writes one
    ['m.rezaei_other.example#EXT#@gas.example', ['gas.example']],
    ['@gas.example', ['gas.example']],
    ['m.rezaei', ['gas.example']],
    ['m.rezaei@gas.example', []],
    ['GAS\\m.rezaei', []],
  ])('%s does not enter where the domains are %j, and the log says which name', async (claim, userDomains) => {
    await stage.settled('m.rezaei');
    provider.behaviour = { ...GOOD, claims: { ...ENTRA, preferred_username: claim } };
    stage.api.deps.identityProvider = configured({ userDomains });
    stage.api.log.length = 0;
    const answer = await ended();
    expect([answer.status, codeOf(answer), sessionOf(answer)]).toEqual([403, 'SIGN_ON_UNKNOWN', '']);
    const lines = stage.api.log
      .join('')
      .split('\n')
      .filter((line) => line.includes('signed on at the provider'));
    expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual([expect.objectContaining({ claim, user: null })]);
  });
});

describe(`clocks that differ by up to ${CLOCK_TOLERANCE_S} s`, () => {
  test.each<[string, Partial<Behaviour>, number]>([
    ['a token that ended 40 s ago', { lasts: -40 }, 303],
    ['a token that ended 80 s ago', { lasts: -80 }, 401],
    ['a token that begins in 40 s', { begins: 40 }, 303],
    ['a token that begins in 80 s', { begins: 80 }, 401],
  ])('%s', async (_what, change, status) => {
    await stage.settled('m.rezaei');
    provider.behaviour = { ...GOOD, ...change };
    expect((await ended()).status).toBe(status);
  });
});

describe('nobody enters', () => {
  const refused = async (change: Partial<Behaviour>, status: number, code: string) => {
    provider.behaviour = { ...GOOD, ...change };
    const answer = await ended();
    expect([answer.status, codeOf(answer), sessionOf(answer)]).toEqual([status, code, '']);
  };

  test.each<[string, Partial<Behaviour>]>([
    ['a wrong nonce', { nonce: 'another' }],
    ['another key', { key: 'foreign' }],
    ['no signature', { key: 'none' }],
    ['a token that has ended', { lasts: -120 }],
    ['a token for somebody else', { audience: 'another-client' }],
    ['a token of another issuer', { issuer: 'http://127.0.0.1:9' }],
  ])('%s', async (_what, change) => {
    await stage.settled('m.rezaei');
    await refused(change, 401, 'SIGN_ON_FAILED');
  });

  test.each<[string, Record<string, unknown>]>([
    ['is not recorded', { preferred_username: 'nobody' }],
    ['has no name in the claim', {}],
    ['has a claim that is no user name', { preferred_username: "m.rezaei' or 1=1 --" }],
    ['has a claim of another type', { preferred_username: ['m.rezaei'] }],
    ['is disabled', { preferred_username: 'disabled' }],
  ])('who %s', async (_what, claims) => {
    await stage.settled('m.rezaei');
    await stage.settled('disabled');
    await stage.call('POST', '/people/disabled', { as: ADMIN, json: { active: false } });
    await refused({ claims }, 403, 'SIGN_ON_UNKNOWN');
  });

  test('an address of a mail that the provider has not looked at', async () => {
    await stage.settled('m.rezaei');
    stage.api.deps.identityProvider = configured({ userClaim: 'email' });
    await refused({ claims: { email: 'm.rezaei', email_verified: false } }, 403, 'SIGN_ON_UNKNOWN');
  });

  test('with another state, without the cookie, with that of another browser or a forged one', async () => {
    await stage.settled('m.rezaei');
    const [mine, other] = [await begun(), await begun()];
    const changed = new URL(mine.answer);
    changed.searchParams.set('state', 'another');
    const session = await stage.cookieOf('m.rezaei');
    for (const [answer, cookie] of [
      [changed.href, mine.cookie],
      [mine.answer, ''],
      [mine.answer, other.cookie],
      [mine.answer, `tasvieh_sign_on=${session.split('=')[1]}`],
      [mine.answer, 'tasvieh_sign_on=a.b.c'],
    ] as const) {
      const answered = await go(answer, cookie);
      expect([answered.status, codeOf(answered), sessionOf(answered)]).toEqual([401, 'SIGN_ON_FAILED', '']);
    }
    // and what waits for the provider opens nothing by itself
    expect(
      (await stage.call('GET', '/session', { headers: { cookie: other.cookie.replace('tasvieh_sign_on', 'tasvieh_session') } })).status,
    ).toBe(401);
  });

  test.each([false, true])('with an answer that was used (a provider that takes codes again: %s)', async (takesAgain) => {
    await stage.settled('m.rezaei');
    provider.behaviour = { ...GOOD, takesAgain };
    const { answer, cookie } = await begun();
    expect((await go(answer, cookie)).status).toBe(303);
    const again = await go(answer, cookie);
    expect([again.status, codeOf(again), sessionOf(again)]).toEqual([401, 'SIGN_ON_FAILED', '']);
    // nor by a sign-on that another browser began
    const other = await begun();
    const stolen = new URL(other.answer);
    stolen.searchParams.set('code', new URL(answer).searchParams.get('code') ?? '');
    expect((await go(stolen.href, other.cookie)).status).toBe(401);
  });

  test('after ten minutes', async () => {
    await stage.settled('m.rezaei');
    const { answer, cookie } = await begun();
    // the fixture's own tokens stand at one instant
    const { tokens, now } = stage.api.deps;
    stage.api.deps.tokens = createTokens(SECRET, now);
    stage.clock.ms = 600_000;
    const late = await go(answer, cookie);
    stage.clock.ms = 599_000;
    const inTime = await go(answer, cookie);
    stage.api.deps.tokens = tokens;
    expect([late.status, codeOf(late), inTime.status]).toEqual([401, 'SIGN_ON_FAILED', 303]);
  });

  test('who turned back at the provider', async () => {
    const { answer, cookie } = await begun();
    const turned = new URL(answer);
    turned.searchParams.delete('code');
    turned.searchParams.set('error', 'access_denied');
    const answered = await go(turned.href, cookie);
    expect([answered.status, codeOf(answered)]).toEqual([401, 'SIGN_ON_FAILED']);
  });
});

test('a browser is told on a page, in both languages, without what came from outside', async () => {
  const { answer, cookie } = await begun();
  const told = await go(`${answer}&error_description=%3Cscript%3E`, cookie, { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' });
  expect(told.status).toBe(403);
  expect(told.headers.get('content-type')).toBe('text/html; charset=utf-8');
  expect(told.headers.get('cache-control')).toBe('no-store');
  expect(told.text).toContain('SIGN_ON_UNKNOWN');
  expect(told.text).toContain('This account may not enter here');
  expect(told.text).toMatch(/از مدیر سامانه بخواهید/);
  expect(told.text).not.toContain('<script');
});

test('the page knows whether there is one; where there is none, nothing is there', async () => {
  expect((await stage.call('GET', '/session/options')).body).toEqual({ signOn: true });
  stage.api.deps.identityProvider = null;
  expect((await stage.call('GET', '/session/options')).body).toEqual({ signOn: false });
  for (const path of ['/session/sign-on', '/session/sign-on/answer?code=1&state=2']) {
    expect((await stage.call('GET', path)).status).toBe(404);
  }
});

describe('while the provider is away', () => {
  test('it is said, and it is asked again at the next sign-on', async () => {
    const gone = await startProvider();
    await gone.close();
    stage.api.deps.identityProvider = createIdentityProvider({
      ...CLIENT,
      issuer: gone.issuer,
      userClaim: 'preferred_username',
      userDomains: [],
      redirectUrl: `${stage.api.url}${ANSWER}`,
    });
    const away = await go(`${stage.api.url}/api/v1/session/sign-on`);
    expect([away.status, codeOf(away)]).toEqual([503, 'UNAVAILABLE']);
    expect(stage.api.log.join('')).toContain('the sign-on at the provider failed');
  });

  test('its failure while the code is exchanged', async () => {
    provider.behaviour = { ...GOOD, status: 503 };
    const answered = await ended();
    expect([answered.status, codeOf(answered)]).toEqual([503, 'UNAVAILABLE']);
  });

  test('a secret that it does not know is no success either', async () => {
    await stage.settled('m.rezaei');
    stage.api.deps.identityProvider = configured({ clientSecret: 'another' });
    const answered = await ended();
    expect([answered.status, codeOf(answered), sessionOf(answered)]).toEqual([401, 'SIGN_ON_FAILED', '']);
  });
});
