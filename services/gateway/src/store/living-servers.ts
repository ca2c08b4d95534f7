import { type Queryable, statements } from '@parley/database';

const sql = statements(import.meta.url);
const living = sql<{ internal_addr: string }>('living-servers');

/** Where chat servers live, as of the last look. */
export class LivingServers {
  readonly #pool: Queryable;
  #addresses: ReadonlySet<string> = new Set();

  constructor(pool: Queryable) {
    this.#pool = pool;
  }

  /** Their internal addresses: all that the gateway may dial for a join token. */
  get addresses(): ReadonlySet<string> {
    return this.#addresses;
  }

  /** Throws the database error; what was known stays. */
  async look(): Promise<void> {
    const rows = await living.run(this.#pool, []);
    this.#addresses = new Set(rows.map(({ internal_addr }) => internal_addr));
  }
}
