import type { ConversationEvent } from './events.js';

/**
 * Limits of the unread events. Beyond them, lossy events are dropped first, then the older entries.
 * A gap event stands for the dropped entries.
 */
export const queueLimits = { events: 10_000, bytes: 16_777_216 } as const;

/**
 * Share of the limits to which the queue shrinks. It is below 1, so that the next event does not
 * shrink the queue again.
 */
const roomy = 0.9;

const passing: ReadonlySet<ConversationEvent['type']> = new Set(['presence', 'typing', 'receipt', 'lossy']);

function bytesOf(event: ConversationEvent): number {
  return 'data' in event ? event.data.length : 0;
}

/**
 * Summarises dropped events: the last reset among them, then one gap that covers all entries after
 * it.
 */
function remainsOf(events: readonly ConversationEvent[]): ConversationEvent[] {
  const resetAt = events.findLastIndex(({ type }) => type === 'reset');
  const ranges = events.slice(resetAt + 1).flatMap((event) => {
    if (event.type === 'gap') return [event.from, event.to];
    return 'seq' in event ? [event.seq] : [];
  });
  const reset = resetAt < 0 ? [] : events.slice(resetAt, resetAt + 1);
  const [from, to] = [ranges[0], ranges.at(-1)];
  if (from === undefined || to === undefined) return reset;
  return [...reset, { type: 'gap', from, to, filled: false }];
}

/** Bounded queue of events for a single reader. See `queueLimits`. */
export class EventQueue {
  #events: ConversationEvent[] = [];
  #head = 0;
  #bytes = 0;
  #wake: () => void = () => {};

  /** Adds an event and wakes the reader. */
  push(event: ConversationEvent): void {
    this.#events.push(event);
    this.#bytes += bytesOf(event);
    if (this.#events.length - this.#head > queueLimits.events || this.#bytes > queueLimits.bytes) this.#shrink();
    this.#wake();
  }

  /** Resolves with the next event. Rejects with the signal's reason. */
  async next(signal?: AbortSignal): Promise<ConversationEvent> {
    for (;;) {
      signal?.throwIfAborted();
      const event = this.#events[this.#head];
      if (event !== undefined) return this.#dequeue(event);
      await this.#filled(signal);
    }
  }

  #dequeue(event: ConversationEvent): ConversationEvent {
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

  /** Drops the lossy events, then, if that is not enough, the older half of the rest. */
  #shrink(): void {
    const remaining = this.#events.slice(this.#head).filter(({ type }) => !passing.has(type));
    this.#replace(remaining);
    const enough = remaining.length <= queueLimits.events * roomy && this.#bytes <= queueLimits.bytes * roomy;
    if (enough) return;
    const half = Math.ceil(remaining.length / 2);
    this.#replace([...remainsOf(remaining.slice(0, half)), ...remaining.slice(half)]);
  }

  #replace(events: ConversationEvent[]): void {
    this.#events = events;
    this.#head = 0;
    this.#bytes = events.reduce((sum, event) => sum + bytesOf(event), 0);
  }
}
