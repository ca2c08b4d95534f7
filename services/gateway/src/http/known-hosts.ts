import { isIP } from 'node:net';
import { isLoopback, splitAddress } from '@parley/runtime';
import type { HttpHandler } from './handler.js';

const words = 'This port answers only as localhost or by its address, such as http://127.0.0.1:8090/admin.\n';

/**
 * Refuses every request whose Host is a name other than localhost. If such a name leads to a loopback
 * address, its page could otherwise call this port from the browser of the operator (DNS rebinding).
 */
export const refuseOtherNames: HttpHandler = ({ request, response }) => {
  const { host } = splitAddress(request.headers.host ?? '');
  if (isLoopback(host) || isIP(host) !== 0) return false;
  response.writeHead(421, { 'content-type': 'text/plain; charset=utf-8', connection: 'close' }).end(words);
  return true;
};
