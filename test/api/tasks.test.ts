import { NoAnswerError } from '../../src/temporal/workflow-client';
import { CLERK, ID, NOW, BILLING, OTHER_CLERK, QUALITY, startApi, SUPERVISOR, task, type TestApi } from './fixture';

let api: TestApi;
beforeEach(async () => {
  api = await startApi();
});
afterEach(() => api.server.close());

const DELIVER = `deliver.${ID}`;
const BREACHED = `breached.${ID}`;

describe('GET /tasks', () => {
  test('what is asked reaches the store, with the operator whose list it is', async () => {
    const asked: unknown[] = [];
    api.deps.tasks.list = async (filter) => {
      asked.push(filter);
      return {
        items: [task({ dueAt: '2026-11-25T06:29:00.000Z', assignee: 'c1', assignedBy: { id: 's1', name: 'نرگس کاظمی' } })],
        next: 'abc',
      };
    };
    const { status, body } = await api.call('GET', '/api/v1/tasks?mine=true&office=12&kind=deliver&state=overdue&limit=7&cursor=xyz', {
      as: CLERK,
    });
    expect(status).toBe(200);
    expect(asked).toEqual([{ operator: CLERK, mine: true, office: '12', kind: 'deliver', state: 'overdue', limit: 7, cursor: 'xyz' }]);
    expect(body).toMatchObject({
      next: 'abc',
      items: [{ id: DELIVER, title: 'تحویل صورتحساب تسویه', endedBy: 'work', overdue: true, assignee: 'c1', assignedBy: 'نرگس کاظمی' }],
    });
  });
  test('what still has time is not overdue, and open ones are listed unless another state is asked for', async () => {
    const states: unknown[] = [];
    api.deps.tasks.list = async ({ state, mine }) => {
      states.push([state, mine]);
      return { items: [task()], next: null };
    };
    expect((await api.call('GET', '/api/v1/tasks', { as: QUALITY })).body.items).toMatchObject([
      { overdue: false, dueAt: '2026-11-25T20:30:00.000Z' },
    ]);
    expect(states).toEqual([['open', false]]);
  });
  test('another office: 403; an unknown kind or state: 422', async () => {
    expect((await api.call('GET', '/api/v1/tasks?office=34', { as: SUPERVISOR })).status).toBe(403);
    expect((await api.call('GET', '/api/v1/tasks?office=34', { as: BILLING })).status).toBe(200);
    expect((await api.call('GET', '/api/v1/tasks?kind=toString', { as: CLERK })).status).toBe(422);
    expect((await api.call('GET', '/api/v1/tasks?state=done', { as: CLERK })).status).toBe(422);
  });
});

describe('POST /tasks/assignment and /tasks/{id}/assignment', () => {
  test('many at once, each named once, with the reason', async () => {
    const asked: unknown[] = [];
    const { assign } = api.deps.tasks;
    api.deps.tasks.assign = (...args) => {
      asked.push(args);
      return assign(...args);
    };
    const { status, body } = await api.call('POST', '/api/v1/tasks/assignment', {
      as: SUPERVISOR,
      json: { tasks: [DELIVER, BREACHED, DELIVER], to: 'c2', reason: 'پایان شیفت' },
    });
    expect(status).toBe(200);
    expect(body.tasks).toMatchObject([{ id: DELIVER, assignee: 'c2', dueAt: task().dueAt }, { id: BREACHED }]);
    expect(asked).toEqual([[[DELIVER, BREACHED], 'c2', SUPERVISOR, 'پایان شیفت']]);
  });
  test('all or none: every task that cannot be given is named', async () => {
    api.deps.tasks.assign = async () => ({
      faults: [
        { at: 0, fault: 'closed' },
        { at: 2, fault: 'unknown' },
      ],
    });
    expect(
      await api.call('POST', '/api/v1/tasks/assignment', { as: SUPERVISOR, json: { tasks: [DELIVER, BREACHED, 'deliver.x'], to: 'c2' } }),
    ).toMatchObject({
      status: 422,
      body: {
        errors: [
          { field: 'tasks.0', code: 'TASK_CLOSED' },
          { field: 'tasks.2', code: 'TASK_UNKNOWN' },
        ],
      },
    });
  });
  test('one, and back to the role', async () => {
    expect(await api.call('POST', `/api/v1/tasks/${DELIVER}/assignment`, { as: SUPERVISOR, json: { to: 'c2' } })).toMatchObject({
      status: 200,
      body: { assignee: 'c2' },
    });
    expect(await api.call('POST', `/api/v1/tasks/${DELIVER}/assignment`, { as: SUPERVISOR, json: { to: null } })).toMatchObject({
      status: 200,
      body: { assignee: null },
    });
  });
  test('unknown: 404; of another office: 404; closed: 409; without a person: 422', async () => {
    const give = (id: string, as = SUPERVISOR, json: unknown = { to: 'c2' }) =>
      api.call('POST', `/api/v1/tasks/${id}/assignment`, { as, json });
    expect((await give('deliver.nothing')).status).toBe(404);
    expect((await give('no-task')).status).toBe(404);
    expect((await give(DELIVER, { ...SUPERVISOR, office: '34' })).status).toBe(404);
    expect(await give(DELIVER, SUPERVISOR, {})).toMatchObject({ status: 422, body: { errors: [{ field: 'to', code: 'REQUIRED' }] } });
    api.deps.tasks.assign = async () => ({ faults: [{ at: 0, fault: 'closed' }] });
    expect(await give(DELIVER)).toMatchObject({ status: 409, body: { code: 'NOT_ALLOWED_NOW' } });
  });
});

describe('POST /tasks/{id}/closure', () => {
  const close = (id: string, as = SUPERVISOR, json: unknown = { note: 'کارمند تذکر گرفت' }) =>
    api.call('POST', `/api/v1/tasks/${id}/closure`, { as, json });
  test('a breach is closed by the supervisor with a note', async () => {
    expect(await close(BREACHED)).toMatchObject({
      status: 200,
      body: { closedAt: NOW.toISOString(), closedBy: SUPERVISOR.name, outcome: 'کارمند تذکر گرفت' },
    });
  });
  test('not by a clerk whom it was not given to, nor by another office’s: 403 and 404', async () => {
    expect((await close(BREACHED, { ...CLERK, id: 'c9' })).status).toBe(403);
    expect((await close(BREACHED, OTHER_CLERK)).status).toBe(404);
    expect((await close(BREACHED, QUALITY)).status).toBe(403);
    expect((await close(BREACHED, CLERK)).status).toBe(200);
  });
  test('what the work itself ends is refused, closed or not by whom', async () => {
    expect(await close(DELIVER)).toMatchObject({
      status: 409,
      body: { code: 'TASK_ENDS_WITH_WORK', detail: expect.stringMatching(/[آ-ی]/) },
    });
  });
  test('a note is required', async () => {
    expect(await close(BREACHED, SUPERVISOR, { note: ' ' })).toMatchObject({ status: 422, body: { errors: [{ field: 'note' }] } });
  });
  test('its timer could not be told: 503, and the same again is right', async () => {
    const { close: closing } = api.deps.tasks;
    api.deps.tasks.close = () => Promise.reject(new NoAnswerError());
    expect(await close(BREACHED)).toMatchObject({ status: 503, body: { code: 'UNAVAILABLE' } });
    api.deps.tasks = { ...api.deps.tasks, close: closing, get: async (id) => task({ id, kind: 'breached', closedAt: NOW.toISOString() }) };
    expect((await close(BREACHED)).status).toBe(200);
  });
});
