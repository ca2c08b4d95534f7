import { type Refusal, refuse } from '@parley/runtime';

/** What stands before each message on the wire: one flag byte, and its length in four. */
export const prefixBytes = 5;

/** The same memory as a Buffer, not a copy. */
export function asBuffer({ buffer, byteOffset, byteLength }: Uint8Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength);
}

/** The frame whose message begins behind room for its prefix; the same bytes, not a copy. */
export function prefixed(bytes: Uint8Array): Buffer {
  const frame = asBuffer(bytes);
  frame.writeUInt8(0, 0);
  frame.writeUInt32BE(frame.length - prefixBytes, 1);
  return frame;
}

/** A message as it stands on the wire. */
export function frameOf(message: Uint8Array): Buffer {
  const frame = Buffer.allocUnsafe(prefixBytes + message.length);
  frame.set(message, prefixBytes);
  return prefixed(frame);
}

/** Why a message with this prefix is not read; undefined where it is. Nothing is ever inflated for a caller. */
export function prefixRefusal(flag: number | undefined, length: number, mostBytes: number): Refusal | undefined {
  if (flag !== 0) return refuse(flag === 1 ? 'compressed' : 'malformed');
  return length > mostBytes ? refuse('message-too-large') : undefined;
}
