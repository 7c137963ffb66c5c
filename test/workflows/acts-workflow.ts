import { ApplicationFailure, condition, defineQuery, defineSignal, defineUpdate, setHandler } from '@temporalio/workflow';
import { createInbox, troubleTask, untilPassed } from '../../src/workflows/acts.js';

/** How an act throws: at once or later, what Temporal knows or not. */
export const WAYS = ['sync TypeError', 'sync failure', 'async TypeError', 'async failure', 'sync text'] as const;
export type Way = (typeof WAYS)[number];

export const ask = defineUpdate<string, [Way | null]>('ask');
export const say = defineSignal<[Way | null]>('say');
export const beside = defineSignal<[Way | null]>('beside');
export const end = defineSignal('end');
export const done = defineQuery<string[]>('done');

function act(way: Way | null): unknown {
  // a text stands for all that is no Error
  const error = (
    way?.endsWith('failure')
      ? ApplicationFailure.nonRetryable('no', 'NO_WAY')
      : way?.endsWith('TypeError')
        ? new TypeError('no such thing')
        : 'no'
  ) as Error;
  if (way?.startsWith('sync')) throw error;
  return way === null ? undefined : Promise.reject(error);
}

/** A workflow with the loop of the real ones, whose acts throw as they are told, once. */
export async function acts(subject: string): Promise<string[]> {
  const log: string[] = [];
  const inbox = createInbox(troubleTask({ subject, office: '01' }), () => log.push('disturbed'));
  let over = false;
  /** fails the first time */
  const once = (name: string, way: Way | null) => {
    let tried = false;
    return () => {
      if (!tried) {
        tried = true;
        if (way !== null) return act(way);
      }
      log.push(name);
      return undefined;
    };
  };
  setHandler(done, () => log);
  setHandler(ask, (way) =>
    inbox.ask(async () => {
      await act(way);
      log.push('asked');
      return 'asked';
    }),
  );
  setHandler(say, (way) => inbox.add(`say ${way}`, once(`said ${way}`, way)));
  setHandler(beside, (way) => void inbox.surely(`beside ${way}`, once(`beside ${way}`, way)));
  setHandler(end, () => {
    over = true;
  });
  while (!over || !inbox.isIdle()) {
    await condition(() => inbox.holds() || (over && inbox.isIdle()));
    await inbox.next();
  }
  return log;
}

/** One whose own step must pass before it goes on. */
export async function persists(subject: string): Promise<number> {
  let attempts = 0;
  const answer = await untilPassed(
    'step',
    async () => {
      attempts++;
      if (attempts <= 2) await act(attempts === 1 ? 'sync TypeError' : 'async failure');
      return attempts;
    },
    troubleTask({ subject, office: '01' }),
  );
  return answer;
}
