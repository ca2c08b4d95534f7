const firstMs = 300;
const longestMs = 5_000;

/**
 * Retry delays with full jitter. The upper limit doubles with each attempt, so that clients spread
 * out instead of reconnecting all at once.
 */
export class Backoff {
  readonly #random: () => number;
  #tries = 0;

  constructor(random: () => number = Math.random) {
    this.#random = random;
  }

  /**
   * Returns the next delay in milliseconds: `atLeastMs`, the minimum that the server asked for,
   * plus the jitter.
   */
  next(atLeastMs = 0): number {
    const bound = Math.min(longestMs, firstMs * 2 ** this.#tries);
    this.#tries = Math.min(this.#tries + 1, 10);
    return Math.round(atLeastMs + this.#random() * bound);
  }

  /** Starts again from the shortest bound, after a success. */
  reset(): void {
    this.#tries = 0;
  }
}
