import { BinaryReader } from '@bufbuild/protobuf/wire';
import { Message } from '@parley/contract';

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const userId = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;
const contentType = /^[\x21-\x7e ]*$/;
const messageBytes = 65_536;

/** A user in a channel of a target. */
export interface Member {
  readonly id: string;
  readonly number: number;
}

/** Decodes a message. */
export function decode(bytes: Uint8Array): Message {
  return Message.decode(new BinaryReader(bytes), bytes.length);
}

/** Checks the limits that the chat server checks. @throws {Error} if a limit is exceeded */
export function bound(message: Message): Message {
  const { data, clientId, mentions, fileIds, targetSeq, kind, welcome, ack, goodbye, presence } = message;
  const fits =
    data.length <= messageBytes &&
    (clientId === '' || uuid.test(clientId)) &&
    message.contentType.length <= 127 &&
    contentType.test(message.contentType) &&
    mentions.length <= 50 &&
    mentions.every((id) => userId.test(id));
  const isForged = [welcome, ack, goodbye, presence].some((event) => event !== undefined);
  if (!fits || isForged || fileIds.length > 0 || targetSeq > 0 || kind !== 0)
    throw new Error('The message exceeds a limit.');
  return message;
}

/** Returns the message as every user receives it. */
export function stamp(message: Message, { id, number }: Member, seq: number): Message {
  return {
    userId: number,
    sender: id,
    timestamp: Date.now(),
    seq,
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
    pinnedAt: 0,
    replies: undefined,
  };
}

/** Encodes a message. */
export function encode(message: Message): Uint8Array {
  return Message.encode(message).finish();
}
