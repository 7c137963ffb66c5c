import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow';
import type { CorrectionSubmission, ErrorReport } from '../activities/corrections.js';
import type { Comparison, Correction } from '../domain/correction/correction.js';
import type { Act, CorrectiveAction } from '../domain/correction/corrective-action.js';
import type { Opening } from '../domain/outbox/cycle.js';
import type { Finding } from '../domain/settlement/finding.js';
import type { Settlement, SettlementOrder, Operator } from '../domain/settlement/settlement.js';
import { TASK_CLOSED } from '../domain/settlement/task.js';

export type { CorrectionSubmission, ErrorReport };

/** Failure types a caller can meet; the details of REJECTED are `[Finding[]]`, of SETTLEMENT_EXISTS `[Settlement]`. */
export const REJECTED = 'REJECTED';
export const SETTLEMENT_EXISTS = 'SETTLEMENT_EXISTS';
export const NOT_ALLOWED_NOW = 'NOT_ALLOWED_NOW';
/** Who may not act on a correction, and why; the details are `[Settlement]`. */
export const NOT_THE_OWNER = 'NOT_THE_OWNER';
export const SECOND_PERSON_NEEDED = 'SECOND_PERSON_NEEDED';
export const APPROVER_NEEDED = 'APPROVER_NEEDED';
/** Billing holds a posting: a correction is the way. */
export const POSTINGS_TAKEN = 'POSTINGS_TAKEN';

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

/** A posting came to the settlement from outside its own story, such as the difference of a late decree. */
export const outboxChanged = defineSignal('outboxChanged');

/** Something about a cycle's postings changed: its workflow looks again. */
export const cycleChanged = defineSignal('cycleChanged');

export const BILLING_CYCLE_WORKFLOW = 'billingCycle';
export const ACKNOWLEDGEMENT_WORKFLOW = 'acknowledgement';

/** Reports an error; answers its number. Errors of one settlement are handled one after another. */
export const reportError = defineUpdate<Correction, [ErrorReport]>('reportError');
/** The corrected facts; answers old and new side by side. Throws REJECTED with the findings that stand in the way. */
export const submitCorrection = defineUpdate<
  { correction: Correction; comparison: Comparison; warnings: Finding[] },
  [CorrectionSubmission]
>('submitCorrection');
/** There was no error after all. */
export const withdrawCorrection = defineUpdate<Settlement, [CorrectionDecision]>('withdrawCorrection');
/** By another person than who submitted; above the set amount the approver follows, else the next revision is issued. */
export const verifyCorrection = defineUpdate<Settlement, [CorrectionDecision & { accepted: boolean }]>('verifyCorrection');
export const approveCorrection = defineUpdate<Settlement, [CorrectionDecision & { accepted: boolean }]>('approveCorrection');
export interface CorrectionDecision {
  n: number;
  by: Operator;
  note: string | null;
}
/** As if it had not been issued, by a second person, before billing holds a posting. Throws POSTINGS_TAKEN. */
export const cancelSettlement = defineUpdate<Settlement, [{ reason: string; by: Operator }]>('cancelSettlement');
/** A credit is to be paid back instead of carried: asked for by one supervisor, confirmed by another. */
export const requestRefund = defineUpdate<Settlement, [{ reason: string; by: Operator }]>('requestRefund');
export const confirmRefund = defineUpdate<Settlement, [{ by: Operator }]>('confirmRefund');

/** A payment by one of its slips is on record: Postgres holds it before this is sent, so a lost signal loses nothing. */
export const paymentReceived = defineSignal<[PaymentReceived]>('paymentReceived');
export interface PaymentReceived {
  eventId: string;
  reference: string;
}

/** Where the settlement stands now. */
export const settlementState = defineQuery<Settlement>('settlementState');

/** A task was closed: its timer ends. The argument says what it came to. */
export const taskClosed = defineSignal<[string | null]>(TASK_CLOSED);

/** Takes a corrective action on by an act; answers how it stands then. Throws an ActRefusal, whose details are `[CorrectiveAction]`. */
export const takeAct = defineUpdate<CorrectiveAction, [ActAsked]>('takeAct');
export interface ActAsked {
  act: Act;
  by: Operator;
}
/** Where a corrective action stands now. */
export const correctiveActionState = defineQuery<CorrectiveAction>('correctiveActionState');
