/**
 * Server with hand-written node:http2. It joins frames once per channel and turn of the event loop,
 * and writes them once per member.
 */
import { createServer, type IncomingHttpHeaders, type ServerHttp2Stream } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { Rooms, reportToParent } from './room.js';
import { bound, decode, encode, type Member, stamp } from './work.js';

const prefixBytes = 5;
const counted = { writes: 0, frames: 0 };

class Room {
  readonly members = new Set<ServerHttp2Stream>();
  #queued: Buffer[] = [];
  #seq = 0;

  publish(me: Member, bytes: Buffer): void {
    this.#seq += 1;
    const said = encode(stamp(bound(decode(bytes)), me, this.#seq));
    const frame = Buffer.allocUnsafe(prefixBytes + said.length);
    frame.writeUInt8(0, 0);
    frame.writeUInt32BE(said.length, 1);
    frame.set(said, prefixBytes);
    if (this.#queued.length === 0) setImmediate(() => this.#flush());
    this.#queued.push(frame);
  }

  #flush(): void {
    const frames = this.#queued.length;
    const joined = Buffer.concat(this.#queued);
    this.#queued = [];
    for (const member of this.members) member.write(joined);
    counted.writes += this.members.size;
    counted.frames += this.members.size * frames;
  }
}

const rooms = new Rooms(() => new Room());

/** Calls `onMessage` with each complete message of a stream. */
function readFrames(stream: ServerHttp2Stream, onMessage: (bytes: Buffer) => void): void {
  let rest: Buffer = Buffer.alloc(0);
  stream.on('data', (chunk: Buffer) => {
    let bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    while (bytes.length >= prefixBytes) {
      const end = prefixBytes + bytes.readUInt32BE(1);
      if (bytes.length < end) break;
      onMessage(bytes.subarray(prefixBytes, end));
      bytes = bytes.subarray(end);
    }
    rest = bytes;
  });
}

function connect(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): void {
  const room = rooms.find(String(headers['bench-channel']));
  const me = { id: String(headers['bench-user']), number: Number(headers['bench-number']) };
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
server.listen(0, '127.0.0.1', () => reportToParent((server.address() as AddressInfo).port, () => counted));
