import { type Refusal, refuse } from '@parley/runtime';

/** Bytes of the prefix before each message on the wire: a flag byte and a 32-bit length. */
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

/** Framing of gRPC: each message has a prefix of a flag byte and its length. */
export const grpcFraming = { overheadBytes: prefixBytes, join: joinFrames } as const;

/** Returns one message with its gRPC prefix. */
export function frameOf(message: Uint8Array): Buffer {
  return joinFrames([message], message.length);
}

/**
 * Returns the refusal for a message with this prefix, or undefined if the message may be read.
 * Compressed messages are always refused.
 */
export function prefixRefusal(flag: number | undefined, length: number, maxBytes: number): Refusal | undefined {
  if (flag !== 0) return refuse(flag === 1 ? 'compressed' : 'malformed');
  return length > maxBytes ? refuse('message-too-large') : undefined;
}
