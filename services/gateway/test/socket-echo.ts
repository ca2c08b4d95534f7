import { Metrics, silentLogger } from '@parley/runtime';
import { Connections, Proxies } from '@parley/service-kit';
import { WebSocket, WebSocketServer } from 'ws';
import { type HttpServer, startHttpServer } from '../src/http/http-server.js';
import { socketFrames } from '../src/socket/frames.js';
import { webSocketOptions } from '../src/socket/upgrades.js';

/**
 * Starts an echo on the HTTP server of the gateway, with the options of its WebSockets. It reads
 * with `ws` and writes our own frames, as the door does.
 */
export function startSocketEcho(): Promise<HttpServer> {
  const server = new WebSocketServer(webSocketOptions);
  const bounds = { perAddress: 1_000, perProcess: 1_000 };
  return startHttpServer({
    ...{ address: '127.0.0.1', port: 0, tls: undefined, stopMs: 100, handlers: [] },
    connections: new Connections(new Proxies([]), silentLogger(), new Metrics(), bounds),
    upgrades: [
      ({ request, socket, head }) => {
        server.handleUpgrade(request, socket, head, (ws) => {
          ws.on('error', () => {});
          ws.on('message', (payload: Buffer, isBinary) => {
            if (ws.readyState === WebSocket.OPEN) socket.write(socketFrames([payload], !isBinary));
          });
        });
        return true;
      },
    ],
  });
}
