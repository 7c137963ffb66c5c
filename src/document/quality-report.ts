import { CORRECTION_CAUSES, CORRECTION_CAUSE_TITLES, CORRECTION_KINDS, CORRECTION_KIND_TITLES } from '../domain/correction/correction.js';
import type { Indicators } from '../domain/quality/indicators.js';
import { monthName } from '../domain/calendar/jalali.js';
import type { QualityReport } from '../domain/quality/quality-report.js';
import { TARGET_MS } from '../domain/settlement/settlement.js';
import { persianDigits } from '../domain/text.js';
import { date, id, isolated, moment, number } from './figures.js';
import { typesetter } from './typst.js';

let typeset: ReturnType<typeof typesetter> | null = null;

/** The monthly quality report as PDF, A4: the indicators with charts, then the offices. Made at first use: a worker rarely needs it. */
export function reportPdf(report: QualityReport, issuer = 'شرکت گاز'): Uint8Array {
  typeset ??= typesetter('quality-report');
  return typeset(page(report, issuer));
}

/** Bars beside each other at most: more cycles are drawn together. */
const MOST_CYCLES = 7;

/** The values of quality-report.typ: what is written is text already, what is drawn is a part of the whole from 0 to 1. */
function page(report: QualityReport, issuer: string) {
  const { month, from, to, edition, madeAt, madeBy, whole, before, months, days, cycles, offices, risks, correctiveActions } = report;
  const longest = Math.max(TARGET_MS * 1.2, ...days.map(({ k1 }) => k1.p95Ms ?? 0));
  return {
    issuer: isolated(issuer),
    month: `${monthName(month)} ${persianDigits(month.slice(0, 4))}`,
    span: `از ${date(from)} تا ${date(to)}`,
    made: `ویرایش ${number(edition)}، تهیه در ${moment(madeAt)}${madeBy === null ? '' : ` به درخواست ${isolated(madeBy)}`}`,
    cards: [
      card(
        'K1',
        'اعلام به‌موقع',
        percent(whole.k1.share),
        difference(whole.k1.share, before.k1.share, true),
        `${number(whole.k1.onTime)} از ${number(whole.k1.requests)} درخواست در پنج دقیقه`,
      ),
      card(
        'K1',
        'میانهٔ زمان اعلام',
        duration(whole.k1.medianMs),
        null,
        `صدک ۹۵: ${duration(whole.k1.p95Ms)}؛ در آستانهٔ تأخیر: ${percent(whole.k1.atRiskShare)}`,
      ),
      card(
        'K2',
        'ارسال به‌موقع به صورتحساب',
        percent(whole.k2.share),
        difference(whole.k2.share, before.k2.share, true),
        `${number(whole.k2.inTime)} از ${number(whole.k2.due)} قلم`,
      ),
      card(
        'K3',
        'درست از نخستین بار',
        percent(whole.k3.share),
        difference(whole.k3.share, before.k3.share, true),
        `${number(whole.k3.correct)} از ${number(whole.k3.announced)} اعلام`,
      ),
      card(
        'K4',
        'اصلاحیه‌ها',
        number(whole.k4.corrections),
        more(whole.k4.corrections, before.k4.corrections),
        `انصراف: ${number(whole.k4.withdrawn)}`,
      ),
      card('K5', 'اعلام مانده', number(whole.k5), more(whole.k5, before.k5), `ثبت با تأخیر: ${number(whole.k1.lateEntries)}`),
    ],
    days: days.map(({ group, k1 }) => ({ label: dayOf(group), share: k1.share, text: k1.share === null ? null : percent(k1.share) })),
    times: days.map(({ group, k1 }) => ({ label: dayOf(group), median: part(k1.medianMs, longest), p95: part(k1.p95Ms, longest) })),
    target: TARGET_MS / longest,
    causes: bars(CORRECTION_CAUSES.map((cause) => [CORRECTION_CAUSE_TITLES[cause], whole.k4.byCause[cause] ?? 0])),
    kinds: bars(CORRECTION_KINDS.map((kind) => [CORRECTION_KIND_TITLES[kind], whole.k4.byKind[kind] ?? 0])),
    fees: months.map(({ group, k2 }) => ({
      label: monthName(group ?? ''),
      share: k2.share,
      text: k2.share === null ? null : percent(k2.share),
    })),
    cycles: bars(ofCycles(cycles)),
    offices: [...offices, whole].map(row),
    risks: [
      ['ثبت با تأخیر از برگهٔ کاغذی (R1)', number(risks.lateEntries)],
      ['روزهای ثبت برگهٔ کاغذی در اداره‌ها (R1)', number(risks.lateEntryDays)],
      [
        'قطعی‌های دیده‌شده در ساعت کار (R1)',
        risks.outages === 0 ? number(0) : `${number(risks.outages)}؛ روی‌هم ${number(risks.outageMinutes)} دقیقه`,
      ],
      ['اعلام بر پایهٔ دادهٔ کهنه (R2)', number(risks.onStaleData)],
      ['اقلام ارسال‌نشده، هنگام تهیه (R4)', `${number(risks.unsent)}؛ دیرمانده ${number(risks.unsentLate)}`],
      ['وظیفه‌های دیرشده، هنگام تهیه (R5)', number(risks.overdueTasks)],
      [
        'اقدام‌های اصلاحی',
        `گشوده ${number(correctiveActions.opened)}، پایان‌یافته ${number(correctiveActions.closed)}، باز ${number(correctiveActions.open)}`,
      ],
    ],
  };
}

