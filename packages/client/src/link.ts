import type { Goodbye, Message } from '@parley/contract';
import { Refusal, refuse } from '@parley/runtime/refusal';
import type { LogPosition } from './core/bookmark.js';
import { pongOf } from './frames.js';
import { Redial } from './redial.js';
import { isToken } from './token.js';
import type { ConnectStream, Seat, Transport } from './transport.js';
import { type Verdict, verdictOfEnd, verdictOfSilence, worthAnotherListen } from './verdict.js';
import { pingsMissed, Watchdog, welcomeWithinMs } from './watchdog.js';

/** Options of a StreamLink. */
export interface LinkOptions {
  readonly transport: Transport;
  readonly channelId: number;
  /** Returns the current user token. */
  readonly token: () => string | undefined;
  /** Returns the position to resume from. */
  readonly place: () => LogPosition | undefined;
  /** Whether to retry temporary failures even before the first welcome. */
  readonly patient: boolean;
  /** Whether to wait for a free seat while the channel is full. */
  readonly waitWhenFull: boolean;
  /** Called with every frame except pings and the goodbye. */
  readonly onFrame: (frame: Message) => void;
  /** Called when a stream has ended. */
  readonly onLost: () => void;
  /** Called before each wait; the next Listen follows in `inMs`. */
  readonly onWait: (why: Refusal, inMs: number) => void;
}

const malformedToken = 'The server sent a malformed join token.';

/** Maximum number of failed streams before the first welcome, if `patient` is false. */
const firstTries = 6;

/** Keeps one channel connected, over as many seats and streams as needed. */
export class StreamLink {
  readonly #options: LinkOptions;
  readonly #redial: Redial;
  readonly #watchdog = new Watchdog(() => this.#onSilence());
  #stream: ConnectStream | undefined;
  #goodbye: Goodbye | undefined;
  #wasSilent = false;
  #welcomed = false;
  #failed = 0;
  #lastSeq = 0;

  constructor(options: LinkOptions) {
    this.#options = options;
    this.#redial = new Redial(options.onWait);
  }

  /**
   * Runs until the end. Resolves with the final refusal, or with undefined after `leave`. Rejects
   * with any error that is not a Refusal.
   */
  run(): Promise<Refusal | undefined> {
    return this.#redial.run(() => this.#useSeat());
  }

  /** Sends a frame on the current stream; without one, the frame is dropped. */
  send(frame: Message): void {
    this.#stream?.send(frame);
  }

  /** Cuts the current stream, or ends the wait for the next one. */
  reconnect(): void {
    this.#stream?.cut();
    this.#redial.hurry();
  }

  /** Ends the stream cleanly and does not reconnect. */
  leave(): void {
    this.#redial.leave();
    this.#stream?.leave();
  }

  /** Takes one seat and uses it until its stream ends. */
  async #useSeat(): Promise<Verdict> {
    const { transport, channelId, token } = this.#options;
    try {
      const seat = await transport.listen(channelId, { token: token(), signal: this.#redial.signal });
      if (!isToken(seat.token)) return { refusal: refuse('internal', { message: malformedToken }), again: false };
      return await this.#runStream(seat);
    } catch (thrown) {
      if (this.#redial.signal.aborted) return { refusal: refuse('cancelled'), again: false };
      if (thrown instanceof Refusal) return { refusal: thrown, again: this.#mayTryAgain(thrown) };
      throw thrown;
    }
  }

  #mayTryAgain(refusal: Refusal): boolean {
    const { patient, waitWhenFull } = this.#options;
    if (refusal.reason === 'channel-full') return waitWhenFull;
    return (patient || this.#welcomed) && worthAnotherListen(refusal);
  }

  async #runStream(seat: Seat): Promise<Verdict> {
    this.#goodbye = undefined;
    this.#wasSilent = false;
    const status = await this.#connect(seat);
    this.#watchdog.stop();
    this.#stream = undefined;
    this.#options.onLost();
    return this.#limitTries(this.#wasSilent ? verdictOfSilence() : verdictOfEnd(this.#goodbye, status));
  }

  /**
   * Limits the attempts if `patient` is false. The first few Listens may still name a chat server
   * that has just died.
   */
  #limitTries(verdict: Verdict): Verdict {
    this.#failed += 1;
    const enough = !this.#options.patient && !this.#welcomed && this.#failed >= firstTries;
    return enough ? { ...verdict, again: false } : verdict;
  }

  #connect(seat: Seat): Promise<Refusal | undefined> {
    if (this.#redial.signal.aborted) return Promise.reject(refuse('cancelled'));
    const resume = this.#options.place();
    return new Promise((resolve) => {
      this.#watchdog.expectWithin(welcomeWithinMs);
      const onFrame = (frame: Message) => this.#receive(frame);
      this.#stream = this.#options.transport.connect({ seat, resume, onFrame, onEnd: resolve });
    });
  }

  #receive(frame: Message): void {
    this.#watchdog.heard();
    this.#lastSeq = frame.seq || this.#lastSeq;
    if (frame.ping !== undefined) this.#pong(frame.ping.sentAt);
    else if (frame.goodbye !== undefined) this.#goodbye = frame.goodbye;
    else {
      if (frame.welcome !== undefined) this.#welcome(frame.welcome.pingEveryMs);
      this.#options.onFrame(frame);
    }
  }

  #pong(sentAt: number): void {
    this.send(pongOf(sentAt, this.#lastSeq));
  }

  #welcome(pingEveryMs: number): void {
    this.#welcomed = true;
    this.#redial.succeeded();
    this.#watchdog.expectWithin(pingsMissed * pingEveryMs);
  }

  #onSilence(): void {
    this.#wasSilent = true;
    this.#stream?.cut();
  }
}
