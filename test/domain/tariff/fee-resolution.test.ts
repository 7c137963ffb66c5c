import { type FeeResolution, reviewResolution } from '../../../src/domain/tariff/fee-resolution.js';
import { on } from '../sample.js';

const today = on('1405/09/04');
const resolution = (number: string, from: string, to: string | null = null, change: Partial<FeeResolution> = {}): FeeResolution => ({
  number,
  resolvedOn: on('1400/01/10'),
  amount: 49_000,
  from: on(from),
  to: to === null ? null : on(to),
  illustrative: false,
  ...change,
});
const review = (of: FeeResolution, recorded: FeeResolution[] = []) => reviewResolution(of, recorded, today);
const codes = (list: { code: string }[]) => list.map(({ code }) => code);

test('a sound one beside none', () => expect(review(resolution('1', '1405/01/16'))).toEqual({ faults: [], doubts: [], notes: [] }));

test.each<[string, FeeResolution, string[]]>([
  ['no number', resolution('', '1405/01/16'), ['NO_NUMBER']],
  ['no amount', resolution('1', '1405/01/16', null, { amount: 0 }), ['NO_AMOUNT']],
  ['ends before it starts', resolution('1', '1405/01/16', '1405/01/15'), ['TURNED_ROUND']],
  ['resolved tomorrow', resolution('1', '1406/01/01', null, { resolvedOn: on('1405/09/05') }), ['RESOLVED_IN_FUTURE']],
  ['all at once', resolution('', '1405/01/16', '1405/01/15', { amount: -1 }), ['NO_NUMBER', 'NO_AMOUNT', 'TURNED_ROUND']],
])('cannot be: %s', (_, of, faults) => expect(codes(review(of).faults)).toEqual(faults));

test('resolved today, for one day only', () =>
  expect(review(resolution('1', '1405/09/04', '1405/09/04', { resolvedOn: today }))).toEqual({ faults: [], doubts: [], notes: [] }));

test('from before it was resolved: said', () => expect(codes(review(resolution('1', '1399/01/01')).notes)).toEqual(['BEFORE_RESOLUTION']));

describe('a slip of ten against the one before it', () => {
  const doubts = (amount: number, recorded: FeeResolution[]) =>
    review(resolution('9', '1405/01/01', null, { amount }), recorded).doubts.map(({ message }) => message);
  test('toman for rial, a digit too many; a rise is none', () => {
    const before = [resolution('1', '1404/01/01')];
    for (const amount of [4_900, 490_000, 600_000])
      expect(doubts(amount, before)).toEqual([expect.stringContaining(`${amount} rial is about ten times or a tenth of the 49000 of 1`)]);
    for (const amount of [49_000, 81_000, 150_000, 30_000]) expect(doubts(amount, before)).toEqual([]);
  });
  test('the one in force on its first day; else the one that began last before it; never a later one', () => {
    const [old, ended, later] = [
      resolution('old', '1400/01/01', null, { amount: 5_000 }),
      resolution('ended', '1404/01/01', '1404/12/29'),
      resolution('later', '1406/01/01', null, { amount: 5_000 }),
    ];
    expect(doubts(5_000, [old, ended, later])).toEqual([]);
    expect(doubts(5_000, [ended, later])).toEqual([expect.stringContaining('of ended')]);
    expect(doubts(49_000, [later])).toEqual([]);
    expect(doubts(49_000, [])).toEqual([]);
  });
});

