import type { Presence, User, Welcome } from '@parley/contract';

/** Who is in the channel now, as far as the server names them. */
export class Attendance {
  readonly #users = new Map<string, User>();
  #count = 0;

  get users(): readonly User[] {
    return [...this.#users.values()];
  }

  /** How many; in large channels more than are named. */
  get count(): number {
    return this.#count;
  }

  enter({ channel, here }: Welcome): void {
    this.#users.clear();
    for (const user of channel?.users ?? []) this.#users.set(user.id, user);
    this.#count = Math.max(here, this.#users.size); // 0 of a server that does not count
  }

  change({ came, went, here }: Presence): void {
    for (const user of came) this.#users.set(user.id, user);
    for (const { id } of went) this.#users.delete(id);
    this.#count = here;
  }
}
