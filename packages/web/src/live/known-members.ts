import type { User } from '@parley/client';
import { Store } from '../state/store.js';

/** A page of the members of a chat. */
export interface MembersPage {
  readonly users: readonly User[];
  /** Pass it to get the next page; empty on the last page. */
  readonly next: string;
}

/** Time for which loaded members are used again, in milliseconds. */
const freshMs = 60_000;
/** Maximum number of pages that are loaded. */
const mostPages = 10;

/** The members of a chat that are loaded. */
export interface OfferedMembers {
  readonly users: readonly User[];
  /** Whether the chat has more members, which are not loaded. */
  readonly isPartial: boolean;
}

/** The present members of one chat, as far as they are loaded. */
export class KnownMembers {
  readonly channelId: number;
  readonly #page: (after: string) => Promise<MembersPage>;
  readonly #loaded = new Store<OfferedMembers, OfferedMembers>((_, loaded) => loaded, { users: [], isPartial: false });
  #loadedAtMs = Number.NEGATIVE_INFINITY;

  constructor(channelId: number, page: (after: string) => Promise<MembersPage>) {
    this.channelId = channelId;
    this.#page = page;
  }

  readonly state = () => this.#loaded.state();
  readonly subscribe = (listener: () => void) => this.#loaded.subscribe(listener);

  /**
   * Loads the first pages of members, unless that happened within the last minute. Shows the first
   * ones at once.
   * @throws {Refusal}
   */
  async load(): Promise<void> {
    if (performance.now() - this.#loadedAtMs < freshMs) return;
    this.#loadedAtMs = performance.now();
    const isFirst = this.state().users.length === 0;
    const all: User[] = [];
    try {
      for (let [after, pages] = ['', 1]; ; pages++) {
        const { users, next } = await this.#page(after);
        all.push(...users);
        after = next;
        const isLast = next === '' || pages === mostPages;
        if (isFirst || isLast) this.#loaded.dispatch({ users: [...all], isPartial: isLast && next !== '' });
        if (isLast) return;
      }
    } catch (thrown) {
      this.#loadedAtMs = Number.NEGATIVE_INFINITY;
      throw thrown;
    }
  }
}
