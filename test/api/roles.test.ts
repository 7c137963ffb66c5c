import { readFileSync } from 'node:fs';
import { ROUTES, SERVICE_ROUTES } from '../../src/api/routes';
import { type Operator, ROLES, type Role } from '../../src/domain/settlement/settlement';
import {
  CLERK,
  ID,
  PASSWORD,
  PERSON,
  PRACTICE_KEY,
  request,
  RESOLUTION,
  snapshot,
  startApi,
  STEP_TABLE,
  SUBSCRIPTION,
  TARIFF_DOCUMENT,
  task,
  TERMS,
  type Answered,
  type TestApi,
} from './fixture';

/**
 * Who may make which call, written down a second time and not read from the routes: nothing more is allowed than this
 * table says. c clerk, s supervisor, a approver, q quality, b billing, m admin; `own`: a clerk and a supervisor of another
 * office are refused (or, of a list, see nothing of it); `all`: no office in it.
 */
const TABLE: Record<string, [roles: string, office: 'own' | 'all', json?: unknown, path?: string]> = {
  'get /accounts': ['cs....', 'own', undefined, '/accounts?query=علی'],
  'get /accounts/{subscription}': ['cs....', 'own'],
  'post /requests': ['c.....', 'all', { subscription: SUBSCRIPTION }],
  'post /settlements/preview': ['c.....', 'all', request()],
  'post /settlements': ['c.....', 'own', request()],
  'get /settlements': ['csaq.m', 'own', undefined, '/settlements?office=12'],
  'get /settlements/{id}': ['csaq.m', 'own'],
  'get /settlements/{id}/events': ['csaq.m', 'own'],
  // another office's settlement ends at once: events.test.ts
  'get /events': ['csaq.m', 'all', undefined, `/events?settlements=${ID}:0`],
  'get /settlements/{id}/bill.pdf': ['csaq.m', 'own'],
  'get /settlements/{id}/clearance.pdf': ['csaq.m', 'own'],
  'post /settlements/{id}/delivery': ['c.....', 'own', { deliveredTo: 'علی', channel: 'post' }],
  'post /settlements/{id}/overrides': [
    '.s....',
    'own',
    { code: 'OUTSIDE_OUTER_BAND', reason: 'دوباره خوانده شد' },
    '/settlements/014123456701-14050905/overrides',
  ],
  'post /settlements/{id}/successor': ['.s....', 'own', { ...request(), reason: 'پس از پرداخت برگشت' }],
  'post /settlements/{id}/corrections': ['cs..b.', 'own', { kind: 'reading', cause: 'clerk', description: 'رقم اشتباه' }],
  'get /settlements/{id}/corrections/{n}': ['csaq.m', 'own'],
  'post /settlements/{id}/corrections/{n}/submission': ['cs..b.', 'own', { reading: 1240 }],
  'post /settlements/{id}/corrections/{n}/withdrawal': ['cs..b.', 'own', { note: 'درست بود' }],
  'post /settlements/{id}/corrections/{n}/verification': ['.saq..', 'own', { accepted: true }],
  'post /settlements/{id}/corrections/{n}/approval': ['..a...', 'own', { accepted: true }],
  'post /settlements/{id}/cancellation': ['.s....', 'own', { reason: 'اشتراک اشتباه' }],
  'post /settlements/{id}/refund': ['.s....', 'own', { reason: 'درخواست مالک' }],
  'post /settlements/{id}/refund/confirmation': ['.sa...', 'own', {}],
  'get /tasks': ['csaqbm', 'own', undefined, '/tasks?office=12'],
  'post /tasks/assignment': ['.s....', 'own', { tasks: [`deliver.${ID}`], to: 'c2' }],
  'post /tasks/{id}/assignment': ['.s....', 'own', { to: 'c2' }],
  // who has it, whom it waits for, and the supervisor: this one waits for a supervisor and nobody has it
  'post /tasks/{id}/closure': ['.s....', 'own', { note: 'علت بررسی شد' }, `/tasks/breached.${ID}/closure`],
  'get /billing/unsent': ['cs..b.', 'own', undefined, '/billing/unsent?office=12'],
  'get /billing/feeds': ['.s.qbm', 'all'],
  // a ledger's sums are another office's too: nobody at a counter changes them
  'post /billing/feeds/{kind}': ['....b.', 'all'],
  'post /billing/payments': [
    '....b.',
    'all',
    { eventId: 'e', subscription: '014999999999', paymentId: '123456', amount: 1, paidOn: '1405/09/01', reference: 'r' },
  ],
  'get /billing/payments': ['.s..b.', 'all'],
  'get /billing/cycles': ['.s.qbm', 'all'],
  'post /billing/cycles/{cycle}/opening': ['....b.', 'all', { eventId: 'open-1', closesOn: '1405/09/20' }],
  'get /billing/cycles/{cycle}/postings': ['....b.', 'all'],
  'post /billing/cycles/{cycle}/acknowledgements': [
    '....b.',
    'all',
    { eventId: 'ack-1', batch: 1, count: 1, sum: 49000, items: [{ posting: `${ID}/fee`, outcome: 'taken', billSerial: 'B-1' }] },
  ],
  'get /indicators': ['.saq.m', 'own', undefined, '/indicators?office=12'],
  'get /access-log': ['...q.m', 'all'],
  'get /reports': ['.s.q.m', 'all'],
  'get /reports/{month}.pdf': ['.s.q.m', 'all'],
  'get /reports/{month}.xlsx': ['.s.q.m', 'all'],
  'post /reports/{month}': ['.s.q.m', 'all'],
  'get /corrective-actions': ['.s.q..', 'all'],
  'post /corrective-actions': ['...q..', 'all', { scope: 'other', subject: 'خطای نام‌ها', reason: 'شکایت مشترکان' }],
  'get /corrective-actions/{n}': ['.s.q..', 'all'],
  'post /corrective-actions/{n}/meeting': ['.s.q..', 'all', { on: '1405/09/10', participants: ['مریم احمدی'] }],
  'post /corrective-actions/{n}/action': ['.s.q..', 'all', { done: 'آموزش داده شد' }],
  'post /corrective-actions/{n}/effect': ['.s.q..', 'all', { effective: true, note: 'خطایی نبود' }],
  'post /corrective-actions/{n}/closure': ['.s.q..', 'all', { outcome: 'effective', report: 'پایان' }],
  'get /people': ['.s...m', 'own', undefined, '/people?office=12'],
  'post /people': ['.....m', 'all', { id: 'n.kazemi', name: 'نرگس کاظمی', office: '12', roles: ['clerk'] }],
  'get /people/{id}': ['.s...m', 'own'],
  'post /people/{id}': ['.....m', 'all', { active: false }],
  'post /people/{id}/qualifications': ['.....m', 'all', { code: 'secondCopy', validFrom: '1405/01/01' }],
  'post /people/{id}/password-reset': ['.....m', 'all'],
  'get /tariffs': ['.saq.m', 'all'],
  'post /tariffs/check': ['.....m', 'all', { document: TARIFF_DOCUMENT }],
  'post /tariffs': ['.....m', 'all', { document: TARIFF_DOCUMENT }],
  'get /tariffs/{version}': ['.saq.m', 'all'],
  'post /tariffs/{version}/publication': ['.....m', 'all', { proposal: 7 }],
  'delete /tariffs/{version}/proposal': ['.....m', 'all'],
  'post /tariffs/steps': ['.....m', 'all', STEP_TABLE],
  'get /terms': ['csaq.m', 'all'],
  'post /terms/check': ['.....m', 'all', TERMS],
  'post /terms': ['.....m', 'all', TERMS],
  'get /fee-resolutions': ['.saq.m', 'all'],
  'post /fee-resolutions': ['.....m', 'all', { ...RESOLUTION, number: '1405/13', illustrative: undefined }],
  'post /fee-resolutions/{proposal}/confirmation': ['.....m', 'all', {}],
  'delete /fee-resolutions/{proposal}': ['.....m', 'all'],
  'post /codec/decode': ['.saq.m', 'all', { payloads: [] }],
  'get /session': ['csaqbm', 'all'],
  'post /session/password': ['csaqbm', 'all', { current: PASSWORD, next: 'lantern-orbit-77' }],
};
/** Without a token. */
const ANYONE = [
  'post /session',
  'delete /session',
  'get /session/options',
  'get /healthz',
  'get /readyz',
  'get /metrics',
  'post /codec/{key}/decode',
];
/** Not there unless a provider is configured; see sign-on.test.ts. */
const SIGN_ON = ['get /session/sign-on', 'get /session/sign-on/answer'];
/** Kept by the store or the workflow, on which the fixture has no say: their own tests hold the offices apart. */
const OFFICE_ELSEWHERE = new Set(['get /accounts', 'post /settlements', 'post /tasks/assignment', 'get /tasks']);

