import { DEFAULT_SERVICE_TERMS } from '../../src/domain/settlement/service-terms';
import { APPROVER, ADMIN, BILLING, CLERK, QUALITY, SUPERVISOR } from './fixture';
import { OWN_PASSWORD, faultsOf, startPeople, type PeopleStage } from './people-stage';

let stage: PeopleStage;
beforeAll(async () => {
  stage = await startPeople();
}, 60_000);
afterAll(() => stage?.stop());
beforeEach(() => stage.emptied());

const NEW = { id: 'm.rezaei', name: 'مریم رضایی', office: '12', roles: ['clerk'] };
const post = (path: string, json?: unknown, as = ADMIN) =>
  stage.call('POST', `/people${path}`, { as, ...(json === undefined ? {} : { json }) });
const get = (path: string, as = ADMIN) => stage.call('GET', `/people${path}`, { as });
const ALL = ['sevenSkills', 'billingSystem', 'secondCopy'].map((code) => ({ code, lastDay: null, firstDay: null }));

describe('recording', () => {
  test('201 with a one-time password, which opens the door once told', async () => {
    const { status, headers, body } = await post('', {
      ...NEW,
      id: ' M.Rezaei',
      name: 'مريم رضايي',
      roles: ['clerk', 'supervisor', 'clerk'],
    });
    expect([status, headers.get('location')]).toEqual([201, '/api/v1/people/m.rezaei']);
    expect(body.person).toEqual({
      id: 'm.rezaei',
      name: 'مریم رضایی',
      office: '12',
      roles: ['clerk', 'supervisor'],
      active: true,
      mustChangePassword: true,
      createdAt: expect.stringMatching(/Z$/),
      createdBy: ADMIN.name,
      qualifications: [],
      missing: ALL,
      lapsing: [],
    });
    expect((await stage.signIn('m.rezaei', body.oneTimePassword)).status).toBe(200);
    expect((await get('/m.rezaei')).body).toEqual(body.person);
    expect(stage.api.log.join('')).not.toContain(body.oneTimePassword);
  });

  test('a name that is taken: 409, and its owner stays as he is', async () => {
    await post('', NEW);
    expect(await post('', { ...NEW, name: 'دیگری', roles: ['admin'] })).toMatchObject({ status: 409, body: { code: 'PERSON_EXISTS' } });
    expect((await get('/m.rezaei')).body).toMatchObject({ name: 'مریم رضایی', roles: ['clerk'] });
  });

  test('every fault at once', async () => {
    const refused = await post('', { id: 'م', name: ' ', roles: [], active: true, passwordHash: 'x' });
    expect(refused.status).toBe(422);
    expect(faultsOf(refused).sort()).toEqual([
      'active UNKNOWN_FIELD',
      'id USER_INVALID',
      'name TEXT_INVALID',
      'office REQUIRED',
      'passwordHash UNKNOWN_FIELD',
      'roles TOO_SMALL',
    ]);
    for (const { message } of refused.body.errors as { message: string }[]) expect(message).toMatch(/[آ-ی]{3}/);
    expect(faultsOf(await post('', { ...NEW, roles: ['king'] }))).toEqual(['roles.0 INVALID_VALUE']);
  });
});

