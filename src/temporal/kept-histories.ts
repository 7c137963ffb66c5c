import { gunzipSync, gzipSync } from 'node:zlib';
import { type Client, WorkflowNotFoundError } from '@temporalio/client';
import type { DataConverter, Payload, PayloadCodec } from '@temporalio/common';
import { type JSONPayload, JSONToPayload, historyFromJSON, historyToJSON } from '@temporalio/common/lib/proto-utils';
import { type ReplayResult, Worker } from '@temporalio/worker';
import type { ExportReport, HistoryArchive } from '../activities/history-export.js';
import { ENCRYPTION_KEY_ID } from './encryption.js';
import type { EndedRun, HistoryStore, KeptRun } from '../store/histories.js';
import { WORKFLOW_BUNDLE } from './worker.js';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** What ended shortly before an export may not have been listed yet: the next one looks at the day before again. */
const OVERLAP_MS = DAY_MS;
const RUNS_AT_ONCE = 50;

type Exporter = { client: Client; store: Pick<HistoryStore, 'missing' | 'keep' | 'exportedUntil' | 'exported'> };

/** The archive of a namespace; see exportHistories. */
export function createHistoryArchive(exporter: Exporter): HistoryArchive {
  return { exportEnded: (watch) => exportHistories(exporter, watch) };
}

/**
 * Keeps the history of every run that has ended and is not kept yet, day by day from the last export on, at first from the
 * beginning of the namespace's retention. Cut off, it goes on with the day at which it was. Payloads stay encrypted.
 */
export async function exportHistories(
  { client, store }: Exporter,
  { onRun, ending }: Parameters<HistoryArchive['exportEnded']>[0] = {},
): Promise<ExportReport> {
  const until = Date.now();
  const last = await store.exportedUntil();
  let from = last === null ? until - (await retentionMs(client)) - DAY_MS : Date.parse(last) - OVERLAP_MS;
  let [kept, gone] = [0, 0];
  while (from < until) {
    const to = Math.min(from + DAY_MS, until);
    for await (const runs of endedBetween(client, from, to)) {
      const missing = await store.missing(runs.map(({ runId }) => runId));
      for (const run of runs) {
        ending?.throwIfAborted();
        if (!missing.has(run.runId)) continue;
        const history = await historyOf(client, run);
        if (history === null) gone++;
        else {
          await store.keep(history);
          kept++;
        }
        onRun?.();
      }
    }
    onRun?.();
    await store.exported(new Date(to).toISOString());
    from = to;
  }
  return { until: new Date(until).toISOString(), kept, gone };
}

async function* endedBetween(client: Client, from: number, to: number): AsyncGenerator<EndedRun[]> {
  const time = (instant: number): string => `"${new Date(instant).toISOString()}"`;
  let runs: EndedRun[] = [];
  for await (const { runId, workflowId, type, status, startTime, closeTime } of client.workflow.list({
    query: `CloseTime >= ${time(from)} and CloseTime < ${time(to)}`,
  })) {
    if (!closeTime) continue;
    runs.push({
      runId,
      workflowId,
      type,
      status: status.name,
      settlement: settlementNamedIn(workflowId),
      startedAt: startTime.toISOString(),
      closedAt: closeTime.toISOString(),
    });
    if (runs.length < RUNS_AT_ONCE) continue;
    yield runs;
    runs = [];
  }
  if (runs.length > 0) yield runs;
}

/** null when Temporal has forgotten it. */
async function historyOf(client: Client, run: EndedRun): Promise<KeptRun | null> {
  try {
    const history = await client.workflow.getHandle(run.workflowId, run.runId).fetchHistory();
    const json = historyToJSON(history);
    const keyIds = new Set<string>();
    visitPayloads(JSON.parse(json), (payload) => void keyIds.add(metadata(payload, ENCRYPTION_KEY_ID)));
    keyIds.delete('');
    return { ...run, events: history.events?.length ?? 0, keyIds: [...keyIds].sort(), history: gzipSync(json) };
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return null;
    throw error;
  }
}

