import { db, type Queryable, sql } from '@parley/database';

/** Live chat servers, as of the last refresh. */
export class LivingServers {
  readonly #pool: Queryable;
  #addresses: ReadonlySet<string> = new Set();

  constructor(pool: Queryable) {
    this.#pool = pool;
  }

  /** Internal addresses: the only ones that the gateway dials for a join token. */
  get addresses(): ReadonlySet<string> {
    return this.#addresses;
  }

  /**
   * Reads the addresses again.
   * @throws {Error} of the database; the known addresses stay.
   */
  async refresh(): Promise<void> {
    const rows = await db(this.#pool)
      .selectFrom('server')
      .select('internalAddr')
      .where('leaseUntil', '>', sql<Date>`now()`)
      .where('state', '<>', 'stopped')
      .execute();
    this.#addresses = new Set(rows.map(({ internalAddr }) => internalAddr));
  }
}
