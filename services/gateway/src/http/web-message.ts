import type { IncomingMessage } from 'node:http';
import { prefixBytes } from '@parley/rpc';
import { limits, Refusal, refuse } from '@parley/runtime';

/** `binary` frames as they are, or `text`: base64 of them. */
export type WebFraming = 'binary' | 'text';

const forms = /^application\/grpc-web(-text)?(\+proto)?(;|$)/i;
const mostBytes = prefixBytes + limits.frameBytes;

/** How a request of this content type is written; undefined where it is not gRPC-Web. */
export function wireOf(contentType = ''): WebFraming | undefined {
  const form = forms.exec(contentType.trim());
  if (form === null) return undefined;
  return form[1] === undefined ? 'binary' : 'text';
}

async function readBody(request: IncomingMessage, most: number, count: (bytes: number) => void): Promise<Buffer> {
  if (Number(request.headers['content-length']) > most) throw refuse('message-too-large');
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of request.iterator({ destroyOnReturn: false })) {
      bytes += chunk.length;
      if (bytes > most) throw refuse('message-too-large');
      count(chunk.length);
      chunks.push(chunk);
    }
  } catch (thrown) {
    request.resume(); // what is left unread would hold up the next request of this connection
    throw thrown instanceof Refusal ? thrown : refuse('cancelled', { cause: thrown });
  }
  return Buffer.concat(chunks, bytes);
}

/** Pieces of base64. Only padding parts two of them: with a second way to part them the pattern takes for ever to say no. */
const inPieces = /^(?:[\w+/-]{2,}={1,2})*(?:[\w+/-]{2,})?$/;

/** Pages write one or two. Each costs a step of its own. */
const mostPaddings = 64;

function isPaddedMore(text: string, most: number): boolean {
  let at = -1;
  for (let found = 0; found <= most; found++) {
    at = text.indexOf('=', at + 1);
    if (at < 0) return false;
  }
  return true;
}

/** Pieces of base64, each with its padding, one behind the other. */
function fromText(body: Buffer): Buffer {
  const text = body.toString('latin1');
  if (isPaddedMore(text, mostPaddings) || !inPieces.test(text)) throw refuse('malformed');
  const bytes = Buffer.allocUnsafe(text.length);
  let length = 0;
  for (const [piece] of text.matchAll(/[\w+/-]+=*/g)) length += bytes.write(piece, length, 'base64');
  return bytes.subarray(0, length);
}

/**
 * The one message of a request. `count` is told of its bytes as they arrive, and throws where there is no room for them.
 * @throws {Refusal} `malformed`, `message-too-large`, or what `count` throws.
 */
export async function readMessage(
  request: IncomingMessage,
  wire: WebFraming,
  count: (bytes: number) => void,
): Promise<Buffer> {
  const body = await readBody(request, wire === 'text' ? Math.ceil((mostBytes * 4) / 3) + 4 : mostBytes, count);
  const frame = wire === 'text' ? fromText(body) : body;
  const isWhole = frame.length >= prefixBytes && frame.readUInt32BE(1) === frame.length - prefixBytes;
  if (!isWhole || frame[0] !== 0) throw refuse('malformed');
  return frame.subarray(prefixBytes);
}
