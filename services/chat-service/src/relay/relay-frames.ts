import { BinaryReader } from '@bufbuild/protobuf/wire';
import { RelayDown, RelayUp } from '@parley/contract';
import type { Framing } from '@parley/fanout';
import { asBuffer, prefixBytes } from '@parley/rpc';
import { type Reason, refuse } from '@parley/runtime';
import type { CloseInfo } from '../session/participants.js';

/**
 * A post whose message is not decoded yet, because it comes from a user and the gateway only
 * forwards it.
 */
export interface ForwardedPost {
  readonly id: number;
  readonly channelId: number;
  readonly handle: number;
  readonly message: Buffer;
  /** Call that brought the message, if its trace is recorded; otherwise both are empty. */
  readonly origin: { readonly requestId: string; readonly traceparent: string };
}

/** A frame of a gateway: a post, or any other request. */
export type RelayRequest = { readonly post: ForwardedPost } | { readonly up: RelayUp };

const idField = 1;
const channelField = 2;
const postField = 7;
const nothing = Buffer.alloc(0);

function readPost(bytes: Uint8Array): Omit<ForwardedPost, 'id' | 'channelId'> {
  const reader = new BinaryReader(bytes);
  const origin = { requestId: '', traceparent: '' };
  const post: { handle: number; message: Buffer } = { handle: 0, message: nothing };
  while (reader.pos < bytes.length) {
    const [field, wireType] = reader.tag();
    if (field === 1 && wireType === 0) post.handle = reader.uint32();
    else if (field === 2 && wireType === 2) post.message = asBuffer(reader.bytes());
    else if (field === 3 && wireType === 2) origin.requestId = reader.string();
    else if (field === 4 && wireType === 2) origin.traceparent = reader.string();
    else reader.skip(wireType, field);
  }
  return { ...post, origin };
}

function readRequest(bytes: Buffer): RelayRequest {
  const reader = new BinaryReader(bytes);
  let [id, channelId] = [0, 0];
  let post: ReturnType<typeof readPost> | undefined;
  while (reader.pos < bytes.length) {
    const [field, wireType] = reader.tag();
    if (field === idField && wireType === 0) id = reader.uint32();
    else if (field === channelField && wireType === 0) channelId = reader.uint32();
    else if (field === postField && wireType === 2) post = readPost(reader.bytes());
    else reader.skip(wireType, field);
  }
  return post === undefined ? { up: RelayUp.decode(bytes) } : { post: { id, channelId, ...post } };
}

/**
 * Decodes a frame of a gateway, but not the message of a post.
 * @throws {Refusal} `malformed`
 */
export function decodeRequest(bytes: Buffer): RelayRequest {
  try {
    return readRequest(bytes);
  } catch (cause) {
    throw refuse('malformed', { cause });
  }
}

/** Encodes a frame for a gateway, other than a frame of a channel. */
export function encodeDown(down: Parameters<typeof RelayDown.fromPartial>[0]): Uint8Array {
  return RelayDown.encode(RelayDown.fromPartial(down)).finish();
}

/** Tag of the field `frame` of RelayDown. */
const frameTag = 0x1a;
const mostLengthBytes = 4;

/** Writes a number as a varint. Returns the position after it. */
function writeVarint(target: Buffer, value: number, at: number): number {
  let [rest, next] = [value, at];
  for (; rest > 0x7f; rest >>>= 7) target[next++] = (rest & 0x7f) | 0x80;
  target[next++] = rest;
  return next;
}

/**
 * Returns the framing of one follow. It wraps the bytes that all readers of the channel share in a
 * RelayDown with the id of the follow and the channel.
 */
export function framingOf(id: number, channelId: number): Framing {
  const head = encodeDown({ id, channelId });
  const join = (messages: readonly Uint8Array[], totalBytes: number): Buffer => {
    const joined = Buffer.allocUnsafe(totalBytes + messages.length * overheadBytes);
    let at = 0;
    for (const message of messages) {
      const start = at + prefixBytes;
      joined.set(head, start);
      joined[start + head.length] = frameTag;
      const body = writeVarint(joined, message.length, start + head.length + 1);
      joined.set(message, body);
      joined[at] = 0;
      joined.writeUInt32BE(body + message.length - start, at + 1);
      at = body + message.length;
    }
    return joined.subarray(0, at);
  };
  const overheadBytes = prefixBytes + head.length + 1 + mostLengthBytes;
  return { unshared: true, overheadBytes, join };
}

const again: ReadonlySet<Reason> = new Set<Reason>(['moved', 'draining', 'behind', 'database-away', 'too-busy']);

/** Returns the goodbye of a follow or a handle. */
export function goodbyeFor(reason: Reason, closeInfo?: CloseInfo) {
  const { message, retryAfterMs } = refuse(reason);
  return { reason, message, ...(closeInfo ?? { listenAgain: again.has(reason), retryAfterMs }) };
}
