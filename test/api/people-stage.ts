import { createSessions } from '../../src/api/sessions';
import type { Operator, Role } from '../../src/domain/settlement/settlement';
import { createPeopleStore } from '../../src/store/people';
import { createSignInStore } from '../../src/store/sign-in';
import { testDatabase, type TestDatabase } from '../billing/database';
import { ADMIN, NOW, startApi, type Answered, type CallOptions, type TestApi } from './fixture';
import { emptied } from '../store/emptying';

/** The API on a real database of people, with a clock that a test moves; the other parts are the fixture's. */
export interface PeopleStage {
  api: TestApi;
  database: TestDatabase;
  /** ms since NOW */
  clock: { ms: number };
  emptied(): Promise<void>;
  /** records a person over the API and answers the one-time password */
  person(id: string, roles?: Role[], office?: string): Promise<string>;
  /** a person with a password of the own, who is not signed in */
  settled(id: string, roles?: Role[], office?: string): Promise<void>;
  signIn(user: string, password: string, change?: Record<string, unknown>, headers?: Record<string, string>): Promise<Answered>;
  /** signs in with the own password and answers the session's cookie */
  cookieOf(user: string, role?: Role): Promise<string>;
  call(method: string, path: string, options?: CallOptions): Promise<Answered>;
  stop(): Promise<void>;
}

export const OWN_PASSWORD = 'باران روی پل قدیمی';

export async function startPeople(): Promise<PeopleStage> {
  const database = await testDatabase();
  const clock = { ms: 0 };
  const now = (): Date => new Date(NOW.getTime() + clock.ms);
  const signIns = createSignInStore(database.pool);
  const api = await startApi({ people: createPeopleStore(database.pool), signIns, sessions: createSessions(signIns, now), now });
  const call: PeopleStage['call'] = (method, path, options) => api.call(method, `/api/v1${path}`, options);
  const signIn: PeopleStage['signIn'] = (user, password, change = {}, headers = {}) =>
    call('POST', '/session', { json: { user, password, ...change }, headers });
  const person: PeopleStage['person'] = async (id, roles = ['clerk'], office = '12') => {
    const { status, body } = await call('POST', '/people', { as: ADMIN, json: { id, name: 'مریم رضایی', office, roles } });
    expect(status).toBe(201);
    return body.oneTimePassword as string;
  };
  return {
    api,
    database,
    clock,
    call,
    signIn,
    person,
    async emptied() {
      clock.ms = 0;
      api.deps.sessions.forget();
      api.log.length = 0;
      await emptied(database.pool, 'app.users, app.sign_in_attempts, app.ended_sessions');
    },
    async settled(id, roles = ['clerk'], office = '12') {
      const by: Operator = { id, name: 'مریم رضایی', role: roles[0] as Role, office };
      const current = await person(id, roles, office);
      expect(await signIns.changePassword(id, { current, next: OWN_PASSWORD }, by, now())).toMatchObject({ kind: 'signedIn' });
    },
    async cookieOf(user, role) {
      const answer = await signIn(user, OWN_PASSWORD, role === undefined ? {} : { role });
      expect(answer.status).toBe(200);
      return sessionCookie(answer);
    },
    async stop() {
      await api.server.close();
      await database.stop();
    },
  };
}

/** The faults of a refused request, as `field CODE`. */
export function faultsOf({ body }: Answered): string[] {
  return (body as { errors: { field: string; code: string }[] }).errors.map(({ field, code }) => `${field} ${code}`);
}

/** The cookie that an answer sets, as a browser sends it back. */
export function sessionCookie({ headers }: Answered): string {
  return (headers.get('set-cookie') ?? '').split(';')[0] ?? '';
}
