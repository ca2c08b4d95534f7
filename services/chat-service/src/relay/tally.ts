/** Counts how often each key was added and not removed. */
export class Tally<K> {
  readonly #counts = new Map<K, number>();

  has(key: K): boolean {
    return this.#counts.has(key);
  }

  add(key: K): void {
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1);
  }

  /** Removes a key once. Returns whether that was the last time. */
  remove(key: K): boolean {
    const left = (this.#counts.get(key) ?? 0) - 1;
    if (left > 0) this.#counts.set(key, left);
    else this.#counts.delete(key);
    return left <= 0;
  }
}
