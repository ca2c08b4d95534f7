import type { AppendOutcome, Candidate } from './entry.js';

/** Called once with what became of the entry. */
export type Settle = (outcome: AppendOutcome) => void;

export interface QueuedEntry {
  readonly entry: Candidate;
  readonly bytes: number;
  readonly sinceMs: number;
  readonly done: Settle[];
}

/** What of one channel waits to be written: each sender's in its order, the senders in turn. */
export class TurnQueue {
  readonly #senders = new Map<string, QueuedEntry[]>();
  #size = 0;
  /** All that is not answered yet, what is being written too. */
  bytes = 0;
  /** A batch has some of it, or members are looked at: until that is over the rest waits. */
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

  /** Bytes of what `take` takes. */
  get nextBytes(): number {
    for (const [first] of this.#senders.values()) return first?.bytes ?? 0;
    return 0;
  }

  /** Takes the next one, if there is one; then it is another sender's turn. */
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

  /** What was taken, and not written, is the next again. */
  putBack(taken: readonly QueuedEntry[]): void {
    const rest = [...this.#senders.values()].flat();
    this.#senders.clear();
    this.#size = 0;
    for (const waiting of [...taken, ...rest]) this.push(waiting);
  }
}
