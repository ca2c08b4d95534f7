import type { ServerHttp2Stream } from 'node:http2';
import {
  type Metadata,
  type ServerInterceptingCallInterface,
  type StatusObject,
  status as statusCodes,
} from '@grpc/grpc-js';
import { reasonOf, statusFromRefusal, type TransportStatus } from '@parley/rpc';
import {
  CallContext,
  type MemoryHolding,
  type Reason,
  type Refusal,
  requestIdKey,
  runInCall,
  traceparentKey,
} from '@parley/runtime';
import { Call } from './call.js';
import { CallEnd } from './call-end.js';
import type { RequestIntake } from './request-intake.js';

/** A private member of grpc-js. `checkTransport` pins the exact version. */
interface InnerCall extends ServerInterceptingCallInterface {
  readonly stream?: ServerHttp2Stream;
}

function onlyValue(metadata: Metadata, key: string): unknown {
  const values = metadata.get(key);
  return values.length === 1 ? values[0] : undefined;
}

/** State of one call that the server tracks and its handler does not see. */
export class ServerCall {
  readonly path: string;
  readonly call: Call;
  /** Names the call in logs, and in calls of other services. */
  readonly context: CallContext;
  readonly startedAt = performance.now();
  /** Whether the call is a stream that stays open, so that its duration says nothing about speed. */
  readonly isStream: boolean;
  /** Memory of the request. Undefined until the request is read. */
  intake: RequestIntake | undefined;
  /** Memory of the response. Undefined until the request is read. */
  unread: MemoryHolding | undefined;
  readonly #transport: InnerCall;
  readonly #over = new CallEnd();
  #failure: Refusal | undefined;
  #answer: TransportStatus | undefined;
  #answered: () => void = () => {};

  constructor(
    path: string,
    metadata: Metadata,
    transport: ServerInterceptingCallInterface,
    { isStream }: Pick<ServerCall, 'isStream'>,
  ) {
    this.path = path;
    this.isStream = isStream;
    this.context = new CallContext({
      requestId: onlyValue(metadata, requestIdKey),
      traceparent: onlyValue(metadata, traceparentKey),
    });
    this.call = new Call(path, metadata, transport, this.#over);
    this.#transport = transport;
  }

  /**
   * HTTP/2 stream of the call.
   * @throws {Error} if grpc-js has none, which `checkTransport` rules out.
   */
  get stream(): ServerHttp2Stream {
    const { stream } = this.#transport;
    if (stream === undefined) throw new Error('This version of @grpc/grpc-js has no inner stream.');
    return stream;
  }

  /** Whether a status has been sent. Nothing may be written after that. */
  get answered(): boolean {
    return this.#answer !== undefined;
  }

  /** Records why the call fails, for the log, and returns the status to send. */
  fail(refusal: Refusal): StatusObject {
    this.#failure ??= refusal;
    return statusFromRefusal(refusal);
  }

  /** Ends the call without its handler. */
  end(refusal: Refusal): void {
    this.#transport.sendStatus(this.fail(refusal));
  }

  /** Calls `listener` when a status is sent. */
  onAnswer(listener: () => void): void {
    this.#answered = listener;
  }

  /** Records a status that this server or the transport has sent. Only the first one counts. */
  answer(status: TransportStatus): void {
    this.#answer ??= status;
    this.#answered();
  }

  /** Records that the call is over. */
  close(): void {
    runInCall(this.context, () => this.#over.end());
  }

  /**
   * Outcome of the call. A call without a status was reset: by this server, with a reason, or by
   * the client.
   */
  get reason(): Reason | 'ok' {
    if (this.#answer === undefined) return this.#failure?.reason ?? 'cancelled';
    return this.#answer.code === statusCodes.OK ? 'ok' : reasonOf(this.#answer);
  }

  /** Cause of the failure, for the log only. */
  get cause(): unknown {
    return this.#failure?.cause;
  }
}
