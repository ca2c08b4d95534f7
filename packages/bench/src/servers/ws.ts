/**
 * WebSocket server with the `ws` package. It encodes each message once, and calls `send` once per
 * message and member.
 */
import type { IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';
import { memberIn, Rooms, reportToParent } from './room.js';
import { bound, decode, encode, stamp } from './work.js';

const rooms = new Rooms(() => ({ members: new Set<WebSocket>(), seq: 0 }));
let writes = 0;

function connect(socket: WebSocket, { headers }: IncomingMessage): void {
  const room = rooms.find(String(headers['bench-channel']));
  const me = memberIn(headers);
  room.members.add(socket);
  socket.on('message', (bytes: Buffer) => {
    room.seq += 1;
    const stamped = encode(stamp(bound(decode(bytes)), me, room.seq));
    for (const member of room.members) member.send(stamped);
    writes += room.members.size;
  });
  socket.on('error', () => {});
  socket.on('close', () => room.members.delete(socket));
}

const server = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: false });
server.on('connection', connect);
server.on('listening', () =>
  reportToParent((server.address() as AddressInfo).port, () => ({ writes, frames: writes })),
);
