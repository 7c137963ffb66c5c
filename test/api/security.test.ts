import { createHmac } from 'node:crypto';
import { connect } from 'node:net';
import { parse as parseCsv } from 'csv-parse/sync';
import { SignJWT } from 'jose';
import { z } from 'zod';
import { createBillPrinter } from '../../src/document/bill';
import { ROUTES } from '../../src/api/routes';
import type { Route } from '../../src/api/route';
import { createTokens } from '../../src/api/tokens';
import { cleanText, latinDigits } from '../../src/domain/text';
import { type Operator, ROLES, type Settlement } from '../../src/domain/settlement/settlement';
import { createPostgresBilling } from '../../src/billing/postgres';
import { createAccessStore } from '../../src/store/access-log';
import { createCorrectiveActionStore } from '../../src/store/corrective-actions';
import { createIndicatorStore } from '../../src/store/indicators';
import { createOverrideStore } from '../../src/store/overrides';
import { createPaymentStore } from '../../src/store/payments';
import { createPeopleStore } from '../../src/store/people';
import { createPostingStore } from '../../src/store/postings';
import { createProposalStore } from '../../src/store/proposals';
import { createSessions } from '../../src/api/sessions';
import { createSignInStore } from '../../src/store/sign-in';
import { createTariffStore } from '../../src/store/tariffs';
import { createTaskStore } from '../../src/store/tasks';
import { createUnsentStore } from '../../src/store/unsent';
import { testDatabase, type TestDatabase } from '../billing/database';
import { readPdfs } from '../document/read-pdf';
import { settlement } from '../document/settlement-sample';
import {
  CLERK,
  ID,
  NOW,
  request,
  SECRET,
  startApi,
  SUBSCRIPTION,
  SUPERVISOR,
  task,
  unsent,
  type Answered,
  type Fakes,
  type TestApi,
} from './fixture';
import { hidden, HOSTILE, INVISIBLE, NEVER, partAt, type Path, sampleOf, textFields, textsIn, withAt } from './hostile';

let database: TestDatabase;
let api: TestApi;
/** All that any part of the service was asked, as JSON. */
const asked: string[] = [];

beforeAll(async () => {
  database = await testDatabase();
  const { pool } = database;
  const signIns = createSignInStore(pool);
  const accesses = createAccessStore(pool);
  const billing = createPostgresBilling(pool);
  api = await startApi({
    people: createPeopleStore(pool),
    signIns,
    sessions: createSessions(signIns, () => NOW),
    overrides: createOverrideStore(pool),
    payments: createPaymentStore(pool),
    correctiveActions: createCorrectiveActionStore(pool),
    postings: createPostingStore(pool),
    indicators: createIndicatorStore(pool),
    proposals: createProposalStore(pool),
    tariffs: createTariffStore(pool),
    unsent: createUnsentStore(pool),
    accessLog: { note: () => undefined, list: accesses.list },
  });
  const { tasks, billing: fed } = api.deps;
  api.deps.tasks = { ...createTaskStore(pool), get: tasks.get, close: tasks.close, takeUp: tasks.takeUp, noteHalt: tasks.noteHalt };
  api.deps.billing = { ...fed, findAccounts: billing.findAccounts };
  recordCalls(api.deps);
}, 60_000);
afterAll(async () => {
  await api?.server.close();
  await database?.stop();
});

/** Puts a listener before every function of the parts, which then work as before. */
function recordCalls(deps: Fakes): void {
  for (const part of [
    'temporal',
    'overrides',
    'payments',
    'people',
    'signIns',
    'tasks',
    'correctiveActions',
    'postings',
    'indicators',
    'proposals',
    'unsent',
    'billing',
    'accessLog',
    'settlements',
    'copies',
  ] as const) {
    const there = deps[part] as unknown as Record<string, (...args: unknown[]) => unknown>;
    const heard = Object.entries(there).map(([name, work]) => [
      name,
      typeof work === 'function' ? (...args: unknown[]) => (asked.push(JSON.stringify(args)), work(...args)) : work,
    ]);
    Object.assign(deps, { [part]: Object.fromEntries(heard) });
  }
  for (const name of ['preview', 'startWorkflow'] as const) {
    const work = deps[name] as (...args: unknown[]) => unknown;
    Object.assign(deps, { [name]: (...args: unknown[]) => (asked.push(JSON.stringify(args)), work(...args)) });
  }
}

const nameOf = ({ method, path }: Route): string => `${method} ${path}`;
const PLACES: Record<string, string> = {
  subscription: SUBSCRIPTION,
  id: ID,
  n: '1',
  kind: 'accounts',
  cycle: '12-1405-05',
  month: '1405-08',
  version: '1397',
  proposal: '7',
  key: '0f'.repeat(16),
};
const placeOf = ({ path }: Route, part: string): string =>
  part === 'id' && path.startsWith('/people')
    ? 'm.rezaei'
    : part === 'id' && path.startsWith('/tasks')
      ? `breached.${ID}`
      : (PLACES[part] ?? '1');
