import { type EntryEvent, isSaid, type MessageEvent } from '@parley/client';

/** Maximum number of remembered facts. Facts older than these are announced again. */
const maxFacts = 10_000;

/** Remembers deletions, pins and reactions, so that repeated ones are not announced. */
export class Marks {
  readonly #facts = new Map<string, boolean>();

  /**
   * Records an entry. Returns whether the entry changed something, as far as the remembered facts
   * tell.
   */
  record(entry: EntryEvent): boolean {
    if (isSaid(entry)) this.#recordFolded(entry);
    switch (entry.type) {
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

  /**
   * Forgets everything. Call it when the log changes, because the old seqs then mean other
   * messages.
   */
  clear(): void {
    this.#facts.clear();
  }

  #recordFolded({ seq, deleted, reactions }: Pick<MessageEvent, 'seq' | 'deleted' | 'reactions'>): void {
    if (deleted) this.#set(`deleted ${seq}`, true);
    for (const { emoji, userIds } of reactions) {
      for (const id of userIds) this.#set(`${id} ${seq} ${emoji}`, true);
    }
  }

  #set(fact: string, holds: boolean): boolean {
    const before = this.#facts.get(fact);
    this.#facts.delete(fact);
    this.#facts.set(fact, holds);
    const [oldest] = this.#facts.keys();
    if (this.#facts.size > maxFacts && oldest !== undefined) this.#facts.delete(oldest);
    return before !== holds;
  }
}
