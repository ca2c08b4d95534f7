import type { Presence, User, Welcome } from '@parley/contract';

/** The users who are in the channel now. A server names only some of them in a large channel. */
export class Attendance {
  readonly #users = new Map<string, User>();
  #count = 0;

  /** The named users. */
  get users(): readonly User[] {
    return [...this.#users.values()];
  }

  /** Number of users in the channel. In a large channel it exceeds the length of `users`. */
  get count(): number {
    return this.#count;
  }

  /** Replaces the list with the list in a welcome. */
  enter({ channel, here }: Welcome): void {
    this.#users.clear();
    for (const user of channel?.users ?? []) this.#users.set(user.id, user);
    this.#count = Math.max(here, this.#users.size); // An older server sends 0 here.
  }

  /** Applies a presence frame. */
  change({ came, went, here }: Presence): void {
    for (const user of came) this.#users.set(user.id, user);
    for (const { id } of went) this.#users.delete(id);
    this.#count = here;
  }
}