describe('qualifications', () => {
  test('recorded from the certificate, with what is missing and what ends soon', async () => {
    await post('', NEW);
    await post('/m.rezaei/qualifications', { code: 'sevenSkills', validFrom: '1404/01/01' });
    await post('/m.rezaei/qualifications', { code: 'billingSystem', validFrom: '1404/01/01', validTo: '1405/08/30' });
    const asked = { code: 'secondCopy', validFrom: '۱۴۰۴/۱/۱', validTo: '١٤٠٥/٠٩/٢٠', certificate: 'G-12' };
    const { status, body } = await post('/m.rezaei/qualifications', asked);
    expect(status).toBe(201);
    expect(body.qualifications[2]).toEqual({
      code: 'secondCopy',
      validFrom: '1404/01/01',
      validTo: '1405/09/20',
      certificate: 'G-12',
      recordedBy: ADMIN.name,
      recordedAt: expect.any(String),
    });
    expect(body.missing).toEqual([{ code: 'billingSystem', lastDay: '1405/08/30', firstDay: null }]);
    expect(body.lapsing).toEqual([{ code: 'secondCopy', lastDay: '1405/09/20' }]);
    const again = await post('/m.rezaei/qualifications', asked);
    expect([again.status, again.body]).toEqual([200, body]);
    // how soon is soon is the company's to say
    const { serviceTerms } = stage.api.deps;
    stage.api.deps.serviceTerms = async () => ({ ...DEFAULT_SERVICE_TERMS, qualificationWarnDays: 15 });
    expect((await get('/m.rezaei')).body.lapsing).toEqual([]);
    stage.api.deps.serviceTerms = serviceTerms;
  });
  test('the end before the beginning is told with the other faults', async () => {
    await post('', NEW);
    const refused = await post('/m.rezaei/qualifications', { code: 'driving', validFrom: '1405/09/04', validTo: '1405/09/03' });
    expect([refused.status, faultsOf(refused)]).toEqual([422, ['code INVALID_VALUE', 'validTo PERIOD_REVERSED']]);
    expect(
      faultsOf(await post('/m.rezaei/qualifications', { code: 'secondCopy', validFrom: '1404/12/30', validTo: '1404/01/01', userId: 'x' })),
    ).toEqual(['validFrom DATE_INVALID', 'userId UNKNOWN_FIELD']);
    expect((await post('/m.rezaei/qualifications', { code: 'secondCopy', validFrom: '1405/09/04', validTo: '1405/09/04' })).status).toBe(
      201,
    );
  });
});

describe('changes', () => {
  test('what is named is changed, nothing else', async () => {
    await post('', NEW);
    expect(await post('/m.rezaei', { office: '34', roles: ['supervisor'] })).toMatchObject({
      status: 200,
      body: { office: '34', roles: ['supervisor'], name: 'مریم رضایی', active: true },
    });
    expect(await post('/m.rezaei', {})).toMatchObject({ status: 200, body: { office: '34' } });
    expect(faultsOf(await post('/m.rezaei', { id: 'other', sessionVersion: 0, roles: [] })).sort()).toEqual([
      'id UNKNOWN_FIELD',
      'roles TOO_SMALL',
      'sessionVersion UNKNOWN_FIELD',
    ]);
  });

  test('an admin keeps the own role and stays active, however often it is asked', async () => {
    await stage.settled('boss', ['admin', 'clerk']);
    await stage.settled('second', ['admin']);
    const headers = { cookie: await stage.cookieOf('boss') };
    for (const json of [{ active: false }, { roles: ['clerk'] }, { active: false, roles: ['admin'] }]) {
      expect(await stage.call('POST', '/people/boss', { headers, json })).toMatchObject({ status: 409, body: { code: 'ADMIN_NEEDED' } });
    }
    expect((await stage.call('POST', '/people/boss', { headers, json: { roles: ['admin'], name: 'رئیس' } })).status).toBe(200);
  });
  test('the last admin cannot be taken away by a token either', async () => {
    await stage.person('boss', ['admin']);
    expect(await post('/boss', { active: false })).toMatchObject({ status: 409, body: { code: 'ADMIN_NEEDED' } });
    await stage.person('second', ['admin']);
    expect((await post('/boss', { active: false })).status).toBe(200);
    expect((await post('/second', { roles: ['clerk'] })).status).toBe(409);
    // who is disabled is told apart from who was never there
    expect((await get('/boss')).body.active).toBe(false);
  });
  test('a reset of the password', async () => {
    await stage.settled('m.rezaei');
    const { status, body } = await post('/m.rezaei/password-reset');
    expect(status).toBe(200);
    expect((await stage.signIn('m.rezaei', OWN_PASSWORD)).status).toBe(401);
    expect((await stage.signIn('m.rezaei', body.oneTimePassword)).body).toMatchObject({ mustChangePassword: true });
  });
});

