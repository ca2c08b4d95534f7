/**
 * A bound in units per second that lets one second's worth through at once. One number, no timer.
 * @example
 * ```ts
 * import { RateLimiter } from '@parley/fanout';
 *
 * const limiter = new RateLimiter(100); // 100 units per second
 * limiter.take(100, 0); // 0: taken
 * limiter.take(50, 0); // 500: does not fit for another 500 ms
 * ```
 */
export class RateLimiter {
  readonly #perSecond: number;
  #paidUntilMs = 0;
  #lastMs = 0;

  constructor(perSecond: number) {
    this.#perSecond = perSecond;
  }

  /** Takes `units` and answers 0, or takes nothing and answers the milliseconds until they would fit. */
  take(units: number, nowMs: number): number {
    this.#follow(nowMs);
    const start = Math.max(this.#paidUntilMs, nowMs);
    const until = start + (units * 1_000) / this.#perSecond;
    if (until > nowMs + 1_000 && start > nowMs) return Math.ceil(until - nowMs - 1_000);
    this.#paidUntilMs = until;
    return 0;
  }

  /** A clock that was set back takes along what is paid: nobody waits until the old time comes again. */
  #follow(nowMs: number): void {
    if (nowMs < this.#lastMs) this.#paidUntilMs -= this.#lastMs - nowMs;
    this.#lastMs = nowMs;
  }
}

export interface MessageRate {
  readonly messagesPerSecond: number;
  readonly bytesPerSecond: number;
}

/**
 * Messages and bytes of one sender or of one channel.
 * @example
 * ```ts
 * import { MessageRateLimiter } from '@parley/fanout';
 *
 * const limiter = new MessageRateLimiter({ messagesPerSecond: 100, bytesPerSecond: 1_000_000 });
 * const waitMs = limiter.take(512, performance.now()); // one message of 512 bytes
 * ```
 */
export class MessageRateLimiter {
  readonly #messages: RateLimiter;
  readonly #bytes: RateLimiter;

  constructor({ messagesPerSecond, bytesPerSecond }: MessageRate) {
    this.#messages = new RateLimiter(messagesPerSecond);
    this.#bytes = new RateLimiter(bytesPerSecond);
  }

  /** 0, or the milliseconds to wait. */
  take(bytes: number, nowMs: number): number {
    return this.#messages.take(1, nowMs) || this.#bytes.take(bytes, nowMs);
  }
}
