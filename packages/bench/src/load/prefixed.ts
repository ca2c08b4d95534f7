import type { Bounds } from './wire.js';

const prefixBytes = 5;

/** Returns a message with a prefix of a flag byte and a 32-bit length, as in gRPC. */
export function prefixedFrame(message: Buffer): Buffer {
  const frame = Buffer.alloc(prefixBytes + message.length);
  frame.writeUInt32BE(message.length, 1);
  message.copy(frame, prefixBytes);
  return frame;
}

/** Returns the bounds of the message whose prefix is at `at`, or undefined if it is incomplete. */
export function prefixedBounds(bytes: Buffer, at: number): Bounds | undefined {
  if (bytes.length < at + prefixBytes) return undefined;
  const start = at + prefixBytes;
  const end = start + bytes.readUInt32BE(at + 1);
  return end > bytes.length ? undefined : { start, end };
}
