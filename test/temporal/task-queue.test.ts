import type { Connection } from '@temporalio/client';
import { isWorkedAt, lookAtTaskQueue } from '../../src/temporal/task-queue.js';

/** A server that saw each poller so many seconds ago. */
function server(pollers: Record<string, number>, backlog = 0): Connection {
  const describeTaskQueue = async () => ({
    pollers: Object.entries(pollers).map(([identity, secondsAgo]) => ({
      identity,
      lastAccessTime: { seconds: Math.floor(Date.now() / 1000) - secondsAgo, nanos: 0 },
    })),
    stats: { approximateBacklogCount: backlog, approximateBacklogAge: { seconds: 40 } },
  });
  // the two members that are asked
  return {
    workflowService: { describeTaskQueue },
    withDeadline: (_deadline: number, call: () => unknown) => call(),
  } as unknown as Connection;
}
const place = { namespace: 'default', taskQueue: 'tasvieh' };

test.each<[string, Record<string, number>, string | undefined, number]>([
  ['nobody', {}, undefined, 0],
  ['one whose long poll is under way', { '1@a': 59 }, undefined, 1],
  ['one that fell silent', { '1@a': 95 }, undefined, 0],
  ['two, one of them silent', { '1@a': 5, '1@b': 300 }, undefined, 1],
  ['this very worker', { '1@a': 5, '1@b': 5 }, '1@b', 1],
  ['others beside a silent one', { '1@a': 5, '1@b': 300 }, '1@b', 0],
])('%s', async (_who, pollers, identity, seen) => {
  const view = await lookAtTaskQueue(server(pollers, 7), place, identity);
  expect(view.workflow).toEqual({ pollers: seen, backlog: 7, backlogSeconds: 40 });
  expect(isWorkedAt(view)).toBe(seen > 0);
});
