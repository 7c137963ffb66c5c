import {
  ActivityFailure,
  ApplicationFailure,
  type LocalActivityOptions,
  TimeoutFailure,
  isCancellation,
  proxyActivities,
  proxyLocalActivities,
} from '@temporalio/workflow';
import type { Activities, EarlierAttempts } from '../activities/index.js';

const QUICK_ATTEMPTS = 2;
/** The quick attempt: two tries in a few seconds, so that a clerk's answer costs no extra round trip. */
const QUICK: LocalActivityOptions = {
  startToCloseTimeout: '2s',
  scheduleToCloseTimeout: '5s',
  retry: { initialInterval: '200ms', maximumAttempts: QUICK_ATTEMPTS },
};
/** Then durable: retried until it passes, visible as a pending activity while it does not. */
const DURABLE = {
  startToCloseTimeout: '15s',
  retry: { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '10s' },
} as const;

const quick = proxyLocalActivities<Activities>(QUICK);
const durable = proxyActivities<Activities>(DURABLE);

type Input<N extends keyof Activities> = Parameters<Activities[N]>[0];
type Output<N extends keyof Activities> = Awaited<ReturnType<Activities[N]>>;

/**
 * Runs a step: first as a local activity, and when that fails for a reason that may pass, as an ordinary one with
 * unlimited retries. `onSlow` is told when the quick attempt did not answer. Cancellations and final failures are thrown.
 */
export async function runStep<N extends keyof Activities>(
  name: N,
  summary: string,
  input: Input<N>,
  onSlow?: () => void,
): Promise<Output<N>> {
  const startedAt = new Date().toISOString();
  try {
    return await activity(quick, name).executeWithOptions({ ...QUICK, summary }, [input]);
  } catch (error) {
    if (!mayPass(error)) throw unwrapped(error);
    onSlow?.();
    const earlier: EarlierAttempts = { attempts: attemptsOf(error), startedAt };
    try {
      return await activity(durable, name).executeWithOptions({ ...DURABLE, summary }, [input, earlier]);
    } catch (final) {
      throw unwrapped(final);
    }
  }
}

/** The proxies' types do not follow a name that is a type parameter. */
function activity<N extends keyof Activities>(proxy: object, name: N) {
  return (proxy as Record<N, { executeWithOptions(options: object, args: unknown[]): Promise<Output<N>> }>)[name];
}

/** What the activity itself threw, in one shape for both ways of running it. */
function unwrapped(error: unknown): unknown {
  return error instanceof ActivityFailure && error.cause instanceof ApplicationFailure ? error.cause : error;
}

/**
 * Whether a failed quick attempt may pass later. What a local activity throws arrives as a bare ApplicationFailure,
 * its time-out as ActivityFailure with a TimeoutFailure inside, an ordinary activity's failure as ActivityFailure with its cause.
 */
export function mayPass(error: unknown): boolean {
  if (isCancellation(error)) return false;
  const failure = error instanceof ActivityFailure ? error.cause : error;
  if (failure instanceof ApplicationFailure) return failure.nonRetryable !== true;
  return failure instanceof TimeoutFailure;
}

function attemptsOf(error: unknown): number {
  const failure = error instanceof ActivityFailure ? error.cause : error;
  return failure instanceof TimeoutFailure ? 1 : QUICK_ATTEMPTS;
}
