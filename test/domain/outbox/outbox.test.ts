import fc from 'fast-check';
import {
  type Word,
  COVERED,
  afterOutcome,
  becameTrouble,
  isOpen,
  isOverdue,
  isWithdrawn,
  reportOf,
  standingWord,
  waitsFor,
} from '../../../src/domain/outbox/outbox.js';
import type { Posting, PostingStatus } from '../../../src/domain/settlement/settlement.js';

function posting(change: Partial<Posting> = {}): Posting {
  return {
    posting: 'S/fee',
    kind: 'fee',
    cycle: '12-1405-05',
    dueOn: null,
    amount: 49_000,
    status: 'waiting',
    timesLate: 0,
    reason: null,
    billSerial: null,
    ...change,
  };
}

test.each<[PostingStatus, boolean]>([
  ['waiting', true],
  ['handedOver', true],
  ['late', true],
  ['refused', true],
  ['taken', false],
  ['replaced', false],
  ['cancelled', false],
])('isOpen: %s → %s', (status, open) => {
  expect(isOpen({ status })).toBe(open);
  expect(isOverdue([posting({ status, timesLate: 1 })])).toBe(open);
  expect(isOverdue([posting({ status })])).toBe(false);
});

describe('afterOutcome: what billing’s word makes of a posting, and whether billing holds it', () => {
  const taken: Word = { posting: 'S/fee', outcome: 'taken', seq: 1 };
  const refused: Word = { posting: 'S/fee', outcome: 'refused', reason: 'R', seq: 1 };
  test.each<[string, Partial<Posting>, Word | null, ReturnType<typeof afterOutcome>]>([
    ['handed over, taken', { status: 'handedOver' }, taken, { status: 'taken', reason: null, held: true }],
    ['waiting, taken: billing’s word counts', { status: 'waiting' }, taken, { status: 'taken', reason: null, held: true }],
    ['refused, taken after all', { status: 'refused', reason: 'R' }, taken, { status: 'taken', reason: null, held: true }],
    ['handed over, refused', { status: 'handedOver' }, refused, { status: 'refused', reason: 'R', held: false }],
    ['late in its next cycle, refused', { status: 'late', timesLate: 1 }, refused, { status: 'refused', reason: 'R', held: false }],
    ['refused without a reason', {}, { ...refused, reason: undefined }, { status: 'refused', reason: null, held: false }],
    ['taken, retracted', { status: 'taken' }, null, { status: 'handedOver', reason: null, held: true }],
    ['refused, retracted', { status: 'refused', reason: 'R' }, null, { status: 'handedOver', reason: null, held: true }],
    ['released, then its refusal retracted', { status: 'waiting' }, null, { status: 'waiting', reason: null, held: true }],
    ['retracted without a cycle', { status: 'taken', cycle: null }, null, { status: 'waiting', reason: null, held: true }],
    ['late and retracted', { status: 'taken', cycle: null, timesLate: 1 }, null, { status: 'late', reason: null, held: true }],
    ['covered, taken', { status: 'late', cycle: null, reason: COVERED }, taken, { status: 'taken', reason: COVERED, held: true }],
    ['covered, refused', { status: 'late', cycle: null, reason: COVERED }, refused, { status: 'late', reason: COVERED, held: false }],
    [
      'covered, taken, retracted',
      { status: 'taken', cycle: null, reason: COVERED, timesLate: 1 },
      null,
      { status: 'late', reason: COVERED, held: true },
    ],
    ['replaced', { status: 'replaced' }, taken, null],
    ['cancelled', { status: 'cancelled' }, refused, null],
  ])('%s', (_, before, word, after) => {
    expect(afterOutcome(posting(before), word)).toEqual(after);
  });
});

test('one that waits past its cycle is enough', () => {
  expect(isOverdue([posting({ status: 'taken', timesLate: 1 }), posting({ status: 'late', timesLate: 1 }), posting()])).toBe(true);
  expect(isOverdue([])).toBe(false);
});

