import { createServer, type IncomingHttpHeaders, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { isDeepStrictEqual, parseArgs } from 'node:util';
import { parse } from 'csv-parse/sync';
import { demoFeeds } from '../../src/billing/demo.js';
import type { PostingBatch } from '../../src/domain/outbox/outbox.js';
import { searchWords } from '../../src/billing/search.js';
import { FEED_KINDS, type FeedKind } from '../../src/domain/settlement/account.js';
import { makeBillId } from '../../src/domain/bill/bill-id.js';
import { todayInTehran, type JalaliDate } from '../../src/domain/calendar/jalali.js';
import { latinDigits, searchText } from '../../src/domain/text.js';

/*
 * A billing system that keeps the contract of docs/billing-system.md in memory and fails on demand. By hand:
 *   npx tsc -p tsconfig.json && node dist/test/billing/central-system.js --port 9090 --token tryout --subscribers 500
 */

/** What may go wrong, see docs/billing-system.md. */
export const FAULTS = [
  'unanswered',
  'late',
  'refused-connection',
  'cut',
  'twice',
  'unavailable',
  'busy',
  'failed',
  'not-json',
  'wrong-field',
  'wrong-check',
] as const;
export type Fault = (typeof FAULTS)[number];
/** These come before the work, the others after it. */
const BEFORE: readonly Fault[] = ['refused-connection', 'unavailable', 'busy', 'failed'];
const LATE_MS = 3_000;

type Row = Record<string, string>;
type Json = Record<string, unknown>;

/** A call as it came and as it was answered. */
export interface SeenCall {
  method: string;
  url: string;
  headers: IncomingHttpHeaders;
  body: unknown;
  fault: Fault | null;
  /** null when the connection was ended before */
  status: number | null;
  answer: unknown;
}

export interface CentralSystem {
  url: string;
  /** The next `times` calls fail so; replaces what was asked before. */
  fail(fault: Fault, times?: number): void;
  /** What it answers next instead: of the tests' own making. */
  answerNext(status: number, headers: Record<string, string>, body: string): void;
  calls: SeenCall[];
  batches: ReadonlyMap<string, PostingBatch>;
  /** Ends it with all its connections; `start` brings it back on the same port with what it holds. */
  stop(): Promise<void>;
  start(): Promise<void>;
}

export interface CentralSystemOptions {
  token: string;
  /** CSV of each feed, header first */
  feeds: Record<FeedKind, string>;
  /** up to which day its data speaks */
  asOf: JalaliDate;
  loadedAt?: string;
  /** default: any free one */
  port?: number;
}

export async function startCentralSystem({
  token,
  feeds,
  asOf,
  loadedAt = new Date().toISOString(),
  port = 0,
}: CentralSystemOptions): Promise<CentralSystem> {
  const ledger = readLedger(feeds);
  const calls: SeenCall[] = [];
  const batches = new Map<string, PostingBatch>();
  let planned: Fault[] = [];
  let prepared: Answer | null = null;
  let server: Server | null = null;
  let listening = port;

  const work = (method: string, path: string, query: URLSearchParams, headers: IncomingHttpHeaders, body: unknown): Answer => {
    if (headers.authorization !== `Bearer ${token}`) return problem(401, 'UNAUTHENTICATED', 'a valid token is required');
    if (!headers['x-correlation-id']) return problem(400, 'CORRELATION_ID_MISSING', 'X-Correlation-Id is missing');
    if (method === 'GET' && path === '/health') return { status: 204, headers: {}, body: '' };
    if (method === 'GET' && path === '/accounts') return find(ledger, query);
    if (method === 'GET' && path === '/cycles') return timetable(ledger, query);
    const account = /^\/accounts\/([^/]+)$/.exec(path);
    if (method === 'GET' && account) return show(ledger, decodeURIComponent(account[1] ?? ''), query, { asOf, loadedAt });
    const batch = /^\/cycles\/([^/]+)\/batches\/([^/]+)$/.exec(path);
    if (method === 'PUT' && batch) return take(batches, `${decodeURIComponent(batch[1] ?? '')}/${batch[2]}`, headers, body as PostingBatch);
    return problem(404, 'NOT_FOUND', 'no such call');
  };

  const serve = async (req: IncomingMessage, res: ServerResponse): Promise<void> => {
    const url = new URL(req.url ?? '/', 'http://central');
    const method = req.method ?? '';
    const text = await bodyOf(req);
    if (url.pathname === '/faults' && method === 'POST') {
      const { fault, times } = JSON.parse(text) as { fault: Fault; times?: number };
      if (!FAULTS.includes(fault)) return send(res, problem(400, 'UNKNOWN_FAULT', FAULTS.join(', ')));
      planned = Array<Fault>(times ?? 1).fill(fault);
      return send(res, ok({ fault, times: planned.length }));
    }
    if (url.pathname === '/batches' && method === 'GET') return send(res, ok([...batches.values()]));

    const body: unknown = text === '' ? null : JSON.parse(text);
    // whether it is there must not use up what is to happen to a call
    const fault = url.pathname === '/health' ? null : (planned.shift() ?? null);
    const seen: SeenCall = { method, url: req.url ?? '', headers: req.headers, body, fault, status: null, answer: null };
    calls.push(seen);
    if (fault === 'refused-connection') return void req.socket.destroy();
    const answer =
      prepared ??
      (fault !== null && BEFORE.includes(fault) ? refusal(fault) : work(method, url.pathname, url.searchParams, req.headers, body));
    prepared = null;
    const sent = fault === null ? answer : spoilt(fault, answer, ledger);
    seen.status = sent.status;
    seen.answer = jsonOf(sent.body);
    switch (fault) {
      case 'unanswered':
        return;
      case 'late':
        return void setTimeout(() => send(res, sent), LATE_MS).unref();
      case 'cut':
        res.writeHead(sent.status, { ...sent.headers, 'content-length': Buffer.byteLength(sent.body) });
        return void res.write(sent.body.slice(0, sent.body.length / 2), () => req.socket.destroy());
      case 'twice':
        return void req.socket.write(raw(sent) + raw(sent));
      default:
        send(res, sent);
    }
  };

  const start = async (): Promise<void> => {
    const fresh = createServer((req, res) => {
      serve(req, res).catch((error: unknown) => send(res, problem(500, 'INTERNAL', String(error))));
    });
    await new Promise<void>((resolve, reject) => fresh.once('error', reject).listen(listening, '127.0.0.1', resolve));
    listening = (fresh.address() as AddressInfo).port;
    server = fresh;
  };
  await start();
  return {
    url: `http://127.0.0.1:${listening}`,
    fail: (fault, times = 1) => void (planned = Array<Fault>(times).fill(fault)),
    answerNext: (status, headers, body) => void (prepared = { status, headers, body }),
    calls,
    batches,
    start,
    async stop() {
      const ending = server;
      server = null;
      if (!ending) return;
      await new Promise<void>((resolve) => {
        ending.close(() => resolve());
        ending.closeAllConnections();
      });
    },
  };
}

interface Answer {
  status: number;
  headers: Record<string, string>;
  body: string;
}

function ok(body: unknown, status = 200): Answer {
  return { status, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
}

function problem(status: number, code: string, title: string, headers: Record<string, string> = {}): Answer {
  return {
    status,
    headers: { 'content-type': 'application/problem+json', ...headers },
    body: JSON.stringify({ type: 'about:blank', title, status, code }),
  };
}

function send(res: ServerResponse, { status, headers, body }: Answer): void {
  if (!res.destroyed && !res.headersSent) res.writeHead(status, headers).end(body);
}

/** null for what is no JSON. */
function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return null;
  }
}

