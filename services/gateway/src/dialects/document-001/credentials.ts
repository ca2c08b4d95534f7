import { refuse } from '@parley/runtime';
import { bearerOf } from '@parley/service-kit';
import type { HttpVisit } from '../../http/handler.js';
import { checkedToken, type TokenCookie, tokenInCookie } from '../../http/token-cookie.js';
import { unwrapToken } from './token.js';

/** Gives a browser the token for requests of its own page that change nothing. */
export const cookie001: TokenCookie = { name: 'parley_001', path: '/' };

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
    const token = (takesUrlTokens ? urlToken(request.url) : undefined) ?? tokenInCookie(cookie001, request);
    if (token === undefined) throw refuse('unauthenticated');
    return unwrapToken(checkedToken(token));
  };
}
