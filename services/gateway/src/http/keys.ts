import type { JoinKeys } from '../store/join-keys.js';
import type { Door } from './door.js';

/** The public halves that verify join tokens, for the proxy. */
export function serveKeys(join: JoinKeys): Door {
  return ({ request, response, path }) => {
    if (path !== '/.well-known/jwks.json' || request.method !== 'GET') return false;
    const headers = { 'content-type': 'application/json', 'cache-control': 'max-age=1' };
    response.writeHead(200, headers).end(JSON.stringify({ keys: join.keys }));
    return true;
  };
}
