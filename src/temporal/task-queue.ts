import type { Connection } from '@temporalio/client';

/** A long poll lasts a minute: who has not polled for this long is silent, ms. */
const RECENT_MS = 90_000;
const CALL_MS = 2_500;
/** The server's numbers of the kinds of tasks. */
const KINDS = { workflow: 1, activity: 2 } as const;

/** The task queue as the Temporal server sees it. */
export type TaskQueueView = Record<keyof typeof KINDS, { pollers: number; backlog: number; backlogSeconds: number }>;

/** Who polls and what waits; of `identity` alone when given. Rejects when the server does not answer. */
export async function lookAtTaskQueue(
  connection: Connection,
  { namespace, taskQueue: name }: { namespace: string; taskQueue: string },
  identity?: string,
): Promise<TaskQueueView> {
  const now = Date.now();
  const views = await connection.withDeadline(now + CALL_MS, () =>
    Promise.all(
      Object.entries(KINDS).map(async ([kind, taskQueueType]) => {
        const { pollers, stats } = await connection.workflowService.describeTaskQueue({
          namespace,
          taskQueue: { name },
          taskQueueType,
          reportStats: true,
        });
        const recent = pollers.filter(
          ({ identity: whose, lastAccessTime: at }) =>
            (identity === undefined || whose === identity) && at && now - Number(at.seconds) * 1000 < RECENT_MS,
        );
        return [
          kind,
          {
            pollers: recent.length,
            backlog: Number(stats?.approximateBacklogCount ?? 0),
            backlogSeconds: Number(stats?.approximateBacklogAge?.seconds ?? 0),
          },
        ] as const;
      }),
    ),
  );
  return Object.fromEntries(views) as TaskQueueView;
}

/** Whether somebody asks for each kind of task. */
export function isWorkedAt(view: TaskQueueView): boolean {
  return Object.values(view).every(({ pollers }) => pollers > 0);
}
