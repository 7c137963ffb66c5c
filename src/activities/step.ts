import { activityInfo, heartbeat } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import type { Instant, StepName, StepTime } from '../domain/settlement/settlement.js';

/** What the quick attempts of an activity already took, given to the durable one. */
export interface EarlierAttempts {
  attempts: number;
  startedAt: Instant;
}

/**
 * The times of the steps that one activity carries out, stamped here since the workflow's clock stands still during local
 * activities. A failure names its step, in its text and for the metrics, and so does the heartbeat of a durable attempt.
 */
export interface StepTimes {
  times: StepTime[];
  /** Runs a step and ends it. */
  run<T>(name: StepName, act: () => T | Promise<T>): Promise<T>;
  /** Ends a step that began where the one before it ended. */
  end(name: StepName): void;
}

export function stepTimes(earlier?: EarlierAttempts): StepTimes {
  const { attempt, isLocal } = activityInfo();
  const attempts = (earlier?.attempts ?? 0) + attempt;
  const times: StepTime[] = [];
  let startedAt = earlier?.startedAt ?? new Date().toISOString();
  const end = (name: StepName): void => {
    const endedAt = new Date().toISOString();
    times.push({ name, startedAt, endedAt, attempts });
    startedAt = endedAt;
  };
  return {
    times,
    async run(name, act) {
      if (!isLocal) heartbeat({ step: name });
      try {
        const value = await act();
        end(name);
        return value;
      } catch (error) {
        throw ofStep(name, error);
      }
    },
    end,
  };
}

const failedSteps = new WeakMap<object, StepName>();

function ofStep(name: StepName, error: unknown): unknown {
  if (!(error instanceof Error) || failedSteps.has(error)) return error;
  failedSteps.set(error, name);
  // a refusal is an answer, and its words are read
  if (!(error instanceof ApplicationFailure))
    error.message = `${name}: ${error.message || ((error as { code?: string }).code ?? error.name)}`;
  return error;
}

/** The step at which an activity failed; undefined for one that has none. */
export function failedStep(error: unknown): StepName | undefined {
  return error instanceof Error ? failedSteps.get(error) : undefined;
}

/** The workflow run that the activity works for: the owner of what it writes. */
export function runId(): string {
  return (activityInfo().workflowExecution as { runId: string }).runId;
}

/** A failure that no retry mends. */
export function finalFailure(type: string, message: string, details: unknown[] = []): ApplicationFailure {
  return ApplicationFailure.create({ type, message, nonRetryable: true, details });
}
