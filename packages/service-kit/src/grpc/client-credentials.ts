import { ChannelCredentials } from '@grpc/grpc-js';
import type { Settings } from '@parley/runtime';
import { readPem } from './pem.js';

/**
 * Returns credentials for calls between services: TLS that trusts `PARLEY_TLS_CA` if that is set,
 * else plain text.
 * @example
 * ```ts
 * import { Client } from '@grpc/grpc-js';
 * import { UserService } from '@parley/contract';
 * import { callUnary } from '@parley/rpc';
 * import type { Settings } from '@parley/runtime';
 * import { clientCredentials } from '@parley/service-kit';
 *
 * export function logOut(settings: Settings, token: string) {
 *   const client = new Client('localhost:50051', clientCredentials(settings));
 *   return callUnary(client, UserService.logout, { everywhere: false, sessionId: '' }, { token, withinMs: 5_000 });
 * }
 * ```
 */
export function clientCredentials(settings: Pick<Settings, 'TLS_CA'>): ChannelCredentials {
  return settings.TLS_CA === undefined
    ? ChannelCredentials.createInsecure()
    : ChannelCredentials.createSsl(readPem('TLS_CA', settings.TLS_CA));
}
