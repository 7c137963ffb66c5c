import { ApplicationFailure } from '@temporalio/workflow';
import { ApplicationFailureCategory } from '@temporalio/common';

/** A failure that belongs to the ordinary course of things: no alarm in logs and metrics. */
export function expectedEnd(type: string, message: string, details: unknown[] = []): ApplicationFailure {
  return ApplicationFailure.create({ type, message, nonRetryable: true, category: ApplicationFailureCategory.BENIGN, details });
}
