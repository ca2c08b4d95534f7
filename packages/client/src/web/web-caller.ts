import { encodeRequest, type Method } from '@parley/contract';
import { isReason, type Refusal, reasonOfCode, refuse } from '@parley/runtime/refusal';
import { GrpcWebClientBase, type Metadata, MethodDescriptor } from 'grpc-web';
import { onAbort } from '../abort.js';
import type { CallOptions } from '../transport.js';

/** Receives the messages of a call, then its end, once. */
export interface CallObserver<S> {
  readonly onMessage: (message: S) => void;
  /** Called with the refusal, or with undefined if the status is OK. */
  readonly onEnd: (refusal: Refusal | undefined) => void;
}

/** Settings of one call. */
export interface WebCallSettings {
  readonly token?: string | undefined;
  /** Deadline in milliseconds. Absent: none. */
  readonly withinMs?: number;
}

const withinMs = 15_000;

/**
 * Reasons for a proxy's own refusals. The proxy refuses with an HTTP status, which grpc-web turns
 * into a gRPC code.
 */
const proxyReasons: ReadonlyMap<number, 'unreachable' | 'invalid-token' | 'not-implemented'> = new Map([
  [2, 'unreachable'],
  [5, 'not-implemented'],
  [7, 'invalid-token'],
  [16, 'invalid-token'],
]);

function refusalFrom(code: number, message: string, { 'chat-reason': reason, ...metadata }: Metadata): Refusal {
  if (!isReason(reason)) return refuse(proxyReasons.get(code) ?? reasonOfCode(code), { cause: message });
  return refuse(reason, {
    ...(message !== '' && { message }),
    retryAfterMs: Number(metadata['chat-retry-after-ms'] ?? 0) || 0,
  });
}

function metadataFor({ token, withinMs }: WebCallSettings): Metadata {
  return {
    ...(token !== undefined && { authorization: `Bearer ${token}` }),
    ...(withinMs !== undefined && { deadline: String(Date.now() + withinMs) }),
  };
}

/** Converts a method to a grpc-web descriptor. */
function descriptorOf<Q, S>(method: Method<Q, S>): MethodDescriptor<Q, S> {
  const { path, responseType, responseStream } = method;
  const write = (message: Q) => encodeRequest(method, message);
  const read = (bytes: Uint8Array) => responseType.decode(bytes);
  const type = responseStream ? 'server_streaming' : 'unary';
  return new MethodDescriptor(path, type, Object as never, Object as never, write, read);
}

/**
 * Makes gRPC-Web calls in text mode, the only mode in which the official client reads a stream
 * incrementally.
 */
export class WebCaller {
  readonly #origin: string;
  readonly #client = new GrpcWebClientBase({ format: 'text' });

  constructor(origin: string) {
    this.#origin = origin;
  }

  /**
   * Starts a call. Returns a function that cancels it; after that, the observer is not called any
   * more.
   */
  open<Q, S>(method: Method<Q, S>, request: Q, settings: WebCallSettings, observer: CallObserver<S>): () => void {
    const url = this.#origin + method.path;
    const stream = this.#client.serverStreaming(url, request, metadataFor(settings), descriptorOf(method));
    let headers: Metadata = {};
    let over = false;
    const end = (refusal: Refusal | undefined) => {
      if (!over) observer.onEnd(refusal);
      over = true;
    };
    stream.on('metadata', (metadata) => {
      headers = metadata;
    });
    stream.on('data', (message) => over || observer.onMessage(message));
    stream.on('error', ({ code, message, metadata }) => end(refusalFrom(code, message, { ...headers, ...metadata })));
    stream.on('status', ({ code }) => code === 0 && end(undefined));
    stream.on('end', () =>
      end(refuse('unreachable', { message: 'The connection broke before the response was complete.' })),
    );
    return () => {
      over = true;
      stream.cancel();
    };
  }

  /** Returns every message of a call. Rejects with a Refusal, or with the signal's reason. */
  async all<Q, S>(method: Method<Q, S>, request: Q, { token, signal }: CallOptions): Promise<S[]> {
    signal?.throwIfAborted();
    const messages: S[] = [];
    let forget = () => {};
    const answered = new Promise<S[]>((resolve, reject) => {
      const onEnd = (refusal: Refusal | undefined) => (refusal === undefined ? resolve(messages) : reject(refusal));
      const observer = { onMessage: (message: S) => void messages.push(message), onEnd };
      const cancel = this.open(method, request, { token, withinMs }, observer);
      forget = onAbort(signal, () => {
        cancel();
        reject(signal?.reason);
      });
    });
    return answered.finally(forget);
  }

  /** Returns the single message of a call. Rejects as `all` does. */
  async one<Q, S>(method: Method<Q, S>, request: Q, options: CallOptions): Promise<S> {
    const [message] = await this.all(method, request, options);
    if (message === undefined) throw refuse('internal', { message: 'The server sent an empty response.' });
    return message;
  }
}
