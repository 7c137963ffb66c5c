import { SpanKind, SpanStatusCode, context, propagation, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { Resource } from '@opentelemetry/resources';
import { BasicTracerProvider, BatchSpanProcessor, type ReadableSpan, type SpanExporter } from '@opentelemetry/sdk-trace-base';
import type { WorkflowClientInterceptor } from '@temporalio/client';
import { OpenTelemetryActivityInboundInterceptor, OpenTelemetryWorkflowClientInterceptor } from '@temporalio/interceptors-opentelemetry';
import type { ActivityInterceptorsFactory } from '@temporalio/worker';
import type { RequestHandler } from 'express';
import { stepsOf } from './step-metrics.js';
import { maskedText } from '../api/problems.js';

/** Traces of a process, sent by OTLP/HTTP. Loaded only where they are asked for. */
export interface Tracing {
  /** a span for each request, under the caller's own when it sent one */
  http: RequestHandler;
  client: WorkflowClientInterceptor;
  activity: ActivityInterceptorsFactory;
  steps: ActivityInterceptorsFactory;
  /** sends what is left */
  close(): Promise<void>;
}

/** Once in a process. `endpoint`: the collector's address without path. */
export function startTracing(part: 'api' | 'worker', endpoint: string, version: string): Tracing {
  const provider = new BasicTracerProvider({
    resource: new Resource({ 'service.name': `tasvieh-${part}`, 'service.version': version }),
    spanProcessors: [
      new BatchSpanProcessor(withoutPersons(new OTLPTraceExporter({ url: `${endpoint}/v1/traces` })), { scheduledDelayMillis: 1_000 }),
    ],
  });
  // the propagator is the standard one, W3C trace context
  provider.register({ contextManager: new AsyncLocalStorageContextManager().enable() });
  const tracer = trace.getTracer('tasvieh');
  return {
    http(req, res, next) {
      const span = tracer.startSpan(
        req.method,
        { kind: SpanKind.SERVER, attributes: { 'http.request.method': req.method } },
        propagation.extract(context.active(), req.headers),
      );
      res.once('close', () => {
        // the route's pattern, never the address with its values
        const route = (res.locals as { pattern?: string }).pattern ?? 'unmatched';
        span.updateName(`${req.method} ${route}`);
        span.setAttributes({ 'http.route': route, 'http.response.status_code': res.statusCode, 'tasvieh.request_id': req.id });
        if (res.statusCode >= 500) span.setStatus({ code: SpanStatusCode.ERROR });
        span.end();
      });
      context.with(trace.setSpan(context.active(), span), next);
    },
    client: new OpenTelemetryWorkflowClientInterceptor({ tracer }),
    activity: (running) => ({ inbound: new OpenTelemetryActivityInboundInterceptor(running, { tracer }) }),
    // within the activity's own span: the plan's steps that it carried out
    steps: () => ({
      inbound: {
        async execute(input, next) {
          const result = await next(input);
          for (const { name, startedAt, endedAt, attempts } of stepsOf(result, input.args))
            tracer.startSpan(name, { startTime: new Date(startedAt), attributes: { 'tasvieh.attempts': attempts } }).end(new Date(endedAt));
          return result;
        },
      },
    }),
    close: () => provider.shutdown().catch(() => undefined),
  };
}

/** A span carries the errors that passed through it, and an error's text may hold a person's data. */
function withoutPersons(exporter: SpanExporter): SpanExporter {
  const masked = (span: ReadableSpan): void => {
    if (span.status.message) span.status.message = maskedText(span.status.message);
    for (const { attributes = {} } of span.events) {
      for (const [key, value] of Object.entries(attributes)) if (typeof value === 'string') attributes[key] = maskedText(value);
    }
  };
  return {
    export(spans, done) {
      spans.forEach(masked);
      exporter.export(spans, done);
    },
    forceFlush: () => exporter.forceFlush?.() ?? Promise.resolve(),
    shutdown: () => exporter.shutdown(),
  };
}
