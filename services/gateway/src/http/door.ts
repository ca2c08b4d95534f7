import type { IncomingMessage, ServerResponse } from 'node:http';

/** A request as a door sees it. */
export interface Visit {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** Without the query. */
  readonly path: string;
}

/** Answers what is its own and says true; false leaves it to the next door. */
export type Door = (visit: Visit) => boolean;
