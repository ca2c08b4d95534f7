import type { ConversationEvent } from './events.js';

/** How much an unread queue holds; what is beyond goes, the lossy first, and entries leave a gap behind. */
export const queueLimits = { events: 10_000, bytes: 16_777_216 } as const;

/** What may stay when the lossy is gone, as a share, so that not every event counts anew. */
const roomy = 0.9;

const passing: ReadonlySet<ConversationEvent['type']> = new Set(['presence', 'typing', 'receipt', 'lossy']);

function bytesOf(event: ConversationEvent): number {
  return 'data' in event ? event.data.length : 0;
}

/** What stays of events that are forgotten: the last reset among them, and one gap over all that came after it. */
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

/** Events that wait for their reader, of which there is one. Bounded: see `queueLimits`. */
export class EventQueue {
  #events: ConversationEvent[] = [];
  #head = 0;
  #bytes = 0;
  #wake: () => void = () => {};

  push(event: ConversationEvent): void {
    this.#events.push(event);
    this.#bytes += bytesOf(event);
    if (this.#events.length - this.#head > queueLimits.events || this.#bytes > queueLimits.bytes) this.#shrink();
    this.#wake();
  }

  /** The next one, when there is one. Rejects with the signal's reason. */
  async next(signal?: AbortSignal): Promise<ConversationEvent> {
    for (;;) {
      signal?.throwIfAborted();
      const event = this.#events[this.#head];
      if (event !== undefined) return this.#take(event);
      await this.#filled(signal);
    }
  }

  #take(event: ConversationEvent): ConversationEvent {
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

  /** Forgets what is lossy, and if that is not enough the older half of the rest. */
  #shrink(): void {
    const kept = this.#events.slice(this.#head).filter(({ type }) => !passing.has(type));
    this.#replace(kept);
    const enough = kept.length <= queueLimits.events * roomy && this.#bytes <= queueLimits.bytes * roomy;
    if (enough) return;
    const half = Math.ceil(kept.length / 2);
    this.#replace([...remainsOf(kept.slice(0, half)), ...kept.slice(half)]);
  }

  #replace(events: ConversationEvent[]): void {
    this.#events = events;
    this.#head = 0;
    this.#bytes = events.reduce((sum, event) => sum + bytesOf(event), 0);
  }
}
