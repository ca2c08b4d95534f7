import type { Queryable } from '@parley/database';
import { refuse } from '@parley/runtime';
import type { UserCaller } from '@parley/service-kit';
import { checkBotChannel } from '../requests/bot-channel.js';
import { isListed } from '../requests/kinds.js';
import type { LockedChannel } from '../transactions/locks.js';
import { type Access, type OfferedRole, readAccess, readMembershipRows } from './member-store.js';

/** A user's membership in a channel. Both users of a direct chat are members, whoever opened it. */
export interface ChannelMembership {
  readonly rank: 'owner' | 'admin' | 'member' | 'none';
  /** Remaining time of a ban in milliseconds, at most 24 days; 0 if there is none. */
  readonly bannedForMs: number;
  /** Whether the user has a row: is or was a member, or has been muted or banned. */
  readonly known: boolean;
  /** Whether the user is or was a member; a mute or a ban alone does not count. */
  readonly belonged: boolean;
  readonly leftByChoice: boolean;
  readonly offered: OfferedRole | null;
  readonly offeredBy: string | null;
}

/**
 * Reads the facts that decide which part of a channel a user may read.
 * @throws {Refusal} `bot-channel` or `channel-not-found`.
 */
export async function accessOf(
  client: Queryable,
  me: Pick<UserCaller, 'id' | 'onlyChannelId'>,
  channelId: number,
): Promise<Access> {
  checkBotChannel(me, channelId);
  const [access] = await readAccess.run(client, { channelId, userId: me.id });
  if (access === undefined) throw refuse('channel-not-found');
  return access;
}

/**
 * Reads the memberships of users in a channel, in the order of `userIds`. The ids may be in any
 * case.
 */
export async function readMemberships(
  client: Queryable,
  { id: channelId, kind, ownerId }: Pick<LockedChannel, 'id' | 'kind' | 'ownerId'>,
  userIds: readonly [userId: string, otherId?: string],
): Promise<ChannelMembership[]> {
  const [userId, otherId = null] = userIds;
  const rows = await readMembershipRows.run(client, { channelId, userId, otherId });
  return userIds.map((id) => {
    const row = rows.find(({ askedId }) => askedId === id);
    if (row === undefined) throw new Error(`The database returned no membership row for ${id}.`);
    const { known, belonged, bannedForMs, offered, offeredBy, role } = row;
    const rank = row.inside && role !== null ? role : 'none';
    const leftByChoice = !row.inside && row.leftByChoice;
    return {
      rank: kind !== 'direct' && ownerId === row.userId ? 'owner' : rank,
      bannedForMs,
      known,
      belonged,
      leftByChoice,
      offered,
      offeredBy,
    };
  });
}

/**
 * Checks that the user may know that the channel exists. A user who left a direct chat, or who has
 * an offer, may know it.
 * @throws {Refusal} `channel-not-found`.
 */
export function checkVisible({ kind }: LockedChannel, { rank, offered, known }: ChannelMembership): void {
  const sees = rank !== 'none' || offered !== null || isListed(kind) || (kind === 'direct' && known);
  if (!sees) throw refuse('channel-not-found');
}

/**
 * Checks that the user may manage the channel: the owner of a room, or the owner and the channel
 * admins of a chat.
 * @throws {Refusal} `channel-not-found`, `not-owner`, `not-a-member` or `not-channel-admin`.
 */
export function checkManages(channel: LockedChannel, membership: ChannelMembership): void {
  checkVisible(channel, membership);
  if (membership.rank === 'owner' || membership.rank === 'admin') return;
  if (channel.kind === 'room')
    throw refuse('not-owner', { message: 'Only the owner of this room can do this. Ask the owner.' });
  throw refuse(membership.rank === 'none' ? 'not-a-member' : 'not-channel-admin');
}
