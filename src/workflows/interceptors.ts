import type { Headers, WorkflowInterceptors } from '@temporalio/workflow';

/**
 * What came with the request (its id, its trace) goes along into every step: the latest message that brought some counts,
 * since what happens next happens because of it. Headers are no part of what a replay compares, and nothing is awaited here.
 */
export function interceptors(): WorkflowInterceptors {
  let brought: Headers = {};
  const took = <I extends { headers: Headers }>(input: I): I => {
    if (Object.keys(input.headers).length > 0) brought = input.headers;
    return input;
  };
  const giving = <I extends { headers: Headers }>(input: I): I => ({ ...input, headers: { ...brought, ...input.headers } });
  return {
    inbound: [
      {
        execute: (input, next) => next(took(input)),
        handleUpdate: (input, next) => next(took(input)),
        handleSignal: (input, next) => next(took(input)),
      },
    ],
    outbound: [
      {
        scheduleActivity: (input, next) => next(giving(input)),
        scheduleLocalActivity: (input, next) => next(giving(input)),
        startChildWorkflowExecution: (input, next) => next(giving(input)),
        continueAsNew: (input, next) => next(giving(input)),
      },
    ],
  };
}
