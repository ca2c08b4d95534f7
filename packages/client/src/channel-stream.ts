import { ChannelCredentials, type ClientDuplexStream, type ServiceError } from '@grpc/grpc-js';
import { ChatServiceClient, type Goodbye, type ListenResponse, Message } from '@parley/contract';
import { bearerMetadata, clientOptions, refusalFromStatus } from '@parley/rpc';
import type { Refusal } from '@parley/runtime';

/** A place in a channel's log. */
export interface Place {
  readonly log: string;
  readonly seq: number;
}

/** How a stream ended: what the server said in band, and the status, if it was an error. */
export interface StreamEnd {
  readonly goodbye: Goodbye | undefined;
  readonly refusal: Refusal | undefined;
}

export interface StreamOptions {
  /** What Listen answered. */
  readonly seat: Pick<ListenResponse, 'server' | 'token'>;
  /** Continue after this place. */
  readonly resume: Place | undefined;
  /** Every frame but pings, which are answered here, and the goodbye, which comes with the end. */
  readonly onFrame: (frame: Message) => void;
  /** Called once. */
  readonly onEnd: (end: StreamEnd) => void;
}

const leaveWithinMs = 2_000;

function credentialsFor(tls: boolean | undefined): ChannelCredentials {
  return tls === true ? ChannelCredentials.createSsl() : ChannelCredentials.createInsecure();
}

/** One Connect stream, from the seat to its end. It never comes back by itself. */
export class ChannelStream {
  readonly #client: ChatServiceClient;
  readonly #call: ClientDuplexStream<Message, Message>;
  readonly #options: StreamOptions;
  #goodbye: Goodbye | undefined;
  #lastSeq = 0;
  #ended = false;

  constructor(options: StreamOptions) {
    const { seat, resume } = options;
    this.#options = options;
    this.#client = new ChatServiceClient(seat.server?.addr ?? '', credentialsFor(seat.server?.tls), clientOptions);
    const metadata = bearerMetadata(seat.token);
    metadata.set('chat-events', '1');
    if (resume !== undefined) metadata.set('chat-resume', `${resume.log}:${resume.seq}`);
    this.#call = this.#client.connect(metadata);
    this.#call.on('data', (frame: Message) => this.#receive(frame));
    this.#call.on('error', (error: ServiceError) => this.#end(refusalFromStatus(error)));
    this.#call.on('end', () => this.#call.end());
    this.#call.on('status', ({ code }) => code === 0 && this.#end(undefined));
  }

  /** Sends a frame; after the end it goes nowhere. */
  send(frame: Message): void {
    if (!this.#ended) this.#call.write(frame);
  }

  /** Says that nothing more comes; the server ends the stream, or it is cut after two seconds. */
  leave(): void {
    this.#call.end();
    setTimeout(() => this.#call.cancel(), leaveWithinMs).unref();
  }

  #receive(frame: Message): void {
    this.#lastSeq = Math.max(this.#lastSeq, frame.seq);
    if (frame.ping !== undefined) {
      this.send(Message.fromPartial({ pong: { sentAt: frame.ping.sentAt, lastSeq: this.#lastSeq } }));
    } else if (frame.goodbye !== undefined) this.#goodbye = frame.goodbye;
    else this.#options.onFrame(frame);
  }

  #end(refusal: Refusal | undefined): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#client.close();
    this.#options.onEnd({ goodbye: this.#goodbye, refusal });
  }
}
