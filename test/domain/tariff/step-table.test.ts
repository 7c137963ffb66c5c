import { STEP_TABLE_COLUMNS, type SheetRow, readStepTable, withStepTable } from '../../../src/domain/tariff/step-table.js';
import { T1, household1397 } from '../sample.js';

type Cells = SheetRow['cells'];
const row = (...cells: Cells): Cells => cells;
const sheet = (rows: Cells[], head: Cells = STEP_TABLE_COLUMNS): SheetRow[] => [head, ...rows].map((cells, i) => ({ row: i + 1, cells }));
const found = (rows: SheetRow[]): string[] => readStepTable(rows).faults.map(({ path, code }) => `${path} ${code}`);

test('rows in the order of their steps become rates by use, season and climate', () => {
  const rows = [
    ...T1.map(({ uptoM3PerMonth, rialPerM3 }) =>
      row('household', 'warm', '1-5', uptoM3PerMonth === null ? '' : String(uptoM3PerMonth), String(rialPerM3)),
    ),
    row('household', 'cold', '1، ۲', '۴۵', '1,081'),
    row('household', 'cold', '1، ۲', '', '۱٬۳۱۱'),
    row('commercial', 'both', '', '', '1495'),
  ];
  expect(readStepTable(sheet(rows))).toMatchObject({
    faults: [],
    gas: [
      { use: 'household', season: 'warm', climates: [1, 2, 3, 4, 5], steps: T1, flat: false },
      {
        use: 'household',
        season: 'cold',
        climates: [1, 2],
        steps: [
          { uptoM3PerMonth: 45, rialPerM3: 1081 },
          { uptoM3PerMonth: null, rialPerM3: 1311 },
        ],
        flat: false,
      },
      { use: 'commercial', season: 'both', steps: [{ uptoM3PerMonth: null, rialPerM3: 1495 }], flat: true },
    ],
  });
});

test('a sheet as people keep it: a title, Persian heads in their own order, columns besides, empty rows, Arabic letters', () => {
  const rows: SheetRow[] = [
    { row: 1, cells: ['تعرفهٔ گاز', '', '', '', '', ''] },
    { row: 3, cells: ['ردیف', 'كاربري', 'نرخ', 'تا', 'اقليم', 'فصل'] },
    { row: 4, cells: ['۱', 'household', '۱۰۸۱', '۴۵', '', 'سرد'] },
    { row: 5, cells: ['', '', '', '', '', ''] },
    { row: 6, cells: ['۲', 'household', '1311', ' ', '', 'سرد'] },
    { row: 7, cells: ['۳', 'farming', '925', '', '', 'هر دو'] },
  ];
  expect(readStepTable(rows)).toMatchObject({
    faults: [],
    gas: [
      {
        use: 'household',
        season: 'cold',
        steps: [
          { uptoM3PerMonth: 45, rialPerM3: 1081 },
          { uptoM3PerMonth: null, rialPerM3: 1311 },
        ],
      },
      { use: 'farming', season: 'both', steps: [{ uptoM3PerMonth: null, rialPerM3: 925 }], flat: true },
    ],
  });
});

test.each<[string, Cells[], string[]]>([
  ['no row', [], [' NO_STEP']],
  [
    'not whole numbers, an unknown climate: all at once',
    [row('a', 'warm', '0', 'x', '1.5')],
    ['row 2, climate NOT_ALLOWED', 'row 2, upto NOT_WHOLE', 'row 2, rate NOT_WHOLE'],
  ],
  ['climates turned round', [row('a', 'warm', '3-1', '', '1')], ['row 2, climate NOT_ALLOWED']],
  ['no rate', [row('a', 'warm', '', '', '')], ['row 2, rate NOT_WHOLE']],
  ['a season that is none', [row('a', 'mild', '', '', '1')], ['row 2, season NOT_ALLOWED']],
  ['no use', [row('', 'warm', '', '', '1')], ['row 2, use REQUIRED']],
  [
    'descending limits',
    [row('a', 'warm', '', '95', '1'), row('a', 'warm', '', '45', '2'), row('a', 'warm', '', '', '3')],
    ['row 3, upto NOT_ASCENDING'],
  ],
  ['the last step not open', [row('a', 'warm', '', '95', '1')], ['row 2, upto NO_OPEN_LAST_STEP']],
  ['the same twice', [row('a', 'warm', '1', '', '1'), row('a', 'both', '', '', '2')], ['row 3 RATES_OVERLAP']],
])('%s', (_, rows, faults) => expect(found(sheet(rows))).toEqual(faults));

test('rows are told by their number in the sheet, also those that a message names', () => {
  const rows: SheetRow[] = [
    { row: 5, cells: STEP_TABLE_COLUMNS },
    { row: 7, cells: row('a', 'warm', '1', '', '1') },
    { row: 12, cells: row('a', 'both', '', '', '2') },
  ];
  expect(readStepTable(rows).faults).toEqual([
    {
      path: 'row 12',
      code: 'RATES_OVERLAP',
      message: 'same use, season and climate as row 7',
      detail: 'کاربری، فصل و اقلیم آن با ردیف 7 یکی است.',
    },
  ]);
});

test('a cell that cannot be taken at its word is a fault where it is needed, and only there', () => {
  const error = { code: 'CELL_ERROR', message: 'D2 holds an error', detail: 'خانهٔ D2 خطا دارد.' };
  expect(readStepTable(sheet([row('a', 'warm', '', error, error)])).faults).toEqual(
    ['upto', 'rate'].map((column) => ({ path: `row 2, ${column}`, ...error })),
  );
  expect(found(sheet([row('a', 'warm', '', '', '1', error)], [...STEP_TABLE_COLUMNS, 'note']))).toEqual([]);
});

test('no header: what the nearest row lacks', () => {
  expect(found([])).toEqual([' NO_STEP']);
  expect(
    found([
      { row: 1, cells: ['tariff'] },
      { row: 2, cells: ['use', 'season', 'climate', 'step'] },
    ]),
  ).toEqual(['row 2, upto NO_COLUMN', 'row 2, rate NO_COLUMN']);
});

test('findings of the rates go back to their cells', () => {
  const { byRow } = readStepTable(sheet([row('a', 'warm', '', '45', '1'), row('a', 'warm', '', '', '2')]));
  const of = (path: string) => byRow({ path, code: 'X', message: '', detail: '' }).path;
  expect(['gas[0].steps[1].rialPerM3', 'gas[0].steps[0].uptoM3PerMonth', 'gas[0].use', 'gas[0]', 'levy[0]', 'gas[4]'].map(of)).toEqual([
    'row 3, rate',
    'row 2, upto',
    'row 2, use',
    'row 2',
    'levy[0]',
    'gas[4]',
  ]);
});

test('the table takes the place of the rates of its own uses', () => {
  const { gas } = readStepTable(sheet([row('household', 'both', '', '', '1000')]));
  const merged = withStepTable(household1397, gas);
  expect(merged.gas.filter(({ use }) => use === 'household')).toEqual(gas);
  expect(merged.gas.filter(({ use }) => use === 'commercial')).toEqual(household1397.gas.filter(({ use }) => use === 'commercial'));
});
