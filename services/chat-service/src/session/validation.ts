import { BinaryReader } from '@bufbuild/protobuf/wire';
import { type KindRules, Message, rulesOf } from '@parley/contract';
import { limits, type Refusal, refuse } from '@parley/runtime';
import type { ChannelFacts, LiveChannel } from '../core/live-channel.js';
import { emojiFrom } from './emoji.js';

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
/** The channel that a message is for. */
export type ValidatedChannel = Pick<LiveChannel, 'lastSeq'> & {
  readonly facts: Pick<ChannelFacts, 'id' | 'hasHistory'>;
};

const userId = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;
const contentType = /^[\x21-\x7e ]*$/;

/** Fields in one frame of a client; a message with all mentions has about 60. */
const frameFields = 256;
/** Bytes of reactions and events in one frame of a client, which sends only short events. */
const eventBytes = 1_024;
const firstEventField = 16;

/**
 * Returns whether a frame is cheap to decode. Each two bytes of an empty nested message would
 * otherwise become an object.
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
 * Decodes the bytes of a client as a message. Also rejects bytes after an end mark, which the decoder would skip.
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
    message.mentions.every((id) => userId.test(id))
  );
}

/** Events that only a server sends. */
function isForged(message: Message): boolean {
  return [message.welcome, message.ack, message.goodbye, message.presence].some((event) => event !== undefined);
}

function carriesEmoji(kind: number): boolean {
  return rulesOf(kind)?.data === 'emoji';
}

function emojiOf(data: Uint8Array): string | undefined {
  const text = new TextDecoder('utf-8', { ignoreBOM: true }).decode(data);
  return text.length <= limits.reactionCharacters ? emojiFrom(text) : undefined;
}

/** The same emoji is the same reaction, however a client writes it. */
export function normalise(message: Message): void {
  const emoji = carriesEmoji(message.kind) ? emojiOf(message.data) : undefined;
  if (emoji !== undefined) message.data = Buffer.from(emoji);
}

/** Returns true if a deletion, pin or reaction carries content of its own, which nobody could moderate. */
function carriesContent({ data, contentType, mentions }: Message, rules: KindRules): boolean {
  if (rules.data === 'content') return false;
  return contentType !== '' || mentions.length > 0 || (rules.data === 'nothing' && data.length > 0);
}

/** Checks that the kind, the target and the channel fit each other. */
function kindError(message: Message, { facts, lastSeq }: ValidatedChannel): Refusal | undefined {
  const rules = rulesOf(message.kind);
  if (message.targetSeq > lastSeq) return refuse('message-not-found');
  if (rules === undefined || !rules.fromClients) return refuse('invalid-message');
  if (!rules.amends) return undefined;
  if (message.targetSeq === 0 || message.lossy || carriesContent(message, rules)) return refuse('invalid-message');
  if (!facts.hasHistory) return refuse('no-history');
  return carriesEmoji(message.kind) && emojiOf(message.data) === undefined ? refuse('invalid-reaction') : undefined;
}

/** Returns why the form of a message is wrong for this channel; undefined if it is right. */
export function validationError(message: Message, channel: ValidatedChannel, maxBytes: number): Refusal | undefined {
  const { id: channelId } = channel.facts;
  if (message.data.length > maxBytes) return refuse('message-too-large');
  if (!fits(message) || isForged(message)) return refuse('invalid-message');
  if (message.channelId !== 0 && message.channelId !== channelId) return refuse('invalid-message');
  if (message.fileIds.length > 0) return refuse('not-implemented');
  return kindError(message, channel);
}

/** Returns the bytes of all fields that the sender chose. */
export function sizeOf({ data, contentType, mentions }: Message): number {
  return mentions.reduce((sum, id) => sum + id.length, data.length + contentType.length);
}

/** Fields that the server sets. */
export interface Stamp {
  readonly userId: number;
  readonly sender: string;
  readonly timestamp: number;
  /** 0 for lossy messages. */
  readonly seq: number;
}

/**
 * Returns the message as everyone receives it: with the server's fields, and only those fields of the client that it
 * may set. Copies field by field, because V8 keeps an object made by a spread as a dictionary, and encoding it takes ten
 * times as long.
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
    fileIds: [],
    channelId: 0,
    editedAt: 0,
    deleted: false,
    reactions: [],
  };
}
