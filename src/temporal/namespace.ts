import { setTimeout as pause } from 'node:timers/promises';
import type { Connection } from '@temporalio/client';
import { msToTs } from '@temporalio/common/lib/time';

export type SearchAttributeType = 'Text' | 'Keyword' | 'Int' | 'Double' | 'Bool' | 'Datetime' | 'KeywordList';

export interface NamespaceOptions {
  namespace: string;
  /** How long an ended workflow's history is kept; of a namespace that is there already it stays as it is. */
  retentionDays: number;
  searchAttributes: Readonly<Record<string, SearchAttributeType>>;
}

/** The server's numbers of the types (temporal.api.enums.v1.IndexedValueType). */
const TYPES: Record<SearchAttributeType, number> = { Text: 1, Keyword: 2, Int: 3, Double: 4, Bool: 5, Datetime: 6, KeywordList: 7 };
const ALREADY_EXISTS = 6;
const CALL_MS = 5_000;
/** The server's parts hear of a new namespace and of new attributes within some seconds. */
const READY_MS = 60_000;

/**
 * Makes the namespace when there is none and registers the search attributes that it lacks; resolves when all of them can
 * be asked for. It may run again, and several at once. Rejects when the server is away or has no room for an attribute.
 */
export async function keepNamespace(
  connection: Connection,
  { namespace, retentionDays, searchAttributes }: NamespaceOptions,
): Promise<{ made: boolean; registered: string[] }> {
  const call = <T>(act: () => Promise<T>): Promise<T> => connection.withDeadline(Date.now() + CALL_MS, act);
  const there = (error: unknown): false => {
    if ((error as { code?: unknown }).code === ALREADY_EXISTS) return false;
    throw error;
  };
  const made = await call(() =>
    connection.workflowService.registerNamespace({ namespace, workflowExecutionRetentionPeriod: msToTs(retentionDays * 86_400_000) }),
  ).then(() => true, there);
  const lacking = async (): Promise<string[]> => {
    const { customAttributes } = await call(() => connection.operatorService.listSearchAttributes({ namespace }));
    return Object.keys(searchAttributes).filter((name) => !(name in customAttributes));
  };
  const registered = await untilDone(lacking);
  for (const name of registered) {
    const type = TYPES[searchAttributes[name] as SearchAttributeType];
    await call(() => connection.operatorService.addSearchAttributes({ namespace, searchAttributes: { [name]: type } })).catch(there);
  }
  const query = Object.keys(searchAttributes)
    .map((name) => `${name} is null`)
    .join(' and ');
  await untilDone(() => call(() => connection.workflowService.listWorkflowExecutions({ namespace, query, pageSize: 1 })));
  return { made, registered };
}

async function untilDone<T>(act: () => Promise<T>): Promise<T> {
  for (const deadline = Date.now() + READY_MS; ; await pause(200)) {
    try {
      return await act();
    } catch (error) {
      if (Date.now() > deadline) throw error;
    }
  }
}
