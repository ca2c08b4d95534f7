import type { IncomingMessage } from 'node:http';
import { type Refusal, refuse } from '@parley/runtime';
import { type SocketDialect, socketDialects } from './dialects.js';

/** The contents of an upgrade request. */
export interface SocketRequest {
  readonly dialect: SocketDialect;
  /** Token in the subprotocols; undefined if the first command contains it. */
  readonly token: string | undefined;
  /** Refusal with which the socket closes right after the upgrade; undefined if it stays open. */
  readonly refusal: Refusal | undefined;
}

const tokenEntry = /^bearer\.([\w.-]+)$/;

/** Returns whether the page of an origin was loaded from the host that the request names. */
function isSameHost(origin: string, host: string | undefined): boolean {
  return URL.canParse(origin) && new URL(origin).host === host;
}

/** Returns the subprotocols that an upgrade request offers. */
export function entriesOf({ headers }: IncomingMessage): string[] {
  return (headers['sec-websocket-protocol'] ?? '').split(',').map((entry) => entry.trim());
}

/**
 * Checks the origin of an upgrade request. Browsers send one, and only pages of the same host or of
 * one of `origins` may connect. Other clients send none.
 * @throws {Refusal} `origin-not-allowed`
 */
export function checkOrigin({ headers: { origin, host } }: IncomingMessage, origins: readonly string[]): void {
  if (origin !== undefined && !origins.includes(origin) && !isSameHost(origin, host))
    throw refuse('origin-not-allowed');
}

/** Returns the token in the subprotocols of an upgrade request; undefined if there is none. */
export function tokenAmong(entries: readonly string[]): string | undefined {
  return entries.map((entry) => tokenEntry.exec(entry)?.[1]).find((found) => found !== undefined);
}

/**
 * Reads an upgrade request.
 * @throws {Refusal} `origin-not-allowed` or `no-subprotocol`, before the upgrade.
 */
export function readHandshake(request: IncomingMessage, origins: readonly string[]): SocketRequest {
  checkOrigin(request, origins);
  const entries = entriesOf(request);
  const dialect = entries.map((entry) => socketDialects.get(entry)).find((known) => known !== undefined);
  if (dialect === undefined) throw refuse('no-subprotocol');
  const hasQuery = request.url?.includes('?') === true;
  return { dialect, token: tokenAmong(entries), refusal: hasQuery ? refuse('token-in-url') : undefined };
}
