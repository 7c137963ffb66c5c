import type { CellObject, Sheet } from 'write-excel-file/node';
import { CORRECTION_CAUSES, CORRECTION_CAUSE_TITLES, CORRECTION_KINDS, CORRECTION_KIND_TITLES } from '../domain/correction/correction.js';
import type { IndicatorGroup, Indicators, RiskCounts } from '../domain/quality/indicators.js';
import { monthName, todayInTehran } from '../domain/calendar/jalali.js';
import { EVERYWHERE, type Outage } from '../domain/calendar/outage.js';
import type { QualityReport } from '../domain/quality/quality-report.js';
import { persianDigits } from '../domain/text.js';
import { timeOfDay } from './figures.js';

type Value = string | number | null;

interface Column {
  /** as a CSV names it: the field of the API's answer */
  name: string;
  /** as a sheet names it */
  title: string;
  format?: string;
  value(row: Indicators): Value;
}

const WHOLE = '#,##0';
const SHARE = '0.0%';
const SECONDS = '#,##0.0';
const seconds = (ms: number | null): number | null => (ms === null ? null : ms / 1000);

/** Every figure of the indicators, one beside the other. */
export const INDICATOR_COLUMNS: readonly Column[] = [
  { name: 'group', title: 'گروه', value: ({ group }) => group },
  { name: 'k1.requests', title: 'K1 درخواست', format: WHOLE, value: ({ k1 }) => k1.requests },
  { name: 'k1.onTime', title: 'K1 به‌موقع', format: WHOLE, value: ({ k1 }) => k1.onTime },
  { name: 'k1.share', title: 'K1 سهم به‌موقع', format: SHARE, value: ({ k1 }) => k1.share },
  { name: 'k1.medianSeconds', title: 'میانهٔ زمان (ثانیه)', format: SECONDS, value: ({ k1 }) => seconds(k1.medianMs) },
  { name: 'k1.p95Seconds', title: 'صدک ۹۵ زمان (ثانیه)', format: SECONDS, value: ({ k1 }) => seconds(k1.p95Ms) },
  { name: 'k1.atRisk', title: 'در آستانهٔ تأخیر', format: WHOLE, value: ({ k1 }) => k1.atRisk },
  { name: 'k1.atRiskShare', title: 'سهم در آستانهٔ تأخیر', format: SHARE, value: ({ k1 }) => k1.atRiskShare },
  { name: 'k1.lateEntries', title: 'ثبت با تأخیر', format: WHOLE, value: ({ k1 }) => k1.lateEntries },
  { name: 'k1.lateEntryShare', title: 'سهم به‌موقع از ثبت با تأخیر', format: SHARE, value: ({ k1 }) => k1.lateEntryShare },
  { name: 'k2.due', title: 'K2 اقلام سررسید', format: WHOLE, value: ({ k2 }) => k2.due },
  { name: 'k2.inTime', title: 'K2 به‌موقع', format: WHOLE, value: ({ k2 }) => k2.inTime },
  { name: 'k2.late', title: 'K2 دیرمانده', format: WHOLE, value: ({ k2 }) => k2.late },
  { name: 'k2.share', title: 'K2 سهم به‌موقع', format: SHARE, value: ({ k2 }) => k2.share },
  { name: 'k3.announced', title: 'K3 اعلام‌شده', format: WHOLE, value: ({ k3 }) => k3.announced },
  { name: 'k3.correct', title: 'K3 بی‌خطا', format: WHOLE, value: ({ k3 }) => k3.correct },
  { name: 'k3.share', title: 'K3 سهم درست', format: SHARE, value: ({ k3 }) => k3.share },
  { name: 'k4.corrections', title: 'K4 اصلاحیه', format: WHOLE, value: ({ k4 }) => k4.corrections },
  { name: 'k4.withdrawn', title: 'K4 انصراف', format: WHOLE, value: ({ k4 }) => k4.withdrawn },
  ...CORRECTION_KINDS.map((kind): Column => ({
    name: `k4.byKind.${kind}`,
    title: `نوع: ${CORRECTION_KIND_TITLES[kind]}`,
    format: WHOLE,
    value: ({ k4 }) => k4.byKind[kind] ?? 0,
  })),
  ...CORRECTION_CAUSES.map((cause): Column => ({
    name: `k4.byCause.${cause}`,
    title: `علت: ${CORRECTION_CAUSE_TITLES[cause]}`,
    format: WHOLE,
    value: ({ k4 }) => k4.byCause[cause] ?? 0,
  })),
  { name: 'k5', title: 'K5 اعلام مانده', format: WHOLE, value: ({ k5 }) => k5 },
];

const GROUPS: Record<IndicatorGroup, string> = { day: 'روز', month: 'ماه', cycle: 'دوره', clerk: 'کارمند', office: 'اداره' };

