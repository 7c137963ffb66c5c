/* A sheet is mended by who keeps it: each fault is said with its row and column, word for word in English and in Persian. */
import { STEP_TABLE_COLUMNS, type SheetRow, readStepTable } from '../../../src/domain/tariff/step-table.js';

type Cells = SheetRow['cells'];
const sheet = (rows: Cells[], head: Cells = STEP_TABLE_COLUMNS): SheetRow[] => [head, ...rows].map((cells, i) => ({ row: i + 1, cells }));
const said = (rows: SheetRow[]): string[] =>
  readStepTable(rows).faults.map(({ path, code, message, detail }) => `${code} ${path}: ${message} | ${detail}`);
const codes = (...rows: Cells[]): string[] => readStepTable(sheet(rows)).faults.map(({ path, code }) => `${path} ${code}`);

test.each<[string, SheetRow[], string[]]>([
  [
    'cells that are no figures',
    sheet([
      ['a', 'warm', '0', 'x', ''],
      ['a', 'warm', '3-1', '-1', '1.5'],
    ]),
    [
      'NOT_ALLOWED row 2, climate: 1 to 5, a list or a span of them, or empty: 0 | اقلیم عددی از 1 تا 5، فهرستی از آن‌ها (1، 2)، بازه‌ای از آن‌ها (1-3) یا خالی است (نوشته شده: 0).',
      'NOT_WHOLE row 2, upto: not a whole number: x | عدد صحیح لازم است (نوشته شده: x).',
      'NOT_WHOLE row 2, rate: not a whole number:  | عدد صحیح لازم است (نوشته نشده است).',
      'NOT_ALLOWED row 3, climate: 1 to 5, a list or a span of them, or empty: 3-1 | اقلیم عددی از 1 تا 5، فهرستی از آن‌ها (1، 2)، بازه‌ای از آن‌ها (1-3) یا خالی است (نوشته شده: 3-1).',
      'NOT_WHOLE row 3, upto: not a whole number: -1 | عدد صحیح لازم است (نوشته شده: -1).',
      'NOT_WHOLE row 3, rate: not a whole number: 1.5 | عدد صحیح لازم است (نوشته شده: 1.5).',
    ],
  ],
  [
    'rates that are faulty as a whole',
    sheet([
      ['', 'mild', '', '', '1'],
      ['b', 'warm', '', '95', '1'],
      ['c', 'warm', '1', '', '1'],
      ['c', 'both', '', '', '2'],
    ]),
    [
      'REQUIRED row 2, use: a text is required | متنی لازم است (نوشته نشده است).',
      'NOT_ALLOWED row 2, season: one of warm, cold, both: mild | یکی از این‌ها لازم است: warm، cold، both (نوشته شده: mild).',
      'NO_OPEN_LAST_STEP row 3, upto: the last step must be open | پلهٔ آخر باید باز باشد (بدون حد).',
      'RATES_OVERLAP row 5: same use, season and climate as row 4 | کاربری، فصل و اقلیم آن با ردیف 4 یکی است.',
    ],
  ],
  ['nothing at all', [], ['NO_STEP : no row | هیچ ردیفی نیست.']],
  ['a header alone', sheet([]), ['NO_STEP : no row | هیچ ردیفی نیست.']],
  [
    'no header: what the nearest row lacks',
    [
      { row: 1, cells: ['tariff'] },
      { row: 2, cells: ['use', 'season', 'climate', 'step'] },
    ],
    [
      'NO_COLUMN row 2, upto: the columns are use, season, climate, upto, rate, or کاربری، فصل، اقلیم، تا، نرخ | ستون «تا» نیست. ستون‌ها: کاربری، فصل، اقلیم، تا، نرخ، یا use, season, climate, upto, rate.',
      'NO_COLUMN row 2, rate: the columns are use, season, climate, upto, rate, or کاربری، فصل، اقلیم، تا، نرخ | ستون «نرخ» نیست. ستون‌ها: کاربری، فصل، اقلیم، تا، نرخ، یا use, season, climate, upto, rate.',
    ],
  ],
])('%s', (_, rows, sentences) => expect(said(rows)).toEqual(sentences));

test('without a header there are no rates, and findings stay as they are', () => {
  const { gas, byRow } = readStepTable([{ row: 1, cells: ['tariff'] }]);
  const found = { path: 'gas[0].use', code: 'X', message: 'gas[0]', detail: 'gas[0]' };
  expect([gas, byRow(found)]).toEqual([[], found]);
});

describe('climates', () => {
  const climates = (typed: string) => {
    const { gas, faults } = readStepTable(sheet([['a', 'warm', typed, '', '1']]));
    return faults.length > 0 ? faults.map(({ code }) => code) : gas[0]?.climates;
  };
  test.each<[string, number[] | undefined]>([
    ['', undefined],
    ['3', [3]],
    ['1-3', [1, 2, 3]],
    ['1 – 3', [1, 2, 3]],
    ['2-2', [2]],
    ['1 2;3،5', [1, 2, 3, 5]],
    ['۱، ۴', [1, 4]],
  ])('%j is %j', (typed, list) => expect(climates(typed)).toEqual(list));
  test.each(['0', '6', '15', '51', '1 6', '6 1', '11-3', '1-35', 'x1-3', '1-3x', '1x-3', '1-x3', '3-1', '-', '1,,x'])(
    '%j is none',
    (typed) => expect(climates(typed)).toEqual(['NOT_ALLOWED']),
  );
});

