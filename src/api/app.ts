import { randomUUID } from 'node:crypto';
import express, { type Express, type NextFunction, type Request, type RequestHandler, type Response } from 'express';
import helmet from 'helmet';
import { type Operator, type Role, settlementWorkflowId } from '../domain/settlement/settlement.js';
import { authenticate, authorise } from './authentication.js';
import type { ApiDeps } from './deps.js';
import { docsRouter } from './docs.js';
import { OpenStreams } from './events.js';
import { createLimits, type Limits } from './limits.js';
import { openApiDocument } from './openapi.js';
import { Problem, problemWriter } from './problems.js';
import { currentRequest } from './request-context.js';
import type { Route } from './route.js';
import { ROUTES, SERVICE_ROUTES } from './routes.js';
import type { Session } from './tokens.js';
import { check, deeperThan, parse } from './validation.js';

export const API_ROOT = '/api/v1';
/** Others are one label: anybody may invent a method. */
const METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'POST', 'DELETE', 'OPTIONS']);
const JSON_LIMIT = '64kb';
const JSON_DEPTH = 16;
/** A form is a few kilobytes: whoever takes longer holds a connection for nothing. */
const JSON_BODY_MS = 15_000;

/** The API as an Express app; it opens no port and no connection (see `listen`). */
export function createApi(deps: ApiDeps): Express {
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  // one value a name, no nested objects: what the schemas expect
  app.set('query parser', 'simple');
  // an address that somebody else writes into a header is none
  app.set('trust proxy', [...deps.trustedProxies]);
  app.set('public origin', deps.publicUrl === null ? null : new URL(deps.publicUrl).origin);
  app.locals['streams'] = new OpenStreams();

  if (deps.trace) app.use(deps.trace);
  app.use(identify(deps), protect());

  const limits = createLimits(deps.pace);
  const document = openApiDocument([...ROUTES, ...SERVICE_ROUTES], { version: deps.version, root: API_ROOT });
  const openApi: RequestHandler = (_req, res) => void res.json(document);
  for (const [base, rows] of [
    [API_ROOT, [...ROUTES, ...SERVICE_ROUTES]],
    ['', SERVICE_ROUTES],
  ] as const) {
    const router = express.Router();
    router.get('/openapi.json', openApi);
    mount(router, rows, deps, limits);
    router.use(docsRouter());
    app.use(base === '' ? '/' : base, router);
  }
  // under the API's root nothing else answers, the page's files may
  app.use(API_ROOT, () => {
    throw new Problem('NOT_FOUND');
  });
  if (deps.pages) app.use(deps.pages);
  app.use(() => {
    throw new Problem('NOT_FOUND');
  });
  app.use(problemWriter);
  return app;
}

/** Gives a request its id and its logger, and logs the answer: the route's pattern, never the address with its values. */
function identify({ log, metrics }: ApiDeps): RequestHandler {
  return (req, res, next) => {
    const given = req.headers['x-request-id'];
    req.id = typeof given === 'string' && /^[\w-]{8,64}$/.test(given) ? given : randomUUID();
    req.log = log.child({ requestId: req.id });
    res.set('X-Request-Id', req.id);
    const started = performance.now();
    res.once('close', () => {
      const pattern = (res.locals as { pattern?: string }).pattern ?? 'unmatched';
      const quiet = /\/(healthz|readyz|metrics)$/.test(pattern);
      const ms = performance.now() - started;
      metrics.answered({
        method: METHODS.has(req.method) ? req.method : 'other',
        route: pattern,
        status: String(res.statusCode),
        seconds: ms / 1000,
        streamed: res.get('Content-Type')?.startsWith('text/event-stream') ?? false,
      });
      const settlement = settlementOf(req, res);
      req.log[quiet ? 'debug' : 'info'](
        {
          method: req.method,
          route: pattern,
          status: res.statusCode,
          ms: Math.round(ms),
          ...(settlement !== null && { settlement, workflowId: settlementWorkflowId(settlement) }),
          ...(res.writableFinished ? {} : { aborted: true }),
          ...(req.operator ? { operator: req.operator.id, role: req.operator.role, office: req.operator.office } : {}),
        },
        'answered',
      );
    });
    currentRequest.run({ requestId: req.id }, next);
  };
}

/** Of which settlement a request was: its address or that of its answer says so. */
function settlementOf(req: Request, res: Response): string | null {
  const { id } = req.params;
  const [, found] = /\/settlements\/([\d-]+)(?:\/|$)/.exec(res.get('Location') ?? req.path) ?? [];
  return found ?? (typeof id === 'string' && /^\d{12}-\d{8}(-\d+)?$/.test(id) ? id : null);
}

