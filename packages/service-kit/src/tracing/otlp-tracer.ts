import { ROOT_CONTEXT, type Span, SpanKind, SpanStatusCode, TraceFlags, type Tracer, trace } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { defaultResource, resourceFromAttributes } from '@opentelemetry/resources';
import {
  BasicTracerProvider,
  BatchSpanProcessor,
  type ReadableSpan,
  type SpanExporter,
} from '@opentelemetry/sdk-trace-base';
import {
  atMost,
  type CallSpan,
  type CallTracer,
  type Logger,
  type Part,
  type TraceParent,
  type TraceStep,
  traceparentOf,
  version,
} from '@parley/runtime';

const logEveryMs = 60_000;
const stopWithinMs = 2_000;

/** Sends spans with another exporter. Logs at most once a minute that some were lost. */
class LoggedExporter implements SpanExporter {
  readonly #inner: SpanExporter;
  readonly #log: Logger;
  #lost = 0;
  #loggedAtMs = Number.NEGATIVE_INFINITY;

  constructor(inner: SpanExporter, log: Logger) {
    this.#inner = inner;
    this.#log = log;
  }

  export(spans: ReadableSpan[], done: Parameters<SpanExporter['export']>[1]): void {
    this.#inner.export(spans, (result) => {
      if (result.error !== undefined) this.#countLost(spans.length, result.error);
      done(result);
    });
  }

  #countLost(spans: number, { message }: Error): void {
    this.#lost += spans;
    const nowMs = performance.now();
    if (nowMs - this.#loggedAtMs < logEveryMs) return;
    this.#log.warn({ lost: this.#lost, cause: message }, 'traces were not sent: the collector does not take them');
    this.#loggedAtMs = nowMs;
    this.#lost = 0;
  }

  shutdown(): Promise<void> {
    return this.#inner.shutdown();
  }
}

/** One span of the library. */
class OtlpSpan implements CallSpan {
  readonly traceparent: string;
  readonly isRecorded: boolean;
  readonly #span: Span;
  readonly #tracer: Tracer;

  constructor(span: Span, tracer: Tracer) {
    const { traceId, spanId, traceFlags: flags } = span.spanContext();
    this.traceparent = traceparentOf({ traceId, spanId, flags });
    this.isRecorded = span.isRecording();
    this.#span = span;
    this.#tracer = tracer;
  }

  step({ name, startedAtMs, ms, hasFailed }: TraceStep): void {
    if (!this.isRecorded) return;
    const startTime = performance.timeOrigin + startedAtMs;
    const attributes = { 'db.system.name': 'postgresql', 'db.query.summary': name };
    const parent = trace.setSpan(ROOT_CONTEXT, this.#span);
    const step = this.#tracer.startSpan(name, { kind: SpanKind.CLIENT, startTime, attributes }, parent);
    if (hasFailed) step.setStatus({ code: SpanStatusCode.ERROR });
    step.end(startTime + ms);
  }

  end(name: string, reason: string): void {
    this.#span.updateName(name).setAttribute('parley.reason', reason);
    if (reason === 'internal') this.#span.setStatus({ code: SpanStatusCode.ERROR });
    this.#span.end();
  }
}

function contextOf(parent: TraceParent | undefined) {
  if (parent === undefined) return ROOT_CONTEXT;
  const { traceId, spanId, flags } = parent;
  return trace.setSpanContext(ROOT_CONTEXT, {
    traceId,
    spanId,
    traceFlags: flags & TraceFlags.SAMPLED,
    isRemote: true,
  });
}

/** Opens a tracer that sends spans over HTTP, as the variables `OTEL_*` say. */
export function openTracer(service: string, log: Logger): CallTracer & Part {
  const own = { 'service.name': process.env.OTEL_SERVICE_NAME || `parley-${service}`, 'service.version': version };
  const provider = new BasicTracerProvider({
    resource: defaultResource().merge(resourceFromAttributes(own)),
    spanProcessors: [new BatchSpanProcessor(new LoggedExporter(new OTLPTraceExporter(), log))],
  });
  const tracer = provider.getTracer('parley', version);
  return {
    begin(name, parent, requestId) {
      const attributes = { 'parley.request_id': requestId };
      return new OtlpSpan(tracer.startSpan(name, { kind: SpanKind.SERVER, attributes }, contextOf(parent)), tracer);
    },
    async stop() {
      await atMost(
        provider.shutdown().catch(() => {}),
        stopWithinMs,
      );
    },
  };
}
