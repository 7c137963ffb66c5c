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
  // a page whose worker was killed is begun again after seconds
  heartbeatTimeout: '10s',
  retry: { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '30s' },
});

/** Pages told, and later looks at the counts, before the history is begun anew. */
const PAGES_A_RUN = 20;
const LOOKS_A_RUN = 200;
/** So often a central billing system is told of what was handed over since. */
const SUBMIT_AGAIN_MS = 10 * 60_000;
/** The details are looked at again so often, also when nobody says that something changed. */
const LOOK_AGAIN_MS = 6 * 3_600_000;

/** One cycle of the timetable: tells whoever waits for it, shows how it goes, and closes on its day with a report. */
export async function billingCycle(run: CycleRun): Promise<CycleCounts> {
  const { opened, closesAt } = run;
  let changed = false;
  setHandler(cycleChanged, () => {
    changed = true;
  });
  let { after = null, told = 0, complete = false } = run;
  const goOn = async (): Promise<never> => {
    await condition(allHandlersFinished);
    return continueAsNew<typeof billingCycle>({ opened, closesAt, after, told, complete });
  };

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
    if (pages === PAGES_A_RUN) await goOn();
    const page = await step.tellWaiting({ opened, after, at: new Date().toISOString() });
    told += page.told;
    after = page.after;
    complete = after === null;
    show(null);
  }

  const closing = Date.parse(closesAt);
  for (let looks = 0; Date.now() < closing; looks++) {
    if (looks === LOOKS_A_RUN) await goOn();
    changed = false;
    const pushed = await step.submitBatches({ cycle: opened.cycle });
    show(await step.cycleCounts({ cycle: opened.cycle }));
    await condition(() => changed, Math.min(closing - Date.now(), pushed ? SUBMIT_AGAIN_MS : LOOK_AGAIN_MS));
  }
  const report = await step.closeCycle({ cycle: opened.cycle, at: new Date().toISOString() });
  show(report);
  await condition(allHandlersFinished);
  return report;
}