/** Security headers. Offices use plain http inside their network: no upgrade of its requests. */
function protect(): RequestHandler {
  return helmet({
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'self'"],
        // Swagger UI and the counter page set styles on elements
        styleSrc: ["'self'", "'unsafe-inline'"],
        imgSrc: ["'self'", 'data:'],
        objectSrc: ["'none'"],
        baseUri: ["'none'"],
        formAction: ["'self'"],
        frameAncestors: ["'self'"],
      },
    },
    referrerPolicy: { policy: 'no-referrer' },
    // offices may use plain HTTP; where TLS ends in a proxy, the proxy says so
    strictTransportSecurity: false,
  });
}

function mount(router: express.Router, rows: readonly Route[], deps: ApiDeps, limits: Limits): void {
  for (const path of new Set(rows.map((row) => row.path))) {
    const group = rows.filter((row) => row.path === path);
    const pattern = path.replace(/\{(\w+)\}/g, ':$1');
    const here = router.route(pattern);
    const allowed = group.flatMap(({ method }) => (method === 'get' ? ['GET', 'HEAD'] : [method.toUpperCase()])).join(', ');
    here.all((req, res, next) => {
      res.locals['pattern'] = path;
      res.set('Cache-Control', 'no-store');
      if (group.some(({ forTemporalUi }) => forTemporalUi)) allowTemporalUi(req, res, deps);
      res.locals['forBrowsers'] = group.some(({ forBrowsers }) => forBrowsers);
      next();
    });
    for (const row of group) here[row.method]((req: Request, res: Response) => answer(row, req, res, deps, limits));
    here.all((req, res) => {
      if (req.method === 'OPTIONS') res.status(204).set('Allow', allowed).end();
      else throw new Problem('METHOD_NOT_ALLOWED', { headers: { Allow: allowed } });
    });
  }
}

/** The UI's pages may call from their own origin, and no others. */
function allowTemporalUi(req: Request, res: Response, { codec }: ApiDeps): void {
  res.vary('Origin');
  if (codec.origin === null || req.headers.origin !== codec.origin) return;
  res.set({ 'Access-Control-Allow-Origin': codec.origin, 'Access-Control-Allow-Credentials': 'true' });
  if (req.method === 'OPTIONS')
    res.set({ 'Access-Control-Allow-Methods': 'POST', 'Access-Control-Allow-Headers': 'authorization, content-type, x-namespace' });
}

/** Those by whose calls an office is heard of; the others work anywhere. */
const AT_COUNTERS: ReadonlySet<Role> = new Set(['clerk', 'supervisor']);
const NOBODY: Operator = { id: '', name: '', role: 'clerk', office: '' };

async function answer(row: Route, req: Request, res: Response, deps: ApiDeps, limits: Limits): Promise<void> {
  await limits.arrived(row, req, res);
  let session: Session | null = null;
  if (row.roles !== 'anyone') {
    session = await authenticate(req, deps, row.forTemporalUi ? deps.codec.origin : null);
    const { role, office } = session.operator;
    if (AT_COUNTERS.has(role)) deps.signs.heard(office);
    await limits.known(row, req, res);
    if (session.mustChangePassword && !row.beforePasswordChange) throw new Problem('PASSWORD_CHANGE_REQUIRED');
    authorise(session.operator, row.roles);
  }
  const operator = session?.operator ?? NOBODY;
  let params: unknown = {};
  if (row.params) {
    const checked = check(row.params, req.params);
    // an id that cannot be one names nothing
    if (checked.errors.length > 0) throw new Problem('NOT_FOUND');
    params = checked.value;
  }
  const query: unknown = row.query ? parse(row.query, { ...req.query }) : {};
  limits.enter(row, operator, res);
  const body: unknown = row.body ? await row.body.read(await readJson(req, res, row.body.limit), deps) : undefined;
  await row.handle({ req, res, operator, session, params, query, body }, deps);
}

const parseJson = (limit = JSON_LIMIT): RequestHandler => express.json({ limit, strict: true });

/** The request's JSON body, bounded in size, depth and time. */
async function readJson(req: Request, res: Response, limit?: string): Promise<unknown> {
  // an empty body has no type to be wrong: its fields are missing
  if (req.headers['content-length'] !== '0' && req.is('application/json') === false) throw new Problem('UNSUPPORTED_MEDIA_TYPE');
  let timer: NodeJS.Timeout | undefined;
  try {
    await new Promise<void>((resolve, reject) => {
      timer = setTimeout(() => reject(new Problem('REQUEST_TIMEOUT')), JSON_BODY_MS);
      const done: NextFunction = (error?: unknown) => (error instanceof Error ? reject(error) : resolve());
      parseJson(limit)(req, res, done);
    });
  } finally {
    clearTimeout(timer);
  }
  if (deeperThan(req.body, JSON_DEPTH)) throw new Problem('MALFORMED_JSON');
  return req.body as unknown;
}
