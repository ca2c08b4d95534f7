import { Client, type ClientDuplexStream, credentials, type StatusObject } from '@grpc/grpc-js';
import { type ListenResponse, Message } from '@parley/contract';
import { bearerMetadata, clientOptions } from '@parley/rpc';

/** Bytes as text; empty where there are none. */
export function utf8(bytes?: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

export interface ChatterOptions {
  /** Asks for events (`chat-events: 1`). */
  readonly events?: boolean;
  /** `<log>:<seq>` */
  readonly resume?: string;
  /** By the seed's package-less name. */
  readonly seed?: boolean;
  /** Dials this instead of the address of the Listen. */
  readonly address?: string;
}

/** How a stream ended. */
export interface Ending {
  readonly code: number;
  readonly details: string;
  /** The trailer `chat-reason`. */
  readonly reason: string | undefined;
}

function encode(message: Message | Buffer): Buffer {
  return Buffer.isBuffer(message) ? message : Buffer.from(Message.encode(message).finish());
}

/** A plain gRPC client on one Connect stream that remembers all it got. */
export class Chatter {
  readonly messages: Message[] = [];
  readonly ended: Promise<Ending>;
  readonly #client: Client;
  readonly #call: ClientDuplexStream<Message | Buffer, Message>;
  #waiting: (() => void)[] = [];

  constructor(listened: Pick<ListenResponse, 'token' | 'server'>, options: ChatterOptions = {}) {
    const metadata = bearerMetadata(listened.token);
    if (options.events === true) metadata.set('chat-events', '1');
    if (options.resume !== undefined) metadata.set('chat-resume', options.resume);
    const address = options.address ?? listened.server?.addr ?? '';
    this.#client = new Client(address, credentials.createInsecure(), {
      ...clientOptions,
      'grpc.use_local_subchannel_pool': 1,
    });
    const path = options.seed === true ? '/ChatService/Connect' : '/chat.v1.ChatService/Connect';
    this.#call = this.#client.makeBidiStreamRequest(path, encode, (bytes) => Message.decode(bytes), metadata);
    this.ended = new Promise((resolve) => {
      this.#call.on('status', (status: StatusObject) => {
        this.#client.close();
        resolve({
          code: status.code,
          details: status.details,
          reason: status.metadata.get('chat-reason')[0]?.toString(),
        });
      });
    });
    this.#call.on('error', () => {});
    this.#call.on('data', (message: Message) => {
      this.messages.push(message);
      for (const wake of this.#waiting.splice(0)) wake();
    });
  }

  /** Sends a message; `fields` replaces or adds. */
  send(text: string, fields: Partial<Message> = {}): void {
    this.#call.write(Message.fromPartial({ data: Buffer.from(text), ...fields }));
  }

  /** Sends bytes as they are, as one gRPC message. */
  sendRaw(bytes: Buffer): void {
    this.#call.write(bytes);
  }

  /** The texts that were said, in the order they came. */
  get texts(): string[] {
    return this.messages.filter(({ seq }) => seq > 0).map(({ data }) => utf8(data));
  }

  /**
   * The first message that fits, already here or still to come.
   * @throws {Error} after `withinMs`.
   */
  async find(fits: (message: Message) => boolean, withinMs = 20_000): Promise<Message> {
    const deadline = Date.now() + withinMs;
    for (let looked = 0; ; ) {
      for (; looked < this.messages.length; looked++) {
        const message = this.messages[looked] as Message;
        if (fits(message)) return message;
      }
      if (Date.now() > deadline) throw new Error(`no such message in ${withinMs} ms; got ${this.messages.length}`);
      await Promise.race([
        new Promise<void>((resolve) => this.#waiting.push(resolve)),
        new Promise<void>((resolve) => setTimeout(resolve, 50)),
      ]);
    }
  }

  /** Says that nothing more will be sent, and waits for the end. */
  leave(): Promise<Ending> {
    this.#call.end();
    return this.ended;
  }

  /** Goes away at once. */
  cancel(): void {
    this.#call.cancel();
  }
}
