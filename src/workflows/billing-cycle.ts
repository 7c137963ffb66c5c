import { allHandlersFinished, condition, continueAsNew, proxyActivities, setCurrentDetails, setHandler } from '@temporalio/workflow';
import type { Activities } from '../activities/index.js';
import type { Opening } from '../domain/cycle.js';
import type { CycleCounts } from '../domain/outbox.js';
import type { Instant } from '../domain/settlement.js';
import { cycleChanged } from './messages.js';

/** A cycle as billing opened it, with how far the settlements have been told. */
export interface CycleRun {
  opened: Opening;
  /** 24:00 of its closing day */
  closesAt: Instant;
  /** the last settlement told; null before the first */
  after?: string | null;
  told?: number;
  /** all have been told */
  complete?: boolean;
}

// repeated until it passes: every step may run twice, and billing's data comes from outside
const step = proxyActivities<Activities>({
  startToCloseTimeout: '60s',
  retry: { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '30s' },
});

/** Pages told before the history is begun anew. */
const PAGES_A_RUN = 20;
/** The details are looked at again so often, also when nobody says that something changed. */
const LOOK_AGAIN_MS = 6 * 3_600_000;

/** One cycle of the timetable: tells whoever waits for it, shows how it goes, and closes on its day with a report. */
export async function billingCycle(run: CycleRun): Promise<CycleCounts> {
  const { opened, closesAt } = run;
  let changed = false;
  setHandler(cycleChanged, () => {
    changed = true;
  });
  let { after = null, told = 0 } = run;
  let complete = run.complete ?? false;

  const show = (counts: CycleCounts | null): void => {
    const { cycle, closesOn } = opened;
    const lines = [`**دوره ${cycle}** تا پایان ${closesOn}`, complete ? `به ${told} تسویه گفته شد` : `تا کنون به ${told} تسویه گفته شد`];
    if (counts) {
      lines.push(
        `اقلام: ${counts.due} · در انتظار ${counts.waiting} · ارسال‌شده ${counts.handedOver} · آمده در صورتحساب ${counts.taken} · ردشده ${counts.refused} · دیرمانده ${counts.late}`,
      );
    }
    setCurrentDetails(lines.join('\n\n'));
  };

  for (let pages = 0; !complete; pages++) {
    if (pages === PAGES_A_RUN) {
      await condition(allHandlersFinished);
      await continueAsNew<typeof billingCycle>({ opened, closesAt, after, told });
    }
    const page = await step.tellWaiting({ opened, after, at: new Date().toISOString() });
    told += page.told;
    after = page.after;
    complete = after === null;
    show(null);
  }

  const closing = Date.parse(closesAt);
  while (Date.now() < closing) {
    changed = false;
    show(await step.cycleCounts({ cycle: opened.cycle }));
    await condition(() => changed, Math.min(closing - Date.now(), LOOK_AGAIN_MS));
  }
  const report = await step.closeCycle({ cycle: opened.cycle, at: new Date().toISOString() });
  show(report);
  await condition(allHandlersFinished);
  return report;
}
