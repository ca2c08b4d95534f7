/** Trace context of a caller, as in the header `traceparent`. */
export interface TraceParent {
  readonly traceId: string;
  readonly spanId: string;
  readonly flags: number;
}

/** Returns the header `traceparent` for a trace context. */
export function traceparentOf({ traceId, spanId, flags }: TraceParent): string {
  return `00-${traceId}-${spanId}-${flags.toString(16).padStart(2, '0')}`;
}

/** A step of a call that has ended, such as a statement of the database. */
export interface TraceStep {
  readonly name: string;
  /** Monotonic time of its start, in milliseconds. */
  readonly startedAtMs: number;
  readonly ms: number;
  readonly hasFailed: boolean;
}

/** The part of a trace that one call at this process is. */
export interface CallSpan {
  /** Header for calls of other services that belong to this one. */
  readonly traceparent: string;
  /** Whether the span is sent to the collector. */
  readonly isRecorded: boolean;
  step(step: TraceStep): void;
  /** Ends the span with `ok` or the reason of the refusal. */
  end(name: string, reason: string): void;
}

/** Begins spans, and sends them to a collector of traces. */
export interface CallTracer {
  begin(name: string, parent: TraceParent | undefined, requestId: string): CallSpan;
}

let current: CallTracer | undefined;

/** Turns traces of this process on, or off. */
export function setTracer(tracer: CallTracer | undefined): void {
  current = tracer;
}

/** Returns the tracer of this process; undefined: traces are off. */
export function currentTracer(): CallTracer | undefined {
  return current;
}