const LETTERS: Record<Role, string> = { clerk: 'c', supervisor: 's', approver: 'a', quality: 'q', billing: 'b', admin: 'm' };
const PLACES: Record<string, string> = {
  subscription: SUBSCRIPTION,
  id: ID,
  n: '1',
  kind: 'accounts',
  cycle: '12-1405-05',
  month: '1405-08',
  version: '1397',
  proposal: '7',
};

let api: TestApi;
beforeAll(async () => {
  api = await startApi();
  // of an earlier settlement a supervisor may still accept a finding of another date
  api.deps.billing.account = async (subscription) => (subscription === SUBSCRIPTION ? snapshot('12') : null);
  api.deps.tasks.get = async (id) =>
    task({ id, ...(id.startsWith('breached') ? { kind: 'breached' as const, role: 'supervisor' as const } : {}) });
});
afterAll(() => api.server.close());

function call(name: string, as?: Operator, method?: string): Promise<Answered> {
  const [verb = '', path = ''] = name.split(' ');
  const [, , json, given] = TABLE[name] ?? [];
  const ids: Record<string, string> = path.startsWith('/people')
    ? { id: PERSON.id }
    : path.startsWith('/tasks')
      ? { id: `deliver.${ID}` }
      : PLACES;
  const address = given ?? path.replace(/\{(\w+)\}/g, (_, part: string) => ids[part] ?? PLACES[part] ?? '');
  const streams = name === 'post /billing/feeds/{kind}' ? { body: 'a\n1\n', headers: { 'content-type': 'text/csv' } } : {};
  return api.call(method ?? verb.toUpperCase(), `/api/v1${address}`, {
    ...(as && { as }),
    ...(json === undefined ? {} : { json }),
    ...streams,
  });
}
/** An event stream stays open: its heads are enough. */
const methodOf = (name: string): string | undefined => (name.endsWith('/events') ? 'HEAD' : undefined);
/** An answer that says that the caller may; what it then came to is not this test's matter. */
const mayCall = ({ status }: Answered): boolean => ![401, 403, 404].includes(status);