function raw({ status, headers, body }: Answer): string {
  const lines = Object.entries({ ...headers, 'content-length': String(Buffer.byteLength(body)) }).map(
    ([name, value]) => `${name}: ${value}\r\n`,
  );
  return `HTTP/1.1 ${status} OK\r\n${lines.join('')}\r\n${body}`;
}

async function bodyOf(req: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of req) parts.push(part as Buffer);
  return Buffer.concat(parts).toString();
}

function refusal(fault: Fault): Answer {
  if (fault === 'unavailable') return problem(503, 'UNAVAILABLE', 'not now', { 'retry-after': '0' });
  if (fault === 'busy') return problem(429, 'TOO_MANY_CALLS', 'slower', { 'retry-after': '1' });
  return problem(500, 'INTERNAL', 'failed');
}

/** The answer as a system with that fault would give it. */
function spoilt(fault: Fault, answer: Answer, ledger: Ledger): Answer {
  if (answer.status > 299 || answer.body === '') return answer;
  if (fault === 'not-json') return { ...answer, body: answer.body.slice(0, -1) };
  if (fault !== 'wrong-field' && fault !== 'wrong-check') return answer;
  const body = JSON.parse(answer.body) as Json;
  const check = fault === 'wrong-check';
  if ('items' in body) {
    const hits = body['items'] as Json[];
    for (const hit of hits) {
      if ('closesOn' in hit) Object.assign(hit, check ? { closesOn: '1395/01/01' } : { objectionDays: String(hit['objectionDays']) });
      else if (check) hit['billId'] = String(hit['billId']).replace(/.$/, (digit) => String((Number(digit) + 1) % 10));
      else delete hit['name'];
    }
  } else if ('account' in body) {
    const account = body['account'] as Json;
    if (check)
      account['subscription'] = ledger.accounts.find(({ subscription }) => subscription !== account['subscription'])?.['subscription'];
    else
      for (const bill of [body['lastBill'], ...(body['history'] as unknown[])])
        if (bill) (bill as Json)['totalDue'] = String((bill as Json)['totalDue']);
  } else if (check) body['sum'] = Number(body['sum']) + 1;
  else body['count'] = String(body['count']);
  return { ...answer, body: JSON.stringify(body) };
}

