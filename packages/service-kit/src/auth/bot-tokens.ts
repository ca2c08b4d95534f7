import { createHash, randomBytes } from 'node:crypto';

const form = /^bot_[\w-]{43}$/;

/** A new token of a bot, and the hash by which its session is found. */
export interface BotToken {
  readonly token: string;
  readonly hash: Uint8Array;
}

/**
 * Makes a token of 256 random bits. The token is opaque, because a signed one would become invalid
 * with its key. Only its hash is stored.
 * @example
 * ```ts
 * import { newBotToken } from '@parley/service-kit';
 *
 * newBotToken().token.startsWith('bot_'); // true
 * ```
 */
export function newBotToken(): BotToken {
  const token = `bot_${randomBytes(32).toString('base64url')}`;
  return { token, hash: botTokenHash(token) };
}

/** Returns the hash by which the session of a bot is stored. */
export function botTokenHash(token: string): Uint8Array {
  return createHash('sha256').update(token).digest();
}

/**
 * Returns whether a bearer token has the form of a bot's.
 * @example
 * ```ts
 * import { isBotToken, newBotToken } from '@parley/service-kit';
 *
 * isBotToken(newBotToken().token); // true
 * ```
 */
export function isBotToken(token: string): boolean {
  return form.test(token);
}
