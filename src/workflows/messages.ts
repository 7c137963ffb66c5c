import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow';
import type { Opening } from '../domain/cycle.js';
import type { Settlement, SettlementOrder, Operator } from '../domain/settlement.js';
import { TASK_CLOSED } from '../domain/task.js';

/** Failure types a caller can meet; the details of REJECTED are `[Finding[]]`, of SETTLEMENT_EXISTS `[Settlement]`. */
export const REJECTED = 'REJECTED';
export const SETTLEMENT_EXISTS = 'SETTLEMENT_EXISTS';
export const NOT_ALLOWED_NOW = 'NOT_ALLOWED_NOW';

export const SETTLEMENT_WORKFLOW = 'settlement';
export const TASK_QUEUE = 'tasvieh';

/** Asks for the announced balance; answers when it is announced. Throws REJECTED or SETTLEMENT_EXISTS. */
export const announceBalance = defineUpdate<Settlement, [SettlementOrder]>('announceBalance');

/** The bill was handed over. The same delivery again changes nothing. Throws NOT_ALLOWED_NOW before the announcement. */
export const confirmDelivery = defineUpdate<Settlement, [Delivery]>('confirmDelivery');
export interface Delivery {
  deliveredTo: string;
  channel: 'counter' | 'mobile' | 'post' | 'other';
  by: Operator;
}

/** Billing opened the cycle: the waiting postings are handed over, once per eventId. */
export const billingCycleOpened = defineSignal<[Opening]>('billingCycleOpened');

/** What billing says of one posting, once per eventId; `seq` is the acknowledgement's place among all, absent when it came alone. */
interface AboutPosting {
  eventId: string;
  posting: string;
  seq?: number;
}
/** Billing took a posting: it is in the bill `billSerial`. */
export const postingTaken = defineSignal<[PostingTaken]>('postingTaken');
export interface PostingTaken extends AboutPosting {
  billSerial: string;
  nameOnBill?: string;
}
/** Billing refused a posting. */
export const postingRefused = defineSignal<[PostingRefused]>('postingRefused');
export interface PostingRefused extends AboutPosting {
  reason: string;
}
/** Billing takes its word about a posting back: it is handed over again, neither taken nor refused. */
export const postingRetracted = defineSignal<[AboutPosting]>('postingRetracted');

/** Something about a cycle's postings changed: its workflow looks again. */
export const cycleChanged = defineSignal('cycleChanged');

export const BILLING_CYCLE_WORKFLOW = 'billingCycle';
export const ACKNOWLEDGEMENT_WORKFLOW = 'acknowledgement';

/** Where the settlement stands now. */
export const settlementState = defineQuery<Settlement>('settlementState');

/** A task was closed: its timer ends. The argument says what it came to. */
export const taskClosed = defineSignal<[string | null]>(TASK_CLOSED);
