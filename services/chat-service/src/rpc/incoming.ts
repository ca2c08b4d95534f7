import { BinaryReader } from '@bufbuild/protobuf/wire';
import { Message } from '@parley/contract';
import { limits, type Refusal, refuse } from '@parley/runtime';

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const contentType = /^[\x21-\x7e ]*$/;

function decodeWhole(bytes: Buffer): Message | undefined {
  const reader = new BinaryReader(bytes);
  const message = Message.decode(reader, bytes.length);
  return reader.pos === bytes.length ? message : undefined;
}

/**
 * A client's bytes as a message. Bytes behind an end mark, which the decoder would pass over, are a fault too.
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

function fits(message: Message): boolean {
  return (
    (message.clientId === '' || uuid.test(message.clientId)) &&
    message.contentType.length <= limits.contentTypeCharacters &&
    contentType.test(message.contentType) &&
    message.mentions.length <= limits.mentions &&
    message.mentions.every((id) => id.length <= limits.userIdCharacters)
  );
}

/** Events that only a server sends. */
function isForged(message: Message): boolean {
  return [message.welcome, message.ack, message.goodbye, message.presence].some((event) => event !== undefined);
}

/** Why a message cannot be taken, whatever the state of its channel; undefined where it can. */
export function faultOf(message: Message, channelId: number, maxBytes: number): Refusal | undefined {
  if (message.data.length > maxBytes) return refuse('message-too-large');
  if (!fits(message) || isForged(message)) return refuse('invalid-message');
  if (message.channelId !== 0 && message.channelId !== channelId) return refuse('invalid-message');
  if (message.kind !== 0 || message.fileIds.length > 0) return refuse('not-implemented');
  return undefined;
}

/** What the server vouches for. */
export interface Stamp {
  readonly userId: number;
  readonly sender: string;
  readonly timestamp: number;
  /** 0 for lossy messages. */
  readonly seq: number;
}

/** The message as everybody gets it: of the client's fields only those that are the client's to set. */
export function stamped(message: Message, stamp: Stamp): Message {
  return {
    ...stamp,
    data: message.data,
    clientId: message.clientId,
    contentType: message.contentType,
    kind: message.kind,
    targetSeq: message.targetSeq,
    lossy: message.lossy,
    mentions: message.mentions,
    fileIds: [],
    channelId: 0,
    editedAt: 0,
    deleted: false,
    reactions: [],
  };
}
