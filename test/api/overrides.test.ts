import { finding } from '../../src/domain/settlement/finding';
import type { Settlement } from '../../src/domain/settlement/settlement';
import { ADMIN, announced, BILLING, CLERK, ID, NOW, QUALITY, startApi, SUPERVISOR, type TestApi } from './fixture';

const OTHER_SUPERVISOR = { ...SUPERVISOR, id: 's2', office: '34' };
const ASKED = { code: 'OUTSIDE_OUTER_BAND', reason: 'کنتور در حضور من خوانده شد' };
const rejected = (): Settlement => ({
  ...announced(),
  status: 'rejected',
  bill: null,
  errors: [finding('OUTSIDE_OUTER_BAND', 'reading', '…')],
});

let api: TestApi;
let standing: Settlement | null;
beforeEach(async () => {
  standing = null;
  api = await startApi();
  api.deps.settlements.get = async (id) => (id === ID ? standing : null);
});
afterEach(() => api.server.close());
const override = (json: unknown = ASKED, as = SUPERVISOR, id = ID) => api.call('POST', `/api/v1/settlements/${id}/overrides`, { as, json });

test('before any settlement is on record: 201, the same again 200 with the first', async () => {
  const first = await override();
  expect(first).toMatchObject({
    status: 201,
    body: { settlement: ID, ...ASKED, reading: null, by: SUPERVISOR.name, at: NOW.toISOString() },
  });
  expect(await override({ ...ASKED, reason: 'دلیل دیگر' })).toMatchObject({ status: 200, body: first.body });
});

test('after a rejected one it is for the figure that was refused; another figure may be named', async () => {
  standing = rejected();
  expect(await override()).toMatchObject({ status: 201, body: { reading: 1234 } });
  expect(await override({ ...ASKED, reading: '۵۶۷۸' })).toMatchObject({ status: 201, body: { reading: 5678 } });
  // refused for another reason: nothing tells the figure
  standing = { ...rejected(), errors: [finding('NO_TARIFF', 'settlementDate', '…')] };
  expect(await override()).toMatchObject({ status: 201, body: { reading: null } });
});

test.each([
  ['a clerk', CLERK],
  ['billing', BILLING],
  ['quality', QUALITY],
  ['an admin', ADMIN],
])('%s may not: 403', async (_, as) => {
  expect(await override(ASKED, as)).toMatchObject({ status: 403, body: { code: 'FORBIDDEN' } });
});
test('another office’s account is not there: 404', async () =>
  expect(await override(ASKED, OTHER_SUPERVISOR)).toMatchObject({ status: 404, body: { code: 'ACCOUNT_NOT_FOUND' } }));
test('who asked for the settlement does not accept its finding', async () => {
  standing = rejected();
  expect(await override(ASKED, { ...SUPERVISOR, id: CLERK.id })).toMatchObject({ status: 403, body: { code: 'SECOND_PERSON_NEEDED' } });
  expect(await override()).toMatchObject({ status: 201 });
});
test('nobody without a token', async () =>
  expect((await api.call('POST', `/api/v1/settlements/${ID}/overrides`, { json: ASKED })).status).toBe(401));

test.each(['HIGH_CONSUMPTION', 'READING_BELOW_PREVIOUS', 'ABOVE_METER_CAPACITY', 'METER_REPLACED', 'toString', ''])(
  'not for %s: 422',
  async (code) => {
    expect(await override({ ...ASKED, code })).toMatchObject({
      status: 422,
      body: { errors: [{ field: 'code', code: 'NOT_OVERRIDABLE' }] },
    });
  },
);
test('a reason is required', async () => {
  expect(await override({ code: ASKED.code, reason: ' ' })).toMatchObject({ status: 422, body: { errors: [{ field: 'reason' }] } });
});
test('an unknown subscription: 404', async () =>
  expect(await override(ASKED, SUPERVISOR, '014999999999-14050904')).toMatchObject({ status: 404, body: { code: 'ACCOUNT_NOT_FOUND' } }));

test('announced: 409, unless it is the one that the announcement rests on', async () => {
  standing = announced();
  expect(await override()).toMatchObject({ status: 409, body: { code: 'NOT_ALLOWED_NOW' } });
  standing = rejected();
  await override();
  standing = announced();
  expect(await override()).toMatchObject({ status: 200, body: { reading: 1234, reason: ASKED.reason } });
});

test('the settlement shows who accepted the finding, and why', async () => {
  standing = {
    ...announced(),
    warnings: [
      {
        ...finding('OUTSIDE_OUTER_BAND', 'reading', '…'),
        override: { ...ASKED, by: { id: 's1', name: SUPERVISOR.name }, at: NOW.toISOString(), reading: 1234 },
      },
    ],
  };
  const { body } = await api.call('GET', `/api/v1/settlements/${ID}`, { as: CLERK });
  expect(body.warnings).toMatchObject([{ code: 'OUTSIDE_OUTER_BAND', override: { reason: ASKED.reason, by: SUPERVISOR.name } }]);
});
