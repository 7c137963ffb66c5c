import type { Role } from '../../src/domain/settlement/settlement.js';
import { hashPassword, isPassword, oneTimePassword } from '../../src/store/passwords.js';
import { type Doer, createPeopleStore } from '../../src/store/people.js';
import { ATTEMPTS, LOCKED_MS, type SignInStore, createSignInStore } from '../../src/store/sign-in.js';
import { type TestDatabase, testDatabase } from '../billing/database.js';
import { emptied } from './emptying.js';

let database: TestDatabase;
let signIns: SignInStore;
beforeAll(async () => {
  database = await testDatabase();
  signIns = createSignInStore(database.pool);
}, 60_000);
afterAll(() => database?.stop());
beforeEach(() => emptied(database.pool, 'app.users, app.sign_in_attempts, app.ended_sessions'));

const ADMIN: Doer = { id: 'm1', name: 'مدیر', role: 'admin' };
const SELF: Doer = { id: 'm.rezaei', name: 'مریم رضایی', role: 'clerk' };
const NOW = new Date('2026-11-25T06:30:00.000Z');
const later = (ms: number): Date => new Date(NOW.getTime() + ms);
const OWN = 'باران روی پل قدیمی';

async function person(id = 'm.rezaei', roles: Role[] = ['clerk', 'supervisor']): Promise<void> {
  await createPeopleStore(database.pool).record({ id, name: 'مریم رضایی', office: '01', roles }, ADMIN);
}
/** A person with a password of the own. */
async function settled(id = 'm.rezaei'): Promise<void> {
  await person(id);
  const first = await signIns.resetPassword(id, ADMIN, NOW);
  expect(await signIns.changePassword(id, { current: first!, next: OWN }, SELF, NOW)).toMatchObject({ kind: 'signedIn' });
}
const kinds = async (id = 'm.rezaei'): Promise<string[]> =>
  (await database.pool.query<{ kind: string }>('select kind from app.people_events where user_id = $1 order by seq', [id])).rows.map(
    ({ kind }) => kind,
  );
const kind = async (id: string, password: string, now = NOW): Promise<string> => (await signIns.signIn(id, password, now)).kind;

describe('passwords', () => {
  test('are kept as argon2id, each with its own salt, and verified however they were typed', async () => {
    const [a, b] = await Promise.all([hashPassword('كوه ۱۲۳ یلدا'), hashPassword('کوه 123 یلدا')]);
    expect(a).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
    expect(a).not.toBe(b);
    expect(await isPassword('کوه 123 یلدا', a)).toBe(true);
    expect(await isPassword('کوه 124 یلدا', a)).toBe(false);
    expect(await isPassword('کوه 123 یلدا', null)).toBe(false);
  });
  test('of one time: readable, never the same', () => {
    const made = Array.from({ length: 200 }, oneTimePassword);
    expect(new Set(made).size).toBe(200);
    for (const each of made) expect(each).toMatch(/^([a-hjkmnp-z2-9]{4}-){2}[a-hjkmnp-z2-9]{4}$/);
  });
  test('more at once than there are places: all are answered', async () => {
    const kept = await hashPassword('x');
    expect(await Promise.all(Array.from({ length: 7 }, (_, i) => isPassword(i % 2 ? 'x' : 'y', kept)))).toEqual([
      false,
      true,
      false,
      true,
      false,
      true,
      false,
    ]);
  });
});

describe('a sign-in', () => {
  test('with a one-time password says that it must be changed; then with the own one', async () => {
    await person();
    expect(await kind('m.rezaei', 'anything')).toBe('refused');
    const first = await signIns.resetPassword('m.rezaei', ADMIN, NOW);
    expect(await signIns.signIn('m.rezaei', first!, NOW)).toEqual({
      kind: 'signedIn',
      person: {
        id: 'm.rezaei',
        name: 'مریم رضایی',
        office: '01',
        roles: ['clerk', 'supervisor'],
        mustChangePassword: true,
        sessionVersion: 1,
      },
    });
    expect(await signIns.changePassword('m.rezaei', { current: first!, next: OWN }, SELF, NOW)).toMatchObject({
      person: { mustChangePassword: false, sessionVersion: 2 },
    });
    expect(await kind('m.rezaei', first!)).toBe('refused');
    expect(await signIns.signIn('m.rezaei', OWN, later(400 * 24 * 3600_000))).toMatchObject({
      kind: 'signedIn',
      person: { mustChangePassword: false },
    });
    expect(await kinds()).toEqual(['recorded', 'passwordReset', 'passwordChanged']);
    // never a password, nor its hash
    const { rows } = await database.pool.query('select data::text || by::text as text from app.people_events');
    for (const { text } of rows as { text: string }[]) expect(text).not.toMatch(new RegExp(`${first}|${OWN}|argon2`));
  });

  test('a one-time password ends after three days', async () => {
    await person();
    const first = await signIns.resetPassword('m.rezaei', ADMIN, NOW);
    expect(await kind('m.rezaei', first!, later(3 * 24 * 3600_000 - 1))).toBe('signedIn');
    expect(await kind('m.rezaei', first!, later(3 * 24 * 3600_000))).toBe('refused');
  });

  test('an unknown name, a wrong password and a disabled person are refused alike', async () => {
    await settled();
    expect(await signIns.signIn('nobody', OWN, NOW)).toEqual({ kind: 'refused' });
    expect(await signIns.signIn('m.rezaei', 'wrong', NOW)).toEqual({ kind: 'refused' });
    await createPeopleStore(database.pool).change('m.rezaei', { active: false }, ADMIN);
    expect(await signIns.signIn('m.rezaei', OWN, NOW)).toEqual({ kind: 'refused' });
    expect(await signIns.resetPassword('nobody', ADMIN, NOW)).toBeNull();
  });
});

