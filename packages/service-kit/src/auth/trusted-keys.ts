import { setTimeout as pause } from 'node:timers/promises';
import type { DatabaseClock, Pool } from '@parley/database';
import { limits, type Reason, refuse } from '@parley/runtime';
import { type CryptoKey, decodeProtectedHeader, errors, importJWK, type JWK, jwtVerify } from 'jose';

import { issuerOf, type TokenKind, type TokenPurpose } from './tokens.js';

const readKeys = 'SELECT kid, purpose, owner, public_jwk, expires_at FROM chat.signing_key WHERE expires_at > now()';
const readEveryMs = 1_000;
/** A key that was taken away is trusted no longer than this. */
const staleAfterMs = 60_000;

interface KeyRow {
  readonly kid: string;
  readonly purpose: TokenPurpose;
  readonly owner: string;
  readonly public_jwk: JWK;
  readonly expires_at: Date;
}

interface TrustedKey {
  readonly purpose: TokenPurpose;
  /** The boot id that holds the private half. */
  readonly owner: string;
  readonly key: CryptoKey | Uint8Array;
  /** Unix ms. */
  readonly expiresAt: number;
}

/** A token that was verified: its claims, and whose key signed it. */
export interface VerifiedToken<C> {
  readonly claims: C;
  readonly signer: string;
}

/** What a row gives; nothing where its key cannot be used, so that one bad row harms nobody else. */
async function trusted(row: KeyRow): Promise<[string, TrustedKey][]> {
  const { kid, purpose, owner, public_jwk, expires_at } = row;
  try {
    const key = await importJWK(public_jwk, 'EdDSA');
    return [[kid, { purpose, owner, key, expiresAt: expires_at.getTime() }]];
  } catch {
    return [];
  }
}

/**
 * A service token lives for a minute, from when it says it was made. What a user token or a join token opens is told by a row of the
 * database; those that were made before the clock was set back go on being good.
 */
function isOfTheFuture(
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

/** A seat at another server, or at an earlier life of this one: a new Listen leads to where the channel is now. */
function faultOf(cause: unknown, purpose: TokenPurpose): Reason {
  if (cause instanceof errors.JWTExpired) return 'expired-token';
  const isElsewhere = cause instanceof errors.JWTClaimValidationFailed && cause.claim === 'aud';
  return purpose === 'join' && isElsewhere ? 'moved' : 'invalid-token';
}

/** Verifies tokens with the public keys in `chat.signing_key`; unknown key ids cost at most one query per second. */
export class TrustedKeys {
  readonly #pool: Pool;
  readonly #clock: DatabaseClock;
  #keys: ReadonlyMap<string, TrustedKey> = new Map();
  #readAt = Number.NEGATIVE_INFINITY;
  /** A read whose query is not sent yet: who joins it sees all that is there now. */
  #nextRead: Promise<void> | undefined;

  constructor(pool: Pool, clock: DatabaseClock) {
    this.#pool = pool;
    this.#clock = clock;
  }

  /**
   * The claims of a token of exactly this kind, now; for this audience, or where that is undefined for any.
   * @throws {Refusal} `expired-token`, `moved` for a seat at another server, or `invalid-token` for every other fault.
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
      if (livesTooLong(payload, kind) || isOfTheFuture(payload, kind, this.#clock.now())) throw refuse('invalid-token');
      return { claims: kind.claims.parse(payload), signer: owner };
    } catch (cause) {
      throw refuse(faultOf(cause, kind.purpose), { cause });
    }
  }

  async #keyFor(token: string, purpose: TokenPurpose): Promise<TrustedKey> {
    const kid = keyIdOf(token);
    if (!this.#keys.has(kid)) await this.#read();
    else if (performance.now() - this.#readAt > staleAfterMs) this.#read().catch(() => {}); // the next one tries again
    const found = this.#keys.get(kid);
    if (found?.purpose !== purpose || found.expiresAt <= this.#clock.now()) throw refuse('invalid-token');
    return found;
  }

  #read(): Promise<void> {
    this.#nextRead ??= this.#readNext();
    return this.#nextRead;
  }

  async #readNext(): Promise<void> {
    await pause(Math.max(0, this.#readAt + readEveryMs - performance.now()));
    this.#nextRead = undefined;
    this.#readAt = performance.now();
    const { rows } = await this.#pool.query<KeyRow>(readKeys);
    const keys = await Promise.all(rows.map(trusted));
    this.#keys = new Map(keys.flat());
  }
}

/** One token has one spelling: base64url whose last character has no bits that mean nothing. */
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