const addressOf = (row: Route, change: Record<string, string> = {}): string =>
  `/api/v1${row.path.replace(/\{(\w+)\}/g, (_, part: string) => encodeURIComponent(change[part] ?? placeOf(row, part)))}`;
const operatorOf = ({ roles, path }: Route): Operator => ({
  ...CLERK,
  // nobody accepts a finding of the own request
  ...(path.endsWith('/overrides') && { id: 's1' }),
  role: (Array.isArray(roles) ? roles : ROLES)[0] as Operator['role'],
});
type Json = Parameters<typeof sampleOf>[0];
const schemas = new Map<z.ZodType, Json>();
function jsonOf(schema: z.ZodType): Json {
  const json = schemas.get(schema) ?? (z.toJSONSchema(schema, { io: 'input' }) as Json);
  schemas.set(schema, json);
  return json;
}
/** Streams stay open, feeds are no JSON: both have tests of their own. */
const CALLABLE = ROUTES.filter((row) => !row.path.endsWith('/events') && row.streams === undefined && !row.forBrowsers);
const WITH_BODY = CALLABLE.filter((row) => row.body !== undefined);

async function send(
  row: Route,
  { body, query, params }: { body?: unknown; query?: Record<string, string>; params?: Record<string, string> },
): Promise<Answered> {
  const search = query ? `?${new URLSearchParams(query).toString()}` : '';
  return api.call(row.method.toUpperCase(), `${addressOf(row, params)}${search}`, {
    ...(row.roles === 'anyone' ? {} : { as: operatorOf(row) }),
    ...(body === undefined ? {} : { json: body }),
  });
}

let people = 0;
/** A body of the row with `text` at `path`; what the rules between fields ask for beside it is added. */
async function sendBody(row: Route, path: Path, text: unknown): Promise<Answered> {
  const json = jsonOf((row.body as NonNullable<Route['body']>).schema);
  const known: Record<string, unknown> =
    json.properties && 'settlementDate' in json.properties && 'documents' in json.properties && (json.required ?? []).includes('applicant')
      ? request()
      : {};
  // what stands under an id already is not recorded anew
  const anew = json.properties && 'id' in json.properties ? { id: `p${people++}` } : {};
  let body = withAt({ ...(sampleOf(json, path) as object), ...known, ...anew }, path, text);
  for (let round = 0; ; round++) {
    const answer = await send(row, { body });
    const errors = answer.status === 422 ? (answer.body as { errors: { field: string; code: string }[] }).errors : [];
    const missing = errors.filter(({ code, field }) => code === 'REQUIRED' && field !== path.join('.'));
    if (missing.length === 0 || round === 3) return answer;
    for (const { field } of missing) {
      const at = field.split('.').map((part) => (/^\d+$/.test(part) ? Number(part) : part));
      body = withAt(body, at, sampleOf(partAt(json, at)));
    }
  }
}

