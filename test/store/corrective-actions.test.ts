import type { Act, CorrectiveAction } from '../../src/domain/correction/corrective-action.js';
import { afterAct } from '../../src/domain/correction/corrective-action.js';
import { jalali, startOfDayInTehran } from '../../src/domain/calendar/jalali.js';
import { DEFAULT_SERVICE_TERMS } from '../../src/domain/settlement/service-terms.js';
import { settlementId } from '../../src/domain/settlement/settlement.js';
import { type CorrectiveActionStore, type NewAction, createCorrectiveActionStore } from '../../src/store/corrective-actions.js';
import { createSettlementStore } from '../../src/store/settlements.js';
import { type TestDatabase, testDatabase } from '../billing/database.js';
import { emptied } from './emptying.js';
import { facts, order as orderOf } from '../domain/sample.js';

let db: TestDatabase;
let store: CorrectiveActionStore;
beforeAll(async () => {
  db = await testDatabase();
  store = createCorrectiveActionStore(db.pool);
}, 120_000);
afterAll(() => db?.stop());

const BY = { id: 'q1', name: 'زهرا', role: 'quality' } as const;
const AT = '2026-11-25T06:30:00.000Z';
const repeated = (change: Partial<CorrectiveAction> = {}): NewAction =>
  ({
    scope: 'clerk',
    subject: 'c1',
    office: '01',
    month: '1405/09',
    openedAt: AT,
    errors: 3,
    threshold: 3,
    openedBy: null,
    reason: null,
    ...change,
  }) as NewAction;
const byHand = (reason: string): NewAction => ({
  scope: 'other',
  subject: 'نام‌ها',
  office: '*',
  month: '1405/09',
  openedAt: AT,
  errors: null,
  threshold: null,
  openedBy: BY,
  reason,
});

let settlements = 0;
/** Errors of a new settlement; answers its id. */
async function erring(office: string, clerk: string, errors: { cause: string; at: string; status?: string }[]): Promise<string> {
  const subscription = String(123_000_000_000 + ++settlements);
  const order = {
    ...orderOf(facts('1397/02/11', null, { subscription })),
    id: settlementId(subscription, facts('1397/02/11', null).settlementDate),
  };
  await createSettlementStore(db.pool).register({ ...order, clerk: { ...order.clerk, id: clerk, office } }, 'run-1');
  for (const [i, { cause, at, status = 'referred' }] of errors.entries()) {
    await db.pool.query(
      `insert into app.corrections (settlement_id, n, kind, cause, description, status, owner_role, reported_by, reported_at, due_at) values ($1, $2, 'reading', $3, 'x', $4, 'clerk', '{}', $5, $5)`,
      [order.id, i + 1, cause, status, at],
    );
  }
  return order.id;
}

test('what repeats in a Jalali month: by settlement, clerk, cause and office; another month’s and withdrawn ones do not count', async () => {
  const first = startOfDayInTehran(jalali('1405/08/01'));
  const before = new Date(Date.parse(first) - 1).toISOString();
  const next = startOfDayInTehran(jalali('1405/09/01'));
  const last = new Date(Date.parse(next) - 1).toISOString();
  const mine = await erring('01', 'a', [
    { cause: 'clerk', at: first },
    { cause: 'clerk', at: last },
    { cause: 'feed', at: last },
    { cause: 'clerk', at: before },
    { cause: 'clerk', at: next },
  ]);
  await erring('01', 'a', [
    { cause: 'clerk', at: first, status: 'issued' },
    { cause: 'clerk', at: first, status: 'withdrawn' },
  ]);
  await erring('01', 'b', [{ cause: 'clerk', at: first }]);
  await erring('02', 'c', [
    { cause: 'clerk', at: first },
    { cause: 'feed', at: first },
  ]);
  const of = async (n: number) =>
    (await store.errorsLike(mine, n, '1405/08')).map(({ scope, subject, office, errors }) => [scope, subject, office, errors]);
  expect(await of(1)).toEqual([
    ['cause', 'clerk', '*', 5],
    // what others got wrong is not the clerk's
    ['clerk', 'a', '01', 3],
    ['office', '01', '01', 5],
    ['settlement', mine, '01', 3],
  ]);
  expect(await of(3)).toEqual([
    ['cause', 'feed', '*', 2],
    ['office', '01', '01', 5],
    ['settlement', mine, '01', 3],
  ]);
  expect(await store.errorsSince({ scope: 'clerk', subject: 'a' }, last)).toBe(2);
  expect(await store.errorsSince({ scope: 'office', subject: '02' }, first)).toBe(2);
  expect(await store.errorsSince({ scope: 'other', subject: 'x' }, first)).toBeNull();
});

