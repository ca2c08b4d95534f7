import { createHash, randomBytes } from 'node:crypto';

const form = /^bot_[\w-]{43}$/;
const webhookForm = /^hook_[\w-]{43}$/;

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
  return newToken('bot');
}

function newToken(kind: 'bot' | 'hook'): BotToken {
  const token = `${kind}_${randomBytes(32).toString('base64url')}`;
  return { token, hash: botTokenHash(token) };
}

/**
 * Makes the token of an incoming webhook. It is part of the address of the webhook, and only posts.
 * @example
 * ```ts
 * import { newWebhookToken } from '@parley/service-kit';
 *
 * newWebhookToken().token.startsWith('hook_'); // true
 * ```
 */
export function newWebhookToken(): BotToken {
  return newToken('hook');
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

/**
 * Returns whether a token has the form of an incoming webhook's.
 * @example
 * ```ts
 * import { isWebhookToken, newWebhookToken } from '@parley/service-kit';
 *
 * isWebhookToken(newWebhookToken().token); // true
 * ```
 */
export function isWebhookToken(token: string): boolean {
  return webhookForm.test(token);
}
