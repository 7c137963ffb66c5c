import { setTimeout as pause } from 'node:timers/promises';
import type { Connection } from '@temporalio/client';

/** The name under which Temporal keeps the versions of our workers. */
export const DEPLOYMENT = 'tasvieh';
const CALL_MS = 10_000;
/** NOT_FOUND and FAILED_PRECONDITION of gRPC: no worker of the version polls yet. */
const NOT_YET = [5, 9];

/** ROUTING_CONFIG_UPDATE_STATE_IN_PROGRESS: some queue has not heard of it; until then workers of the version before are given tasks. */
const ON_ITS_WAY = 1;

/**
 * From now on every workflow, the open ones too, goes on with workers of this version (TASVIEH_WORKER_BUILD_ID); null: with
 * those that carry none. Waits for the version's first worker and until every task queue has heard of it, `waitMs` at most,
 * then rejects.
 */
export async function setCurrentVersion(
  connection: Connection,
  { namespace, buildId, waitMs }: { namespace: string; buildId: string | null; waitMs: number },
): Promise<{ before: string | null }> {
  const deadline = Date.now() + waitMs;
  const call = <T>(act: () => Promise<T>): Promise<T> => connection.withDeadline(Date.now() + CALL_MS, act);
  const again = async (error: unknown): Promise<void> => {
    if (Date.now() > deadline) throw error;
    await pause(200);
  };
  const set = async (): Promise<string | null> => {
    for (;;) {
      try {
        const answer = await call(() =>
          connection.workflowService.setWorkerDeploymentCurrentVersion({
            namespace,
            deploymentName: DEPLOYMENT,
            buildId: buildId ?? '',
            identity: 'tasvieh worker-version',
          }),
        );
        return answer.previousDeploymentVersion?.buildId || null;
      } catch (error) {
        if (!NOT_YET.includes((error as { code?: number }).code ?? -1)) throw error;
        await again(error);
      }
    }
  };
  const before = await set();
  for (;;) {
    const { workerDeploymentInfo } = await call(() =>
      connection.workflowService.describeWorkerDeployment({ namespace, deploymentName: DEPLOYMENT }),
    );
    if (Number(workerDeploymentInfo?.routingConfigUpdateState) !== ON_ITS_WAY) return { before };
    await again(new Error('the version is set, but not every task queue has heard of it yet'));
  }
}
