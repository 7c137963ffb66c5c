import { request as httpRequest } from 'node:http';
import { ROUTES } from '../../src/api/routes';
import { PROBLEM_CODES } from '../../src/api/problems';
import { viewSettlement } from '../../src/api/view';
import { ROLES } from '../../src/domain/settlement/settlement';
import {
  announced,
  CLERK,
  expectSchema,
  ID,
  NATIONAL_ID,
  PASSWORD,
  PRACTICE_KEY,
  PERSON,
  RESOLUTION,
  request,
  startApi,
  STEP_TABLE,
  SUBSCRIPTION,
  TARIFF_DOCUMENT,
  TERMS,
  type TestApi,
} from './fixture';

let api: TestApi;
beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api.server.close());

const post = (body: string | Uint8Array, headers: Record<string, string> = { 'content-type': 'application/json' }) =>
  api.call('POST', '/api/v1/settlements', { as: CLERK, body: body as string, headers });

describe('every problem has its document', () => {
  test.each([
    ['not JSON', '{', 400, 'MALFORMED_JSON'],
    ['a bare value', '1', 400, 'MALFORMED_JSON'],
    ['nested too deep', `{"documents":${'['.repeat(1000)}${']'.repeat(1000)}}`, 400, 'MALFORMED_JSON'],
    ['too large', JSON.stringify({ documents: 'x'.repeat(70_000) }), 413, 'BODY_TOO_LARGE'],
    ['a list', '[]', 422, 'INVALID_REQUEST'],
  ])('%s', async (_what, json, status, code) => {
    const answered = await post(json);
    expect(answered).toMatchObject({ status, body: { status, code, title: expect.any(String), detail: expect.stringMatching(/[آ-ی]/) } });
    expect(answered.headers.get('content-type')).toMatch(/^application\/problem\+json/);
  });

  test.each([
    ['no media type', {}],
    ['a form', { 'content-type': 'application/x-www-form-urlencoded' }],
    ['another charset', { 'content-type': 'application/json; charset=latin1' }],
    ['an unknown encoding', { 'content-type': 'application/json', 'content-encoding': 'rot13' }],
  ])('%s → 415', async (_what, headers) => {
    expect(await post(new TextEncoder().encode('{"a":1}'), headers)).toMatchObject({
      status: 415,
      body: { code: 'UNSUPPORTED_MEDIA_TYPE' },
    });
  });

  test('no body at all', async () => {
    expect((await api.call('POST', '/api/v1/settlements', { as: CLERK })).status).toBe(422);
  });

  test.each(['/nowhere', '/api/v1/nowhere', '/api/v1', '/'])('404 %s', async (path) => {
    expect(await api.call('GET', path)).toMatchObject({ status: 404, body: { code: 'NOT_FOUND' } });
  });

  test('405 names what is allowed; OPTIONS too', async () => {
    const wrong = await api.call('PUT', '/api/v1/settlements');
    expect(wrong).toMatchObject({ status: 405, body: { code: 'METHOD_NOT_ALLOWED' } });
    expect(wrong.headers.get('allow')).toBe('POST, GET, HEAD');
    const options = await api.call('OPTIONS', '/api/v1/settlements');
    expect(options.status).toBe(204);
    expect(options.headers.get('allow')).toBe('POST, GET, HEAD');
  });

  test('a broken percent escape', async () => {
    expect(await api.call('GET', '/api/v1/settlements/%E0%A4%A', { as: CLERK })).toMatchObject({
      status: 400,
      body: { code: 'MALFORMED_URL' },
    });
  });

  test('a body that stops half-way does not hold the connection', async () => {
    const token = await api.tokens.issue(CLERK, { ttl: 60 });
    await new Promise<void>((resolve) => {
      const half = httpRequest(`${api.url}/api/v1/settlements`, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', 'content-length': 100 },
      });
      half.on('error', () => undefined);
      half.on('close', () => resolve());
      half.write('{"a"', () => setTimeout(() => half.destroy(), 50));
    });
    expect((await api.call('GET', '/healthz')).status).toBe(200);
  });
});

