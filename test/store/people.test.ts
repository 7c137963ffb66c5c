import { type JalaliDate, jalali } from '../../src/domain/calendar/jalali.js';
import { QUALIFICATIONS, type QualificationCode } from '../../src/domain/people/qualification.js';
import type { Role } from '../../src/domain/settlement/settlement.js';
import { type Doer, PRACTICE, type PeopleStore, createPeopleStore } from '../../src/store/people.js';
import { type TestDatabase, testDatabase } from '../billing/database.js';
import { emptied } from './emptying.js';

let database: TestDatabase;
let people: PeopleStore;
beforeAll(async () => {
  database = await testDatabase();
  people = createPeopleStore(database.pool);
}, 60_000);
afterAll(() => database?.stop());
beforeEach(() => emptied(database.pool, 'app.users'));

const ADMIN: Doer = { id: 'm1', name: 'مدیر', role: 'admin' };
const person = (id: string, change: { name?: string; office?: string; roles?: Role[] } = {}) =>
  people.record({ id, name: change.name ?? 'مریم رضایی', office: change.office ?? '01', roles: change.roles ?? ['clerk'] }, ADMIN);
const date = (text: string | null): JalaliDate | null => (text === null ? null : jalali(text));
const qualify = (id: string, code: QualificationCode, from: string, to: string | null, certificate: string | null = null) =>
  people.qualify(id, { code, validFrom: jalali(from), validTo: date(to), certificate }, ADMIN);
const events = async (id: string) =>
  (await database.pool.query('select kind, by, data from app.people_events where user_id = $1 order by seq', [id])).rows;
const version = async (id: string): Promise<number> =>
  (await database.pool.query<{ v: number }>('select session_version as v from app.users where id = $1', [id])).rows[0]!.v;

test('a person is recorded once, with who did it', async () => {
  const recorded = await person('m.rezaei');
  expect(recorded).toEqual({
    id: 'm.rezaei',
    name: 'مریم رضایی',
    office: '01',
    roles: ['clerk'],
    active: true,
    mustChangePassword: false,
    createdAt: expect.stringMatching(/Z$/),
    createdBy: ADMIN,
    qualifications: [],
  });
  const again = await Promise.all([person('m.rezaei', { name: 'دیگری' }), person('m.rezaei', { office: '02' })]);
  expect(again).toEqual([null, null]);
  expect(await people.get('m.rezaei')).toEqual(recorded);
  expect(await events('m.rezaei')).toEqual([{ kind: 'recorded', by: ADMIN, data: { name: 'مریم رضایی', office: '01', roles: ['clerk'] } }]);
  expect(await people.get('nobody')).toBeNull();
});

test('the database refuses an id in capitals, no role and an unknown one', async () => {
  await expect(person('M.Rezaei')).rejects.toThrow('users_id_check');
  await expect(person('a', { roles: [] })).rejects.toThrow('users_roles_check');
  await expect(person('a', { roles: ['king' as Role] })).rejects.toThrow('users_roles_check');
});

test('a search goes by words of name and id, in any spelling, by office, in pages', async () => {
  await person('a.karimi', { name: 'علی کریمی' });
  await person('b.karimi', { name: 'علی‌رضا کریمی', office: '02' });
  await person('c.ahmadi', { name: 'مریم احمدی' });
  const ids = async (query: string | null, change: { office?: string; limit?: number; after?: string } = {}) =>
    (await people.list({ query, office: change.office ?? null, limit: change.limit ?? 10, after: change.after ?? null })).map(
      ({ id }) => id,
    );
  expect(await ids(null)).toEqual(['a.karimi', 'b.karimi', 'c.ahmadi']);
  expect(await ids('علي كريمي')).toEqual(['a.karimi', 'b.karimi']);
  expect(await ids('کریمی علیرضا')).toEqual(['b.karimi']);
  expect(await ids('KARIMI', { office: '02' })).toEqual(['b.karimi']);
  expect(await ids('%')).toEqual([]);
  expect(await ids(null, { limit: 1, after: 'a.karimi' })).toEqual(['b.karimi']);
  await people.change('c.ahmadi', { name: 'زهرا امینی' }, ADMIN);
  expect(await ids('امینی')).toEqual(['c.ahmadi']);
  expect(await ids('ahmadi')).toEqual(['c.ahmadi']);
  expect(await ids('مریم')).toEqual([]);
});

