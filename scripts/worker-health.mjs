// Exit code 0 when a worker on this host has polled the task queue lately, as the Temporal server sees it.
import { hostname } from 'node:os';
import { Connection } from '@temporalio/client';

const RECENT_MS = 90_000; // a long poll lasts a minute
const {
  TASVIEH_TEMPORAL_ADDRESS: address = '127.0.0.1:7233',
  TASVIEH_TEMPORAL_NAMESPACE: namespace = 'default',
  TASVIEH_TASK_QUEUE: name = 'tasvieh',
} = process.env;

try {
  const connection = await Connection.connect({ address, connectTimeout: 3_000 });
  const kinds = [1, 2]; // workflow tasks, activity tasks
  const polled = await connection.withDeadline(Date.now() + 5_000, () =>
    Promise.all(
      kinds.map(async (taskQueueType) => {
        const { pollers } = await connection.workflowService.describeTaskQueue({ namespace, taskQueue: { name }, taskQueueType });
        return pollers.some(
          ({ identity, lastAccessTime }) =>
            identity.endsWith(`@${hostname()}`) && Date.now() - Number(lastAccessTime.seconds) * 1000 < RECENT_MS,
        );
      }),
    ),
  );
  await connection.close();
  if (!polled.every(Boolean)) throw new Error(`no worker of this host polls ${name}`);
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}
