import { NoAnswerError } from '../../src/temporal/workflow-client';
import { takeAct } from '../../src/workflows/messages';
import { ADMIN, APPROVER, CLERK, OTHER_CLERK, QUALITY, SUPERVISOR, correctiveAction, startApi, type TestApi } from './fixture';

let api: TestApi;
beforeEach(async () => {
  api = await startApi();
});
afterEach(() => api.server.close());

const post = (path: string, json: unknown, as = QUALITY) => api.call('POST', `/api/v1/corrective-actions${path}`, { as, json });
const get = (path: string, as = QUALITY) => api.call('GET', `/api/v1/corrective-actions${path}`, { as });
const faults = ({ body }: { body: { errors: { field: string; code: string }[] } }) =>
  body.errors.map(({ field, code }) => `${field} ${code}`);

test('the list: what is asked reaches the store, a supervisor’s with the own office', async () => {
  const asked: unknown[] = [];
  api.deps.correctiveActions.list = async (filter) => {
    asked.push(filter);
    return { items: [correctiveAction()], next: 1 };
  };
  const { status, body } = await get('?status=opened&scope=clerk&office=12&month=۱۴۰۵/۹&limit=7&cursor=23', SUPERVISOR);
  expect([status, body.next, body.items[0].title]).toEqual([200, '1', 'خطاهای تکراری کارمند c1 در 1405/09']);
  expect(asked).toEqual([{ status: 'opened', kind: 'clerk', office: '12', month: '1405/09', limit: 7, scope: '12', before: 23 }]);
  expect((await get('?office=34', SUPERVISOR)).status).toBe(403);
  expect((await get('?office=34', QUALITY)).status).toBe(200);
  expect(faults(await get('?month=1405/13&status=gone'))).toEqual(['status INVALID_VALUE', 'month MONTH_INVALID']);
});

test('one: with the errors since its action; another office’s is not there for a supervisor', async () => {
  const by = { id: 's1', name: 'نرگس', role: 'supervisor' } as const;
  const at = '2026-11-20T06:30:00.000Z';
  const done = {
    what: 'آموزش',
    owner: 's9',
    dueOn: '1405/09/10',
    decidedBy: by,
    decidedAt: at,
    done: { note: 'شد', by, at },
    effectDueOn: '1405/10/05',
    effect: null,
  };
  const since: unknown[] = [];
  api.deps.correctiveActions.get = async (n) =>
    correctiveAction({ n, status: 'done', actions: [done as never], office: n === 2 ? '34' : '12' });
  api.deps.correctiveActions.errorsSince = async (...asked) => since.push(asked[1]) + 1;
  expect((await get('/1', SUPERVISOR)).body).toMatchObject({
    errorsSinceAction: 2,
    actions: [{ done: { note: 'شد' }, effectDueOn: '1405/10/05' }],
  });
  expect(since).toEqual([at]);
  expect((await get('/2', SUPERVISOR)).status).toBe(404);
  expect((await post('/2/effect', { effective: true, note: 'خوب بود' }, SUPERVISOR)).status).toBe(404);
  expect((await get('/2', QUALITY)).status).toBe(200);
  expect((await get('/abc')).status).toBe(404);
  expect((await get('/1', ADMIN)).status).toBe(403);
});

