import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

const requestId = /^[\w.-]{1,64}$/;

/** Returns the id of a request: the one that the client has given, if it is valid, or else a new one. */
export function requestIdOf({ headers }: IncomingMessage): string {
  const { 'x-request-id': given } = headers;
  return typeof given === 'string' && requestId.test(given) ? given : randomUUID();
}
