/**
 * Counts how often each key was added and not removed.
 * @example
 * ```ts
 * import { Tally } from '@parley/service-kit';
 *
 * const open = new Tally<string>();
 * open.add('ann');
 * open.add('ann');
 * open.remove('ann'); // false: one is left
 * open.count('ann'); // 1
 * ```
 */
export class Tally<K> {
  readonly #counts = new Map<K, number>();

  /** Number of different keys. */
  get size(): number {
    return this.#counts.size;
  }

  has(key: K): boolean {
    return this.#counts.has(key);
  }

  count(key: K): number {
    return this.#counts.get(key) ?? 0;
  }

  add(key: K): void {
    this.#counts.set(key, this.count(key) + 1);
  }

  /** Removes a key once. Returns whether that was the last time. */
  remove(key: K): boolean {
    const left = this.count(key) - 1;
    if (left > 0) this.#counts.set(key, left);
    else this.#counts.delete(key);
    return left <= 0;
  }
}
