import { readFileSync } from 'node:fs';
import { pino } from 'pino';
import { z } from 'zod';
import { createApi } from '../../src/api/app';
import type { ApiDeps, SettlementEvent } from '../../src/api/deps';
import { ROUTES, SERVICE_ROUTES } from '../../src/api/routes';
import { openApiDocument, problemsOf } from '../../src/api/openapi';
import { problemStatus } from '../../src/api/problems';
import { listen, type Listening } from '../../src/api/server';
import { createSessions } from '../../src/api/sessions';
import { createTokens, type Tokens } from '../../src/api/tokens';
import { receivedSettlement } from '../../src/domain/settlement/settlement';
import type { AccountSnapshot, Cycle } from '../../src/domain/settlement/account';
import { clearanceLetter } from '../../src/domain/settlement/clearance';
import type { Correction } from '../../src/domain/correction/correction';
import type { CorrectiveAction } from '../../src/domain/correction/corrective-action';
import type { Override } from '../../src/domain/settlement/finding';
import { sameReport } from '../../src/domain/settlement/payment';
import type { Access } from '../../src/store/access-log';
import type { RecordedPayment } from '../../src/store/payments';
import { NOTHING_COUNTED } from '../../src/domain/quality/indicators';
import { jalali } from '../../src/domain/calendar/jalali';
import { DEFAULT_SERVICE_TERMS } from '../../src/domain/settlement/service-terms';
import { readTariff } from '../../src/domain/tariff/tariff';
import type { Task } from '../../src/domain/settlement/task';
import type { UnsentPosting } from '../../src/store/unsent';
import type { PersonRecord } from '../../src/store/people';
import type { Proposal, ProposalKind } from '../../src/store/proposals';
import type { SignInOutcome } from '../../src/store/sign-in';
import { settlementId, type Operator, type Settlement, type SettlementOrder } from '../../src/domain/settlement/settlement';

export const NOW = new Date('2026-11-25T06:30:00.000Z');
export const SECRET = 'a secret of the tests, long enough for HS256';
export const SUBSCRIPTION = '014123456701';
export const ID = '014123456701-14050904';
export const NATIONAL_ID = '0932833810';

export const CLERK: Operator = { id: 'c1', name: 'مریم احمدی', role: 'clerk', office: '12' };
export const OTHER_CLERK: Operator = { id: 'c2', name: 'رضا موسوی', role: 'clerk', office: '34' };
export const SUPERVISOR: Operator = { id: 's1', name: 'نرگس کاظمی', role: 'supervisor', office: '12' };
export const APPROVER: Operator = { id: 'a1', name: 'حسن یزدی', role: 'approver', office: '1' };
export const QUALITY: Operator = { id: 'q1', name: 'زهرا امینی', role: 'quality', office: '1' };
export const BILLING: Operator = { id: 'b1', name: 'billing', role: 'billing', office: '1' };
export const ADMIN: Operator = { id: 'm1', name: 'admin', role: 'admin', office: '1' };

/** what the Temporal UI of a practice installation decrypts by */
export const PRACTICE_KEY = '0f'.repeat(16);
export const PASSWORD = 'باران روی پل قدیمی';
export const PERSON: PersonRecord = {
  id: 'm.rezaei',
  name: 'مریم رضایی',
  office: '12',
  roles: ['clerk'],
  active: true,
  mustChangePassword: false,
  createdAt: NOW.toISOString(),
  createdBy: { id: 'm1', name: 'admin', role: 'admin' },
  qualifications: [
    {
      code: 'secondCopy',
      validFrom: jalali('1405/01/01'),
      validTo: null,
      certificate: null,
      recordedBy: { id: 'm1', name: 'admin', role: 'admin' },
      recordedAt: NOW.toISOString(),
    },
  ],
};

export function request(change: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    subscription: SUBSCRIPTION,
    settlementDate: '1405/09/04',
    reading: 1234,
    readingSource: 'staff',
    purpose: 'balance',
    applicant: { kind: 'owner', name: 'علی کریمی', nationalId: NATIONAL_ID, mobile: '09121234567' },
    documents: ['ID_CARD'],
    ...change,
  };
}

