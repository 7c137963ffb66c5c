import { historyDifferences, rebuild } from '../../src/domain/history.js';

test('events add up: each says what it left changed, by key', () => {
  expect(
    rebuild([
      { kind: 'received', changed: { settlement: { status: 'received', revision: 0 } } },
      { kind: 'issued', changed: { settlement: { revision: 1 }, bills: { 1: { total: 5, void: false } } } },
      { kind: 'taskAssigned', changed: null },
      { kind: 'issued', changed: { settlement: { revision: 2 }, bills: { 1: { void: true }, 2: { total: 6, void: false } } } },
    ]),
  ).toMatchObject({ settlement: { status: 'received', revision: 2 }, bills: { 1: { total: 5, void: true }, 2: { total: 6, void: false } }, postings: {}, refund: null });
});

test('a receipt begins anew, and keeps what a supervisor accepted before it', () => {
  const accepted = { overrides: { X: { by: 's' } } };
  expect(rebuild([{ kind: 'overridden', changed: accepted }])).toBeNull();
  const state = rebuild([
    { kind: 'received', changed: { settlement: { status: 'received', errors: [] } } },
    { kind: 'overridden', changed: accepted },
    { kind: 'rejected', changed: { settlement: { status: 'rejected', errors: ['A'] }, steps: { register: {} } } },
    { kind: 'received', changed: { settlement: { status: 'received', errors: [] } } },
  ]);
  expect(state).toMatchObject({ settlement: { status: 'received', errors: [] }, steps: {}, overrides: accepted.overrides });
});

test('differences name the field, also where one side has nothing', () => {
  expect(historyDifferences({ a: { b: 1, c: [1] }, d: null }, { a: { b: 2, c: [1] }, e: 3 })).toEqual([
    { field: 'a.b', log: 1, stored: 2 },
    { field: 'd', log: null, stored: undefined },
    { field: 'e', log: undefined, stored: 3 },
  ]);
  expect(historyDifferences({ a: [1, 2] }, { a: [1, 2] })).toEqual([]);
  expect(historyDifferences(undefined, { a: 1 })).toEqual([{ field: '', log: undefined, stored: { a: 1 } }]);
});
