/** The same work by hand on node:http2: frames are joined once per channel and turn, and written once per member. */
import { createServer, type IncomingHttpHeaders, type ServerHttp2Stream } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { Rooms, tellParent } from './room.js';
import { bound, decode, encode, type Member, stamp } from './work.js';

const prefixBytes = 5;
const counted = { writes: 0, frames: 0 };

class Room {
  readonly members = new Set<ServerHttp2Stream>();
  #waiting: Buffer[] = [];
  #seq = 0;

  say(me: Member, bytes: Buffer): void {
    this.#seq += 1;
    const said = encode(stamp(bound(decode(bytes)), me, this.#seq));
    const frame = Buffer.allocUnsafe(prefixBytes + said.length);
    frame.writeUInt8(0, 0);
    frame.writeUInt32BE(said.length, 1);
    frame.set(said, prefixBytes);
    if (this.#waiting.length === 0) setImmediate(() => this.#flush());
    this.#waiting.push(frame);
  }

  #flush(): void {
    const frames = this.#waiting.length;
    const joined = Buffer.concat(this.#waiting);
    this.#waiting = [];
    for (const member of this.members) member.write(joined);
    counted.writes += this.members.size;
    counted.frames += this.members.size * frames;
  }
}

const rooms = new Rooms(() => new Room());

/** Calls `take` with each whole message of a stream. */
function readFrames(stream: ServerHttp2Stream, take: (bytes: Buffer) => void): void {
  let rest: Buffer = Buffer.alloc(0);
  stream.on('data', (chunk: Buffer) => {
    let bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    while (bytes.length >= prefixBytes) {
      const end = prefixBytes + bytes.readUInt32BE(1);
      if (bytes.length < end) break;
      take(bytes.subarray(prefixBytes, end));
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
  readFrames(stream, (bytes) => room.say(me, bytes));
}

const server = createServer();
server.on('stream', connect);
server.on('sessionError', () => {});
server.listen(0, '127.0.0.1', () => tellParent((server.address() as AddressInfo).port, () => counted));
