import { type StepRow, readStepTable, withStepTable } from '../../src/domain/step-table.js';
import { T1, household1397 } from './sample.js';

const row = (use: string, season: string, climate: string, upto: string, rate: string): StepRow => ({ use, season, climate, upto, rate });
const faults = (rows: StepRow[]): string[] => readStepTable(rows).faults.map(({ path, code }) => `${path} ${code}`);

test('rows in the order of their steps become rates by use, season and climate', () => {
  const rows = [
    ...T1.map(({ uptoM3PerMonth, rialPerM3 }) => row('household', 'warm', '1-5', uptoM3PerMonth === null ? '' : String(uptoM3PerMonth), String(rialPerM3))),
    row('household', 'cold', '1، ۲', '۴۵', '1,081'),
    row('household', 'cold', '1، ۲', '', '۱٬۳۱۱'),
    row('commercial', 'both', '', '', '1495'),
  ];
  expect(readStepTable(rows)).toEqual({
    faults: [],
    gas: [
      { use: 'household', season: 'warm', climates: [1, 2, 3, 4, 5], steps: T1, flat: false },
      { use: 'household', season: 'cold', climates: [1, 2], steps: [{ uptoM3PerMonth: 45, rialPerM3: 1081 }, { uptoM3PerMonth: null, rialPerM3: 1311 }], flat: false },
      { use: 'commercial', season: 'both', steps: [{ uptoM3PerMonth: null, rialPerM3: 1495 }], flat: true },
    ],
  });
});

test.each<[string, StepRow[], string[]]>([
  ['no row', [], [' NO_STEP']],
  ['not whole numbers, an unknown climate: all at once', [row('a', 'warm', '0', 'x', '1.5')], ['row 2, climate NOT_ALLOWED', 'row 2, upto NOT_WHOLE', 'row 2, rate NOT_WHOLE']],
  ['climates turned round', [row('a', 'warm', '3-1', '', '1')], ['row 2, climate NOT_ALLOWED']],
  ['no rate', [row('a', 'warm', '', '', '')], ['row 2, rate NOT_WHOLE']],
  ['a season that is none', [row('a', 'mild', '', '', '1')], ['row 2, season NOT_ALLOWED']],
  ['no use', [row('', 'warm', '', '', '1')], ['row 2, use REQUIRED']],
  ['descending limits', [row('a', 'warm', '', '95', '1'), row('a', 'warm', '', '45', '2'), row('a', 'warm', '', '', '3')], ['row 3 NOT_ASCENDING']],
  ['the last step not open', [row('a', 'warm', '', '95', '1')], ['row 2 NO_OPEN_LAST_STEP']],
  ['the same twice', [row('a', 'warm', '1', '', '1'), row('a', 'both', '', '', '2')], ['row 3 RATES_OVERLAP']],
])('%s', (_, rows, found) => expect(faults(rows)).toEqual(found));

test('the table takes the place of the rates of its own uses', () => {
  const { gas } = readStepTable([row('household', 'both', '', '', '1000')]);
  const merged = withStepTable(household1397, gas);
  expect(merged.gas.filter(({ use }) => use === 'household')).toEqual(gas);
  expect(merged.gas.filter(({ use }) => use === 'commercial')).toEqual(household1397.gas.filter(({ use }) => use === 'commercial'));
});