/** No answer may fail, tell of the inside, or carry what no text may hold. */
function expectHarmless(what: string, { status, text, body, headers }: Answered): void {
  expect([what, status >= 500 ? `${status} ${text}` : 'no failure']).toEqual([what, 'no failure']);
  expect([what, /syntax error|relation "|invalid byte|node_modules|at .*\.ts:/.exec(text)?.[0]]).toEqual([what, undefined]);
  for (const [path, each] of textsIn(body)) expect([what, path, NEVER.test(each)]).toEqual([what, path, false]);
  expect([what, headers.get('x-content-type-options')]).toEqual([what, 'nosniff']);
}

describe('every text field of every call, found in the table of routes', () => {
  const fields = ROUTES.flatMap((row) =>
    (['body', 'query', 'params'] as const).flatMap((place) =>
      textFields(place === 'body' ? row.body?.schema : row[place]).map((field) => ({
        row,
        place,
        ...field,
        name: `${nameOf(row)} ${place} ${field.path.join('.')}`,
      })),
    ),
  );
  /** What goes over the wire; each invisible sign is looked at where the schema is. */
  const { nul = '', override = '', half = '' } = INVISIBLE;
  const SENT = { ...HOSTILE, nul, override, half };
  /** Read as they are: a password is whatever its owner types, a receipt is signed, payloads are base64, a posting is one of its batch or refused. */
  const AS_TYPED = / (password|current|next|request|items\.0\.posting|payloads\.0\.(data|metadata))$/;
  /** Names what is looked up: nothing else hears of it. */
  const LOOKED_UP = new Set(['post /tariffs/check against', 'post /tariffs/steps base']);

  test('there are as many as there were, or more', () => {
    expect(fields.length).toBeGreaterThan(150);
    expect(new Set(fields.map(({ name }) => name)).size).toBeGreaterThan(140);
  });

  test('invisible signs are taken out or refused', () => {
    const taken: string[] = [];
    for (const { name, schema, free, row, place, path } of fields) {
      if (AS_TYPED.test(name)) continue;
      const right = sampleOf(partAt(jsonOf((place === 'body' ? row.body?.schema : row[place]) as z.ZodType), path));
      for (const [what, text] of [...Object.entries(INVISIBLE), ...hidden(typeof right === 'string' ? right : 'متن')]) {
        for (const value of free ? [{ [text]: 1 }, { nested: [{ label: text }] }] : [text]) {
          const read = schema.safeParse(value);
          if (
            read.success &&
            [...textsIn(free ? [read.data, Object.keys(read.data as object)] : { read: read.data })].some(([, each]) => NEVER.test(each))
          )
            taken.push(`${name}: ${what}`);
        }
      }
    }
    expect(taken).toEqual([]);
  });

  test.each(WITH_BODY.map((row) => [nameOf(row), row] as const))(
    '%s: what its body may hold arrives as it was typed, and harms nothing',
    async (_name, row) => {
      for (const { path, free } of textFields(row.body?.schema)) {
        const place = `body ${path.join('.')}`;
        for (const [what, text] of Object.entries(SENT)) {
          asked.length = 0;
          const answer = await sendBody(row, path, free ? { [text]: text, nested: { label: text } } : text);
          expectHarmless(`${place} ${what}`, answer);
          if (answer.status >= 300 || AS_TYPED.test(` ${path.join('.')}`) || free || LOOKED_UP.has(`${nameOf(row)} ${path.join('.')}`))
            continue;
          const heard = asked.join('\n') + answer.text;
          const clean = cleanText(text);
          // words to be found are folded, references are in Latin digits
          expect([
            place,
            what,
            [clean, latinDigits(clean)].some(
              (each) =>
                heard.includes(JSON.stringify(each).slice(1, -1)) ||
                heard.includes(JSON.stringify(JSON.stringify(each).slice(1, -1)).slice(1, -1)),
            ),
          ]).toEqual([place, what, true]);
          for (const line of asked)
            for (const [, said] of textsIn(JSON.parse(line))) expect([place, what, NEVER.test(said)]).toEqual([place, what, false]);
        }
      }
    },
  );

  test.each(CALLABLE.filter(({ query, params }) => query ?? params).map((row) => [nameOf(row), row] as const))(
    '%s: nor does what its address may hold',
    async (_name, row) => {
      const body = row.body && !row.body.optional ? sampleOf(jsonOf(row.body.schema)) : undefined;
      for (const place of ['query', 'params'] as const) {
        for (const { path } of textFields(row[place])) {
          const [part] = path as [string];
          for (const [what, text] of [
            ...Object.entries(SENT),
            ...hidden(PLACES[part] ?? '12').filter(([kind]) => kind.startsWith('nul')),
          ]) {
            // a half character cannot be written in an address
            if (what === 'half') continue;
            const required = row.query ? (sampleOf(jsonOf(row.query)) as Record<string, string>) : {};
            expectHarmless(
              `${place} ${part} ${what}`,
              await send(row, {
                ...(body !== undefined && { body }),
                query: place === 'query' ? { ...required, [part]: text } : required,
                ...(place === 'params' && { params: { [part]: text } }),
              }),
            );
          }
        }
      }
    },
  );

  test('what the database holds is what was typed, and nothing is missing', async () => {
    const typed = Object.values(HOSTILE);
    for (const [n, text] of typed.entries()) {
      const posted = (path: string, as: Operator, json: unknown) => api.call('POST', `/api/v1${path}`, { as, json });
      const answers = [
        await posted('/people', { ...CLERK, role: 'admin' }, { id: `typed-${n}`, name: text, office: text, roles: ['clerk'] }),
        await posted(
          '/billing/payments',
          { ...CLERK, role: 'billing' },
          { eventId: `typed-${n}`, subscription: '014999999999', paymentId: '123456', amount: 1, paidOn: '1405/09/01', reference: text },
        ),
        await posted('/settlements/014123456701-14050905/overrides', SUPERVISOR, {
          code: 'OUTSIDE_OUTER_BAND',
          reason: text,
          reading: 5_000 + n,
        }),
        await posted('/corrective-actions', { ...CLERK, role: 'quality' }, { scope: 'other', subject: text, reason: text }),
      ];
      for (const { status, text: said } of answers) expect([text, status, status < 300 ? '' : said]).toEqual([text, status, '']);
    }
    for (const table of ['app.users', 'app.payments', 'app.overrides', 'app.corrective_actions']) {
      const { rows } = await database.pool.query<{ row: unknown }>(`select to_jsonb(t) as row from ${table} t`);
      const texts = [...textsIn(rows)].map(([, text]) => text);
      for (const text of typed)
        expect([table, texts.includes(cleanText(text)) || texts.includes(latinDigits(cleanText(text))) ? text : texts]).toEqual([
          table,
          text,
        ]);
      expect(texts.filter((text) => NEVER.test(text))).toEqual([]);
    }
  });
});

describe('where texts leave', () => {
  test.each(ROUTES.filter((row) => [row.answers[200]?.media ?? []].flat().includes('text/csv')).map((row) => [nameOf(row), row] as const))(
    '%s as CSV: no cell is a formula',
    async (_name, row) => {
      const formulas = ['=1+1', '+1+1', '-1+1', '@SUM(1)', '\t=1+1', "=cmd|'/C calc'!A1", '"=1+1', '＝1+1'];
      for (const text of formulas) {
        const fakes = await startApi({
          unsent: {
            counts: async () => ({ waiting: 1, handedOver: 0, late: 0, refused: 0 }),
            page: async () => ({
              items: [unsent({ subscriber: text, office: text, reason: text, cycle: text, clerk: { id: text, name: text } })],
              next: null,
            }),
          },
          indicators: {
            ...api.deps.indicators,
            counts: async (order) =>
              (await startFakes()).indicators.counts(order).then((items) => items.map((item) => ({ ...item, group: text }))),
            risks: async () => ({ lateEntries: 0, lateEntryDays: 0, onStaleData: 0, unsent: 1, unsentLate: 0, overdueTasks: 0 }),
          },
          postings: {
            ...api.deps.postings,
            openedCycles: async ([cycle = '']) => [
              { cycle, eventId: 'open-1', closesOn: '1405/09/20', openedAt: NOW.toISOString(), closedAt: null },
            ],
            nextBatch: async () =>
              ({
                batch: 1,
                items: [
                  {
                    posting: `${ID}/fee`,
                    kind: 'nameChange',
                    settlement: ID,
                    subscription: SUBSCRIPTION,
                    amount: -5,
                    detail: { name: text, resolution: text, lines: [{ label: text }] },
                  },
                ],
              }) as never,
          },
        });
        try {
          const operator = { ...operatorOf(row), ...(row.path.startsWith('/billing') && { role: 'billing' as const }) };
          const answer = await fakes.call('GET', `${addressOf(row)}?format=csv${row.path === '/indicators' ? '&by=office' : ''}`, {
            as: operator,
          });
          expect([answer.status, answer.headers.get('content-type')]).toEqual([200, expect.stringMatching(/^text\/csv/)]);
          const lines: string[][] = parseCsv(answer.text.replace(/^\ufeff/, ''));
          const cells = lines.flat();
          expect(cells.some((cell) => cell.includes(text))).toBe(true);
          for (const cell of cells)
            expect([cell, /^[=+@\t\r＝＋－＠]/.test(cell) || (cell.startsWith('-') && !/^-\d+(\.\d+)?$/.test(cell))]).toEqual([
              cell,
              false,
            ]);
        } finally {
          await fakes.server.close();
        }
      }
    },
  );

  test('the bill prints every text that comes from people or feeds, and none as markup', () => {
    const standing = settlement({});
    const free = [...textsIn({ account: standing.account, facts: standing.facts })]
      .filter(([, text]) => /[آ-ی]/.test(text))
      .map(([path]) => path);
    expect(free.length).toBeGreaterThan(2);
    // the order of signs beside Persian is the script's matter
    const markup = Object.values(HOSTILE)
      .filter((text) => !/[آ-ی]/.test(text))
      .map(cleanText);
    const printer = createBillPrinter();
    const bills = readPdfs(
      markup.map((text) =>
        printer.bill({
          settlement: free.reduce<unknown>((whole, path) => withAt(whole, path.split('.'), text), standing) as Settlement,
          copy: false,
          void: false,
          paper: 'a5',
        }),
      ),
    );
    const flat = (all: string): string => all.replace(/\s/g, '');
    // as the subscriber's name and address, and the applicant's, at the least
    markup.forEach((text, i) => expect([text, flat(bills[i]?.text ?? '').split(flat(text)).length > 3]).toEqual([text, true]));
  });
});

/** The fixture's own parts, for what they answer. */
async function startFakes(): Promise<Fakes> {
  const { deps, server } = await startApi();
  await server.close();
  return deps;
}

describe('more rights than one has', () => {
  const CLAIMS = {
    role: 'admin',
    roles: ['admin'],
    office: '99',
    operator: { role: 'admin' },
    by: { id: 'm1' },
    clerk: { id: 'm1', office: '99' },
    id: 'm1',
    active: true,
    recordedBy: 'm1',
    confirmedBy: 'm1',
    status: 'settled',
    amount: 1,
    total: 1,
  };

  test.each(WITH_BODY.map((row) => [nameOf(row), row] as const))('%s takes no field that is not in its schema', async (_name, row) => {
    const schema = (row.body as NonNullable<Route['body']>).schema;
    const json = jsonOf(schema);
    // the payloads of the Temporal UI hold what they hold: nothing of it is read
    if (json['additionalProperties'] !== false) return expect(row.path).toMatch(/^\/codec/);
    for (const [field, value] of Object.entries(CLAIMS)) {
      if (json.properties && field in json.properties) continue;
      asked.length = 0;
      const answer = await send(row, { body: { ...(sampleOf(json) as object), [field]: value } });
      expect([
        field,
        answer.status,
        (answer.body as { errors: { field: string; code: string }[] }).errors.some(
          (error) => error.field === field && error.code === 'UNKNOWN_FIELD',
        ),
      ]).toEqual([field, 422, true]);
    }
    for (const key of ['__proto__', 'constructor', 'prototype']) {
      const answer = await api.call(row.method.toUpperCase(), addressOf(row), {
        ...(row.roles === 'anyone' ? {} : { as: operatorOf(row) }),
        body: JSON.stringify(sampleOf(json)).replace(/^\{/, `{"${key}":{"role":"admin"},`).replace(/,\}$/, '}'),
        headers: { 'content-type': 'application/json' },
      });
      expect([key, answer.status >= 500]).toEqual([key, false]);
    }
    expect(({} as { role?: string }).role).toBeUndefined();
  });

  test('who asks is who the token says: no header, query or body speaks for somebody else', async () => {
    const headers = {
      'x-operator': 'm1',
      'x-role': 'admin',
      'x-user': 'm1',
      'x-office': '34',
      'x-http-method-override': 'DELETE',
      'x-original-url': '/api/v1/people',
      'x-rewrite-url': '/api/v1/people',
    };
    expect((await api.call('GET', '/api/v1/session', { as: CLERK, headers })).body).toMatchObject({
      id: CLERK.id,
      role: 'clerk',
      office: '12',
    });
    expect((await api.call('GET', '/api/v1/people', { as: CLERK, headers })).status).toBe(403);
    asked.length = 0;
    expect((await api.call('POST', '/api/v1/settlements', { as: CLERK, json: request() })).status).toBeLessThan(300);
    expect(asked.some((line) => line.includes(`"clerk":${JSON.stringify(CLERK)}`))).toBe(true);
  });

  test('a clerk makes no roles, a supervisor none of the own, whatever the way', async () => {
    for (const as of [CLERK, SUPERVISOR]) {
      for (const [path, json] of [
        ['/people', { id: 'evil.one', name: 'کسی', office: '12', roles: ['admin'] }],
        [`/people/${as.id}`, { roles: ['admin'] }],
        ['/people/m.rezaei/password-reset', undefined],
      ] as const) {
        expect((await api.call('POST', `/api/v1${path}`, { as, ...(json && { json }) })).status).toBe(403);
      }
    }
  });
});

describe('another office’s data', () => {
  test('is not there by a guessed id: every call that names one', async () => {
    const stranger = { ...CLERK, id: 'x9', office: '34' };
    const named = CALLABLE.filter(
      (row) =>
        row.params &&
        Array.isArray(row.roles) &&
        (row.roles.includes('clerk') || row.roles.includes('supervisor')) &&
        /\{(id|subscription)\}/.test(row.path),
    );
    expect(named.length).toBeGreaterThan(15);
    // of a person and of a task of office 12
    await database.pool.query(
      `insert into app.users (id, name, search, office, roles, created_by) values ('m.rezaei', 'مریم رضایی', '', '12', '{clerk}', '{"id":"t","name":"t"}') on conflict do nothing`,
    );
    const { tasks } = api.deps;
    api.deps.tasks = { ...tasks, get: async (id) => task({ id, kind: 'breached', role: 'supervisor' }) };
    for (const row of named) {
      const role = (row.roles as readonly string[]).includes('clerk') ? 'clerk' : 'supervisor';
      const json = row.body && jsonOf(row.body.schema);
      const body = json && ((json.required ?? []).includes('applicant') ? { ...(sampleOf(json) as object), ...request() } : sampleOf(json));
      const answer = await api.call(row.method.toUpperCase(), addressOf(row), {
        as: { ...stranger, role: role },
        ...(body !== undefined && { json: body }),
      });
      // whatever else is wrong with a call is told after that
      expect([nameOf(row), [403, 404, 422].includes(answer.status)]).toEqual([nameOf(row), true]);
      expect([nameOf(row), /کریمی|رضایی|آزادی/.test(answer.text)]).toEqual([nameOf(row), false]);
    }
    api.deps.tasks = tasks;
  });
});

describe('bodies', () => {
  test.each(WITH_BODY.map((row) => [nameOf(row), row] as const))('%s: too deep, too large, no JSON', async (_name, row) => {
    const as = row.roles === 'anyone' ? {} : { as: operatorOf(row) };
    const post = (body: string) =>
      api.call(row.method.toUpperCase(), addressOf(row), { ...as, body, headers: { 'content-type': 'application/json' } });
    for (const [body, status, code] of [
      [`{"a":${'['.repeat(5_000)}${']'.repeat(5_000)}}`, 400, 'MALFORMED_JSON'],
      [`${'{"a":'.repeat(40)}1${'}'.repeat(40)}`, 400, 'MALFORMED_JSON'],
      ['{"a":1', 400, 'MALFORMED_JSON'],
      ['{"a":NaN}', 400, 'MALFORMED_JSON'],
    ] as const) {
      const answer = await post(body);
      expect([answer.status, answer.body.code]).toEqual([status, code]);
    }
    const limit = row.body?.limit === undefined ? 64 : Number.parseInt(row.body.limit, 10) * 1024;
    const large = await post(JSON.stringify({ a: 'x'.repeat(limit * 1024 + 1) }));
    expect([large.status, large.body.code]).toEqual([413, 'BODY_TOO_LARGE']);
  });

  test('many keys and long lists end soon, in one answer', async () => {
    const many = await api.call('POST', '/api/v1/settlements', {
      as: CLERK,
      json: Object.fromEntries(Array.from({ length: 4_000 }, (_, n) => [`k${n}`, n])),
    });
    expect(many.status).toBe(422);
    const long = await api.call('POST', '/api/v1/settlements', {
      as: CLERK,
      json: request({ documents: Array.from({ length: 10_000 }, () => 'x') }),
    });
    expect(long.status).toBe(422);
    expect((long.body as { errors: unknown[] }).errors.length).toBeLessThan(50);
  });

  test('a body that never comes is waited for a short time only', async () => {
    const wait = globalThis.setTimeout;
    // the API's own patience, shortened: the body does not come however long one waits
    const patience = jest
      .spyOn(globalThis, 'setTimeout')
      .mockImplementation((work: () => void, ms?: number) => wait(work, ms === 15_000 ? 20 : ms));
    try {
      const token = await api.tokens.issue(CLERK, { ttl: 60 });
      const answer = await raw(
        `POST /api/v1/settlements HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n{"a":`,
      );
      expect(answer).toMatch(/^HTTP\/1\.1 408 /);
      expect(answer).toContain('REQUEST_TIMEOUT');
      expect(answer).toMatch(/\r\nConnection: close\r\n/i);
    } finally {
      patience.mockRestore();
    }
  });
});

/** Bytes as they are, and the answer until the other side ends. */
function raw(bytes: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(api.server.port, '127.0.0.1', () => socket.write(bytes));
    let answer = '';
    socket.on('data', (chunk: Buffer) => (answer += chunk.toString()));
    socket.on('close', () => resolve(answer));
    socket.on('error', reject);
  });
}

