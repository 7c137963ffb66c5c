import { type RecordedState, historyDifferences, rebuild } from '../../../src/domain/settlement/history.js';

test('events add up: each says what it left changed, by key', () => {
  expect(
    rebuild([
      { kind: 'received', changed: { settlement: { status: 'received', revision: 0 } } },
      { kind: 'issued', changed: { settlement: { revision: 1 }, bills: { 1: { total: 5, void: false } } } },
      { kind: 'taskAssigned', changed: null },
      { kind: 'issued', changed: { settlement: { revision: 2 }, bills: { 1: { void: true }, 2: { total: 6, void: false } } } },
    ]),
  ).toMatchObject({
    settlement: { status: 'received', revision: 2 },
    bills: { 1: { total: 5, void: true }, 2: { total: 6, void: false } },
    postings: {},
    refund: null,
  });
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

test('what is no object takes the whole place, and gives it up whole', () => {
  const state = (...changed: RecordedState[]) =>
    rebuild([{ kind: 'received', changed: { settlement: {} } }, ...changed.map((each) => ({ kind: 'x', changed: each }))]);
  expect(state({ refund: { amount: 1 } }, { refund: { by: 's' } })?.['refund']).toEqual({ amount: 1, by: 's' });
  expect(state({ refund: { amount: 1 } }, { refund: null })?.['refund']).toBeNull();
  expect(state({ refund: [1, 2] }, { refund: { amount: 1 } })?.['refund']).toEqual({ amount: 1 });
  expect(state({ refund: { amount: 1 } }, { refund: [3] })?.['refund']).toEqual([3]);
  expect(state({ refund: 'x' }, { refund: { amount: 1 } })?.['refund']).toEqual({ amount: 1 });
});

test('a settlement of which nothing else is known has each of its parts, empty', () => {
  expect(rebuild([{ kind: 'received', changed: { settlement: { status: 'received' } } }])).toEqual({
    settlement: { status: 'received' },
    steps: {},
    bills: {},
    postings: {},
    corrections: {},
    refund: null,
    overrides: {},
    payments: {},
    copies: {},
    clearances: {},
  });
  expect(rebuild([])).toBeNull();
  // what an earlier, refused request left is not this one's
  const earlier = { steps: { register: {} }, bills: { 1: { total: 5 } }, overrides: { X: { by: 's' } } };
  expect(
    rebuild([
      { kind: 'received', changed: { settlement: { status: 'rejected' }, ...earlier } },
      { kind: 'received', changed: { settlement: { status: 'received' } } },
    ]),
  ).toEqual({
    ...rebuild([{ kind: 'received', changed: { settlement: { status: 'received' } } }]),
    overrides: earlier.overrides,
  });
  // only a receipt begins anew
  expect(
    rebuild([
      { kind: 'received', changed: { settlement: {}, steps: { register: {} } } },
      { kind: 'issued', changed: { bills: { 1: {} } } },
    ]),
  ).toMatchObject({ steps: { register: {} }, bills: { 1: {} } });
});

test('differences stand in the order of their names, lists as a whole, and nothing beside null', () => {
  expect(historyDifferences({ b: 1, a: { d: 1, c: 1 } }, { a: { c: 2, d: 2 }, b: 2 }).map(({ field }) => field)).toEqual([
    'a.c',
    'a.d',
    'b',
  ]);
  expect(historyDifferences({ a: [1, { b: 2 }] }, { a: [1, { b: 3 }] })).toEqual([
    { field: 'a', log: [1, { b: 2 }], stored: [1, { b: 3 }] },
  ]);
  expect(historyDifferences({ a: null }, { a: { b: 1 } })).toEqual([{ field: 'a', log: null, stored: { b: 1 } }]);
  expect(historyDifferences({ a: { b: 1 } }, { a: null })).toEqual([{ field: 'a', log: { b: 1 }, stored: null }]);
  expect(historyDifferences({ a: { 0: 1 } }, { a: [1] })).toHaveLength(1);
  expect(historyDifferences({ a: null }, {})).toEqual([{ field: 'a', log: null, stored: undefined }]);
  expect(historyDifferences(1, 1)).toEqual([]);
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
