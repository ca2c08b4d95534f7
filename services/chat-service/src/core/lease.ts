/** A moment on both clocks: the monotonic one stands still in a suspended machine, the other one can be set. */
export interface LeaseMoment {
  readonly monotonicMs: number;
  readonly wallMs: number;
}

/**
 * How long this process may believe that it owns its channels. Counted from the moment a confirmation was *sent*,
 * by whichever clock went further.
 */
export class Lease {
  readonly #lifeMs: number;
  #confirmed: LeaseMoment | undefined;

  /** `lifeMs` is the lease in the database less a margin. */
  constructor(lifeMs: number) {
    this.#lifeMs = lifeMs;
  }

  /** The database has the lease that was asked for at `sentAt`. */
  confirm(sentAt: LeaseMoment): void {
    this.#confirmed = sentAt;
  }

  /** It was given up. */
  end(): void {
    this.#confirmed = undefined;
  }

  /** Milliseconds since the last confirmation was sent; infinite before the first. */
  ageMs(now: LeaseMoment): number {
    if (this.#confirmed === undefined) return Number.POSITIVE_INFINITY;
    return Math.max(now.monotonicMs - this.#confirmed.monotonicMs, now.wallMs - this.#confirmed.wallMs);
  }

  /** False: say nothing as the owner until it is confirmed again. */
  holds(now: LeaseMoment): boolean {
    return this.ageMs(now) < this.#lifeMs;
  }
}
