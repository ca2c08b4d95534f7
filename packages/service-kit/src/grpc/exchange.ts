import type { ServerHttp2Stream } from 'node:http2';
import {
  type Metadata,
  type ServerInterceptingCallInterface,
  type StatusObject,
  status as statusCodes,
} from '@grpc/grpc-js';
import { reasonOf, statusFromRefusal, type TransportStatus } from '@parley/rpc';
import type { Reason, Refusal } from '@parley/runtime';
import { Call } from './call.js';
import type { RequestBudgetIntake } from './intake.js';

/** The one private name of grpc-js that Parley uses; `checkTransport` holds its exact version. */
interface InnerCall extends ServerInterceptingCallInterface {
  readonly stream?: ServerHttp2Stream;
}

/** What the server knows of one call beyond what its handler sees. */
export class ServerCall {
  readonly path: string;
  readonly call: Call;
  readonly startedAt = performance.now();
  /** What the request holds; absent until it is being read. */
  intake: RequestBudgetIntake | undefined;
  readonly #transport: InnerCall;
  readonly #over = new AbortController();
  #failure: Refusal | undefined;
  #answer: TransportStatus | undefined;
  #answered: () => void = () => {};

  constructor(path: string, metadata: Metadata, transport: ServerInterceptingCallInterface) {
    this.path = path;
    this.call = new Call(path, metadata, transport, this.#over.signal);
    this.#transport = transport;
  }

  /**
   * The HTTP/2 stream under the call.
   * @throws {Error} where grpc-js has none, which `checkTransport` rules out.
   */
  get stream(): ServerHttp2Stream {
    const { stream } = this.#transport;
    if (stream === undefined) throw new Error('this version of @grpc/grpc-js has no inner stream');
    return stream;
  }

  /** True once a status is on its way; nothing may be written behind it. */
  get answered(): boolean {
    return this.#answer !== undefined;
  }

  /** Remembers why the call fails, for the log, and gives the status to send. */
  fail(refusal: Refusal): StatusObject {
    this.#failure ??= refusal;
    return statusFromRefusal(refusal);
  }

  /** Ends the call over its handler's head. */
  end(refusal: Refusal): void {
    this.#transport.sendStatus(this.fail(refusal));
  }

  /** `listener` is called when a status is on its way. */
  onAnswer(listener: () => void): void {
    this.#answered = listener;
  }

  /** Told of each status that leaves, ours or the transport's; the first is the one that counts. */
  answer(status: TransportStatus): void {
    this.#answer ??= status;
    this.#answered();
  }

  /** Told when the call is over. */
  close(): void {
    this.#over.abort();
  }

  /** How the call ended. A call without a status was reset: by us for a reason, or by the client. */
  get reason(): Reason | 'ok' {
    if (this.#answer === undefined) return this.#failure?.reason ?? 'cancelled';
    return this.#answer.code === statusCodes.OK ? 'ok' : reasonOf(this.#answer);
  }

  /** What stands behind the reason; for the log only. */
  get cause(): unknown {
    return this.#failure?.cause;
  }
}
