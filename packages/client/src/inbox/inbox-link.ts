import type { Goodbye, InboxEvent, Message, WatchRequest } from '@parley/contract';
import { type Refusal, refuse } from '@parley/runtime/refusal';
import { refusals } from '@parley/runtime/refusals';
import { Redial } from '../redial.js';
import type { InboxConnection, Transport } from '../transport.js';
import { type Verdict, verdictOfEnd } from '../verdict.js';
import { pingsMissed, Watchdog, welcomeWithinMs } from '../watchdog.js';

/** Options of an InboxLink. */
export interface InboxLinkOptions {
  readonly open: NonNullable<Transport['watch']>;
  /** Returns the current user token. */
  readonly token: () => string | undefined;
  /** Returns the position to resume from. */
  readonly watch: () => WatchRequest;
  /** Called with every event. */
  readonly onEvent: (event: InboxEvent) => void;
  /** Called when a stream has ended. */
  readonly onLost: () => void;
  /** Called before each wait; the next attempt follows in `inMs`. */
  readonly onWait: (why: Refusal, inMs: number) => void;
}

function silence(): Verdict {
  return { refusal: refuse('unreachable', { message: 'The server stopped sending.' }), again: true };
}

/** Keeps an inbox connected, over as many streams as needed. */
export class InboxLink {
  readonly #options: InboxLinkOptions;
  readonly #redial: Redial;
  readonly #watchdog = new Watchdog(() => this.#onSilence());
  #connection: InboxConnection | undefined;
  #goodbye: Goodbye | undefined;
  #welcomed = false;
  #wasSilent = false;

  constructor(options: InboxLinkOptions) {
    this.#options = options;
    this.#redial = new Redial(options.onWait);
  }

  /** Runs until the end. Resolves with the final refusal, or with undefined after `leave`. */
  run(): Promise<Refusal | undefined> {
    return this.#redial.run(() => this.#useStream());
  }

  /** Sends a frame on the current stream; without one, the frame is dropped. */
  post(frame: Message): void {
    this.#connection?.post(frame);
  }

  /** Goes on with another token of the same user, on the current stream if that is possible. */
  renew(token: string): void {
    if (this.#welcomed) this.#connection?.renew?.(token);
  }

  /** Cuts the current stream, or ends the wait for the next one. */
  reconnect(): void {
    this.#connection?.cut();
    this.#redial.hurry();
  }

  /** Ends the stream cleanly and does not reconnect. */
  leave(): void {
    this.#redial.leave();
    this.#connection?.leave();
  }

  async #useStream(): Promise<Verdict> {
    this.#goodbye = undefined;
    this.#welcomed = false;
    this.#wasSilent = false;
    const token = this.#options.token();
    const status = await this.#connect(token);
    this.#watchdog.stop();
    this.#connection = undefined;
    this.#options.onLost();
    const { refusal, again } = this.#wasSilent ? silence() : verdictOfEnd(this.#goodbye, status);
    const isRenewed = refusals[refusal.reason].status === 'UNAUTHENTICATED' && this.#options.token() !== token;
    return { refusal, again: again || isRenewed, silently: this.#welcomed && refusal.reason === 'long-stream' };
  }

  #connect(token: string | undefined): Promise<Refusal | undefined> {
    const { open, watch } = this.#options;
    return new Promise((resolve) => {
      this.#watchdog.expectWithin(welcomeWithinMs);
      const onEvent = (event: InboxEvent) => this.#receive(event);
      this.#connection = open({ token, watch: watch(), onEvent, onEnd: resolve });
    });
  }

  #receive(event: InboxEvent): void {
    this.#watchdog.heard();
    if (event.ping !== undefined) this.#connection?.pong(event.ping.sentAt);
    if (event.welcome !== undefined) {
      this.#welcomed = true;
      this.#redial.succeeded();
      this.#watchdog.expectWithin(pingsMissed * event.welcome.pingEveryMs);
    }
    if (event.goodbye !== undefined) this.#goodbye = event.goodbye;
    else this.#options.onEvent(event);
  }

  #onSilence(): void {
    this.#wasSilent = true;
    this.#connection?.cut();
  }
}
