import type { Goodbye, Message } from '@parley/contract';
import { Refusal, refuse } from '@parley/runtime/refusal';
import { Backoff } from './core/backoff.js';
import type { LogPosition } from './core/bookmark.js';
import { pongOf } from './frames.js';
import { isToken } from './token.js';
import type { ConnectStream, Seat, Transport } from './transport.js';
import { type Verdict, verdictOfEnd, worthAnotherListen } from './verdict.js';
import { Watchdog } from './watchdog.js';

export interface LinkOptions {
  readonly transport: Transport;
  readonly channelId: number;
  /** The user token of now. */
  readonly token: () => string | undefined;
  /** Where to resume. */
  readonly place: () => LogPosition | undefined;
  /** Waits before the first welcome too, where waiting may help. */
  readonly patient: boolean;
  /** Waits for a seat where there is none. */
  readonly waitWhenFull: boolean;
  /** Every frame but the goodbye. */
  readonly onFrame: (frame: Message) => void;
  /** A stream ended, whatever follows. */
  readonly onLost: () => void;
  /** Another Listen follows in `inMs`. */
  readonly onWait: (why: Refusal, inMs: number) => void;
}

const welcomeWithinMs = 10_000;
const pingsMissed = 2.5;

const badSeat = 'the server gave a join token that cannot be one';

/** Without patience: how many streams in a row may fail before the first welcome. */
const firstTries = 6;

/** How long the server wants to be left alone. That it cannot be reached is not its own word. */
function askedFor({ reason, retryAfterMs }: Refusal): number {
  return reason === 'unreachable' ? 0 : retryAfterMs;
}

/** Being connected to one channel, over as many seats and streams as it takes. */
export class StreamLink {
  readonly #options: LinkOptions;
  readonly #backoff = new Backoff();
  readonly #leaving = new AbortController();
  readonly #watchdog = new Watchdog(() => this.#silence());
  #stream: ConnectStream | undefined;
  #goodbye: Goodbye | undefined;
  #silent = false;
  #welcomed = false;
  #failed = 0;
  #lastSeq = 0;
  #wake: () => void = () => {};

  constructor(options: LinkOptions) {
    this.#options = options;
  }

  /** Resolves when it is over for good: with the reason, or undefined after `leave`. Rejects with what is nobody's refusal. */
  async run(): Promise<Refusal | undefined> {
    for (;;) {
      const { refusal, again } = await this.#sit();
      if (this.#leaving.signal.aborted) return undefined;
      if (!again) return refusal;
      const inMs = this.#backoff.next(askedFor(refusal));
      this.#options.onWait(refusal, inMs);
      await this.#pause(inMs);
      if (this.#leaving.signal.aborted) return undefined;
    }
  }

  /** Where no stream is open, it goes nowhere. */
  send(frame: Message): void {
    this.#stream?.send(frame);
  }

  /** Ends the stream that there is, or the wait for the next. */
  reconnect(): void {
    this.#stream?.cut();
    this.#wake();
  }

  leave(): void {
    this.#leaving.abort();
    this.#stream?.leave();
  }

  /** One seat, from Listen to the end of its stream. */
  async #sit(): Promise<Verdict> {
    const { transport, channelId, token } = this.#options;
    try {
      const seat = await transport.listen(channelId, { token: token(), signal: this.#leaving.signal });
      if (!isToken(seat.token)) return { refusal: refuse('internal', { words: badSeat }), again: false };
      return await this.#stay(seat);
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

  async #stay(seat: Seat): Promise<Verdict> {
    this.#goodbye = undefined;
    this.#silent = false;
    const status = await this.#connect(seat);
    this.#watchdog.stop();
    this.#stream = undefined;
    this.#options.onLost();
    const silence = refuse('unreachable', { words: 'the server fell silent' });
    return this.#firstVerdict(this.#silent ? { refusal: silence, again: true } : verdictOfEnd(this.#goodbye, status));
  }

  /** A chat server that has just died may be named by a Listen or two; one that never answers is not waited for without patience. */
  #firstVerdict(verdict: Verdict): Verdict {
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

  #silence(): void {
    this.#silent = true;
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
