import {
  ActivityFailure,
  TimeoutFailure,
  allHandlersFinished,
  condition,
  continueAsNew,
  isCancellation,
  proxyActivities,
  setCurrentDetails,
  setHandler,
} from '@temporalio/workflow';
import type { Activities } from '../activities/index.js';
import type { Opening } from '../domain/outbox/cycle.js';
import type { CycleCounts } from '../domain/outbox/outbox.js';
import { EVERY_OFFICE } from '../domain/settlement/task.js';
import type { Instant } from '../domain/settlement/settlement.js';
import { troubleTask, untilPassed } from './acts.js';
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
const RETRY = { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '30s' } as const;
const step = proxyActivities<Activities>({
  startToCloseTimeout: '60s',
  // a page whose worker was killed is begun again after seconds
  heartbeatTimeout: '10s',
  retry: RETRY,
});

/** Pages told, and later looks at the counts, before the history is begun anew. */
const PAGES_A_RUN = 20;
const LOOKS_A_RUN = 200;
/** So often a central billing system is told of what was handed over since. */
const SUBMIT_AGAIN_MS = 10 * 60_000;
/** Attempts in a row; then it is left alone, longer each time, up to so long. */
const SUBMIT_ATTEMPTS = 5;
const LEFT_ALONE_MS = 3_600_000;
/** Failing so often in a row is no short outage: billing hears of it. */
const FAILURES_TOLD = 2;
/** What ended settlements left behind needs billing's word, too; the next cycle's opening looks again. */
const LEFT_BEHIND_MS = 86_400_000;
/** The details are looked at again so often, also when nobody says that something changed. */
const LOOK_AGAIN_MS = 6 * 3_600_000;

/** One cycle of the timetable: tells whoever waits for it, shows how it goes, and closes on its day with a report. */
export async function billingCycle(run: CycleRun): Promise<CycleCounts> {
  const { opened, closesAt } = run;
  let changed = false;
  setHandler(cycleChanged, () => {
    changed = true;
  });
  const report = troubleTask({ subject: `cycle-${opened.cycle}`, office: EVERY_OFFICE });
  const passing = <T>(what: string, act: () => Promise<T>): Promise<T> => untilPassed(what, act, report);
  let { after = null, told = 0, complete = false } = run;
  const goOn = async (): Promise<never> => {
    await condition(allHandlersFinished);
    return continueAsNew<typeof billingCycle>({ opened, closesAt, after, told, complete });
  };

  const now = (): string => new Date().toISOString();
  // the cycle closes on its day, whoever does not answer until then
  const closing = Date.parse(closesAt);
  /** null when the cycle closed first. */
  const untilClosing = async <T>(act: (leftMs: number) => Promise<T>): Promise<T | null> => {
    try {
      return closing > Date.now() ? await act(closing - Date.now()) : null;
    } catch (error) {
      if (error instanceof ActivityFailure && error.cause instanceof TimeoutFailure && Date.now() >= closing) return null;
      throw error;
    }
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

  for (let pages = 0; !complete && Date.now() < closing; pages++) {
    if (pages === PAGES_A_RUN) await goOn();
    const page = await passing('خبر به تسویه‌های در انتظار دوره', () =>
      untilClosing((left) => step.tellWaiting.executeWithOptions({ scheduleToCloseTimeout: left }, [{ opened, after, at: now() }])),
    );
    if (page === null) break;
    told += page.told;
    after = page.after;
    complete = after === null;
    show(null);
  }

  let failures = 0;
  for (let looks = 0; Date.now() < closing; looks++) {
    if (looks === LOOKS_A_RUN) await goOn();
    changed = false;
    const pushed = await given(() =>
      step.submitBatches.executeWithOptions(
        { scheduleToCloseTimeout: closing - Date.now(), retry: { ...RETRY, maximumAttempts: SUBMIT_ATTEMPTS } },
        [{ cycle: opened.cycle }],
      ),
    );
    failures = 'failed' in pushed ? failures + 1 : 0;
    if ('failed' in pushed && failures >= FAILURES_TOLD)
      await passing('وظیفه: دسته‌های ارسال‌نشده', () => step.reportUnsubmitted({ cycle: opened.cycle, reason: pushed.failed, at: now() }));
    show(await passing('شمارش اقلام دوره', () => step.cycleCounts({ cycle: opened.cycle })));
    const pause =
      'failed' in pushed ? Math.min(SUBMIT_AGAIN_MS * 2 ** (failures - 1), LEFT_ALONE_MS) : pushed.value ? SUBMIT_AGAIN_MS : LOOK_AGAIN_MS;
    if (Date.now() < closing) await condition(() => changed, Math.min(closing - Date.now(), pause));
  }
  const counts = await passing('پایان دوره و گزارش آن', () => step.closeCycle({ cycle: opened.cycle, at: now() }));
  show(counts);
  await given(() => step.closeLeftBehind.executeWithOptions({ scheduleToCloseTimeout: LEFT_BEHIND_MS }, [{ at: now() }]));
  await condition(allHandlersFinished);
  return counts;
}

/** What a step answers in the time or the attempts that it is given; else why not. */
async function given<T>(run: () => Promise<T>): Promise<{ value: T } | { failed: string }> {
  try {
    return { value: await run() };
  } catch (error) {
    if (!(error instanceof ActivityFailure) || isCancellation(error)) throw error;
    let cause: Error = error;
    while (cause.cause instanceof Error) cause = cause.cause;
    return { failed: cause.message };
  }
}
