import { randomBytes, randomUUID } from 'node:crypto';
import { bytea, type DatabaseClock, db, float8, jsonb, loadSql, type Pool, sql, text } from '@parley/database';
import { type CryptoKey, exportJWK, generateKeyPair, type JWK, type JWTPayload, SignJWT } from 'jose';

import { issuerOf, type TokenKind, type TokenPurpose } from './tokens.js';

const hour = 3_600;
/**
 * Milliseconds between publishing a new pair and using it. Within that time, verifiers and the
 * cache of the proxy read the new key.
 */
const settleMs = 2_000;
/** Seconds for which a pair may sign beyond its regular life if no new one can be published. */
const graceSeconds = hour;

const publishKey = loadSql('signing-key.sql', import.meta.url).statement('publishKey', {
  kid: text,
  purpose: text.as<TokenPurpose>(),
  owner: text,
  publicJwk: jsonb<JWK>(),
  lifeSeconds: float8,
  secret: bytea,
});

interface Pair {
  readonly kid: string;
  readonly privateKey: CryptoKey;
  readonly publicJwk: JWK;
}

/** Returns the seconds for which a key signs: an hour for service tokens, a day for the others. */
function signsForSeconds({ purpose }: TokenKind<object>): number {
  return purpose === 'user' || purpose === 'join' ? 24 * hour : hour;
}

/**
 * Signs tokens of one kind with a key pair of this process. Only the public half leaves the
 * process: it is published in `chat.signing_key`.
 * @example
 * ```ts
 * import { type ServiceHost, serviceToken, managerAudience } from '@parley/service-kit';
 *
 * export async function tokenForManagers(host: ServiceHost): Promise<string> {
 *   const key = await host.signingKey(serviceToken('chat'));
 *   return key.sign({ sub: host.instanceId }, managerAudience);
 * }
 * ```
 */
export class SigningKey<C extends object> {
  readonly #kind: TokenKind<C>;
  readonly #owner: string;
  readonly #pool: Pool;
  readonly #clock: DatabaseClock;
  readonly #secret: Buffer;
  #pair: Promise<Pair> | undefined;
  #next: Promise<unknown> | undefined;
  #tending: Promise<void> | undefined;

  /**
   * Creates a signer without a key pair yet. `owner` is the instance id of this process. Only a
   * holder of `secret` can publish more keys under that id.
   */
  constructor(kind: TokenKind<C>, owner: string, pool: Pool, clock: DatabaseClock, secret = randomBytes(32)) {
    this.#kind = kind;
    this.#owner = owner;
    this.#pool = pool;
    this.#clock = clock;
    this.#secret = secret;
  }

  /** Creates and publishes the pair now, so that verifiers know it before its first token. */
  async start(): Promise<void> {
    await this.#current();
  }

  /** Signs a token for `audience` with these claims. `iat` and `exp` follow the database clock. */
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

  /**
   * Publishes the pair again if its row is missing, for example after a restore of the database,
   * and creates the next pair when it is due or a step of the database clock has expired this one.
   * Call it every few seconds.
   * @throws {Error} of the database.
   */
  tend(): Promise<void> {
    this.#tending ??= this.#tend().finally(() => {
      this.#tending = undefined;
    });
    return this.#tending;
  }

  async #tend(): Promise<void> {
    const pair = await this.#current();
    if (this.#next !== undefined) return;
    const row = await db(this.#pool)
      .selectFrom('signingKey')
      .select(sql<number>`extract(epoch FROM expires_at - now())::float8`.as('seconds'))
      .where('kid', '=', pair.kid)
      .executeTakeFirst();
    if (row === undefined) await this.#publish(pair);
    else if (row.seconds <= this.#kind.lifeSeconds + graceSeconds)
      await this.#change(row.seconds > this.#kind.lifeSeconds);
  }

  /** Returns the current pair. Concurrent callers share one new pair. */
  #current(): Promise<Pair> {
    this.#pair ??= this.#make().catch((cause: unknown) => {
      this.#pair = undefined;
      throw cause;
    });
    return this.#pair;
  }

  /** Switches to a new pair. A valid old pair signs until the new one is known everywhere. */
  async #change(isOldValid: boolean): Promise<void> {
    const made = this.#make();
    this.#next = made;
    try {
      await made;
    } catch (cause) {
      this.#next = undefined;
      throw cause;
    }
    const use = () => {
      this.#pair = made;
      this.#next = undefined;
    };
    if (isOldValid) setTimeout(use, settleMs).unref();
    else use();
  }

  async #make(): Promise<Pair> {
    const { publicKey, privateKey } = await generateKeyPair('EdDSA', { crv: 'Ed25519' });
    const pair = { kid: randomUUID(), privateKey, publicJwk: await exportJWK(publicKey) };
    await this.#publish(pair);
    return pair;
  }

  async #publish({ kid, publicJwk }: Pair): Promise<void> {
    const { purpose, lifeSeconds } = this.#kind;
    const life = signsForSeconds(this.#kind) + graceSeconds + lifeSeconds;
    const key = { kid, purpose, owner: this.#owner, publicJwk, lifeSeconds: life, secret: this.#secret };
    await publishKey.run(this.#pool, key);
  }
}
