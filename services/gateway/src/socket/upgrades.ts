import { type ServerResponse, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { currentCall, limits, type Refusal, refusals, requestIdKey } from '@parley/runtime';
import { type ServerOptions, WebSocketServer } from 'ws';
import { requestIdOf } from '../http/request-id.js';

/** In JSON, bytes are in base64, which is a third longer. A message of 64 KiB must fit. */
const base64Share = 4 / 3;

/** Options of `ws` for the handshake and for everything that clients send. */
export const webSocketOptions = {
  noServer: true,
  clientTracking: false,
  perMessageDeflate: false,
  maxPayload: limits.frameBytes * base64Share,
  maxFragments: 1_024,
  maxBufferedChunks: 4_096,
  maxPendingAutoPongs: 60,
  /** Time for the client to read a close frame and to send its own. */
  closeTimeout: 5_000,
} as const;

/** Creates a server of WebSockets, whose handshakes have the id of the request. */
export function openSocketServer(options: ServerOptions = {}): WebSocketServer {
  const server = new WebSocketServer({ ...webSocketOptions, ...options });
  server.on('headers', (headers, request) => headers.push(`${requestIdKey}: ${requestIdOf(request)}`));
  return server;
}

/** Responds to a request for the path of a WebSocket that does not ask for one. */
export function demandUpgrade(response: ServerResponse, text = 'This path speaks WebSocket.\n'): void {
  const headers = { 'content-type': 'text/plain; charset=utf-8', upgrade: 'websocket', connection: 'upgrade' };
  response.writeHead(426, headers).end(text);
}

/** Status and text of a refused upgrade, if a door has its own. */
export interface UpgradeRefusal {
  readonly http: number;
  readonly message: string;
}

/** Refuses an upgrade with an HTTP response. */
export function refuseUpgrade(
  socket: Duplex,
  { reason, message: usual }: Refusal,
  { http, message }: UpgradeRefusal = { http: refusals[reason].http, message: usual },
): void {
  const body = `${message}\n`;
  const head = [
    `HTTP/1.1 ${http} ${STATUS_CODES[http]}`,
    'connection: close',
    'content-type: text/plain; charset=utf-8',
    `content-length: ${Buffer.byteLength(body)}`,
    `chat-reason: ${reason}`,
    ...[currentCall()].flatMap((call) => (call === undefined ? [] : [`${requestIdKey}: ${call.id}`])),
  ];
  socket.on('error', () => {}); // The client disconnected.
  socket.once('finish', () => socket.destroy());
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
}
