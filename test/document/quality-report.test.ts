import { read, utils } from '@e965/xlsx';
import { percent, reportPdf } from '../../src/document/quality-report.js';
import { INDICATOR_COLUMNS, indicatorsXlsx, reportXlsx } from '../../src/document/report-workbook.js';
import { NOTHING_COUNTED, indicators } from '../../src/domain/quality/indicators.js';
import { readPdfs } from './read-pdf.js';
import { sampleReport } from './report-sample.js';

const nothing = indicators(null, NOTHING_COUNTED);
const many = sampleReport({
  edition: 3,
  madeBy: 'زهرا امینی',
  cycles: Array.from({ length: 40 }, (_, i) => indicators(`${10 + i}-1405-06`, { ...NOTHING_COUNTED, announcements: 40 - i })),
  offices: Array.from({ length: 60 }, (_, i) => indicators(`office-${i}`, { ...NOTHING_COUNTED, requests: 7 })),
});
const empty = sampleReport({
  whole: nothing,
  before: nothing,
  months: Array.from({ length: 12 }, () => nothing),
  days: [],
  cycles: [],
  offices: [],
  clerks: [],
});
const [ordinary, long, bare] = readPdfs([reportPdf(sampleReport()), reportPdf(many), reportPdf(empty)]);
if (!ordinary || !long || !bare) throw new Error('nothing printed');

test('the figures of the month, in Persian digits, each beside its id, and the month before', () => {
  for (const text of [
    'آبان ۱۴۰۵',
    '۱۴۰۵/۰۸/۰۱',
    '۹۷٫۱٪',
    '۱٬۲۴۷',
    '۱٬۲۸۴',
    '۳٬۸۱۵',
    '۳٬۸۵۲',
    '۹۸٫۸٪',
    '۱۷',
    'K1',
    'K2',
    'K3',
    'K4',
    'K5',
    'SSS-PM-02',
    '۲۱۴',
    '۱٬۲۳۴',
    '12-1405-06',
  ])
    expect(ordinary.text).toContain(text);
  expect(ordinary.text).toMatch(/۱۴۰۵\/۰۹\/۰۱.*۰۶:۰۰/);
  expect([ordinary.pages.length, ordinary.inside]).toEqual([2, true]);
});

test('sixty offices and forty cycles: all offices are there, the smallest cycles are one bar, nothing runs out of the page', () => {
  expect(long.inside).toBe(true);
  for (const i of [0, 30, 59]) expect(long.text).toContain(`office-${i}`);
  expect(long.text).toContain('۳۴');
  expect(long.text).toContain('زهرا امینی');
  // the head of the table stands on each of its pages
  expect(long.pages.filter(({ lines }) => lines.some((line) => line.includes('K1') && line.includes('K5'))).length).toBeGreaterThan(1);
});

test('a month without anything is printed too', () => {
  expect(bare.inside).toBe(true);
  expect(bare.text).toContain('—');
});

test.each([
  [1, '۱۰۰٪'],
  // not all is not everything
  [0.9999, '۹۹٫۹٪'],
  [0.5, '۵۰٪'],
  [0, '۰٪'],
  [null, '—'],
])('the share %s is written %s', (share, text) => {
  expect(percent(share)).toBe(text);
});

describe('the workbook', () => {
  test('a sheet for the month and one for each group, right to left, figures as numbers', async () => {
    const book = read(await reportXlsx(sampleReport()), { cellNF: true });
    expect(book.SheetNames).toEqual(['خلاصه', 'ماه‌ها', 'روزها', 'دوره‌ها', 'اداره‌ها', 'کارمندان', 'قطعی‌ها']);
    const rows = (name: string): unknown[][] => utils.sheet_to_json(book.Sheets[name] as never, { header: 1, defval: null });
    const summary = rows('خلاصه');
    expect(summary[0]?.[0]).toBe('گزارش کیفی آبان ۱۴۰۵');
    expect(summary.find(([name]) => name === 'K1 درخواست')).toEqual(['K1 درخواست', 1284, 1190]);
    expect(summary.find(([name]) => name === 'ریسک R4: اقلام ارسال‌نشده')?.[1]).toBe(214);
    expect(summary.find(([name]) => name === 'علت: ثبت کارمند')?.[1]).toBe(9);
    expect(summary.find(([name]) => name === 'ریسک R1: دقیقه‌های قطعی')?.[1]).toBe(1234);
    expect(rows('قطعی‌ها').slice(1)).toEqual([
      ['02', '1405/08/06', '09:35', '10:49', 74],
      ['همهٔ سامانه', '1405/08/24', '07:30', 'ادامه دارد', 1160],
    ]);
    const offices = rows('اداره‌ها');
    expect(offices[0]?.slice(0, 2)).toEqual(['اداره', 'K1 درخواست']);
    expect(offices.slice(1).map(([office, requests]) => [office, requests])).toEqual([
      ['01', 600],
      ['02', 450],
      ['اداره شهر نمونه', 300],
    ]);
    expect(rows('روزها')).toHaveLength(31);
    const share = book.Sheets['اداره‌ها']?.['D2'] as { v: number; z: string };
    expect([share.v, share.z]).toEqual([591 / 600, '0.0%']);
  });

  test('a name that looks like a formula stays a text', async () => {
    const book = read(await reportXlsx(sampleReport()));
    const cell = book.Sheets['کارمندان']?.['A4'] as { t: string; v: string; f?: string };
    expect([cell.t, cell.v, cell.f]).toEqual(['s', '=cmd', undefined]);
  });

  test('indicators alone: every column, the group only where there is one', async () => {
    const of = async (...asked: Parameters<typeof indicatorsXlsx>) =>
      utils.sheet_to_json<unknown[]>(Object.values(read(await indicatorsXlsx(...asked)).Sheets)[0] as never, { header: 1, defval: null });
    expect(await of('office', sampleReport().offices)).toHaveLength(4);
    expect((await of('office', sampleReport().offices))[0]).toHaveLength(INDICATOR_COLUMNS.length);
    expect((await of(null, [nothing]))[0]).toEqual(INDICATOR_COLUMNS.slice(1).map(({ title }) => title));
    expect(new Set(INDICATOR_COLUMNS.map(({ name }) => name)).size).toBe(INDICATOR_COLUMNS.length);
  });
});
