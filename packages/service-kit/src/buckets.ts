/** Rate limit: a burst of `burst` events, then `perSecond` events per second. */
export interface BurstRate {
  readonly burst: number;
  readonly perSecond: number;
}

interface Balance {
  readonly left: number;
  readonly at: number;
}

const monotonic = () => performance.now();

/** Maximum number of keys. Beyond it, the least recently counted key is forgotten. */
const maxBuckets = 100_000;

/**
 * One token bucket. It takes less memory than `Buckets` with a single key.
 * @example
 * ```ts
 * import { Bucket } from '@parley/service-kit';
 *
 * const pings = new Bucket({ burst: 10, perSecond: 1 });
 * const waitMs = pings.take(); // 0: allowed
 * ```
 */
export class Bucket {
  readonly #rate: BurstRate;
  #left: number;
  #atMs = 0;

  constructor(rate: BurstRate) {
    this.#rate = rate;
    this.#left = rate.burst;
  }

  /** Takes a token and returns 0, or takes none and returns the milliseconds until one is free. */
  take(nowMs = performance.now()): number {
    const { burst, perSecond } = this.#rate;
    const left = Math.min(burst, this.#left + ((nowMs - this.#atMs) / 1_000) * perSecond);
    if (left < 1) return Math.ceil(((1 - left) / perSecond) * 1_000);
    this.#left = left - 1;
    this.#atMs = nowMs;
    return 0;
  }
}

/**
 * Token buckets by key, in the memory of this process.
 * @example
 * ```ts
 * import { Buckets } from '@parley/service-kit';
 *
 * const logins = new Buckets<string>();
 * const waitMs = logins.take('192.0.2.7', { burst: 10, perSecond: 1 }); // 0: allowed
 * ```
 */
export class Buckets<K> {
  readonly #buckets = new Map<K, Balance>();
  readonly #now: () => number;

  constructor(now: () => number = monotonic) {
    this.#now = now;
  }

  /** Takes a token and returns 0, or takes none and returns the milliseconds until one is free. */
  take(key: K, rate: BurstRate): number {
    const left = this.left(key, rate);
    if (left < 1) return Math.ceil(((1 - left) / rate.perSecond) * 1_000);
    this.#set(key, left - 1);
    return 0;
  }

  /**
   * Takes an amount, even if the balance becomes negative. Returns the milliseconds until the
   * balance is no longer negative.
   */
  charge(key: K, amount: number, rate: BurstRate): number {
    const left = this.left(key, rate) - amount;
    this.#set(key, left);
    return left >= 0 ? 0 : Math.ceil((-left / rate.perSecond) * 1_000);
  }

  /** Returns the tokens left for a key. */
  left(key: K, { burst, perSecond }: BurstRate): number {
    const before = this.#buckets.get(key);
    if (before === undefined) return burst;
    return Math.min(burst, before.left + ((this.#now() - before.at) / 1_000) * perSecond);
  }

  forget(key: K): void {
    this.#buckets.delete(key);
  }

  #set(key: K, left: number): void {
    this.#buckets.delete(key); // The map stays in the order of the last count.
    this.#buckets.set(key, { left, at: this.#now() });
    const [oldest] = this.#buckets.keys();
    if (this.#buckets.size > maxBuckets && oldest !== undefined) this.#buckets.delete(oldest);
  }
}
