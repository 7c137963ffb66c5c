import { type IndicatorCounts, NOTHING_COUNTED, indicators } from '../../src/domain/quality/indicators.js';
import { addDays, monthDays } from '../../src/domain/calendar/jalali.js';
import type { QualityReport } from '../../src/domain/quality/quality-report.js';

/** A report of invented figures: 1405/08, three offices, a bad day and two days off. */
export function sampleReport(change: Partial<QualityReport> = {}): QualityReport {
  const { from, to } = monthDays('1405/08');
  const counts = (requests: number, late: number, more: Partial<IndicatorCounts> = {}): IndicatorCounts => ({
    ...NOTHING_COUNTED,
    requests,
    onTime: requests - late,
    atRisk: 2 * late,
    medianMs: requests === 0 ? null : 1_240 + late * 900,
    p95Ms: requests === 0 ? null : 42_000 + late * 31_000,
    announcements: requests,
    due: 3 * requests,
    taken: 3 * requests - late,
    ...more,
  });
  const corrections = {
    corrections: 17,
    withdrawn: 3,
    announcedWithError: 15,
    byKind: { reading: 8, name: 4, date: 2, payment: 3 },
    byCause: { clerk: 9, applicant: 5, feed: 3 },
  };
  return {
    month: '1405/08',
    from,
    to,
    edition: 1,
    madeAt: '2026-11-22T02:30:05.000Z',
    madeBy: null,
    whole: indicators(null, counts(1_284, 37, { ...corrections, lateEntries: 12, lateEntriesOnTime: 9 })),
    before: indicators('1405/07', counts(1_190, 58, { corrections: 21, announcedWithError: 19 })),
    months: Array.from({ length: 12 }, (_, i) =>
      indicators(
        `${i < 4 ? '1404' : '1405'}/${String(((i + 8) % 12) + 1).padStart(2, '0')}`,
        i < 2 ? NOTHING_COUNTED : counts(900 + i * 30, 190 - i * 16),
      ),
    ),
    days: Array.from({ length: 30 }, (_, i) =>
      indicators(addDays(from, i), i % 7 === 1 ? NOTHING_COUNTED : counts(40 + ((i * 7) % 13), i === 11 ? 14 : i % 5)),
    ),
    cycles: ['12-1405-06', '13-1405-06', '14-1405-06', '15-1405-05'].map((cycle, i) => indicators(cycle, counts(520 - i * 130, 4))),
    offices: ['01', '02', 'اداره شهر نمونه'].map((office, i) =>
      indicators(office, counts(600 - i * 150, 9 + i, { corrections: 4 + i, byCause: { clerk: 4 } })),
    ),
    clerks: ['c1', 'c2', '=cmd'].map((clerk, i) => indicators(clerk, counts(60 - i * 15, 2))),
    risks: {
      lateEntries: 12,
      lateEntryDays: 4,
      outages: 2,
      outageMinutes: 1_234,
      onStaleData: 5,
      unsent: 214,
      unsentLate: 6,
      overdueTasks: 3,
    },
    outages: [
      { office: '02', from: '2026-10-28T06:05:00.000Z', to: '2026-10-28T07:19:30.000Z', minutes: 74 },
      { office: '*', from: '2026-11-15T04:00:00.000Z', to: null, minutes: 1_160 },
    ],
    correctiveActions: { opened: 2, closed: 1, open: 3 },
    ...change,
  };
}
