import { DefaultLogger, type LogEntry, Runtime, makeTelemetryFilterString } from '@temporalio/worker';
import pino, { type DestinationStream, type Logger } from 'pino';
import { maskedText, withoutData } from '../api/problems.js';
import type { LogLevel } from '../config.js';

/** What a field of this name holds stays out of the log, wherever it stands. */
const PERSONAL = [
  'name',
  'nationalId',
  'mobile',
  'address',
  'postalCode',
  'nameOnBill',
  'deliveredTo',
  'applicant',
  'newSubscriber',
  'account',
  'facts',
];
const SECRET = [
  'authorization',
  'cookie',
  'set-cookie',
  'password',
  'current',
  'token',
  'secret',
  'secrets',
  'connectionString',
  'databaseUrl',
  'encryptionKeys',
  'codecKey',
];
const HIDDEN = new Set([...PERSONAL, ...SECRET].map((name) => name.toLowerCase()));
/** Deeper objects are somebody's data, not a log's. */
const DEPTH = 4;

/** One JSON line an entry on standard error; standard output is for what a person reads. Personal fields and secrets are masked. */
export function createLog(
  name: string,
  level: LogLevel,
  destination: DestinationStream = pino.destination({ fd: 2, sync: false }),
): Logger {
  return pino(
    {
      name,
      level,
      // pino's own would take what is masked already for an error of a class `Object`
      serializers: { err: (err: unknown) => err },
      formatters: { log: (entry) => masked(entry, 0) as Record<string, unknown> },
      hooks: {
        logMethod(args, method) {
          method.apply(this, args.map((arg) => (typeof arg === 'string' ? withoutSecrets(arg) : arg)) as Parameters<typeof method>);
        },
      },
    },
    destination,
  );
}

/** What must never be read in a log, wherever it stands in a text: signed tokens and passwords of addresses. */
function withoutSecrets(text: string): string {
  return text
    .replace(/\beyJ[\w-]+\.[\w-]+\.[\w-]+/g, '…')
    .replace(/(:\/\/[^\s:/@]*):[^\s@/]+@/g, '$1:…@')
    .replace(/\bBearer\s+\S+/gi, 'Bearer …');
}

function masked(value: unknown, depth: number): unknown {
  if (typeof value === 'string') return withoutSecrets(value);
  if (value instanceof Error) return masked(withoutData(value), depth);
  if (typeof value !== 'object' || value === null) return value;
  if (depth === DEPTH) return '…';
  if (Array.isArray(value)) return value.map((each) => masked(each, depth + 1));
  return Object.fromEntries(
    Object.entries(value).map(([key, each]) => [key, HIDDEN.has(key.toLowerCase()) ? '…' : masked(each, depth + 1)]),
  );
}

/**
 * The Temporal runtime's messages go into the same log, and its own metrics to `metricsAddress` (host:port), when given.
 * Once per process, before any worker.
 */
export function bridgeTemporalLog(log: Logger, metricsAddress: string | null = null): void {
  Runtime.install({
    logger: new DefaultLogger('INFO', ({ level, message, meta }: LogEntry) => {
      const to = { TRACE: 'trace', DEBUG: 'debug', INFO: 'info', WARN: 'warn', ERROR: 'error' } as const;
      log[to[level]](meta ?? {}, maskedText(message));
    }),
    telemetryOptions: {
      logging: { filter: makeTelemetryFilterString({ core: 'WARN', other: 'WARN' }), forward: {} },
      ...(metricsAddress !== null && { metrics: { prometheus: { bindAddress: metricsAddress, useSecondsForDurations: true } } }),
    },
  });
}
