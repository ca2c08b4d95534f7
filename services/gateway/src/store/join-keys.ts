import { db, type Queryable, sql } from '@parley/database';

/** Public key in the form of a JWKS entry. */
export interface JoinKey {
  readonly kid: string;
  readonly kty: unknown;
  readonly crv: unknown;
  readonly x: unknown;
  readonly alg: 'EdDSA';
  readonly use: 'sig';
}

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
    const rows = await db(this.#pool)
      .selectFrom('signingKey')
      .select(['kid', 'publicJwk'])
      .where('purpose', '=', 'join')
      .where('expiresAt', '>', sql<Date>`now()`)
      .orderBy('createdAt')
      .execute();
    this.#keys = rows.map(({ kid, publicJwk: { kty, crv, x } }) => ({ kid, kty, crv, x, alg: 'EdDSA', use: 'sig' }));
  }
}
