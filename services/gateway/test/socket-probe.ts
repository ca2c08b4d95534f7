import { once } from 'node:events';
import { InboxCommand, InboxEvent, type Message } from '@parley/contract';
import { WebSocket } from 'ws';

/** Time within which an expected event comes, however busy the machine is. */
const findWithinMs = 60_000;

type Command = Parameters<typeof InboxCommand.fromPartial>[0];

export interface SocketEnding {
  readonly code: number;
  /** Reason of the close frame. */
  readonly reason: string;
  /** Reason of the goodbye, if one came. */
  readonly goodbye: string | undefined;
}

/** A WebSocket that records the events of its inbox. */
export class SocketProbe {
  readonly events: InboxEvent[] = [];
  readonly ws: WebSocket;
  /** How the socket ended. */
  readonly ended: Promise<SocketEnding>;
  readonly #isJson: boolean;
  readonly #waiters: (() => void)[] = [];

  /** `protocols` are the subprotocols to ask for, the dialect first. */
  constructor(url: string, protocols: readonly string[], headers: Readonly<Record<string, string>> = {}) {
    this.#isJson = protocols[0] === 'parley.v1.json';
    this.ws = new WebSocket(`${url.replace(/^http/, 'ws')}`, [...protocols], { headers, perMessageDeflate: false });
    this.ws.on('error', () => {});
    this.ws.on('message', (payload: Buffer, isBinary: boolean) => {
      if (isBinary === this.#isJson) throw new Error('The frame has the wrong opcode.');
      this.events.push(this.#isJson ? InboxEvent.fromJSON(JSON.parse(payload.toString())) : InboxEvent.decode(payload));
      for (const wake of this.#waiters.splice(0)) wake();
    });
    this.ended = new Promise((resolve) =>
      this.ws.once('close', (code, reason) => {
        const { goodbye } = this.events.at(-1) ?? {};
        resolve({ code, reason: reason.toString(), goodbye: goodbye?.reason });
      }),
    );
  }

  /** Opens a socket with the token in its subprotocols. */
  static with(url: string, { token }: { readonly token: string }, dialect = 'parley.v1'): SocketProbe {
    return new SocketProbe(`${url}/connect`, [dialect, `bearer.${token}`]);
  }

  /** Opens an inbox and waits for its first position. */
  static async watch(
    url: string,
    who: { readonly token: string },
    dialect = 'parley.v1',
    watch = {},
  ): Promise<SocketProbe> {
    const probe = SocketProbe.with(url, who, dialect);
    await probe.opened();
    probe.command({ watch });
    await probe.find(({ id }) => id !== '');
    return probe;
  }

  async opened(): Promise<void> {
    await once(this.ws, 'open');
  }

  /** Newest position. */
  get position(): string {
    return this.events.findLast(({ id }) => id !== '')?.id ?? '';
  }

  /** Entries of a chat, in order of arrival. */
  entries(channelId: number): Message[] {
    return this.events.flatMap(({ message }) => (message?.channelId === channelId && message.seq > 0 ? [message] : []));
  }

  command(command: Command): void {
    const whole = InboxCommand.fromPartial(command);
    this.ws.send(this.#isJson ? JSON.stringify(InboxCommand.toJSON(whole)) : InboxCommand.encode(whole).finish());
  }

  /**
   * Returns the first event that matches, received already or later.
   * @throws {Error} when the socket ends, or after a minute
   */
  async find(matches: (event: InboxEvent) => boolean): Promise<InboxEvent> {
    const deadline = Date.now() + findWithinMs;
    for (let checked = 0; ; ) {
      for (; checked < this.events.length; checked++) {
        const event = this.events[checked] as InboxEvent;
        if (matches(event)) return event;
      }
      if (Date.now() > deadline)
        throw new Error(`None of ${this.events.length} events matched: ${JSON.stringify(this.events.slice(-5))}`);
      const ending = await Promise.race([
        new Promise<void>((resolve) => this.#waiters.push(resolve)),
        new Promise<void>((resolve) => setTimeout(resolve, 1_000)),
        this.ended,
      ]);
      if (ending !== undefined && checked === this.events.length)
        throw new Error(`The socket ended with ${JSON.stringify(ending)}: ${JSON.stringify(this.events.slice(-5))}`);
    }
  }

  async cut(): Promise<void> {
    this.ws.terminate();
    await this.ended;
  }
}

/** Returns the status and the text of a refused upgrade. */
export function refusedUpgrade(
  url: string,
  protocols: readonly string[],
  headers: Readonly<Record<string, string>> = {},
): Promise<{ readonly http: number | undefined; readonly reason: unknown; readonly text: string }> {
  const ws = new WebSocket(url.replace(/^http/, 'ws'), [...protocols], { headers });
  return new Promise((resolve, reject) => {
    ws.on('error', () => {});
    ws.on('open', () => reject(new Error('The server accepted the upgrade.')));
    ws.on('unexpected-response', (_request, response) => {
      let text = '';
      response.on('data', (chunk) => {
        text += String(chunk);
      });
      response.on('end', () => {
        resolve({ http: response.statusCode, reason: response.headers['chat-reason'], text });
        ws.terminate();
      });
    });
  });
}