describe('headers', () => {
  const statusOf = (bytes: string): Promise<string> => raw(bytes).then((answer) => /^HTTP\/1\.1 (\d+)/.exec(answer)?.[1] ?? answer);

  test('of two tokens none is chosen for its rights', async () => {
    const [clerk, admin] = await Promise.all(
      [CLERK, { ...CLERK, role: 'admin' as const }].map((operator) => api.tokens.issue(operator, { ttl: 60 })),
    );
    const who = async (lines: string): Promise<string> =>
      raw(`GET /api/v1/session HTTP/1.1\r\nHost: x\r\n${lines}Connection: close\r\n\r\n`);
    // the first header counts, as it does for a proxy before us
    expect(await who(`Authorization: Bearer ${clerk}\r\nAuthorization: Bearer ${admin}\r\n`)).toContain('"role":"clerk"');
    expect(await who(`Authorization: Bearer ${clerk}, Bearer ${admin}\r\n`)).toMatch(/^HTTP\/1\.1 401/);
    expect(await who(`Authorization: Bearer ${clerk} ${admin}\r\n`)).toMatch(/^HTTP\/1\.1 401/);
    // a bearer is what the caller says, a cookie what a browser adds
    expect(await who(`Authorization: Bearer ${clerk}\r\nCookie: tasvieh_session=${admin}\r\n`)).toContain('"role":"clerk"');
    expect(await who(`Authorization: Bearer a.b.c\r\nCookie: tasvieh_session=${admin}\r\n`)).toMatch(/^HTTP\/1\.1 401/);
  });

  test('two lengths, a length beside chunks, and a broken line are refused: a proxy may read them otherwise', async () => {
    const token = await api.tokens.issue(CLERK, { ttl: 60 });
    const head = `POST /api/v1/requests HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\nContent-Type: application/json\r\n`;
    for (const lines of [
      'Content-Length: 2\r\nContent-Length: 40\r\n',
      'Content-Length: 2\r\nTransfer-Encoding: chunked\r\n',
      'Transfer-Encoding : chunked\r\n',
      'X: a\r\n b\x00\r\n',
    ]) {
      expect([lines, await statusOf(`${head}${lines}\r\n{}`)]).toEqual([lines, '400']);
    }
    expect(await statusOf('GET /healthz HTTP/1.1\r\nConnection: close\r\n\r\n')).toBe('400');
  });

  test('huge cookies and headers are refused before anything is done', async () => {
    expect(await statusOf(`GET /api/v1/session HTTP/1.1\r\nHost: x\r\nCookie: a=${'x'.repeat(40_000)}\r\n\r\n`)).toBe('431');
    const many = Array.from({ length: 400 }, (_, n) => `c${n}=x`).join('; ');
    expect((await api.call('GET', '/api/v1/session', { headers: { cookie: many } })).status).toBe(401);
  });

  test('what the request says of its host and its way is repeated nowhere', async () => {
    const headers = {
      'x-forwarded-host': 'evil.example',
      'x-forwarded-proto': 'https',
      'x-forwarded-prefix': '/evil',
      forwarded: 'host=evil.example',
      'x-forwarded-for': '127.0.0.1',
    };
    const made = await api.call('POST', '/api/v1/settlements', { as: CLERK, json: request(), headers });
    expect(made.status).toBe(201);
    for (const path of ['/api/v1/session', '/openapi.json', '/docs', '/docs/', '/api/v1/session/sign-on', '/nowhere']) {
      const answer = await api.call('GET', path, { as: CLERK, headers });
      expect([path, `${JSON.stringify([...answer.headers])}${answer.text}`.includes('evil')]).toEqual([path, false]);
    }
    expect(`${JSON.stringify([...made.headers])}${made.text}`).not.toContain('evil');
    const host = await raw('GET /docs/ HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n');
    expect(host).toMatch(/^HTTP\/1\.1 308/);
    expect(host).not.toContain('evil');
    // nor does it open the metrics
    expect((await api.call('GET', '/metrics', { headers })).status).toBe(403);
  });
});