test('opened by hand: with a reason, by the quality unit, once; its workflow starts', async () => {
  const started: unknown[] = [];
  api.deps.startWorkflow = async (workflow, id) => {
    started.push([workflow, id]);
    return 'started';
  };
  const first = await post('', { scope: 'cause', subject: 'feed', reason: 'پنج قبض نادرست' });
  expect([first.status, first.headers.get('location')]).toEqual([201, '/api/v1/corrective-actions/1']);
  expect(first.body).toMatchObject({
    office: '*',
    openedBy: { id: 'q1', role: 'quality' },
    reason: 'پنج قبض نادرست',
    errors: null,
    month: '1405/09',
    openedAt: '2026-11-25T06:30:00.000Z',
  });
  expect(started).toEqual([['correctiveAction', 'correctiveAction/1']]);
  api.deps.correctiveActions.open = async (asked) => ({ action: correctiveAction(asked), opened: false });
  expect((await post('', { scope: 'office', subject: '12', office: '12', reason: 'همان' })).status).toBe(200);
  expect((await post('', { scope: 'office', subject: '12', reason: 'همان' }, SUPERVISOR)).status).toBe(403);
  expect(faults(await post('', { scope: 'cause', subject: 'bad', reason: 'دلیل' }))).toEqual(['subject INVALID_VALUE']);
  expect(faults(await post('', { scope: 'x' }))).toEqual(['scope INVALID_VALUE', 'subject REQUIRED', 'reason REQUIRED']);
  api.deps.startWorkflow = () => Promise.reject(new NoAnswerError());
  expect(await post('', { scope: 'other', subject: 'x', reason: 'دلیل' })).toMatchObject({ status: 503, body: { code: 'UNAVAILABLE' } });
});

test.each<[string, unknown, unknown]>([
  ['/1/meeting', { on: '۱۴۰۵/۹/۱۰', participants: [' مریم  احمدی '] }, { act: 'call', on: '1405/09/10', participants: ['مریم احمدی'] }],
  ['/1/meeting', { minutes: 'گفت‌وگو شد', cause: 'شتاب' }, { act: 'minutes', minutes: 'گفت‌وگو شد', cause: 'شتاب' }],
  [
    '/1/action',
    { what: 'آموزش', owner: 'S.Kazemi', dueOn: '1405/09/20' },
    { act: 'plan', what: 'آموزش', owner: 's.kazemi', dueOn: '1405/09/20' },
  ],
  ['/1/action', { done: 'برگزار شد' }, { act: 'done', note: 'برگزار شد' }],
  ['/1/effect', { effective: false, note: 'دو خطا' }, { act: 'effect', effective: false, note: 'دو خطا' }],
  ['/1/closure', { outcome: 'effective', report: 'گزارش' }, { act: 'close', outcome: 'effective', report: 'گزارش' }],
])('%s %j: the act reaches the workflow', async (path, json, act) => {
  const asked: unknown[] = [];
  api.deps.temporal.ask = async <T>(...args: unknown[]) => {
    asked.push(args);
    return { kind: 'done' as const, value: correctiveAction() as T };
  };
  expect(await post(path, json)).toMatchObject({ status: 200, body: { n: 1 } });
  expect(asked).toEqual([['correctiveAction/1', takeAct, { act, by: QUALITY }]]);
});

test.each<[string, unknown, string[]]>([
  ['/1/meeting', {}, ['on REQUIRED', 'participants REQUIRED']],
  ['/1/meeting', { on: '1405/09/10' }, ['participants REQUIRED']],
  ['/1/meeting', { minutes: 'گفت‌وگو' }, ['cause REQUIRED']],
  ['/1/meeting', { on: '1405/09/10', minutes: 'گفت‌وگو' }, [' TWO_ACTS']],
  ['/1/meeting', { on: '1405/09/31', participants: [] }, ['on DATE_INVALID', 'participants TOO_SMALL']],
  ['/1/action', { what: 'آموزش' }, ['owner REQUIRED', 'dueOn REQUIRED']],
  ['/1/action', { what: 'آموزش', done: 'انجام شد' }, [' TWO_ACTS']],
  ['/1/action', { what: 'آموزش', owner: 'نه', dueOn: '1405/09/20' }, ['owner USER_INVALID']],
  ['/1/effect', { effective: 'yes' }, ['effective WRONG_TYPE', 'note REQUIRED']],
  ['/1/closure', { outcome: 'done', report: '' }, ['outcome INVALID_VALUE', 'report TEXT_INVALID']],
])('%s %j: %j', async (path, json, expected) => {
  expect(faults(await post(path, json))).toEqual(expected);
});

