import { hasSeveralEvents, isBlank, Kind, type KindRules, type Message, rulesOf } from '@parley/contract';
import { emojiFrom, isUserId, isUuid, limits, type Refusal, refuse } from '@parley/runtime';
import type { ChannelFacts } from '../core/channel-settings.js';
import type { Denial } from '../core/entry.js';
import type { LiveChannel } from '../core/live-channel.js';
import type { Role } from '../store/heads.js';

/** The channel that a message is for. */
export type ValidatedChannel = Pick<LiveChannel, 'lastSeq'> & {
  readonly facts: Pick<ChannelFacts, 'id' | 'hasHistory'>;
};

const contentType = /^[\x21-\x7e ]*$/;

function fits(message: Message): boolean {
  return (
    (message.clientId === '' || isUuid(message.clientId)) &&
    message.contentType.length <= limits.contentTypeCharacters &&
    contentType.test(message.contentType) &&
    message.mentions.length <= limits.mentions &&
    message.mentions.every(isUserId)
  );
}

/** Returns whether the message contains an event that only a server sends, or several events. */
function isForged(message: Message): boolean {
  if (hasSeveralEvents(message)) return true;
  return [message.welcome, message.ack, message.goodbye, message.presence].some((event) => event !== undefined);
}

function carriesEmoji(kind: number): boolean {
  return rulesOf(kind)?.data === 'emoji';
}

function emojiOf(data: Uint8Array): string | undefined {
  const text = new TextDecoder('utf-8', { ignoreBOM: true }).decode(data);
  return text.length <= limits.reactionCharacters ? emojiFrom(text) : undefined;
}

/** Normalises an emoji, so that all spellings of it are the same reaction, and the ids of files. */
export function normalise(message: Message): void {
  if (message.fileIds.length > 0) message.fileIds = message.fileIds.map((id) => id.toLowerCase());
  const emoji = carriesEmoji(message.kind) ? emojiOf(message.data) : undefined;
  if (emoji !== undefined) message.data = Buffer.from(emoji);
}

/**
 * Returns whether a deletion, pin or reaction carries content of its own. Nobody could moderate
 * such content.
 */
function carriesContent({ data, contentType, mentions }: Message, rules: KindRules): boolean {
  if (rules.data === 'content') return false;
  return contentType !== '' || mentions.length > 0 || (rules.data === 'nothing' && data.length > 0);
}

/** Checks that the kind, the target and the channel fit each other. */
function kindError(message: Message, { facts, lastSeq }: ValidatedChannel): Refusal | undefined {
  const rules = rulesOf(message.kind);
  if (message.targetSeq > lastSeq) return refuse('message-not-found');
  if (rules === undefined || !rules.fromClients) return refuse('invalid-message');
  if (rules.data === 'content' && message.typing === undefined && isBlank(message)) return refuse('empty-message');
  if (!rules.amends) return undefined;
  if (message.targetSeq === 0 || message.lossy || carriesContent(message, rules)) return refuse('invalid-message');
  if (!facts.hasHistory) return refuse('no-history');
  return carriesEmoji(message.kind) && emojiOf(message.data) === undefined ? refuse('invalid-reaction') : undefined;
}

const unstored = 'This channel does not store messages, so they cannot have files.';

/** Checks the form of the ids of files. Only a message that is stored can have files. */
function fileError({ fileIds, kind, lossy, typing }: Message, { facts }: ValidatedChannel): Refusal | undefined {
  if (fileIds.length === 0) return undefined;
  const isListOfIds = fileIds.length <= limits.filesAtOnce && fileIds.every(isUuid);
  const isWhole = isListOfIds && new Set(fileIds).size === fileIds.length;
  if (!isWhole || kind !== Kind.UNSPECIFIED || lossy || typing !== undefined) return refuse('invalid-message');
  return facts.hasHistory ? undefined : refuse('no-history', { message: unstored });
}

/** Returns why the form of a message is wrong for this channel, or undefined if it is right. */
export function validationError(message: Message, channel: ValidatedChannel, maxBytes: number): Refusal | undefined {
  const { id: channelId } = channel.facts;
  if (message.data.length > maxBytes) return refuse('message-too-large');
  if (!fits(message) || isForged(message)) return refuse('invalid-message');
  if (message.channelId !== 0 && message.channelId !== channelId) return refuse('invalid-message');
  return fileError(message, channel) ?? kindError(message, channel);
}

/** Rights of a user in a channel, as read from the database at one time. */
export interface Membership {
  readonly role: Role;
  /** Time at which the mute ends, in Unix ms; 0: not muted. */
  readonly mutedUntilMs: number;
  /** Whether the user was removed or banned. The stream ends after the entry that reports it. */
  readonly removed: boolean;
  /** Revision of the channel's members and settings when these rights were read. */
  readonly revision: number;
}

/**
 * Returns whether slow mode limits a message. It limits only messages that show new text. Mutes and
 * removals apply to every message.
 */
function isUnderSlowMode({ typing, kind }: Message): boolean {
  return typing === undefined && rulesOf(kind)?.underSlowMode === true;
}

/** Returns whether the user owns the channel. A direct chat has two equal users and no owner. */
export function isOwner({ facts, settings }: LiveChannel, userId: string): boolean {
  return facts.kind !== 'direct' && settings.ownerId === userId;
}

/** A message, its sender and the sender's rights. */
export interface Attempt {
  readonly message: Message;
  readonly userId: string;
  readonly membership: Membership;
}

/**
 * The two clocks: Unix ms by the database's clock, for times from the database, and monotonic ms,
 * for times measured here.
 */
export interface Clocks {
  readonly unixMs: number;
  readonly monotonicMs: number;
}

/**
 * Returns why the sender may not send this message now, or undefined if the message is allowed. An
 * allowed message uses up the sender's turn in slow mode.
 */
export function denialFor(attempt: Attempt, channel: LiveChannel, now: Clocks): Denial | undefined {
  const { message, userId, membership } = attempt;
  if (membership.removed) return { reason: 'removed' };
  const mutedMs = membership.mutedUntilMs - now.unixMs;
  if (mutedMs > 0) return { reason: 'muted', retryAfterMs: Math.min(mutedMs, 2_147_483_647) };
  if (!isUnderSlowMode(message) || isOwner(channel, userId)) return undefined;
  const turnMs = channel.slowMode.take(userId, message, channel.settings.slowModeS * 1_000, now.monotonicMs);
  return turnMs > 0 ? { reason: 'slow-mode', retryAfterMs: turnMs } : undefined;
}
