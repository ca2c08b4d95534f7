import type { Http2Server, ServerHttp2Session } from 'node:http2';
import type { Server } from '@grpc/grpc-js';
import { connectionWindowBytes } from '@parley/rpc';
import type { Connections } from '../connections.js';
import type { StreamLimit } from './stream-limit.js';

/** Private members of grpc-js. `checkTransport` pins the exact version. */
interface Inner {
  readonly commonServerOptions: { handshakeTimeout?: number };
  createHttp2Server(credentials: unknown): Http2Server;
}

/**
 * Limits the connections of a gRPC server, and lets each carry the streams of many users. Closes a connection on which no call begins in
 * time, unless a trusted proxy opened it: proxies connect in advance.
 */
export function guardConnections(
  server: Server,
  connections: Connections,
  streamLimit: StreamLimit,
  firstCallWithinMs: number,
): void {
  const inner = server as unknown as Inner;
  const create = inner.createHttp2Server.bind(server);
  inner.commonServerOptions.handshakeTimeout = firstCallWithinMs;
  inner.createHttp2Server = (credentials) => {
    const http2Server = create(credentials);
    connections.guard(http2Server);
    http2Server.on('session', (session) => {
      session.setLocalWindowSize(connectionWindowBytes); // Costs no memory: each stream keeps its own window.
      if (connections.isFromProxy(session.socket)) streamLimit.lift(session);
      else endWithoutCall(session, firstCallWithinMs);
    });
    return http2Server;
  };
}

function endWithoutCall(session: ServerHttp2Session, withinMs: number): void {
  const timer = setTimeout(() => session.close(), withinMs).unref();
  const forget = () => clearTimeout(timer);
  session.once('stream', forget).once('close', forget);
}
