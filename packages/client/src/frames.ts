import { Kind, Message } from '@parley/contract';

/** What a message may carry besides its data. */
export interface MessageOptions {
  /** The seq of the message that this one answers. */
  readonly replyTo?: number;
  /** Default: `text/plain` for strings, nothing for bytes. */
  readonly contentType?: string;
  /** User ids. */
  readonly mentions?: readonly string[];
}

const encoder = new TextEncoder();

function bytesOf(data: string | Uint8Array): Uint8Array {
  return typeof data === 'string' ? encoder.encode(data) : data;
}

const noBytes = bytesOf('');

function frame(fields: Partial<Message>): Message {
  return Message.fromPartial(fields);
}

/** Something to say. */
export function messageOf(data: string | Uint8Array, options: MessageOptions): Message {
  const { replyTo = 0, contentType = typeof data === 'string' ? 'text/plain' : '', mentions = [] } = options;
  return frame({ data: bytesOf(data), targetSeq: replyTo, contentType, mentions: [...mentions] });
}

/** The same for those here now only: never kept, never acked. */
export function lossyFrame(data: string | Uint8Array, options: MessageOptions): Message {
  return { ...messageOf(data, options), lossy: true };
}

/** Another entry about one that was said. */
export function changeFrame(kind: Kind, targetSeq: number, data: string | Uint8Array = noBytes): Message {
  const contentType = kind === Kind.EDIT && typeof data === 'string' ? 'text/plain' : '';
  return frame({ kind, targetSeq, data: bytesOf(data), contentType });
}

/** Which frames have to keep their order, and wait together where one is refused for now. */
export function laneOf({ kind }: Message): string {
  if (kind === Kind.UNSPECIFIED) return 'message';
  return kind === Kind.EDIT ? 'edit' : 'mark';
}

export function typingOf(stopped: boolean): Message {
  return frame({ typing: { userId: '', stopped } });
}

export function pongOf(sentAt: number, lastSeq: number): Message {
  return frame({ pong: { sentAt, lastSeq } });
}
