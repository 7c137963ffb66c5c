import { type TaskKind, taskId } from '../../src/domain/settlement/task.js';
import type { Role } from '../../src/domain/settlement/settlement.js';
import { createTaskStore } from '../../src/store/tasks.js';
import { type Account, idOf, until } from '../e2e/stage.js';
import { firstRow, itHasNoBarriers, openCounter } from './counter.js';
import { assignTasks, taskRow } from './pages/tasks.js';

const counter = openCounter();

/** An overdue task, as the settlement's workflow would open it. */
async function openTask(kind: TaskKind, settlement: string, role: Role): Promise<string> {
  const { id } = await createTaskStore(counter.stage.pool).open({
    id: taskId(kind, settlement),
    kind,
    settlement,
    office: '01',
    role,
    dueAt: new Date(Date.now() - 60_000).toISOString(),
    detail: {},
  });
  return id;
}

it('gives tasks that wait to a colleague, and closes one with a note', async () => {
  const accounts = [counter.stage.account(), counter.stage.account()];
  for (const account of accounts) await counter.settled(account);
  const ids = await Promise.all(accounts.map((account) => openTask('breached', idOf(account), 'supervisor')));
  const page = await counter.open('supervisor', { path: '/tasks?kind=breached' });
  await assignTasks(page, ids, 'clerk-01');
  expect(await page.getByRole('row').filter({ hasText: 'مهلت گذشت' }).count()).toBeGreaterThanOrEqual(2);
  const assigned = async (): Promise<unknown[]> =>
    (await counter.stage.pool.query('select assignee from app.tasks where id = any($1)', [ids])).rows;
  await until('the assignment', 20, async () =>
    (await assigned()).every((row) => (row as { assignee: string | null }).assignee === 'clerk-01'),
  );
  const clerk = await counter.open('clerk', { path: '/tasks' });
  await taskRow(clerk, idOf(accounts[0] as Account)).closeWithNote('برق رفته بود');
  expect((await counter.stage.pool.query('select outcome from app.tasks where id = $1', [ids[0]])).rows).toEqual([
    { outcome: 'برق رفته بود' },
  ]);
});

describe('the pages', () => {
  beforeAll(async () => {
    const account = counter.stage.account();
    await counter.settled(account);
    await openTask('breached', idOf(account), 'supervisor');
  });

  itHasNoBarriers(counter, 'supervisor', '/tasks', firstRow);
  itHasNoBarriers(counter, 'supervisor', '/unsent', firstRow);
});