type Ledger = Record<FeedKind, Row[]>;

function readLedger(feeds: Record<FeedKind, string>): Ledger {
  const rows = (kind: FeedKind): Row[] => parse(feeds[kind], { columns: true, relax_quotes: true });
  return Object.fromEntries(FEED_KINDS.map((kind) => [kind, rows(kind)])) as Ledger;
}

/** Text as its column gives it, numbers as JSON numbers, empty cells as null. */
function pick(row: Row, texts: string[], numbers: string[] = [], orNull: string[] = []): Json {
  return Object.fromEntries([
    ...texts.map((name) => [name, row[name] ?? '']),
    ...numbers.map((name) => [name, row[name] === '' ? null : Number(row[name])]),
    ...orNull.map((name) => [name, row[name] === '' ? null : row[name]]),
  ]);
}

function billIdOf({ file = '', company = '' }: Row): string {
  return makeBillId({ file: latinDigits(file), company: latinDigits(company) });
}

function find(ledger: Ledger, query: URLSearchParams): Answer {
  const limit = Number(query.get('limit'));
  const [text, office, after] = [query.get('query') ?? '', query.get('office'), query.get('after') ?? ''];
  if (text === '' || !(limit >= 1 && limit <= 200)) return problem(400, 'QUERY_INVALID', 'query and limit are needed');
  const metersOf = (account: Row): Row[] => ledger.meters.filter(({ subscription }) => subscription === account['subscription']);
  const isId = (account: Row): boolean =>
    text === account['subscription'] ||
    text.replace(/^0+/, '') === billIdOf(account) ||
    text === account['nationalId'] ||
    metersOf(account).some(({ serial }) => serial?.toUpperCase() === text.toUpperCase());
  const byId = ledger.accounts.filter(isId);
  const words = text
    .split(' ')
    .map(searchText)
    .filter((word) => word !== '');
  const byWords = (account: Row): boolean => {
    const entries = searchWords(account['name'] ?? '', account['address'] ?? '')
      .split("' '")
      .map((entry) => entry.replaceAll("'", ''));
    return words.length > 0 && words.every((word) => entries.some((entry) => entry.startsWith(word)));
  };
  const found = (byId.length > 0 ? byId : ledger.accounts.filter(byWords))
    .filter((account) => (office === null || account['office'] === office) && (account['subscription'] ?? '') > after)
    .sort((a, b) => ((a['subscription'] ?? '') < (b['subscription'] ?? '') ? -1 : 1))
    .slice(0, limit);
  return ok({
    items: found.map((account) => ({
      ...pick(account, ['subscription', 'name', 'address', 'office', 'use']),
      billId: billIdOf(account),
      meterSerial: metersOf(account).find(({ removedOn }) => removedOn === '')?.['serial'] ?? metersOf(account)[0]?.['serial'] ?? null,
    })),
  });
}