test('the table knows every route, and no other', () => {
  const routes = [...ROUTES, ...SERVICE_ROUTES].map(({ method, path }) => `${method} ${path}`);
  expect([...Object.keys(TABLE), ...ANYONE, ...SIGN_ON].sort()).toEqual([...routes].sort());
});

describe.each(Object.keys(TABLE))('%s', (name) => {
  const [letters, office] = TABLE[name] ?? ['', 'all'];

  test('no token, and a token that is none', async () => {
    expect((await call(name, undefined, methodOf(name))).status).toBe(401);
  });

  test.each(ROLES)('%s', async (role) => {
    const answer = await call(name, { ...CLERK, role }, methodOf(name));
    expect([role, mayCall(answer)]).toEqual([role, letters.includes(LETTERS[role])]);
    if (letters.includes(LETTERS[role])) expect(answer.status).toBeLessThan(300);
    // what billing has no part in is not even there for it
    else if (name === 'post /tasks/{id}/closure' && role === 'billing') expect(answer.status).toBe(404);
    else expect([answer.status, ...(methodOf(name) ? [] : [answer.body.code])]).toEqual([403, ...(methodOf(name) ? [] : ['FORBIDDEN'])]);
  });

  if (office === 'own' && !OFFICE_ELSEWHERE.has(name)) {
    test.each(ROLES.filter((role) => letters.includes(LETTERS[role])))('%s of another office', async (role) => {
      const stranger: Operator = { id: 'x9', name: 'ناشناس', role, office: '34' };
      const answer = await call(name, stranger, methodOf(name));
      const confined = role === 'clerk' || role === 'supervisor';
      if (!confined) return expect(mayCall(answer)).toBe(true);
      // another office's task is not even there
      // of a list the office is asked for; one thing of another office is not even there
      expect([role, answer.status]).toEqual([role, /\{\w+\}/.test(name) ? 404 : 403]);
      expect(answer.text).not.toContain('کریمی');
    });
  }
});