describe('changes', () => {
  test('what differs is changed and told, before and after; the same again is no event', async () => {
    await person('m.rezaei');
    const change = { office: '02', roles: ['supervisor', 'clerk'] as Role[] };
    expect(await people.change('m.rezaei', change, ADMIN)).toMatchObject({
      office: '02',
      roles: ['supervisor', 'clerk'],
      name: 'مریم رضایی',
    });
    await people.change('m.rezaei', change, ADMIN);
    await people.change('m.rezaei', {}, ADMIN);
    expect((await events('m.rezaei')).slice(1)).toEqual([
      {
        kind: 'changed',
        by: ADMIN,
        data: { before: { office: '01', roles: ['clerk'] }, after: { office: '02', roles: ['supervisor', 'clerk'] } },
      },
    ]);
    expect(await people.change('nobody', { name: 'x' }, ADMIN)).toBeNull();
  });

  test.each([
    [{ name: 'دیگری' }, 0],
    [{ office: '02' }, 1],
    [{ roles: ['quality' as const] }, 1],
    [{ active: false }, 1],
    [{ office: '01' }, 0],
  ])('%j ends the sessions: %i', async (change, ended) => {
    await person('m.rezaei');
    await people.change('m.rezaei', change, ADMIN);
    expect(await version('m.rezaei')).toBe(ended);
  });

  test('the last active admin stays one, also when two take it from one another at once', async () => {
    await person('a', { roles: ['admin'] });
    await person('b', { roles: ['admin', 'clerk'] });
    await person('c', { roles: ['admin'] });
    await people.change('c', { active: false }, ADMIN);
    const both = await Promise.all([people.change('a', { active: false }, ADMIN), people.change('b', { roles: ['clerk'] }, ADMIN)]);
    expect(both.filter((each) => each === 'lastAdmin')).toHaveLength(1);
    const { rows } = await database.pool.query("select id from app.users where active and 'admin' = any(roles)");
    expect(rows).toHaveLength(1);
    // another change of the last one, and a change of somebody else, are free
    expect(await people.change((rows[0] as { id: string }).id, { name: 'نام دیگر' }, ADMIN)).toMatchObject({ name: 'نام دیگر' });
    expect(await people.change('c', { roles: ['quality'] }, ADMIN)).toMatchObject({ roles: ['quality'] });
  });
});

