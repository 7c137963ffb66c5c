import { proxyActivities, setCurrentDetails } from '@temporalio/workflow';
import type { Activities } from '../activities/index.js';

const step = proxyActivities<Activities>({
  startToCloseTimeout: '60s',
  heartbeatTimeout: '10s',
  retry: { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '30s' },
});

/** Carries what billing acknowledged to the settlements it concerns, page by page; the batch's limit bounds the pages. */
export async function acknowledgement({ eventId, cycle }: { eventId: string; cycle: string }): Promise<void> {
  let from: number | null = 0;
  while (from !== null) {
    setCurrentDetails(`**تأیید ${eventId}** دوره ${cycle}: از قلم ${from + 1}`);
    from = await step.tellOutcomes({ eventId, from, at: new Date().toISOString() });
  }
  setCurrentDetails(`**تأیید ${eventId}** دوره ${cycle}: همه گفته شد`);
  await step.tellCycle({ cycle });
}
