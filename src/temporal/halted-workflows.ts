import { randomUUID } from 'node:crypto';
import { type Client, WorkflowNotFoundError } from '@temporalio/client';
import type { Halt } from '../domain/settlement/halt.js';
import { settlementWorkflowId } from '../domain/settlement/settlement.js';
import { SETTLEMENT_EXISTS } from '../workflows/messages.js';

/** How the workflow of a settlement has ended; null while it runs. Throws without a word from the server. */
export async function haltOf(client: Client, settlement: string): Promise<Halt | null> {
  try {
    const { status } = await client.workflow.getHandle(settlementWorkflowId(settlement)).describe();
    return HALTS[status.name] ?? null;
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return 'missing';
    throw error;
  }
}

const HALTS: Partial<Record<string, Halt>> = {
  FAILED: 'failed',
  TERMINATED: 'terminated',
  TIMED_OUT: 'timedOut',
  CANCELLED: 'cancelled',
  COMPLETED: 'completed',
};

/** Of the settlements that are open in Postgres those whose workflow does not run: whoever asks looks at Postgres once more. */
export async function* haltedWorkflows(client: Client, open: AsyncIterable<string>): AsyncGenerator<{ settlement: string; halt: Halt }> {
  const running = new Set<string>();
  const query = `WorkflowType = 'settlement' and ExecutionStatus = 'Running'`;
  for await (const { workflowId } of client.workflow.list({ query })) running.add(workflowId);
  for await (const settlement of open) {
    if (running.has(settlementWorkflowId(settlement))) continue;
    // the list may be a moment behind
    const halt = await haltOf(client, settlement);
    if (halt !== null) yield { settlement, halt };
  }
}

/**
 * Lets a halted workflow go on from its last task, as a new run with the same history; what was accepted and recorded
 * stays. Answers the id of the new run, or null when no run got past its first task.
 */
export async function restartWorkflow(client: Client, settlement: string, reason: string): Promise<string | null> {
  const workflowId = settlementWorkflowId(settlement);
  for await (const { runId } of client.workflow.list({ query: `WorkflowId = '${workflowId}'` })) {
    const { events } = await client.workflow.getHandle(workflowId, runId).fetchHistory();
    const failure = events?.at(-1)?.workflowExecutionFailedEventAttributes?.failure?.applicationFailureInfo?.type;
    // a request that was repeated after the halt began a run of its own, which the settlement on record refused
    if (failure === SETTLEMENT_EXISTS) continue;
    const tasks = (events ?? []).filter((event) => event.workflowTaskCompletedEventAttributes);
    const last = tasks.at(-1);
    // the first task registers the settlement for its own run: another run cannot do it again
    if (tasks.length < 2 || !last?.eventId) continue;
    const answer = await client.workflowService.resetWorkflowExecution({
      namespace: client.options.namespace,
      workflowExecution: { workflowId, runId },
      workflowTaskFinishEventId: last.eventId,
      reason,
      requestId: randomUUID(),
    });
    return answer.runId;
  }
  return null;
}
