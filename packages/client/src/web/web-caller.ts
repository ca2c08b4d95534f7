import type { Method } from '@parley/contract';
import { type Refusal, refuse } from '@parley/runtime/refusal';
import { isReason, reasonOfCode } from '@parley/runtime/refusals';
import { GrpcWebClientBase, type Metadata, MethodDescriptor } from 'grpc-web';
import { onAbort } from '../abort.js';
import type { CallOptions } from '../transport.js';

/** What a call is told: each message, then its end, once. */
export interface CallObserver<S> {
  readonly onMessage: (message: S) => void;
  /** With the refusal unless its status was OK. */
  readonly onEnd: (refusal: Refusal | undefined) => void;
}

export interface WebCallSettings {
  readonly token?: string | undefined;
  /** Milliseconds until it is given up; absent: never. */
  readonly withinMs?: number;
}

const withinMs = 15_000;

/** The proxy's own words: it refuses by HTTP status, of which the library makes a code. */
const ofProxy: ReadonlyMap<number, 'unreachable' | 'invalid-token' | 'not-implemented'> = new Map([
  [2, 'unreachable'],
  [5, 'not-implemented'],
  [7, 'invalid-token'],
  [16, 'invalid-token'],
]);

function refusalFrom(code: number, message: string, { 'chat-reason': reason, ...metadata }: Metadata): Refusal {
  if (!isReason(reason)) return refuse(ofProxy.get(code) ?? reasonOfCode(code), { cause: message });
  return refuse(reason, {
    ...(message !== '' && { words: message }),
    retryAfterMs: Number(metadata['chat-retry-after-ms'] ?? 0) || 0,
  });
}

function metadataFor({ token, withinMs }: WebCallSettings): Metadata {
  return {
    ...(token !== undefined && { authorization: `Bearer ${token}` }),
    ...(withinMs !== undefined && { deadline: String(Date.now() + withinMs) }),
  };
}

/** The form in which grpc-web takes a method. */
function descriptorOf<Q, S>({ path, requestType, responseType, responseStream }: Method<Q, S>): MethodDescriptor<Q, S> {
  const write = (message: Q) => requestType.encode(message).finish();
  const read = (bytes: Uint8Array) => responseType.decode(bytes);
  const type = responseStream ? 'server_streaming' : 'unary';
  return new MethodDescriptor(path, type, Object as never, Object as never, write, read);
}

/** Makes gRPC-Web calls in text mode, the only one in which the official client reads a stream as it comes. */
export class WebCaller {
  readonly #origin: string;
  readonly #client = new GrpcWebClientBase({ format: 'text' });

  constructor(origin: string) {
    this.#origin = origin;
  }

  /** Starts a call; what it gives ends it, and says nothing any more. */
  open<Q, S>(method: Method<Q, S>, request: Q, outgoing: WebCallSettings, answering: CallObserver<S>): () => void {
    const url = this.#origin + method.path;
    const stream = this.#client.serverStreaming(url, request, metadataFor(outgoing), descriptorOf(method));
    let headers: Metadata = {};
    let over = false;
    const end = (refusal: Refusal | undefined) => {
      if (!over) answering.onEnd(refusal);
      over = true;
    };
    stream.on('metadata', (metadata) => {
      headers = metadata;
    });
    stream.on('data', (message) => over || answering.onMessage(message));
    stream.on('error', ({ code, message, metadata }) => end(refusalFrom(code, message, { ...headers, ...metadata })));
    stream.on('status', ({ code }) => code === 0 && end(undefined));
    stream.on('end', () => end(refuse('unreachable', { words: 'the answer broke off' })));
    return () => {
      over = true;
      stream.cancel();
    };
  }

  /** All that a call answers. Rejects with a Refusal, or the reason of its signal. */
  async all<Q, S>(method: Method<Q, S>, request: Q, { token, signal }: CallOptions): Promise<S[]> {
    signal?.throwIfAborted();
    const messages: S[] = [];
    let forget = () => {};
    const answered = new Promise<S[]>((resolve, reject) => {
      const onEnd = (refusal: Refusal | undefined) => (refusal === undefined ? resolve(messages) : reject(refusal));
      const answering = { onMessage: (message: S) => void messages.push(message), onEnd };
      const cancel = this.open(method, request, { token, withinMs }, answering);
      forget = onAbort(signal, () => {
        cancel();
        reject(signal?.reason);
      });
    });
    return answered.finally(forget);
  }

  /** The one answer of a call. Rejects like `all`. */
  async one<Q, S>(method: Method<Q, S>, request: Q, options: CallOptions): Promise<S> {
    const [message] = await this.all(method, request, options);
    if (message === undefined) throw refuse('internal', { words: 'the answer was empty' });
    return message;
  }
}
