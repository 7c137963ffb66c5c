import { proxyActivities, setCurrentDetails } from '@temporalio/workflow';
import type { Activities } from '../activities/index.js';
import { EVERY_OFFICE } from '../domain/settlement/task.js';
import { troubleTask, untilPassed } from './acts.js';

const step = proxyActivities<Activities>({
  startToCloseTimeout: '60s',
  heartbeatTimeout: '10s',
  retry: { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '30s' },
});

/** Carries what billing acknowledged to the settlements it concerns, page by page; the batch's limit bounds the pages. */
export async function acknowledgement({ eventId, cycle }: { eventId: string; cycle: string }): Promise<void> {
  const report = troubleTask({ subject: `acknowledgement-${cycle}`, office: EVERY_OFFICE });
  for (let from: number | null = 0; from !== null;) {
    setCurrentDetails(`**تأیید ${eventId}** دوره ${cycle}: از قلم ${from + 1}`);
    const page: { eventId: string; from: number; at: string } = { eventId, from, at: new Date().toISOString() };
    from = await untilPassed(`تأیید ${eventId}`, () => step.tellOutcomes(page), report);
  }
  setCurrentDetails(`**تأیید ${eventId}** دوره ${cycle}: همه گفته شد`);
  await untilPassed(`تأیید ${eventId}`, () => step.tellCycle({ cycle }), report);
}
