import { setTimeout as pause } from 'node:timers/promises';
import { type DatabaseClock, db, type Pool, sql } from '@parley/database';
import { limits, type Reason, refuse } from '@parley/runtime';
import { type CryptoKey, decodeProtectedHeader, errors, importJWK, type JWK, jwtVerify } from 'jose';

import { issuerOf, type TokenKind, type TokenPurpose } from './tokens.js';

const readEveryMs = 1_000;
/** Maximum time for which a removed key is still trusted, in milliseconds. */
const staleAfterMs = 60_000;

interface KeyRow {
  readonly kid: string;
  readonly purpose: TokenPurpose;
  readonly owner: string;
  readonly publicJwk: JWK;
  readonly expiresAt: Date;
}

interface TrustedKey {
  readonly purpose: TokenPurpose;
  /** Instance id of the process with the private half. */
  readonly owner: string;
  readonly key: CryptoKey | Uint8Array;
  /** Expiry of the key, in Unix ms. */
  readonly expiresAt: number;
}

/** Claims of a verified token, and the instance id of its signer. */
export interface VerifiedToken<C> {
  readonly claims: C;
  readonly signer: string;
}

/**
 * Imports the key of a row. Skips an unusable key, so that one bad row does not affect the others.
 */
async function trusted(row: KeyRow): Promise<[string, TrustedKey][]> {
  const { kid, purpose, owner, publicJwk, expiresAt } = row;
  try {
    const key = await importJWK(publicJwk, 'EdDSA');
    return [[kid, { purpose, owner, key, expiresAt: expiresAt.getTime() }]];
  } catch {
    return [];
  }
}

/**
 * Returns whether a service token was issued in the future. User and join tokens are exempt,
 * because a database row decides whether they are valid. So tokens that were issued before the
 * clock was set back stay valid.
 */
function isIssuedInFuture(
  { iat = 0 }: { readonly iat?: number },
  { typ }: { readonly typ: string },
  nowMs: number,
): boolean {
  return typ === 'service+jwt' && iat * 1_000 > nowMs + limits.joinClockSkewMs;
}

function livesTooLong(
  { iat = 0, exp = 0 }: { readonly iat?: number; readonly exp?: number },
  { lifeSeconds }: { readonly lifeSeconds: number },
): boolean {
  return exp - iat > lifeSeconds;
}

/**
 * Returns the reason of a failed verification. A join token for another server or instance means
 * that the channel moved.
 */
function faultOf(cause: unknown, purpose: TokenPurpose): Reason {
  if (cause instanceof errors.JWTExpired) return 'expired-token';
  const isElsewhere = cause instanceof errors.JWTClaimValidationFailed && cause.claim === 'aud';
  return purpose === 'join' && isElsewhere ? 'moved' : 'invalid-token';
}

/**
 * Verifies tokens with the public keys in `chat.signing_key`. Unknown and expired key ids cost at
 * most one query per second.
 * @example
 * ```ts
 * import { type ServiceHost, userAudience, userToken } from '@parley/service-kit';
 *
 * export async function userIdOf(host: ServiceHost, token: string): Promise<string> {
 *   const { claims } = await host.keys.verify(token, userToken, userAudience);
 *   return claims.sub;
 * }
 * ```
 */
export class TrustedKeys {
  readonly #pool: Pool;
  readonly #clock: DatabaseClock;
  #keys: ReadonlyMap<string, TrustedKey> = new Map();
  #readAt = Number.NEGATIVE_INFINITY;
  /**
   * A read of the keys whose query has not been sent yet. Callers that wait for this read therefore
   * see every key that exists now.
   */
  #nextRead: Promise<void> | undefined;

  constructor(pool: Pool, clock: DatabaseClock) {
    this.#pool = pool;
    this.#clock = clock;
  }

  /**
   * Verifies a token of the given kind for `audience`, or for any audience if `audience` is
   * undefined.
   * @throws {Refusal} `expired-token`, `moved` for a seat at another server, or `invalid-token` for
   * any other fault.
   */
  async verify<C>(token: string, kind: TokenKind<C>, audience: string | undefined): Promise<VerifiedToken<C>> {
    if (Buffer.byteLength(token) > limits.tokenBytes) throw refuse('invalid-token');
    const { key, owner } = await this.#keyFor(token, kind.purpose);
    try {
      const { payload } = await jwtVerify(token, key, {
        algorithms: ['EdDSA'],
        typ: kind.typ,
        issuer: issuerOf(kind.purpose),
        ...(audience !== undefined && { audience }),
        currentDate: new Date(this.#clock.now()),
        requiredClaims: ['iat', 'exp'],
      });
      if (livesTooLong(payload, kind) || isIssuedInFuture(payload, kind, this.#clock.now()))
        throw refuse('invalid-token');
      return { claims: kind.claims.parse(payload), signer: owner };
    } catch (cause) {
      throw refuse(faultOf(cause, kind.purpose), { cause });
    }
  }

  async #keyFor(token: string, purpose: TokenPurpose): Promise<TrustedKey> {
    const kid = keyIdOf(token);
    if (this.#valid(kid) === undefined) await this.#read();
    else if (performance.now() - this.#readAt > staleAfterMs) this.#read().catch(() => {}); // The next call tries again.
    const found = this.#valid(kid);
    if (found?.purpose !== purpose) throw refuse('invalid-token');
    return found;
  }

  /** Returns a known key, or undefined if it is unknown or expired. A later read may find it published again. */
  #valid(kid: string): TrustedKey | undefined {
    const known = this.#keys.get(kid);
    return known !== undefined && known.expiresAt > this.#clock.now() ? known : undefined;
  }

  #read(): Promise<void> {
    this.#nextRead ??= this.#readNext();
    return this.#nextRead;
  }

  async #readNext(): Promise<void> {
    await pause(Math.max(0, this.#readAt + readEveryMs - performance.now()));
    this.#nextRead = undefined;
    this.#readAt = performance.now();
    const rows = await db(this.#pool)
      .selectFrom('signingKey')
      .select(['kid', 'purpose', 'owner', 'publicJwk', 'expiresAt'])
      .where('expiresAt', '>', sql<Date>`now()`)
      .execute();
    const keys = await Promise.all(rows.map(trusted));
    this.#keys = new Map(keys.flat());
  }
}

/**
 * Returns whether a token is canonical base64url, without unused bits in the last character, so
 * that each token has only one spelling.
 */
function isCanonical(token: string): boolean {
  return token.split('.').every((part) => Buffer.from(part, 'base64url').toString('base64url') === part);
}

function keyIdOf(token: string): string {
  try {
    const { kid } = decodeProtectedHeader(token);
    const isKeyId = typeof kid === 'string' && isCanonical(token);
    if (isKeyId && kid.length <= limits.metadataValueBytes) return kid;
  } catch (cause) {
    throw refuse('invalid-token', { cause });
  }
  throw refuse('invalid-token');
}
