import { type SettlementOrder, settlementId } from '../../src/domain/settlement/settlement.js';
import type { Operator } from '../../src/domain/settlement/settlement.js';
import { EVERY_OFFICE, type Task, taskId, taskKind } from '../../src/domain/settlement/task.js';
import { createSettlementStore } from '../../src/store/settlements.js';
import { type NewTask, type TaskFilter, type TaskStore, createTaskStore } from '../../src/store/tasks.js';
import { type TestDatabase, testDatabase } from '../billing/database.js';
import { facts, order as orderOf } from '../domain/sample.js';

let db: TestDatabase;
let store: TaskStore;
beforeAll(async () => {
  db = await testDatabase();
  store = createTaskStore(db.pool);
}, 120_000);
afterAll(() => db?.stop());
beforeEach(() => db.pool.query('delete from app.tasks'));

const CLERK: Operator = { id: 'c1', name: 'مریم', role: 'clerk', office: '01' };
const SUPERVISOR: Operator = { id: 's1', name: 'نرگس', role: 'supervisor', office: '01' };
const BILLING: Operator = { id: 'b1', name: 'صورتحساب', role: 'billing', office: '' };
const LATE = '2018-05-01T20:30:00.000Z';
const LATER = '2399-01-01T20:30:00.000Z';

let settlements = 0;
async function settlement(office = '01'): Promise<SettlementOrder> {
  const subscription = String(123_000_000_000 + ++settlements);
  const order = {
    ...orderOf(facts('1397/02/11', null, { subscription })),
    id: settlementId(subscription, facts('1397/02/11', null).settlementDate),
  };
  await createSettlementStore(db.pool).register({ ...order, clerk: { ...order.clerk, office } }, 'run-1');
  return order;
}
async function opened(kind: Task['kind'], change: Partial<NewTask> = {}): Promise<Task> {
  const office = change.office ?? '01';
  const { id } = await settlement(office);
  return store.open({ id: taskId(kind, id), kind, settlement: id, office, role: taskKind(kind).role, dueAt: LATER, detail: {}, ...change });
}
const events = async (settlement: string | null) =>
  (
    await db.pool.query<{ kind: string; data: Record<string, unknown> }>(
      `select e.kind, e.data || coalesce(p.data, '{}') as data from app.events e left join app.event_persons p on p.event = e.seq where e.settlement_id = $1 and e.kind like 'task%' order by e.seq`,
      [settlement],
    )
  ).rows;
const listed = async (operator: Operator, change: Partial<TaskFilter> = {}) =>
  store.list({ operator, mine: false, state: 'open', limit: 50, ...change });
const ids = async (operator: Operator, change: Partial<TaskFilter> = {}) => (await listed(operator, change)).items.map(({ id }) => id);

test('opened once, by two at the same moment too; a closed one stays closed', async () => {
  const { id } = await settlement();
  const task = {
    id: taskId('deliver', id),
    kind: 'deliver',
    settlement: id,
    office: '01',
    role: 'clerk',
    dueAt: LATER,
    detail: { a: 1 },
  } as const;
  const answers = await Promise.all([1, 2, 3, 4].map((n) => store.open({ ...task, dueAt: `2399-01-0${n}T20:30:00.000Z` })));
  expect(new Set(answers.map(({ dueAt }) => dueAt)).size).toBe(1);
  expect(answers[0]).toMatchObject({ id: task.id, role: 'clerk', assignee: null, closedAt: null, escalatedAt: null, detail: { a: 1 } });
  await store.close(task.id, { by: null, outcome: 'delivered' });
  expect(await store.open(task)).toMatchObject({ outcome: 'delivered', closedAt: expect.any(String), closedBy: null });
  expect((await db.pool.query('select from app.tasks')).rowCount).toBe(1);
});