test('a posting that a correction or a cancellation took back, by its id', () => {
  const all = [
    posting({ posting: 'a', status: 'replaced' }),
    posting({ posting: 'b', status: 'cancelled' }),
    posting({ posting: 'c', status: 'taken' }),
    posting({ posting: 'd' }),
  ];
  expect(['a', 'b', 'c', 'd', 'e'].map((id) => isWithdrawn(all, id))).toEqual([true, true, false, false, false]);
});

// it stands in the database
test('the reason of amounts that a bill covers', () => expect(COVERED).toBe('COVERED'));

describe('becameTrouble', () => {
  const changes = (before: Partial<Posting>[], after: Partial<Posting>[]) => {
    const { late, refused } = becameTrouble(before.map(posting), after.map(posting));
    return [late.map(({ posting: id }) => id), refused.map(({ posting: id }) => id)];
  };
  test.each<[string, Partial<Posting>, Partial<Posting>, 'late' | 'refused' | null]>([
    ['handed over', { status: 'waiting' }, { status: 'handedOver' }, null],
    ['late for the first time', { status: 'handedOver' }, { status: 'late', timesLate: 1 }, 'late'],
    ['late again', { status: 'late', timesLate: 1 }, { status: 'late', timesLate: 2 }, 'late'],
    ['still late', { status: 'late', timesLate: 1 }, { status: 'late', timesLate: 1 }, null],
    ['late, and handed over in the next cycle by now', { status: 'handedOver' }, { status: 'handedOver', timesLate: 1 }, 'late'],
    ['late, but taken by now', { status: 'handedOver' }, { status: 'taken', timesLate: 1 }, null],
    ['refused', { status: 'handedOver' }, { status: 'refused', reason: 'x' }, 'refused'],
    ['refused for another reason', { status: 'refused', reason: 'x' }, { status: 'refused', reason: 'y' }, null],
    ['refused again after a retraction', { status: 'handedOver' }, { status: 'refused', reason: 'x' }, 'refused'],
    ['retracted', { status: 'taken' }, { status: 'handedOver' }, null],
  ])('%s', (_, before, after, what) => {
    expect(changes([before], [after])).toEqual([what === 'late' ? ['S/fee'] : [], what === 'refused' ? ['S/fee'] : []]);
  });
  test('a refused one whose cycle closed is both late and still refused', () => {
    expect(changes([{ status: 'refused' }], [{ status: 'refused', timesLate: 1 }])).toEqual([['S/fee'], []]);
  });
  test('a posting that was not there before counts by what it is', () => {
    expect(changes([], [{ posting: 'a', status: 'late', timesLate: 1 }, { posting: 'b', status: 'refused' }, { posting: 'c' }])).toEqual([
      ['a'],
      ['b'],
    ]);
  });
});

