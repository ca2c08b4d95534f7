import {
  type ChannelCredentials,
  Client,
  type ClientDuplexStream,
  type Metadata,
  type ServiceError,
} from '@grpc/grpc-js';
import type { Method } from '@parley/contract';
import { refusalFromStatus, startDuplex, streamOptions } from '@parley/rpc';
import { type Refusal, refuse } from '@parley/runtime';
import { noConnectionOf, noConnectionWords } from './no-connection.js';

const leaveWithinMs = 2_000;

/** The server of a stream. */
export interface StreamPeer {
  /** Address, as `host:port`. */
  readonly addr: string;
  /** Kind of the server, for error messages. */
  readonly title: string;
  readonly credentials: ChannelCredentials;
}

/** Receives the frames of a stream, then its end, once. */
interface StreamObserver<Down> {
  readonly onFrame: (frame: Down) => void;
  readonly onEnd: (refusal: Refusal | undefined) => void;
}

/**
 * Converts the status of a stream. If nothing was received, the refusal names the server and the
 * cause.
 */
function refusalOf(error: ServiceError, { title, addr }: StreamPeer, hasResponse: boolean): Refusal {
  const refusal = refusalFromStatus(error);
  if (hasResponse || refusal.reason !== 'unreachable') return refusal;
  const words = `${title} ${addr} cannot be reached: ${noConnectionWords[noConnectionOf(error.details)]}.`;
  return refuse('unreachable', { message: words, cause: error });
}

/**
 * One two-way stream. It does not reconnect. All streams of this process to one server share a
 * connection.
 */
export class GrpcStream<Up, Down> {
  readonly #client: Client;
  readonly #call: ClientDuplexStream<Up, Down>;
  readonly #onEnd: StreamObserver<Down>['onEnd'];
  #ended = false;
  #hasResponse = false;

  constructor(peer: StreamPeer, method: Method<Up, Down>, metadata: Metadata, observer: StreamObserver<Down>) {
    this.#onEnd = observer.onEnd;
    this.#client = new Client(peer.addr, peer.credentials, streamOptions);
    this.#call = startDuplex(this.#client, method, metadata);
    this.#call.on('data', observer.onFrame);
    this.#call.once('metadata', () => {
      this.#hasResponse = true;
    });
    this.#call.on('error', (error: ServiceError) => this.#end(refusalOf(error, peer, this.#hasResponse)));
    this.#call.on('end', () => this.#call.end());
    this.#call.on('status', ({ code }) => code === 0 && this.#end(undefined));
  }

  /** Writes a frame; does nothing after the end of the stream. */
  send(frame: Up): void {
    if (this.#call.writable) this.#call.write(frame);
  }

  /** Half-closes the stream; the server has two seconds to end it. */
  leave(): void {
    this.#call.end();
    setTimeout(() => this.cut(), leaveWithinMs).unref();
  }

  /** Cancels the call. */
  cut(): void {
    this.#call.cancel();
  }

  #end(refusal: Refusal | undefined): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#client.close();
    this.#onEnd(refusal);
  }
}
