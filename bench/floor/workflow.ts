import { condition, defineSignal, defineUpdate, setHandler } from '@temporalio/workflow';
import { settlement as sample } from '../../test/document/settlement-sample.js';

export const answerAtOnce = defineUpdate<unknown, [unknown]>('answerAtOnce');

/** The floor: takes the same order, answers a settlement of the same size at once, and stays open like one that waits. */
export async function floor(_order: unknown): Promise<void> {
  const answer = sample({});
  setHandler(answerAtOnce, () => answer);
  await condition(() => false);
}

/** The floor of a fan-out: waits, hears of its cycle, and waits on. */
export async function listens(): Promise<void> {
  setHandler(defineSignal<[unknown]>('billingCycleOpened'), () => undefined);
  await condition(() => false);
}
