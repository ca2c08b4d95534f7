import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';

/** Request and response of one HTTP request. */
export interface HttpVisit {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** Path of the URL, without the query. */
  readonly path: string;
}

/** Handles a request and returns true, or returns false to leave it to the next handler. */
export type HttpHandler = (visit: HttpVisit) => boolean;

/** A request to switch to another protocol. */
export interface UpgradeVisit {
  readonly request: IncomingMessage;
  readonly socket: Duplex;
  /** First bytes after the request. */
  readonly head: Buffer;
  /** Path of the URL, without the query. */
  readonly path: string;
}

/** Takes over the socket and returns true, or returns false to leave it to the next handler. */
export type UpgradeHandler = (visit: UpgradeVisit) => boolean;
