import { type Refusal, refuse } from '@parley/runtime';

/** Length of the prefix before each message on the wire: one flag byte and a length of four. */
export const prefixBytes = 5;

/** Returns the same memory as a Buffer, without a copy. */
export function asBuffer({ buffer, byteOffset, byteLength }: Uint8Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength);
}

function joinFrames(messages: readonly Uint8Array[], totalBytes: number): Buffer {
  const joined = Buffer.allocUnsafe(totalBytes + messages.length * prefixBytes);
  let at = 0;
  for (const message of messages) {
    joined[at] = 0;
    joined.writeUInt32BE(message.length, at + 1);
    joined.set(message, at + prefixBytes);
    at += prefixBytes + message.length;
  }
  return joined;
}

/** How gRPC frames messages: each has a prefix of one flag byte and its length. */
export const grpcFraming = { overheadBytes: prefixBytes, join: joinFrames } as const;

/** Returns one message with its gRPC prefix. */
export function frameOf(message: Uint8Array): Buffer {
  return joinFrames([message], message.length);
}

/** Why a message with this prefix is not read; undefined where it is. Nothing is ever inflated for a caller. */
export function prefixRefusal(flag: number | undefined, length: number, mostBytes: number): Refusal | undefined {
  if (flag !== 0) return refuse(flag === 1 ? 'compressed' : 'malformed');
  return length > mostBytes ? refuse('message-too-large') : undefined;
}