describe('what the workflow refuses is told with the action as it stands', () => {
  test.each([
    ['NOT_ALLOWED_NOW', 409],
    ['EFFECT_TOO_EARLY', 409],
    ['QUALITY_NEEDED', 403],
    ['SECOND_PERSON_NEEDED', 403],
    ['FORBIDDEN', 403],
  ])('%s: %d', async (type, status) => {
    api.deps.temporal.ask = async () => ({ kind: 'refused', type, details: [correctiveAction({ status: 'done' })] });
    const path = { QUALITY_NEEDED: '/1/closure' }[type] ?? '/1/effect';
    const answer = await post(
      path,
      path === '/1/effect' ? { effective: true, note: 'خوب' + ' بود' } : { outcome: 'effective', report: 'گزارش' },
    );
    expect(answer).toMatchObject({
      status,
      body: { code: type, detail: expect.stringMatching(/[آ-ی]/), correctiveAction: { n: 1, status: 'done' } },
    });
  });
  test('a date that has passed names its field; an ended one says so; without an answer 503', async () => {
    api.deps.temporal.ask = async () => ({ kind: 'refused', type: 'DATE_PASSED', details: [correctiveAction()] });
    expect(faults(await post('/1/meeting', { on: '1405/09/01', participants: ['مریم'] }))).toEqual(['on DATE_PASSED']);
    expect(faults(await post('/1/action', { what: 'آموزش', owner: 's1', dueOn: '1405/09/01' }))).toEqual(['dueOn DATE_PASSED']);
    api.deps.temporal.ask = async () => ({ kind: 'closed' });
    expect(await post('/1/action', { done: 'انجام شد' })).toMatchObject({
      status: 409,
      body: { code: 'NOT_ALLOWED_NOW', detail: expect.stringContaining('پایان') },
    });
    api.deps.temporal.ask = () => Promise.reject(new NoAnswerError());
    expect((await post('/1/action', { done: 'انجام شد' })).status).toBe(503);
  });
  test('who is named for the action sees it and says that it is done, of whatever role and office; the others do not', async () => {
    const planned = {
      what: 'آموزش',
      owner: OTHER_CLERK.id,
      dueOn: '1405/09/20',
      decidedBy: { id: 'q1', name: 'زهرا', role: 'quality' },
      decidedAt: '2026-11-20T06:30:00.000Z',
      done: null,
      effectDueOn: null,
      effect: null,
    };
    api.deps.correctiveActions.get = async (n) => (n === 1 ? correctiveAction({ status: 'acting', actions: [planned as never] }) : null);
    const asked: unknown[] = [];
    api.deps.temporal.ask = async <T>(...[id, update, argument]: unknown[]) => {
      asked.push([id, update, argument]);
      return { kind: 'done' as const, value: correctiveAction() as T };
    };
    expect((await get('/1', OTHER_CLERK)).body).toMatchObject({ n: 1, actions: [{ owner: OTHER_CLERK.id }] });
    expect((await post('/1/action', { done: 'برگزار شد' }, OTHER_CLERK)).status).toBe(200);
    expect(asked).toEqual([['correctiveAction/1', takeAct, { act: { act: 'done', note: 'برگزار شد' }, by: OTHER_CLERK }]]);
    for (const who of [CLERK, APPROVER, ADMIN]) {
      expect((await get('/1', who)).status).toBe(403);
      expect((await post('/1/action', { done: 'برگزار شد' }, who)).status).toBe(403);
      // nor do they learn which there are
      expect((await get('/7', who)).status).toBe(403);
    }
    for (const path of ['/1/meeting', '/1/effect', '/1/closure']) expect((await post(path, {}, OTHER_CLERK)).status).toBe(403);
    expect((await get('', OTHER_CLERK)).status).toBe(403);
    expect(asked).toHaveLength(1);
  });
  test('an approver has no part in it', async () => {
    expect((await post('/1/effect', { effective: true, note: 'خوب بود' }, APPROVER)).status).toBe(403);
  });
});
