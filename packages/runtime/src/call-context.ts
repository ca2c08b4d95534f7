import { AsyncLocalStorage } from 'node:async_hooks';
import { randomUUID } from 'node:crypto';
import { type CallSpan, currentTracer, type TraceParent, traceparentOf } from './tracing.js';

const requestIdForm = /^[\w.-]{1,64}$/;
const traceparentForm = /^(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;

/** Time for which work that a call has left behind, such as a notification, still belongs to it. */
const lingerMs = 10_000;

/** Header and metadata key of the id of a call. */
export const requestIdKey = 'x-request-id';
/** Header and metadata key of the W3C trace context. */
export const traceparentKey = 'traceparent';

/** Headers of a call that name it. Anything else than one string counts as absent. */
export interface CallHeaders {
  readonly requestId: unknown;
  readonly traceparent: unknown;
}

/** Returns the trace context in a header, or undefined if there is none or it is not valid. */
function traceParentIn(traceparent: unknown): TraceParent | undefined {
  const isShort = typeof traceparent === 'string' && traceparent.length <= 128;
  const [, traceId, spanId, flags] = (isShort && traceparentForm.exec(traceparent)) || [];
  if (traceId === undefined || spanId === undefined) return undefined;
  return { traceId, spanId, flags: Number.parseInt(flags ?? '', 16) };
}

/** One call at this process, from its request to its end. */
export class CallContext {
  /**
   * Id of the call: the request id of the caller if it is valid, else the trace id of the caller,
   * else a new one.
   */
  readonly id: string;
  readonly #parent: TraceParent | undefined;
  #name = '';
  #spans: readonly CallSpan[] = [];
  #hasOpenSpan = false;
  #endedAtMs: number | undefined;

  constructor({ requestId, traceparent }: CallHeaders) {
    this.#parent = traceParentIn(traceparent);
    const isValid = typeof requestId === 'string' && requestIdForm.test(requestId);
    this.id = isValid ? requestId : (this.#parent?.traceId ?? randomUUID());
  }

  /** Returns a call that stands for several: what it does is a step of each of them. */
  static joint(calls: readonly [CallContext, ...CallContext[]]): CallContext {
    const joint = new CallContext({ requestId: calls[0].id, traceparent: undefined });
    joint.#spans = calls.flatMap((call) => call.#spans);
    return joint;
  }

  /** Begins the span of this call, if traces are on. */
  beginSpan(name: string): void {
    const tracer = currentTracer();
    if (tracer === undefined || this.#spans.length > 0) return;
    this.#name = name;
    this.#spans = [tracer.begin(name, this.#parent, this.id)];
    this.#hasOpenSpan = true;
  }

  /**
   * Ends the span of this call with `ok` or the reason of the refusal, if there is one that has not
   * ended.
   */
  endSpan(reason: string, name = this.#name): void {
    if (!this.#hasOpenSpan) return;
    this.#hasOpenSpan = false;
    for (const span of this.#spans) span.end(name, reason);
  }

  /** Spans of which everything that this call does is a step. */
  get spans(): readonly CallSpan[] {
    return this.#spans;
  }

  /**
   * Trace context for calls of other services: that of the span of this call, or that of its caller
   * if traces are off. Undefined if there is none.
   */
  get traceparent(): string | undefined {
    if (this.#spans[0] !== undefined) return this.#spans[0].traceparent;
    return this.#parent && traceparentOf(this.#parent);
  }

  /** Names this call in a message to another service if it belongs to a trace that is recorded. */
  get recorded(): { readonly requestId: string; readonly traceparent: string } | undefined {
    const [span] = this.#spans;
    return span?.isRecorded ? { requestId: this.id, traceparent: span.traceparent } : undefined;
  }

  /**
   * Whether the call ended more than a few seconds ago. Work that it began and that still goes on no
   * longer belongs to it.
   */
  get isOver(): boolean {
    return this.#endedAtMs !== undefined && performance.now() - this.#endedAtMs > lingerMs;
  }

  /** Ends the call. Its client broke it off if its span has not ended yet. */
  end(): void {
    this.endSpan('cancelled');
    this.#endedAtMs ??= performance.now();
  }
}

const running = new AsyncLocalStorage<CallContext>();

/** Returns the call for which this code runs, or undefined if there is none. */
export function currentCall(): CallContext | undefined {
  const call = running.getStore();
  return call?.isOver === true ? undefined : call;
}

/** Runs `work`, and everything that it starts, for a call. */
export function runInCall<T>(call: CallContext, work: () => T): T {
  return running.run(call, work);
}

/**
 * Runs `work`, and everything that it starts, for no call. Use it to start something that callers
 * share, such as a connection, because it lasts longer than the call in which it starts.
 */
export function outsideCalls<T>(work: () => T): T {
  return running.exit(work);
}

/** Returns a function that runs `work` for the call for which this code runs now. */
export function boundToCall<A extends readonly unknown[]>(work: (...given: A) => void): (...given: A) => void {
  const call = running.getStore();
  return call === undefined ? work : (...given) => running.run(call, () => work(...given));
}
