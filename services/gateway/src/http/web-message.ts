import type { IncomingMessage } from 'node:http';
import { prefixBytes } from '@parley/rpc';
import { limits, type Refusal, refuse } from '@parley/runtime';

/** Framing of gRPC-Web: `binary` frames, or `text`: the same frames in base64. */
export type WebFraming = 'binary' | 'text';

const forms = /^application\/grpc-web(-text)?(\+proto)?(;|$)/i;
const maxBytes = prefixBytes + limits.frameBytes;

/** Returns the framing of a content type, or undefined if it is not gRPC-Web. */
export function wireOf(contentType = ''): WebFraming | undefined {
  const form = forms.exec(contentType.trim());
  if (form === null) return undefined;
  return form[1] === undefined ? 'binary' : 'text';
}

/**
 * Reads the body of a request. Calls `count` with the memory of its bytes as they arrive.
 * @throws {Refusal} `message-too-large` beyond `max` bytes, or `cancelled`.
 */
export async function readBody(request: IncomingMessage, max: number, count: (bytes: number) => void): Promise<Buffer> {
  if (Number(request.headers['content-length']) > max) {
    request.resume(); // Unread bytes would block the next request on this connection.
    throw refuse('message-too-large');
  }
  const chunks: Buffer[] = [];
  let bytes = 0;
  return new Promise((resolve, reject) => {
    const fail = (refusal: Refusal) => {
      request.off('data', take).off('end', finish).off('close', leave);
      request.resume();
      reject(refusal);
    };
    const take = (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > max) return fail(refuse('message-too-large'));
      count(chunk.buffer.byteLength); // the whole read of the socket stays in memory with it
      chunks.push(chunk);
    };
    const finish = () => {
      request.off('close', leave);
      resolve(Buffer.concat(chunks, bytes));
    };
    const leave = () => fail(refuse('cancelled'));
    request.on('data', take).once('end', finish).once('close', leave);
    if (request.closed) leave();
  });
}

/**
 * Matches chunks of base64 that are separated only by padding. With an ambiguous separator the
 * pattern could backtrack for ever.
 */
const base64Chunks = /^(?:[\w+/-]{2,}={1,2})*(?:[\w+/-]{2,})?$/;

/** Maximum number of padding characters. Clients write one or two; each costs a decoding step. */
const maxPaddings = 64;

function isPaddedMore(text: string, max: number): boolean {
  let at = -1;
  for (let found = 0; found <= max; found++) {
    at = text.indexOf('=', at + 1);
    if (at < 0) return false;
  }
  return true;
}

/** Decodes consecutive chunks of base64, each with its own padding. */
function fromText(body: Buffer): Buffer {
  const text = body.toString('latin1');
  if (isPaddedMore(text, maxPaddings) || !base64Chunks.test(text)) throw refuse('malformed');
  const bytes = Buffer.allocUnsafe(text.length);
  let length = 0;
  for (const [piece] of text.matchAll(/[\w+/-]+=*/g)) length += bytes.write(piece, length, 'base64');
  return bytes.subarray(0, length);
}

/**
 * Reads the message of a request. Calls `count` with the memory of its bytes as they arrive.
 * @throws {Refusal} `malformed`, `message-too-large` or `cancelled`.
 */
export async function readMessage(
  request: IncomingMessage,
  wire: WebFraming,
  count: (bytes: number) => void,
): Promise<Buffer> {
  const body = await readBody(request, wire === 'text' ? Math.ceil((maxBytes * 4) / 3) + 4 : maxBytes, count);
  const frame = wire === 'text' ? fromText(body) : body;
  const isWhole = frame.length >= prefixBytes && frame.readUInt32BE(1) === frame.length - prefixBytes;
  if (!isWhole || frame[0] !== 0) throw refuse('malformed');
  return frame.subarray(prefixBytes);
}
