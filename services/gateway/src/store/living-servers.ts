import { type Queryable, statements } from '@parley/database';

const sql = statements(import.meta.url);
const living = sql<{ internal_addr: string }>('living-servers');

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
    const rows = await living.run(this.#pool, []);
    this.#addresses = new Set(rows.map(({ internal_addr }) => internal_addr));
  }
}
