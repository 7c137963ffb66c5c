import type { TestWorkflowEnvironment } from '@temporalio/testing';
import type { Pool } from 'pg';
import { TASK_QUEUE } from '../../src/workflows/messages.js';
import { endWorkers, realActivities, workflowServer, withWorker } from './stage.js';

// what it keeps is shown with a server that lists (test/e2e/histories.test.ts)

let env: TestWorkflowEnvironment;
beforeAll(async () => {
  env = await workflowServer();
});
afterAll(async () => {
  await endWorkers();
  await env?.teardown();
});

test('an export that fails in the middle is tried again, and tells what it kept and what was gone', async () => {
  const told: string[] = [];
  const archive = {
    async exportEnded({ onRun }: { onRun?: () => void }) {
      onRun?.();
      told.push('asked');
      if (told.length === 1) throw new Error('connect ECONNREFUSED');
      return { until: '2026-11-26T00:00:00.000Z', kept: 12, gone: 1 };
    },
  };
  await withWorker(env, realActivities(null as unknown as Pool, undefined, archive), async () => {
    const report = await env.client.workflow.execute('historyExport', { workflowId: 'historyExport', taskQueue: TASK_QUEUE });
    expect(report).toEqual({ until: '2026-11-26T00:00:00.000Z', kept: 12, gone: 1 });
  });
  expect(told).toHaveLength(2);
});
