import { refuse } from '@parley/runtime';
import { bearerOf, joinToken, type TokenKind, type TrustedKeys } from '@parley/service-kit';
import { z } from 'zod';
import type { LivingServers } from '../store/living-servers.js';

/** A join token, of which only its way counts here; the chat server looks at the rest. */
const routed: TokenKind<{ readonly route?: unknown }> = {
  ...joinToken,
  claims: z.object({ route: z.unknown().optional() }),
};

/** The address that a route claim names in base64; undefined where it names none. */
function addressIn(route: unknown): string | undefined {
  if (typeof route !== 'string') return undefined;
  const address = Buffer.from(route, 'base64');
  const isExact = route !== '' && address.toString('base64') === route;
  return isExact ? address.toString() : undefined;
}

/** Which chat server a join token is for. */
export class ChatRoutes {
  readonly #keys: TrustedKeys;
  readonly #living: LivingServers;

  constructor(keys: TrustedKeys, living: LivingServers) {
    this.#keys = keys;
    this.#living = living;
  }

  /**
   * The address of the chat server that the token names, which is one that lives.
   * @throws {Refusal} `unauthenticated`, `invalid-token`, `expired-token`, `no-route` or `unreachable`.
   */
  async addressFor(authorization: string | undefined): Promise<string> {
    const { claims } = await this.#keys.verify(bearerOf(authorization), routed, undefined);
    const address = addressIn(claims.route);
    if (address === undefined) throw refuse('no-route');
    if (!this.#living.addresses.has(address)) throw refuse('unreachable', { words: 'no such chat server lives' });
    return address;
  }
}
