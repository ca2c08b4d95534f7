import { once } from 'node:events';
import type { AddressInfo, Server, Socket } from 'node:net';

/** A server of a test that listens. */
export interface ListeningServer {
  readonly port: number;
  /** `127.0.0.1:port`. */
  readonly address: string;
  /** Stops the server, and destroys its connections. */
  readonly close: () => void;
}

/** Lets a server listen on a free port of this machine. Clients may break their connections. */
export async function listen(server: Server): Promise<ListeningServer> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket.on('error', () => {}).once('close', () => sockets.delete(socket)));
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  const close = () => {
    server.close();
    for (const socket of sockets) socket.destroy();
  };
  return { port, address: `127.0.0.1:${port}`, close };
}
