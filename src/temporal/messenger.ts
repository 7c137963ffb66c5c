import { type Client, WorkflowExecutionAlreadyStartedError, WorkflowNotFoundError } from '@temporalio/client';
import type { Messenger } from '../activities/messenger.js';

/** Messages over a Temporal client. Steps have their own time limits; a call here never outlives them. */
export function createMessenger(client: Client, { taskQueue }: { taskQueue: string }): Messenger {
  const CALL_MS = 5_000;
  const within = <T>(call: () => Promise<T>): Promise<T> => client.withDeadline(Date.now() + CALL_MS, call);
  return {
    async signal(workflowId, signal, payload) {
      try {
        await within(() => client.workflow.getHandle(workflowId).signal(signal, payload));
        return 'told';
      } catch (error) {
        if (error instanceof WorkflowNotFoundError) return 'ended';
        throw error;
      }
    },
    async start(workflow, workflowId, input, summary) {
      try {
        await within(() =>
          client.workflow.start(workflow, {
            workflowId,
            taskQueue,
            args: [input],
            workflowIdReusePolicy: 'REJECT_DUPLICATE',
            workflowIdConflictPolicy: 'FAIL',
            staticSummary: summary,
          }),
        );
        return 'started';
      } catch (error) {
        if (error instanceof WorkflowExecutionAlreadyStartedError) return 'exists';
        throw error;
      }
    },
  };
}
