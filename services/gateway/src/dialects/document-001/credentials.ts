import { refuse } from '@parley/runtime';
import { bearerOf } from '@parley/service-kit';
import type { HttpVisit } from '../../http/handler.js';
import { unwrapToken } from './token.js';

const cookieName = 'parley_001';
const weekSeconds = 7 * 86_400;
const safeMethods: ReadonlySet<string | undefined> = new Set(['GET', 'HEAD']);
const tokenForm = /^[\w.-]+$/;

/** Returns the header that gives a browser the token for GET requests from its own page. */
export function tokenCookie(token: string, isSecure: boolean): string {
  const secure = isSecure ? '; Secure' : '';
  return `${cookieName}=${token}; Path=/; Max-Age=${weekSeconds}; HttpOnly; SameSite=Strict${secure}`;
}

/**
 * Returns the token in the cookie, if the request changes nothing and comes from the same origin.
 */
function cookieToken({ method, headers }: HttpVisit['request']): string | undefined {
  const { cookie = '', 'sec-fetch-site': site = 'same-origin' } = headers;
  if (!safeMethods.has(method) || site !== 'same-origin') return undefined;
  const pairs = cookie.split(';').map((pair) => pair.trim().split('='));
  return pairs.find(([name]) => name === cookieName)?.[1];
}

function urlToken(url: string | undefined): string | undefined {
  const at = url?.indexOf('?') ?? -1;
  return at < 0 ? undefined : (new URLSearchParams(url?.slice(at + 1)).get('token') ?? undefined);
}

/**
 * Returns a function that finds the user token of a request. The token is in the header
 * `authorization`, in `?token=` if `takesUrlTokens` is set, or in the cookie if the request changes
 * nothing.
 */
export function tokenFinder(takesUrlTokens: boolean): (visit: HttpVisit) => string {
  return ({ request }) => {
    const { authorization } = request.headers;
    if (authorization !== undefined) return unwrapToken(bearerOf(authorization));
    const token = (takesUrlTokens ? urlToken(request.url) : undefined) ?? cookieToken(request);
    if (token === undefined) throw refuse('unauthenticated');
    if (!tokenForm.test(token)) throw refuse('invalid-token');
    return unwrapToken(token);
  };
}
