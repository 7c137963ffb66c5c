import { createHash } from 'node:crypto';
import { AsyncLocalStorage } from 'node:async_hooks';
import {
  isGrpcServiceError,
  WithStartWorkflowOperation,
  WorkflowClient,
  WorkflowExecutionAlreadyStartedError,
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
  WorkflowUpdateRPCTimeoutOrCancelledError,
  type Client,
  type ConnectionLike,
  type WorkflowService,
} from '@temporalio/client';
import { ApplicationFailure, type SearchAttributePair, type UpdateDefinition } from '@temporalio/common';
import { decodeArrayFromPayloads } from '@temporalio/common/lib/internal-non-workflow';
import type { Finding } from '../domain/settlement/finding.js';
import type { Halt } from '../domain/settlement/halt.js';
import { haltOf } from './halted-workflows.js';
import { agreeingFacts, receivedSettlement, settlementWorkflowId } from '../domain/settlement/settlement.js';
import type { Settlement, SettlementFacts, SettlementOrder } from '../domain/settlement/settlement.js';
import {
  announceBalance,
  confirmDelivery,
  paymentReceived,
  NOT_ALLOWED_NOW,
  REJECTED,
  SETTLEMENT_EXISTS,
  SETTLEMENT_WORKFLOW,
  settlementState,
  type Delivery,
  type PaymentReceived,
} from '../workflows/messages.js';

/** How an announcement ended, seen from Temporal alone. */
export type Announcement =
  | { kind: 'announced'; settlement: Settlement }
  /** the same facts were announced before; the settlement is the one of that first answer */
  | { kind: 'existing'; settlement: Settlement }
  | { kind: 'rejected'; errors: Finding[] }
  /** other facts stand under this key */
  | { kind: 'conflict'; settlement: Settlement | null }
  /** the run has ended: Postgres knows how */
  | { kind: 'closed' }
  /** durable, the answer takes longer */
  | { kind: 'pending' }
  /** nothing was accepted: the server says that there is no such run */
  | { kind: 'unavailable' }
  /** no word from the server: the order may have been accepted, and sending it again does no harm */
  | { kind: 'unanswered' };

export type DeliveryOutcome =
  | { kind: 'delivered'; settlement: Settlement }
  | { kind: 'notAllowed' }
  /** the workflow has ended or never was */
  | { kind: 'closed' }
  | { kind: 'unavailable' };

/** How an update ended that a person asked an open settlement for. */
export type Acted<T> =
  | { kind: 'done'; value: T }
  /** the workflow said no: the failure's type and details */
  | { kind: 'refused'; type: string; details: unknown[] }
  /** the workflow has ended or never was */
  | { kind: 'closed' };

/** The server gave no answer: nothing is known of the workflow. */
export class NoAnswerError extends Error {
  override readonly name = 'NoAnswerError';
}

/** What the API asks of the settlement workflows. */
export interface SettlementWorkflows {
  announce(order: SettlementOrder, options: { deadlineMs: number }): Promise<Announcement>;
  deliver(id: string, delivery: Delivery): Promise<DeliveryOutcome>;
  /** Tells of a payment that is on record; `ended`: no open workflow has the id. */
  paymentReceived(id: string, received: PaymentReceived): Promise<'told' | 'ended' | 'unanswered'>;
  /** Asks an open settlement for an update. NoAnswerError without a word in time: it may have happened, and what stands tells. */
  act<T, A>(id: string, update: UpdateDefinition<T, [A]>, argument: A, eventId?: string): Promise<Acted<T>>;
  /** The same of another workflow, by its own id. */
  ask<T, A>(workflowId: string, update: UpdateDefinition<T, [A]>, argument: A): Promise<Acted<T>>;
  /** Where an open settlement stands; without a worker what its start arguments say; null if there is none. NoAnswerError without a word from the server. */
  state(id: string): Promise<Settlement | null>;
  /** How the workflow of an open settlement has ended; null while it runs, and without a word from the server. */
  halted(id: string): Promise<Halt | null>;
  reachable(): Promise<boolean>;
}

