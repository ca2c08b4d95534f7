import { refuse } from '@parley/runtime';

/**
 * Semaphore per key, with a bounded queue of waiters.
 * @example
 * ```ts
 * import { KeyedSemaphore } from '@parley/service-kit';
 *
 * const slots = new KeyedSemaphore(1, 100); // one call at a time per user, 100 may wait
 * await slots.run('ann', async () => console.log('only one of these runs for ann'));
 * ```
 */
export class KeyedSemaphore {
  readonly #limit: number;
  readonly #maxWaiting: number;
  readonly #running = new Map<string, number>();
  readonly #queues = new Map<string, (() => void)[]>();

  constructor(limit: number, maxWaiting: number) {
    this.#limit = limit;
    this.#maxWaiting = maxWaiting;
  }

  /**
   * Runs `work` in a slot of `key`, and returns its result.
   * @throws {Refusal} `too-busy` if too many callers wait.
   */
  async run<T>(key: string, work: () => Promise<T>): Promise<T> {
    await this.acquire(key);
    try {
      return await work();
    } finally {
      this.release(key);
    }
  }

  /**
   * Resolves when a slot of `key` is free. Call `release` afterwards.
   * @throws {Refusal} `too-busy` if too many callers wait.
   */
  async acquire(key: string): Promise<void> {
    const running = this.#running.get(key) ?? 0;
    if (running < this.#limit) {
      this.#running.set(key, running + 1);
      return;
    }
    const queue = this.#queues.get(key) ?? [];
    if (queue.length >= this.#maxWaiting) throw refuse('too-busy');
    this.#queues.set(key, queue);
    await new Promise<void>((resolve) => queue.push(resolve));
  }

  /** Passes the slot to the next waiter, or frees it. */
  release(key: string): void {
    const queue = this.#queues.get(key) ?? [];
    const next = queue.shift();
    if (queue.length === 0) this.#queues.delete(key);
    if (next !== undefined) next();
    else this.#end(key);
  }

  #end(key: string): void {
    const left = (this.#running.get(key) ?? 1) - 1;
    if (left > 0) this.#running.set(key, left);
    else this.#running.delete(key);
  }
}
