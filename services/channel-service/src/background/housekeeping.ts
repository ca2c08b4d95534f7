import type { Pool } from '@parley/database';
import type { ChatServers } from '../clients/chat-servers.js';
import { livingServers, mendLeases, mendSeats, purges } from '../store/servers.js';

/** What any manager does now and then: purges what has lapsed, and lets go of servers that are gone. */
export class Housekeeping {
  readonly #pool: Pool;
  readonly #servers: ChatServers;

  constructor(pool: Pool, servers: ChatServers) {
    this.#pool = pool;
    this.#servers = servers;
  }

  /** Lets go of leases and reservations that a step of the database's clock has made too long. Rejects with the database error. */
  async mend(): Promise<void> {
    if ((await mendLeases.run(this.#pool, [])).length > 0) await mendSeats.run(this.#pool, []);
  }

  /** One turn. Any number of managers may do it at once. Rejects with the database error. */
  async run(): Promise<void> {
    for (const purge of purges) await purge.run(this.#pool, []);
    const living = await livingServers.run(this.#pool, []);
    this.#servers.keepOnly(new Set(living.map(({ internal_addr }) => internal_addr)));
  }
}
