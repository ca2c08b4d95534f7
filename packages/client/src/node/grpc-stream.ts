import { type ChannelCredentials, Client, type ClientDuplexStream, type ServiceError } from '@grpc/grpc-js';
import { ChatService, type Message } from '@parley/contract';
import { bearerMetadata, clientOptions, refusalFromStatus, startDuplex } from '@parley/rpc';
import { type Refusal, refuse } from '@parley/runtime';
import type { ConnectOptions, ConnectStream } from '../transport.js';
import { noConnectionOf, noConnectionWords } from './no-connection.js';

const leaveWithinMs = 2_000;

/**
 * Converts the status of a stream. If nothing was received, the refusal names the server and the
 * cause.
 */
function refusalOf(error: ServiceError, addr: string, hasResponse: boolean): Refusal {
  const refusal = refusalFromStatus(error);
  if (hasResponse || refusal.reason !== 'unreachable') return refusal;
  const words = `Chat server ${addr} cannot be reached: ${noConnectionWords[noConnectionOf(error.details)]}.`;
  return refuse('unreachable', { message: words, cause: error });
}

/** One Connect stream on a connection of its own. It does not reconnect. */
export class GrpcStream implements ConnectStream {
  readonly #client: Client;
  readonly #call: ClientDuplexStream<Message, Message>;
  readonly #onEnd: ConnectOptions['onEnd'];
  #ended = false;
  #hasResponse = false;

  constructor({ seat, resume, onFrame, onEnd }: ConnectOptions, credentials: ChannelCredentials) {
    this.#onEnd = onEnd;
    const addr = seat.server?.addr ?? '';
    this.#client = new Client(addr, credentials, clientOptions);
    const metadata = bearerMetadata(seat.token);
    metadata.set('chat-events', '1');
    if (resume !== undefined) metadata.set('chat-resume', `${resume.log}:${resume.seq}`);
    this.#call = startDuplex(this.#client, ChatService.connect, metadata);
    this.#call.on('data', onFrame);
    this.#call.once('metadata', () => {
      this.#hasResponse = true;
    });
    this.#call.on('error', (error: ServiceError) => this.#end(refusalOf(error, addr, this.#hasResponse)));
    this.#call.on('end', () => this.#call.end());
    this.#call.on('status', ({ code }) => code === 0 && this.#end(undefined));
  }

  /** Writes a frame; does nothing after the end of the stream. */
  send(frame: Message): void {
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
