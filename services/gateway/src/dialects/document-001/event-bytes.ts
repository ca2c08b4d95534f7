import type { EventParts } from './events-machine.js';

const nothing = Buffer.alloc(0);
const [carriageReturn, newline] = [0x0d, 0x0a];

/** Returns parts as one buffer: as one chunk of a chunked response, or else as they are. */
export function joinedParts(parts: EventParts, isChunk: boolean): Buffer {
  let length = 0;
  for (const part of parts) length += part.length;
  if (length === 0) return nothing; // A chunk without bytes would end the response.
  let line = isChunk ? `${length.toString(16)}\r\n` : '';
  const bytes = Buffer.allocUnsafe(line.length + length + (isChunk ? 2 : 0));
  let at = 0;
  for (const part of parts) {
    if (typeof part === 'string') line += part;
    else {
      at += bytes.write(line, at, 'latin1');
      bytes.set(part, at);
      at += part.length;
      line = '';
    }
  }
  at += bytes.write(line, at, 'latin1');
  if (isChunk) {
    bytes[at] = carriageReturn;
    bytes[at + 1] = newline;
  }
  return bytes;
}
