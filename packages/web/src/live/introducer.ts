import { type EntryEvent, Refusal, type User } from '@parley/client';
import type { Names } from '../state/names.js';

type Introduced = Pick<User, 'id' | 'name'>;

/** Finds out what those are called who have spoken and are not here: of each once, one after the other. */
export class Introducer {
  readonly #ask: (id: string) => Promise<Introduced>;
  readonly #tell: (user: Introduced) => void;
  readonly #asked = new Set<string>();
  #last: Promise<void> = Promise.resolve();

  constructor(ask: (id: string) => Promise<Introduced>, tell: (user: Introduced) => void) {
    this.#ask = ask;
    this.#tell = tell;
  }

  meet(entries: readonly Pick<EntryEvent, 'sender'>[], names: Names): void {
    for (const { sender } of entries) {
      if (sender === '' || Object.hasOwn(names, sender) || this.#asked.has(sender)) continue;
      this.#asked.add(sender);
      this.#last = this.#last.then(() => this.#introduce(sender));
    }
  }

  /** Who may not be seen goes by the id; where there was no answer, the next entry asks again. */
  async #introduce(id: string): Promise<void> {
    try {
      const { name } = await this.#ask(id);
      this.#tell({ id, name });
    } catch (thrown) {
      if (!(thrown instanceof Refusal) || thrown.reason !== 'user-not-found') this.#asked.delete(id);
    }
  }
}
