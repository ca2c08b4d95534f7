import type {
  handleBidiStreamingCall,
  handleServerStreamingCall,
  handleUnaryCall,
  ServerDuplexStream,
  ServerWritableStream,
  ServiceDefinition,
  sendUnaryData,
  UntypedServiceImplementation,
} from '@grpc/grpc-js';
import type { Codec, Method } from '@parley/contract';
import { isAway, isBusy } from '@parley/database';
import { asBuffer, bytesCodec, grpcService } from '@parley/rpc';
import { type Refusal, refusalFrom, refuse, runInCall } from '@parley/runtime';
import type { Call } from './call.js';
import type { CallTracker } from './call-tracker.js';
import { RawStream } from './raw-stream.js';
import type { ServerCall } from './server-call.js';

/** Service of the contract: its methods by name. */
export type Definition = Readonly<Record<string, Method>>;

type Request<M> = M extends { requestType: Codec<infer Q> } ? Q : never;
type Response<M> = M extends { responseType: Codec<infer S> } ? S : never;

/** Handler of a unary method. */
export type UnaryHandler<Q, S> = (request: Q, call: Call) => Promise<S>;
/**
 * Handler that authenticates the caller before the request is decoded. Decoding a request of a few
 * kilobytes may take milliseconds, and a stranger must not be able to cause that work. `A` is the
 * promise of a unary response, or the messages of a stream.
 */
export interface AuthenticatedHandler<Q, A> {
  readonly authenticate: (call: Call) => Promise<(request: Q) => A>;
}
/** Handler of a unary method that decodes the request itself. */
export type BytesHandler<S> = (request: Buffer, call: Call) => Promise<S>;
/** Handler of a server-streaming method, with backpressure. */
export type StreamHandler<Q, S> = (request: Q, call: Call) => AsyncIterable<S>;
/**
 * Handler that takes over the raw stream. It returns once the stream is set up. `request` is empty
 * if the client streams.
 */
export type TakeHandler = (stream: RawStream, call: Call, request: Buffer) => Promise<void>;

type HandlerOf<M> = M extends { requestStream: true }
  ? { take: TakeHandler }
  : M extends { responseStream: true }
    ?
        | { stream: StreamHandler<Request<M>, Response<M>> }
        | AuthenticatedHandler<Request<M>, AsyncIterable<Response<M>>>
        | { take: TakeHandler }
    :
        | UnaryHandler<Request<M>, Response<M>>
        | AuthenticatedHandler<Request<M>, Promise<Response<M>>>
        | { bytes: BytesHandler<Response<M>> };

/** Handlers by method name. A missing handler refuses with `not-implemented`. */
export type Handlers<D extends Definition> = { readonly [K in keyof D]?: HandlerOf<D[K]> };

type AnyHandler =
  | UnaryHandler<unknown, unknown>
  | AuthenticatedHandler<unknown, unknown>
  | { bytes: BytesHandler<unknown> }
  | { stream: StreamHandler<unknown, unknown> }
  | { take: TakeHandler };

/**
 * Returns the refusal with which a call or stream ends after an error: `database-away` or
 * `too-busy` for an error of the database, the thrown refusal itself, or else `internal`.
 * @example
 * ```ts
 * import { asRefusal } from '@parley/service-kit';
 *
 * asRefusal(new Error('unexpected')).reason; // 'internal'
 * ```
 */
export function asRefusal(thrown: unknown): Refusal {
  if (isAway(thrown)) return refuse('database-away', { cause: thrown });
  return isBusy(thrown) ? refuse('too-busy', { cause: thrown }) : refusalFrom(thrown);
}

function decode({ requestType }: Method, bytes: Buffer): unknown {
  try {
    return requestType.decode(bytes);
  } catch (cause) {
    throw refuse('malformed', { cause });
  }
}

function encode({ responseType }: Method, value: unknown): Buffer {
  return asBuffer(responseType.encode(value).finish());
}

/** Calls that chat servers repeat every second. They have no spans. */
const untraced: ReadonlySet<string> = new Set(['chat.v1.ChannelService/Report', 'ChannelService/Report']);

function beginSpan({ call, context }: ServerCall): void {
  if (!untraced.has(call.rpc)) context.beginSpan(call.rpc);
}

function unary(
  method: Method,
  { authenticate }: AuthenticatedHandler<unknown, Promise<unknown>>,
  calls: CallTracker,
): handleUnaryCall<Buffer, Buffer> {
  const respond = async (request: Buffer, serverCall: ServerCall, done: sendUnaryData<Buffer>) => {
    try {
      const answer = await authenticate(serverCall.call);
      const value = await answer(decode(method, request));
      const bytes = encode(method, value);
      serverCall.call.onMessage(bytes.length);
      serverCall.call.sendHeaders();
      done(null, bytes);
    } catch (thrown) {
      done(serverCall.fail(asRefusal(thrown)));
    }
  };
  return (grpc, done) => {
    const serverCall = calls.of(grpc.metadata);
    beginSpan(serverCall);
    void runInCall(serverCall.context, () => respond(grpc.request, serverCall, done));
  };
}

