import { type Message, rulesOf } from '@parley/contract';
import type { Denial } from '../core/entry.js';
import type { LiveChannel } from '../core/live-channel.js';
import type { Role } from '../store/heads.js';

/** Rights of a user in a channel, as read from the database at one time. */
export interface Membership {
  readonly role: Role;
  /** Unix ms; 0: never. */
  readonly mutedUntilMs: number;
  /** Whether the user was removed or banned. The stream ends after the entry that reports it. */
  readonly removed: boolean;
  /** Revision of the members and settings from which this was read. */
  readonly revision: number;
}

/** Whether slow mode limits a message: only if it shows new text. Mutes and removals apply to every message. */
function isUnderSlowMode({ typing, kind }: Message): boolean {
  return typing === undefined && rulesOf(kind)?.underSlowMode === true;
}

/** Whether the user owns the channel. A direct chat has two equal users and no owner. */
export function isOwner({ facts, settings }: LiveChannel, userId: string): boolean {
  return facts.kind !== 'direct' && settings.ownerId === userId;
}

/** A message, its sender and the sender's rights. */
export interface Attempt {
  readonly message: Message;
  readonly userId: string;
  readonly membership: Membership;
}

/** Unix ms by the database's clock, for times from the database; monotonic ms, for times measured here. */
export interface Clocks {
  readonly unixMs: number;
  readonly monotonicMs: number;
}

/** Returns why the sender may not send this message now; undefined if the message is allowed, which uses the sender's turn in slow mode. */
export function denialFor(attempt: Attempt, channel: LiveChannel, now: Clocks): Denial | undefined {
  const { message, userId, membership } = attempt;
  if (membership.removed) return { reason: 'removed' };
  const mutedMs = membership.mutedUntilMs - now.unixMs;
  if (mutedMs > 0) return { reason: 'muted', retryAfterMs: Math.min(mutedMs, 2_147_483_647) };
  if (!isUnderSlowMode(message) || isOwner(channel, userId)) return undefined;
  const turnMs = channel.slowMode.take(userId, message, channel.settings.slowModeS * 1_000, now.monotonicMs);
  return turnMs > 0 ? { reason: 'slow-mode', retryAfterMs: turnMs } : undefined;
}