describe('standingWord: what stands of all that billing said', () => {
  type Said = [outcome: Word['outcome'], seq: number | null];
  const words = (said: Said[]): Word[] =>
    said.map(([outcome, seq], i) => ({ posting: 'S/fee', outcome, seq, billSerial: `B-${i}`, reason: `R-${i}` }));
  const stands = (said: Said[]): string | null => {
    const word = standingWord(words(said));
    return word && (word.outcome === 'taken' ? `taken ${word.billSerial}` : `refused ${word.reason}`);
  };
  test.each<[string, Said[], string | null]>([
    ['nothing', [], null],
    ['taken', [['taken', 1]], 'taken B-0'],
    [
      'taken twice is the first bill',
      [
        ['taken', 1],
        ['taken', 2],
      ],
      'taken B-0',
    ],
    ['refused', [['refused', 1]], 'refused R-0'],
    [
      'refused anew: the later reason',
      [
        ['refused', 1],
        ['refused', 2],
      ],
      'refused R-1',
    ],
    [
      'refused, then taken after all',
      [
        ['refused', 1],
        ['taken', 2],
      ],
      'taken B-1',
    ],
    [
      'taken, then refused because it has it: stays taken',
      [
        ['taken', 1],
        ['refused', 2],
      ],
      'taken B-0',
    ],
    [
      'taken and retracted',
      [
        ['taken', 1],
        ['retracted', 2],
      ],
      null,
    ],
    [
      'retracted and taken in another bill',
      [
        ['taken', 1],
        ['retracted', 2],
        ['taken', 3],
      ],
      'taken B-2',
    ],
    [
      'retracted and refused',
      [
        ['taken', 1],
        ['retracted', 2],
        ['refused', 3],
      ],
      'refused R-2',
    ],
    [
      'the retraction arrives first',
      [
        ['retracted', 2],
        ['taken', 1],
      ],
      null,
    ],
    [
      'the refusal arrives first',
      [
        ['refused', 2],
        ['taken', 1],
      ],
      'taken B-1',
    ],
    [
      'all the wrong way round',
      [
        ['taken', 3],
        ['retracted', 2],
        ['taken', 1],
      ],
      'taken B-0',
    ],
    [
      'alone, each in its order',
      [
        ['taken', null],
        ['retracted', null],
        ['refused', null],
      ],
      'refused R-2',
    ],
    [
      'a word that came alone stands behind what was heard before',
      [
        ['taken', 7],
        ['retracted', null],
      ],
      null,
    ],
    [
      'and before what is acknowledged later',
      [
        ['taken', 7],
        ['retracted', null],
        ['taken', 8],
      ],
      'taken B-2',
    ],
  ])('%s', (_, said, expected) => expect(stands(said)).toBe(expected));

  test('property: the order of arrival does not matter', () => {
    const outcome = fc.constantFrom<Word['outcome']>('taken', 'refused', 'retracted');
    fc.assert(
      fc.property(
        fc.array(outcome, { maxLength: 7 }).chain((list) => {
          const inOrder = list.map((each, i): Word => ({ posting: 'S/fee', outcome: each, seq: i + 1, billSerial: `B-${i}` }));
          return fc.tuple(fc.constant(inOrder), fc.shuffledSubarray(inOrder, { minLength: inOrder.length }));
        }),
        ([inOrder, arrived]) => expect(standingWord(arrived)).toEqual(standingWord(inOrder)),
      ),
    );
  });
});

test.each<[Parameters<typeof reportOf>[0], ReturnType<typeof reportOf>]>([
  [
    { due: 0, waiting: 0, handedOver: 0, taken: 0, refused: 0, late: 0 },
    { due: 0, waiting: 0, handedOver: 0, taken: 0, refused: 0, late: 0 },
  ],
  // whether a settlement has moved its postings on yet does not change what the cycle came to
  [
    { due: 10, waiting: 1, handedOver: 2, taken: 3, refused: 1, late: 3 },
    { due: 10, waiting: 0, handedOver: 0, taken: 3, refused: 0, late: 7 },
  ],
  [
    { due: 10, waiting: 0, handedOver: 0, taken: 3, refused: 0, late: 7 },
    { due: 10, waiting: 0, handedOver: 0, taken: 3, refused: 0, late: 7 },
  ],
])('reportOf(%o)', (counts, report) => expect(reportOf(counts)).toEqual(report));

test.each<[string, Partial<Posting>[], string | null]>([
  ['nothing', [], null],
  ['its cycle', [{}], '12-1405-05'],
  ['what is taken waits no more', [{ status: 'taken' }, { cycle: '12-1405-06', status: 'late' }], '12-1405-06'],
  ['what a bill covers waits for none', [{ status: 'late', cycle: null }, {}], '12-1405-05'],
  ['no timetable', [{ cycle: null }], null],
])('waitsFor: %s', (_, postings, cycle) => expect(waitsFor(postings.map(posting))).toBe(cycle));
