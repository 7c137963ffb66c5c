import { Client } from '@temporalio/client';
import { ApplicationFailure, DefaultFailureConverter, defaultPayloadConverter } from '@temporalio/common';
import { announceUpdateId, createSettlementWorkflows } from '../../src/temporal/workflow-client';
import { receivedSettlement, sameFacts } from '../../src/domain/settlement/settlement';
import { jalali } from '../../src/domain/calendar/jalali';
import { announced, ID, order } from '../api/fixture';

type Reply = { started?: boolean; runId?: string; value?: unknown; failure?: ApplicationFailure } | Error;
interface Asked {
  updateId: string;
  reuse: unknown;
  conflict: unknown;
}

const Long = (n: number) => ({ toNumber: () => n, mul: () => Long(n), add: () => Long(n) });
const grpc = (code: number): Error => Object.assign(new Error('grpc'), { code, details: 'grpc', metadata: { get: () => [] } });

/** A Temporal server as far as these calls go; replies to updates in order, the last one again and again. */
function server({ updates, status, input, signal }: { updates: Reply[]; status?: number | Error; input?: unknown; signal?: Error }) {
  const asked: Asked[] = [];
  const toOutcome = ({ value, failure }: Exclude<Reply, Error>) =>
    failure
      ? { failure: new DefaultFailureConverter().errorToFailure(failure, defaultPayloadConverter) }
      : { success: { payloads: [defaultPayloadConverter.toPayload(value)] } };
  const service = {
    // eslint-disable-next-line @typescript-eslint/no-explicit-any
    async executeMultiOperation({ operations }: any) {
      asked.push({
        updateId: operations[1].updateWorkflow.request.meta.updateId,
        reuse: operations[0].startWorkflow.workflowIdReusePolicy,
        conflict: operations[0].startWorkflow.workflowIdConflictPolicy,
      });
      const reply = updates[Math.min(asked.length, updates.length) - 1];
      if (reply === undefined) throw new Error('not asked for');
      if (reply instanceof Error) throw reply;
      const runId = reply.runId ?? 'run-1';
      return {
        responses: [
          { startWorkflow: { runId, started: reply.started ?? false } },
          { updateWorkflow: { stage: 3, updateRef: { workflowExecution: { runId } }, outcome: toOutcome(reply) } },
        ],
      };
    },
    async describeWorkflowExecution() {
      if (status === undefined) throw grpc(5);
      if (status instanceof Error) throw status;
      return {
        workflowExecutionInfo: {
          status,
          type: { name: 'settlement' },
          execution: { workflowId: `settlement/${ID}`, runId: 'run-1' },
          startTime: { seconds: Long(1) },
          historyLength: Long(1),
          searchAttributes: {},
          memo: {},
        },
      };
    },
    signalWorkflowExecution: async () => (signal ? Promise.reject(signal) : {}),
    queryWorkflow: async () => Promise.reject(grpc(4)),
    getSystemInfo: async () => ({}),
    getWorkflowExecutionHistory: async () => ({
      history: {
        events: [{ workflowExecutionStartedEventAttributes: { input: { payloads: [defaultPayloadConverter.toPayload(input)] } } }],
      },
    }),
    pollWorkflowExecutionUpdate: async () => Promise.reject(grpc(5)),
  };
  const client = new Client({
    connection: {
      workflowService: service,
      withDeadline: async (_deadline: number, call: () => Promise<unknown>) => call(),
      ensureConnected: async () => undefined,
    } as never,
  });
  return { asked, workflows: createSettlementWorkflows(client, { taskQueue: 'q' }) };
}

const failure = (type: string, details: unknown[] = []) => ApplicationFailure.create({ type, message: type, details });
const announce = (replies: Reply[], status?: number | Error) => {
  const { asked, workflows } = server(status === undefined ? { updates: replies } : { updates: replies, status });
  return { asked, answer: workflows.announce(order(), { deadlineMs: 1000 }) };
};
const RUNNING = 1;
const COMPLETED = 2;
const FAILED = 3;

