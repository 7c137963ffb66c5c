import { ApplicationFailure } from '@temporalio/common';
import type { ActivityInterceptorsFactory } from '@temporalio/worker';
import type { Logger } from 'pino';
import { stepContext } from './correlation.js';
import type { WorkerMetrics } from './metrics.js';

/** Counts and times every attempt of a step, and logs it with the ids of request, settlement and workflow. */
export function watchSteps(metrics: WorkerMetrics, log: Logger): ActivityInterceptorsFactory {
  return () => ({
    inbound: {
      async execute(input, next) {
        const context = stepContext(input.headers);
        const { step } = context;
        const started = performance.now();
        const ms = (): number => performance.now() - started;
        try {
          const result = await next(input);
          metrics.attempted(step, ms(), null);
          count(metrics, step, input.args, result);
          log.debug({ ...context, ms: Math.round(ms()) }, 'step done');
          return result;
        } catch (error) {
          const refused = error instanceof ApplicationFailure && error.nonRetryable === true;
          metrics.attempted(step, ms(), refused ? 'refused' : 'failed');
          // a refusal is an answer that somebody gets, not a fault of ours
          log[refused ? 'info' : 'warn'](
            { ...context, ms: Math.round(ms()), err: error },
            refused ? 'step refused' : 'step failed, to be tried again',
          );
          throw error;
        }
      },
    },
  });
}

/** What the five minutes came to: two steps tell it. */
function count(metrics: WorkerMetrics, step: string, [input]: unknown[], result: unknown): void {
  if (step === 'announce') metrics.announced((result as { value: Parameters<WorkerMetrics['announced']>[0] }).value);
  if (step === 'markDelay') metrics.delayed((input as { delay: 'atRisk' | 'breached' }).delay);
}
