import { isBlank, Kind, Message, rulesOf } from '@parley/contract';
import { refuse } from '@parley/runtime/refusal';

/** Optional fields of a message. */
export interface MessageOptions {
  /** Seq of the message that this one replies to. */
  readonly replyTo?: number;
  /** MIME type. Default: `text/plain` for a string, empty for bytes. */
  readonly contentType?: string;
  /** Ids of the mentioned users. */
  readonly mentions?: readonly string[];
  /** Ids of up to 10 files that the user has uploaded. With files, the text may be empty. */
  readonly fileIds?: readonly string[];
}

const encoder = new TextEncoder();

function bytesOf(data: string | Uint8Array): Uint8Array {
  return typeof data === 'string' ? encoder.encode(data) : data;
}

const noBytes = bytesOf('');

function frame(fields: Partial<Message>): Message {
  return Message.fromPartial(fields);
}

/** Returns the frame of a message. */
export function messageOf(data: string | Uint8Array, options: MessageOptions): Message {
  const { replyTo = 0, contentType = typeof data === 'string' ? 'text/plain' : '' } = options;
  const { mentions = [], fileIds = [] } = options;
  const lists = { mentions: [...mentions], fileIds: [...fileIds] };
  return frame({ data: bytesOf(data), targetSeq: replyTo, contentType, ...lists });
}

/** Returns the frame of a lossy message: never stored, never acknowledged. */
export function lossyFrame(data: string | Uint8Array, options: MessageOptions): Message {
  return { ...messageOf(data, options), lossy: true };
}

/** Returns the frame of an edit, deletion, reaction or pin of the message `targetSeq`. */
export function changeFrame(kind: Kind, targetSeq: number, data: string | Uint8Array = noBytes): Message {
  const contentType = kind === Kind.EDIT && typeof data === 'string' ? 'text/plain' : '';
  return frame({ kind, targetSeq, data: bytesOf(data), contentType });
}

/** Maximum characters of the mentions and the content type of a frame. Servers allow a bit more. */
const maxExtra = 8_000;

/**
 * Checks a frame before it is sent. `maxBytes` is the server's limit, if it is known.
 * @throws {Refusal} if the server would refuse the frame in any channel
 */
export function checkFrame(frame: Message, maxBytes: number | undefined): void {
  if (frame.data.length > (maxBytes || Number.POSITIVE_INFINITY)) throw refuse('message-too-large');
  const extra = frame.mentions.reduce((sum, userId) => sum + userId.length, frame.contentType.length);
  if (extra > maxExtra) throw refuse('message-too-large');
  if (rulesOf(frame.kind)?.data === 'content' && isBlank(frame)) throw refuse('empty-message');
}

/**
 * Returns the lane of a frame. Frames of a lane keep their order and wait together after a
 * temporary refusal.
 */
export function laneOf({ kind }: Message): string {
  const rules = rulesOf(kind);
  if (rules?.amends !== true) return 'message';
  return rules.data === 'content' ? 'edit' : 'mark';
}

/** Returns a typing frame. The server fills in the user id. */
export function typingOf(stopped: boolean): Message {
  return frame({ typing: { userId: '', stopped } });
}

/** Returns the reply to a ping. `sentAt` is copied from the ping, in Unix ms. */
export function pongOf(sentAt: number, lastSeq: number): Message {
  return frame({ pong: { sentAt, lastSeq } });
}
