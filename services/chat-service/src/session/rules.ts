import { type Message, rulesOf } from '@parley/contract';
import type { Denial } from '../core/entry.js';
import type { LiveChannel } from '../core/live-channel.js';
import type { Role } from '../store/heads.js';

/** What a user may do in a channel, as of one look at its members. */
export interface Membership {
  readonly role: Role;
  /** Unix ms; 0: never. */
  readonly mutedUntilMs: number;
  /** Is a member no more, or is banned: the stream ends once the entry that says so was shown. */
  readonly removed: boolean;
  /** Revision of the members and settings from which this was read. */
  readonly revision: number;
}

/** A mute and a removal hold for everything; slow mode only for what shows new text. */
function isUnderSlowMode({ typing, kind }: Message): boolean {
  return typing === undefined && rulesOf(kind)?.underSlowMode === true;
}

/** A direct chat has two equal sides, and so no owner. */
export function isOwner({ facts, settings }: LiveChannel, userId: string): boolean {
  return facts.kind !== 'direct' && settings.ownerId === userId;
}

/** A message and who sends it. */
export interface Attempt {
  readonly message: Message;
  readonly userId: string;
  readonly membership: Membership;
}

/** Unix ms by the database's clock, for what it has written; monotonic ms, for what is counted here. */
export interface Clocks {
  readonly unixMs: number;
  readonly monotonicMs: number;
}

/** Why this may not be said in the channel now; undefined where it may, and then it was its sender's turn. */
export function denialFor(attempt: Attempt, channel: LiveChannel, now: Clocks): Denial | undefined {
  const { message, userId, membership } = attempt;
  if (membership.removed) return { reason: 'removed' };
  const mutedMs = membership.mutedUntilMs - now.unixMs;
  if (mutedMs > 0) return { reason: 'muted', retryAfterMs: Math.min(mutedMs, 2_147_483_647) };
  if (!isUnderSlowMode(message) || isOwner(channel, userId)) return undefined;
  const turnMs = channel.slowMode.take(userId, message, channel.settings.slowModeS * 1_000, now.monotonicMs);
  return turnMs > 0 ? { reason: 'slow-mode', retryAfterMs: turnMs } : undefined;
}
