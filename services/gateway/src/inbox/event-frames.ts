import { BinaryWriter } from '@bufbuild/protobuf/wire';
import { InboxEvent, Kind, Message, rulesOf } from '@parley/contract';
import type { EncodedMessage } from '@parley/fanout';
import { asBuffer } from '@parley/rpc';
import type { StoredLogEntry } from '../store/inbox-store.js';

const messageTag = 0x12; // field 2 of InboxEvent, with its length
const channelTag = 0x58; // field 11 of Message, a varint
const nothing = Buffer.alloc(0);

/**
 * Returns the event of an encoded `Message`, with the id of its channel. Copies the bytes without
 * decoding them, and appends the channel id.
 */
export function messageEvent(channelId: number, message: Uint8Array): Buffer {
  const tail = new BinaryWriter().uint32(channelTag).uint32(channelId).finish();
  const head = new BinaryWriter()
    .uint32(messageTag)
    .uint32(message.length + tail.length)
    .finish();
  return Buffer.concat([head, message, tail]);
}

/** Encodes an event of any other kind. */
export function encodeInboxEvent(fields: Parameters<typeof InboxEvent.fromPartial>[0]): Buffer {
  return asBuffer(InboxEvent.encode(InboxEvent.fromPartial(fields)).finish());
}

/** Encodes that the user is no longer in a chat, or that it was deleted. */
export function removedEvent(channelId: number): Buffer {
  return encodeInboxEvent({ removed: { id: channelId } });
}

/** Returns the message without its text, content type, mentions and files. */
function withoutText(message: Message): Message {
  return { ...message, data: nothing, contentType: '', mentions: [], fileIds: [], deleted: true };
}

function withEdit(said: Message, { data, contentType, timestamp }: Message): Message {
  if (said.deleted || said.kind !== Kind.UNSPECIFIED) return said;
  return { ...said, data, contentType, editedAt: timestamp };
}

/** An entry of a feed: its event, and the facts that the feed acts on. */
export interface FeedEntry {
  readonly seq: number;
  readonly kind: Kind;
  readonly timestamp: number;
  /** Data of a membership change; empty for other kinds. */
  readonly change: Uint8Array;
  readonly event: EncodedMessage;
}

function changed(channelId: number, earlier: EncodedMessage, change: (message: Message) => Message): EncodedMessage {
  const { message } = InboxEvent.decode(earlier.bytes);
  return message === undefined ? earlier : entryOf(channelId, change(message)).event;
}

function amendmentOf(channelId: number, message: Message): EncodedMessage['amendment'] {
  const { kind, targetSeq: target, deleted } = message;
  if (kind === Kind.DELETE) return { target, apply: (earlier) => changed(channelId, earlier, withoutText) };
  if (kind !== Kind.EDIT || deleted) return undefined;
  return {
    target,
    apply: (earlier) => changed(channelId, earlier, (said) => withEdit(said, message)),
    withdrawn: () => entryOf(channelId, withoutText(message)).event,
  };
}

/**
 * Encodes a message as an entry of a feed. `bytes` is the encoded message, if the caller has it.
 */
export function entryOf(
  channelId: number,
  message: Message,
  bytes: Uint8Array = Message.encode({ ...message, channelId: 0 }).finish(),
): FeedEntry {
  const { seq, kind, timestamp } = message;
  const event = {
    bytes: messageEvent(channelId, bytes),
    plain: rulesOf(kind)?.plain === true,
    amendment: amendmentOf(channelId, message),
  };
  return { seq, kind, timestamp, change: kind === Kind.MEMBER ? message.data : nothing, event };
}

/** Encodes an entry as the table has it now. */
export function storedEntry(row: StoredLogEntry): FeedEntry {
  const message = Message.fromPartial({
    userId: row.senderNumber,
    timestamp: row.sentAtMs,
    data: row.data,
    sender: row.senderId,
    seq: row.seq,
    clientId: row.clientId,
    contentType: row.contentType,
    kind: row.kind as Kind,
    targetSeq: row.targetSeq,
    mentions: row.mentions,
    editedAt: row.editedAtMs,
    deleted: row.deleted,
  });
  return entryOf(row.channelId, message);
}
