import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow';
import type { Settlement, SettlementOrder, Operator } from '../domain/settlement.js';

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

/** A payment by one of its slips is on record: Postgres holds it before this is sent, so a lost signal loses nothing. */
export const paymentReceived = defineSignal<[PaymentReceived]>('paymentReceived');
export interface PaymentReceived {
  eventId: string;
  reference: string;
}

/** Where the settlement stands now. */
export const settlementState = defineQuery<Settlement>('settlementState');
