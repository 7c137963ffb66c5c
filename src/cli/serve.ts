import type { Command } from 'commander';
import type { Running, ServedConfig } from '../process/processes.js';
import type { CommandContext } from './context.js';

/** `worker` and `api`: one process each, until a signal arrives or the parent ends. */
export function addServeCommands(program: Command, { served }: CommandContext): void {
  program
    .command('worker')
    .description('a worker process')
    .action(() => serve(served(), async (config) => (await import('../process/processes.js')).runWorker(config)));
  program
    .command('api')
    .description('an API process')
    .action(() => serve(served(), async (config) => (await import('../process/processes.js')).runApi(config)));
}

/** Runs a process until a signal stops it or its parent is gone. */
async function serve(
  config: ServedConfig,
  run: (config: ServedConfig) => Promise<Running & { port?: number; metricsPort?: number | null }>,
): Promise<void> {
  const stopped = untilStopped();
  const running = await run(config);
  process.send?.({ port: running.port, metricsPort: running.metricsPort });
  await Promise.race([stopped, running.ended]);
  await running.stop();
  if (process.connected) process.disconnect();
}

/** Resolves at SIGINT, SIGTERM or SIGHUP, or when the parent process is gone. */
export function untilStopped(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => resolve());
    if (process.send) process.on('disconnect', () => resolve());
  });
}
