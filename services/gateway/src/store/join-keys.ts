import { type Queryable, statements } from '@parley/database';

interface KeyRow {
  readonly kid: string;
  readonly public_jwk: Readonly<Record<string, unknown>>;
}

/** Public key in the form of a JWKS entry. */
export interface JoinKey {
  readonly kid: string;
  readonly kty: unknown;
  readonly crv: unknown;
  readonly x: unknown;
  readonly alg: 'EdDSA';
  readonly use: 'sig';
}

const sql = statements(import.meta.url);
const joinKeys = sql<KeyRow>('join-keys');

/** Public keys that verify join tokens, as of the last refresh. */
export class JoinKeys {
  readonly #pool: Queryable;
  #keys: readonly JoinKey[] = [];

  constructor(pool: Queryable) {
    this.#pool = pool;
  }

  get keys(): readonly JoinKey[] {
    return this.#keys;
  }

  /**
   * Reads the keys again. Only the public parts of each row are kept.
   * @throws {Error} of the database; the known keys stay.
   */
  async refresh(): Promise<void> {
    const rows = await joinKeys.run(this.#pool, []);
    this.#keys = rows.map(({ kid, public_jwk: { kty, crv, x } }) => ({ kid, kty, crv, x, alg: 'EdDSA', use: 'sig' }));
  }
}
