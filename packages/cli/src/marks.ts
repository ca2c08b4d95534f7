import type { EntryEvent } from '@parley/client';

/** How many facts are remembered; older ones are announced anew. */
const mostFacts = 10_000;

/** What is known of deletions, pins and reactions, so that what changes nothing is not announced. */
export class Marks {
  readonly #facts = new Map<string, boolean>();

  /** Whether the entry changes anything, as far as that is known; from now on it has happened. */
  take(entry: EntryEvent): boolean {
    switch (entry.type) {
      case 'message':
        if (entry.deleted) this.#set(`deleted ${entry.seq}`, true);
        for (const { emoji, userIds } of entry.reactions) {
          for (const id of userIds) this.#set(`${id} ${entry.seq} ${emoji}`, true);
        }
        return true;
      case 'delete':
        return this.#set(`deleted ${entry.target}`, true);
      case 'pin':
      case 'unpin':
        return this.#set(`pinned ${entry.target}`, entry.type === 'pin');
      case 'react':
      case 'unreact':
        return this.#set(`${entry.sender} ${entry.target} ${entry.emoji}`, entry.type === 'react');
      default:
        return true;
    }
  }

  /** The log is another one: its numbers are of other messages. */
  clear(): void {
    this.#facts.clear();
  }

  #set(fact: string, holds: boolean): boolean {
    const before = this.#facts.get(fact);
    this.#facts.delete(fact);
    this.#facts.set(fact, holds);
    const [oldest] = this.#facts.keys();
    if (this.#facts.size > mostFacts && oldest !== undefined) this.#facts.delete(oldest);
    return before !== holds;
  }
}
