import { createServer, type RequestListener, type Server, type ServerOptions } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { atMost, hostAndPort, limits, type Part } from '@parley/runtime';
import type { KeyPair } from '@parley/service-kit';
import type { Door } from './door.js';

export interface HttpOptions {
  readonly address: string;
  /** 0 = a free port. */
  readonly port: number;
  /** Undefined: plain. */
  readonly tls: KeyPair | undefined;
  /** How long `stop` waits for answers that are on their way. */
  readonly stopMs: number;
  /** Asked one after the other. */
  readonly doors: readonly Door[];
}

export interface HttpServer extends Part {
  readonly port: number;
  /** Gives new connections another certificate. */
  readonly renew: (pair: KeyPair) => void;
}

const bounds: ServerOptions = {
  requestTimeout: limits.requestWithinMs,
  headersTimeout: limits.requestWithinMs,
  connectionsCheckingInterval: 2_000,
  keepAliveTimeout: 60_000,
  maxHeaderSize: 16_384,
};

/** Then another connection is due. It bounds what one connection may ask before it reads an answer. */
const requestsPerSocket = 100;

/** Serves the doors. Rejects with one sentence where the port is taken. */
export async function startHttpServer({ address, port, tls, stopMs, doors }: HttpOptions): Promise<HttpServer> {
  const listener: RequestListener = (request, response) => {
    response.on('error', () => {}); // the reader went away
    response.setHeader('x-content-type-options', 'nosniff');
    if (tls !== undefined) response.setHeader('strict-transport-security', 'max-age=31536000');
    const path = String(request.url).split('?', 1)[0] ?? '';
    if (doors.some((door) => door({ request, response, path }))) return;
    response.writeHead(404, { 'content-type': 'text/plain; charset=utf-8' }).end('there is nothing here\n');
  };
  const secure = tls === undefined ? undefined : createTlsServer({ ...bounds, ...tls }, listener);
  const server = secure ?? createServer(bounds, listener);
  server.maxRequestsPerSocket = requestsPerSocket;
  await listen(server, port, address);
  return {
    port: (server.address() as AddressInfo).port,
    renew: (pair) => secure?.setSecureContext(pair),
    stop: () => close(server, stopMs),
  };
}

function listen(server: Server, port: number, address: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = (cause: Error) =>
      reject(
        new Error(`cannot listen on ${hostAndPort(address, port)}: choose another port or stop what uses it`, {
          cause,
        }),
      );
    server.once('error', fail);
    server.listen(port, address, () => {
      server.off('error', fail);
      resolve();
    });
  });
}

async function close(server: Server, withinMs: number): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeIdleConnections();
  await atMost(closed, withinMs);
  server.closeAllConnections();
  await closed;
}
