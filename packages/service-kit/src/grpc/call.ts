import type { ServerHttp2Stream } from 'node:http2';
import type { TLSSocket } from 'node:tls';
import { Metadata } from '@grpc/grpc-js';
import { limits, refuse } from '@parley/runtime';
import type { CallEnd } from './call-end.js';

/**
 * Returns the token in the value of an `authorization` header.
 * @throws {Refusal} `unauthenticated` if there is none.
 * @example
 * ```ts
 * import { bearerOf } from '@parley/service-kit';
 *
 * bearerOf('Bearer abc.def'); // 'abc.def'
 * ```
 */
export function bearerOf(authorization = ''): string {
  const token = /^Bearer ([\w.-]+)$/i.exec(authorization)?.[1];
  if (token === undefined) throw refuse('unauthenticated');
  return token;
}

/** The part of grpc-js that a call uses. */
export interface CallTransport {
  getPeer(): string;
  sendMetadata(metadata: Metadata): void;
  /** A private member of grpc-js. `checkTransport` pins the exact version. */
  readonly stream?: ServerHttp2Stream;
}

/**
 * One incoming call: its caller, its metadata and its end.
 * @example
 * ```ts
 * import { Metadata } from '@grpc/grpc-js';
 * import { Call, CallEnd } from '@parley/service-kit';
 *
 * const transport = { getPeer: () => '192.0.2.7:1234', sendMetadata: () => {} };
 * const call = new Call('/chat.v1.UserService/Login', new Metadata(), transport, new CallEnd());
 * call.rpc; // 'chat.v1.UserService/Login'
 * ```
 */
export class Call {
  /** Name of the RPC as it appears in the path: `chat.v1.UserService/Login`. */
  readonly rpc: string;
  /** Monotonic time of the arrival, in milliseconds. */
  readonly startedAtMs = performance.now();
  /** Additional fields for the log line of this call. */
  readonly facts: Record<string, unknown> = {};
  /**
   * Whether a successful call is logged at debug level only. Set for calls that clients and chat
   * servers repeat all the time.
   */
  quiet = false;
  /** Called with the size of each message of the response, before it is sent. */
  onMessage: (bytes: number) => void = () => {};
  readonly #metadata: Metadata;
  readonly #transport: CallTransport;
  readonly #headers = new Metadata();
  readonly #end: CallEnd;
  #headersSent = false;

  constructor(path: string, metadata: Metadata, transport: CallTransport, end: CallEnd) {
    this.rpc = path.slice(1);
    this.#end = end;
    this.#metadata = metadata;
    this.#transport = transport;
  }

  /** Whether the call is over: the caller left, the deadline passed, or the response was sent. */
  get isOver(): boolean {
    return this.#end.isOver;
  }

  /** Aborted when the call is over. */
  get signal(): AbortSignal {
    return this.#end.signal;
  }

  /** Address of the caller without its port. */
  get peer(): string {
    return this.#transport.getPeer().replace(/:\d+$/, '');
  }

  /**
   * Whether the connection of the caller has a certificate of an authority in
   * `PARLEY_TLS_CLIENT_CA`.
   */
  get isCertified(): boolean {
    const session = this.#transport.stream?.session;
    return session?.destroyed === false && (session.socket as Partial<TLSSocket>).authorized === true;
  }

  /**
   * Returns one metadata value, or undefined.
   * @throws {Refusal} `invalid-metadata` if it is repeated or longer than `maxBytes`.
   */
  metadata(key: string, maxBytes: number = limits.metadataValueBytes): string | undefined {
    const values = this.#metadata.get(key);
    const value = values[0]?.toString();
    if (values.length > 1 || Buffer.byteLength(value ?? '') > maxBytes) throw refuse('invalid-metadata');
    return value;
  }

  /**
   * Returns the token of `authorization: Bearer <token>`.
   * @throws {Refusal} `unauthenticated` if there is none, `invalid-metadata` if it is too long.
   */
  bearer(): string {
    return bearerOf(this.metadata('authorization', limits.tokenBytes));
  }

  /** Sets a response header, sent with the first response or by `sendHeaders`. */
  header(key: string, value: string): void {
    this.#headers.set(key, value);
  }

  /**
   * Calls `listener` once, when the caller has received the response or left. If that has already
   * happened, calls it soon.
   */
  onOver(listener: () => void): void {
    this.#end.onOver(listener);
  }

  /** Sends the response headers now. A second call has no effect. */
  sendHeaders(): void {
    if (this.#headersSent) return;
    this.#headersSent = true;
    this.#transport.sendMetadata(this.#headers);
  }
}
