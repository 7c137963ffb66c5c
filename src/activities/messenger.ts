/**
 * How a step reaches other workflows. A message to one that has ended is an answer, not an error: what it says is then
 * recorded in Postgres by whoever asked. Everything else that goes wrong is thrown and retried with the step.
 */
export interface Messenger {
  /** Sends a signal; `ended` when no open workflow has the id. */
  signal(workflowId: string, signal: string, payload: unknown): Promise<'told' | 'ended'>;
  /** Starts a workflow unless one of this id was ever started (within the retention). */
  start(workflow: string, workflowId: string, input: unknown, summary: string): Promise<'started' | 'exists'>;
}
