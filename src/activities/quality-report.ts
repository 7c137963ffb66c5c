import { type IndicatorQuery, indicators } from '../domain/quality/indicators.js';
import { type JalaliDate, monthBefore, monthDays } from '../domain/calendar/jalali.js';
import { type Outage, outageCounts, outagesOf } from '../domain/calendar/outage.js';
import {
  QUALITY_REPORT_WORKFLOW,
  type QualityReport,
  type ReportOrder,
  monthsWithoutReport,
  qualityReportWorkflowId,
} from '../domain/quality/quality-report.js';
import { serviceTermsOn } from '../domain/settlement/service-terms.js';
import type { Instant } from '../domain/settlement/settlement.js';
import { reportPdf } from '../document/quality-report.js';
import { reportXlsx } from '../document/report-workbook.js';
import type { IndicatorStore } from '../store/indicators.js';
import type { PresenceStore } from '../store/presences.js';
import type { QualityReportStore } from '../store/quality-reports.js';
import type { TariffStore } from '../store/tariffs.js';
import type { Messenger } from './messenger.js';

interface Dependencies {
  indicators: Pick<IndicatorStore, 'counts' | 'risks'>;
  reports: QualityReportStore;
  presences: Pick<PresenceStore, 'presences'>;
  tariffs: Pick<TariffStore, 'versions' | 'tariffs'>;
  messenger: Messenger;
}

/** The monthly report: its figures by the same queries as the indicators, its two files, and which months have none. */
export function createReportActivities({ indicators: store, reports, presences, tariffs, messenger }: Dependencies) {
  const of = async (asked: Omit<IndicatorQuery, 'office'>) =>
    (await store.counts({ ...asked, office: null })).map(({ group, counts }) => indicators(group, counts));
  /** R1 of days, by the terms of each */
  const outagesBetween = async (span: { from: JalaliDate; to: JalaliDate }, now: Instant): Promise<Outage[]> => {
    const [heard, published] = await Promise.all([
      presences.presences({ ...span, office: null }),
      tariffs.versions().then(tariffs.tariffs),
    ]);
    return outagesOf(heard, { ...span, now }, (day) => serviceTermsOn(published, day));
  };
  const figures = async ({ month, edition, by }: ReportOrder, at: Instant): Promise<QualityReport> => {
    const span = monthDays(month);
    const yearBack = Array.from({ length: 11 }).reduce<string>((each) => monthBefore(each), month);
    const [whole, months, days, cycles, offices, clerks, risks, outages, correctiveActions] = await Promise.all([
      of({ ...span, by: null }),
      of({ from: monthDays(yearBack).from, to: span.to, by: 'month' }),
      of({ ...span, by: 'day' }),
      of({ ...span, by: 'cycle' }),
      of({ ...span, by: 'office' }),
      of({ ...span, by: 'clerk' }),
      store.risks({ ...span, office: null }),
      outagesBetween(span, at),
      reports.correctiveActions(span.from, span.to),
    ]);
    const before = months.at(-2);
    const [all] = whole;
    if (!all || !before) throw new Error(`no indicators of ${month}`);
    return {
      month,
      ...span,
      edition,
      madeAt: at,
      madeBy: by,
      whole: all,
      before,
      months,
      days,
      cycles,
      offices,
      clerks,
      risks: { ...risks, ...outageCounts(outages) },
      outages,
      correctiveActions,
    };
  };

  return {
    /** Starts the report of each month that is over and has none; answers which. */
    async startReports({ at }: { at: Instant }): Promise<string[]> {
      const [made, first] = await Promise.all([reports.list(), reports.firstDay()]);
      const missing = monthsWithoutReport(at, first, new Set(made.map(({ month }) => month)));
      for (const month of missing) {
        const order: ReportOrder = { month, edition: 1, by: null };
        await messenger.start(QUALITY_REPORT_WORKFLOW, qualityReportWorkflowId(month, 1), order, `گزارش کیفی ماه ${month}`);
      }
      return missing;
    },

    /** Makes an edition and keeps it with its files. */
    async makeReport({ order, at }: { order: ReportOrder; at: Instant }): Promise<{ pdfBytes: number; xlsxBytes: number }> {
      const report = await figures(order, at);
      const [pdf, xlsx] = [reportPdf(report), await reportXlsx(report)];
      await reports.keep(report, { pdf, xlsx });
      return { pdfBytes: pdf.length, xlsxBytes: xlsx.length };
    },
  };
}
