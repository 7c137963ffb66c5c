import type { Client } from '@temporalio/client';
import { type Halt, needsWorkflow } from '../domain/settlement/halt.js';
import type { Settlement } from '../domain/settlement/settlement.js';
import { SETTLEMENT_WORKFLOW_PREFIX, settlementWorkflowId } from '../domain/settlement/settlement.js';
import type { SettlementStore } from '../store/settlements.js';
import { settlementState } from '../workflows/messages.js';

/** Where Temporal and Postgres tell different stories of a settlement, as after a restore from two moments. */
export interface WorkflowDifference {
  settlement: string;
  /** `notStored`: known to Temporal alone; `noWorkflow`: open in Postgres and nothing moves it on; `differs`: one of them is behind */
  what: 'notStored' | 'noWorkflow' | 'differs';
  /** of `noWorkflow`: how the workflow ended */
  halt?: Halt;
  /** of `notStored` and `differs`: what the workflow tells and what is stored, where it is not the same */
  fields: { field: string; workflow: unknown; stored: unknown }[];
}

type Stored = Pick<SettlementStore, 'get' | 'openIds'> & {
  /** of these open settlements those whose workflow does not run */
  halted(open: AsyncIterable<string>): AsyncIterable<{ settlement: string; halt: Halt }>;
};

/**
 * Compares every settlement that Temporal knows, open or ended within the retention, with Postgres, and every open one of
 * Postgres with Temporal. A worker must be up: the open workflows are asked. What is in motion is looked at twice.
 */
export async function* compareWorkflows(client: Client, store: Stored): AsyncGenerator<WorkflowDifference> {
  for await (const { workflowId, status } of client.workflow.list({ query: `WorkflowType = 'settlement'` })) {
    // a rejected one leaves nothing to be missed
    if (status.name !== 'RUNNING' && status.name !== 'COMPLETED') continue;
    const id = workflowId.slice(SETTLEMENT_WORKFLOW_PREFIX.length);
    const ended = status.name === 'COMPLETED';
    const found = (await compare(client, store, id, ended)) && (await compare(client, store, id, ended));
    if (found) yield found;
  }
  for await (const { settlement, halt } of store.halted(store.openIds())) {
    const now = await store.get(settlement, { office: null });
    if (now && needsWorkflow(now)) yield { settlement, what: 'noWorkflow', halt, fields: [] };
  }
}

async function compare(client: Client, store: Stored, id: string, ended: boolean): Promise<WorkflowDifference | null> {
  const told = await client.workflow.getHandle(settlementWorkflowId(id)).query(settlementState);
  const stored = await store.get(id, { office: null });
  const [workflow, row] = [compared(told), stored && compared(stored)];
  // what billing says after the end is heard by Postgres alone
  const fields = (ended ? ['status', 'bill'] : Object.keys(workflow))
    .map((field) => ({ field, workflow: workflow[field], stored: row?.[field] ?? null }))
    .filter((each) => JSON.stringify(each.workflow) !== JSON.stringify(each.stored));
  if (row === null) return { settlement: id, what: 'notStored', fields };
  return fields.length === 0 ? null : { settlement: id, what: 'differs', fields };
}

/** What both sides hold. */
function compared({ status, revision, bill, delivery, postings }: Settlement): Record<string, unknown> {
  return {
    status,
    revision,
    bill: bill?.number ?? null,
    payable: bill?.payable ?? null,
    delivered: delivery?.at ?? null,
    postings: Object.fromEntries(postings.map((each) => [each.posting, each.status] as const).sort(([a], [b]) => (a < b ? -1 : 1))),
  };
}
