import { createSessions } from '../../src/api/sessions';
import { ADMIN, CLERK, NOW, SUBSCRIPTION } from './fixture';
import { OWN_PASSWORD, faultsOf, sessionCookie, startPeople, type PeopleStage } from './people-stage';

let stage: PeopleStage;
beforeAll(async () => {
  stage = await startPeople();
}, 60_000);
afterAll(() => stage?.stop());
beforeEach(() => stage.emptied());

const who = (cookie: string) => stage.call('GET', '/session', { headers: { cookie } });
const change = (cookie: string, current: string, next: string, headers = {}) =>
  stage.call('POST', '/session/password', { json: { current, next }, headers: { cookie, ...headers } });

describe('signing in', () => {
  test('sets a cookie that scripts cannot read and other sites cannot use, and says who it is', async () => {
    await stage.settled('m.rezaei', ['supervisor', 'clerk']);
    const answer = await stage.signIn('M.Rezaei ', OWN_PASSWORD);
    expect(answer).toMatchObject({
      status: 200,
      body: {
        id: 'm.rezaei',
        name: 'مریم رضایی',
        role: 'supervisor',
        office: '12',
        mustChangePassword: false,
        expiresAt: new Date(NOW.getTime() + 12 * 3600_000).toISOString(),
      },
    });
    expect(answer.headers.get('set-cookie')).toMatch(/^tasvieh_session=[\w.-]+; Path=\/; HttpOnly; SameSite=Strict$/);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(await who(sessionCookie(answer))).toMatchObject({ status: 200, body: answer.body });
    // behind a proxy that ends TLS
    const secured = await stage.signIn('m.rezaei', OWN_PASSWORD, {}, { 'x-forwarded-proto': 'https' });
    expect(secured.headers.get('set-cookie')).toMatch(/; HttpOnly; Secure; SameSite=Strict$/);
    for (const secret of [OWN_PASSWORD, sessionCookie(answer).slice(20)]) expect(stage.api.log.join('')).not.toContain(secret);
  });

  test('in another of the own roles; one that is not held is told only to whom the password names', async () => {
    await stage.settled('m.rezaei', ['supervisor', 'clerk']);
    const clerk = await stage.cookieOf('m.rezaei', 'clerk');
    expect((await who(clerk)).body.role).toBe('clerk');
    expect((await stage.call('POST', '/requests', { json: { subscription: SUBSCRIPTION }, headers: { cookie: clerk } })).status).toBe(201);
    const raised = await stage.signIn('m.rezaei', OWN_PASSWORD, { role: 'admin' });
    expect(raised).toMatchObject({
      status: 422,
      body: {
        code: 'INVALID_REQUEST',
        errors: [{ field: 'role', code: 'ROLE_NOT_HELD', message: expect.stringContaining('supervisor، clerk') }],
      },
    });
    expect(raised.headers.get('set-cookie')).toBeNull();
    expect(await stage.signIn('m.rezaei', 'wrong', { role: 'admin' })).toMatchObject({ status: 401, body: { code: 'SIGN_IN_REFUSED' } });
  });

  test('the same answer for an unknown user, a wrong password and a disabled person', async () => {
    await stage.settled('m.rezaei');
    await stage.settled('disabled');
    await stage.call('POST', '/people/disabled', { as: ADMIN, json: { active: false } });
    const answers = [
      await stage.signIn('m.rezaei', 'wrong'),
      await stage.signIn('nobody', OWN_PASSWORD),
      await stage.signIn('disabled', OWN_PASSWORD),
    ];
    for (const { status, body, headers } of answers) {
      expect(status).toBe(401);
      expect(body).toEqual(answers[0]?.body);
      expect(headers.get('set-cookie')).toBeNull();
    }
    expect(answers[0]?.body).toMatchObject({ code: 'SIGN_IN_REFUSED', detail: expect.stringMatching(/[آ-ی]{3}/) });
  });

  test('five wrong passwords lock the name for a quarter of an hour, and the answer says how long', async () => {
    await stage.settled('m.rezaei');
    for (const user of ['m.rezaei', 'nobody']) {
      for (let n = 1; n < 5; n++) expect((await stage.signIn(user, 'wrong')).status).toBe(401);
      const locked = await stage.signIn(user, 'wrong');
      expect(locked).toMatchObject({ status: 429, body: { code: 'SIGN_IN_LOCKED' } });
      expect(locked.headers.get('retry-after')).toBe('900');
    }
    stage.clock.ms = 600_000;
    const right = await stage.signIn('m.rezaei', OWN_PASSWORD);
    expect([right.status, right.headers.get('retry-after'), right.headers.get('set-cookie')]).toEqual([429, '300', null]);
    stage.clock.ms = 900_000;
    expect((await stage.signIn('m.rezaei', OWN_PASSWORD)).status).toBe(200);
  });

  test.each([
    ['no password', { user: 'm.rezaei' }, ['password REQUIRED']],
    ['an ill-formed user and an unknown role', { user: 'مریم', password: 'x', role: 'king' }, ['user USER_INVALID', 'role INVALID_VALUE']],
    ['a field too many', { user: 'm.rezaei', password: 'x', admin: true }, ['admin UNKNOWN_FIELD']],
    ['another type', { user: 'm.rezaei', password: { $ne: '' } }, ['password WRONG_TYPE']],
  ])('%s: 422', async (_, json, errors) => {
    const refused = await stage.call('POST', '/session', { json });
    expect([refused.status, faultsOf(refused)]).toEqual([422, errors]);
  });

  test('without a body a token of the header goes into the cookie; without one there is nobody', async () => {
    expect((await stage.call('POST', '/session', { as: CLERK })).status).toBe(204);
    expect((await stage.call('POST', '/session', { as: CLERK, json: {} })).status).toBe(204);
    expect((await stage.call('POST', '/session')).status).toBe(401);
    expect((await stage.call('POST', '/session', { json: {} })).status).toBe(401);
  });

  test('from another site: refused before the password is looked at', async () => {
    await stage.settled('m.rezaei');
    for (const site of ['cross-site', 'same-site']) {
      expect(await stage.signIn('m.rezaei', OWN_PASSWORD, {}, { 'sec-fetch-site': site })).toMatchObject({
        status: 403,
        body: { code: 'FORBIDDEN' },
      });
    }
    expect((await stage.signIn('m.rezaei', OWN_PASSWORD, {}, { 'sec-fetch-site': 'same-origin' })).status).toBe(200);
  });
});