test('seasons in either language, however they are written', () => {
  const seasons = ['Warm', 'COLD', ' both ', 'گرم', 'سرد', 'هردو'].map(
    (typed) => readStepTable(sheet([['a', typed, '', '', '1']])).gas[0]?.season,
  );
  expect(seasons).toEqual(['warm', 'cold', 'both', 'warm', 'cold', 'both']);
});

describe('cells that are not there, or cannot be read', () => {
  const error = { code: 'CELL_ERROR', message: 'A1 holds an error', detail: 'خانهٔ A1 خطا دارد.' };
  test('a row that ends early has empty cells', () => {
    expect(codes(['a', 'warm', '', ''])).toEqual(['row 2, rate NOT_WHOLE']);
    expect(readStepTable(sheet([[], ['a', 'warm', '', '', '1']]))).toMatchObject({
      faults: [],
      gas: [{ use: 'a', steps: [{ uptoM3PerMonth: null, rialPerM3: 1 }] }],
    });
    const upto = sheet([['a', 'warm', '', '1']], ['use', 'season', 'climate', 'rate', 'upto']);
    expect(readStepTable(upto)).toMatchObject({ faults: [], gas: [{ steps: [{ uptoM3PerMonth: null, rialPerM3: 1 }] }] });
  });
  test('a row that holds nothing but such a cell is not empty', () => {
    expect(codes([error, '', '', '', ''])).toEqual(['row 2, use CELL_ERROR']);
    expect(readStepTable(sheet([[error, '', '', '', '']])).faults).toEqual([{ path: 'row 2, use', ...error }]);
  });
  test('such a cell in a row above is no head', () => {
    const rows: SheetRow[] = [
      { row: 1, cells: [error, error, error, error, error] },
      { row: 2, cells: STEP_TABLE_COLUMNS },
      { row: 3, cells: ['a', 'warm', '', '', '1'] },
    ];
    expect(readStepTable(rows)).toMatchObject({ faults: [], gas: [{ use: 'a' }] });
    expect(readStepTable([{ row: 1, cells: [error, 'use'] }]).faults).toHaveLength(4);
  });
});

test('one step is a flat rate, more are not; an open step in the middle is told once', () => {
  const flat = (...steps: [string, string][]) =>
    readStepTable(sheet(steps.map(([upto, rate]) => ['a', 'warm', '', upto, rate]))).gas.map((each) => each.flat);
  expect([flat(['', '1']), flat(['45', '1'], ['', '2'])]).toEqual([[true], [false]]);
  expect(codes(['a', 'warm', '', '', '1'], ['a', 'warm', '', '', '2'])).toEqual(['row 2, upto OPEN_STEP_NOT_LAST']);
});

describe('of many rates and steps', () => {
  const uses = Array.from({ length: 12 }, (_, i): Cells => [`use ${i}`, 'warm', '', '', '1']);
  test('a finding goes back to its own row', () => {
    const steps = Array.from({ length: 12 }, (_, i): Cells => ['z', 'warm', '', i === 11 ? '' : String(10 * (i + 1)), '1']);
    const { byRow } = readStepTable(sheet([...uses, ...steps]));
    const of = (path: string) => byRow({ path, code: 'X', message: '', detail: '' }).path;
    expect(
      ['gas[1].use', 'gas[11].use', 'gas[12].steps[1].rialPerM3', 'gas[12].steps[11].rialPerM3', 'gas[12].climates', 'gas[12].flat'].map(
        of,
      ),
    ).toEqual(['row 3, use', 'row 13, use', 'row 15, rate', 'row 25, rate', 'row 14, climate', 'row 14']);
    expect(['other.gas[0].use', 'gas[13].use', 'gas[12].steps[12].rialPerM3', 'gas', 'levy[1]'].map(of)).toEqual([
      'other.gas[0].use',
      'gas[13].use',
      'gas[12].steps[12].rialPerM3',
      'gas',
      'levy[1]',
    ]);
  });
  test('so does what a sentence names; what the sheet does not hold stays', () => {
    expect(said(sheet([...uses, ['use 11', 'both', '', '', '1']]))).toEqual([
      'RATES_OVERLAP row 14: same use, season and climate as row 13 | کاربری، فصل و اقلیم آن با ردیف 13 یکی است.',
    ]);
    const { byRow } = readStepTable(sheet(uses));
    expect(byRow({ path: 'gas[0]', code: 'X', message: 'gas[11], gas[12]', detail: 'gas[0] و gas[12]' })).toEqual({
      path: 'row 2',
      code: 'X',
      message: 'row 13, gas[12]',
      detail: 'ردیف 2 و gas[12]',
    });
  });
});
