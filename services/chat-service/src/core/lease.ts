/**
 * A moment on both clocks. The monotonic clock stops while the machine is suspended; the wall clock
 * can be set.
 */
export interface LeaseMoment {
  readonly monotonicMs: number;
  readonly wallMs: number;
}

/**
 * The time for which this process may act as the owning server of its channels. It counts from the
 * moment the confirmed request was *sent*, by whichever clock advanced more.
 */
export class Lease {
  readonly #lifeMs: number;
  #confirmed: LeaseMoment | undefined;

  /** `lifeMs` is the lease in the database minus a margin, in milliseconds. */
  constructor(lifeMs: number) {
    this.#lifeMs = lifeMs;
  }

  /** Records that the database granted the lease requested at `sentAt`. */
  confirm(sentAt: LeaseMoment): void {
    this.#confirmed = sentAt;
  }

  /** Gives the lease up. */
  end(): void {
    this.#confirmed = undefined;
  }

  /** Milliseconds since the last confirmed request was sent; infinite before the first. */
  ageMs(now: LeaseMoment): number {
    if (this.#confirmed === undefined) return Number.POSITIVE_INFINITY;
    return Math.max(now.monotonicMs - this.#confirmed.monotonicMs, now.wallMs - this.#confirmed.wallMs);
  }

  /**
   * Returns whether the lease holds. If it does not, this process must not act as an owning server
   * until `confirm` is called again.
   */
  holds(now: LeaseMoment): boolean {
    return this.ageMs(now) < this.#lifeMs;
  }
}
