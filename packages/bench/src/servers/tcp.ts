/**
 * Server on plain TCP: the cheapest way in Node to write the same bytes to many connections. The
 * first line of a connection has its headers as JSON.
 */
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { JoiningRoom, readFrames, roomCounts } from './joining-room.js';
import { memberIn, Rooms, reportToParent } from './room.js';

const rooms = new Rooms(() => new JoiningRoom());

function join(socket: Socket, firstLine: Buffer): void {
  const headers = JSON.parse(firstLine.toString());
  const room = rooms.find(headers['bench-channel']);
  const me = memberIn(headers);
  socket.on('close', () => room.members.delete(socket));
  room.members.add(socket);
  socket.write('\n');
  readFrames(socket, (bytes) => room.publish(me, bytes));
}

const server = createServer({ noDelay: true }, (socket) => {
  socket.on('error', () => {});
  socket.once('data', (line: Buffer) => join(socket, line)); // The client sends nothing more before the response.
});
server.listen(0, '127.0.0.1', () => reportToParent((server.address() as AddressInfo).port, () => roomCounts));
