import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow';
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
export const billingCycleOpened = defineSignal<[BillingCycleOpened]>('billingCycleOpened');
export interface BillingCycleOpened {
  eventId: string;
  cycle: string;
  closesOn: string;
}

/** Billing took one posting. */
export const postingTaken = defineSignal<[PostingTaken]>('postingTaken');
export interface PostingTaken {
  eventId: string;
  posting: string;
  billSerial: string;
  nameOnBill: string;
}

/** Where the settlement stands now. */
export const settlementState = defineQuery<Settlement>('settlementState');

/** A task was closed: its timer ends. The argument says what it came to. */
export const taskClosed = defineSignal<[string | null]>(TASK_CLOSED);
