import { type EntryEvent, Refusal, type User } from '@parley/client';
import type { Names } from '../state/names.js';

type NamedUser = Pick<User, 'id' | 'name'>;

/** Loads the names of senders who are not in the room, each once and one at a time. */
export class NameResolver {
  readonly #fetchUser: (id: string) => Promise<NamedUser>;
  readonly #onName: (user: NamedUser) => void;
  readonly #requested = new Set<string>();
  #last: Promise<void> = Promise.resolve();

  constructor(fetchUser: (id: string) => Promise<NamedUser>, onName: (user: NamedUser) => void) {
    this.#fetchUser = fetchUser;
    this.#onName = onName;
  }

  /** Requests the names of unknown senders. */
  resolve(entries: readonly Pick<EntryEvent, 'sender'>[], names: Names): void {
    for (const { sender } of entries) {
      if (sender === '' || Object.hasOwn(names, sender) || this.#requested.has(sender)) continue;
      this.#requested.add(sender);
      this.#last = this.#last.then(() => this.#load(sender));
    }
  }

  /**
   * Loads one name. A hidden user keeps the id as name; after any other failure, the next entry
   * retries.
   */
  async #load(id: string): Promise<void> {
    try {
      const { name } = await this.#fetchUser(id);
      this.#onName({ id, name });
    } catch (thrown) {
      if (!(thrown instanceof Refusal) || thrown.reason !== 'user-not-found') this.#requested.delete(id);
    }
  }
}
