/** How often something may happen: so many times at once, then so many times per second. */
export interface BurstRate {
  readonly burst: number;
  readonly perSecond: number;
}

interface Bucket {
  readonly left: number;
  readonly at: number;
}

/** As many keys as are remembered; beyond it, the key that was not counted for longest starts anew. */
const mostBuckets = 100_000;

/** Counts in the memory of this process. */
export class Buckets<K> {
  readonly #buckets = new Map<K, Bucket>();
  readonly #now: () => number;

  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** Counts once and answers 0, or counts nothing and answers the milliseconds until the next one is free. */
  take(key: K, rate: BurstRate): number {
    const left = this.left(key, rate);
    if (left < 1) return Math.ceil(((1 - left) / rate.perSecond) * 1_000);
    this.#keep(key, left - 1);
    return 0;
  }

  left(key: K, { burst, perSecond }: BurstRate): number {
    const before = this.#buckets.get(key);
    if (before === undefined) return burst;
    return Math.min(burst, before.left + ((this.#now() - before.at) / 1_000) * perSecond);
  }

  forget(key: K): void {
    this.#buckets.delete(key);
  }

  #keep(key: K, left: number): void {
    this.#buckets.delete(key); // the order of the map is that of the last counts
    this.#buckets.set(key, { left, at: this.#now() });
    const [oldest] = this.#buckets.keys();
    if (this.#buckets.size > mostBuckets && oldest !== undefined) this.#buckets.delete(oldest);
  }
}
