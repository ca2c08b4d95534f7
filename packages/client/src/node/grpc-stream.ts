import type { ChannelCredentials, ClientDuplexStream, ServiceError } from '@grpc/grpc-js';
import { ChatServiceClient, type Message } from '@parley/contract';
import { bearerMetadata, clientOptions } from '@parley/rpc/client';
import { refusalFromStatus } from '@parley/rpc/status';
import type { Refusal } from '@parley/runtime';
import type { ConnectOptions, ConnectStream } from '../transport.js';

const leaveWithinMs = 2_000;

/** One Connect stream over a connection of its own, from the seat to its end. It never comes back by itself. */
export class GrpcStream implements ConnectStream {
  readonly #client: ChatServiceClient;
  readonly #call: ClientDuplexStream<Message, Message>;
  readonly #onEnd: ConnectOptions['onEnd'];
  #ended = false;

  constructor({ seat, resume, onFrame, onEnd }: ConnectOptions, credentials: ChannelCredentials) {
    this.#onEnd = onEnd;
    this.#client = new ChatServiceClient(seat.server?.addr ?? '', credentials, clientOptions);
    const metadata = bearerMetadata(seat.token);
    metadata.set('chat-events', '1');
    if (resume !== undefined) metadata.set('chat-resume', `${resume.log}:${resume.seq}`);
    this.#call = this.#client.connect(metadata);
    this.#call.on('data', onFrame);
    this.#call.on('error', (error: ServiceError) => this.#end(refusalFromStatus(error)));
    this.#call.on('end', () => this.#call.end());
    this.#call.on('status', ({ code }) => code === 0 && this.#end(undefined));
  }

  send(frame: Message): void {
    if (this.#call.writable) this.#call.write(frame);
  }

  /** The server has two seconds to end it. */
  leave(): void {
    this.#call.end();
    setTimeout(() => this.cut(), leaveWithinMs).unref();
  }

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