test('the first closing stands and is told once', async () => {
  const task = await opened('breached');
  const first = await store.close(task.id, { by: SUPERVISOR, outcome: 'قطع برق' });
  expect(first).toMatchObject({ closedBy: { id: 's1', name: 'نرگس' }, outcome: 'قطع برق' });
  expect(await store.close(task.id, { by: CLERK, outcome: 'دیگر' })).toEqual(first);
  expect(await events(task.settlement)).toEqual([{ kind: 'taskClosed', data: { task: task.id, by: 's1', outcome: 'قطع برق' } }]);
  expect(await store.close('breached.nothing', { by: null, outcome: '' })).toBeNull();
});

test('an overdue task goes to the supervisor once, away from whoever had it; a closed one does not', async () => {
  const task = await opened('deliver', { dueAt: LATE });
  await store.assign([task.id], 'c7', SUPERVISOR, null);
  const [first, again] = [await store.escalate(task.id), await store.escalate(task.id)];
  expect(first).toMatchObject({
    role: 'supervisor',
    assignee: null,
    escalatedAt: expect.any(String),
    dueAt: LATE,
    detail: { escalatedFrom: { role: 'clerk', assignee: 'c7' } },
  });
  expect(again).toEqual(first);
  expect((await events(task.settlement)).map(({ kind }) => kind)).toEqual(['taskAssigned', 'taskEscalated']);
  const other = await opened('deliver');
  await store.close(other.id, { by: null, outcome: 'delivered' });
  expect(await store.escalate(other.id)).toMatchObject({ role: 'clerk', escalatedAt: null });
  expect(await store.escalate('deliver.nothing')).toBeNull();
});

describe('given to somebody', () => {
  test('many at once; the due times stay; the same again changes nothing', async () => {
    const tasks = [await opened('deliver'), await opened('deliver', { dueAt: LATE }), await opened('breached')];
    const given = async (to: string | null) => {
      const result = await store.assign(
        tasks.map(({ id }) => id),
        to,
        SUPERVISOR,
        'پایان شیفت',
      );
      if (!('tasks' in result)) throw new Error('refused');
      return result.tasks;
    };
    const first = await given('c2');
    expect(new Map(first.map(({ id, dueAt }) => [id, dueAt]))).toEqual(new Map(tasks.map(({ id, dueAt }) => [id, dueAt])));
    expect(first).toMatchObject(first.map(() => ({ assignee: 'c2', assignedBy: { id: 's1' }, assignedAt: expect.any(String) })));
    expect(await given('c2')).toEqual(first);
    expect((await given(null)).map(({ assignee }) => assignee)).toEqual([null, null, null]);
    expect(await events(tasks[0]!.settlement)).toEqual([
      { kind: 'taskAssigned', data: { task: tasks[0]!.id, to: 'c2', by: 's1', reason: 'پایان شیفت' } },
      { kind: 'taskAssigned', data: { task: tasks[0]!.id, by: 's1', reason: 'پایان شیفت' } },
    ]);
  });
  test('all or none: closed, unknown and other offices’ are named by their place', async () => {
    const [mine, closed, foreign] = [await opened('deliver'), await opened('deliver'), await opened('deliver', { office: '02' })];
    await store.close(closed.id, { by: null, outcome: 'delivered' });
    expect(await store.assign([mine.id, closed.id, 'deliver.nothing', foreign.id], 'c2', SUPERVISOR, null)).toEqual({
      faults: [
        { at: 1, fault: 'closed' },
        { at: 2, fault: 'unknown' },
        { at: 3, fault: 'unknown' },
      ],
    });
    expect(await store.get(mine.id)).toMatchObject({ assignee: null, assignedAt: null });
  });
});

