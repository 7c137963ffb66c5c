import { DefaultLogger, type LogEntry, Runtime, makeTelemetryFilterString } from '@temporalio/worker';
import pino, { type Logger } from 'pino';
import type { LogLevel } from './config.js';

/** One JSON line an entry on standard error; standard output is for what a person reads. */
export function createLog(name: string, level: LogLevel): Logger {
  return pino({ name, level }, pino.destination({ fd: 2, sync: false }));
}

/** The Temporal runtime's messages go into the same log. Once per process, before any worker. */
export function bridgeTemporalLog(log: Logger): void {
  Runtime.install({
    logger: new DefaultLogger('INFO', ({ level, message, meta }: LogEntry) => {
      const to = { TRACE: 'trace', DEBUG: 'debug', INFO: 'info', WARN: 'warn', ERROR: 'error' } as const;
      log[to[level]](meta ?? {}, message);
    }),
    telemetryOptions: { logging: { filter: makeTelemetryFilterString({ core: 'WARN', other: 'WARN' }), forward: {} } },
  });
}
