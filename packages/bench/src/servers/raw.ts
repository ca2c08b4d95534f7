/**
 * Server with hand-written node:http2. It joins frames once per channel and turn of the event loop,
 * and writes them once per member.
 */
import { createServer, type IncomingHttpHeaders, type ServerHttp2Stream } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { JoiningRoom, readFrames, roomCounts } from './joining-room.js';
import { memberIn, Rooms, reportToParent } from './room.js';

const rooms = new Rooms(() => new JoiningRoom());

function connect(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): void {
  const room = rooms.find(String(headers['bench-channel']));
  const me = memberIn(headers);
  stream.respond({ ':status': 200, 'content-type': 'application/grpc+proto' }, { waitForTrailers: true });
  stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
  stream.on('error', () => {});
  stream.on('close', () => room.members.delete(stream));
  stream.on('end', () => stream.end());
  room.members.add(stream);
  readFrames(stream, (bytes) => room.publish(me, bytes));
}

const server = createServer();
server.on('stream', connect);
server.on('sessionError', () => {});
server.listen(0, '127.0.0.1', () => reportToParent((server.address() as AddressInfo).port, () => roomCounts));
