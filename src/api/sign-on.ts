import type { CookieOptions, Request } from 'express';
import type { z } from 'zod';
import { cookie, cookieOptions, SESSION_ROOT } from './authentication.js';
import type { ApiDeps } from './deps.js';
import { Problem, withoutData } from './problems.js';
import type { Call } from './route.js';
import type { signOnQuery } from './schemas.js';
import { heldRole, opened } from './session.js';

/** The provider's page is not left open for longer. */
export const SIGN_ON_SECONDS = 600;
const COOKIE = 'tasvieh_sign_on';
/** Whatever the provider sends, a line of the log stays a line. */
const CLAIM_LOGGED = 100;

/** GET /session/options: what the sign-in page offers. */
export function showOptions({ res }: Call, { identityProvider }: ApiDeps): void {
  res.json({ signOn: identityProvider !== null });
}

/** GET /session/sign-on: to the company's provider of identities. */
export async function beginSignOn({ req, res, query }: Call<unknown, z.output<typeof signOnQuery>>, deps: ApiDeps): Promise<void> {
  const { url, begun } = await providerOf(deps)
    .begin()
    .catch((error: unknown) => tell(error, req));
  const token = await deps.tokens.issueSignOn({ ...begun, role: query.role ?? null }, SIGN_ON_SECONDS);
  res.cookie(COOKIE, token, { ...waiting(req), maxAge: SIGN_ON_SECONDS * 1000 });
  res.redirect(302, url);
}

/**
 * GET /session/sign-on/answer: where the provider sends the browser. The provider says who it is; whether that person
 * may enter, in which roles and for which office is said by the record of people alone.
 */
export async function endSignOn({ req, res }: Call, deps: ApiDeps): Promise<void> {
  const provider = providerOf(deps);
  const begun = await deps.tokens.readSignOn(cookie(req, COOKIE) ?? '');
  res.clearCookie(COOKIE, waiting(req));
  if (begun === null) throw new Problem('SIGN_ON_FAILED');
  // ends once, even at a provider that would take its code again
  if (!(await deps.signIns.spend(begun.id, begun.expiresAt))) throw new Problem('SIGN_ON_FAILED');
  const [, search = ''] = /(\?.*)$/s.exec(req.originalUrl) ?? [];
  const { user, claim } = await provider.userOf(search, begun).catch((error: unknown) => tell(error, req));
  const person = user === null ? null : await deps.signIns.vouchedFor(user);
  if (person === null) {
    const why = user === null ? 'its claim is not a user name of the configured domain' : 'not one of the active people here';
    req.log.warn({ claim: claim?.slice(0, CLAIM_LOGGED) ?? null, user }, `signed on at the provider, but ${why}`);
    throw new Problem('SIGN_ON_UNKNOWN');
  }
  await opened({ req, res }, person, heldRole(person, begun.role), deps);
  // the session's cookie is not sent on the way here, which began at another site; the page asks with it
  res.redirect(303, '/');
}

function providerOf({ identityProvider }: ApiDeps): NonNullable<ApiDeps['identityProvider']> {
  if (identityProvider === null) throw new Problem('NOT_FOUND');
  return identityProvider;
}

/** Why it failed is for the log: the page says what to do. */
function tell(error: unknown, req: Request): never {
  if (error instanceof Problem && error.cause !== undefined)
    req.log.warn(
      { err: withoutData(error.cause), reason: (error.cause as { error?: unknown }).error },
      'the sign-on at the provider failed',
    );
  throw error;
}

/** Lax: it must come along when the provider's page, which is another site's, sends the browser back. */
function waiting(req: Request): CookieOptions {
  return { ...cookieOptions(req), sameSite: 'lax', path: `${req.baseUrl}${SESSION_ROOT}/sign-on` };
}
