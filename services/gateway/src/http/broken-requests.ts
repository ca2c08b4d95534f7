import { type IncomingMessage, type Server, type ServerResponse, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { type Reason, type Refusal, refusals, refuse } from '@parley/runtime';
import { problemJson, problemType } from './problem-json.js';

/** Reasons by the error codes of Node. Any other error of its parser is `malformed`. */
const reasons: Readonly<Record<string, Reason>> = {
  HPE_HEADER_OVERFLOW: 'headers-too-large',
  HPE_CHUNK_EXTENSIONS_OVERFLOW: 'message-too-large',
  ERR_HTTP_REQUEST_TIMEOUT: 'request-too-slow',
};

const openResponses = new WeakMap<Duplex, Set<ServerResponse>>();

/**
 * Remembers a response until it and its request have ended, so that `closeWith` neither writes into
 * it nor answers the request again.
 */
export function countResponse(request: IncomingMessage, response: ServerResponse): void {
  const { socket } = request;
  const open = openResponses.get(socket) ?? new Set();
  openResponses.set(socket, open.add(response));
  const forget = () => void open.delete(response);
  response.once('close', () => (request.complete ? forget() : request.once('close', forget)));
}

/**
 * Closes a connection with an error as `application/problem+json`, for a request that Node passes
 * to no handler. Sends no error if a response has begun and either the response or its request has
 * not ended.
 */
export function closeWith(socket: Duplex, refusal: Refusal): void {
  const hasAnswered = [...(openResponses.get(socket) ?? [])].some(({ headersSent }) => headersSent);
  if (!socket.writable || hasAnswered) return void socket.destroy();
  const { http } = refusals[refusal.reason];
  const body = JSON.stringify(problemJson(refusal));
  const head = [`HTTP/1.1 ${http} ${STATUS_CODES[http]}`, `content-type: ${problemType}`, 'connection: close'];
  const text = [...head, `content-length: ${Buffer.byteLength(body)}`, '', body].join('\r\n');
  socket.end(text, () => socket.destroy());
}

function refusalOf({ code = '' }: NodeJS.ErrnoException): Refusal {
  const reason = reasons[code];
  if (reason !== undefined) return refuse(reason);
  return refuse('malformed', { message: 'This is not a valid HTTP request. Check its syntax.' });
}

/** Makes a server respond with an error to requests that it cannot parse, or that take too long. */
export function refuseBrokenRequests(server: Server): void {
  server.on('clientError', (error, socket) => closeWith(socket, refusalOf(error)));
}
