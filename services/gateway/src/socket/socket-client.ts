import type { InboxCommand } from '@parley/contract';
import { refuse } from '@parley/runtime';
import { asRefusal, type UserCaller } from '@parley/service-kit';
import type { WebSocket } from 'ws';
import type { InboxDevice, InboxSession } from '../inbox/session.js';
import type { SocketDialect } from './dialects.js';
import { SocketPings } from './socket-pings.js';
import type { SocketStream } from './socket-stream.js';

/** Commands that wait while the token is checked. */
const maxWaiting = 100;

/** Options of one WebSocket client and its session. */
export interface SocketClientOptions {
  readonly ws: WebSocket;
  readonly stream: SocketStream;
  readonly dialect: SocketDialect;
  readonly address: string;
  /** Time from the upgrade until the token and `watch` must have arrived, in milliseconds. */
  readonly openWithinMs: number;
  /** Returns the user of a token. */
  readonly authenticate: (token: string, address: string) => Promise<UserCaller>;
  /** Called once when the token is known. */
  readonly onToken: () => void;
  readonly openSession: (device: InboxDevice) => InboxSession;
}

/** A client on a WebSocket: checks its token, opens its session, and passes its commands on. */
export class SocketClient {
  readonly stream: SocketStream;
  readonly #options: SocketClientOptions;
  readonly #pings: SocketPings;
  #timer: NodeJS.Timeout | undefined;
  readonly #waiting: InboxCommand[] = [];
  #isChecking = false;
  #owner: string;
  #session: InboxSession | undefined;

  constructor(options: SocketClientOptions) {
    const { ws, stream, address, openWithinMs } = options;
    this.#options = options;
    this.stream = stream;
    this.#owner = address;
    this.#timer = setTimeout(() => this.#tooLate(), openWithinMs).unref();
    ws.on('message', (payload: Buffer, isBinary: boolean) => this.#receive(payload, isBinary));
    this.#pings = new SocketPings(ws, {
      onSilence: () => stream.cut('idle'),
      onFlood: () => stream.end(refuse('send-too-fast')),
    });
    ws.on('error', () => {}); // `ws` has sent the close frame.
    stream.onClose(() => this.#close());
  }

  /** User to whom the client belongs, or else its address. */
  get owner(): string {
    return this.#owner;
  }

  /** Checks a token, while the commands after it wait. */
  async checkToken(token: string): Promise<void> {
    const { ws, stream, address, authenticate, onToken, openSession } = this.#options;
    this.#isChecking = true;
    ws.pause();
    onToken();
    try {
      const me = await authenticate(token, address);
      this.#owner = me.id;
      this.#isChecking = false;
      if (!stream.ended) this.#session = openSession({ me, token, address, stream });
      for (const command of this.#waiting.splice(0)) this.#take(command);
    } catch (thrown) {
      this.stream.end(asRefusal(thrown));
    }
    ws.resume();
  }

  /** Sends a WebSocket ping every `everyMs`. Cuts the connection if the client sends nothing. */
  ping(nowMs: number, everyMs: number): void {
    if (!this.stream.ended) this.#pings.tick(nowMs, everyMs);
  }

  #receive(payload: Buffer, isBinary: boolean): void {
    this.#pings.note();
    try {
      if (!this.stream.ended) this.#take(this.#options.dialect.decode(payload, isBinary));
    } catch (thrown) {
      this.stream.end(asRefusal(thrown));
    }
  }

  #take(command: InboxCommand): void {
    if (this.#session !== undefined) this.#pass(this.#session, command);
    else if (this.#isChecking) this.#wait(command);
    else if (command.token !== undefined) void this.checkToken(command.token);
    else throw refuse('unauthenticated', { message: 'The first command must be token.' });
  }

  #wait(command: InboxCommand): void {
    if (this.#waiting.length === maxWaiting) throw refuse('send-too-fast');
    this.#waiting.push(command);
  }

  #pass(session: InboxSession, command: InboxCommand): void {
    this.#stopTimer(); // If the first command is not `watch`, it ends the stream.
    session.take(command);
  }

  #tooLate(): void {
    if (this.#isChecking) {
      this.stream.end(refuse('too-busy')); // The server was too slow, not the client.
      return;
    }
    const reason = this.#session === undefined ? 'unauthenticated' : 'idle';
    this.stream.end(
      refuse(reason, {
        message: 'The watch command did not arrive in time. Send the token and watch as soon as the socket is open.',
      }),
    );
  }

  /** Stops the timer, and frees its memory. */
  #stopTimer(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #close(): void {
    this.#stopTimer();
    this.#waiting.length = 0;
  }
}