describe('the list', () => {
  test('the counter sees its office and the company’s, billing what is its own, the others all', async () => {
    const deliver = await opened('deliver');
    const foreign = await opened('deliver', { office: '02' });
    const reading = await opened('readingBelowEstimate', { office: '02' });
    const company = await opened('meterReversed', { office: EVERY_OFFICE });
    const escalated = await opened('meterReversed', { office: '02' });
    await store.escalate(escalated.id);
    const of = async (operator: Operator) => new Set(await ids(operator));
    expect(await of(CLERK)).toEqual(new Set([deliver.id, company.id]));
    expect(await of({ ...SUPERVISOR, office: '02' })).toEqual(new Set([foreign.id, reading.id, company.id, escalated.id]));
    expect(await of(BILLING)).toEqual(new Set([reading.id, company.id, escalated.id]));
    expect((await of({ ...CLERK, role: 'quality' })).size).toBe(5);
    await store.assign([foreign.id], BILLING.id, { ...SUPERVISOR, office: '02' }, null);
    expect((await of(BILLING)).has(foreign.id)).toBe(true);
  });

  test('mine: given to me, or to nobody and waiting for my role and office', async () => {
    const [free, given, taken, ofSupervisor] = [
      await opened('deliver'),
      await opened('breached'),
      await opened('deliver'),
      await opened('breached'),
    ];
    await opened('deliver', { office: '02' });
    await store.assign([given.id], CLERK.id, SUPERVISOR, null);
    await store.assign([taken.id], 'c2', SUPERVISOR, null);
    expect(new Set(await ids(CLERK, { mine: true }))).toEqual(new Set([free.id, given.id]));
    expect(await ids(SUPERVISOR, { mine: true })).toEqual([ofSupervisor.id]);
    await store.escalate(free.id);
    expect(new Set(await ids(SUPERVISOR, { mine: true }))).toEqual(new Set([ofSupervisor.id, free.id]));
    expect(await ids(CLERK, { mine: true })).toEqual([given.id]);
  });

  test('by kind, office and state', async () => {
    const [late, soon, breach] = [
      await opened('deliver', { dueAt: LATE }),
      await opened('deliver'),
      await opened('breached', { office: '02' }),
    ];
    const quality = { ...CLERK, role: 'quality' } as const;
    expect(await ids(quality, { state: 'overdue' })).toEqual([late.id]);
    expect(await ids(quality, { kind: 'breached' })).toEqual([breach.id]);
    expect(await ids(quality, { office: '01' })).toEqual([late.id, soon.id]);
    await store.close(late.id, { by: null, outcome: 'delivered' });
    expect(await ids(quality, { state: 'overdue' })).toEqual([]);
    expect(await ids(quality, { state: 'closed' })).toEqual([late.id]);
  });

  test.each(['open', 'closed'] as const)('pages of %s ones: each once, in order, undated ones last', async (state) => {
    const all: Task[] = [];
    for (let n = 0; n < 9; n++) {
      const task = await opened('deliver', { dueAt: n % 3 === 2 ? null : `2399-01-0${1 + (n % 3)}T20:30:00.000Z` });
      all.push(state === 'closed' ? ((await store.close(task.id, { by: null, outcome: '' })) as Task) : task);
    }
    const place = ({ dueAt, closedAt, id }: Task): string => (state === 'closed' ? `${closedAt} ${id}` : `${dueAt ?? '9'} ${id}`);
    const expected = all
      .map((task) => [place(task), task.id] as const)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([, id]) => id);
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await listed(CLERK, { state, limit: 2, cursor });
      expect(page.items.length).toBeLessThanOrEqual(2);
      seen.push(...page.items.map(({ id }) => id));
      cursor = page.next ?? undefined;
    } while (cursor !== undefined);
    expect(seen).toEqual(state === 'closed' ? expected.reverse() : expected);
  });

  test('a cursor of elsewhere lists from the beginning', async () => {
    const task = await opened('deliver');
    for (const cursor of ['x', 'bm90IGEgY3Vyc29y', Buffer.from("2026-13-45T99:99:99.999Z '; --").toString('base64url')])
      expect(await ids(CLERK, { cursor })).toEqual([task.id]);
  });
});
