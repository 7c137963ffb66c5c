import { DefaultFailureConverter } from '@temporalio/common';

/** Failures' messages and stacks go into a payload, so that they are encrypted with the others. Read by client, worker and workflow script. */
export const failureConverter = new DefaultFailureConverter({ encodeCommonAttributes: true });