/** Waits until the client has read everything that was written, or the call is over. */
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
  { authenticate }: AuthenticatedHandler<unknown, AsyncIterable<unknown>>,
  calls: CallTracker,
): handleServerStreamingCall<Buffer, Buffer> {
  const respond = async (grpc: ServerWritableStream<Buffer, Buffer>, serverCall: ServerCall) => {
    const { call } = serverCall;
    try {
      const stream = await authenticate(call);
      for await (const value of stream(decode(method, grpc.request))) {
        if (call.isOver) break;
        const bytes = encode(method, value);
        call.onMessage(bytes.length);
        call.sendHeaders();
        if (!grpc.write(bytes)) await drained(grpc, call.signal);
        if (call.isOver) break;
      }
      call.sendHeaders();
      grpc.end();
    } catch (thrown) {
      grpc.emit('error', serverCall.fail(asRefusal(thrown)));
    }
  };
  return (grpc) => {
    const serverCall = calls.of(grpc.metadata);
    beginSpan(serverCall);
    void runInCall(serverCall.context, () => respond(grpc, serverCall));
  };
}

type TakenCall = ServerDuplexStream<Buffer, Buffer> | ServerWritableStream<Buffer, Buffer>;

function taken(
  take: TakeHandler,
  calls: CallTracker,
): handleBidiStreamingCall<Buffer, Buffer> & handleServerStreamingCall<Buffer, Buffer> {
  const hand = async (grpc: TakenCall, serverCall: ServerCall) => {
    const stream = new RawStream(grpc, serverCall);
    try {
      await take(stream, serverCall.call, 'request' in grpc ? grpc.request : Buffer.alloc(0));
      calls.accept(serverCall);
    } catch (thrown) {
      stream.end(asRefusal(thrown));
    }
  };
  return (grpc: TakenCall) => {
    const serverCall = calls.of(grpc.metadata);
    void runInCall(serverCall.context, () => hand(grpc, serverCall));
  };
}

/** Returns a handler that serves any caller, without authentication. */
function forAnyone<A>(answer: (request: never, call: Call) => A): AuthenticatedHandler<unknown, A> {
  return { authenticate: async (call) => (request) => answer(request as never, call) };
}

const notImplemented: UnaryHandler<unknown, unknown> = async () => {
  throw refuse('not-implemented');
};

/** biome-ignore lint/correctness/useYield: it only throws */
async function* notImplementedStream(): AsyncGenerator<never> {
  throw refuse('not-implemented');
}

function isTaken(handler: AnyHandler | undefined): handler is { readonly take: TakeHandler } {
  return typeof handler === 'object' && 'take' in handler;
}

function wrap(
  method: Method,
  handler: AnyHandler | undefined,
  calls: CallTracker,
): UntypedServiceImplementation[string] {
  if (handler === undefined && (method.requestStream || method.responseStream)) {
    return streaming(undecoded(method), forAnyone(notImplementedStream), calls);
  }
  if (handler === undefined) return unary(undecoded(method), forAnyone(notImplemented), calls);
  if (typeof handler === 'function') return unary(method, forAnyone(handler), calls);
  if ('bytes' in handler) return unary(undecoded(method), forAnyone(handler.bytes), calls);
  if (isTaken(handler)) return taken(handler.take, calls);
  if ('stream' in handler) return streaming(method, forAnyone(handler.stream), calls);
  if (!method.responseStream) return unary(method, handler as AuthenticatedHandler<unknown, Promise<unknown>>, calls);
  return streaming(method, handler as AuthenticatedHandler<unknown, AsyncIterable<unknown>>, calls);
}

/** Returns the method with its request undecoded. */
function undecoded(method: Method): Method {
  return { ...method, requestType: bytesCodec };
}

/**
 * Definition and implementation of a service for grpc-js. Requests and responses are bytes, and
 * every error has a status.
 */
export interface ServedService {
  readonly definition: ServiceDefinition;
  readonly implementation: UntypedServiceImplementation;
  /** Names of the methods whose calls are streams that stay open. */
  readonly streams: ReadonlySet<string>;
}

/** Wraps the handlers of a service with decoding, encoding, error statuses and backpressure. */
export function serve<D extends Definition>(definition: D, handlers: Handlers<D>, calls: CallTracker): ServedService {
  const names = Object.keys(definition);
  const raw = Object.fromEntries(
    Object.entries(definition).map(([name, method]) => [
      name,
      { ...method, requestType: bytesCodec, responseType: bytesCodec },
    ]),
  );
  const wrapped = names.map((name) => [
    name,
    wrap(definition[name] as Method, handlers[name] as AnyHandler | undefined, calls),
  ]);
  const streams = new Set(names.filter((name) => isTaken(handlers[name] as AnyHandler | undefined)));
  return { definition: grpcService(raw), implementation: Object.fromEntries(wrapped), streams };
}
