import type { IncomingMessage, ServerResponse } from 'node:http';

/** Request and response of one HTTP request. */
export interface HttpVisit {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** Path of the URL, without the query. */
  readonly path: string;
}

/** Handles a request and returns true, or returns false to leave it to the next handler. */
export type HttpHandler = (visit: HttpVisit) => boolean;