describe('tokens', () => {
  const key = new TextEncoder().encode(SECRET);
  const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const seconds = Math.floor(NOW.getTime() / 1000);
  const claims = {
    name: 'x',
    role: 'admin',
    office: '1',
    sub: 'm1',
    jti: 'j',
    iss: 'tasvieh',
    aud: 'tasvieh/session',
    iat: seconds,
    exp: seconds + 3600,
  };
  const header = async (): Promise<{ alg: string; kid: string }> =>
    JSON.parse(Buffer.from((await api.tokens.issue(CLERK, { ttl: 60 })).split('.')[0] ?? '', 'base64url').toString()) as {
      alg: string;
      kid: string;
    };
  const signed = async (change: Record<string, unknown>, protectedHeader: Record<string, unknown> = {}, by = key) =>
    new SignJWT({ ...claims, ...change }).setProtectedHeader({ ...(await header()), ...protectedHeader }).sign(by);
  const status = async (token: string): Promise<number> =>
    (await api.call('GET', '/api/v1/session', { headers: { authorization: `Bearer ${token}` } })).status;

  test('one made with everything right is taken: the others fail by what they change', async () => {
    expect(await status(await signed({}))).toBe(200);
  });

  test('forged, unsigned, foreign, ended and not yet valid ones open nothing', async () => {
    const { kid } = await header();
    const good = await api.tokens.issue(CLERK, { ttl: 60 });
    const [head = '', , signature = ''] = good.split('.');
    const other = new TextEncoder().encode('another secret, long enough for HS256 too');
    const forged = {
      'alg none': `${part({ alg: 'none', kid })}.${part(claims)}.`,
      'alg None': `${part({ alg: 'None', kid })}.${part(claims)}.`,
      'alg none with a signature': `${part({ alg: 'none', kid })}.${part(claims)}.${signature}`,
      'another key': await signed({}, {}, other),
      'no key id': await signed({}, { kid: undefined }),
      'another key id': await signed({}, { kid: '../../dev/null' }),
      'another algorithm of the same key': await signed({}, { alg: 'HS512' }),
      'its own key in the header': await signed({}, { jwk: { kty: 'oct', k: Buffer.from(other).toString('base64url') } }, other),
      'changed claims': `${head}.${part(claims)}.${signature}`,
      'no signature': `${head}.${part(claims)}.`,
      'an empty secret': `${part({ alg: 'HS256', kid })}.${part(claims)}.${createHmac('sha256', '')
        .update(`${part({ alg: 'HS256', kid })}.${part(claims)}`)
        .digest('base64url')}`,
      ended: await signed({ exp: seconds - 1 }),
      'without an end': await signed({ exp: undefined }),
      'not yet valid': await signed({ nbf: seconds + 3600 }),
      'another issuer': await signed({ iss: 'somebody' }),
      'no audience': await signed({ aud: undefined }),
      'a role that there is not': await signed({ role: 'king' }),
      'no id': await signed({ jti: undefined }),
      'no subject': await signed({ sub: undefined }),
      'a critical extension': await signed({}, { crit: ['exp'] }).catch(
        () => `${part({ alg: 'HS256', kid, crit: ['x'], x: 1 })}.${part(claims)}.${signature}`,
      ),
    };
    for (const [what, token] of Object.entries(forged)) expect([what, await status(token)]).toEqual([what, 401]);
  });

  test('each kind is good for its own purpose alone', async () => {
    const receipt = await api.tokens.issueReceipt({ subscription: SUBSCRIPTION, receivedAt: NOW.toISOString(), operator: 'm1' });
    const signOn = await api.tokens.issueSignOn({ state: 's', nonce: 'n', verifier: 'v', role: 'admin' }, 60);
    const session = await api.tokens.issue(CLERK, { ttl: 60 });
    for (const token of [receipt, signOn]) expect(await status(token)).toBe(401);
    for (const token of [session, signOn]) expect(await api.tokens.readReceipt(token)).toBeNull();
    for (const token of [session, receipt]) expect(await api.tokens.readSignOn(token)).toBeNull();
  });

  test('a token of a secret that is not listed any more', async () => {
    const before = createTokens('a secret of the year before, long enough', () => NOW);
    expect(await status(await before.issue(CLERK, { ttl: 60 }))).toBe(401);
  });

  test('one that was signed out is over for good, as a bearer and as a cookie', async () => {
    const token = await api.tokens.issue(CLERK, { ttl: 60 });
    expect(await status(token)).toBe(200);
    expect((await api.call('DELETE', '/api/v1/session', { headers: { authorization: `Bearer ${token}` } })).status).toBe(204);
    expect(await status(token)).toBe(401);
    expect((await api.call('GET', '/api/v1/session', { headers: { cookie: `tasvieh_session=${token}` } })).status).toBe(401);
    expect((await api.call('POST', '/api/v1/session', { headers: { authorization: `Bearer ${token}` } })).status).toBe(401);
  });

  test('a receipt is of use for its own subscriber alone, until it ends, and cannot be made', async () => {
    const issue = (subscription: string, now = NOW) =>
      createTokens(SECRET, () => now).issueReceipt({ subscription, receivedAt: now.toISOString(), operator: CLERK.id });
    const announce = async (receipt: string) => {
      const { status: answered, body } = await api.call('POST', '/api/v1/settlements', { as: CLERK, json: request({ request: receipt }) });
      return [answered, (body as { errors?: { field: string; code: string }[] }).errors?.map(({ field, code }) => `${field} ${code}`)];
    };
    const refused = [422, ['request RECEIPT_INVALID']];
    expect((await announce(await issue(SUBSCRIPTION)))[0]).toBe(201);
    const good = await issue(SUBSCRIPTION);
    const [head, , signature] = good.split('.');
    const early = part({
      subscription: SUBSCRIPTION,
      receivedAt: '2020-01-01T00:00:00.000Z',
      sub: CLERK.id,
      jti: 'j',
      iss: 'tasvieh',
      aud: 'tasvieh/receipt',
      exp: seconds + 60,
    });
    for (const receipt of [
      await issue('014123456702'),
      await issue(SUBSCRIPTION, new Date(NOW.getTime() - 13 * 3600_000)),
      `${head}.${early}.${signature}`,
      `${part({ alg: 'none' })}.${early}.`,
      await api.tokens.issue(CLERK, { ttl: 60 }),
    ]) {
      expect(await announce(receipt)).toEqual(refused);
    }
  });
});

