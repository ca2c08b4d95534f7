import { type Refusal, refuse } from '@parley/runtime';

/** Bounds of `TurnQueue`. */
export interface TurnBounds {
  /** Returns the number of calls that may run at once, at least 1. */
  readonly atOnce: () => number;
  /** Maximum number of calls that wait. */
  readonly mostWaiting: number;
  /** Maximum time from the arrival of a call to its turn, in milliseconds. */
  readonly longestMs: number;
}

/** Registers a function to be called when the caller has left. */
export type OnLeave = (listener: () => void) => void;

interface WaitingCall {
  readonly admit: () => void;
  readonly refuse: (why: Refusal) => void;
  readonly sinceMs: number;
}

/** Time between two calls that end until some are measured, and weight of a new measurement. */
const usualMs = 10;
const weight = 0.05;
/** Limits of the time to retry after, in milliseconds. It varies by a quarter, so that callers return at different times. */
const retry = { leastMs: 1_000, mostMs: 30_000 } as const;

/**
 * Bounded queue of expensive calls, of which only a few run at once. A call that waits for too long
 * is refused, with the time after which the calls that wait now will be over.
 * @example
 * ```ts
 * import { TurnQueue } from '@parley/service-kit';
 *
 * const queue = new TurnQueue({ atOnce: () => 2, mostWaiting: 100, longestMs: 5_000 });
 * await queue.run(() => {}, async () => console.log('at most two of these run at once'));
 * ```
 */
export class TurnQueue {
  readonly #bounds: TurnBounds;
  readonly #waiting = new Set<WaitingCall>();
  #running = 0;
  /** Mean time between two calls that end while others wait. */
  #everyMs = usualMs;
  #endedAtMs = Number.NEGATIVE_INFINITY;

  constructor(bounds: TurnBounds) {
    this.#bounds = bounds;
  }

  /** Number of calls that wait. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /**
   * Runs `work` when it is its turn, and returns its result. `sinceMs` is the monotonic time at
   * which the call arrived. Default: now.
   * @throws {Refusal} as `enter` does, or the error of `work`.
   */
  async run<T>(onLeave: OnLeave, work: () => Promise<T>, sinceMs?: number): Promise<T> {
    const end = await this.enter(onLeave, sinceMs);
    try {
      return await work();
    } finally {
      end();
    }
  }

  /**
   * Waits for the turn of a call. Returns a function that ends it; a second call does nothing.
   * @throws {Refusal} `too-busy` if too many calls wait, or if this one has waited for too long;
   * `cancelled` if the caller leaves meanwhile.
   */
  async enter(onLeave: OnLeave, sinceMs = performance.now()): Promise<() => void> {
    if (this.waiting >= this.#bounds.mostWaiting) throw this.#tooBusy();
    await new Promise<void>((admit, reject) => {
      const call = { admit, refuse: reject, sinceMs };
      this.#waiting.add(call);
      onLeave(() => this.#waiting.delete(call) && reject(refuse('cancelled')));
      this.#admit();
    });
    return this.#turn();
  }

  /** Returns the function that ends a turn. */
  #turn(): () => void {
    let isOver = false;
    return () => {
      if (isOver) return;
      isOver = true;
      this.#running -= 1;
      this.#measure(performance.now());
      this.#admit();
    };
  }

  #measure(nowMs: number): void {
    const isKnown = this.waiting > 0 && this.#endedAtMs > Number.NEGATIVE_INFINITY;
    if (isKnown) this.#everyMs += weight * (nowMs - this.#endedAtMs - this.#everyMs);
    this.#endedAtMs = this.waiting > 0 ? nowMs : Number.NEGATIVE_INFINITY;
  }

  #admit(): void {
    const nowMs = performance.now();
    for (const call of this.#waiting) {
      if (this.#running >= this.#bounds.atOnce()) return;
      this.#waiting.delete(call);
      if (nowMs - call.sinceMs > this.#bounds.longestMs) call.refuse(this.#tooBusy());
      else {
        this.#running += 1;
        call.admit();
      }
    }
  }

  #tooBusy(): Refusal {
    const variedMs = Math.max(retry.leastMs, this.waiting * this.#everyMs) * (0.75 + Math.random() / 2);
    return refuse('too-busy', { retryAfterMs: Math.round(Math.min(retry.mostMs, variedMs)) });
  }
}