describe('the one-time password', () => {
  test('opens nothing but its own change; then a new session is in the cookie and the old one is over', async () => {
    const first = await stage.person('m.rezaei', ['admin', 'clerk']);
    const opened = await stage.signIn('m.rezaei', first);
    expect(opened).toMatchObject({ status: 200, body: { mustChangePassword: true } });
    const cookie = sessionCookie(opened);
    for (const [method, path] of [
      ['GET', '/people'],
      ['GET', '/people/m.rezaei'],
      ['POST', '/people/m.rezaei/password-reset'],
      ['GET', '/settlements'],
    ] as const) {
      expect(await stage.call(method, path, { headers: { cookie } })).toMatchObject({
        status: 403,
        body: { code: 'PASSWORD_CHANGE_REQUIRED' },
      });
    }
    expect((await who(cookie)).status).toBe(200);
    const changed = await change(cookie, first, OWN_PASSWORD);
    expect(changed.status).toBe(204);
    expect((await who(cookie)).status).toBe(401);
    const anew = sessionCookie(changed);
    expect(await who(anew)).toMatchObject({ status: 200, body: { id: 'm.rezaei', role: 'admin', mustChangePassword: false } });
    expect((await stage.call('GET', '/people', { headers: { cookie: anew } })).status).toBe(200);
    expect((await stage.signIn('m.rezaei', first)).status).toBe(401);
  });
});

describe('changing the own password', () => {
  test('ends the other sessions, not the one that changes it', async () => {
    await stage.settled('m.rezaei');
    const [here, there] = [await stage.cookieOf('m.rezaei'), await stage.cookieOf('m.rezaei')];
    expect((await who(there)).status).toBe(200);
    const changed = await change(here, OWN_PASSWORD, 'lantern-orbit-77');
    expect(changed.status).toBe(204);
    expect((await who(there)).status).toBe(401);
    expect((await who(sessionCookie(changed))).status).toBe(200);
    expect((await stage.signIn('m.rezaei', 'lantern-orbit-77')).status).toBe(200);
  });

  test.each([
    ['too short and obvious', 'admin', ['PASSWORD_TOO_SHORT', 'PASSWORD_OBVIOUS']],
    ['the own name', 'm.rezaei-1405', ['PASSWORD_IS_NAME']],
    ['the same, with Arabic letters', 'باران روي پل قديمي', ['PASSWORD_UNCHANGED']],
  ])('%s: 422 with every fault', async (_, next, codes) => {
    await stage.settled('m.rezaei');
    const refused = await change(await stage.cookieOf('m.rezaei'), OWN_PASSWORD, next);
    expect([refused.status, faultsOf(refused)]).toEqual([422, codes.map((code) => `next ${code}`)]);
  });

  test('a wrong current one is refused, and counted', async () => {
    await stage.settled('m.rezaei');
    const cookie = await stage.cookieOf('m.rezaei');
    for (let n = 1; n < 5; n++) {
      expect(await change(cookie, 'wrong', 'lantern-orbit-77')).toMatchObject({
        status: 422,
        body: { errors: [{ field: 'current', code: 'PASSWORD_WRONG' }] },
      });
    }
    expect(await change(cookie, 'wrong', 'lantern-orbit-77')).toMatchObject({ status: 429, body: { code: 'SIGN_IN_LOCKED' } });
    expect((await change(cookie, OWN_PASSWORD, 'lantern-orbit-77')).status).toBe(429);
  });

  test('whoever is not recorded has none', async () => {
    expect(await stage.call('POST', '/session/password', { as: CLERK, json: { current: 'x', next: 'lantern-orbit-77' } })).toMatchObject({
      status: 422,
    });
  });

  test('never from another site', async () => {
    await stage.settled('m.rezaei');
    const cookie = await stage.cookieOf('m.rezaei');
    expect((await change(cookie, OWN_PASSWORD, 'lantern-orbit-77', { 'sec-fetch-site': 'cross-site' })).status).toBe(403);
    expect((await stage.signIn('m.rezaei', OWN_PASSWORD)).status).toBe(200);
  });
});

