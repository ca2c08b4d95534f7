import type {
  handleBidiStreamingCall,
  handleServerStreamingCall,
  handleUnaryCall,
  ServerDuplexStream,
  ServerUnaryCall,
  ServerWritableStream,
  ServiceDefinition,
  sendUnaryData,
  UntypedServiceImplementation,
} from '@grpc/grpc-js';
import { isAway } from '@parley/database';
import { type Logger, type Metrics, type Reason, type Refusal, refusalFrom, refuse } from '@parley/runtime';
import { Call } from './call.js';
import { RawStream } from './raw-stream.js';
import type { RawStreams } from './raw-streams.js';
import { statusFromRefusal } from './status.js';

/** A method of a generated service: its path, its kind and its codecs. */
interface Method {
  readonly path: string;
  readonly requestStream: boolean;
  readonly responseStream: boolean;
  readonly requestDeserialize: (bytes: Buffer) => unknown;
  readonly responseSerialize: (value: never) => Buffer;
}

export type Definition = Readonly<Record<string, Method>>;

type Request<M> = M extends { requestDeserialize: (bytes: Buffer) => infer Q } ? Q : never;
type Response<M> = M extends { responseDeserialize: (bytes: Buffer) => infer S } ? S : never;

/** Answers one request. */
export type Answer<Q, S> = (request: Q, call: Call) => Promise<S>;
/** Answers one request with a stream; the caller's pace is kept. */
export type Stream<Q, S> = (request: Q, call: Call) => AsyncIterable<S>;
/** Takes the raw stream and returns when it is set up; it ends on its own. `request` is empty where the client streams. */
export type Take = (stream: RawStream, call: Call, request: Buffer) => Promise<void>;

type HandlerOf<M> = M extends { requestStream: true }
  ? { take: Take }
  : M extends { responseStream: true }
    ? { stream: Stream<Request<M>, Response<M>> } | { take: Take }
    : Answer<Request<M>, Response<M>>;

/** Handlers by method name; what is missing answers `not-implemented`. */
export type Handlers<D extends Definition> = { readonly [K in keyof D]?: HandlerOf<D[K]> };

/** What every handler is wrapped with. */
export interface ServiceContext {
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly rawStreams: RawStreams;
}

type AnyHandler = Answer<unknown, unknown> | { stream: Stream<unknown, unknown> } | { take: Take };

function finish(context: ServiceContext, call: Call, refusal?: Refusal): void {
  const ms = performance.now() - call.startedAt;
  const reason: Reason | 'ok' = refusal?.reason ?? 'ok';
  context.metrics.calls.observe({ rpc: call.rpc, reason }, ms / 1_000);
  const line = { rpc: call.rpc, ...call.facts, reason, ms: Math.round(ms * 10) / 10 };
  if (reason === 'internal') context.log.error({ ...line, err: refusal?.cause }, 'call failed');
  else context.log.info(line, 'call');
}

function asRefusal(thrown: unknown): Refusal {
  return isAway(thrown) ? refuse('database-away', { cause: thrown }) : refusalFrom(thrown);
}

function decode(method: Method, bytes: Buffer): unknown {
  try {
    return method.requestDeserialize(bytes);
  } catch (cause) {
    throw refuse('malformed', { cause });
  }
}

function unary(
  method: Method,
  answer: Answer<unknown, unknown>,
  context: ServiceContext,
): handleUnaryCall<Buffer, Buffer> {
  const respond = async (grpc: ServerUnaryCall<Buffer, Buffer>, call: Call, done: sendUnaryData<Buffer>) => {
    try {
      const value = await answer(decode(method, grpc.request), call);
      const bytes = method.responseSerialize(value as never);
      call.sendHeaders();
      done(null, bytes);
      finish(context, call);
    } catch (thrown) {
      const refusal = asRefusal(thrown);
      done(statusFromRefusal(refusal));
      finish(context, call, refusal);
    }
  };
  return (grpc, done) => {
    grpc.on('error', () => {});
    void respond(grpc, new Call(grpc), done);
  };
}