describe('overlapping validity is allowed and said', () => {
  const notes = (of: FeeResolution, recorded: FeeResolution[]) => review(of, recorded).notes.map(({ message }) => message);
  test('the latest first day stands, whichever is recorded first', () => {
    expect(notes(resolution('new', '1405/07/01'), [resolution('old', '1405/01/01')])).toEqual([
      'old (49000 rial, 1405/01/01 to further notice) holds on some of its days too; where both do, new stands.',
    ]);
    expect(notes(resolution('new', '1405/01/01'), [resolution('old', '1405/07/01', '1405/12/29')])).toEqual([
      'old (49000 rial, 1405/07/01 to 1405/12/29) holds on some of its days too; where both do, old stands.',
    ]);
  });
  test('of one first day the latest resolved, then the last recorded', () => {
    expect(
      notes(resolution('new', '1405/01/01', null, { resolvedOn: on('1399/01/01') }), [resolution('old', '1405/01/01')]),
    ).toContainEqual(expect.stringContaining('old stands'));
    expect(notes(resolution('new', '1405/01/01'), [resolution('old', '1405/01/01')])).toEqual([expect.stringContaining('new stands')]);
  });
  test('one day is enough, the day after is not', () => {
    expect(notes(resolution('new', '1405/06/31'), [resolution('old', '1405/01/01', '1405/06/31')])).toHaveLength(1);
    expect(notes(resolution('new', '1405/07/01'), [resolution('old', '1405/01/01', '1405/06/31')])).toEqual([]);
    expect(notes(resolution('new', '1405/01/01', '1405/06/31'), [resolution('old', '1405/07/01')])).toEqual([]);
  });
});

describe('at its borders', () => {
  test('one rial is a fee', () => expect(codes(review(resolution('1', '1405/01/16', null, { amount: 1 })).faults)).toEqual([]));
  test('each fault says what is wrong', () => {
    expect(
      review(resolution('', '1405/01/16', '1405/01/15', { amount: 0, resolvedOn: on('1405/09/05') })).faults.map(({ message }) => message),
    ).toEqual([
      'A resolution has a number.',
      'The amount is at least 1 rial; without a fee no resolution is recorded.',
      'It ends (1405/01/15) before it starts (1405/01/16).',
      'Nothing was resolved on 1405/09/05: today is 1405/09/04.',
    ]);
    expect(review(resolution('1', '1399/01/01')).notes).toEqual([
      {
        code: 'BEFORE_RESOLUTION',
        message: 'It holds from 1399/01/01, before it was resolved (1400/01/10); settlements announced without a fee stay without.',
      },
    ]);
  });
  test('the one before it: of those that have ended the one that began last, in whatever order they were recorded', () => {
    const [first, second] = [
      resolution('first', '1402/01/01', '1402/12/29', { amount: 5_000 }),
      resolution('second', '1403/01/01', '1403/12/30'),
    ];
    for (const recorded of [
      [first, second],
      [second, first],
    ]) {
      expect(review(resolution('9', '1405/01/01', null, { amount: 5_000 }), recorded).doubts).toEqual([
        { code: 'SLIP_OF_TEN', message: '5000 rial is about ten times or a tenth of the 49000 of second before it: toman for rial?' },
      ]);
    }
    expect(codes(review(resolution('9', '1403/12/30', null, { amount: 5_000 }), [first, second]).doubts)).toEqual(['SLIP_OF_TEN']);
  });
  test('the one before it is in force on its last day still, though another began after it', () => {
    const [long, short] = [
      resolution('long', '1404/01/01', '1405/01/01'),
      resolution('short', '1404/06/01', '1404/12/29', { amount: 5_000 }),
    ];
    expect(review(resolution('9', '1405/01/01', null, { amount: 5_000 }), [long, short]).doubts.map(({ message }) => message)).toEqual([
      expect.stringContaining('of long'),
    ]);
    expect(review(resolution('9', '1405/01/02', null, { amount: 5_000 }), [long, short]).doubts).toEqual([]);
  });
  test('two that end: where both hold the later begun stands, also when the other goes on', () => {
    const notes = review(resolution('new', '1405/03/01', '1405/03/31'), [resolution('long', '1405/01/01', '1405/12/29')]).notes;
    expect(notes).toEqual([
      {
        code: 'HOLDS_TOO',
        message: 'long (49000 rial, 1405/01/01 to 1405/12/29) holds on some of its days too; where both do, new stands.',
      },
    ]);
    expect(review(resolution('new', '1405/01/01', '1405/03/01'), [resolution('old', '1405/03/01', '1405/12/29')]).notes).toHaveLength(1);
    expect(review(resolution('new', '1405/01/01', '1405/02/31'), [resolution('old', '1405/03/01', '1405/12/29')]).notes).toEqual([]);
    expect(review(resolution('new', '1405/03/01', '1405/12/29'), [resolution('old', '1405/01/01', '1405/02/31')]).notes).toEqual([]);
  });
});
