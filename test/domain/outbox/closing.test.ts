import type { Cycle } from '../../../src/domain/settlement/account.js';
import { closingCycles, remindUntil } from '../../../src/domain/outbox/closing.js';
import { on } from '../sample.js';

const DAY = on('1405/09/24');
const cycle = (name: string, closesOn: string): Cycle => ({
  cycle: name,
  series: '12',
  fromDate: on('1405/07/25'),
  toDate: on('1405/09/24'),
  closesOn: on(closesOn),
  issuesOn: on(closesOn),
  objectionDays: 30,
});
const SIX = cycle('12-1405-06', '1405/09/27');
const unsent = (name: string, dueOn: string, count: number, office = '01') => ({ cycle: name, dueOn: on(dueOn), office, count });

test.each<[number[], string]>([
  [[3, 1], '1405/09/27'],
  [[1, 5, 2], '1405/09/29'],
  [[0], '1405/09/24'],
  // none: only what has passed
  [[], '1405/09/23'],
])('reminders %j days before look up to %s', (remindDaysBeforeClosing, until) =>
  expect(remindUntil(DAY, { remindDaysBeforeClosing })).toBe(until),
);

describe('plan R4: which cycles billing has still to do something about', () => {
  const found = (...[soon, opened, waiting]: [Cycle[], string[], ReturnType<typeof unsent>[]]) =>
    closingCycles(soon, opened, waiting, DAY).map((each) => [each.cycle, each.closesOn, each.opened, each.unsent]);
  test.each<[string, Parameters<typeof found>, unknown[]]>([
    ['not opened, nothing in it', [[SIX], [], []], [['12-1405-06', '1405/09/27', false, 0]]],
    [
      'not opened, with postings of two offices',
      [[SIX], [], [unsent(SIX.cycle, SIX.closesOn, 3), unsent(SIX.cycle, SIX.closesOn, 4, '02')]],
      [['12-1405-06', '1405/09/27', false, 7]],
    ],
    ['opened, not taken whole', [[SIX], [SIX.cycle], [unsent(SIX.cycle, SIX.closesOn, 1)]], [['12-1405-06', '1405/09/27', true, 1]]],
    ['opened and taken whole', [[SIX], [SIX.cycle], []], []],
    [
      'passed, with postings that went nowhere',
      [[], [], [unsent('12-1405-05', '1405/07/27', 2)]],
      [['12-1405-05', '1405/07/27', false, 2]],
    ],
    ['closing today, not opened: it still can be', [[cycle('12-1405-05', '1405/09/24')], [], []], [['12-1405-05', '1405/09/24', false, 0]]],
    ['passed, never opened, nothing in it', [[cycle('12-1405-05', '1405/09/23')], [], []], []],
  ])('%s', (_, given, expected) => expect(found(...given)).toEqual(expected));
});
