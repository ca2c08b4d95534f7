import type { JoinKeys } from '../store/join-keys.js';
import type { HttpHandler } from './handler.js';

/** Creates a handler that serves the public keys of join tokens as a JWKS, for Envoy. */
export function serveKeys(join: JoinKeys): HttpHandler {
  return ({ request, response, path }) => {
    if (path !== '/.well-known/jwks.json' || request.method !== 'GET') return false;
    const headers = { 'content-type': 'application/json', 'cache-control': 'max-age=1' };
    response.writeHead(200, headers).end(JSON.stringify({ keys: join.keys }));
    return true;
  };
}