async function retentionMs(client: Client): Promise<number> {
  const { config } = await client.workflowService.describeNamespace({ namespace: client.options.namespace });
  return Number(config?.workflowExecutionRetentionTtl?.seconds ?? 0) * 1000;
}

/** The settlement whose id stands in a workflow's: its own, or that of its tasks. */
export function settlementNamedIn(workflowId: string): string | null {
  return /(?<![0-9])[0-9]{12}-[0-9]{8}(?![0-9])/.exec(workflowId)?.[0] ?? null;
}

/** An event as it can be read: the attributes without what only Temporal needs, payloads decrypted and parsed. */
export interface ReadableEvent {
  id: string;
  at: string;
  type: string;
  attributes: unknown;
}

/** The events of a kept history. Throws UnknownKeyError, which names the key that is missing. */
export async function readableEvents(history: Buffer, codec: Pick<PayloadCodec, 'decode'>): Promise<ReadableEvent[]> {
  const { events } = JSON.parse(gunzipSync(history).toString()) as {
    events: (Record<string, unknown> & { eventId: string; eventTime: string; eventType: string })[];
  };
  const read = [];
  for (const { eventId, eventTime, eventType, taskId: _, version: __, ...rest } of events) {
    const [attributes, ...others] = Object.entries(rest);
    const what =
      others.length === 0
        ? attributes?.[1]
        : Object.fromEntries(
            [...(attributes ? [attributes] : []), ...others].map(([name, value]) => [
              name.replace(/^.*EventAttributes$/, 'attributes'),
              value,
            ]),
          );
    read.push({ id: eventId, at: eventTime, type: eventType.replace('EVENT_TYPE_', ''), attributes: await readable(what, codec) });
  }
  return read;
}

async function readable(node: unknown, codec: Pick<PayloadCodec, 'decode'>): Promise<unknown> {
  if (isPayload(node)) {
    const [plain] = await codec.decode([JSONToPayload(node)]);
    return plain && valueOf(plain);
  }
  if (Array.isArray(node)) return Promise.all(node.map((each) => readable(each, codec)));
  if (node === null || typeof node !== 'object') return node;
  return Object.fromEntries(await Promise.all(Object.entries(node).map(async ([name, value]) => [name, await readable(value, codec)])));
}

function valueOf({ metadata: about, data }: Payload): unknown {
  const encoding = Buffer.from(about?.['encoding'] ?? []).toString();
  if (encoding === 'binary/null') return null;
  return encoding.startsWith('json/')
    ? (JSON.parse(Buffer.from(data ?? []).toString()) as unknown)
    : Buffer.from(data ?? []).toString('base64');
}

/** Replays kept histories on the workflows of this code, each with its fault or none. */
export function replayHistories(
  runs: AsyncIterable<{ workflowId: string; runId: string; history: Buffer }>,
  dataConverter: DataConverter,
  bundle = WORKFLOW_BUNDLE,
): AsyncIterableIterator<ReplayResult> {
  return Worker.runReplayHistories({ workflowBundle: { codePath: bundle }, dataConverter }, histories(runs));
}

async function* histories(
  runs: AsyncIterable<{ workflowId: string; history: Buffer }>,
): AsyncGenerator<{ workflowId: string; history: unknown }> {
  for await (const { workflowId, history } of runs)
    yield { workflowId, history: historyFromJSON(JSON.parse(gunzipSync(history).toString())) };
}

function isPayload(node: unknown): node is JSONPayload {
  return (
    typeof node === 'object' &&
    node !== null &&
    'metadata' in node &&
    typeof (node as { metadata?: { encoding?: unknown } | null }).metadata?.encoding === 'string'
  );
}

function metadata({ metadata: about }: JSONPayload, name: string): string {
  return Buffer.from(about?.[name] ?? '', 'base64').toString();
}

function visitPayloads(node: unknown, visit: (payload: JSONPayload) => void): void {
  if (isPayload(node)) visit(node);
  else if (node !== null && typeof node === 'object') for (const value of Object.values(node)) visitPayloads(value, visit);
}
