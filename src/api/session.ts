import type { z } from 'zod';
import { passwordFaults, passwordText } from '../domain/people/password.js';
import type { Instant, Operator, Role } from '../domain/settlement/settlement.js';
import type { SignedIn, SignInOutcome } from '../store/sign-in.js';
import { authenticate, closeSession, openSession, presented, refuseOtherSites } from './authentication.js';
import type { ApiDeps } from './deps.js';
import { Problem, withoutData, type ProblemError } from './problems.js';
import type { Call, JsonBody } from './route.js';
import { signInRequest, type passwordRequest } from './schemas.js';
import type { Session } from './tokens.js';
import { parse } from './validation.js';
import { viewSession } from './view.js';

/** A shift, as of a receipt: nobody is thrown out in the middle of an applicant's five minutes. */
const SESSION_SECONDS = 12 * 3600;

type SignIn = z.output<typeof signInRequest>;

/** Sign-in, or nothing: then the call's own token goes into the cookie. */
export const sessionBody: JsonBody<SignIn | null> = {
  schema: signInRequest,
  optional: true,
  read: (raw) => (raw === undefined || isEmpty(raw) ? null : parse(signInRequest, raw)),
};

/** POST /session: user and password open a session in the page's cookie; without them the call's token does. */
export async function signIn({ req, res, body }: Call<unknown, unknown, SignIn | null>, deps: ApiDeps) {
  if (body === null) {
    const given = presented(req);
    await authenticate(req, deps);
    if (given !== null) openSession(req, res, given.token);
    res.status(204).end();
    return;
  }
  refuseOtherSites(req);
  const outcome = await deps.signIns.signIn(body.user, body.password, deps.now());
  if (outcome.kind === 'refused') throw new Problem('SIGN_IN_REFUSED');
  if (outcome.kind === 'locked') throw locked(outcome.until, deps);
  const { person } = outcome;
  // told only to whom the password has named
  const role = heldRole(person, body.role ?? null);
  res.json(viewSession(await opened({ req, res }, person, role, deps), deps.temporalUi));
}

/** The role of a new session: the one asked for, or the person's first. Throws INVALID_REQUEST for one that is not held. */
export function heldRole({ roles }: SignedIn, asked: Role | null): Role {
  const role = asked ?? roles[0];
  if (role !== undefined && roles.includes(role)) return role;
  throw new Problem('INVALID_REQUEST', {
    errors: [
      { field: 'role', code: 'ROLE_NOT_HELD', message: `این نقش به شما داده نشده است. یکی از این‌ها را بنویسید: ${roles.join('، ')}.` },
    ],
  });
}

/** GET /session */
export function showSession({ res, session }: Call, { temporalUi }: ApiDeps) {
  res.json(viewSession(session as Session, temporalUi));
}

/** DELETE /session: the session is over, not only its cookie. */
export async function signOut({ req, res }: Call, { tokens, sessions }: ApiDeps) {
  const token = presented(req)?.token;
  const session = token === undefined ? null : await tokens.readSession(token);
  if (session !== null) {
    try {
      await sessions.end(session);
    } catch (error) {
      // who leaves must not be kept: the cookie goes, the token lives to its end
      req.log.warn({ err: withoutData(error), operator: session.operator.id }, 'signed out by the cookie alone');
    }
  }
  closeSession(req, res);
  res.status(204).end();
}

/** POST /session/password: by oneself, who knows the current one. Every other session of the person ends. */
export async function changePassword(
  { req, res, operator, session, body }: Call<unknown, unknown, z.output<typeof passwordRequest>>,
  deps: ApiDeps,
) {
  const faults: ProblemError[] = passwordFaults(body.next, operator).map(({ code, message }) => ({ field: 'next', code, message }));
  if (passwordText(body.next) === passwordText(body.current)) {
    faults.push({ field: 'next', code: 'PASSWORD_UNCHANGED', message: 'گذرواژهٔ تازه همان گذرواژهٔ کنونی است. گذرواژهٔ دیگری بنویسید.' });
  }
  if (faults.length > 0) throw new Problem('INVALID_REQUEST', { errors: faults });
  const outcome: SignInOutcome = await deps.signIns.changePassword(operator.id, body, operator, deps.now());
  if (outcome.kind === 'locked') throw locked(outcome.until, deps);
  if (outcome.kind === 'refused') {
    throw new Problem('INVALID_REQUEST', {
      errors: [{ field: 'current', code: 'PASSWORD_WRONG', message: 'گذرواژهٔ کنونی درست نیست. آن را دوباره بنویسید.' }],
    });
  }
  deps.sessions.forget();
  // a token that was not opened by a sign-in goes on as it was
  if (session !== null && session.version !== null) await opened({ req, res }, outcome.person, operator.role, deps);
  res.status(204).end();
}

/** Opens a session of somebody who has shown who it is. */
export async function opened(
  { req, res }: Pick<Call, 'req' | 'res'>,
  person: SignedIn,
  role: Role,
  { tokens, now }: ApiDeps,
): Promise<Parameters<typeof viewSession>[0]> {
  const operator: Operator = { id: person.id, name: person.name, role, office: person.office };
  const { mustChangePassword, sessionVersion: version } = person;
  const token = await tokens.issue(operator, { ttl: SESSION_SECONDS, version, mustChangePassword });
  openSession(req, res, token);
  req.operator = operator;
  return { operator, expiresAt: new Date(now().getTime() + SESSION_SECONDS * 1000), mustChangePassword };
}

function locked(until: Instant, { now }: ApiDeps): Problem {
  const seconds = Math.max(1, Math.ceil((Date.parse(until) - now().getTime()) / 1000));
  return new Problem('SIGN_IN_LOCKED', { headers: { 'Retry-After': String(seconds) } });
}

function isEmpty(raw: unknown): boolean {
  return typeof raw === 'object' && raw !== null && !Array.isArray(raw) && Object.keys(raw).length === 0;
}
