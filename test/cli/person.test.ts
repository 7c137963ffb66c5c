import { recordDemoPeople } from '../../src/embedded/demo.js';
import { addPersonCommand } from '../../src/cli/person.js';
import { createPeopleStore } from '../../src/store/people.js';
import { createSignInStore } from '../../src/store/sign-in.js';
import { type TestDatabase, testDatabase } from '../billing/database.js';
import { emptied } from '../store/emptying.js';
import { runCommand } from './run-command.js';

let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase();
}, 60_000);
afterAll(() => database?.stop());
beforeEach(() => emptied(database.pool, 'app.users'));

const person = async (...args: string[]): Promise<string> =>
  (await runCommand(addPersonCommand, { databaseUrl: database.url }, ['person', ...args])).out;
const failure = (...args: string[]): Promise<string> =>
  person(...args).then(
    () => 'done',
    (error: Error) => `${error.name}: ${error.message}`,
  );
const passwordIn = (out: string): string => /: ((?:[a-z0-9]{4}-){2}[a-z0-9]{4})$/m.exec(out)?.[1] ?? 'none';
const ADMIN = ['add', '--id', 'Boss', '--name', 'نرگس کاظمی', '--office', '01', '--role', 'admin'];

test('a fresh installation gets its first admin, who signs in with what was printed', async () => {
  const out = await person(...ADMIN, '--role', 'clerk');
  expect(out).toContain('boss is recorded.');
  expect(await createSignInStore(database.pool).signIn('boss', passwordIn(out), new Date())).toMatchObject({
    kind: 'signedIn',
    person: { roles: ['admin', 'clerk'], mustChangePassword: true },
  });
  expect((await createPeopleStore(database.pool).get('boss'))?.createdBy).toEqual({ id: 'command-line', name: 'command line' });
});

test('the same again is refused and changes no password', async () => {
  const first = passwordIn(await person(...ADMIN));
  expect(await failure(...ADMIN)).toBe('Refusal: boss is recorded already.');
  expect((await createSignInStore(database.pool).signIn('boss', first, new Date())).kind).toBe('signedIn');
});

test('a forgotten password: a new one, the old one is over', async () => {
  const first = passwordIn(await person(...ADMIN));
  const next = passwordIn(await person('reset-password', '--id', 'boss'));
  const kind = async (password: string): Promise<string> =>
    (await createSignInStore(database.pool).signIn('boss', password, new Date())).kind;
  expect([await kind(first), await kind(next)]).toEqual(['refused', 'signedIn']);
  expect(await failure('reset-password', '--id', 'nobody')).toBe('Refusal: nobody is not recorded.');
});

test('the list: everybody with what is missing to issue, of one office, as JSON', async () => {
  await person(...ADMIN);
  await recordDemoPeople(database.pool);
  expect((await person('list')).split('\n')).toEqual([
    'boss  نرگس کاظمی  office 01  admin  lacks sevenSkills, billingSystem, secondCopy',
    'demo-admin  مدیر سامانه نمایشی  office 01  admin',
    'demo-approver  تصویب‌کننده نمایشی  office 01  approver',
    'demo-billing  کارشناس صورتحساب نمایشی  office 01  billing',
    'demo-clerk  کارمند نمایشی  office 01  clerk',
    'demo-clerk-02  کارمند نمایشی  office 02  clerk',
    'demo-clerk-03  کارمند نمایشی  office 03  clerk',
    'demo-quality  مسئول کیفیت نمایشی  office 01  quality',
    'demo-supervisor  سرپرست نمایشی  office 01  supervisor',
  ]);
  expect(JSON.parse(await person('list', '--office', '02', '--json'))).toEqual({
    id: 'demo-clerk-02',
    name: 'کارمند نمایشی',
    office: '02',
    roles: ['clerk'],
    active: true,
    missing: [],
  });
  await emptied(database.pool, 'app.users');
  expect(await person('list')).toBe('');
});

test('the demo’s people are recorded once; what was changed of them stays', async () => {
  await recordDemoPeople(database.pool);
  const people = createPeopleStore(database.pool);
  const by = { id: 'm1', name: 'مدیر' };
  const [first] = (await people.get('demo-clerk'))?.qualifications ?? [];
  await people.change('demo-clerk', { active: false }, by);
  await people.qualify('demo-clerk', { code: first!.code, validFrom: first!.validFrom, validTo: first!.validFrom, certificate: null }, by);
  const before = await people.get('demo-clerk');
  await recordDemoPeople(database.pool);
  expect(await people.get('demo-clerk')).toEqual(before);
  expect(before).toMatchObject({ active: false });
});

test('with a password the demo’s people sign in; one that has been changed stays', async () => {
  const [signIns, practice, own] = [createSignInStore(database.pool), 'sabz-abi-zard', 'gol-o-bolbol-7'];
  const kind = async (id: string, password: string): Promise<string> => (await signIns.signIn(id, password, new Date())).kind;
  const people = await recordDemoPeople(database.pool, practice);
  expect(people.map(({ role }) => role).sort()).toEqual([
    'admin',
    'approver',
    'billing',
    'clerk',
    'clerk',
    'clerk',
    'quality',
    'supervisor',
  ]);
  for (const { id } of people) expect(await kind(id, practice)).toBe('signedIn');
  await signIns.changePassword('demo-admin', { current: practice, next: own }, { id: 'demo-admin', name: 'x' }, new Date());
  await recordDemoPeople(database.pool, practice);
  expect([await kind('demo-admin', own), await kind('demo-admin', practice), await kind('demo-billing', practice)]).toEqual([
    'signedIn',
    'refused',
    'signedIn',
  ]);
});

test.each([
  [['add', '--id', 'مریم', '--name', 'x', '--office', '01', '--role', 'admin'], 'Latin letters'],
  [['add', '--id', 'boss', '--name', ' ', '--office', '01', '--role', 'admin'], 'empty'],
  [['add', '--id', 'boss', '--name', 'x', '--office', '01', '--role', 'king'], 'clerk, supervisor'],
  [['add', '--id', 'boss', '--name', 'x', '--office', '01'], '--role'],
])('%j is wrong usage', async (args, hint) => {
  const told = await failure(...args);
  expect(told).toMatch(/^CommanderError|^InvalidArgumentError/);
  expect(told).toContain(hint);
});
