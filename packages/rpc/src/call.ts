import { Metadata } from '@grpc/grpc-js';
import { limits, refuse } from '@parley/runtime';

/** What of a grpc-js call every kind of handler sees. */
export interface GrpcCall {
  readonly metadata: Metadata;
  getPath(): string;
  getPeer(): string;
  sendMetadata(metadata: Metadata): void;
  on(event: 'cancelled', listener: () => void): unknown;
}

/** One call at a door: who sent it, what came with it, and when it was given up. */
export class Call {
  /** As in the path, e.g. `chat.v1.UserService/Login`. */
  readonly rpc: string;
  readonly startedAt = performance.now();
  /** Aborted when the caller goes away. */
  readonly signal: AbortSignal;
  /** Goes into the one log line of this call. */
  readonly facts: Record<string, unknown> = {};
  readonly #call: GrpcCall;
  readonly #headers = new Metadata();

  constructor(call: GrpcCall) {
    const gone = new AbortController();
    call.on('cancelled', () => gone.abort());
    this.#call = call;
    this.rpc = call.getPath().slice(1);
    this.signal = gone.signal;
  }

  /** The caller's address without its port; what throttles count. */
  get peer(): string {
    return this.#call.getPeer().replace(/:\d+$/, '');
  }

  /**
   * One metadata value, or undefined.
   * @throws {Refusal} `invalid-metadata` where it is repeated or longer than `maxBytes`.
   */
  metadata(key: string, maxBytes: number = limits.metadataValueBytes): string | undefined {
    const values = this.#call.metadata.get(key);
    const value = values[0]?.toString();
    if (values.length > 1 || Buffer.byteLength(value ?? '') > maxBytes) throw refuse('invalid-metadata');
    return value;
  }

  /**
   * The token of `authorization: Bearer <token>`.
   * @throws {Refusal} `unauthenticated` where there is none, `invalid-metadata` where it is too long.
   */
  bearer(): string {
    const value = this.metadata('authorization', limits.tokenBytes) ?? '';
    const token = /^Bearer ([\w.-]+)$/i.exec(value)?.[1];
    if (token === undefined) throw refuse('unauthenticated');
    return token;
  }

  /** Sets a response header; it leaves with the first answer or with `sendHeaders`. */
  header(key: string, value: string): void {
    this.#headers.set(key, value);
  }

  /** Sends the response headers now. */
  sendHeaders(): void {
    this.#call.sendMetadata(this.#headers);
  }
}
