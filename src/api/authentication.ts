import type { Request, Response } from 'express';
import type { Logger } from 'pino';
import type { Operator, Role, Settlement } from '../domain/settlement/settlement.js';
import type { ApiDeps } from './deps.js';
import { Problem } from './problems.js';
import type { Session } from './tokens.js';

declare global {
  // Express leaves this namespace open for what an app's middleware adds
  // eslint-disable-next-line @typescript-eslint/no-namespace
  namespace Express {
    interface Request {
      id: string;
      log: Logger;
      operator?: Operator;
      sessionId?: string;
    }
  }
}

const COOKIE = 'tasvieh_session';
export const SESSION_ROOT = '/session';
const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS']);

/** The token of a request; `byCookie`: it came as the page's cookie, which a browser sends by itself. */
export interface Presented {
  token: string;
  byCookie: boolean;
}

/** The bearer token or the session cookie; throws FORBIDDEN for the cookie in a writing call of another site, but for `origin`. */
export function presented(req: Request, origin: string | null = null): Presented | null {
  const bearer = /^Bearer +([\w.-]+) *$/i.exec(req.headers.authorization ?? '')?.[1];
  if (bearer !== undefined) return { token: bearer, byCookie: false };
  const token = cookie(req, COOKIE);
  if (token === undefined) return null;
  if (!SAFE_METHODS.has(req.method) && (origin === null || req.headers.origin !== origin)) refuseOtherSites(req);
  return { token, byCookie: true };
}

/** The session of the request's bearer token or cookie, which pages of `origin` may use too; throws UNAUTHENTICATED or FORBIDDEN. */
export async function authenticate(
  req: Request,
  { tokens, sessions }: Pick<ApiDeps, 'tokens' | 'sessions'>,
  origin: string | null = null,
): Promise<Session> {
  const token = presented(req, origin)?.token;
  const session = token === undefined ? null : await tokens.readSession(token);
  if (session === null || !(await sessions.stands(session, req.log))) throw new Problem('UNAUTHENTICATED');
  req.operator = session.operator;
  req.sessionId = session.id;
  return session;
}

export function authorise(operator: Operator, roles: readonly Role[] | 'everyone'): void {
  if (roles !== 'everyone' && !roles.includes(operator.role)) throw new Problem('FORBIDDEN');
}

/** The Temporal UI tells no office from another: not for those who work at one counter. */
export const SEES_HISTORIES: readonly Role[] = ['supervisor', 'approver', 'quality', 'admin'];

/** The office an operator is confined to; null = every office. */
export function officeScope({ role, office }: Operator): string | null {
  return role === 'clerk' || role === 'supervisor' ? office : null;
}

/** The office that a settlement belongs to: its account's, before that is known its clerk's. */
export function officeOf(settlement: Settlement): string {
  return settlement.account?.office ?? settlement.clerk.office;
}

/** Whether what belongs to an office exists for the operator: what does not gets the answer of what was never there. */
export function sees(operator: Operator, office: string): boolean {
  const scope = officeScope(operator);
  return scope === null || scope === office;
}

/** Throws FORBIDDEN when a list of another office is asked for; what it holds does not change the answer. */
export function requireOffice(operator: Operator, office: string): void {
  if (!sees(operator, office)) throw new Problem('FORBIDDEN');
}

/** Puts a token into the page's cookie: scripts cannot read it, other sites cannot use it. */
export function openSession(req: Request, res: Response, token: string): void {
  res.cookie(COOKIE, token, cookieOptions(req));
}

export function closeSession(req: Request, res: Response): void {
  res.clearCookie(COOKIE, cookieOptions(req));
}

export function cookieOptions(req: Request) {
  // whoever claims https falsely only loses the cookie; of several proxies the first met the browser
  const [first] = String(req.headers['x-forwarded-proto'] ?? '').split(',');
  const secure = req.secure || first?.trim().toLowerCase() === 'https';
  return { httpOnly: true, sameSite: 'strict', secure, path: '/' } as const;
}

export function cookie(req: Request, named: string): string | undefined {
  for (const pair of (req.headers.cookie ?? '').split(';')) {
    const [name, value] = pair.trim().split('=');
    if (name === named && value) return value;
  }
  return undefined;
}

/**
 * Throws FORBIDDEN for a call from another site. Browsers say where a request comes from, over plain http by its origin
 * alone; other clients say nothing.
 */
export function refuseOtherSites(req: Request): void {
  const { 'sec-fetch-site': site, origin } = req.headers;
  const own = site === undefined ? origin === undefined || isOwn(origin, req) : site === 'same-origin' || site === 'none';
  if (own) return;
  req.log.warn(
    { site, origin, host: req.host },
    'a call from another site; if it is the own page, the proxy drops the port of Host (TASVIEH_PUBLIC_URL)',
  );
  throw new Problem('FORBIDDEN');
}

/** Whether `origin` is where this API is reached: the host as the browser or a trusted proxy says it, or the public address. */
function isOwn(origin: string, req: Request): boolean {
  const publicOrigin = req.app.get('public origin') as string | null;
  if (origin === publicOrigin) return true;
  if (!URL.canParse(origin)) return false;
  const { protocol, host } = new URL(origin);
  // a default port may be written or left out
  const here = `${protocol}//${req.host}`;
  return URL.canParse(here) && new URL(here).host === host;
}