test('docs/api.md names the roles of the table of routes', () => {
  const said: Record<string, readonly Role[] | string> = {};
  let before: readonly Role[] | string = [];
  for (const [, method = '', address = '', who = ''] of readFileSync('docs/api.md', 'utf8').matchAll(
    /^\| (GET|POST|DELETE) ([^ |?]+?)(?:[?][^ |]*(?:\\\|[^ |]*)*)?(?:, [^|]*)? \| ((?:[^|\\]|\\\|)*) \|/gm,
  )) {
    if (/everyone|any session|of any role|who has it/.test(who)) before = 'everyone';
    else if (/anyone|Prometheus/.test(who)) before = 'anyone';
    else if (!who.startsWith('same')) before = ROLES.filter((role) => new RegExp(`\\b${role}\\b`).test(who));
    said[`${method.toLowerCase()} ${address.replace('{yyyy-mm}', '{month}')}`] = before;
  }
  const routes = [...ROUTES, ...SERVICE_ROUTES].map(({ method, path, roles }) => [
    `${method} ${path}`,
    typeof roles === 'string' ? roles : ROLES.filter((role) => roles.includes(role)),
  ]);
  expect(Object.keys(said).length).toBeGreaterThan(55);
  expect(said).toEqual(Object.fromEntries(routes.filter(([name]) => Object.hasOwn(said, name as string))));
});

test.each(ANYONE)('%s needs no token', async (name) => {
  const [method = '', path = ''] = name.split(' ');
  const json =
    name === 'post /session'
      ? { json: { user: PERSON.id, password: PASSWORD } }
      : name.startsWith('post /codec')
        ? { json: { payloads: [] } }
        : {};
  // the address of a practice installation's UI holds its key; the metrics have a token of their own, or this machine
  const address = path.replace('{key}', PRACTICE_KEY);
  expect((await api.call(method.toUpperCase(), `/api/v1${address}`, json)).status).toBeLessThan(300);
});

test.each(SIGN_ON)('%s is not there without a provider', async (name) => {
  expect((await call(name)).status).toBe(404);
});

test('no answer stays on the disk of a shared counter: every route says no-store, allowed or refused', async () => {
  const kept: string[] = [];
  for (const name of [...Object.keys(TABLE), ...ANYONE, ...SIGN_ON]) {
    const letters = TABLE[name]?.[0] ?? '';
    const allowed = ROLES.find((role) => letters.includes(LETTERS[role]));
    for (const as of allowed === undefined ? [undefined] : [undefined, { ...CLERK, role: allowed }]) {
      const { status, headers } = await call(name, as, methodOf(name));
      if (headers.get('cache-control') !== 'no-store') kept.push(`${name} ${status}: ${headers.get('cache-control')}`);
    }
  }
  expect(kept).toEqual([]);
});

test('a guessed id of another office gets the answer of one that is nowhere', async () => {
  const stranger: Operator = { ...CLERK, office: '34' };
  const there = await api.call('GET', `/api/v1/settlements/${ID}`, { as: stranger });
  const none = await api.call('GET', '/api/v1/settlements/014123456799-14050904', { as: stranger });
  expect([there.status, there.body]).toEqual([404, none.body]);
  // who acts for another office does not reach the workflow at all
  const asked: string[] = [];
  api.deps.temporal.act = async (_id, { name }) => {
    asked.push(name);
    throw new Error('reached');
  };
  for (const [path, json] of [
    ['corrections', { kind: 'reading', cause: 'clerk', description: 'رقم اشتباه' }],
    ['cancellation', { reason: 'اشتباه' }],
    ['refund', { reason: 'درخواست' }],
  ] as const) {
    expect((await api.call('POST', `/api/v1/settlements/${ID}/${path}`, { as: { ...stranger, role: 'supervisor' }, json })).status).toBe(
      404,
    );
  }
  expect(asked).toEqual([]);
});
