import { Refusal, type User } from '@parley/client';
import { type Names, namedTogether } from '../state/names.js';

type NamedUser = Pick<User, 'id' | 'name'>;

/**
 * The users of an entry: its sender, and for a change of membership also the members and the user
 * who made the change.
 */
interface PeopledEntry {
  readonly sender: string;
  readonly userId?: string;
  readonly userIds?: readonly string[];
  readonly by?: string;
}

function idsOf({ sender, userId = '', userIds = [], by = '' }: PeopledEntry): string[] {
  return [sender, userId, ...userIds.slice(0, namedTogether), by];
}

/** Loads the names of users who are not in the room, each once and one at a time. */
export class NameResolver {
  readonly #fetchUser: (id: string) => Promise<NamedUser>;
  readonly #onName: (user: NamedUser) => void;
  readonly #signal: AbortSignal;
  readonly #requested = new Set<string>();
  #last: Promise<void> = Promise.resolve();

  /** After `signal` aborts, no more names are loaded. */
  constructor(fetchUser: (id: string) => Promise<NamedUser>, onName: (user: NamedUser) => void, signal: AbortSignal) {
    this.#fetchUser = fetchUser;
    this.#onName = onName;
    this.#signal = signal;
  }

  /** Requests the names of unknown users in entries. */
  resolve(entries: readonly PeopledEntry[], names: Names): void {
    for (const id of entries.flatMap(idsOf)) {
      if (id === '' || Object.hasOwn(names, id) || this.#requested.has(id)) continue;
      this.#requested.add(id);
      this.#last = this.#last.then(() => this.#load(id));
    }
  }

  /**
   * Loads one name. A hidden user keeps the id as the name. After any other failure, the next entry
   * triggers a retry.
   */
  async #load(id: string): Promise<void> {
    if (this.#signal.aborted) return;
    try {
      const { name } = await this.#fetchUser(id);
      if (!this.#signal.aborted) this.#onName({ id, name });
    } catch (thrown) {
      if (!(thrown instanceof Refusal) || thrown.reason !== 'user-not-found') this.#requested.delete(id);
    }
  }
}
