import { refuse } from '@parley/runtime';
import { bearerOf, joinToken, type TokenKind, type TrustedKeys } from '@parley/service-kit';
import * as z from 'zod';
import type { LivingServers } from '../store/living-servers.js';

/**
 * Join token. The gateway reads only its claim `route`. The chat server checks the other claims.
 */
const routed: TokenKind<{ readonly route?: unknown }> = {
  ...joinToken,
  claims: z.object({ route: z.unknown().optional() }),
};

/** Decodes the address in a route claim (base64), or returns undefined. */
function addressIn(route: unknown): string | undefined {
  if (typeof route !== 'string') return undefined;
  const address = Buffer.from(route, 'base64');
  const isExact = route !== '' && address.toString('base64') === route;
  return isExact ? address.toString() : undefined;
}

/** Finds the chat server of a join token. */
export class ChatRoutes {
  readonly #keys: TrustedKeys;
  readonly #living: LivingServers;

  constructor(keys: TrustedKeys, living: LivingServers) {
    this.#keys = keys;
    this.#living = living;
  }

  /**
   * Returns the internal address of the live chat server that the token names.
   * @throws {Refusal} `unauthenticated`, `invalid-token`, `expired-token`, `no-route` or
   * `unreachable`.
   */
  async addressFor(authorization: string | undefined): Promise<string> {
    const { claims } = await this.#keys.verify(bearerOf(authorization), routed, undefined);
    const address = addressIn(claims.route);
    if (address === undefined) throw refuse('no-route');
    if (!this.#living.addresses.has(address))
      throw refuse('unreachable', { message: 'That chat server is not running. Listen again.' });
    return address;
  }
}
