import { SearchAttributeType, defineSearchAttributeKey } from '@temporalio/common';

/** What supervisors filter by in the Temporal UI: no names, no national ids. Registered before the workers start. */
export const OFFICE = defineSearchAttributeKey('office', SearchAttributeType.KEYWORD);
export const STATUS = defineSearchAttributeKey('settlementStatus', SearchAttributeType.KEYWORD);
export const SUBSCRIPTION = defineSearchAttributeKey('subscription', SearchAttributeType.KEYWORD);
export const CYCLE = defineSearchAttributeKey('billingCycle', SearchAttributeType.KEYWORD);
export const AT_RISK = defineSearchAttributeKey('atRisk', SearchAttributeType.BOOL);
export const BREACHED = defineSearchAttributeKey('breached', SearchAttributeType.BOOL);
/** some posting was not taken when its cycle closed, and is not taken yet */
export const FEE_OVERDUE = defineSearchAttributeKey('feeOverdue', SearchAttributeType.BOOL);
/** errors reported so far, also those that were withdrawn */
export const CORRECTIONS = defineSearchAttributeKey('corrections', SearchAttributeType.INT);
/** of a task: what waits, for whom, and how it stands: waiting, overdue, escalated; a server holds three BOOLs at most, so this is none */
export const TASK_KIND = defineSearchAttributeKey('taskKind', SearchAttributeType.KEYWORD);
export const TASK_ROLE = defineSearchAttributeKey('taskRole', SearchAttributeType.KEYWORD);
export const TASK_STATE = defineSearchAttributeKey('taskState', SearchAttributeType.KEYWORD);
/** how a corrective action stands */
export const ACTION_STATUS = defineSearchAttributeKey('actionStatus', SearchAttributeType.KEYWORD);

export const SEARCH_ATTRIBUTES = [
  OFFICE,
  STATUS,
  SUBSCRIPTION,
  CYCLE,
  AT_RISK,
  BREACHED,
  FEE_OVERDUE,
  CORRECTIONS,
  TASK_KIND,
  TASK_ROLE,
  TASK_STATE,
  ACTION_STATUS,
];

/** Name → type as the Temporal server registers them. */
export const SEARCH_ATTRIBUTE_TYPES: Record<string, 'Keyword' | 'Bool' | 'Int'> = Object.fromEntries(
  SEARCH_ATTRIBUTES.map(({ name, type }) => [name, ({ BOOL: 'Bool', INT: 'Int' } as const)[type as string] ?? 'Keyword']),
);
