const firstMs = 300;
const longestMs = 5_000;

/** Waiting times with full jitter: each up to twice the one before, so that many clients do not come back at once. */
export class Backoff {
  readonly #random: () => number;
  #tries = 0;

  constructor(random: () => number = Math.random) {
    this.#random = random;
  }

  /** The next wait in milliseconds, never under what the server asked for. */
  next(atLeastMs = 0): number {
    const bound = Math.min(longestMs, firstMs * 2 ** this.#tries);
    this.#tries = Math.min(this.#tries + 1, 10);
    return Math.round(atLeastMs + this.#random() * bound);
  }

  /** All is well again. */
  reset(): void {
    this.#tries = 0;
  }
}
