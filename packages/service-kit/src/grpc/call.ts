import { Metadata } from '@grpc/grpc-js';
import { limits, refuse } from '@parley/runtime';

/**
 * The token of an authorization value.
 * @throws {Refusal} `unauthenticated` where there is none.
 */
export function bearerOf(authorization = ''): string {
  const token = /^Bearer ([\w.-]+)$/i.exec(authorization)?.[1];
  if (token === undefined) throw refuse('unauthenticated');
  return token;
}

/** What a call needs of grpc-js. */
export interface CallTransport {
  getPeer(): string;
  sendMetadata(metadata: Metadata): void;
}

/** One call at a door: who sent it, what came with it, and when it was given up. */
export class Call {
  /** As in the path, e.g. `chat.v1.UserService/Login`. */
  readonly rpc: string;
  /** Aborted when the call is over: the caller went away, the deadline passed, or the answer is out. */
  readonly signal: AbortSignal;
  /** Goes into the one log line of this call. */
  readonly facts: Record<string, unknown> = {};
  /** Set for calls that pages and chat servers repeat all the time: those that go well are logged at debug only. */
  quiet = false;
  readonly #metadata: Metadata;
  readonly #transport: CallTransport;
  readonly #headers = new Metadata();
  #headersSent = false;

  constructor(path: string, metadata: Metadata, transport: CallTransport, signal: AbortSignal) {
    this.rpc = path.slice(1);
    this.signal = signal;
    this.#metadata = metadata;
    this.#transport = transport;
  }

  /** The caller's address without its port; what throttles count. */
  get peer(): string {
    return this.#transport.getPeer().replace(/:\d+$/, '');
  }

  /**
   * One metadata value, or undefined.
   * @throws {Refusal} `invalid-metadata` where it is repeated or longer than `maxBytes`.
   */
  metadata(key: string, maxBytes: number = limits.metadataValueBytes): string | undefined {
    const values = this.#metadata.get(key);
    const value = values[0]?.toString();
    if (values.length > 1 || Buffer.byteLength(value ?? '') > maxBytes) throw refuse('invalid-metadata');
    return value;
  }

  /**
   * The token of `authorization: Bearer <token>`.
   * @throws {Refusal} `unauthenticated` where there is none, `invalid-metadata` where it is too long.
   */
  bearer(): string {
    return bearerOf(this.metadata('authorization', limits.tokenBytes));
  }

  /** Sets a response header; it leaves with the first answer or with `sendHeaders`. */
  header(key: string, value: string): void {
    this.#headers.set(key, value);
  }

  /** Called once: when the caller has taken the answer or is gone; soon where that is so already. */
  onOver(listener: () => void): void {
    if (this.signal.aborted) queueMicrotask(listener);
    else this.signal.addEventListener('abort', listener, { once: true });
  }

  /** Sends the response headers now. Only the first time counts. */
  sendHeaders(): void {
    if (this.#headersSent) return;
    this.#headersSent = true;
    this.#transport.sendMetadata(this.#headers);
  }
}
