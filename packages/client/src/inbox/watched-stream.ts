import type { Goodbye, InboxEvent, Message, WatchRequest } from '@parley/contract';
import type { Refusal } from '@parley/runtime/refusal';
import type { InboxConnection, Transport } from '../transport.js';
import { type Verdict, verdictOfEnd, verdictOfSilence } from '../verdict.js';
import { pingsMissed, Watchdog, welcomeWithinMs } from '../watchdog.js';

export interface WatchedStreamOptions {
  readonly open: NonNullable<Transport['watch']>;
  readonly token: string | undefined;
  /** The position to resume from. */
  readonly watch: WatchRequest;
  /** Called with every event except the goodbye. */
  readonly onEvent: (event: InboxEvent, from: WatchedStream) => void;
  /** Called once, at the end. */
  readonly onEnd: (verdict: Verdict, from: WatchedStream) => void;
}

/** One stream of an inbox. It answers pings, and is cut if the server is silent for too long. */
export class WatchedStream {
  readonly token: string | undefined;
  readonly #options: WatchedStreamOptions;
  readonly #watchdog = new Watchdog(() => this.#onSilence());
  readonly #connection: InboxConnection;
  #goodbye: Goodbye | undefined;
  #isWelcome = false;
  #wasSilent = false;

  constructor(options: WatchedStreamOptions) {
    const { open, token, watch } = options;
    this.token = token;
    this.#options = options;
    this.#watchdog.expectWithin(welcomeWithinMs);
    const onEvent = (event: InboxEvent) => this.#receive(event);
    this.#connection = open({ token, watch, onEvent, onEnd: (status) => this.#end(status) });
  }

  /** Whether the server has begun the stream. */
  get isWelcome(): boolean {
    return this.#isWelcome;
  }

  /** Sends a frame. */
  post(frame: Message): void {
    this.#connection.post(frame);
  }

  /**
   * Continues with another token of the same user, if the stream has begun and its transport
   * supports that.
   */
  renew(token: string): void {
    if (this.#isWelcome) this.#connection.renew?.(token);
  }

  /** Ends the stream after everything that was posted. */
  leave(): void {
    this.#connection.leave();
  }

  /** Ends the stream immediately. */
  cut(): void {
    this.#connection.cut();
  }

  #receive(event: InboxEvent): void {
    const { ping, welcome, goodbye } = event;
    this.#watchdog.heard();
    if (ping !== undefined) this.#connection.pong(ping.sentAt);
    if (welcome !== undefined) {
      this.#isWelcome = true;
      this.#watchdog.expectWithin(pingsMissed * welcome.pingEveryMs);
    }
    if (goodbye !== undefined) this.#goodbye = goodbye;
    else this.#options.onEvent(event, this);
  }

  #end(status: Refusal | undefined): void {
    this.#watchdog.stop();
    this.#options.onEnd(this.#wasSilent ? verdictOfSilence() : verdictOfEnd(this.#goodbye, status), this);
  }

  #onSilence(): void {
    this.#wasSilent = true;
    this.#connection.cut();
  }
}
