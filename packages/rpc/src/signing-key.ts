import { randomUUID } from 'node:crypto';
import type { DatabaseClock, Pool } from '@parley/database';
import { type CryptoKey, exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose';

import { issuerOf, type TokenKind } from './tokens.js';

const rotateAfterMs = 24 * 3_600 * 1_000;
/** A pair made later is signed with only once verifiers and the proxy's cache can know it. */
const settleMs = 2_000;
/** How long after its day a pair may still sign, when no new one can be published. */
const graceSeconds = 3_600;
const publish = `INSERT INTO chat.signing_key (kid, purpose, owner, public_jwk, expires_at)
  VALUES ($1, $2, $3, $4, now() + make_interval(secs => $5))`;
const published = 'SELECT FROM chat.signing_key WHERE kid = $1';

interface Pair {
  readonly kid: string;
  readonly privateKey: CryptoKey;
}

/** Signs tokens of one kind with a key pair of this process; only the public half leaves it, to `chat.signing_key`. */
export class SigningKey<C extends object> {
  readonly #kind: TokenKind<C>;
  readonly #owner: string;
  readonly #pool: Pool;
  readonly #clock: DatabaseClock;
  #pair: Promise<Pair> | undefined;
  #rotateAt = Number.POSITIVE_INFINITY;

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

  /** Publishes a new pair where the database has lost the one that signs, as after a restore from a backup. */
  async checkPublished(): Promise<void> {
    const pair = this.#pair;
    if (pair !== undefined && (await this.#pool.query(published, [(await pair).kid])).rowCount === 0) {
      if (this.#pair === pair) this.#pair = undefined;
    }
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

  /** One pair at a time: callers that come together share it, also while a new one is made. */
  #current(): Promise<Pair> {
    this.#pair ??= this.#make().catch((cause: unknown) => {
      this.#pair = undefined;
      throw cause;
    });
    if (this.#clock.now() >= this.#rotateAt) this.#rotate();
    return this.#pair;
  }

  /** In the background; the old pair signs until the new one is known. */
  #rotate(): void {
    this.#rotateAt = Number.POSITIVE_INFINITY;
    const made = this.#make();
    const use = () => {
      this.#pair = made;
    };
    const tryAgain = () => {
      this.#rotateAt = this.#clock.now() + settleMs;
    };
    made.then(() => setTimeout(use, settleMs).unref(), tryAgain);
  }

  async #make(): Promise<Pair> {
    const { publicKey, privateKey } = await generateKeyPair('EdDSA', { crv: 'Ed25519' });
    const kid = randomUUID();
    const lifeSeconds = rotateAfterMs / 1_000 + graceSeconds + this.#kind.lifeSeconds;
    await this.#pool.query(publish, [kid, this.#kind.purpose, this.#owner, await exportJWK(publicKey), lifeSeconds]);
    this.#rotateAt = this.#clock.now() + rotateAfterMs;
    return { kid, privateKey };
  }
}
