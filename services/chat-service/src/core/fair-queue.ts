import type { AppendOutcome, Candidate } from './entry.js';

/** Called once with the outcome of the entry. */
export type Settle = (outcome: AppendOutcome) => void;

export interface QueuedEntry {
  readonly entry: Candidate;
  readonly bytes: number;
  readonly sinceMs: number;
  readonly done: Settle[];
}

/**
 * Waiting entries of one channel. Each sender's entries keep their order, and senders take turns.
 */
export class TurnQueue {
  readonly #senders = new Map<string, QueuedEntry[]>();
  #size = 0;
  /** Bytes of unsettled entries, including those in flight. */
  bytes = 0;
  /**
   * True while a batch has entries of this channel, or its members are being loaded. The rest
   * waits.
   */
  held = false;

  get size(): number {
    return this.#size;
  }

  push(waiting: QueuedEntry): void {
    const own = this.#senders.get(waiting.entry.senderId);
    if (own === undefined) this.#senders.set(waiting.entry.senderId, [waiting]);
    else own.push(waiting);
    this.#size += 1;
  }

  /** Bytes of the entry that `take` returns next. */
  get nextBytes(): number {
    for (const [first] of this.#senders.values()) return first?.bytes ?? 0;
    return 0;
  }

  /** Removes and returns the next entry, if there is one. Then it is the next sender's turn. */
  take(): QueuedEntry[] {
    for (const [sender, own] of this.#senders) {
      this.#senders.delete(sender);
      const first = own.splice(0, 1);
      if (own.length > 0) this.#senders.set(sender, own);
      this.#size -= 1;
      return first;
    }
    return [];
  }

  /** Puts entries that were not written back at the front. */
  putBack(taken: readonly QueuedEntry[]): void {
    const rest = [...this.#senders.values()].flat();
    this.#senders.clear();
    this.#size = 0;
    for (const waiting of [...taken, ...rest]) this.push(waiting);
  }
}