function show(ledger: Ledger, subscription: string, query: URLSearchParams, fed: { asOf: string; loadedAt: string }): Answer {
  const [today, reported] = [query.get('today') ?? '', query.getAll('reported')];
  const account = ledger.accounts.find((each) => each['subscription'] === subscription);
  if (!/^1[0-9]{3}\/[0-9]{2}\/[0-9]{2}$/.test(today)) return problem(400, 'TODAY_INVALID', 'today is needed');
  if (!account) return problem(404, 'ACCOUNT_NOT_FOUND', 'no such subscription');
  const of = (kind: FeedKind): Row[] => ledger[kind].filter((row) => row['subscription'] === subscription);
  const bills = of('bills').sort((a, b) => (newness(a) < newness(b) ? 1 : -1));
  const newest = bills[0]?.['toDate'] ?? '';
  const history = bills
    .filter(({ toDate = '' }) => toDate > `${Number(newest.slice(0, 4)) - 2}${newest.slice(4)}`)
    .map((bill) =>
      pick(bill, ['serial', 'cycle', 'issuedOn', 'fromDate', 'toDate', 'readingSource'], ['fromReading', 'toReading', 'totalDue']),
    );
  const serials = new Set(bills.map(({ serial }) => serial));
  const uncounted = (kind: FeedKind): Row[] => of(kind).filter(({ countedInBill }) => !serials.has(countedInBill));
  return ok({
    account: {
      ...pick(
        account,
        [
          'subscription',
          'file',
          'company',
          'name',
          'nationalId',
          'mobile',
          'address',
          'postalCode',
          'office',
          'series',
          'use',
          'area',
          'connectedOn',
        ],
        ['climate', 'units'],
        ['closedOn'],
      ),
      welfare: account['welfare'] === 'true',
    },
    meters: of('meters').map((meter) =>
      pick(meter, ['serial', 'capacity', 'coefficient', 'installedOn'], ['digits', 'startReading', 'endReading'], ['removedOn']),
    ),
    lastBill: history[0] ?? null,
    history,
    payments: uncounted('payments').map((row) => pick(row, ['reference', 'paidOn'], ['amount'], ['paymentId'])),
    adjustments: uncounted('adjustments').map((row) => pick(row, ['reference', 'on', 'reason'], ['amount'])),
    instalments: uncounted('instalments').map((row) => pick(row, ['reference', 'dueOn'], ['amount'])),
    deposits: of('deposits').map((row) => pick(row, ['reference', 'on'], ['amount'])),
    cycles: ledger.cycles
      .filter(({ series, closesOn = '' }) => series === account['series'] && closesOn >= today)
      .sort((a, b) => ((a['closesOn'] ?? '') < (b['closesOn'] ?? '') ? -1 : 1))
      .slice(0, 3)
      .map(cycleOf),
    feeds: FEED_KINDS.map((kind) => ({ kind, ...fed })),
    ...(reported.length > 0 && {
      held: ledger.payments.flatMap(({ reference = '' }) => (reported.includes(reference) ? [reference] : [])),
    }),
    // a system may tell more than is asked
    balanceShownOnOurPortal: 'ask the counter',
  });
}

function cycleOf(row: Row): Json {
  return pick(row, ['cycle', 'series', 'fromDate', 'toDate', 'closesOn', 'issuesOn'], ['objectionDays']);
}

function timetable(ledger: Ledger, query: URLSearchParams): Answer {
  const [series, from, to] = [query.get('series'), query.get('from'), query.get('to')];
  if (from === null || to === null) return problem(400, 'DAYS_MISSING', 'from and to are needed');
  return ok({
    items: ledger.cycles
      .filter((row) => (series === null || row['series'] === series) && (row['closesOn'] ?? '') >= from && (row['closesOn'] ?? '') <= to)
      .map(cycleOf),
  });
}

function newness({ toDate = '', issuedOn = '', serial = '' }: Row): string {
  return [toDate, issuedOn, String(serial.length).padStart(2, '0'), serial].join(' ');
}

function take(batches: Map<string, PostingBatch>, key: string, headers: IncomingHttpHeaders, batch: PostingBatch): Answer {
  if (headers['idempotency-key'] !== key || `${batch.cycle}/${batch.batch}` !== key)
    return problem(422, 'KEY_DIFFERS', 'path, key and content name different batches');
  const sum = (items: PostingBatch['items']): number => items.reduce((total, { amount }) => total + amount, 0);
  if (batch.count !== batch.items.length || batch.sum !== sum(batch.items))
    return problem(422, 'CONTROL_TOTAL_WRONG', 'count or sum is not that of the items');
  const held = batches.get(key);
  if (held && !isDeepStrictEqual(held, batch)) return problem(409, 'BATCH_DIFFERS', 'another content stands under this number');
  const kept = held ?? batch;
  batches.set(key, kept);
  return ok({ cycle: kept.cycle, batch: kept.batch, count: kept.items.length, sum: sum(kept.items) }, held ? 200 : 201);
}

/** The demo's subscribers as they stand on `today`. */
export function demoLedger(subscribers: number, today: JalaliDate): Record<FeedKind, string> {
  const feeds = demoFeeds({ subscribers, today });
  return Object.fromEntries(FEED_KINDS.map((kind) => [kind, [...feeds[kind]].join('')])) as Record<FeedKind, string>;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { port: { type: 'string', default: '9090' }, token: { type: 'string' }, subscribers: { type: 'string', default: '500' } },
  });
  if (!values.token) throw new Error('--token is needed');
  const asOf = todayInTehran(new Date());
  const { url } = await startCentralSystem({
    token: values.token,
    port: Number(values.port),
    asOf,
    feeds: demoLedger(Number(values.subscribers), asOf),
  });
  process.stdout.write(`${values.subscribers} subscribers at ${url}; faults: ${FAULTS.join(', ')}\n`);
}

if (require.main === module) {
  main().catch((error: unknown) => {
    process.stderr.write(`${String(error)}\n`);
    process.exitCode = 1;
  });
}
