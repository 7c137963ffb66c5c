import { activityInfo } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import type { StepName, StepTime } from '../domain/settlement/settlement.js';

/** What the quick attempts of a step already took, told to the durable one. */
export interface EarlierAttempts {
  attempts: number;
  startedAt: string;
}

export interface Timed<T> {
  value: T;
  time: StepTime;
}

/**
 * A step with its times, stamped here since the workflow's clock stands still during local activities.
 * `run` may be repeated and may still be running when it is: it writes by unique keys only.
 */
export function step<I, O>(name: StepName, run: (input: I, began: () => StepTime) => Promise<O>) {
  return async (input: I, earlier?: EarlierAttempts): Promise<Timed<O>> => {
    const startedAt = earlier?.startedAt ?? new Date().toISOString();
    const attempts = (earlier?.attempts ?? 0) + activityInfo().attempt;
    // a step that writes puts its own time into the same transaction, so its end is taken just before
    const time = (): StepTime => ({ name, startedAt, endedAt: new Date().toISOString(), attempts });
    const value = await run(input, time);
    return { value, time: time() };
  };
}

/** The workflow run that the activity works for: the owner of what it writes. */
export function runId(): string {
  return (activityInfo().workflowExecution as { runId: string }).runId;
}

/** A failure that no retry mends. */
export function finalFailure(type: string, message: string, details: unknown[] = []): ApplicationFailure {
  return ApplicationFailure.create({ type, message, nonRetryable: true, details });
}