describe('the lock', () => {
  test.each(['m.rezaei', 'nobody'])('of %s after five failures, for a quarter of an hour, the right password too', async (id) => {
    await settled();
    const until = later(LOCKED_MS).toISOString();
    for (let n = 1; n < ATTEMPTS; n++) expect(await signIns.signIn(id, 'wrong', NOW)).toEqual({ kind: 'refused' });
    expect(await signIns.signIn(id, 'wrong', NOW)).toEqual({ kind: 'locked', until });
    expect(await signIns.signIn(id, OWN, later(1000))).toEqual({ kind: 'locked', until });
    expect(await kind(id, OWN, later(LOCKED_MS - 1))).toBe('locked');
    expect(await kind(id, OWN, later(LOCKED_MS))).toBe(id === 'nobody' ? 'refused' : 'signedIn');
  });

  test('is told among the events, by nobody known', async () => {
    await settled();
    for (let n = 0; n < ATTEMPTS + 2; n++) await signIns.signIn('m.rezaei', 'wrong', NOW);
    const { rows } = await database.pool.query("select by, data from app.people_events where kind = 'locked'");
    expect(rows).toEqual([{ by: { id: 'sign-in', name: 'sign-in' }, data: { until: later(LOCKED_MS).toISOString() } }]);
  });

  test('after it there are five attempts again; a success forgives the failures before it', async () => {
    await settled();
    const wrong = async (times: number, now: Date): Promise<string[]> => {
      const all: string[] = [];
      for (let n = 0; n < times; n++) all.push(await kind('m.rezaei', 'wrong', now));
      return all;
    };
    await wrong(ATTEMPTS, NOW);
    expect(await wrong(4, later(LOCKED_MS))).toEqual(['refused', 'refused', 'refused', 'refused']);
    expect(await kind('m.rezaei', OWN, later(LOCKED_MS))).toBe('signedIn');
    expect(await wrong(4, later(LOCKED_MS))).toEqual(['refused', 'refused', 'refused', 'refused']);
    // of yesterday
    expect(await wrong(4, later(LOCKED_MS + 24 * 3600_000 + 1))).toEqual(['refused', 'refused', 'refused', 'refused']);
  });

  test('any number of guesses at the same moment stay within the five', async () => {
    await settled();
    const all = await Promise.all(Array.from({ length: 20 }, () => kind('m.rezaei', 'wrong')));
    expect(all.filter((each) => each === 'refused')).toHaveLength(ATTEMPTS - 1);
    expect(await kind('m.rezaei', OWN)).toBe('locked');
  });

  test('counts a wrong current password of a change; a reset takes it away', async () => {
    await settled();
    for (let n = 0; n < ATTEMPTS; n++) await signIns.changePassword('m.rezaei', { current: 'wrong', next: 'x' }, SELF, NOW);
    expect(await signIns.changePassword('m.rezaei', { current: OWN, next: 'x' }, SELF, NOW)).toMatchObject({ kind: 'locked' });
    const first = await signIns.resetPassword('m.rezaei', ADMIN, NOW);
    expect(await kind('m.rezaei', first!)).toBe('signedIn');
  });
});

describe('sessions', () => {
  test('a reset, a change and disabling raise the number that a session must carry', async () => {
    await settled();
    const state = () => signIns.sessionState('m.rezaei', 's1');
    expect(await state()).toEqual({ ended: false, person: { active: true, sessionVersion: 2 } });
    await signIns.resetPassword('m.rezaei', ADMIN, NOW);
    expect(await state()).toMatchObject({ person: { sessionVersion: 3 } });
    await createPeopleStore(database.pool).change('m.rezaei', { active: false }, ADMIN);
    expect(await state()).toEqual({ ended: false, person: { active: false, sessionVersion: 4 } });
    expect(await signIns.sessionState('nobody', 's1')).toEqual({ ended: false, person: null });
  });
  test('one that was signed out is over, others are not; what has expired is cleared away', async () => {
    const soon = new Date(Date.now() + 3600_000);
    await signIns.endSession('s0', new Date(Date.now() - 1000));
    await signIns.endSession('s1', soon);
    await signIns.endSession('s1', soon);
    expect((await signIns.sessionState('m1', 's1')).ended).toBe(true);
    expect((await signIns.sessionState('m1', 's2')).ended).toBe(false);
    expect((await database.pool.query('select id from app.ended_sessions')).rows).toEqual([{ id: 's1' }]);
  });
});
