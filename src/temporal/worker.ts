import path from 'node:path';
import type { DataConverter } from '@temporalio/common';
import { type ActivityInterceptorsFactory, type NativeConnection, Worker } from '@temporalio/worker';
import { type Activities } from '../activities/index.js';
import { DEPLOYMENT } from './worker-version.js';

export interface WorkerOptions {
  connection: NativeConnection;
  namespace: string;
  taskQueue: string;
  activities: Activities;
  /** that of the clients; plain payloads when absent */
  dataConverter?: DataConverter;
  /** the version it carries; null or absent: none (docs/decisions/0006-version-workers-only-on-request.md says why) */
  buildId?: string | null;
  /** workflows kept in memory; 0 makes each task replay from the start */
  maxCachedWorkflows?: number;
  /** another script of workflows than that of the build */
  bundle?: string;
  /** around every attempt of a step, the first outermost */
  activityInterceptors?: ActivityInterceptorsFactory[];
}

/** Made by the build: the workflows as one script, so that a worker starts without a bundler. */
export const WORKFLOW_BUNDLE = path.resolve(
  __dirname,
  __dirname.includes(`${path.sep}dist${path.sep}`) ? '../../workflow-bundle.js' : '../../dist/workflow-bundle.js',
);

/** A worker for settlements. Run it, and shut it down before the connection and the database pool are closed. */
export function createWorker({
  buildId = null,
  maxCachedWorkflows,
  bundle = WORKFLOW_BUNDLE,
  activityInterceptors = [],
  ...options
}: WorkerOptions): Promise<Worker> {
  return Worker.create({
    ...options,
    workflowBundle: { codePath: bundle },
    // longer than the longest activity, so that a stop loses no attempt
    shutdownGraceTime: '20s',
    interceptors: { activity: activityInterceptors },
    ...(buildId !== null && {
      workerDeploymentOptions: {
        version: { deploymentName: DEPLOYMENT, buildId },
        useWorkerVersioning: true,
        defaultVersioningBehavior: 'AUTO_UPGRADE',
      },
    }),
    ...(maxCachedWorkflows === undefined ? {} : { maxCachedWorkflows }),
  });
}
