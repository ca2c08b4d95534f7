import { type AddressInfo, connect, createServer } from 'node:net';
import { breakSocket } from '../src/fault-pipe.js';

/** Program that breaks a connection at the moment of its end, and must then exit. */
const server = createServer((socket) => socket.on('error', () => {}).resume()).listen(0, '127.0.0.1', () => {
  const { port } = server.address() as AddressInfo;
  const socket = connect(port, '127.0.0.1', () => {
    socket.end();
    breakSocket(socket);
    server.close();
  });
});
