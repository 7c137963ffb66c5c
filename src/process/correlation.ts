import { activityInfo } from '@temporalio/activity';
import type { WorkflowClientInterceptor } from '@temporalio/client';
import { type Headers, defaultPayloadConverter } from '@temporalio/common';
import { currentRequest } from '../api/request-context.js';
import { SETTLEMENT_WORKFLOW_PREFIX } from '../domain/settlement/settlement.js';

/** Temporal's header with the id of the request that caused what happens; the workflow passes it on to its steps. */
const REQUEST_HEADER = 'tasvieh-request';

/** Gives what the API asks of workflows the id of its request, so that all logs of it are found by one word. */
export function requestIdInterceptor(): WorkflowClientInterceptor {
  const named = (headers: Headers): Headers => {
    const request = currentRequest.getStore();
    return request === undefined ? headers : { ...headers, [REQUEST_HEADER]: defaultPayloadConverter.toPayload(request.requestId) };
  };
  return {
    startUpdateWithStart: (input, next) =>
      next({ ...input, workflowStartHeaders: named(input.workflowStartHeaders), updateHeaders: named(input.updateHeaders) }),
    startUpdate: (input, next) => next({ ...input, headers: named(input.headers) }),
    startWithDetails: (input, next) => next({ ...input, headers: named(input.headers) }),
    signal: (input, next) => next({ ...input, headers: named(input.headers) }),
  };
}

/** For whom an activity works, as every line of its log says. */
export interface StepContext {
  step: string;
  attempt: number;
  workflowId: string | undefined;
  runId: string | undefined;
  settlement?: string;
  requestId?: string;
}

/** Of the running activity, from its call's headers. */
export function stepContext(headers: Headers): StepContext {
  const { activityType: step, attempt, workflowExecution } = activityInfo();
  const workflowId = workflowExecution?.workflowId;
  const payload = headers[REQUEST_HEADER];
  const requestId: unknown = payload && defaultPayloadConverter.fromPayload(payload);
  return {
    step,
    attempt,
    workflowId,
    runId: workflowExecution?.runId,
    ...(workflowId?.startsWith(SETTLEMENT_WORKFLOW_PREFIX) && { settlement: workflowId.slice(SETTLEMENT_WORKFLOW_PREFIX.length) }),
    ...(typeof requestId === 'string' && { requestId }),
  };
}
