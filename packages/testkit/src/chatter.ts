import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { Client, type ClientDuplexStream, credentials, type StatusObject } from '@grpc/grpc-js';
import { type Ack, type ListenResponse, Message } from '@parley/contract';
import { bearerMetadata, clientOptions } from '@parley/rpc';

/** Decodes bytes as UTF-8. Returns an empty text without bytes. */
export function utf8(bytes?: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

/** Options of a Chatter. */
export interface ChatterOptions {
  /** Asks for events (`chat-events: 1`). */
  readonly events?: boolean;
  /** Position to resume from, as `<log>:<seq>`. */
  readonly resume?: string;
  /** Calls the service by its name without a package. */
  readonly original?: boolean;
  /** Address to connect to. Default: the address that Listen returns. */
  readonly address?: string;
  /** Connects with TLS and trusts this certificate. */
  readonly ca?: Buffer;
}

/** The end of a stream. */
export interface Ending {
  readonly code: number;
  readonly details: string;
  /** The trailer `chat-reason`. */
  readonly reason: string | undefined;
}

function encode(message: Message | Buffer): Buffer {
  return Buffer.isBuffer(message) ? message : Buffer.from(Message.encode(message).finish());
}

/** A plain gRPC client on one Connect stream. It records every message. */
export class Chatter {
  readonly messages: Message[] = [];
  readonly ended: Promise<Ending>;
  readonly #client: Client;
  readonly #call: ClientDuplexStream<Message | Buffer, Message>;
  #ending: Ending | undefined;
  #waiters: (() => void)[] = [];

  constructor(listened: Pick<ListenResponse, 'token' | 'server'>, options: ChatterOptions = {}) {
    const metadata = bearerMetadata(listened.token);
    if (options.events === true) metadata.set('chat-events', '1');
    if (options.resume !== undefined) metadata.set('chat-resume', options.resume);
    const address = options.address ?? listened.server?.addr ?? '';
    const security = options.ca === undefined ? credentials.createInsecure() : credentials.createSsl(options.ca);
    this.#client = new Client(address, security, {
      ...clientOptions,
      'grpc.use_local_subchannel_pool': 1,
    });
    const path = options.original === true ? '/ChatService/Connect' : '/chat.v1.ChatService/Connect';
    this.#call = this.#client.makeBidiStreamRequest(path, encode, (bytes) => Message.decode(bytes), metadata);
    this.ended = new Promise((resolve) => {
      this.#call.on('status', (status: StatusObject) => {
        this.#client.close();
        const reason = status.metadata.get('chat-reason')[0]?.toString();
        this.#ending = { code: status.code, details: status.details, reason };
        resolve(this.#ending);
        this.#wake();
      });
    });
    this.#call.on('error', () => {});
    this.#call.on('data', (message: Message) => {
      this.messages.push(message);
      this.#wake();
    });
  }

  #wake(): void {
    for (const wake of this.#waiters.splice(0)) wake();
  }

  /** Sends a message. `fields` adds or replaces fields. */
  send(text: string, fields: Partial<Message> = {}): void {
    this.#call.write(Message.fromPartial({ data: Buffer.from(text), ...fields }));
  }

  /**
   * Sends a message with a client id, and returns its ack. Sends it again while the server is
   * `paused`, as clients do.
   */
  async ask(text: string, fields: Partial<Message> = {}): Promise<Ack> {
    const clientId = fields.clientId || randomUUID();
    const from = this.messages.length;
    this.send(text, { ...fields, clientId });
    const { ack } = await this.find(
      (message) => message.ack?.clientId === clientId && this.messages.indexOf(message) >= from,
    );
    if (ack?.refusal?.reason !== 'paused') return ack as Ack;
    await pause(ack.refusal.retryAfterMs);
    return this.ask(text, { ...fields, clientId });
  }

  /** Sends raw bytes as one gRPC message. */
  sendRaw(bytes: Buffer): void {
    this.#call.write(bytes);
  }

  /** Texts of the received entries, in order. */
  get texts(): string[] {
    return this.messages.filter(({ seq }) => seq > 0).map(({ data }) => utf8(data));
  }

  /**
   * Returns the first message that matches, received already or later.
   * @throws {Error} after `withinMs`, or if the stream ends first
   */
  async find(matches: (message: Message) => boolean, withinMs = 60_000): Promise<Message> {
    const deadline = Date.now() + withinMs;
    for (let checked = 0; ; ) {
      for (; checked < this.messages.length; checked++) {
        const message = this.messages[checked] as Message;
        if (matches(message)) return message;
      }
      const missing = `None of the ${this.messages.length} messages matched ${matches}`;
      if (this.#ending !== undefined) throw new Error(`${missing}. The stream ended with ${this.#ending.reason}.`);
      if (Date.now() > deadline) throw new Error(`${missing} within ${withinMs} ms.`);
      await Promise.race([
        new Promise<void>((resolve) => this.#waiters.push(resolve)),
        new Promise<void>((resolve) => setTimeout(resolve, 50)),
      ]);
    }
  }

  /** Half-closes the stream and waits for its end. */
  leave(): Promise<Ending> {
    this.#call.end();
    return this.ended;
  }

  /** Cancels the stream. */
  cancel(): void {
    this.#call.cancel();
  }
}
