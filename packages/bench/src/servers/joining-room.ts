import type { Duplex } from 'node:stream';
import { bound, decode, encode, type Member, stamp } from './work.js';

/** Bytes before each message: a flag byte and a 32-bit length, as in gRPC. */
const prefixBytes = 5;

/** Writes and frames of all rooms. */
export const roomCounts = { writes: 0, frames: 0 };

/**
 * A channel that joins its frames once per turn of the event loop, and writes them once per member.
 */
export class JoiningRoom {
  readonly members = new Set<Pick<Duplex, 'write'>>();
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
    roomCounts.writes += this.members.size;
    roomCounts.frames += this.members.size * frames;
  }
}

/** Calls `onMessage` with each complete message of a stream. */
export function readFrames(stream: Duplex, onMessage: (bytes: Buffer) => void): void {
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
