import type { Goodbye, Message } from '@parley/contract';
import { Refusal, refuse } from '@parley/runtime/refusal';
import { Backoff } from './core/backoff.js';
import type { LogPosition } from './core/bookmark.js';
import { pongOf } from './frames.js';
import { isToken } from './token.js';
import type { ConnectStream, Seat, Transport } from './transport.js';
import { type Verdict, verdictOfEnd, worthAnotherListen } from './verdict.js';
import { Watchdog } from './watchdog.js';

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

const welcomeWithinMs = 10_000;
const pingsMissed = 2.5;

const malformedToken = 'The server sent a malformed join token.';

/** Maximum number of failed streams before the first welcome, if `patient` is false. */
const firstTries = 6;

/**
 * Returns the delay that the server asked for. The hint of `unreachable` does not come from the
 * server.
 */
function serverDelayMs({ reason, retryAfterMs }: Refusal): number {
  return reason === 'unreachable' ? 0 : retryAfterMs;
}

/** Keeps one channel connected, over as many seats and streams as needed. */
export class StreamLink {
  readonly #options: LinkOptions;
  readonly #backoff = new Backoff();
  readonly #leaving = new AbortController();
  readonly #watchdog = new Watchdog(() => this.#onSilence());
  #stream: ConnectStream | undefined;
  #goodbye: Goodbye | undefined;
  #wasSilent = false;
  #welcomed = false;
  #failed = 0;
  #lastSeq = 0;
  #wake: () => void = () => {};

  constructor(options: LinkOptions) {
    this.#options = options;
  }

  /**
   * Runs until the end. Resolves with the final refusal, or with undefined after `leave`. Rejects
   * with any error that is not a Refusal.
   */
  async run(): Promise<Refusal | undefined> {
    for (;;) {
      const { refusal, again } = await this.#useSeat();
      if (this.#leaving.signal.aborted) return undefined;
      if (!again) return refusal;
      const inMs = this.#backoff.next(serverDelayMs(refusal));
      this.#options.onWait(refusal, inMs);
      await this.#pause(inMs);
      if (this.#leaving.signal.aborted) return undefined;
    }
  }

  /** Sends a frame on the current stream; without one, the frame is dropped. */
  send(frame: Message): void {
    this.#stream?.send(frame);
  }

  /** Cuts the current stream, or ends the wait for the next one. */
  reconnect(): void {
    this.#stream?.cut();
    this.#wake();
  }

  /** Ends the stream cleanly and does not reconnect. */
  leave(): void {
    this.#leaving.abort();
    this.#stream?.leave();
  }

  /** Takes one seat and uses it until its stream ends. */
  async #useSeat(): Promise<Verdict> {
    const { transport, channelId, token } = this.#options;
    try {
      const seat = await transport.listen(channelId, { token: token(), signal: this.#leaving.signal });
      if (!isToken(seat.token)) return { refusal: refuse('internal', { message: malformedToken }), again: false };
      return await this.#runStream(seat);
    } catch (thrown) {
      if (this.#leaving.signal.aborted) return { refusal: refuse('cancelled'), again: false };
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
    const silence = refuse('unreachable', { message: 'The server stopped sending.' });
    return this.#limitTries(this.#wasSilent ? { refusal: silence, again: true } : verdictOfEnd(this.#goodbye, status));
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
    if (this.#leaving.signal.aborted) return Promise.reject(refuse('cancelled'));
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
    this.#backoff.reset();
    this.#watchdog.expectWithin(pingsMissed * pingEveryMs);
  }

  #onSilence(): void {
    this.#wasSilent = true;
    this.#stream?.cut();
  }

  #pause(ms: number): Promise<void> {
    const { signal } = this.#leaving;
    return new Promise((resolve) => {
      const wake = () => {
        clearTimeout(timer);
        signal.removeEventListener('abort', wake);
        resolve();
      };
      const timer = setTimeout(wake, ms);
      this.#wake = wake;
      signal.addEventListener('abort', wake);
    });
  }
}