describe('a page of another site', () => {
  const WRITING = ROUTES.filter(({ method, forTemporalUi, path }) => method !== 'get' && !forTemporalUi && path !== '/session');
  /** A browser over plain http in an office's network says no `Sec-Fetch-Site`, but it does say the origin. */
  const ORIGINS: [string, Record<string, string>][] = [
    ['cross-site', { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' }],
    ['same-site', { 'sec-fetch-site': 'same-site', origin: 'https://other.office.example' }],
    ['another host over http', { origin: 'http://evil.example' }],
    ['another port of this machine', { origin: 'http://127.0.0.1:1' }],
    ['no origin that can be told', { origin: 'null' }],
  ];

  test.each(ORIGINS)('%s: no writing call goes through by the cookie', async (_what, headers) => {
    for (const row of WRITING) {
      const cookie = `tasvieh_session=${await api.tokens.issue(operatorOf(row), { ttl: 60 })}`;
      asked.length = 0;
      const answer = await api.call(row.method.toUpperCase(), addressOf(row), { headers: { ...headers, cookie }, json: {} });
      expect([nameOf(row), answer.status, answer.body?.code]).toEqual([nameOf(row), 403, 'FORBIDDEN']);
      expect([nameOf(row), asked]).toEqual([nameOf(row), []]);
    }
    const token = await api.tokens.issue(CLERK, { ttl: 60 });
    for (const [method, json] of [
      ['DELETE', undefined],
      ['POST', { user: 'm.rezaei', password: 'x' }],
      ['POST', undefined],
    ] as const) {
      expect(
        (await api.call(method, '/api/v1/session', { headers: { ...headers, cookie: `tasvieh_session=${token}` }, ...(json && { json }) }))
          .status,
      ).toBe(403);
    }
    // reading is harmless, since no page of another origin may see the answer
    const read = await api.call('GET', '/api/v1/session', { headers: { ...headers, cookie: `tasvieh_session=${token}` } });
    expect([read.status, read.headers.get('access-control-allow-origin')]).toEqual([200, null]);
  });

  test('the own page and programs without a browser go through', async () => {
    const cookie = `tasvieh_session=${await api.tokens.issue(CLERK, { ttl: 60 })}`;
    for (const headers of [{ 'sec-fetch-site': 'same-origin', origin: api.url }, { origin: api.url }, {}] as Record<string, string>[]) {
      expect(
        (await api.call('POST', '/api/v1/requests', { headers: { ...headers, cookie }, json: { subscription: SUBSCRIPTION } })).status,
      ).toBe(201);
    }
  });

  test('a form, which needs no permission of the browser, is no JSON', async () => {
    for (const type of ['application/x-www-form-urlencoded', 'text/plain', 'multipart/form-data; boundary=x']) {
      expect(
        (await api.call('POST', '/api/v1/session', { body: '{"user":"a","password":"b"}', headers: { 'content-type': type } })).status,
      ).toBe(415);
    }
  });
});
