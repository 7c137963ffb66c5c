import { Context } from '@temporalio/activity';
import type { Instant } from '../domain/settlement/settlement.js';

/** What an export did. `gone`: had ended and was forgotten by Temporal before it could be kept. */
export interface ExportReport {
  until: Instant;
  kept: number;
  gone: number;
}

/** Keeps the histories of what has ended. `onRun` is told of each run, `ending` stops it between two; the next export goes on. */
export interface HistoryArchive {
  exportEnded(watch: { onRun?: () => void; ending?: AbortSignal }): Promise<ExportReport>;
}

export function createExportActivities({ archive }: { archive: HistoryArchive }) {
  return {
    /** What has ended since the last export, before the namespace's retention takes it away. */
    async exportHistories(): Promise<ExportReport> {
      const { cancellationSignal, heartbeat } = Context.current();
      return archive.exportEnded({ onRun: () => heartbeat(), ending: cancellationSignal });
    },
  };
}