test("new or existing is the server's word", async () => {
  const { asked, answer } = announce([{ started: true, value: announced() }]);
  expect(await answer).toEqual({ kind: 'announced', settlement: announced() });
  expect(asked).toEqual([{ updateId: announceUpdateId(order().facts), reuse: 2, conflict: 2 }]);
  expect((await announce([{ started: false, value: announced() }]).answer).kind).toBe('existing');
});

test("a refusal of this call's own run is its answer", async () => {
  const errors = [{ code: 'NO_TARIFF' }];
  const { asked, answer } = announce([{ started: true, failure: failure('REJECTED', [errors]) }]);
  expect(await answer).toEqual({ kind: 'rejected', errors });
  expect(asked).toHaveLength(1);
});

test('a stored refusal is asked for again under an id that names its run', async () => {
  const { asked, answer } = announce([
    { started: false, runId: 'old', failure: failure('REJECTED', [[]]) },
    { started: true, value: announced() },
  ]);
  expect((await answer).kind).toBe('announced');
  const id = announceUpdateId(order().facts);
  expect(asked.map(({ updateId }) => updateId)).toEqual([id, `${id}-old`]);
});

test('other facts give the existing settlement', async () => {
  expect(await announce([{ failure: failure('SETTLEMENT_EXISTS', [announced()]) }]).answer).toEqual({
    kind: 'conflict',
    settlement: announced(),
  });
});

test.each([
  ['deadline passed, the run is there', grpc(4), RUNNING, 'pending'],
  ['deadline passed, the run has ended', grpc(4), COMPLETED, 'closed'],
  ['deadline passed, an older run was refused', grpc(4), FAILED, 'unavailable'],
  ['deadline passed, no run', grpc(4), undefined, 'unavailable'],
  ['no server at all', grpc(14), grpc(14), 'unanswered'],
] as const)('%s ', async (_what, error, status, kind) => {
  expect((await announce([error], status).answer).kind).toBe(kind);
});

test('a wrong set-up is an error, not an outage', async () => {
  await expect(announce([grpc(7)]).answer).rejects.toThrow();
});

test('without a worker the start arguments tell what was received', async () => {
  const { workflows } = server({ updates: [], status: RUNNING, input: order() });
  expect(await workflows.state(ID)).toEqual(receivedSettlement(order()));
  expect(await server({ updates: [] }).workflows.state(ID)).toBeNull();
});

test.each([
  ['the server took it', undefined, 'told'],
  ['no open run', grpc(5), 'ended'],
  ['no server', grpc(14), 'unanswered'],
  ['no answer in time', grpc(4), 'unanswered'],
] as const)('a payment is told: %s', async (_what, signal, outcome) => {
  const { workflows } = server({ updates: [], ...(signal && { signal }) });
  expect(await workflows.paymentReceived(ID, { eventId: 'e', reference: 'r' })).toBe(outcome);
});
test('a wrong set-up is an error there too', async () => {
  await expect(server({ updates: [], signal: grpc(7) }).workflows.paymentReceived(ID, { eventId: 'e', reference: 'r' })).rejects.toThrow();
});

test('the facts that must agree, and no others, make the update id', () => {
  const { facts } = order();
  const id = announceUpdateId(facts);
  expect(id).toMatch(/^announce-[0-9a-f]{64}$/);
  const person = { name: 'سارا', nationalId: '0932833810', from: jalali('1405/09/05') };
  for (const other of [{ reading: 1 }, { readingSource: 'declared' as const }, { purpose: 'final' as const }, { newSubscriber: person }]) {
    expect(announceUpdateId({ ...facts, ...other })).not.toBe(id);
    expect(sameFacts(facts, { ...facts, ...other })).toBe(false);
  }
  expect(announceUpdateId({ ...facts, documents: [], newSubscriber: undefined })).toBe(id);
  const { from, ...rest } = person;
  expect(announceUpdateId({ ...facts, newSubscriber: { from, ...rest } })).toBe(announceUpdateId({ ...facts, newSubscriber: person }));
});
