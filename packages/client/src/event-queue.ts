import { isTransient } from './events.js';

/** Limits of the unread events. */
export const queueLimits = { events: 10_000, bytes: 16_777_216 } as const;

/**
 * Share of the limits to which the queue shrinks. It is below 1, so that the next event does not
 * shrink the queue again.
 */
const roomy = 0.9;

function bytesOf(event: { readonly data?: Uint8Array }): number {
  return event.data?.length ?? 0;
}

/** Bounded queue of events for a single reader. Beyond its limits, it drops lossy events first. */
export class EventQueue<E extends { readonly type: string; readonly data?: Uint8Array }> {
  readonly #condense: (events: readonly E[]) => E[];
  #events: E[] = [];
  #head = 0;
  #bytes = 0;
  #wake: () => void = () => {};

  /** `condense` returns fewer events that stand for all of the given ones. */
  constructor(condense: (events: readonly E[]) => E[]) {
    this.#condense = condense;
  }

  /** Adds an event and wakes the reader. */
  push(event: E): void {
    this.#events.push(event);
    this.#bytes += bytesOf(event);
    if (!this.#fits(1)) this.#shrink();
    this.#wake();
  }

  /** Resolves with the next event. Rejects with the signal's reason. */
  async next(signal?: AbortSignal): Promise<E> {
    for (;;) {
      signal?.throwIfAborted();
      const event = this.#events[this.#head];
      if (event !== undefined) return this.#dequeue(event);
      await this.#filled(signal);
    }
  }

  #fits(share: number): boolean {
    const count = this.#events.length - this.#head;
    return count <= queueLimits.events * share && this.#bytes <= queueLimits.bytes * share;
  }

  #dequeue(event: E): E {
    this.#head += 1;
    this.#bytes -= bytesOf(event);
    if (this.#head > 1_000 || this.#head === this.#events.length) this.#replace(this.#events.slice(this.#head));
    return event;
  }

  #filled(signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = () => {
        signal?.removeEventListener('abort', this.#wake);
        this.#wake = () => {};
        resolve();
      };
      signal?.addEventListener('abort', this.#wake);
    });
  }

  #shrink(): void {
    this.#replace(this.#events.slice(this.#head).filter((event) => !isTransient(event)));
    if (!this.#fits(roomy)) this.#replace(this.#condense(this.#events));
  }

  #replace(events: E[]): void {
    this.#events = events;
    this.#head = 0;
    this.#bytes = events.reduce((sum, event) => sum + bytesOf(event), 0);
  }
}