export function order(change: Partial<SettlementOrder> = {}): SettlementOrder {
  const date = jalali('1405/09/04');
  return {
    id: settlementId(SUBSCRIPTION, date),
    facts: {
      subscription: SUBSCRIPTION,
      settlementDate: date,
      reading: 1234,
      readingSource: 'staff',
      purpose: 'balance',
      applicant: { kind: 'owner', name: 'علی کریمی', nationalId: NATIONAL_ID, mobile: '09121234567' },
      documents: ['ID_CARD'],
      confirmations: [],
    },
    clerk: CLERK,
    receivedAt: NOW.toISOString(),
    ...change,
  };
}

/** An announced settlement with every part filled in. */
export function announced(from: SettlementOrder = order()): Settlement {
  const on = jalali('1405/09/04');
  return {
    ...receivedSettlement(from),
    status: 'announced',
    revision: 1,
    announcedAt: NOW.toISOString(),
    elapsedMs: 1200,
    withinTarget: true,
    account: {
      subscription: from.facts.subscription,
      name: 'علی کریمی',
      address: 'خیابان آزادی',
      postalCode: '1234567890',
      office: '12',
      series: '12',
      use: 'household',
      climate: 1,
      area: 'urban',
      units: 1,
      file: '1234567',
      company: '014',
      billId: '1234567014326',
      meter: { serial: 'M1', digits: 5, capacity: '6', coefficient: '1' },
    },
    bill: {
      number: '1405-12-1',
      revision: 1,
      issuedAt: NOW.toISOString(),
      billId: '1234567014326',
      payments: [{ amount: 48_000, paymentId: '48593', barcode: '12345670143260000000048593' }],
      lines: [
        {
          code: 'GAS_STEP',
          label: 'گاز بها',
          quantity: '45',
          unit: 'm3',
          rate: '1081',
          days: 30,
          from: jalali('1405/08/05'),
          to: on,
          amount: 48_645,
          basis: '45 × 1081',
        },
      ],
      total: 48_645,
      payable: 48_000,
      carry: 645,
      days: 30,
      consumption: '45',
      previousReading: { reading: 1189, on: jalali('1405/08/04') },
      definitive: true,
      tariff: ['household-1405'],
      illustrative: true,
      dataAsOf: on,
      fee: { amount: 49_000, resolution: '12', illustrative: true },
    },
    postings: [
      {
        posting: `${from.id}/fee`,
        kind: 'fee',
        cycle: '12-1405-05',
        dueOn: on,
        amount: 49_000,
        status: 'waiting',
        timesLate: 0,
        reason: null,
        billSerial: null,
      },
    ],
    corrections: [CORRECTION],
    steps: [{ name: 'register', startedAt: NOW.toISOString(), endedAt: NOW.toISOString(), attempts: 1 }],
  };
}

/** An error of the announced settlement, referred to the clerk who issued. */
export const CORRECTION: Correction = {
  n: 1,
  kind: 'reading',
  cause: 'clerk',
  description: 'رقم اشتباه',
  posting: null,
  status: 'referred',
  owner: { role: 'clerk', user: 'c-1' },
  reportedBy: 's-1',
  reportedAt: NOW.toISOString(),
  dueAt: NOW.toISOString(),
  submittedBy: null,
  difference: null,
  noChange: null,
  verifiedBy: null,
  approvedBy: null,
  revision: null,
  note: null,
};

/** The cycle that the fixture's postings wait for. */
export const CYCLE: Cycle = {
  cycle: '12-1405-05',
  series: '12',
  fromDate: jalali('1405/07/01'),
  toDate: jalali('1405/09/15'),
  closesOn: jalali('1405/09/20'),
  issuesOn: jalali('1405/09/25'),
  objectionDays: 10,
};

