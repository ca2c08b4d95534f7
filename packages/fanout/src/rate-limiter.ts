/** Longest interval between two messages in slow mode, in milliseconds. */
const longestSlowMs = 21_600_000;
const never = Number.NEGATIVE_INFINITY;

/**
 * A limit in units per second, with a burst of one second's worth. An idle limiter accepts one
 * `take` of any size. It needs no timer.
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

  /**
   * Takes `units` and returns 0, or takes nothing and returns the milliseconds until they would
   * fit.
   */
  take(units: number, nowMs: number): number {
    this.#follow(nowMs);
    const start = Math.max(this.#paidUntilMs, nowMs);
    const until = start + (units * 1_000) / this.#perSecond;
    if (until > nowMs + 1_000 && start > nowMs) return Math.ceil(until - nowMs - 1_000);
    this.#paidUntilMs = until;
    return 0;
  }

  /**
   * Adjusts the limiter to a clock that was set back: subtracts the size of the step from the time
   * up to which units are spent. Otherwise everyone would wait until the clock reached its old time
   * again.
   */
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
 * Limits the messages and bytes of one sender or of one channel.
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

  /**
   * Returns 0 if the message may be sent now, or else the milliseconds to wait. A message that
   * exceeds only the limit of bytes still counts as a message.
   */
  take(bytes: number, nowMs: number): number {
    return this.#messages.take(1, nowMs) || this.#bytes.take(bytes, nowMs);
  }
}

/**
 * One rate limiter per user of a channel, shared by all streams of that user.
 * @example
 * ```ts
 * import { SenderRateLimiters } from '@parley/fanout';
 *
 * const senders = new SenderRateLimiters({ messagesPerSecond: 10, bytesPerSecond: 100_000 });
 * const waitMs = senders.of('ann').take(512, performance.now());
 * ```
 */
export class SenderRateLimiters {
  readonly #rate: MessageRate;
  readonly #of = new Map<string, MessageRateLimiter>();

  constructor(rate: MessageRate) {
    this.#rate = rate;
  }

  of(userId: string): MessageRateLimiter {
    const known = this.#of.get(userId);
    if (known !== undefined) return known;
    const fresh = new MessageRateLimiter(this.#rate);
    this.#of.set(userId, fresh);
    return fresh;
  }

  forget(userId: string): void {
    this.#of.delete(userId);
  }
}

/**
 * Lets at most one value of each user through in an interval. A value that comes too early waits,
 * and replaces any value that was waiting.
 * @example
 * ```ts
 * import { LatestOfUsers } from '@parley/fanout';
 *
 * const latest = new LatestOfUsers<string>(1_000);
 * latest.offer('ann', 'one');
 * latest.take('ann', 0); // 'one'
 * latest.offer('ann', 'two');
 * latest.offer('ann', 'three');
 * latest.take('ann', 500); // undefined
 * latest.take('ann', 1_000); // 'three'
 * ```
 */
export class LatestOfUsers<T> {
  readonly #intervalMs: number;
  readonly #of = new Map<string, { dueAtMs: number; waiting: T | undefined }>();

  constructor(intervalMs: number) {
    this.#intervalMs = intervalMs;
  }

  /** Replaces the waiting value; with undefined, no value waits. */
  offer(userId: string, value: T | undefined): void {
    const known = this.#of.get(userId);
    if (known !== undefined) known.waiting = value;
    else if (value !== undefined) this.#of.set(userId, { dueAtMs: 0, waiting: value });
  }

  /** Removes and returns the waiting value, if it is due. */
  take(userId: string, nowMs: number): T | undefined {
    const known = this.#of.get(userId);
    if (known?.waiting === undefined || nowMs < known.dueAtMs) return undefined;
    const { waiting } = known;
    this.#of.set(userId, { dueAtMs: nowMs + this.#intervalMs, waiting: undefined });
    return waiting;
  }

  forget(userId: string): void {
    this.#of.delete(userId);
  }
}

interface Turn {
  readonly atMs: number;
  readonly of: object | undefined;
  readonly beforeMs: number;
}

/**
 * Time of each user's last message in a channel. Recorded even without slow mode, so that it can be
 * switched on later.
 * @example
 * ```ts
 * import { SlowMode } from '@parley/fanout';
 *
 * const slowMode = new SlowMode();
 * slowMode.take('ann', {}, 30_000, 0); // 0: taken
 * slowMode.take('ann', {}, 30_000, 10_000); // 20000: not before 20 s from now
 * ```
 */
export class SlowMode {
  /** Last message of each user, the oldest first. */
  readonly #turns = new Map<string, Turn>();

  /**
   * Returns 0 if this message may be sent now, or else the milliseconds until the user may send. A
   * second call for the same message returns 0 again.
   */
  take(userId: string, message: object, slowMs: number, nowMs: number): number {
    const last = this.#turns.get(userId);
    const beforeMs = (last?.of === message ? last.beforeMs : last?.atMs) ?? never;
    const waitMs = Math.ceil(beforeMs + slowMs - nowMs);
    if (waitMs > 0) return waitMs;
    this.#set(userId, { atMs: nowMs, of: message, beforeMs });
    this.#forget(nowMs);
    return 0;
  }

  /** Undoes `take` for a message that was not accepted after all. */
  giveBack(userId: string, message: object): void {
    const turn = this.#turns.get(userId);
    if (turn?.of !== message) return;
    this.#turns.set(userId, { atMs: turn.beforeMs, of: undefined, beforeMs: never });
  }

  #set(userId: string, turn: Turn): void {
    this.#turns.delete(userId);
    this.#turns.set(userId, turn);
  }

  #forget(nowMs: number): void {
    for (const [userId, { atMs }] of this.#turns) {
      if (atMs + longestSlowMs > nowMs) return;
      this.#turns.delete(userId);
    }
  }
}
