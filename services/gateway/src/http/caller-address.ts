import type { IncomingMessage } from 'node:http';
import type { Proxies } from '@parley/service-kit';

/**
 * Returns the address of the client: the address of the connection, or the one that a trusted proxy
 * names.
 */
export function callerAddress({ headers, socket }: IncomingMessage, proxies: Proxies): string {
  const peer = (socket.remoteAddress ?? '').replace(/^::ffff:/, '');
  return proxies.named(peer, String(headers['x-forwarded-for'] ?? ''));
}