export function snapshot(office = '12'): AccountSnapshot {
  const on = jalali('1405/08/04');
  return {
    account: {
      subscription: SUBSCRIPTION,
      file: '1234567',
      company: '014',
      name: 'علی کریمی',
      nationalId: NATIONAL_ID,
      mobile: '09121234567',
      address: 'خیابان آزادی',
      postalCode: '1234567890',
      office,
      series: '12',
      use: 'household',
      climate: 1,
      area: 'urban',
      units: 1,
      welfare: false,
      connectedOn: jalali('1390/01/01'),
      closedOn: null,
    },
    meters: [
      {
        serial: 'M0',
        digits: 5,
        capacity: '6',
        coefficient: '1',
        installedOn: jalali('1390/01/01'),
        startReading: 0,
        removedOn: on,
        endReading: 9,
      },
      { serial: 'M1', digits: 5, capacity: '6', coefficient: '1', installedOn: on, startReading: 0, removedOn: null, endReading: null },
    ],
    lastBill: {
      serial: 'B1',
      cycle: '12-1405-04',
      issuedOn: on,
      fromDate: jalali('1405/07/01'),
      toDate: on,
      fromReading: 1000,
      toReading: 1189,
      readingSource: 'staff',
      totalDue: -5,
    },
    history: [],
    payments: [{ reference: 'P1', paidOn: on, amount: 1000, paymentId: null }],
    adjustments: [],
    instalments: [],
    deposits: [],
    cycles: [],
    feeds: [{ kind: 'accounts', loadedAt: NOW.toISOString(), asOf: on }],
  };
}

/** An open task of office 12 that waits for its clerk. */
export function task(change: Partial<Task> = {}): Task {
  return {
    id: `deliver.${ID}`,
    kind: 'deliver',
    settlement: ID,
    office: '12',
    role: 'clerk',
    assignee: null,
    assignedBy: null,
    assignedAt: null,
    since: NOW.toISOString(),
    dueAt: '2026-11-25T20:30:00.000Z',
    remindedAt: null,
    escalatedAt: null,
    closedAt: null,
    closedBy: null,
    outcome: null,
    detail: {},
    ...change,
  };
}

/** Repeated errors of a clerk of office 12, whose meeting is not called yet. */
export function correctiveAction(change: Partial<CorrectiveAction> = {}): CorrectiveAction {
  return {
    n: 1,
    scope: 'clerk',
    subject: CLERK.id,
    office: '12',
    month: '1405/09',
    openedAt: NOW.toISOString(),
    errors: 3,
    threshold: 3,
    openedBy: null,
    reason: null,
    status: 'opened',
    version: 0,
    meeting: null,
    actions: [],
    closure: null,
    ...change,
  };
}

/** A fee of office 12 that waits for its cycle. */
export function unsent(change: Partial<UnsentPosting> = {}): UnsentPosting {
  return {
    posting: `${ID}/fee`,
    kind: 'fee',
    settlement: ID,
    subscription: SUBSCRIPTION,
    subscriber: 'علی کریمی',
    office: '12',
    clerk: { id: CLERK.id, name: CLERK.name },
    amount: 49_000,
    status: 'waiting',
    cycle: '12-1405-05',
    dueOn: jalali('1405/09/27'),
    timesLate: 0,
    reason: null,
    ...change,
  };
}

/** The published table of 1397, and a resolution: both also proposed by somebody else. */
export const TARIFF_DOCUMENT = JSON.parse(readFileSync('tariffs/household-1397.json', 'utf8')) as Record<string, unknown>;
/** A change of that table's service, and a table of steps in the place of its own. */
export const TERMS = { from: '1397/06/01', terms: { escalateAfterHours: 8 } };
export const STEP_TABLE = {
  file: { name: 'rates.csv', content: Buffer.from('use,season,climate,upto,rate\nhousehold,both,,,1200\n').toString('base64') },
  version: '1397-b',
  title: 'تعرفهٔ آزمون',
  source: 'test',
  from: '1397/06/01',
};
export const RESOLUTION = {
  number: '1405/12',
  resolvedOn: jalali('1405/01/20'),
  amount: 49_000,
  from: jalali('1405/02/01'),
  to: null,
  illustrative: false,
};
const proposed = (kind: ProposalKind, subject: string, content: unknown): Proposal => ({
  proposal: 7,
  kind,
  subject,
  content,
  change: null,
  meant: false,
  proposedBy: { id: 'm9', name: 'سارا نوری' },
  proposedAt: NOW.toISOString(),
});

