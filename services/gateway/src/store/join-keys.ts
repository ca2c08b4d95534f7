import { type Queryable, statements } from '@parley/database';

interface KeyRow {
  readonly kid: string;
  readonly public_jwk: Readonly<Record<string, unknown>>;
}

/** A public key as a JWKS lists it. */
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

/** What verifies join tokens, as of the last look. */
export class JoinKeys {
  readonly #pool: Queryable;
  #keys: readonly JoinKey[] = [];

  constructor(pool: Queryable) {
    this.#pool = pool;
  }

  get keys(): readonly JoinKey[] {
    return this.#keys;
  }

  /** Throws the database error; what was known stays. Of each row only what is public leaves. */
  async look(): Promise<void> {
    const rows = await joinKeys.run(this.#pool, []);
    this.#keys = rows.map(({ kid, public_jwk: { kty, crv, x } }) => ({ kid, kty, crv, x, alg: 'EdDSA', use: 'sig' }));
  }
}