describe('finding', () => {
  test('by words, office and page; only admins beyond the own office', async () => {
    await post('', { ...NEW, id: 'a.karimi', name: 'علی کریمی' });
    await post('', { ...NEW, id: 'b.karimi', name: 'زهرا کریمی', office: '34' });
    await post('', NEW);
    const ids = async (query: string, as = ADMIN) => ((await get(query, as)).body.items as { id: string }[]).map(({ id }) => id);
    expect(await ids('')).toEqual(['a.karimi', 'b.karimi', 'm.rezaei']);
    expect(await ids('?query=كريمي')).toEqual(['a.karimi', 'b.karimi']);
    expect(await ids('?office=34')).toEqual(['b.karimi']);
    expect(await ids('', SUPERVISOR)).toEqual(['a.karimi', 'm.rezaei']);
    expect((await get('?office=34', SUPERVISOR)).status).toBe(403);
    const first = await get('?limit=2');
    expect(first.body.next).toBe('b.karimi');
    expect(await get(`?limit=2&cursor=${first.body.next}`)).toMatchObject({ body: { items: [{ id: 'm.rezaei' }], next: null } });
    expect((await get('?limit=0')).status).toBe(422);
    expect((await get('/a.karimi', SUPERVISOR)).status).toBe(200);
    expect((await get('/b.karimi', SUPERVISOR)).status).toBe(404);
  });
  test.each(['/nobody', '/%D9%85', '/M.Rezaei', `/${'x'.repeat(41)}`])('%s: 404', async (path) => {
    for (const answer of [
      await get(path),
      await post(path, {}),
      await post(`${path}/password-reset`),
      await post(`${path}/qualifications`, { code: 'secondCopy', validFrom: '1405/01/01' }),
    ]) {
      expect(answer).toMatchObject({ status: 404, body: { code: 'NOT_FOUND' } });
    }
  });
});

describe('nobody raises himself', () => {
  test.each([CLERK, SUPERVISOR, APPROVER, QUALITY, BILLING])('as $role', async (as) => {
    await post('', { ...NEW, id: as.id, roles: [as.role] });
    for (const answer of [
      await post('', { ...NEW, roles: ['admin'] }, as),
      await post(`/${as.id}`, { roles: ['admin'] }, as),
      await post(`/${as.id}/qualifications`, { code: 'secondCopy', validFrom: '1405/01/01' }, as),
      await post(`/${as.id}/password-reset`, undefined, as),
    ]) {
      expect(answer).toMatchObject({ status: 403, body: { code: 'FORBIDDEN' } });
    }
    expect(await get(`/${as.id}`)).toMatchObject({ body: { roles: [as.role], qualifications: [] } });
  });

  test('a session of one role does not reach the calls of another that its person also holds', async () => {
    await stage.settled('boss', ['admin', 'clerk']);
    const clerk = { cookie: await stage.cookieOf('boss', 'clerk') };
    expect((await stage.call('GET', '/people', { headers: clerk })).status).toBe(403);
    expect(
      (
        await stage.call('POST', '/session/password', {
          headers: clerk,
          json: { current: OWN_PASSWORD, next: 'lantern-orbit-77', role: 'admin' },
        })
      ).status,
    ).toBe(422);
    const changed = await stage.call('POST', '/session/password', {
      headers: clerk,
      json: { current: OWN_PASSWORD, next: 'lantern-orbit-77' },
    });
    const anew = (changed.headers.get('set-cookie') ?? '').split(';')[0] ?? '';
    expect((await stage.call('GET', '/session', { headers: { cookie: anew } })).body.role).toBe('clerk');
  });

  test('not over an admin’s cookie from another site', async () => {
    await stage.settled('boss', ['admin']);
    const cookie = await stage.cookieOf('boss');
    for (const site of ['cross-site', 'same-site']) {
      expect(await stage.call('POST', '/people', { headers: { cookie, 'sec-fetch-site': site }, json: NEW })).toMatchObject({
        status: 403,
        body: { code: 'FORBIDDEN' },
      });
    }
    expect((await get('/m.rezaei')).status).toBe(404);
    expect((await stage.call('POST', '/people', { headers: { cookie, 'sec-fetch-site': 'same-origin' }, json: NEW })).status).toBe(201);
  });
});