export interface SettlementWorkflowsOptions {
  taskQueue: string;
  /** the start's search attributes: no names, no national ids */
  searchAttributes?: (order: SettlementOrder) => SearchAttributePair[];
}

/** Time for asking what became of a call that got no answer. */
const DESCRIBE_MS = 1_500;
const QUERY_MS = 1_000;
const UPDATE_MS = 3_000;
/** A correction is computed anew and may wait behind what the settlement is doing. */
const ACT_MS = 8_000;

/**
 * gRPC codes that mean a wrong set-up (INVALID_ARGUMENT, NOT_FOUND of the namespace, PERMISSION_DENIED, UNIMPLEMENTED,
 * UNAUTHENTICATED): asking again changes nothing, and the operator must see them.
 */
const WRONG_SETUP: ReadonlySet<number> = new Set([3, 5, 7, 12, 16]);

/** `announce-` + SHA-256 of the facts that must agree: a repeat gets the stored answer, other facts reach the handler. */
export function announceUpdateId(facts: SettlementFacts): string {
  return `announce-${createHash('sha256').update(agreeingFacts(facts)).digest('hex')}`;
}

/** SettlementWorkflows on a Temporal client; every call has a deadline, since without one the client waits on. */
export function createSettlementWorkflows(
  client: Client,
  { taskQueue, searchAttributes }: SettlementWorkflowsOptions,
): SettlementWorkflows {
  const { workflow, observed } = observingStarts(client);

  function within<T>(ms: number, call: () => Promise<T>): Promise<T> {
    return client.withDeadline(Date.now() + ms, call);
  }

  /** `ABSENT` is the server's word; `SILENT` says nothing about the workflow. */
  async function describe(workflowId: string): Promise<'RUNNING' | 'FAILED' | 'ENDED' | 'ABSENT' | 'SILENT'> {
    try {
      const { status } = await within(DESCRIBE_MS, () => workflow.getHandle(workflowId).describe());
      if (status.name === 'RUNNING') return 'RUNNING';
      return status.name === 'FAILED' ? 'FAILED' : 'ENDED';
    } catch (error) {
      if (error instanceof WorkflowNotFoundError) return 'ABSENT';
      if (isUnanswered(error)) return 'SILENT';
      throw error;
    }
  }

  /** What became of a call whose answer did not come in time. */
  async function afterSilence(workflowId: string, updateId: string): Promise<Announcement> {
    switch (await describe(workflowId)) {
      case 'RUNNING':
        return { kind: 'pending' };
      case 'ENDED':
        return { kind: 'closed' };
      case 'FAILED':
        // rejected while we waited: its findings; an older rejected run left nothing standing
        try {
          await within(DESCRIBE_MS, () => workflow.getHandle(workflowId).getUpdateHandle<Settlement>(updateId).result());
          return { kind: 'closed' };
        } catch (error) {
          return updateFailure(error) ?? { kind: 'unavailable' };
        }
      case 'ABSENT':
        return { kind: 'unavailable' };
      case 'SILENT':
        return { kind: 'unanswered' };
    }
  }

  async function announceOnce(order: SettlementOrder, updateId: string, deadline: number): Promise<{ outcome: Announcement } & Start> {
    const workflowId = settlementWorkflowId(order.id);
    const startWorkflowOperation = new WithStartWorkflowOperation(SETTLEMENT_WORKFLOW, {
      workflowId,
      taskQueue,
      args: [order],
      workflowIdConflictPolicy: 'USE_EXISTING',
      workflowIdReusePolicy: 'ALLOW_DUPLICATE_FAILED_ONLY',
      staticSummary: `تسویه حساب اشتراک ${order.facts.subscription} در ${order.facts.settlementDate}`,
      ...(searchAttributes === undefined ? {} : { typedSearchAttributes: searchAttributes(order) }),
    });
    const start: Start = { started: false, runId: null };
    const outcome = async (): Promise<Announcement> => {
      try {
        const settlement = await observed(start, () =>
          client.withDeadline(deadline, () =>
            workflow.executeUpdateWithStart(announceBalance, { args: [order], updateId, startWorkflowOperation }),
          ),
        );
        return { kind: start.started ? 'announced' : 'existing', settlement };
      } catch (error) {
        const failure = updateFailure(error);
        if (failure !== null) return failure;
        if (error instanceof WorkflowExecutionAlreadyStartedError || error instanceof WorkflowNotFoundError) {
          return { kind: 'closed' };
        }
        if (isUnanswered(error)) return afterSilence(workflowId, updateId);
        throw error;
      }
    };
    return { outcome: await outcome(), ...start };
  }

  /** The start arguments of the latest run: known as soon as the start is durable, with no worker needed. */
  async function startedWith(workflowId: string): Promise<SettlementOrder | null> {
    const { history } = await within(DESCRIBE_MS, () =>
      workflow.workflowService.getWorkflowExecutionHistory({
        namespace: workflow.options.namespace,
        execution: { workflowId },
        maximumPageSize: 1,
      }),
    );
    const payloads = history?.events?.[0]?.workflowExecutionStartedEventAttributes?.input?.payloads;
    if (!payloads) return null;
    const [order] = await decodeArrayFromPayloads(workflow.options.loadedDataConverter, payloads);
    return order as SettlementOrder;
  }

  async function ask<T, A>(workflowId: string, update: UpdateDefinition<T, [A]>, argument: A, updateId?: string): Promise<Acted<T>> {
    try {
      const value = await within(ACT_MS, () =>
        workflow.getHandle(workflowId).executeUpdate(update, { args: [argument], ...(updateId && { updateId }) }),
      );
      return { kind: 'done', value };
    } catch (error) {
      if (error instanceof WorkflowNotFoundError) return { kind: 'closed' };
      if (error instanceof WorkflowUpdateFailedError && error.cause instanceof ApplicationFailure) {
        const { type, details } = error.cause;
        if (type === 'AcceptedUpdateCompletedWorkflow') return { kind: 'closed' };
        return { kind: 'refused', type: type ?? '', details: details ?? [] };
      }
      if (isUnanswered(error)) throw new NoAnswerError();
      throw error;
    }
  }

  return {
    async announce(order, { deadlineMs }) {
      const deadline = Date.now() + deadlineMs;
      const updateId = announceUpdateId(order.facts);
      const first = await announceOnce(order, updateId, deadline);
      // The server keeps a failed run's answer under its update id and gives it again instead of starting anew (seen
      // with server 1.32): a refusal that this call did not cause may be stale, so it is asked for under an id that
      // names the failed run. Two callers at once use the same one.
      if (first.outcome.kind !== 'rejected' || first.started || first.runId === null) return first.outcome;
      return (await announceOnce(order, `${updateId}-${first.runId}`, deadline)).outcome;
    },

    async deliver(id, delivery) {
      try {
        const settlement = await within(UPDATE_MS, () =>
          workflow.getHandle(settlementWorkflowId(id)).executeUpdate(confirmDelivery, { args: [delivery] }),
        );
        return { kind: 'delivered', settlement };
      } catch (error) {
        if (error instanceof WorkflowNotFoundError) return { kind: 'closed' };
        if (error instanceof WorkflowUpdateFailedError) {
          const type = error.cause instanceof ApplicationFailure ? error.cause.type : undefined;
          if (type === NOT_ALLOWED_NOW) return { kind: 'notAllowed' };
          if (type === 'AcceptedUpdateCompletedWorkflow') return { kind: 'closed' };
        }
        if (isUnanswered(error)) return { kind: 'unavailable' };
        throw error;
      }
    },

    // the server keeps an update's answer under its id: the same event again is answered and not carried out
    act: (id, update, argument, eventId) => ask(settlementWorkflowId(id), update, argument, eventId && `${update.name}/${eventId}`),
    ask,

    async paymentReceived(id, received) {
      try {
        await within(UPDATE_MS, () => workflow.getHandle(settlementWorkflowId(id)).signal(paymentReceived, received));
        return 'told';
      } catch (error) {
        if (error instanceof WorkflowNotFoundError) return 'ended';
        if (isUnanswered(error)) return 'unanswered';
        throw error;
      }
    },

    async state(id) {
      const workflowId = settlementWorkflowId(id);
      const status = await describe(workflowId);
      if (status === 'ABSENT') return null;
      if (status === 'SILENT') throw new NoAnswerError();
      try {
        return await within(QUERY_MS, () => workflow.getHandle(workflowId).query(settlementState));
      } catch (error) {
        if (error instanceof WorkflowNotFoundError) return null;
        // no worker, or one that is busy: the start arguments say enough for an open run
        if (status !== 'RUNNING') return null;
      }
      try {
        const order = await startedWith(workflowId);
        return order === null ? null : receivedSettlement(order);
      } catch (error) {
        if (isUnanswered(error)) throw new NoAnswerError();
        throw error;
      }
    },

    async halted(id) {
      try {
        return await within(DESCRIBE_MS, () => haltOf(client, id));
      } catch (error) {
        if (isUnanswered(error)) return null;
        throw error;
      }
    },

    async reachable() {
      try {
        await within(QUERY_MS, () => workflow.workflowService.getSystemInfo({}));
        return true;
      } catch {
        return false;
      }
    },
  };
}

