import type { Pool } from '@parley/database';
import { savePresence } from '../store/gateway-reports.js';

/** Maximum number of users who come or go with one statement. */
const usersAtOnce = 1_000;
/** Milliseconds after which a user is recorded again, as seen now. */
const againAfterMs = 60_000;

/** Records in the database which users have an open inbox here, and when they were last seen. */
export class UserPresence {
  readonly #pool: Pool;
  readonly #instanceId: string;
  /** When each recorded user was recorded last, by the clock of this process. */
  readonly #recorded = new Map<string, number>();

  constructor(pool: Pool, instanceId: string) {
    this.#pool = pool;
    this.#instanceId = instanceId;
  }

  /**
   * Records the users who have come or gone since they were recorded, and once a minute those who
   * stay; at most 1,000 of each. Returns whether there are more.
   * @throws {Error} of the database. The next call repeats what failed.
   */
  async save(users: ReadonlySet<string>): Promise<boolean> {
    const nowMs = performance.now();
    const isDue = (user: string) => nowMs - (this.#recorded.get(user) ?? Number.NEGATIVE_INFINITY) >= againAfterMs;
    const here = [...users].filter(isDue).slice(0, usersAtOnce);
    const gone = [...this.#recorded.keys()].filter((user) => !users.has(user)).slice(0, usersAtOnce);
    if (here.length + gone.length === 0) return false;
    await savePresence.run(this.#pool, { instanceId: this.#instanceId, here, gone });
    for (const user of here) this.#recorded.set(user, nowMs);
    for (const user of gone) this.#recorded.delete(user);
    return here.length === usersAtOnce || gone.length === usersAtOnce;
  }
}
