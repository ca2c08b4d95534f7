import { InboxEvent, Kind, type Message } from '@parley/contract';
import type { Framing } from '@parley/fanout';
import { asBuffer } from '@parley/rpc';
import { convertedOnce } from '../../inbox/converted-once.js';
import { messageTag } from '../../inbox/event-frames.js';
import { messageText } from '../../rest/message-shape.js';
import { isSpoken, wireMessage } from './shapes.js';

/**
 * Byte that begins a record in the frames of this framing. No other byte is 0, because JSON escapes
 * that character.
 */
const recordMark = '\0';
/**
 * Kinds of records. Each record has a first line. A record of the kind `block` also has a block: an
 * event that is the same for all readers, without its id.
 */
const recordKinds = {
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

function eventRecord(bytes: Uint8Array): string {
  return `${recordMark}${recordKinds.event}${asBuffer(bytes).toString('base64')}\n`;
}

function recordOf(bytes: Uint8Array): string {
  const { message } = InboxEvent.decode(bytes);
  if (message === undefined || message.kind === Kind.MEMBER) return eventRecord(bytes);
  if (message.seq === 0) return ''; // Lossy messages, receipts, typing and presence.
  const place = `${message.channelId}.${message.seq}\n`;
  const block = isSpoken(message)
    ? eventBlock('NewMessage', wireMessage(message.channelId, message))
    : amendmentBlock(message);
  if (block === undefined) return `${recordMark}${recordKinds.place}${place}`;
  return `${recordMark}${recordKinds.block}${place}${block}`;
}

const sharedRecord = convertedOnce(recordOf, keptBytes);

/** Returns the record of an event. Only messages are the same for many readers. */
function recordIn(bytes: Uint8Array): Buffer {
  return bytes[0] === messageTag ? sharedRecord(bytes) : Buffer.from(eventRecord(bytes));
}

/** An entry, with its block if document 001 has an event for it, or an event. */
export type EventRecord =
  | {
      readonly channelId: number;
      readonly seq: string;
      readonly block: Uint8Array | undefined;
      readonly event?: undefined;
    }
  | { readonly event: InboxEvent };

const mark = recordMark.charCodeAt(0);
const newline = 0x0a;

function* parsedRecords(frames: Buffer): Generator<EventRecord> {
  for (let at = 0; at < frames.length; ) {
    const endOfLine = frames.indexOf(newline, at);
    const kind = frames.toString('latin1', at + 1, at + 2);
    const line = frames.toString('latin1', at + 2, endOfLine);
    const following = frames.indexOf(mark, endOfLine);
    at = following < 0 ? frames.length : following;
    if (kind === recordKinds.event) yield { event: InboxEvent.decode(Buffer.from(line, 'base64')) };
    else {
      const [channelId, seq = ''] = line.split('.');
      const block = kind === recordKinds.block ? frames.subarray(endOfLine + 1, at) : undefined;
      yield { channelId: Number(channelId), seq, block };
    }
  }
}

/** The frames that were parsed last. Readers who share frames read them one after the other. */
let newest: { readonly frames: Buffer; readonly records: readonly EventRecord[] } | undefined;

/** Returns the records in frames. Parses frames that readers share only once. */
export function recordsIn(frames: Buffer): readonly EventRecord[] {
  if (newest?.frames !== frames) newest = { frames, records: [...parsedRecords(frames)] };
  return newest.records;
}

/**
 * Framing of the events of document 001. It writes records, and each stream makes its own events
 * from them.
 */
export const eventFraming: Framing = {
  overheadBytes,
  join: (events) => Buffer.concat(events.map(recordIn)),
};
