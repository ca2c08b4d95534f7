import { BinaryWriter } from '@bufbuild/protobuf/wire';
import {
  type Ack,
  type Goodbye,
  Kind,
  Message,
  type Presence,
  rulesOf,
  type Typing,
  type Welcome,
} from '@parley/contract';
import type { EncodedMessage } from '@parley/fanout';
import type { Refusal } from '@parley/runtime';
import type { Person } from '../core/live-channel.js';
import type { StoredEntry } from '../store/messages.js';

const nothing = Buffer.alloc(0);
/** One for all frames: what it has grown to is not made anew for each. */
let writer = new BinaryWriter();

function encode(message: Message): Uint8Array {
  try {
    return Message.encode(message, writer).finish();
  } catch (cause) {
    writer = new BinaryWriter(); // the old one is left in the middle of a message
    throw cause;
  }
}

function event(fields: Parameters<typeof Message.fromPartial>[0]): Uint8Array {
  return encode(Message.fromPartial(fields));
}

/** An entry or a lossy message: what somebody said, as everybody gets it. */
export function encodeMessage(message: Message): EncodedMessage {
  const bytes = encode(message);
  return { bytes, plain: rulesOf(message.kind)?.plain === true, amendment: amendmentOf(message, bytes) };
}

function amendmentOf({ kind, targetSeq: target, deleted }: Message, bytes: Uint8Array): EncodedMessage['amendment'] {
  if (kind === Kind.DELETE) return { target, apply: withdrawn };
  if (kind !== Kind.EDIT || deleted) return undefined;
  return { target, apply: (earlier) => edited(earlier, bytes), withdrawn: () => withdrawn({ bytes, plain: false }) };
}

function decoded({ bytes }: Pick<EncodedMessage, 'bytes'>): Message {
  return Message.decode(bytes);
}

/** The entry stays, and nothing that its sender chose is left of it. */
function withdrawn(frame: EncodedMessage): EncodedMessage {
  return encodeMessage({ ...decoded(frame), data: nothing, contentType: '', mentions: [], fileIds: [], deleted: true });
}

function edited(earlier: EncodedMessage, edit: Uint8Array): EncodedMessage {
  const said = decoded(earlier);
  if (said.deleted || said.kind !== Kind.UNSPECIFIED) return earlier;
  const { data, contentType, timestamp } = decoded({ bytes: edit });
  return encodeMessage({ ...said, data, contentType, editedAt: timestamp });
}

/** An entry as the table has it: a deleted one without its words. */
export function encodeStored(entry: StoredEntry): EncodedMessage {
  return encodeMessage(
    Message.fromPartial({
      userId: entry.senderNumber,
      timestamp: entry.sentAtMs,
      data: entry.data,
      sender: entry.senderId,
      seq: entry.seq,
      clientId: entry.clientId,
      contentType: entry.contentType,
      kind: entry.kind as Kind,
      targetSeq: entry.targetSeq,
      mentions: entry.mentions,
      editedAt: entry.editedAtMs,
      deleted: entry.deleted,
    }),
  );
}

export function encodeWelcome(welcome: Parameters<typeof Welcome.fromPartial>[0]): Uint8Array {
  return event({ welcome });
}

export function encodeAck(ack: Pick<Ack, 'clientId' | 'seq' | 'timestamp'>): Uint8Array {
  return event({ ack });
}

/** The answer to a message that was not taken. */
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

/** Somebody came or went; `here` counts those who are here now. */
export function encodePresence(came: readonly Person[], went: readonly Person[], here: number): EncodedMessage {
  return { bytes: event({ presence: { came: users(came), went: users(went), here } }), plain: false };
}

export function encodeTyping(typing: Typing): EncodedMessage {
  return { bytes: event({ typing }), plain: false };
}