describe('who may', () => {
  // a request of each route that would be answered with success
  const samples: Record<string, { path: string; json?: unknown }> = {
    'get /accounts': { path: '/accounts?query=علی' },
    'get /accounts/{subscription}': { path: `/accounts/${SUBSCRIPTION}` },
    'post /requests': { path: '/requests', json: { subscription: SUBSCRIPTION } },
    'post /settlements/preview': { path: '/settlements/preview', json: request() },
    'post /settlements': { path: '/settlements', json: request() },
    'get /settlements': { path: '/settlements' },
    'get /settlements/{id}': { path: `/settlements/${ID}` },
    'get /settlements/{id}/events': { path: `/settlements/${ID}/events` },
    'get /events': { path: `/events?settlements=${ID}:0` },
    'get /settlements/{id}/bill.pdf': { path: `/settlements/${ID}/bill.pdf` },
    'get /settlements/{id}/clearance.pdf': { path: `/settlements/${ID}/clearance.pdf` },
    'post /settlements/{id}/overrides': {
      path: '/settlements/014123456701-14050905/overrides',
      json: { code: 'OUTSIDE_OUTER_BAND', reason: 'دوباره خوانده شد' },
    },
    'post /settlements/{id}/delivery': { path: `/settlements/${ID}/delivery`, json: { deliveredTo: 'علی', channel: 'post' } },
    'get /billing/unsent': { path: '/billing/unsent?clerk=me' },
    'get /tasks': { path: '/tasks?mine=true' },
    'post /tasks/assignment': { path: '/tasks/assignment', json: { tasks: [`deliver.${ID}`], to: 'c2' } },
    'post /tasks/{id}/assignment': { path: `/tasks/deliver.${ID}/assignment`, json: { to: 'c2', reason: 'پایان شیفت' } },
    'post /tasks/{id}/closure': { path: `/tasks/breached.${ID}/closure`, json: { note: 'علت بررسی شد' } },
    'post /settlements/{id}/successor': { path: `/settlements/${ID}/successor`, json: { ...request(), reason: 'پس از پرداخت برگشت' } },
    'post /settlements/{id}/corrections': {
      path: `/settlements/${ID}/corrections`,
      json: { kind: 'reading', cause: 'clerk', description: 'رقم اشتباه' },
    },
    'get /settlements/{id}/corrections/{n}': { path: `/settlements/${ID}/corrections/1` },
    'post /settlements/{id}/corrections/{n}/submission': { path: `/settlements/${ID}/corrections/1/submission`, json: { reading: 1240 } },
    'post /settlements/{id}/corrections/{n}/withdrawal': {
      path: `/settlements/${ID}/corrections/1/withdrawal`,
      json: { note: 'درست بود' },
    },
    'post /settlements/{id}/corrections/{n}/verification': {
      path: `/settlements/${ID}/corrections/1/verification`,
      json: { accepted: true },
    },
    'post /settlements/{id}/corrections/{n}/approval': { path: `/settlements/${ID}/corrections/1/approval`, json: { accepted: true } },
    'post /settlements/{id}/cancellation': { path: `/settlements/${ID}/cancellation`, json: { reason: 'اشتراک اشتباه' } },
    'post /settlements/{id}/refund': { path: `/settlements/${ID}/refund`, json: { reason: 'درخواست مالک' } },
    'post /settlements/{id}/refund/confirmation': { path: `/settlements/${ID}/refund/confirmation`, json: {} },
    'get /billing/feeds': { path: '/billing/feeds' },
    'post /billing/feeds/{kind}': { path: '/billing/feeds/accounts' },
    'post /billing/payments': {
      path: '/billing/payments',
      json: { eventId: 'e', subscription: '014999999999', paymentId: '123456', amount: 1, paidOn: '1405/09/01', reference: 'r' },
    },
    'get /billing/payments': { path: '/billing/payments?outcome=unknown' },
    'get /indicators': { path: '/indicators?by=office' },
    'get /access-log': { path: `/access-log?subscription=${SUBSCRIPTION}` },
    'get /reports': { path: '/reports' },
    'post /reports/{month}': { path: '/reports/1405-08' },
    'get /reports/{month}.pdf': { path: '/reports/1405-08.pdf' },
    'get /reports/{month}.xlsx': { path: '/reports/1405-08.xlsx?edition=1' },
    'get /corrective-actions': { path: '/corrective-actions?status=opened&month=1405-09' },
    'post /corrective-actions': { path: '/corrective-actions', json: { scope: 'other', subject: 'خطای نام‌ها', reason: 'شکایت مشترکان' } },
    'get /corrective-actions/{n}': { path: '/corrective-actions/1' },
    'post /corrective-actions/{n}/meeting': {
      path: '/corrective-actions/1/meeting',
      json: { on: '1405/09/10', participants: ['مریم احمدی'] },
    },
    'post /corrective-actions/{n}/action': { path: '/corrective-actions/1/action', json: { done: 'آموزش داده شد' } },
    'post /corrective-actions/{n}/effect': { path: '/corrective-actions/1/effect', json: { effective: true, note: 'خطایی نبود' } },
    'post /corrective-actions/{n}/closure': { path: '/corrective-actions/1/closure', json: { outcome: 'effective', report: 'پایان' } },
    'get /billing/cycles': { path: '/billing/cycles' },
    'post /billing/cycles/{cycle}/opening': {
      path: '/billing/cycles/12-1405-05/opening',
      json: { eventId: 'open-1', closesOn: '1405/09/20' },
    },
    'get /billing/cycles/{cycle}/postings': { path: '/billing/cycles/12-1405-05/postings' },
    'post /billing/cycles/{cycle}/acknowledgements': {
      path: '/billing/cycles/12-1405-05/acknowledgements',
      json: { eventId: 'ack-1', batch: 1, count: 1, sum: 49000, items: [{ posting: `${ID}/fee`, outcome: 'taken', billSerial: 'B-1' }] },
    },
    'get /session': { path: '/session' },
    'get /session/options': { path: '/session/options' },
    'get /session/sign-on': { path: '/session/sign-on' },
    'get /session/sign-on/answer': { path: '/session/sign-on/answer' },
    'get /people': { path: '/people?query=مریم' },
    'post /people': { path: '/people', json: { id: 'n.kazemi', name: 'نرگس کاظمی', office: '12', roles: ['clerk'] } },
    'get /people/{id}': { path: `/people/${PERSON.id}` },
    'post /people/{id}': { path: `/people/${PERSON.id}`, json: { active: false } },
    'post /people/{id}/qualifications': {
      path: `/people/${PERSON.id}/qualifications`,
      json: { code: 'secondCopy', validFrom: '1405/01/01' },
    },
    'post /people/{id}/password-reset': { path: `/people/${PERSON.id}/password-reset` },
    'get /tariffs': { path: '/tariffs' },
    'post /tariffs/check': { path: '/tariffs/check', json: { document: TARIFF_DOCUMENT } },
    'post /tariffs': { path: '/tariffs', json: { document: TARIFF_DOCUMENT } },
    'get /tariffs/{version}': { path: '/tariffs/1397' },
    'post /tariffs/{version}/publication': { path: '/tariffs/1397/publication', json: { proposal: 7 } },
    'delete /tariffs/{version}/proposal': { path: '/tariffs/1397/proposal' },
    'post /tariffs/steps': { path: '/tariffs/steps', json: STEP_TABLE },
    'get /terms': { path: '/terms?on=1405/09/04' },
    'post /terms/check': { path: '/terms/check', json: TERMS },
    'post /terms': { path: '/terms', json: TERMS },
    'get /fee-resolutions': { path: '/fee-resolutions' },
    'post /fee-resolutions': { path: '/fee-resolutions', json: { ...RESOLUTION, number: '1405/13', illustrative: undefined } },
    'post /fee-resolutions/{proposal}/confirmation': { path: '/fee-resolutions/7/confirmation', json: {} },
    'delete /fee-resolutions/{proposal}': { path: '/fee-resolutions/7' },
    'post /session': { path: '/session', json: { user: PERSON.id, password: PASSWORD } },
    'post /session/password': { path: '/session/password', json: { current: PASSWORD, next: 'lantern-orbit-77' } },
    'delete /session': { path: '/session' },
    'post /codec/decode': { path: '/codec/decode', json: { payloads: [{ metadata: {}, data: 'e30=' }] } },
    'post /codec/{key}/decode': { path: `/codec/${PRACTICE_KEY}/decode`, json: { payloads: [] } },
  };

  test.each(ROUTES.map((row) => [`${row.method} ${row.path}`, row] as const))('%s', async (name, row) => {
    const sample = samples[name];
    if (!sample) throw new Error(`no sample of ${name}`);
    const path = `/api/v1${sample.path}`;
    const method = row.method.toUpperCase();
    const json = sample.json === undefined ? {} : { json: sample.json };
    if (row.path.endsWith('/events')) {
      // its answer stays open: the heads are enough here
      for (const role of ROLES) {
        const allowed = (row.roles as readonly string[]).includes(role);
        const head = await api.call('HEAD', path, { as: { ...CLERK, role } });
        expect([role, head.status]).toEqual([role, allowed ? 200 : 403]);
      }
      return;
    }
    const anonymous = await api.call(method, path, json);
    if (row.roles === 'anyone') {
      // no provider of identities is configured here
      if (row.forBrowsers) expect(anonymous.status).toBe(404);
      else expect(anonymous.status).toBeLessThan(300);
      return;
    }
    expect(anonymous).toMatchObject({ status: 401, body: { code: 'UNAUTHENTICATED' } });
    expect(anonymous.headers.get('www-authenticate')).toBe('Bearer');
    for (const role of ROLES) {
      // whoever is named for a corrective action may act in it; this one names nobody
      const named = /^\/corrective-actions\/\{n\}(\/action)?$/.test(row.path);
      const allowed = named ? role === 'supervisor' || role === 'quality' : row.roles === 'everyone' || row.roles.includes(role);
      const feed = row.streams ? { body: 'a\n1\n', headers: { 'content-type': 'text/csv' } } : {};
      const { status } = await api.call(method, path, { as: { ...CLERK, role }, ...json, ...feed });
      expect([role, status < 300]).toEqual([role, allowed]);
      if (!allowed) expect(status).toBe(403);
    }
  });

  test.each([
    ['nothing after Bearer', 'Bearer '],
    ['another scheme', 'Basic YTpi'],
    ['not a token', 'Bearer abc.def.ghi'],
    [
      'an unsigned token',
      `Bearer ${Buffer.from('{"alg":"none"}').toString('base64url')}.${Buffer.from('{"sub":"x"}').toString('base64url')}.`,
    ],
  ])('%s → 401', async (_what, authorization) => {
    expect((await api.call('GET', '/api/v1/session', { headers: { authorization } })).status).toBe(401);
  });

  test("the page's cookie: set from a token, of no use to another site", async () => {
    const opened = await api.call('POST', '/api/v1/session', { as: CLERK });
    expect(opened.status).toBe(204);
    const set = opened.headers.get('set-cookie') ?? '';
    expect(set).toMatch(/^tasvieh_session=.+HttpOnly; SameSite=Strict/);
    const cookie = set.split(';')[0] ?? '';
    expect(await api.call('GET', '/api/v1/session', { headers: { cookie } })).toMatchObject({ status: 200, body: CLERK });
    const from = (site: string) =>
      api.call('POST', '/api/v1/requests', { json: { subscription: SUBSCRIPTION }, headers: { cookie, 'sec-fetch-site': site } });
    expect((await from('same-origin')).status).toBe(201);
    expect((await from('cross-site')).status).toBe(403);
  });
});

