import type { Pool } from '@parley/database';
import type { ChatServers } from './chat-servers.js';
import { purgeGuests, purges } from './purge-store.js';
import { liveServers, shortenLeases, shortenReservations } from './server-store.js';

/** Ended accounts at which one run looks. */
const endedPerRun = 100;

/** Periodic work of every manager: purges expired rows and closes connections to dead servers. */
export class Housekeeping {
  readonly #pool: Pool;
  readonly #servers: ChatServers;
  /** Number of the ended account after which the next run looks for guests. */
  #afterEnded = 0;

  constructor(pool: Pool, servers: ChatServers) {
    this.#pool = pool;
    this.#servers = servers;
  }

  /**
   * Shortens leases and reservations that end too late because the database clock was set back.
   * @throws the database error.
   */
  async shortenLeases(): Promise<void> {
    if ((await shortenLeases.run(this.#pool)).length > 0) await shortenReservations.run(this.#pool);
  }

  /**
   * Does the periodic work once. Any number of managers may do it at the same time.
   * @throws the database error.
   */
  async run(): Promise<void> {
    for (const purge of purges) await purge.run(this.#pool);
    const [guests] = await purgeGuests.run(this.#pool, { afterNumber: this.#afterEnded, most: endedPerRun });
    this.#afterEnded = guests?.last ?? 0;
    const live = await liveServers.run(this.#pool);
    this.#servers.keepOnly(new Set(live.map(({ internalAddr }) => internalAddr)));
  }
}
