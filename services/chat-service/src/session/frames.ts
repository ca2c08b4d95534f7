import { BinaryReader, BinaryWriter } from '@bufbuild/protobuf/wire';
import { type Ack, type Goodbye, Message, type Presence, type Receipt, rulesOf, type Typing } from '@parley/contract';
import { amendmentOf, type EncodedMessage, type MessageCodec } from '@parley/fanout';
import { type Refusal, refuse } from '@parley/runtime';
import { messageOfEntry, type StoredEntry } from '@parley/service-kit';
import type { Person } from '../core/live-channel.js';
import type { WelcomeFields } from './welcome.js';

/** Writer that all frames share, so that its grown buffer is reused. */
let writer = new BinaryWriter();

/**
 * Maximum fields in one frame of a client. A message with the maximum number of mentions has about
 * 60.
 */
const frameFields = 256;
/**
 * Maximum bytes of a reaction or an event in one frame of a client. Clients send only short events.
 */
const eventBytes = 1_024;
const firstEventField = 16;

/**
 * Returns whether a frame is cheap to decode. An expensive frame can hold an empty nested message
 * in every two bytes, and each of these becomes an object.
 */
function isCheap(bytes: Buffer): boolean {
  const reader = new BinaryReader(bytes);
  let [fields, events] = [0, 0];
  while (reader.pos < bytes.length && fields <= frameFields && events <= eventBytes) {
    const [field, wireType] = reader.tag();
    const begin = reader.pos;
    reader.skip(wireType, field);
    fields += 1;
    if (field >= firstEventField) events += reader.pos - begin;
  }
  return fields <= frameFields && events <= eventBytes;
}

function decodeWhole(bytes: Buffer): Message | undefined {
  if (!isCheap(bytes)) return undefined;
  const reader = new BinaryReader(bytes);
  const message = Message.decode(reader, bytes.length);
  return reader.pos === bytes.length ? message : undefined;
}

/**
 * Decodes the bytes of a client as a message. Also rejects bytes after an end mark, which the
 * decoder would skip.
 * @throws {Refusal} `malformed`
 */
export function decodeMessage(bytes: Buffer): Message {
  let message: Message | undefined;
  try {
    message = decodeWhole(bytes);
  } catch (cause) {
    throw refuse('malformed', { cause });
  }
  if (message === undefined) throw refuse('malformed');
  return message;
}

/** Bytes for which a mention or a file counts in a rate limit, because each is looked up. */
const lookupBytes = 1_024;

/**
 * Returns the bytes for which a message counts in a rate limit: its data, content type, mentions
 * and files.
 */
export function sizeOf({ data, contentType, mentions, fileIds }: Message): number {
  return data.length + contentType.length + (mentions.length + fileIds.length) * lookupBytes;
}

/** Fields that the server sets. */
export interface Stamp {
  readonly userId: number;
  readonly sender: string;
  readonly timestamp: number;
  /** Seq of the entry; 0 for lossy messages. */
  readonly seq: number;
}

/**
 * Returns the message as everyone receives it: with the server's fields, and only those fields of
 * the client that it may set. Copies field by field, because V8 keeps an object made by a spread as
 * a dictionary, and encoding it takes ten times as long.
 */
export function stamped(message: Message, stamp: Stamp): Message {
  return {
    userId: stamp.userId,
    timestamp: stamp.timestamp,
    sender: stamp.sender,
    seq: stamp.seq,
    data: message.data,
    clientId: message.clientId,
    contentType: message.contentType,
    kind: message.kind,
    targetSeq: message.targetSeq,
    lossy: message.lossy,
    mentions: message.mentions,
    fileIds: message.fileIds,
    channelId: 0,
    editedAt: 0,
    deleted: false,
    reactions: [],
    pinnedAt: 0,
    replies: undefined,
  };
}

function encode(message: Message): Uint8Array {
  try {
    return Message.encode(message, writer).finish();
  } catch (cause) {
    writer = new BinaryWriter(); // The old writer is in the middle of a message.
    throw cause;
  }
}

function event(fields: Parameters<typeof Message.fromPartial>[0]): Uint8Array {
  return encode(Message.fromPartial(fields));
}

const codec: MessageCodec = { decode: ({ bytes }) => Message.decode(bytes), encode: encodeMessage };

/** Encodes an entry or a lossy message as every recipient gets it. */
export function encodeMessage(message: Message): EncodedMessage {
  const bytes = encode(message);
  return { bytes, plain: rulesOf(message.kind)?.plain === true, amendment: amendmentOf(message, bytes, codec) };
}

/** Encodes an entry as stored in the table. A deleted one has no text. */
export function encodeStored(entry: StoredEntry): EncodedMessage {
  return encodeMessage(messageOfEntry(entry));
}

/** Encodes the first frame of a stream with events. */
export function encodeWelcome(welcome: WelcomeFields): Uint8Array {
  return event({ welcome });
}

export function encodeAck(ack: Pick<Ack, 'clientId' | 'seq' | 'timestamp'>): Uint8Array {
  return event({ ack });
}

/** Returns the ack of a message that was refused. */
export function refusalAck(clientId: string, { reason, message, retryAfterMs }: Refusal): Partial<Ack> {
  return { clientId, refusal: { reason, message, retryAfterMs } };
}

export function encodeRefusal(clientId: string, refusal: Refusal): Uint8Array {
  return event({ ack: refusalAck(clientId, refusal) });
}

export function encodeGoodbye(goodbye: Goodbye): Uint8Array {
  return event({ goodbye });
}

export function encodePing(sentAt: number, lastSeq: number): Uint8Array {
  return event({ ping: { sentAt, lastSeq } });
}

export function encodePong(sentAt: number, lastSeq: number): Uint8Array {
  return event({ pong: { sentAt, lastSeq } });
}

function users(people: readonly Person[]): Presence['came'] {
  return Message.fromPartial({ presence: { came: [...people] } }).presence?.came ?? [];
}

/** Encodes the event that users came or went. `here` is the number of users who are here now. */
export function encodePresence(came: readonly Person[], went: readonly Person[], here: number): EncodedMessage {
  return { bytes: event({ presence: { came: users(came), went: users(went), here } }), plain: false };
}

export function encodeReceipt(receipt: Receipt): EncodedMessage {
  return { bytes: event({ receipt }), plain: false };
}

export function encodeTyping(typing: Typing): EncodedMessage {
  return { bytes: event({ typing }), plain: false };
}
