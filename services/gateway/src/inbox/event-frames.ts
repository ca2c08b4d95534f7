import { InboxEvent, Kind, MemberChange, Message, rulesOf } from '@parley/contract';
import { amendmentOf, type EncodedMessage, type MessageCodec } from '@parley/fanout';
import { asBuffer } from '@parley/rpc';
import { messageOfEntry, notifyWords, ranks } from '@parley/service-kit';
import type { OwnMembership, ReceiptRow, StoredLogEntry } from '../store/inbox-store.js';

/** A receipt of a member, as others see it. */
export type ShownReceipt = Omit<ReceiptRow, 'receiptAtMs'>;

/**
 * Minimum size of an event that gets memory of its own. For a smaller event, the allocation would
 * cost too much time.
 */
const ownMemoryBytes = 1_024;

/** First byte of the event of a message: field 2 of InboxEvent, with its length. */
export const messageTag = 0x12;
const channelTag = 0x58; // field 11 of Message, a varint

/**
 * Bits of one byte of a varint: seven bits of the number, and one bit that says that another byte
 * follows.
 */
const sevenBits = 0x7f;
const moreBit = 0x80;

function varintBytes(value: number): number {
  let bytes = 1;
  for (let left = value >>> 7; left > 0; left >>>= 7) bytes += 1;
  return bytes;
}

/** Writes a varint of at most 32 bits. Returns the offset after it. */
function writeVarint(into: Buffer, at: number, value: number): number {
  let left = value;
  let end = at;
  for (; left > sevenBits; left >>>= 7) into[end++] = (left & sevenBits) | moreBit;
  into[end] = left;
  return end + 1;
}

/**
 * Returns the event of an encoded `Message`, with the id of its channel. Copies the bytes without
 * decoding them, and appends the channel id. A large event gets memory of its own. It may stay in a
 * ring for a long time, and would otherwise keep a whole shared buffer of 8 KiB in memory.
 */
export function messageEvent(channelId: number, message: Uint8Array): Buffer {
  const length = message.length + 1 + varintBytes(channelId);
  const size = 1 + varintBytes(length) + length;
  const event = size < ownMemoryBytes ? Buffer.allocUnsafe(size) : Buffer.allocUnsafeSlow(size);
  event[0] = messageTag;
  const start = writeVarint(event, 1, length);
  event.set(message, start);
  const end = start + message.length;
  event[end] = channelTag;
  writeVarint(event, end + 1, channelId);
  return event;
}

/** Encodes how far a member has received and read a chat. */
export function receiptEvent({ channelId, userId, log, deliveredSeq, readSeq }: ShownReceipt): Buffer {
  const receipt = { userId, log, deliveredSeq, readSeq };
  return messageEvent(channelId, Message.encode(Message.fromPartial({ receipt })).finish());
}

/** Encodes what a user sees of their own membership. */
export function membershipEvent({ channelId, role, markedUnread, notify }: OwnMembership): Buffer {
  return encodeInboxEvent({
    membership: { channelId, role: ranks[role], markedUnread, notify: notifyWords[notify] },
  });
}

/** Encodes an event of any other kind. */
export function encodeInboxEvent(fields: Parameters<typeof InboxEvent.fromPartial>[0]): Buffer {
  return asBuffer(InboxEvent.encode(InboxEvent.fromPartial(fields)).finish());
}

/** Encodes that the user is no longer in a chat, or that it was deleted. */
export function removedEvent(channelId: number): Buffer {
  return encodeInboxEvent({ removed: { id: channelId } });
}

/** An entry of a feed: its event, and the fields that the feed reads. */
export interface FeedEntry {
  readonly seq: number;
  readonly kind: Kind;
  readonly timestamp: number;
  /** The change of members, if the entry is one. */
  readonly change: MemberChange | undefined;
  readonly event: EncodedMessage;
}

function codecOf(channelId: number): MessageCodec {
  return {
    decode: ({ bytes }) => InboxEvent.decode(bytes).message ?? Message.create(),
    encode: (message) => entryOf(channelId, message).event,
  };
}

/**
 * Encodes a message as an entry of a feed. `bytes` is the encoded message, if the caller has it.
 * @throws {Error} if it is a change of members that cannot be decoded.
 */
export function entryOf(
  channelId: number,
  message: Message,
  bytes: Uint8Array = Message.encode({ ...message, channelId: 0 }).finish(),
): FeedEntry {
  const { seq, kind, timestamp } = message;
  const event = messageEvent(channelId, bytes);
  const amendment = amendmentOf(message, event, codecOf(channelId));
  const change = kind === Kind.MEMBER && message.data.length > 0 ? MemberChange.decode(message.data) : undefined;
  return { seq, kind, timestamp, change, event: { bytes: event, plain: rulesOf(kind)?.plain === true, amendment } };
}

/** Encodes an entry as the table has it now. */
export function storedEntry(row: StoredLogEntry): FeedEntry {
  return entryOf(row.channelId, messageOfEntry(row));
}
