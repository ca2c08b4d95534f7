import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { refuse } from '@parley/runtime';

/** Claims that clients of document 001 read in their token. */
export interface ClientClaims {
  /** Number of the user. */
  readonly id: number;
  readonly wsId: number;
  readonly wsName: string;
  /** The name of the user. The two families of clients read it from different claims. */
  readonly username: string;
  readonly fullname: string;
  readonly email: string;
  readonly createdAt: string;
}

/** The workspace of document 001. Each Parley has exactly one. */
export const workspace = { wsId: 1, wsName: 'parley' } as const;

const issuer = 'parley:document-001';
const header = encoded({ alg: 'HS256', typ: 'JWT' });

function encoded(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

/**
 * The signing key is the user token itself: anyone who could forge a signature already has that
 * token.
 */
function signatureOf(signed: string, userToken: string): Buffer {
  return createHmac('sha256', userToken).update(signed).digest();
}

function payloadOf(token: string): { readonly session?: unknown; readonly iss?: unknown } | undefined {
  try {
    return JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());
  } catch {
    return undefined;
  }
}

/**
 * Returns a JWT with the claims that clients of document 001 read. It contains the user token,
 * which alone decides what the holder may do. `expiresAt` is in Unix ms.
 */
export function wrapToken(userToken: string, claims: ClientClaims, expiresAt: number): string {
  const times = { iat: Math.floor(Date.now() / 1_000), exp: Math.floor(expiresAt / 1_000) };
  const payload = encoded({ ...claims, iss: issuer, aud: issuer, ...times, session: userToken });
  const signed = `${header}.${payload}`;
  return `${signed}.${signatureOf(signed, userToken).toString('base64url')}`;
}

/**
 * Returns the user token in a token of this door. Returns any other token unchanged, because tokens
 * of Login and of bots work here too.
 * @throws {Refusal} `invalid-token` if the signature is wrong.
 */
export function unwrapToken(token: string): string {
  const payload = payloadOf(token);
  if (payload?.iss !== issuer || typeof payload.session !== 'string') return token;
  const end = token.lastIndexOf('.');
  const given = Buffer.from(token.slice(end + 1), 'base64url');
  const right = signatureOf(token.slice(0, end), payload.session);
  if (given.length !== right.length || !timingSafeEqual(given, right)) throw refuse('invalid-token');
  return payload.session;
}

const base32 = 'abcdefghijklmnopqrstuvwxyz234567';
const idCharacters = 20;

/** Beginning of the ids of accounts that signed up at this door. */
export const mailIdPrefix = 'mail-';

/**
 * Returns the id of the account of an email address. Clients of document 001 know only the address,
 * and Parley logs in by id. The id does not show the address.
 */
export function userIdOf(email: string): string {
  const digest = createHash('sha256').update(email.trim().normalize('NFC').toLowerCase()).digest();
  const letters = [...digest.subarray(0, idCharacters)].map((byte) => base32.charAt(byte % base32.length));
  return `${mailIdPrefix}${letters.join('')}`;
}