describe('a session ends', () => {
  test('when it is signed out: the token itself, not only its cookie', async () => {
    await stage.settled('m.rezaei');
    const [here, there] = [await stage.cookieOf('m.rezaei'), await stage.cookieOf('m.rezaei')];
    expect((await stage.call('DELETE', '/session', { headers: { cookie: here, 'sec-fetch-site': 'cross-site' } })).status).toBe(403);
    expect((await who(here)).status).toBe(200);
    const out = await stage.call('DELETE', '/session', { headers: { cookie: here } });
    expect([out.status, sessionCookie(out)]).toEqual([204, 'tasvieh_session=']);
    expect((await who(here)).status).toBe(401);
    const bearer = { authorization: `Bearer ${here.split('=')[1]}` };
    expect((await stage.call('GET', '/session', { headers: bearer })).status).toBe(401);
    expect((await who(there)).status).toBe(200);
    // again, and without any
    expect((await stage.call('DELETE', '/session', { headers: { cookie: here } })).status).toBe(204);
    expect((await stage.call('DELETE', '/session')).status).toBe(204);
  });

  test.each([
    ['is disabled', '/people/m.rezaei', { active: false }],
    ['gets other roles', '/people/m.rezaei', { roles: ['quality'] }],
    ['moves', '/people/m.rezaei', { office: '34' }],
    ['gets a new password', '/people/m.rezaei/password-reset', undefined],
  ])('when its person %s', async (_, path, json) => {
    await stage.settled('m.rezaei');
    await stage.settled('another');
    const [cookie, other] = [await stage.cookieOf('m.rezaei'), await stage.cookieOf('another')];
    expect((await who(cookie)).status).toBe(200);
    expect((await stage.call('POST', path, { as: ADMIN, ...(json && { json }) })).status).toBe(200);
    expect((await who(cookie)).status).toBe(401);
    expect((await who(other)).status).toBe(200);
  });

  test('not when its person gets another name', async () => {
    await stage.settled('m.rezaei');
    const cookie = await stage.cookieOf('m.rezaei');
    await stage.call('POST', '/people/m.rezaei', { as: ADMIN, json: { name: 'مریم رضایی‌نژاد' } });
    expect((await who(cookie)).status).toBe(200);
  });

  test('a token made on the command line ends with disabling only', async () => {
    await stage.settled('m.rezaei');
    const as = { ...CLERK, id: 'm.rezaei' };
    await stage.call('POST', '/people/m.rezaei/password-reset', { as: ADMIN });
    expect((await stage.call('GET', '/session', { as })).status).toBe(200);
    await stage.call('POST', '/people/m.rezaei', { as: ADMIN, json: { active: false } });
    expect((await stage.call('GET', '/session', { as })).status).toBe(401);
    // of somebody who is not recorded, such as the billing system, it stands by its signature
    expect((await stage.call('GET', '/session', { as: CLERK })).status).toBe(200);
  });

  test('in the other API processes within five seconds', async () => {
    await stage.settled('m.rezaei');
    const cookie = await stage.cookieOf('m.rezaei');
    expect((await who(cookie)).status).toBe(200);
    // what another process writes
    await stage.database.pool.query("update app.users set active = false where id = 'm.rezaei'");
    stage.clock.ms = 4_999;
    expect((await who(cookie)).status).toBe(200);
    stage.clock.ms = 5_000;
    expect((await who(cookie)).status).toBe(401);
  });
});

describe('while Postgres is away', () => {
  const away = (error: Error) => {
    const { sessions } = stage.api.deps;
    stage.api.deps.sessions = createSessions(
      { sessionState: () => Promise.reject(error), endSession: () => Promise.reject(error) },
      () => NOW,
    );
    return () => void (stage.api.deps.sessions = sessions);
  };
  const refused = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });

  test('the signature decides, the log says so, and settlements are accepted', async () => {
    const back = away(refused);
    try {
      expect((await stage.call('POST', '/requests', { as: CLERK, json: { subscription: SUBSCRIPTION } })).status).toBe(201);
      expect(stage.api.log.join('')).toContain('by its signature alone');
      expect((await stage.call('GET', '/session', { headers: { authorization: 'Bearer forged.token.here' } })).status).toBe(401);
    } finally {
      back();
    }
  });
  test('who signs out loses the cookie all the same', async () => {
    const back = away(refused);
    try {
      const out = await stage.call('DELETE', '/session', { as: CLERK });
      expect([out.status, sessionCookie(out)]).toEqual([204, 'tasvieh_session=']);
    } finally {
      back();
    }
  });
  test('any other failure opens nothing', async () => {
    const back = away(new Error('relation does not exist'));
    try {
      expect((await stage.call('GET', '/session', { as: CLERK })).status).toBe(500);
    } finally {
      back();
    }
  });
});
