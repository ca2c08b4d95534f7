import { ROOT_CONTEXT, type Span, SpanKind, SpanStatusCode, TraceFlags, type Tracer, trace } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { defaultResource, detectResources, envDetector, resourceFromAttributes } from '@opentelemetry/resources';
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
  readonly #originMs: number;

  /** `originMs` is the Unix time at which the monotonic clock was 0, as of the start of the span. */
  constructor(span: Span, tracer: Tracer, originMs: number) {
    const { traceId, spanId, traceFlags: flags } = span.spanContext();
    this.traceparent = traceparentOf({ traceId, spanId, flags });
    this.isRecorded = span.isRecording();
    this.#span = span;
    this.#tracer = tracer;
    this.#originMs = originMs;
  }

  step({ name, startedAtMs, ms, hasFailed }: TraceStep): void {
    if (!this.isRecorded) return;
    const startTime = this.#originMs + startedAtMs;
    const attributes = { 'db.system.name': 'postgresql', 'db.query.summary': name };
    const parent = trace.setSpan(ROOT_CONTEXT, this.#span);
    const step = this.#tracer.startSpan(name, { kind: SpanKind.CLIENT, startTime, attributes }, parent);
    if (hasFailed) step.setStatus({ code: SpanStatusCode.ERROR });
    step.end(startTime + ms);
  }

  end(name: string, reason: string): void {
    this.#span.updateName(name).setAttribute('parley.reason', reason);
    if (reason === 'internal') this.#span.setStatus({ code: SpanStatusCode.ERROR });
    this.#span.end(this.#originMs + performance.now());
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
  const own = resourceFromAttributes({ 'service.name': `parley-${service}`, 'service.version': version });
  const provider = new BasicTracerProvider({
    resource: defaultResource()
      .merge(own)
      .merge(detectResources({ detectors: [envDetector] })),
    spanProcessors: [new BatchSpanProcessor(new LoggedExporter(new OTLPTraceExporter(), log))],
  });
  const tracer = provider.getTracer('parley', version);
  return {
    begin(name, parent, requestId) {
      const attributes = { 'parley.request_id': requestId };
      // The clock of this machine may be set during the call, so only the start comes from it.
      const startTime = Date.now();
      const originMs = startTime - performance.now();
      const span = tracer.startSpan(name, { kind: SpanKind.SERVER, startTime, attributes }, contextOf(parent));
      return new OtlpSpan(span, tracer, originMs);
    },
    async stop() {
      await atMost(
        provider.shutdown().catch(() => {}),
        stopWithinMs,
      );
    },
  };
}
