import type { InboxEvent, Message, WatchRequest } from '@parley/contract';
import type { Refusal } from '@parley/runtime/refusal';
import { refusals } from '@parley/runtime/refusals';
import { Redial } from '../redial.js';
import type { Transport } from '../transport.js';
import type { Verdict } from '../verdict.js';
import { HeldEvents } from './held-events.js';
import { WatchedStream } from './watched-stream.js';

/** Options of an InboxLink. */
export interface InboxLinkOptions {
  readonly open: NonNullable<Transport['watch']>;
  /** Returns the current user token. */
  readonly token: () => string | undefined;
  /** Returns the position to resume from. */
  readonly watch: () => WatchRequest;
  /** Called with every event. */
  readonly onEvent: (event: InboxEvent) => void;
  /** Called when another stream is opened to replace the current one. */
  readonly onMove: () => void;
  /** Called when a stream has ended, or another one is about to replace it. */
  readonly onLost: () => void;
  /** Called before each wait; the next attempt follows in `inMs`. */
  readonly onWait: (why: Refusal, inMs: number) => void;
}

/** Shortest wait before another attempt to leave a draining gateway, in milliseconds. */
const moveAgainMs = 250;

/**
 * Keeps an inbox connected, over as many streams as needed. If the gateway drains, opens the next
 * stream before the current one ends.
 */
export class InboxLink {
  readonly #options: InboxLinkOptions;
  readonly #redial: Redial;
  readonly #held = new HeldEvents();
  #stream: WatchedStream | undefined;
  /** The stream that will replace the current one as soon as the server has begun it. */
  #next: WatchedStream | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #finish: (verdict: Verdict) => void = () => {};

  constructor(options: InboxLinkOptions) {
    this.#options = options;
    this.#redial = new Redial(options.onWait);
  }

  /** Runs until the end. Resolves with the final refusal, or with undefined after `leave`. */
  run(): Promise<Refusal | undefined> {
    return this.#redial.run(
      () =>
        new Promise((resolve) => {
          this.#finish = resolve;
          this.#stream = this.#open();
        }),
    );
  }

  /** Sends a frame on the current stream; without one, the frame is dropped. */
  post(frame: Message): void {
    this.#stream?.post(frame);
  }

  /** Continues with another token of the same user, on the current stream if possible. */
  renew(token: string): void {
    this.#stream?.renew(token);
  }

  /** Cuts the current stream, or ends the wait for the next one. */
  reconnect(): void {
    this.#next?.cut();
    this.#stream?.cut();
    this.#redial.hurry();
  }

  /** Ends the stream cleanly and does not reconnect. */
  leave(): void {
    this.#redial.leave();
    clearTimeout(this.#timer);
    this.#next?.cut();
    this.#stream?.leave();
  }

  #open(): WatchedStream {
    const { open, token, watch } = this.#options;
    return new WatchedStream({
      open,
      token: token(),
      watch: watch(),
      onEvent: (event, from) => this.#receive(event, from),
      onEnd: (verdict, from) => this.#end(verdict, from),
    });
  }

  #receive(event: InboxEvent, from: WatchedStream): void {
    if (event.welcome !== undefined) this.#redial.succeeded();
    if (from === this.#next) this.#replace()?.leave();
    if (from !== this.#stream) this.#receiveLate(event);
    else if (event.draining !== undefined) this.#move();
    else if (this.#next === undefined || !this.#held.take(event)) this.#options.onEvent(event);
  }

  /**
   * Handles an event of a stream that was replaced. Only acks matter, because the next stream
   * repeats everything else.
   */
  #receiveLate(event: InboxEvent): void {
    if (event.ack !== undefined) this.#options.onEvent(event);
  }

  #end(verdict: Verdict, from: WatchedStream): void {
    if (from === this.#next) this.#stay(verdict);
    else if (from === this.#stream) {
      clearTimeout(this.#timer);
      if (this.#next !== undefined) this.#replace();
      else this.#lose(verdict, from);
    }
  }

  #lose({ refusal, again }: Verdict, { token, isWelcome }: WatchedStream): void {
    this.#stream = undefined;
    this.#options.onLost();
    const isRenewed = refusals[refusal.reason].status === 'UNAUTHENTICATED' && this.#options.token() !== token;
    this.#finish({ refusal, again: again || isRenewed, silently: isWelcome && refusal.reason === 'long-stream' });
  }

  #move(): void {
    if (this.#next !== undefined || this.#redial.signal.aborted) return;
    this.#next = this.#open();
    this.#options.onMove();
  }

  /** Continues with the next stream. Returns the previous one. */
  #replace(): WatchedStream | undefined {
    const former = this.#stream;
    this.#stream = this.#next;
    this.#next = undefined;
    this.#held.release();
    this.#options.onLost();
    return former;
  }

  /**
   * Continues with the current stream after a failed move, and tries again soon if that may help.
   */
  #stay({ refusal, again }: Verdict): void {
    this.#next = undefined;
    for (const event of this.#held.release()) this.#options.onEvent(event);
    if (again) this.#timer = setTimeout(() => this.#move(), Math.max(refusal.retryAfterMs, moveAgainMs));
  }
}
