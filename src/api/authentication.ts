import type { Request, Response } from 'express';
import type { Logger } from 'pino';
import type { Operator, Role, Settlement } from '../domain/settlement.js';
import { Problem } from './problems.js';
import type { Tokens } from './tokens.js';

declare global {
  // Express leaves this namespace open for what an app's middleware adds
  // eslint-disable-next-line @typescript-eslint/no-namespace
  namespace Express {
    interface Request {
      id: string;
      log: Logger;
      operator?: Operator;
      /** the token came as the page's cookie, which a browser sends by itself */
      byCookie?: boolean;
    }
  }
}

const COOKIE = 'tasvieh_session';
const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS']);

/** The operator of the request's bearer token or session cookie; throws UNAUTHENTICATED or FORBIDDEN. */
export async function authenticate(req: Request, tokens: Tokens): Promise<Operator> {
  const bearer = /^Bearer +([\w.-]+) *$/i.exec(req.headers.authorization ?? '')?.[1];
  const token = bearer ?? cookie(req);
  const operator = token === undefined ? null : await tokens.verify(token);
  if (operator === null) throw new Problem('UNAUTHENTICATED');
  req.operator = operator;
  req.byCookie = bearer === undefined;
  if (req.byCookie && !SAFE_METHODS.has(req.method) && isCrossSite(req)) throw new Problem('FORBIDDEN');
  return operator;
}

export function authorise(operator: Operator, roles: readonly Role[] | 'everyone'): void {
  if (roles !== 'everyone' && !roles.includes(operator.role)) throw new Problem('FORBIDDEN');
}

/** The office an operator is confined to; null = every office. */
export function officeScope({ role, office }: Operator): string | null {
  return role === 'clerk' || role === 'supervisor' ? office : null;
}

/** The office that a settlement belongs to: its account's, before that is known its clerk's. */
export function officeOf(settlement: Settlement): string {
  return settlement.account?.office ?? settlement.clerk.office;
}

/** Throws FORBIDDEN for another office's settlement. */
export function requireOffice(operator: Operator, office: string): void {
  const scope = officeScope(operator);
  if (scope !== null && scope !== office) throw new Problem('FORBIDDEN');
}

/** Puts the token of this request into the page's cookie: scripts cannot read it, other sites cannot use it. */
export function openSession(req: Request, res: Response): void {
  const token = /^Bearer +([\w.-]+) *$/i.exec(req.headers.authorization ?? '')?.[1] ?? cookie(req);
  if (token !== undefined) res.cookie(COOKIE, token, cookieOptions(req));
}

export function closeSession(req: Request, res: Response): void {
  res.clearCookie(COOKIE, cookieOptions(req));
}

function cookieOptions(req: Request) {
  return { httpOnly: true, sameSite: 'strict', secure: req.secure, path: '/' } as const;
}

function cookie(req: Request): string | undefined {
  for (const pair of (req.headers.cookie ?? '').split(';')) {
    const [name, value] = pair.trim().split('=');
    if (name === COOKIE && value) return value;
  }
  return undefined;
}

/** Browsers say where a request comes from; other clients say nothing. */
function isCrossSite(req: Request): boolean {
  const site = req.headers['sec-fetch-site'];
  return site !== undefined && site !== 'same-origin' && site !== 'none';
}
