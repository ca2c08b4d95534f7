import { Client, type ClientDuplexStream, credentials, type StatusObject } from '@grpc/grpc-js';
import { type Ack, InboxCommand, InboxEvent, InboxService, type Message, WatchRequest } from '@parley/contract';
import { bearerMetadata, startDuplex, streamOptions } from '@parley/rpc';
import { type TestPerson, utf8, WebStream } from '@parley/testkit';

type Watch = NonNullable<Parameters<typeof InboxCommand.fromPartial>[0]>['watch'];

/** An open inbox: one Session stream that records its events. */
export class InboxClient {
  readonly events: InboxEvent[] = [];
  readonly ended: Promise<{ readonly code: number; readonly reason: string | undefined }>;
  readonly #client: Client;
  readonly #call: ClientDuplexStream<InboxCommand, InboxEvent>;
  readonly #waiters: (() => void)[] = [];

  /** `ca` is the certificate to trust; without it, the client uses no TLS. */
  constructor(address: string, person: Pick<TestPerson, 'token'>, watch: Watch = {}, ca?: Buffer) {
    this.#client = new Client(address, ca === undefined ? credentials.createInsecure() : credentials.createSsl(ca), {
      ...streamOptions,
      'grpc.use_local_subchannel_pool': 1,
    });
    this.#call = startDuplex(this.#client, InboxService.session, bearerMetadata(person.token));
    this.#call.on('data', (event: InboxEvent) => {
      this.events.push(event);
      for (const wake of this.#waiters.splice(0)) wake();
    });
    this.#call.on('error', () => {});
    this.ended = new Promise((resolve) =>
      this.#call.on('status', ({ code, metadata }: StatusObject) => {
        this.#client.close();
        resolve({ code, reason: metadata.get('chat-reason')[0]?.toString() });
      }),
    );
    this.#call.write(InboxCommand.fromPartial({ watch }));
  }

  /** Opens an inbox and waits for its first position, which follows all missed events. */
  static async open(
    address: string,
    person: Pick<TestPerson, 'token'>,
    watch: Watch = {},
    ca?: Buffer,
  ): Promise<InboxClient> {
    const inbox = new InboxClient(address, person, watch, ca);
    await inbox.find(({ id }) => id !== '');
    return inbox;
  }

  /** Newest position. */
  get position(): string {
    return this.events.findLast(({ id }) => id !== '')?.id ?? '';
  }

  /** Entries of a chat, in order of arrival. */
  entries(channelId: number): Message[] {
    return this.events.flatMap(({ message }) => (message?.channelId === channelId && message.seq > 0 ? [message] : []));
  }

  seqs(channelId: number): number[] {
    return this.entries(channelId).map(({ seq }) => seq);
  }

  texts(channelId: number): string[] {
    return this.entries(channelId).map(({ data }) => utf8(data));
  }

  command(command: Parameters<typeof InboxCommand.fromPartial>[0]): void {
    this.#call.write(InboxCommand.fromPartial(command));
  }

  /** Posts a message with a new client id, and returns its ack. */
  async post(fields: Parameters<typeof Message.fromPartial>[0]): Promise<Ack> {
    const clientId = fields.clientId ?? crypto.randomUUID();
    this.command({ post: { ...fields, clientId } });
    return this.ackOf(clientId);
  }

  /** Waits for the ack of a client id. */
  async ackOf(clientId: string): Promise<Ack> {
    return (await this.find(({ ack }) => ack?.clientId === clientId)).ack as Ack;
  }

  /**
   * Returns the first event that matches, received already or later.
   * @throws {Error} after a minute
   */
  async find(matches: (event: InboxEvent) => boolean): Promise<InboxEvent> {
    const deadline = Date.now() + Number(process.env.TEST_FIND_MS ?? 60_000);
    for (let checked = 0; ; ) {
      for (; checked < this.events.length; checked++) {
        const event = this.events[checked] as InboxEvent;
        if (matches(event)) return event;
      }
      if (Date.now() > deadline)
        throw new Error(`None of ${this.events.length} events matched: ${JSON.stringify(this.events.slice(-5))}`);
      await Promise.race([
        new Promise<void>((resolve) => this.#waiters.push(resolve)),
        new Promise<void>((resolve) => setTimeout(resolve, 100)),
      ]);
    }
  }

  /** Waits for an entry of a chat. */
  entry(channelId: number, seq: number): Promise<InboxEvent> {
    return this.find(({ message }) => message?.channelId === channelId && message.seq === seq);
  }

  /** Cuts the stream. */
  async cut(): Promise<void> {
    this.#call.cancel();
    await this.ended;
  }
}

/** Opens the inbox of a page: a Watch call over gRPC-Web. */
export function watchInPage(url: string, { token }: Pick<TestPerson, 'token'>, after: string, text: boolean) {
  const body = WatchRequest.encode(WatchRequest.fromPartial({ after })).finish();
  return new WebStream<InboxEvent>(`${url}/chat.v1.InboxService/Watch`, body, { token, text }, (bytes) =>
    InboxEvent.decode(bytes),
  );
}
