import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import type { Client, WorkflowHandle } from '@temporalio/client';
import { historyFromJSON, historyToJSON } from '@temporalio/common/lib/proto-utils';
import type { ActivityInterceptorsFactory } from '@temporalio/worker';

export type History = Awaited<ReturnType<WorkflowHandle['fetchHistory']>>;
export interface KeptHistory {
  file: string;
  workflowId: string;
  history: History;
}

/** What workflows have done before: each must replay on the code of today. */
const FOLDER = path.resolve(__dirname, '../histories');
/** So many of one workflow: the paths that are told apart by their commands, the first that come. */
const OF_A_TYPE = 30;

/** The history up to its last answered workflow task: beyond it a replay would run new steps, which it cannot. */
export function answeredPart(history: History): History {
  const events = [...(history.events ?? [])];
  while (
    events.at(-1)?.workflowTaskScheduledEventAttributes ||
    events.at(-1)?.workflowTaskStartedEventAttributes ||
    events.at(-1)?.timerFiredEventAttributes
  )
    events.pop();
  return { events };
}

/** Through the JSON in which it is kept. */
export function throughJson(history: History): History {
  return historyFromJSON(JSON.parse(historyToJSON(history)));
}

export function keptHistories(): KeptHistory[] {
  return readdirSync(FOLDER)
    .filter((file) => file.endsWith('.json.gz'))
    .sort()
    .map((file) => {
      const { workflowId, history } = JSON.parse(gunzipSync(readFileSync(path.join(FOLDER, file))).toString()) as {
        workflowId: string;
        history: unknown;
      };
      return { file, workflowId, history: historyFromJSON(history) };
    });
}

/** Set to a name of the code's version, the tests of workflows leave the histories of their runs in test/histories. */
const VERSION = process.env['TASVIEH_KEEP_HISTORIES'];

interface Collector {
  interceptors: ActivityInterceptorsFactory[];
  keep(client: Client): Promise<void>;
}

/** Remembers which workflows a worker's steps belong to, and keeps their histories when they go another way than those before. */
export function historyCollector(): Collector {
  if (!VERSION) return { interceptors: [], keep: async () => undefined };
  const seen = new Map<string, { workflowId: string; runId: string; type: string }>();
  return {
    interceptors: [
      ({ info: { workflowExecution, workflowType } }) => {
        if (workflowExecution && workflowType !== undefined)
          seen.set(workflowExecution.runId, { ...workflowExecution, type: workflowType });
        return {};
      },
    ],
    async keep(client) {
      for (const { workflowId, runId, type } of seen.values())
        keepHistory(VERSION, type, workflowId, answeredPart(await client.workflow.getHandle(workflowId, runId).fetchHistory()));
    },
  };
}

function keepHistory(version: string, type: string, workflowId: string, history: History): void {
  mkdirSync(FOLDER, { recursive: true });
  const kept = readdirSync(FOLDER).filter((file) => file.startsWith(`${type}-${version}-`));
  const way = wayOf(history);
  if (kept.length >= OF_A_TYPE || kept.some((file) => file.endsWith(`-${way}.json.gz`))) return;
  writeFileSync(
    path.join(FOLDER, `${type}-${version}-${way}.json.gz`),
    gzipSync(JSON.stringify({ workflowId, history: JSON.parse(historyToJSON(history)) as unknown }), { level: 9 }),
  );
}

/** A short name for the order of a history's commands and messages: two of one name went the same way. */
function wayOf({ events }: History): string {
  let hash = 5381;
  for (const event of events ?? []) {
    const {
      activityTaskScheduledEventAttributes: step,
      markerRecordedEventAttributes: marker,
      workflowExecutionSignaledEventAttributes: signal,
    } = event;
    const update = event.workflowExecutionUpdateAcceptedEventAttributes?.acceptedRequest?.input?.name;
    const local = marker?.details?.['data']?.payloads?.[0]?.data;
    const name = [
      event.eventType,
      step?.activityType?.name,
      signal?.signalName,
      update,
      local ? /"activity_type":"(\w+)"/.exec(Buffer.from(local).toString())?.[1] : undefined,
    ].join();
    for (const character of name) hash = (hash * 33 + character.charCodeAt(0)) >>> 0;
  }
  return hash.toString(36);
}
