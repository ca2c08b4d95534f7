import type { Pool } from '@parley/database';
import type { ChatServers } from './chat-servers.js';
import { livingServers, mendLeases, mendSeats, purges } from './server-store.js';

/** Periodic work of every manager: purges expired rows and closes connections to dead servers. */
export class Housekeeping {
  readonly #pool: Pool;
  readonly #servers: ChatServers;

  constructor(pool: Pool, servers: ChatServers) {
    this.#pool = pool;
    this.#servers = servers;
  }

  /**
   * Shortens leases and reservations that end too late because the database clock was set back.
   * @throws the database error.
   */
  async mend(): Promise<void> {
    if ((await mendLeases.run(this.#pool, [])).length > 0) await mendSeats.run(this.#pool, []);
  }

  /**
   * Runs once. Any number of managers may run it at the same time.
   * @throws the database error.
   */
  async run(): Promise<void> {
    for (const purge of purges) await purge.run(this.#pool, []);
    const living = await livingServers.run(this.#pool, []);
    this.#servers.keepOnly(new Set(living.map(({ internal_addr }) => internal_addr)));
  }
}