function drained(grpc: ServerWritableStream<Buffer, Buffer>, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const go = () => {
      grpc.off('drain', go);
      signal.removeEventListener('abort', go);
      resolve();
    };
    grpc.on('drain', go);
    signal.addEventListener('abort', go);
  });
}

function streaming(
  method: Method,
  stream: Stream<unknown, unknown>,
  context: ServiceContext,
): handleServerStreamingCall<Buffer, Buffer> {
  const respond = async (grpc: ServerWritableStream<Buffer, Buffer>, call: Call) => {
    try {
      for await (const value of stream(decode(method, grpc.request), call)) {
        if (call.signal.aborted) throw refuse('cancelled');
        if (!grpc.write(method.responseSerialize(value as never))) await drained(grpc, call.signal);
      }
      grpc.end();
      finish(context, call);
    } catch (thrown) {
      const refusal = asRefusal(thrown);
      grpc.emit('error', statusFromRefusal(refusal));
      finish(context, call, refusal);
    }
  };
  return (grpc) => {
    grpc.on('error', () => {});
    void respond(grpc, new Call(grpc));
  };
}

type TakenCall = ServerDuplexStream<Buffer, Buffer> | ServerWritableStream<Buffer, Buffer>;

function taken(
  take: Take,
  context: ServiceContext,
): handleBidiStreamingCall<Buffer, Buffer> & handleServerStreamingCall<Buffer, Buffer> {
  const hand = async (grpc: TakenCall, call: Call) => {
    const stream = new RawStream(grpc, context.rawStreams.take(grpc.metadata));
    stream.onClose(() => finish(context, call, stream.ending));
    try {
      await take(stream, call, 'request' in grpc ? grpc.request : Buffer.alloc(0));
    } catch (thrown) {
      stream.end(asRefusal(thrown));
    }
  };
  return (grpc: TakenCall) => {
    grpc.on('error', () => {});
    void hand(grpc, new Call(grpc)).catch((err: unknown) => context.log.error({ err }, 'a stream could not be taken'));
  };
}

const notImplemented: Answer<unknown, unknown> = async () => {
  throw refuse('not-implemented');
};

/** biome-ignore lint/correctness/useYield: it only refuses */
async function* notImplementedStream(): AsyncGenerator<never> {
  throw refuse('not-implemented');
}

function wrap(
  method: Method,
  handler: AnyHandler | undefined,
  context: ServiceContext,
): UntypedServiceImplementation[string] {
  if (handler === undefined && (method.requestStream || method.responseStream)) {
    return streaming({ ...method, requestDeserialize: () => undefined }, notImplementedStream, context);
  }
  if (handler === undefined) return unary(method, notImplemented, context);
  if (typeof handler === 'function') return unary(method, handler, context);
  return 'take' in handler ? taken(handler.take, context) : streaming(method, handler.stream, context);
}

const asIs = (bytes: Buffer) => bytes;

/** The definition and the implementation that grpc-js wants: bytes in, bytes out, every error a status with a reason. */
export interface Served {
  readonly definition: ServiceDefinition;
  readonly implementation: UntypedServiceImplementation;
}

/** Wraps the handlers of a service: decoding, async errors, `error` events, one log line and one metric per call. */
export function serve<D extends Definition>(definition: D, handlers: Handlers<D>, context: ServiceContext): Served {
  const names = Object.keys(definition);
  const raw = names.map((name) => [
    name,
    {
      ...definition[name],
      requestDeserialize: asIs,
      requestSerialize: asIs,
      responseSerialize: asIs,
      responseDeserialize: asIs,
    },
  ]);
  const wrapped = names.map((name) => [
    name,
    wrap(definition[name] as Method, handlers[name] as AnyHandler | undefined, context),
  ]);
  return { definition: Object.fromEntries(raw), implementation: Object.fromEntries(wrapped) };
}

/** The paths of the methods that take the raw stream. */
export function takenPaths<D extends Definition>(definition: D, handlers: Handlers<D>): string[] {
  return Object.entries(handlers)
    .filter(([, handler]) => typeof handler === 'object' && handler !== null && 'take' in handler)
    .map(([name]) => (definition[name] as Method).path);
}
