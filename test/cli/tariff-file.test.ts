import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Refusal } from '../../src/refusal.js';
import { readSheetFile, tariffOfFile } from '../../src/cli/tariff-file.js';
import { type RawCell, type RawSheet, grid, workbook } from '../workbook.js';

const folder = mkdtempSync(path.join(tmpdir(), 'tasvieh-sheet-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function file(name: string, content: string | Buffer): string {
  const full = path.join(folder, name);
  writeFileSync(full, content);
  return full;
}
let books = 0;
const book = (...sheets: RawSheet[]): string => file(`book-${books++}.xlsx`, workbook(sheets));
const cells = async (...row: RawCell[]) => (await readSheetFile(book({ name: 'S', cells: grid([row]) }))).rows[0]?.cells;

describe('cells of a workbook', () => {
  test('numbers as a spreadsheet shows them, texts as they were typed', async () => {
    expect(
      await cells(
        '  خانگی ',
        '۱٬۰۸۱',
        1081,
        45.5,
        0,
        { xml: '<v>1080.9999999999998</v>' },
        { xml: '<v>1.081E3</v>' },
        { xml: '<v>1</v>', type: 'b' },
      ),
    ).toEqual(['  خانگی ', '۱٬۰۸۱', '1081', '45.5', '0', '1081', '1081', 'true']);
  });
  test('a formula counts by the result that the spreadsheet kept, 0 and a text included', async () => {
    expect(
      await cells(
        { xml: '<f>940*1.15</f><v>1080.9999999999998</v>' },
        { xml: '<f>A1-A1</f><v>0</v>' },
        { xml: '<f>"cold"</f><v>cold</v>', type: 'str' },
      ),
    ).toEqual(['1081', '0', 'cold']);
  });
  test.each<[string, RawCell]>([
    ['no result', { xml: '<f>1+2</f>' }],
    ['an empty one', { xml: '<f>1+2</f><v/>' }],
    ['an empty text', { xml: '<f>1+2</f><v></v>' }],
  ])('a formula that nobody computed is refused by its address, never read as 0: %s', async (_, cell) => {
    expect(await cells(45, cell)).toEqual([
      '45',
      { code: 'FORMULA_NOT_COMPUTED', message: expect.stringContaining('B1'), detail: expect.stringContaining('B1') },
    ]);
  });
  test('1-3 that became a date, and errors', async () => {
    expect(
      await cells(
        { xml: '<v>45295</v>', style: 'date' },
        { xml: '<f>1/0</f><v>#DIV/0!</v>', type: 'e' },
        { xml: '<v>#N/A</v>', type: 'e' },
      ),
    ).toEqual([
      { code: 'DATE_CELL', message: expect.stringContaining('A1'), detail: expect.stringContaining('A1') },
      { code: 'CELL_ERROR', message: 'B1 holds an error (#DIV/0!)', detail: 'خانهٔ B1 خطا دارد (#DIV/0!).' },
      { code: 'CELL_ERROR', message: 'C1 holds an error (#N/A)', detail: 'خانهٔ C1 خطا دارد (#N/A).' },
    ]);
  });
});

describe('rows of a workbook', () => {
  test('by their number; empty rows are none, rows are equally wide', async () => {
    const { sheet, rows } = await readSheetFile(book({ name: 'نرخ‌ها', cells: { A1: 'title', B3: 'x', A9: 1, C9: 2, A10: { xml: '' } } }));
    expect([sheet, rows]).toEqual([
      'نرخ‌ها',
      [
        { row: 1, cells: ['title', '', ''] },
        { row: 3, cells: ['', 'x', ''] },
        { row: 9, cells: ['1', '', '2'] },
      ],
    ]);
  });
  test('a merged cell says the same of every row and column that it spans', async () => {
    const { rows } = await readSheetFile(
      book({
        name: 'S',
        cells: grid([
          ['title', '', ''],
          ['household', 'warm', 45],
          ['', '', 95],
          ['', 'cold', 300],
        ]),
        merges: ['A1:XFD1', 'A2:A4', 'B2:B3'],
      }),
    );
    expect(rows.map((row) => row.cells)).toEqual([
      ['title', 'title', 'title'],
      ['household', 'warm', '45'],
      ['household', 'warm', '95'],
      ['household', 'cold', '300'],
    ]);
  });
});

describe('sheets of a workbook', () => {
  const filled = (name: string, change: Partial<RawSheet> = {}): RawSheet => ({ name, cells: { A1: name }, ...change });
  test('the only one that is filled and shown', async () => {
    expect((await readSheetFile(book(filled('A', { hidden: true }), { name: 'Sheet1', cells: {} }, filled('B')))).sheet).toBe('B');
  });
  test('of several the one that is named, a hidden one too', async () => {
    const two = book(filled('A'), filled('B'), filled('C', { hidden: true }));
    expect((await readSheetFile(two, 'B')).rows).toEqual([{ row: 1, cells: ['B'] }]);
    expect((await readSheetFile(two, 'C')).sheet).toBe('C');
    await expect(readSheetFile(two)).rejects.toThrow(/--sheet; there are: A, B$/);
    await expect(readSheetFile(two, 'D')).rejects.toThrow(/no sheet D; there are: A, B, C$/);
    await expect(readSheetFile(book({ name: 'Sheet1', cells: {} }))).rejects.toThrow('none with a cell');
  });
});

test.each<[string, () => string, string]>([
  ['an old or locked workbook', () => file('old.xlsx', Buffer.from('d0cf11e0a1b11ae1', 'hex')), '.xlsx without a password'],
  ['a text', () => file('text.xlsx', 'use,season\n'), 'no XLSX workbook'],
  ['half a workbook', () => file('half.xlsx', workbook([{ name: 'S', cells: { A1: 'x' } }]).subarray(0, 900)), 'cannot be read'],
  ['another ZIP file', () => file('zip.xlsx', Buffer.from('PK\x03\x04 is no workbook', 'latin1')), 'cannot be read'],
  ['a giant', () => file('giant.xlsx', Buffer.alloc(20_000_001, 'PK')), '20 MB'],
  ['none', () => path.join(folder, 'none.xlsx'), 'none.xlsx'],
])('%s is refused without a stack and by its name', async (_, name, reason) => {
  const refused: unknown = await readSheetFile(name()).catch((error: unknown) => error);
  expect(refused).toBeInstanceOf(Refusal);
  expect((refused as Refusal).message).toContain(reason);
  expect((refused as Refusal).message).toContain(folder);
});

describe('CSV', () => {
  test('rows by their line, past the mark of UTF-8 and empty lines', async () => {
    expect(await readSheetFile(file('a.csv', '\uFEFFuse, rate \r\n\r\n"a, b",۱\r\n'))).toEqual({
      sheet: null,
      rows: [
        { row: 1, cells: ['use', 'rate'] },
        { row: 3, cells: ['a, b', '۱'] },
      ],
    });
  });
  test('1,081 without quotes is no 1: the row is refused', async () => {
    await expect(readSheetFile(file('b.csv', 'use,rate\na,1,081\n'))).rejects.toThrow(/b\.csv: .*line 2/);
  });
  test('has no sheets', () => expect(readSheetFile(file('c.csv', 'a\n'), 'S')).rejects.toThrow('no sheets'));
});

test('every line of a refused tariff names the file, the path and the code', () => {
  const name = file('t.json', JSON.stringify({ version: '', title: 'x' }));
  expect(() => tariffOfFile(name)).toThrow(Refusal);
  try {
    tariffOfFile(name);
  } catch (error) {
    const lines = (error as Error).message.split('\n');
    expect(lines.length).toBeGreaterThan(3);
    expect(lines).toContain(`${name}: version: a text is required (REQUIRED)`);
    for (const line of lines) expect(line.startsWith(`${name}: `)).toBe(true);
  }
});
