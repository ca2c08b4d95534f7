import type { Framing } from '@parley/fanout';

/** First byte of a WebSocket frame that holds a whole message: the final bit and the opcode. */
const wholeText = 0x81;
const wholeBinary = 0x82;
/** Values of the second byte: a length of 2 or of 8 bytes follows. */
const twoByteLength = 126;
const eightByteLength = 127;
const maxOneByte = 125;
const maxTwoBytes = 0xffff;

function headerBytes(length: number): number {
  if (length <= maxOneByte) return 2;
  return length <= maxTwoBytes ? 4 : 10;
}

/** Writes the header of a frame. Returns the offset after it. */
function writeHeader(into: Buffer, at: number, first: number, length: number): number {
  into[at] = first;
  if (length <= maxOneByte) {
    into[at + 1] = length;
    return at + 2;
  }
  if (length <= maxTwoBytes) {
    into[at + 1] = twoByteLength;
    return into.writeUInt16BE(length, at + 2);
  }
  into[at + 1] = eightByteLength;
  return into.writeUInt32BE(length, into.writeUInt32BE(0, at + 2));
}

function joinFrames(first: number, payloads: readonly Uint8Array[]): Buffer {
  let bytes = 0;
  for (const { length } of payloads) bytes += headerBytes(length) + length;
  const joined = Buffer.allocUnsafe(bytes);
  let at = 0;
  for (const payload of payloads) {
    at = writeHeader(joined, at, first, payload.length);
    joined.set(payload, at);
    at += payload.length;
  }
  return joined;
}

/** Returns each payload as one frame of a server, joined. */
export function socketFrames(payloads: readonly Uint8Array[], isText: boolean): Buffer {
  return joinFrames(isText ? wholeText : wholeBinary, payloads);
}

/**
 * Length of the header of a message of 126 to 65,535 bytes. Most messages are shorter, or not much
 * longer than 126 bytes.
 */
const usualHeaderBytes = 4;

/** Framing of `parley.v1`: each event is the payload of one binary frame. */
export const binaryFraming: Framing = {
  overheadBytes: usualHeaderBytes,
  join: (events) => joinFrames(wholeBinary, events),
};

/** Framing of `parley.v1.json`: each event is one text frame. `textOf` converts each event once. */
export class JsonFraming implements Framing {
  readonly overheadBytes = usualHeaderBytes;
  readonly #textOf: (event: Uint8Array) => Buffer;

  constructor(textOf: (event: Uint8Array) => Buffer) {
    this.#textOf = textOf;
  }

  readonly join = (events: readonly Uint8Array[]): Buffer => joinFrames(wholeText, events.map(this.#textOf));
}
