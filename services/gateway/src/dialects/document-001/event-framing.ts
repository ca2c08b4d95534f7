import { InboxEvent, Kind, type Message } from '@parley/contract';
import type { Framing } from '@parley/fanout';
import { convertedOnce } from '../../inbox/converted-once.js';
import { messageText } from '../../rest/message-shape.js';
import { isSpoken, wireMessage } from './shapes.js';

/**
 * Byte that begins a record in the frames of this framing. No other byte is 0, because JSON escapes
 * that character.
 */
export const recordMark = '\0';
/**
 * Kinds of records. Each record has a first line. A record of the kind `block` also has a block: an
 * event that is the same for all readers, without its id.
 */
export const recordKinds = {
  /** `<channel>.<seq>`: an entry, with its block. */
  block: 'b',
  /** `<channel>.<seq>`: an entry for which document 001 has no event. */
  place: 'p',
  /** The event in base64. Each stream makes its own events from it. */
  event: 'e',
} as const;

/** Maximum bytes of converted events that one process keeps for other readers. */
const keptBytes = 33_554_432;
/** Estimated number of bytes by which a record is longer than its event. */
const overheadBytes = 320;

/** Returns an event of the stream, without its id. */
export function eventBlock(name: string, fields: object): string {
  return `event: ${name}\ndata: ${JSON.stringify({ ...fields, event: name })}\n\n`;
}

/** Returns the event of a change of a message, which clients of the document do not know and ignore. */
function amendmentBlock(message: Message): string | undefined {
  const { channelId: chatId, targetSeq: id, userId: senderId, timestamp } = message;
  const fields = { id, chatId, senderId, updatedAt: new Date(timestamp).toISOString() };
  if (message.kind === Kind.EDIT)
    return eventBlock('MessageUpdated', { ...fields, content: messageText(message) ?? '' });
  return message.kind === Kind.DELETE ? eventBlock('MessageDeleted', fields) : undefined;
}

function recordOf(bytes: Uint8Array): string {
  const { message } = InboxEvent.decode(bytes);
  if (message === undefined || message.kind === Kind.MEMBER)
    return `${recordMark}${recordKinds.event}${Buffer.from(bytes).toString('base64')}\n`;
  if (message.seq === 0) return ''; // Lossy messages, receipts, typing and presence.
  const place = `${message.channelId}.${message.seq}\n`;
  const block = isSpoken(message)
    ? eventBlock('NewMessage', wireMessage(message.channelId, message))
    : amendmentBlock(message);
  if (block === undefined) return `${recordMark}${recordKinds.place}${place}`;
  return `${recordMark}${recordKinds.block}${place}${block}`;
}

const recordIn = convertedOnce(recordOf, keptBytes);

/**
 * Framing of the events of document 001. It writes records, and each stream makes its own events
 * from them.
 */
export const eventFraming: Framing = {
  overheadBytes,
  join: (events) => Buffer.concat(events.map(recordIn)),
};
