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

/** The present members of one chat, as far as they are loaded. */
export class KnownMembers {
  readonly channelId: number;
  readonly #page: (after: string) => Promise<MembersPage>;
  readonly #users = new Store<readonly User[], readonly User[]>((_, users) => users, []);
  #loadedAtMs = Number.NEGATIVE_INFINITY;

  constructor(channelId: number, page: (after: string) => Promise<MembersPage>) {
    this.channelId = channelId;
    this.#page = page;
  }

  readonly state = () => this.#users.state();
  readonly subscribe = (listener: () => void) => this.#users.subscribe(listener);

  /** Loads all members, unless that happened within the last minute. Shows the first ones at once. @throws {Refusal} */
  async load(): Promise<void> {
    if (performance.now() - this.#loadedAtMs < freshMs) return;
    this.#loadedAtMs = performance.now();
    const isFirst = this.state().length === 0;
    const all: User[] = [];
    try {
      for (let after: string | undefined; after !== ''; ) {
        const { users, next } = await this.#page(after ?? '');
        all.push(...users);
        after = next;
        if (isFirst || next === '') this.#users.dispatch([...all]);
      }
    } catch (thrown) {
      this.#loadedAtMs = Number.NEGATIVE_INFINITY;
      throw thrown;
    }
  }
}