/** The monthly report as a workbook: the month, then every group on a sheet of its own, right to left. */
export async function reportXlsx(report: QualityReport): Promise<Uint8Array> {
  const { month, from, to, edition, madeAt, whole, before, months, days, cycles, offices, clerks, risks, outages, correctiveActions } =
    report;
  const title = `گزارش کیفی ${monthName(month)} ${persianDigits(month.slice(0, 4))}`;
  const pairs: [string, Value, string?][] = [
    ['از', from],
    ['تا', to],
    ['ویرایش', edition, WHOLE],
    ['زمان تهیه (UTC)', madeAt],
    ...RISKS.map(([name, label]): [string, Value, string] => [label, risks[name], WHOLE]),
    ['اقدام اصلاحی گشوده', correctiveActions.opened, WHOLE],
    ['اقدام اصلاحی پایان‌یافته', correctiveActions.closed, WHOLE],
    ['اقدام اصلاحی باز', correctiveActions.open, WHOLE],
  ];
  const summary: Sheet<Buffer> = {
    sheet: 'خلاصه',
    rightToLeft: true,
    showGridLines: false,
    columns: [{ width: 34 }, { width: 20 }, { width: 20 }],
    stickyRowsCount: 3,
    data: [
      [{ value: title, type: String, fontWeight: 'bold', fontSize: 16, textColor: DEEP, align: 'right', columnSpan: 3 }, null, null],
      [],
      ['شاخص', title.replace('گزارش کیفی ', ''), 'ماه پیش'].map(heading),
      ...INDICATOR_COLUMNS.slice(1).map((column) => [
        label(column.title),
        cell(column.value(whole), column.format),
        cell(column.value(before), column.format),
      ]),
      [],
      ...pairs.map(([name, value, format]) => [label(name), cell(value, format)]),
    ],
  };
  return workbook([
    summary,
    indicatorSheet('ماه‌ها', 'month', months),
    indicatorSheet('روزها', 'day', days),
    indicatorSheet('دوره‌ها', 'cycle', cycles),
    indicatorSheet('اداره‌ها', 'office', offices),
    indicatorSheet('کارمندان', 'clerk', clerks),
    outageSheet(outages),
  ]);
}

function outageSheet(outages: readonly Outage[]): Sheet<Buffer> {
  return {
    sheet: 'قطعی‌ها',
    rightToLeft: true,
    stickyRowsCount: 1,
    columns: [{ width: 18 }, { width: 14 }, { width: 10 }, { width: 10 }, { width: 16 }],
    data: [
      ['اداره', 'روز', 'از ساعت', 'تا ساعت', 'دقیقهٔ ساعت کار'].map(heading),
      ...outages.map(({ office, from, to, minutes }) => [
        cell(office === EVERYWHERE ? 'همهٔ سامانه' : office),
        cell(todayInTehran(new Date(from))),
        cell(timeOfDay(from)),
        cell(to === null ? 'ادامه دارد' : timeOfDay(to)),
        cell(minutes, WHOLE),
      ]),
    ],
  };
}

/** What was asked of the indicators as a workbook of one sheet. */
export function indicatorsXlsx(by: IndicatorGroup | null, items: readonly Indicators[]): Promise<Uint8Array> {
  return workbook([indicatorSheet('شاخص‌ها', by, items)]);
}

/** A plain list as a workbook of one sheet; texts stay texts, so that leading zeros survive. */
export function listXlsx(
  title: string,
  columns: readonly string[],
  rows: readonly (readonly (string | number | null)[])[],
): Promise<Uint8Array> {
  return workbook([
    {
      sheet: title,
      rightToLeft: true,
      stickyRowsCount: 1,
      columns: columns.map(() => ({ width: 18 })),
      data: [
        columns.map(heading),
        ...rows.map((row) => row.map((value) => (typeof value === 'number' ? cell(value, WHOLE) : label(value ?? '')))),
      ],
    },
  ]);
}

const RISKS: [keyof RiskCounts, string][] = [
  ['lateEntries', 'ریسک R1: ثبت با تأخیر'],
  ['lateEntryDays', 'ریسک R1: روزهای ثبت برگهٔ کاغذی در اداره‌ها'],
  ['outages', 'ریسک R1: قطعی‌های دیده‌شده در ساعت کار'],
  ['outageMinutes', 'ریسک R1: دقیقه‌های قطعی'],
  ['onStaleData', 'ریسک R2: اعلام بر پایهٔ دادهٔ کهنه'],
  ['unsent', 'ریسک R4: اقلام ارسال‌نشده'],
  ['unsentLate', 'ریسک R4: اقلام دیرمانده'],
  ['overdueTasks', 'ریسک R5: وظیفه‌های دیرشده'],
];

const DEEP = '#0b4a7a';
const heading = (value: string): CellObject => ({
  value,
  type: String,
  fontWeight: 'bold',
  backgroundColor: DEEP,
  textColor: '#ffffff',
  align: 'center',
  alignVertical: 'center',
  wrap: true,
});
const label = (value: string): CellObject => ({ value, type: String, align: 'right' });

/** Text is a text: what begins like a formula stays what it is. */
function cell(value: Value, format?: string): CellObject | null {
  if (value === null) return null;
  return typeof value === 'number' ? { value, type: Number, ...(format && { format }) } : { value, type: String };
}

function indicatorSheet(sheet: string, by: IndicatorGroup | null, rows: readonly Indicators[]): Sheet<Buffer> {
  const columns = by === null ? INDICATOR_COLUMNS.slice(1) : INDICATOR_COLUMNS;
  const titles = columns.map((column) => heading(column.name === 'group' && by !== null ? GROUPS[by] : column.title));
  return {
    sheet,
    rightToLeft: true,
    stickyRowsCount: 1,
    ...(by !== null && { stickyColumnsCount: 1 }),
    columns: columns.map((_, i) => ({ width: i === 0 ? 18 : 13 })),
    data: [
      titles.map((title) => ({ ...title, height: 34 })),
      ...rows.map((row) => columns.map((column) => cell(column.value(row), column.format))),
    ],
  };
}

async function workbook(sheets: Sheet<Buffer>[]): Promise<Uint8Array> {
  // loaded when a workbook is written: commands and most requests write none
  const { default: write } = await import('write-excel-file/node');
  return write(sheets, { fontFamily: 'Vazirmatn', fontSize: 11 }).toBuffer();
}