describe('the service itself', () => {
  test('health and readiness, at the root and under the API', async () => {
    for (const root of ['', '/api/v1']) {
      expect(await api.call('GET', `${root}/healthz`)).toMatchObject({ status: 200, body: { status: 'ok', version: '0.1.0' } });
      expect((await api.call('GET', `${root}/readyz`)).status).toBe(200);
    }
    api.deps.ready = async () => ({ ready: false, checks: { postgres: 'away' } });
    expect(await api.call('GET', '/readyz')).toMatchObject({ status: 503, body: { checks: { postgres: 'away' } } });
  });

  test('the metrics are for Prometheus: by its token, or without one from this machine alone', async () => {
    const asked = async (access: (typeof api.deps.metrics)['access'], headers: Record<string, string> = {}) => {
      api.deps.metrics = { ...api.deps.metrics, access };
      return api.call('GET', '/metrics', { headers });
    };
    const open = await asked({ token: null, loopback: true });
    expect([open.status, open.text]).toEqual([200, 'tasvieh_build_info 1\n']);
    expect((await asked({ token: null, loopback: true }, { 'x-forwarded-proto': 'https' })).status).toBe(403);
    expect((await asked({ token: null, loopback: false })).status).toBe(403);
    expect((await asked({ token: 'scrape', loopback: true })).status).toBe(401);
    expect((await asked({ token: 'scrape', loopback: false }, { authorization: 'Bearer scrape' })).status).toBe(200);
  });

  test('each answer is counted by its route, whatever the address says', async () => {
    const seen: string[] = [];
    const counted = await startApi({
      metrics: { ...api.deps.metrics, answered: ({ method, route, status }) => void seen.push(`${method} ${route} ${status}`) },
    });
    try {
      await counted.call('GET', `/api/v1/settlements/${ID}`, { as: CLERK });
      await counted.call('GET', '/api/v1/nowhere/0932833810');
      await fetch(`${counted.url}/api/v1/settlements`, { method: 'PROPFIND' });
    } finally {
      await counted.server.close();
    }
    expect(seen).toEqual(['GET /settlements/{id} 200', 'GET unmatched 404', 'other /settlements 405']);
  });

  test("headers: no powered-by, a policy, a request id of one's own", async () => {
    const { headers } = await api.call('GET', '/healthz', { headers: { 'x-request-id': 'my-request-1' } });
    expect(headers.get('x-powered-by')).toBeNull();
    expect(headers.get('content-security-policy')).toContain("default-src 'self'");
    expect(headers.get('x-request-id')).toBe('my-request-1');
    expect((await api.call('GET', '/healthz', { headers: { 'x-request-id': 'a b' } })).headers.get('x-request-id')).toMatch(
      /^[0-9a-f-]{36}$/,
    );
  });

  test('the log names routes, not people', async () => {
    api.log.length = 0;
    await api.call('GET', `/api/v1/accounts?query=${NATIONAL_ID}`, { as: CLERK });
    await api.call('GET', `/api/v1/accounts/${SUBSCRIPTION}`, { as: CLERK });
    await api.call('POST', '/api/v1/settlements', { as: CLERK, json: request() });
    const log = api.log.join('');
    expect(log).toContain('"route":"/accounts/{subscription}"');
    expect(log).toContain('"operator":"c1"');
    // a settlement is found by its id, which begins with the subscription; nothing else of the subscriber is there
    expect(log).toContain(`"settlement":"${ID}"`);
    for (const secret of [NATIONAL_ID, SUBSCRIPTION, 'کریمی', 'eyJ']) expect(log.replaceAll(ID, '')).not.toContain(secret);
  });

  test('the document names every route, role and problem', async () => {
    const { status, body } = await api.call('GET', '/openapi.json');
    expect(status).toBe(200);
    expect(body.openapi).toBe('3.1.0');
    for (const row of ROUTES) {
      const operation = body.paths[row.path][row.method];
      if (Array.isArray(row.roles)) expect(operation['x-roles']).toEqual(row.roles);
      expect(Object.keys(operation.responses)).toEqual(expect.arrayContaining(Object.keys(row.answers)));
    }
    const ids = Object.values(body.paths as Record<string, Record<string, { operationId: string }>>).flatMap((p) =>
      Object.values(p).map((o) => o.operationId),
    );
    expect(new Set(ids).size).toBe(ids.length);
    const text = JSON.stringify(body);
    for (const code of PROBLEM_CODES) expect(text).toContain(code);
    // every reference leads somewhere
    for (const [, name] of text.matchAll(/"#\/components\/schemas\/(\w+)"/g)) expect(Object.keys(body.components.schemas)).toContain(name);
    expect(body.components.schemas.SettlementRequest.additionalProperties).toBe(false);
    expect(body.components.schemas.SettlementRequest.required).not.toContain('confirmations');
    expect(text).not.toMatch(/https?:/);
    expectSchema('#/components/schemas/SettlementRequest', body.components.schemas.SettlementRequest.examples[0]);
  });

  test('the contract check refuses what the document does not promise', () => {
    const view = viewSettlement(announced());
    expectSchema('#/components/schemas/Settlement', view);
    expect(() => expectSchema('#/components/schemas/Settlement', { ...view, nationalId: '1' })).toThrow(/nationalId/);
    expect(() => expectSchema('#/components/schemas/Settlement', { ...view, bill: { ...view.bill, total: '1' } })).toThrow();
    const { steps: _steps, ...without } = view;
    expect(() => expectSchema('#/components/schemas/Settlement', without)).toThrow(/steps/);
  });

  test.each(['', '/api/v1'])('the page %s/docs comes from here alone', async (root) => {
    const page = await api.call('GET', `${root}/docs`);
    expect(page.status).toBe(200);
    const sources = [...page.text.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, source]) => source ?? '');
    expect(sources).toHaveLength(4);
    for (const source of sources) {
      const file = await api.call('GET', new URL(source, `http://x${root}/docs`).pathname);
      expect([source, file.status]).toEqual([source, 200]);
    }
    // no inline script: the policy would stop it
    expect(page.text).not.toMatch(/<script>/);
    expect((await api.call('GET', `${root}/docs/initializer.js`)).text).toContain('validatorUrl: null');
  });
});