/** What the server says of the run that a call reached. */
interface Start {
  /** the call started it */
  started: boolean;
  runId: string | null;
}

/**
 * A client that also tells whether a call started the run: the server says so in the start's answer, which the SDK
 * drops. "New or the same one existed" (201 or 200) is thus the server's word, not a comparison of times.
 */
function observingStarts(client: Client): {
  workflow: WorkflowClient;
  /** runs `call` and notes in `start` what the server said */
  observed<T>(start: Start, call: () => Promise<T>): Promise<T>;
} {
  const starts = new AsyncLocalStorage<Start>();
  const service = client.connection.workflowService;
  const observing = Object.create(service, {
    executeMultiOperation: {
      value: async (request: Parameters<WorkflowService['executeMultiOperation']>[0]) => {
        const answer = await service.executeMultiOperation(request);
        const start = starts.getStore();
        if (start !== undefined) {
          const [startAnswer, updateAnswer] = answer.responses ?? [];
          // the call may be sent again until the update is durable: the first answer's word stays
          if (startAnswer?.startWorkflow?.started === true) start.started = true;
          start.runId = updateAnswer?.updateWorkflow?.updateRef?.workflowExecution?.runId ?? start.runId;
        }
        return answer;
      },
    },
  }) as WorkflowService;
  const connection = Object.create(client.connection, { workflowService: { value: observing } }) as ConnectionLike;
  const { namespace, identity, loadedDataConverter, interceptors, queryRejectCondition } = client.workflow.options;
  return {
    workflow: new WorkflowClient({
      connection,
      namespace,
      identity,
      dataConverter: loadedDataConverter,
      interceptors,
      queryRejectCondition,
    }),
    observed: (start, call) => starts.run(start, call),
  };
}

/** What a failed update tells of the announcement; null when the error is something else. */
function updateFailure(error: unknown): Announcement | null {
  if (!(error instanceof WorkflowUpdateFailedError)) return null;
  const { cause } = error;
  if (!(cause instanceof ApplicationFailure)) return null;
  switch (cause.type) {
    case REJECTED:
      return { kind: 'rejected', errors: (cause.details?.[0] ?? []) as Finding[] };
    case SETTLEMENT_EXISTS:
      return { kind: 'conflict', settlement: (cause.details?.[0] ?? null) as Settlement | null };
    case 'AcceptedUpdateCompletedWorkflow':
      // the run ended between the update's acceptance and its answer
      return { kind: 'closed' };
    default:
      return null;
  }
}

/** No answer from the server, or none in time: what was asked may have happened or not. */
export function isUnanswered(error: unknown): boolean {
  for (let e: unknown = error; e instanceof Error; e = e.cause) {
    if (e instanceof WorkflowUpdateRPCTimeoutOrCancelledError) return true;
    if (isGrpcServiceError(e)) return !WRONG_SETUP.has(e.code);
  }
  return false;
}