function card(code: string, label: string, value: string, change: { text: string; good: boolean | null } | null, note: string) {
  return { code, label, value, change, note };
}

/** The row of an office; the last one is the company. */
function row({ group, k1, k2, k3, k4, k5 }: Indicators): string[] {
  return [
    group === null ? 'همهٔ اداره‌ها' : isolated(group),
    number(k1.requests),
    percent(k1.share),
    duration(k1.medianMs),
    duration(k1.p95Ms),
    number(k1.lateEntries),
    number(k2.due),
    percent(k2.share),
    percent(k3.share),
    number(k4.corrections),
    number(k5),
  ];
}

/** Tenths of a per cent; a share below the whole is never rounded up to it. */
export function percent(share: number | null): string {
  if (share === null) return '—';
  return number(`${trimmed(Math.floor(share * 1000) / 10)}%`);
}

/** Minutes and seconds of an announcement. */
function duration(ms: number | null): string {
  if (ms === null) return '—';
  const seconds = ms / 1000;
  if (seconds < 60) return `${number(trimmed(Math.round(seconds * 10) / 10))} ثانیه`;
  return `${number(Math.floor(seconds / 60))} دقیقه و ${number(Math.floor(seconds % 60))} ثانیه`;
}

function trimmed(value: number): string {
  return value.toFixed(1).replace(/\.0$/, '');
}

/** Against the month before: points of a share. */
function difference(now: number | null, before: number | null, moreIsBetter: boolean): { text: string; good: boolean | null } | null {
  if (now === null || before === null) return null;
  const points = Math.round((now - before) * 1000) / 10;
  if (points === 0) return { text: 'مانند ماه پیش', good: null };
  return {
    text: `${number(trimmed(Math.abs(points)))} واحد درصد ${points > 0 ? 'بیشتر' : 'کمتر'} از ماه پیش`,
    good: points > 0 === moreIsBetter,
  };
}

function more(now: number, before: number): { text: string; good: boolean | null } {
  if (now === before) return { text: 'مانند ماه پیش', good: null };
  return { text: `${number(Math.abs(now - before))} ${now > before ? 'بیشتر' : 'کمتر'} از ماه پیش`, good: null };
}

function part(value: number | null, whole: number): number | null {
  return value === null ? null : value / whole;
}

function bars(values: [string, number][]) {
  const most = Math.max(1, ...values.map(([, value]) => value));
  return values.map(([label, value]) => ({ label, text: number(value), part: value / most }));
}

/** Announcements by the cycle in which their amounts were first due; the smallest together when there are many. */
function ofCycles(cycles: readonly Indicators[]): [string, number][] {
  const counted = cycles
    .filter(({ k5 }) => k5 > 0)
    .map(({ group, k5 }): [string, number] => [group === '' || group === null ? 'بدون دوره' : id(group), k5]);
  if (counted.length <= MOST_CYCLES) return counted;
  const largest = [...counted].sort(([, a], [, b]) => b - a);
  const rest = largest.slice(MOST_CYCLES - 1);
  return [...largest.slice(0, MOST_CYCLES - 1), [`${number(rest.length)} دورهٔ دیگر`, rest.reduce((sum, [, count]) => sum + count, 0)]];
}

function dayOf(group: string | null): string {
  return persianDigits(String(Number((group ?? '').slice(8))));
}
