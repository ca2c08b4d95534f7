import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerOptions,
  ServerResponse,
} from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { atMost, hostAndPort, limits, type Part, requestIdKey } from '@parley/runtime';
import type { Connections, KeyPair } from '@parley/service-kit';
import { limitArrival } from './arrival.js';
import { countResponse, refuseBrokenRequests } from './broken-requests.js';
import type { HttpHandler, UpgradeHandler } from './handler.js';
import { requestIdOf, serveInCall } from './request-id.js';

/** Address, certificate and handlers of an HTTP server. */
export interface HttpOptions {
  readonly address: string;
  /** Port to listen on; 0: any free port. */
  readonly port: number;
  /** Certificate and key; undefined: plain text. */
  readonly tls: KeyPair | undefined;
  /** Time that `stop` waits for responses in progress, in milliseconds. */
  readonly stopMs: number;
  readonly connections: Connections;
  /**
   * Milliseconds within which a whole request must arrive on a new connection. Absent: the value in
   * `limits`.
   */
  readonly requestWithinMs?: number;
  /** Handlers, tried in order until one handles the request. */
  readonly handlers: readonly HttpHandler[];
  /**
   * Handlers of requests to switch to another protocol, tried in order. If none takes a request, it
   * is served like any other. Default: none.
   */
  readonly upgrades?: readonly UpgradeHandler[];
}

export interface HttpServer extends Part {
  readonly port: number;
  /** Number of open connections. */
  readonly connections: number;
  /**
   * Makes clients open new connections: closes the idle ones, and from now on each connection after
   * the response to its next request. Can be called more than once.
   */
  readonly refuseReuse: () => void;
  /** Replaces the certificate for new connections. */
  readonly renew: (pair: KeyPair) => void;
}

/**
 * Returns the time limits. A connection that sends no request is closed after the same time as one
 * that sends half a request.
 */
function boundsOf(requestWithinMs: number): ServerOptions & { handshakeTimeout: number } {
  return {
    requestTimeout: 0, // see limitArrival
    headersTimeout: requestWithinMs,
    handshakeTimeout: requestWithinMs,
    connectionsCheckingInterval: requestWithinMs / 5,
    keepAliveTimeout: 60_000,
    maxHeaderSize: 16_384,
  };
}

/**
 * Versions of HTTP that are served. Node also parses 0.9, a request line without a version, and
 * 2.0.
 */
const versions: ReadonlySet<string> = new Set(['1.0', '1.1']);

/**
 * Returns the status and the text for a request that this server does not understand. Nothing here
 * decodes a body that is compressed for the transfer.
 */
function unsupported({ httpVersion, headers }: IncomingMessage): [status: number, text: string] | undefined {
  if (!versions.has(httpVersion)) return [505, 'This HTTP version is not supported. Use HTTP/1.1.\n'];
  const coding = headers['transfer-encoding']?.trim().toLowerCase() ?? 'chunked';
  return coding === 'chunked'
    ? undefined
    : [501, 'Transfer-Encoding can only be chunked here. Send the body as it is.\n'];
}

function refuse(response: ServerResponse, [status, text]: [status: number, text: string]): void {
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8', connection: 'close' }).end(text);
}

function pathOf({ url }: IncomingMessage): string {
  return String(url).split('?', 1)[0] ?? '';
}

/**
 * Serves a request that asks for another protocol, without switching the protocol. HTTP allows
 * that. Node has detached its parser from the socket, so a request with a body is refused.
 */
function serveAsIs(request: IncomingMessage, socket: Socket, listener: RequestListener): void {
  const response = new ServerResponse(request);
  response.shouldKeepAlive = false;
  response.assignSocket(socket);
  socket.on('error', () => {}); // The client disconnected.
  response.once('finish', () => socket.destroySoon());
  const hasBody = request.headers['content-length'] !== undefined || 'transfer-encoding' in request.headers;
  const headers = { 'content-type': 'text/plain; charset=utf-8' };
  if (!hasBody) listener(request, response);
  else response.writeHead(501, headers).end('This server cannot switch protocols. Send the request without Upgrade.\n');
}

/** Lets handlers take over the sockets of requests to switch to another protocol. */
function serveUpgrades(server: Server, upgrades: readonly UpgradeHandler[], listener: RequestListener): void {
  server.on('upgrade', (request, socket, head) => {
    const visit = { request, socket, head, path: pathOf(request) };
    const isTaken = serveInCall(request, socket, () => upgrades.some((handle) => handle(visit)));
    if (!isTaken) serveAsIs(request, socket as Socket, listener);
  });
}

/**
 * Maximum requests per connection. This limits how much a client can pipeline before it reads a
 * response.
 */
const requestsPerSocket = 100;

/**
 * Starts an HTTP server.
 * @throws {Error} one sentence if the port is taken.
 */
export async function startHttpServer(options: HttpOptions): Promise<HttpServer> {
  const { address, port, tls, stopMs, connections, handlers, upgrades } = options;
  const withinMs = options.requestWithinMs ?? limits.requestWithinMs;
  const bounds = boundsOf(withinMs);
  let mayReuse = true;
  const listener: RequestListener = (request, response) => {
    if (!mayReuse) response.shouldKeepAlive = false;
    countResponse(request, response);
    limitArrival(request, withinMs);
    response.on('error', () => {}); // The client disconnected.
    response.setHeader('x-content-type-options', 'nosniff');
    if (tls !== undefined) response.setHeader('strict-transport-security', 'max-age=31536000');
    const refused = unsupported(request);
    if (refused !== undefined) return refuse(response, refused);
    response.setHeader(requestIdKey, requestIdOf(request));
    const visit = { request, response, path: pathOf(request) };
    if (serveInCall(request, response, () => handlers.some((handle) => handle(visit)))) return;
    response.writeHead(404, { 'content-type': 'text/plain; charset=utf-8' }).end('Not found.\n');
  };
  const secure = tls === undefined ? undefined : createTlsServer({ ...bounds, ...tls }, listener);
  const server = secure ?? createServer(bounds, listener);
  server.maxRequestsPerSocket = requestsPerSocket;
  refuseBrokenRequests(server);
  if (upgrades !== undefined) serveUpgrades(server, upgrades, listener);
  connections.guard(server);
  await listen(server, port, address);
  return {
    port: (server.address() as AddressInfo).port,
    refuseReuse: () => {
      mayReuse = false;
      server.closeIdleConnections();
    },
    get connections() {
      return connections.size;
    },
    renew: (pair) => secure?.setSecureContext(pair),
    stop: () => close(server, connections, stopMs),
  };
}

function listen(server: Server, port: number, address: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = (cause: Error) =>
      reject(
        new Error(
          `Cannot listen on ${hostAndPort(address, port)}. Choose another port, or stop the process that uses it.`,
          {
            cause,
          },
        ),
      );
    server.once('error', fail);
    server.listen(port, address, () => {
      server.off('error', fail);
      resolve();
    });
  });
}

async function close(server: Server, connections: Connections, withinMs: number): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeIdleConnections();
  await atMost(closed, withinMs);
  connections.destroyAll(); // This includes connections that have switched to another protocol.
  await closed;
}
