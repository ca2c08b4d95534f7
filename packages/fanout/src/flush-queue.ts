/** Writes what it holds when its turn comes. */
export interface Flushable {
  flush(): void;
}

/**
 * Collects everything that became ready in one turn of the event loop, and flushes each once at its
 * end.
 * @example
 * ```ts
 * import { FlushQueue } from '@parley/fanout';
 *
 * const queue = new FlushQueue(setImmediate, (cause) => console.error(cause));
 * const channel = { flush: () => console.log('written once') };
 * queue.add(channel);
 * queue.add(channel); // still one flush, at the end of this turn
 * ```
 */
export class FlushQueue {
  readonly #ready = new Set<Flushable>();
  readonly #atTurnEnd: (run: () => void) => void;
  readonly #failed: (cause: unknown) => void;

  /** `atTurnEnd` is `setImmediate`, or a function that a test steps by hand. `failed` receives what a flush throws. */
  constructor(atTurnEnd: (run: () => void) => void, failed: (cause: unknown) => void) {
    this.#atTurnEnd = atTurnEnd;
    this.#failed = failed;
  }

  add(one: Flushable): void {
    if (this.#ready.size === 0) this.#atTurnEnd(() => this.#flush());
    this.#ready.add(one);
  }

  #flush(): void {
    const ready = [...this.#ready];
    this.#ready.clear();
    for (const one of ready) {
      try {
        one.flush();
      } catch (cause) {
        this.#failed(cause);
      }
    }
  }
}
