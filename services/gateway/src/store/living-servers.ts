import { db, type Queryable, sql } from '@parley/database';

/** A live chat server. */
export interface LivingServer {
  readonly instanceId: string;
  readonly internalAddr: string;
}

/** Live chat servers, as of the last refresh. */
export class LivingServers {
  readonly #pool: Queryable;
  #all: readonly LivingServer[] = [];
  #addresses: ReadonlySet<string> = new Set();

  constructor(pool: Queryable) {
    this.#pool = pool;
  }

  get all(): readonly LivingServer[] {
    return this.#all;
  }

  /** Internal addresses: the only ones that the gateway dials for a join token. */
  get addresses(): ReadonlySet<string> {
    return this.#addresses;
  }

  /**
   * Reads the servers again.
   * @throws {Error} of the database; the known servers stay.
   */
  async refresh(): Promise<void> {
    this.#all = await db(this.#pool)
      .selectFrom('server')
      .select(['instanceId', 'internalAddr'])
      .where('leaseUntil', '>', sql<Date>`now()`)
      .where('state', '<>', 'stopped')
      .execute();
    this.#addresses = new Set(this.#all.map(({ internalAddr }) => internalAddr));
  }
}
