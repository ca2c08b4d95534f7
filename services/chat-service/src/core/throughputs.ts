import { type MessageRate, MessageRateLimiter } from '@parley/fanout';

/** One rate limiter per user of a channel, shared by all streams of that user. */
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
