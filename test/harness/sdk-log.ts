import { DefaultLogger, Runtime } from '@temporalio/worker';
import { testLog } from './log.js';

/** The SDK, its Rust core included, logs into the test's log instead of the terminal. */
export function logToTest(): void {
  try {
    Runtime.install({
      logger: new DefaultLogger('WARN', ({ level, message, meta }) => testLog.write(`${level} ${message} ${JSON.stringify(meta ?? {})}`)),
      telemetryOptions: { logging: { forward: {}, filter: 'WARN' } },
    });
  } catch {
    // installed by an earlier file of the same process
  }
}
