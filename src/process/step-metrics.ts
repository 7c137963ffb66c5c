import { ApplicationFailure } from '@temporalio/common';
import type { ActivityInterceptorsFactory } from '@temporalio/worker';
import type { Logger } from 'pino';
import { failedStep } from '../activities/step.js';
import type { StepTime } from '../domain/settlement/settlement.js';
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
          const steps = stepsOf(result, input.args);
          for (const { name, startedAt, endedAt } of steps) metrics.attempted(name, Date.parse(endedAt) - Date.parse(startedAt), null);
          if (steps.length === 0) metrics.attempted(step, ms(), null);
          count(metrics, step, input.args, result);
          log.debug({ ...context, ms: Math.round(ms()) }, 'step done');
          return result;
        } catch (error) {
          const refused = error instanceof ApplicationFailure && error.nonRetryable === true;
          metrics.attempted(failedStep(error) ?? step, ms(), refused ? 'refused' : 'failed');
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

/** The plan's steps that an activity carried out; those before it are in its input. */
export function stepsOf(result: unknown, [input]: unknown[]): StepTime[] {
  const { steps = [] } = (result ?? {}) as { steps?: StepTime[] };
  const before = new Set(((input ?? {}) as { steps?: StepTime[] }).steps?.map(({ name }) => name));
  return steps.filter(({ name }) => !before.has(name));
}

/** What the five minutes came to: two activities tell it. */
function count(metrics: WorkerMetrics, step: string, [input]: unknown[], result: unknown): void {
  if (step === 'issue') metrics.announced(result as Parameters<WorkerMetrics['announced']>[0]);
  if (step === 'markDelay') metrics.delayed((input as { delay: 'atRisk' | 'breached' }).delay);
}