test('once a scope and month, also by two at the same moment; by hand once a reason', async () => {
  const answers = await Promise.all([1, 2, 3, 4].map((more) => store.open(repeated({ subject: 'race', errors: 2 + more }))));
  expect(answers.filter(({ opened }) => opened)).toHaveLength(1);
  expect(new Set(answers.map(({ action }) => action.n)).size).toBe(1);
  expect(await store.open(repeated({ subject: 'race', month: '1405/10' }))).toMatchObject({ opened: true });
  const hand = await store.open(byHand('شکایت'));
  expect(hand).toMatchObject({
    opened: true,
    action: { status: 'opened', version: 0, openedBy: BY, reason: 'شکایت', errors: null, meeting: null, actions: [], closure: null },
  });
  expect(await store.open(byHand('شکایت'))).toEqual({ action: hand.action, opened: false });
  expect(await store.open(byHand('شکایت دیگر'))).toMatchObject({ opened: true });
});

test('one whose workflow is not known to run is found until it is', async () => {
  const { action } = await store.open(repeated({ subject: 'unstarted' }));
  expect(await store.unstarted()).toContainEqual(action);
  await store.started(action.n);
  await store.started(action.n);
  expect((await store.unstarted()).map(({ n }) => n)).not.toContain(action.n);
});

test('an act changes it once: a repeat reads back what the first made of it, and who did what is kept for good', async () => {
  const { action } = await store.open(repeated({ subject: 'acts' }));
  const call: Act = { act: 'call', on: jalali('1405/09/08'), participants: ['مریم'] };
  const next = (standing: CorrectiveAction) => afterAct(standing, call, BY, AT, DEFAULT_SERVICE_TERMS);
  const first = await store.record(action.n, 0, call, BY, AT, next);
  expect(first).toMatchObject({ status: 'called', version: 1, meeting: { on: '1405/09/08', calledAt: AT } });
  expect(await store.record(action.n, 0, { ...call, on: jalali('1405/09/09') }, BY, AT, next)).toEqual(first);
  expect(await store.get(action.n)).toEqual(first);
  await expect(store.record(action.n, 5, call, BY, AT, next)).rejects.toThrow('is at 1');
  const { rows } = await db.pool.query('select version, act, by from app.corrective_action_events where n = $1', [action.n]);
  // what was written stands apart, so that it can be erased
  expect(rows).toEqual([{ version: 1, act: { act: 'call', on: '1405/09/08' }, by: BY }]);
  expect((await db.pool.query('select version, data from app.corrective_action_texts where n = $1', [action.n])).rows).toEqual([
    { version: 1, data: { participants: ['مریم'] } },
  ]);
  await expect(db.pool.query('delete from app.corrective_action_events')).rejects.toThrow('append-only');
});

test('listed the newest first, in pages; a supervisor sees the own office’s and the company’s', async () => {
  await emptied(db.pool, 'app.corrective_actions');
  for (const [subject, office] of [
    ['x1', '01'],
    ['x2', '02'],
    ['x3', '*'],
    ['x4', '01'],
  ] as const)
    await store.open(repeated({ subject, office }));
  const list = async (change: Partial<Parameters<CorrectiveActionStore['list']>[0]> = {}) => {
    const { items, next } = await store.list({ scope: null, limit: 10, ...change });
    return [items.map(({ subject }) => subject), next];
  };
  expect(await list()).toEqual([['x4', 'x3', 'x2', 'x1'], null]);
  expect(await list({ scope: '01' })).toEqual([['x4', 'x3', 'x1'], null]);
  expect(await list({ office: '02' })).toEqual([['x2'], null]);
  expect(await list({ status: 'called' })).toEqual([[], null]);
  expect(await list({ month: '1405/09', kind: 'clerk', limit: 3 })).toEqual([['x4', 'x3', 'x2'], expect.any(Number)]);
  const [, before] = await list({ limit: 3 });
  expect(await list({ limit: 3, before: before as number })).toEqual([['x1'], null]);
});
