import type { Pool } from 'pg';
import { type JalaliDate, startOfDayInTehran, addDays, todayInTehran } from '../domain/calendar/jalali.js';
import type { QualityReport } from '../domain/quality/quality-report.js';
import type { Instant } from '../domain/settlement/settlement.js';

/** One making of a month's report. */
export interface MadeReport {
  month: string;
  edition: number;
  madeAt: Instant;
  madeBy: string | null;
}

export type QualityReportStore = ReturnType<typeof createQualityReportStore>;

/** Reports with their files, kept as they were made. */
export function createQualityReportStore(pool: Pool) {
  return {
    /** The newest month first, of each the newest edition first. */
    async list(): Promise<MadeReport[]> {
      return (
        await pool.query<MadeReport>(
          'select month, edition, made_at as "madeAt", made_by as "madeBy" from app.quality_reports order by month desc, edition desc',
        )
      ).rows;
    },

    /** The day of the first settlement; null before there is one. */
    async firstDay(): Promise<JalaliDate | null> {
      const { rows } = await pool.query<{ first: Instant | null }>('select min(received_at) as first from app.settlements');
      const first = rows[0]?.first ?? null;
      return first === null ? null : todayInTehran(new Date(first));
    },

    /** Keeps a making; a second attempt at the same edition changes nothing. */
    async keep(report: QualityReport, files: { pdf: Uint8Array; xlsx: Uint8Array }): Promise<void> {
      await pool.query(
        'insert into app.quality_reports (month, edition, made_at, made_by, report, pdf, xlsx) values ($1, $2, $3, $4, $5, $6, $7) on conflict do nothing',
        [
          report.month,
          report.edition,
          report.madeAt,
          report.madeBy,
          JSON.stringify(report),
          Buffer.from(files.pdf),
          Buffer.from(files.xlsx),
        ],
      );
    },

    /** A file of a month's edition, the newest when null; null when there is none. */
    async file(month: string, edition: number | null, kind: 'pdf' | 'xlsx'): Promise<{ edition: number; bytes: Buffer } | null> {
      const { rows } = await pool.query<{ edition: number; bytes: Buffer }>(
        `select edition, ${kind} as bytes from app.quality_reports where month = $1 and ($2::integer is null or edition = $2) order by edition desc limit 1`,
        [month, edition],
      );
      return rows[0] ?? null;
    },

    /** Corrective actions that were opened and closed within days, and those still open after them. */
    async correctiveActions(from: JalaliDate, to: JalaliDate): Promise<QualityReport['correctiveActions']> {
      const { rows } = await pool.query<QualityReport['correctiveActions']>(
        `select count(*) filter (where opened_at >= $1 and opened_at < $2) as opened, count(*) filter (where closed_at >= $1 and closed_at < $2) as closed,
           count(*) filter (where opened_at < $2 and coalesce(closed_at, 'infinity') >= $2) as open from app.corrective_actions`,
        [startOfDayInTehran(from), startOfDayInTehran(addDays(to, 1))],
      );
      return rows[0] as QualityReport['correctiveActions'];
    },
  };
}
