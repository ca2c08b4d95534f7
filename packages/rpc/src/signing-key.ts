import { randomUUID } from 'node:crypto';
import type { DatabaseClock, Pool } from '@parley/database';
import { type CryptoKey, exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose';

import { issuerOf, type TokenKind } from './tokens.js';

const rotateAfterMs = 24 * 3_600 * 1_000;
const publish = `INSERT INTO chat.signing_key (kid, purpose, owner, public_jwk, expires_at)
  VALUES ($1, $2, $3, $4, now() + make_interval(secs => $5))`;

interface Pair {
  readonly kid: string;
  readonly privateKey: CryptoKey;
  readonly madeAt: number;
}

/** Signs tokens of one kind with a key pair of this process; only the public half leaves it, to `chat.signing_key`. */
export class SigningKey<C extends object> {
  readonly #kind: TokenKind<C>;
  readonly #owner: string;
  readonly #pool: Pool;
  readonly #clock: DatabaseClock;
  #pair: Promise<Pair> | undefined;

  /** `owner` is the boot id of this process. */
  constructor(kind: TokenKind<C>, owner: string, pool: Pool, clock: DatabaseClock) {
    this.#kind = kind;
    this.#owner = owner;
    this.#pool = pool;
    this.#clock = clock;
  }

  /** Makes and publishes the pair now, so that verifiers know it before its first token. */
  async start(): Promise<void> {
    await this.#current();
  }

  /** A token for `audience` with these claims; `iat` and `exp` are by the database's clock. */
  async sign(claims: C, audience: string | string[]): Promise<string> {
    const { kid, privateKey } = await this.#current();
    const nowSeconds = Math.floor(this.#clock.now() / 1_000);
    return new SignJWT(claims as JWTPayload)
      .setProtectedHeader({ alg: 'EdDSA', typ: this.#kind.typ, kid })
      .setIssuer(issuerOf(this.#kind.purpose))
      .setAudience(audience)
      .setIssuedAt(nowSeconds)
      .setExpirationTime(nowSeconds + this.#kind.lifeSeconds)
      .sign(privateKey);
  }

  async #current(): Promise<Pair> {
    const pair = await this.#pair;
    if (pair !== undefined && performance.now() - pair.madeAt < rotateAfterMs) return pair;
    const made = this.#make();
    this.#pair = made;
    made.catch(() => {
      this.#pair = undefined;
    });
    return made;
  }

  async #make(): Promise<Pair> {
    const { publicKey, privateKey } = await generateKeyPair('EdDSA', { crv: 'Ed25519' });
    const kid = randomUUID();
    const lifeSeconds = rotateAfterMs / 1_000 + this.#kind.lifeSeconds + 60;
    await this.#pool.query(publish, [kid, this.#kind.purpose, this.#owner, await exportJWK(publicKey), lifeSeconds]);
    return { kid, privateKey, madeAt: performance.now() };
  }
}
