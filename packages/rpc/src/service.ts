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
import { type Refusal, refusalFrom, refuse } from '@parley/runtime';
import type { Call } from './call.js';
import type { Calls } from './calls.js';
import type { Exchange } from './exchange.js';
import { asBuffer } from './frame.js';
import { bytesCodec, grpcService } from './method.js';
import { RawStream } from './raw-stream.js';

/** A service of the contract: its methods by name. */
export type Definition = Readonly<Record<string, Method>>;

type Request<M> = M extends { requestType: Codec<infer Q> } ? Q : never;
type Response<M> = M extends { responseType: Codec<infer S> } ? S : never;

/** Answers one request. */
export type Answer<Q, S> = (request: Q, call: Call) => Promise<S>;
/** Answers one request that it decodes itself. */
export type AnswerBytes<S> = (request: Buffer, call: Call) => Promise<S>;
/** Answers one request with a stream; the caller's pace is kept. */
export type Stream<Q, S> = (request: Q, call: Call) => AsyncIterable<S>;
/** Takes the raw stream and returns when it is set up; it ends on its own. `request` is empty where the client streams. */
export type Take = (stream: RawStream, call: Call, request: Buffer) => Promise<void>;

type HandlerOf<M> = M extends { requestStream: true }
  ? { take: Take }
  : M extends { responseStream: true }
    ? { stream: Stream<Request<M>, Response<M>> } | { take: Take }
    : Answer<Request<M>, Response<M>> | { bytes: AnswerBytes<Response<M>> };

/** Handlers by method name; what is missing answers `not-implemented`. */
export type Handlers<D extends Definition> = { readonly [K in keyof D]?: HandlerOf<D[K]> };

type AnyHandler =
  | Answer<unknown, unknown>
  | { bytes: AnswerBytes<unknown> }
  | { stream: Stream<unknown, unknown> }
  | { take: Take };

function asRefusal(thrown: unknown): Refusal {
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

function unary(method: Method, answer: Answer<unknown, unknown>, calls: Calls): handleUnaryCall<Buffer, Buffer> {
  const respond = async (request: Buffer, exchange: Exchange, done: sendUnaryData<Buffer>) => {
    try {
      const value = await answer(decode(method, request), exchange.call);
      const bytes = encode(method, value);
      exchange.call.sendHeaders();
      done(null, bytes);
    } catch (thrown) {
      done(exchange.fail(asRefusal(thrown)));
    }
  };
  return (grpc, done) => void respond(grpc.request, calls.of(grpc.metadata), done);
}

/** Waits until the reader has taken what was written, or the call is over. */
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
  calls: Calls,
): handleServerStreamingCall<Buffer, Buffer> {
  const respond = async (grpc: ServerWritableStream<Buffer, Buffer>, exchange: Exchange) => {
    const { call } = exchange;
    try {
      for await (const value of stream(decode(method, grpc.request), call)) {
        if (call.signal.aborted) break;
        const bytes = encode(method, value);
        call.sendHeaders();
        if (!grpc.write(bytes)) await drained(grpc, call.signal);
        if (call.signal.aborted) break;
      }
      call.sendHeaders();
      grpc.end();
    } catch (thrown) {
      grpc.emit('error', exchange.fail(asRefusal(thrown)));
    }
  };
  return (grpc) => void respond(grpc, calls.of(grpc.metadata));
}

type TakenCall = ServerDuplexStream<Buffer, Buffer> | ServerWritableStream<Buffer, Buffer>;

function taken(
  take: Take,
  calls: Calls,
): handleBidiStreamingCall<Buffer, Buffer> & handleServerStreamingCall<Buffer, Buffer> {
  const hand = async (grpc: TakenCall, exchange: Exchange) => {
    const stream = new RawStream(grpc, exchange);
    try {
      await take(stream, exchange.call, 'request' in grpc ? grpc.request : Buffer.alloc(0));
      exchange.intake?.end();
    } catch (thrown) {
      stream.end(asRefusal(thrown));
    }
  };
  return (grpc: TakenCall) => void hand(grpc, calls.of(grpc.metadata));
}

const notImplemented: Answer<unknown, unknown> = async () => {
  throw refuse('not-implemented');
};

/** biome-ignore lint/correctness/useYield: it only refuses */
async function* notImplementedStream(): AsyncGenerator<never> {
  throw refuse('not-implemented');
}

function wrap(method: Method, handler: AnyHandler | undefined, calls: Calls): UntypedServiceImplementation[string] {
  if (handler === undefined && (method.requestStream || method.responseStream)) {
    return streaming(undecoded(method), notImplementedStream, calls);
  }
  if (handler === undefined) return unary(method, notImplemented, calls);
  if (typeof handler === 'function') return unary(method, handler, calls);
  if ('bytes' in handler) return unary(undecoded(method), handler.bytes as Answer<unknown, unknown>, calls);
  return 'take' in handler ? taken(handler.take, calls) : streaming(method, handler.stream, calls);
}

/** The method with its request as the bytes that came. */
function undecoded(method: Method): Method {
  return { ...method, requestType: bytesCodec };
}

/** The definition and the implementation that grpc-js wants: bytes in, bytes out, every error a status. */
export interface Served {
  readonly definition: ServiceDefinition;
  readonly implementation: UntypedServiceImplementation;
}

/** Wraps the handlers of a service: decoding, serialising, errors as statuses, backpressure. */
export function serve<D extends Definition>(definition: D, handlers: Handlers<D>, calls: Calls): Served {
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
  return { definition: grpcService(raw), implementation: Object.fromEntries(wrapped) };
}
