import type { IncomingMessage } from 'node:http';
import { TLSSocket } from 'node:tls';
import { refuse } from '@parley/runtime';

const weekSeconds = 7 * 86_400;
const safeMethods: ReadonlySet<string | undefined> = new Set(['GET', 'HEAD']);
/** Values of `sec-fetch-site` of requests by a page of the same origin, or by the user. */
const ownSites: readonly unknown[] = ['same-origin', 'none', undefined];
const tokenForm = /^[\w.-]+$/;

/** A cookie that holds a token, and the path below which browsers send it. */
export interface TokenCookie {
  readonly name: string;
  readonly path: string;
}

/** Returns the header that gives a browser a token in a cookie. An empty token deletes the cookie. */
export function setTokenCookie({ name, path }: TokenCookie, token: string, isSecure: boolean): string {
  const seconds = token === '' ? 0 : weekSeconds;
  return `${name}=${token}; Path=${path}; Max-Age=${seconds}; HttpOnly; SameSite=Strict${isSecure ? '; Secure' : ''}`;
}

/** Returns a token that can be one. @throws {Refusal} `invalid-token` */
export function checkedToken(token: string): string {
  if (!tokenForm.test(token)) throw refuse('invalid-token');
  return token;
}

/** Returns whether the client, or the proxy in front of the gateway, uses TLS. */
export function isOverTls({ socket, headers }: IncomingMessage): boolean {
  return socket instanceof TLSSocket || headers['x-forwarded-proto'] === 'https';
}

/**
 * Returns the token in a cookie if the request changes nothing, and no other site has caused it.
 * Returns undefined if there is none.
 * @throws {Refusal} `invalid-token`
 */
export function tokenInCookie({ name }: TokenCookie, { method, headers }: IncomingMessage): string | undefined {
  const { cookie = '', 'sec-fetch-site': site } = headers;
  if (!safeMethods.has(method) || !ownSites.includes(site)) return undefined;
  const pairs = cookie.split(';').map((pair) => pair.trim().split('='));
  const token = pairs.find(([key]) => key === name)?.[1];
  return token === undefined ? undefined : checkedToken(token);
}