export type Fakes = { [K in keyof ApiDeps]: ApiDeps[K] };

export interface TestApi {
  deps: Fakes;
  tokens: Tokens;
  url: string;
  server: Listening;
  log: string[];
  /** looks at persons' data, as noted */
  accesses: Access[];
  /** calls the API and checks the answer against the contract of its route */
  call(method: string, path: string, options?: CallOptions): Promise<Answered>;
  /** what the settlements' listeners are told */
  notify(): void;
  listeners(): number;
  events: SettlementEvent[];
}

export interface CallOptions {
  as?: Operator;
  json?: unknown;
  body?: RequestInit['body'];
  headers?: Record<string, string>;
}

export interface Answered {
  status: number;
  headers: Headers;
  bytes: Buffer;
  text: string;
  // the tests read answers freely; their shape is checked by `call`
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  body: any;
}

/** A listening API with fakes that a test may replace part by part. */
export async function startApi(change: Partial<Fakes> = {}): Promise<TestApi> {
  const tokens = change.tokens ?? createTokens(SECRET, () => NOW);
  const log: string[] = [];
  const events: SettlementEvent[] = [];
  const overrides: (Override & { id: string })[] = [];
  const payments: RecordedPayment[] = [];
  const accesses: Access[] = [];
  const listeners = new Set<() => void>();
  const deps: Fakes = {
    temporal: {
      announce: async (o) => ({ kind: 'announced', settlement: announced(o) }),
      deliver: async (_id, delivery) => ({
        kind: 'delivered',
        settlement: {
          ...announced(),
          status: 'delivered',
          delivery: { deliveredTo: delivery.deliveredTo, channel: delivery.channel, at: NOW.toISOString() },
        },
      }),
      paymentReceived: async () => 'told',
      async act<T>(_id: string, { name }: { name: string }) {
        const answers: Record<string, unknown> = {
          reportError: CORRECTION,
          submitCorrection: {
            correction: CORRECTION,
            comparison: {
              lines: [{ code: 'GAS_STEP', label: 'گاز بها', before: 48_645, after: 47_564 }],
              total: { before: 48_645, after: 47_564 },
              payable: { before: 48_000, after: 47_000 },
              difference: -1_081,
              received: 0,
              noChange: false,
            },
            warnings: [],
          },
        };
        return { kind: 'done' as const, value: (answers[name] ?? announced()) as T };
      },
      ask: async <T>() => ({ kind: 'done' as const, value: correctiveAction() as T }),
      state: async () => null,
      halted: async () => null,
      reachable: async () => true,
    },
    settlements: {
      get: async (id, { office }) => (id === ID && (office === null || office === '12') ? announced() : null),
      revision: async (id, revision) => (id === ID && revision === 1 ? announced() : null),
      list: async () => ({ items: [announced()], next: null }),
      known: async () => ({ earlier: null, meter: null }),
      eventsSince: async (_id, seq) => events.filter((event) => event.seq > seq),
      onEvent(_id, listener) {
        listeners.add(listener);
        return () => void listeners.delete(listener);
      },
    },
    overrides: {
      record: async (id, asked, by) => {
        const standing = overrides.find((o) => o.id === id && o.code === asked.code && o.reading === asked.reading);
        const override = standing ?? { ...asked, id, by: { id: by.id, name: by.name }, at: NOW.toISOString() };
        if (!standing) overrides.push(override);
        return { override, recorded: !standing };
      },
      of: async (id, reading) => overrides.filter((o) => o.id === id && (o.reading === null || o.reading === reading)),
    },
    payments: {
      record: async (report) => {
        const standing = payments.filter((p) => p.reference === report.reference || p.eventId === report.eventId);
        const [first] = standing;
        if (first)
          return standing.length === 1 && sameReport(first, report) ? { kind: 'same', payment: first } : { kind: 'differs', standing };
        const payment: RecordedPayment = {
          ...report,
          recordedAt: NOW.toISOString(),
          outcome: 'matched',
          settlement: ID,
          revision: 1,
          ledger: null,
        };
        payments.push(payment);
        return { kind: 'recorded', payment };
      },
      reported: async () => [],
      list: async () => ({ items: payments, next: null }),
    },
    accessLog: { note: (entry) => void accesses.push(entry), list: async () => ({ items: accesses, next: null }) },
    corrections: { submission: async () => null },
    copies: { record: async () => 3 },
    clearances: {
      issue: async (_id, { id, name, office }) => ({
        letter: clearanceLetter(
          { ...announced(), paid: { amount: 48_000, remaining: 0, status: 'paid' } },
          { number: 'M-12-1405-000001', issuedAt: NOW.toISOString(), issuedBy: { id, name, office } },
        ),
        issued: true,
      }),
    },
    tasks: {
      list: async () => ({ items: [task()], next: null }),
      get: async (id) =>
        id === task().id ? task() : id === `breached.${ID}` ? task({ id, kind: 'breached', role: 'supervisor', assignee: CLERK.id }) : null,
      assign: async (ids, to, { id, name }) => ({
        tasks: ids.map((each) => task({ id: each, assignee: to, assignedBy: { id, name }, assignedAt: NOW.toISOString() })),
      }),
      close: async (id, { by, outcome }) => task({ id, closedAt: NOW.toISOString(), closedBy: by, outcome }),
      noteHalt: async () => null,
      takeUp: async () => 0,
    },
    unsent: {
      counts: async () => ({ waiting: 1, handedOver: 0, late: 0, refused: 0 }),
      page: async () => ({ items: [unsent()], next: null }),
    },
    billing: {
      findAccounts: async () => [],
      account: async (s) => (s === SUBSCRIPTION ? snapshot() : null),
      timetable: async () => [CYCLE],
    },
    postings: {
      openCycle: async ({ cycle, eventId, closesOn }) => ({ cycle, eventId, closesOn, openedAt: NOW.toISOString(), closedAt: null }),
      openedCycles: async ([cycle = '']) => [
        { cycle, eventId: 'open-1', closesOn: CYCLE.closesOn, openedAt: NOW.toISOString(), closedAt: null },
      ],
      counts: async (cycles) =>
        new Map(cycles.map((cycle) => [cycle, { due: 1, waiting: 0, handedOver: 1, taken: 0, refused: 0, late: 0 }])),
      batchCounts: async () => new Map(),
      nextBatch: async () => null,
      batch: async () => null,
      acknowledge: async () => ({ kind: 'recorded' }),
    },
    indicators: {
      counts: async ({ by }) => [
        {
          group: by === null ? null : '12',
          counts: {
            ...NOTHING_COUNTED,
            requests: 4,
            onTime: 3,
            announcements: 4,
            medianMs: 900,
            p95Ms: 2_100,
            byKind: { reading: 1 },
            corrections: 1,
          },
        },
      ],
      risks: async () => ({ lateEntries: 0, lateEntryDays: 0, onStaleData: 0, unsent: 1, unsentLate: 0, overdueTasks: 0 }),
    },
    presences: { presences: async () => [] },
    signs: { heard: () => undefined },
    correctiveActions: {
      list: async () => ({ items: [correctiveAction()], next: null }),
      get: async (n) => (n === 1 ? correctiveAction() : n === 2 ? correctiveAction({ n, office: '34' }) : null),
      open: async (asked) => ({ action: correctiveAction(asked), opened: true }),
      started: async () => undefined,
      errorsSince: async () => 0,
    },
    reports: {
      list: async () => [{ month: '1405/08', edition: 1, madeAt: NOW.toISOString(), madeBy: null }],
      file: async (month, edition, kind) =>
        month === '1405/08' && (edition ?? 1) === 1
          ? { edition: 1, bytes: Buffer.from(kind === 'pdf' ? '%PDF-1.7 test' : 'PK test') }
          : null,
    },
    startWorkflow: async () => 'started',
    metrics: { access: { token: null, loopback: true }, answered: () => undefined, exposition: async () => 'tasvieh_build_info 1\n' },
    people: {
      get: async (id) => (id === PERSON.id ? PERSON : null),
      list: async () => [PERSON],
      record: async (person) => ({ ...PERSON, ...person, qualifications: [] }),
      change: async (id) => (id === PERSON.id ? PERSON : null),
      qualify: async (id) => (id === PERSON.id ? { person: PERSON, recorded: true } : null),
    },
    identityProvider: null,
    signIns: {
      vouchedFor: async () => null,
      spend: async () => true,
      signIn: async (_id, password) => signedIn(password),
      changePassword: async (_id, { current }) => signedIn(current),
      resetPassword: async () => 'abcd-efgh-jkmn',
    },
    sessions: createSessions(
      { sessionState: async () => ({ ended: false, person: { active: true, sessionVersion: 1 } }), endSession: async () => undefined },
      () => NOW,
    ),
    tariffs: {
      versions: async () => [],
      tariffs: async () => [],
      published: async () => [
        { tariff: readTariff(TARIFF_DOCUMENT), publishedAt: NOW.toISOString(), publishedBy: 'سارا نوری (m9)', confirmedBy: 'admin (m1)' },
      ],
      publish: async () => true,
      openSettlements: async () => [
        { id: ID, subscription: SUBSCRIPTION, settlementDate: jalali('1405/09/04'), office: '12', status: 'announced' },
      ],
      feeOn: async () => ({ resolution: RESOLUTION.number, amount: RESOLUTION.amount, illustrative: false }),
      resolutions: async () => [{ ...RESOLUTION, by: 'سارا نوری', confirmedBy: 'admin' }],
      recordResolution: async () => true,
    },
    proposals: {
      propose: async ({ kind, subject, content }) => proposed(kind, subject, content),
      list: async (kind) => [
        kind === 'tariff' ? proposed(kind, '1397', TARIFF_DOCUMENT) : proposed(kind, '1405/13', { ...RESOLUTION, number: '1405/13' }),
      ],
      get: async (kind) =>
        kind === 'tariff' ? proposed(kind, '1397', TARIFF_DOCUMENT) : proposed(kind, '1405/13', { ...RESOLUTION, number: '1405/13' }),
      remove: async () => true,
    },
    serviceTerms: async () => DEFAULT_SERVICE_TERMS,
    loadFeed: async (kind, stream) => {
      let rows = 0;
      for await (const chunk of stream) rows += String(chunk).split('\n').length - 1;
      return { ok: true, kind, rows, inserted: rows, updated: 0, unchanged: 0 };
    },
    printer: { bill: () => new TextEncoder().encode('%PDF-1.7 test'), clearance: () => new TextEncoder().encode('%PDF-1.7 letter') },
    preview: async () => ({ bill: null, warnings: [], errors: [] }),
    tokens,
    codec: { decode: async (payloads) => payloads, origin: null, practiceKey: PRACTICE_KEY },
    now: () => NOW,
    ready: async () => ({ ready: true, checks: { postgres: 'ok' } }),
    log: pino({ level: 'debug' }, { write: (line: string) => void log.push(line) }),
    pace: { address: 0, token: 0, signIn: 0 },
    trustedProxies: [],
    publicUrl: null,
    version: '0.1.0',
    ...change,
  };
  const server = await listen(createApi(deps), { host: '127.0.0.1', port: 0 });
  const url = `http://127.0.0.1:${server.port}`;
  return {
    deps,
    tokens,
    url,
    server,
    log,
    accesses,
    events,
    notify: () => listeners.forEach((listener) => listener()),
    listeners: () => listeners.size,
    async call(method, path, { as, json, body, headers = {} } = {}) {
      const response = await fetch(`${url}${path}`, {
        method,
        headers: {
          ...(as ? { authorization: `Bearer ${await tokens.issue(as, { ttl: 3600 })}` } : {}),
          ...(json === undefined ? {} : { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(json === undefined ? (body === undefined ? {} : { body, duplex: 'half' }) : { body: JSON.stringify(json) }),
      });
      const bytes = Buffer.from(await response.arrayBuffer());
      const text = bytes.toString('utf8').replace(/^\ufeff/, '');
      const type = response.headers.get('content-type') ?? '';
      const parsed: unknown = /json/.test(type) && text !== '' ? JSON.parse(text) : null;
      const answered = { status: response.status, headers: response.headers, bytes, text, body: parsed };
      expectContract(method, path, answered);
      return answered;
    },
  };
}

function signedIn(password: string): SignInOutcome {
  const { id, name, office, roles, mustChangePassword } = PERSON;
  return password === PASSWORD
    ? { kind: 'signedIn', person: { id, name, office, roles, mustChangePassword, sessionVersion: 1 } }
    : { kind: 'refused' };
}

const rows = [...ROUTES, ...SERVICE_ROUTES];
const document = openApiDocument(rows, { version: 'test', root: '/api/v1' });
const readers = new Map<string, z.ZodType>();

/** The answer must be one that the OpenAPI document promises for its route, status and media type. */
function expectContract(method: string, path: string, { status, headers, body }: Answered): void {
  const type = headers.get('content-type')?.split(';')[0];
  const plain = path.split('?')[0]?.replace(/^\/api\/v1/, '') ?? '';
  const matches = rows.filter((row) => new RegExp(`^${row.path.replace(/\{\w+\}/g, '[^/]+').replaceAll('.', '\\.')}$`).test(plain));
  const row = matches.find((m) => m.method === method.toLowerCase() && (m.path === plain || m.path.includes('{')));
  if (method === 'HEAD') return;
  if (type === 'application/problem+json') {
    expectSchema('#/components/schemas/Problem', body);
    const problem = body as { code: string; status: number };
    expect(problem.status).toBe(status);
    if (row) {
      expect(problemsOf(row)).toContain(problem.code);
      expect(problemStatus(problem.code as never)).toBe(status);
    }
    return;
  }
  if (!row || method === 'OPTIONS' || method === 'HEAD') return;
  const paths = document['paths'] as Record<
    string,
    Record<string, { responses: Record<string, { content?: Record<string, { schema: { $ref?: string } }> }> }>
  >;
  const response = paths[row.path]?.[row.method]?.responses[status];
  if (!response) throw new Error(`${method} ${row.path} does not promise ${status}`);
  if (!response.content) {
    expect(body).toBeNull();
    return;
  }
  const media = response.content[type ?? ''];
  if (!media) throw new Error(`${method} ${row.path} does not promise ${type} with ${status}`);
  if (type === 'application/json') expectSchema(media.schema.$ref ?? '', body);
}

/** Validates against the document's own schema, read back from the document alone. */
export function expectSchema(ref: string, value: unknown): void {
  let reader = readers.get(ref);
  if (!reader) {
    const { schemas } = document['components'] as { schemas: Record<string, unknown> };
    const defs = JSON.parse(JSON.stringify(schemas).replaceAll('#/components/schemas/', '#/$defs/')) as Record<string, object>;
    const name = ref.replace('#/components/schemas/', '');
    reader = z.fromJSONSchema({ $schema: 'https://json-schema.org/draft/2020-12/schema', $defs: defs, ...defs[name] } as never);
    readers.set(ref, reader);
  }
  const result = reader.safeParse(value);
  if (!result.success) throw new Error(`not as ${ref} promises: ${z.prettifyError(result.error)}\n${JSON.stringify(value)}`);
}