describe('qualifications', () => {
  test('are added, never changed; the same as the last changes nothing', async () => {
    await person('m.rezaei');
    expect(await qualify('m.rezaei', 'secondCopy', '1405/01/01', '1405/12/29', 'G-12')).toMatchObject({ recorded: true });
    expect(await qualify('m.rezaei', 'secondCopy', '1405/01/01', '1405/12/29', 'G-12')).toMatchObject({ recorded: false });
    expect(await qualify('m.rezaei', 'secondCopy', '1406/01/01', null)).toMatchObject({ recorded: true });
    expect((await people.get('m.rezaei'))?.qualifications).toEqual([
      {
        code: 'secondCopy',
        validFrom: '1405/01/01',
        validTo: '1405/12/29',
        certificate: 'G-12',
        recordedBy: ADMIN,
        recordedAt: expect.stringMatching(/Z$/),
      },
      {
        code: 'secondCopy',
        validFrom: '1406/01/01',
        validTo: null,
        certificate: null,
        recordedBy: ADMIN,
        recordedAt: expect.stringMatching(/Z$/),
      },
    ]);
    expect((await events('m.rezaei')).slice(1).map(({ kind, data }) => [kind, data.validTo])).toEqual([
      ['qualified', '1405/12/29'],
      ['qualified', null],
    ]);
    expect(await qualify('nobody', 'secondCopy', '1405/01/01', null)).toBeNull();
  });

  test('two at once of the same: one record', async () => {
    await person('m.rezaei');
    const both = await Promise.all([1, 2, 3].map(() => qualify('m.rezaei', 'sevenSkills', '1405/01/01', null)));
    expect(both.filter((each) => each?.recorded)).toHaveLength(1);
  });

  test.each(['app.qualifications', 'app.people_events'])('%s cannot be rewritten', async (table) => {
    await person('m.rezaei');
    await qualify('m.rezaei', 'sevenSkills', '1405/01/01', null);
    await expect(database.pool.query(`update ${table} set user_id = user_id`)).rejects.toThrow('append-only');
    await expect(database.pool.query(`delete from ${table}`)).rejects.toThrow('append-only');
  });
  test('an end before the beginning is refused by the database too', async () => {
    await person('m.rezaei');
    await expect(qualify('m.rezaei', 'sevenSkills', '1405/01/02', '1405/01/01')).rejects.toThrow('check');
    expect(await events('m.rezaei')).toHaveLength(1);
  });
});

test('the standing of an operator: nobody recorded, only a demo’s people, not recorded, recorded', async () => {
  expect(await people.standing('m.rezaei')).toEqual({ managed: false, person: null, qualifications: [] });
  await people.record({ id: 'demo-clerk', name: 'کارمند نمایشی', office: '01', roles: ['clerk'] }, PRACTICE);
  expect(await people.standing('m.rezaei')).toEqual({ managed: false, person: null, qualifications: [] });
  await person('other');
  expect(await people.standing('m.rezaei')).toEqual({ managed: true, person: null, qualifications: [] });
  await person('m.rezaei', { roles: ['clerk', 'supervisor'] });
  await qualify('m.rezaei', 'secondCopy', '1405/01/01', '1405/12/29');
  await qualify('m.rezaei', 'sevenSkills', '1404/01/01', null);
  expect(await people.standing('m.rezaei')).toEqual({
    managed: true,
    person: { active: true, roles: ['clerk', 'supervisor'], office: '01' },
    qualifications: [
      { code: 'secondCopy', validFrom: '1405/01/01', validTo: '1405/12/29' },
      { code: 'sevenSkills', validFrom: '1404/01/01', validTo: null },
    ],
  });
});

test('whose qualifications lapse in a span, soonest first: renewed, lapsed and disabled ones are not told', async () => {
  const [from, to] = [jalali('1405/09/04'), jalali('1405/10/04')];
  const all = async (id: string, ends: string | null): Promise<void> => {
    await person(id);
    for (const code of QUALIFICATIONS) await qualify(id, code, '1404/01/01', code === 'secondCopy' ? ends : null);
  };
  await all('last-day', '1405/10/04');
  await all('first-day', '1405/09/04');
  await all('after', '1405/10/05');
  await all('before', '1405/09/03');
  await all('open', null);
  await all('renewed', '1405/09/20');
  await qualify('renewed', 'secondCopy', '1405/09/21', null);
  await all('gap', '1405/09/20');
  await qualify('gap', 'secondCopy', '1405/09/25', '1405/09/26');
  await all('disabled', '1405/09/20');
  await people.change('disabled', { active: false }, ADMIN);
  const told = await people.lapsingQualifications(from, to);
  expect(told.map(({ id, lastDay }) => [id, lastDay])).toEqual([
    ['first-day', '1405/09/04'],
    ['gap', '1405/09/20'],
    ['last-day', '1405/10/04'],
  ]);
  expect(told[0]).toEqual({ id: 'first-day', name: 'مریم رضایی', office: '01', code: 'secondCopy', lastDay: '1405/09/04' });
});
