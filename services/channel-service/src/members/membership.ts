import { MemberChange, MemberRole, User } from '@parley/contract';
import { db, type Pool, type PoolClient, type Queryable, type Rate } from '@parley/database';
import { isUserId, refuse } from '@parley/runtime';
import type { UserCaller } from '@parley/service-kit';
import { ranks } from '../requests/ranks.js';
import { limitRate } from '../requests/rate-limit.js';
import type { LockedChannel } from '../transactions/locks.js';
import {
  appendMemberChange,
  type ChangePosition,
  enter,
  type FoundUser,
  findUser,
  type ListedMember,
  nextRevision,
  notifyUser,
  type OfferedRole,
  readRoom,
} from './member-store.js';
import type { ChannelMembership } from './membership-rules.js';

const changeRate: Rate = { key: 'change', secondsPerCall: 1, burst: 100 };

/** Counts one change by the caller against their rate limit. */
export function throttleChanges(pool: Pool, me: UserCaller): Promise<void> {
  return limitRate(pool, changeRate, me, 'change-too-often');
}

/** Checks the form of a user id. */
export function requireUserId(id: string): void {
  if (!isUserId(id)) throw refuse('invalid-user-id');
}

/**
 * Reads a user by id, in any case, even one whom the caller cannot find. `met` is about the channel
 * (null: always false); see findUser in memberships.sql.
 * @throws {Refusal} `invalid-user-id` or `user-not-found`.
 */
export async function readUser(
  client: Queryable,
  me: UserCaller,
  id: string,
  channelId: number | null,
): Promise<FoundUser> {
  requireUserId(id);
  const [found] = await findUser.run(client, { lookerId: me.id, userId: id, channelId });
  if (found === undefined) throw refuse('user-not-found');
  return found;
}

/** Builds the `User` message of a member with a rank. */
export function asMember(
  { id, name, number, blocked }: Pick<ListedMember, 'id' | 'name' | 'number' | 'blocked'>,
  rank: ChannelMembership['rank'],
  offered: OfferedRole | 'none' = 'none',
): User {
  return User.fromPartial({ id, name, number, blocked, memberRole: ranks[rank], offered: ranks[offered] });
}

/**
 * Appends a membership change to the log of the channel. No other process writes to the log until
 * the commit. Without history, only increases the revision.
 */
export async function recordChange(
  client: PoolClient,
  { id: channelId, hasHistory }: LockedChannel,
  change: Omit<MemberChange, '$type'>,
): Promise<ChangePosition> {
  const bytes = MemberChange.encode(change).finish();
  const [position] = await (hasHistory
    ? appendMemberChange.run(client, { channelId, byId: change.by, change: bytes })
    : nextRevision.run(client, { channelId }));
  if (position === undefined) throw new Error(`Channel ${channelId} has no head.`);
  return position;
}

/** Checks that a user is not a bot of one channel, which cannot have direct chats. */
export async function checkMayOpenDirect(client: Queryable, userId: string): Promise<void> {
  const bot = await db(client).selectFrom('bot').select('channelId').where('userId', '=', userId).executeTakeFirst();
  if (bot !== undefined && bot.channelId !== null) throw refuse('bot-channel');
}

/** Checks that a channel has room for one more member, and that the user may be in it. */
async function checkRoom(client: Queryable, { id: channelId, userLimit }: LockedChannel, userId: string) {
  const [room] = await readRoom.run(client, { channelId, userId });
  if (room?.isElsewhere !== false) throw refuse('bot-channel');
  if (room.members >= userLimit) throw refuse('channel-full');
}

/**
 * Makes a user a member, or does nothing if they are one. Notifies the user if somebody else adds
 * them.
 * @throws {Refusal} `banned`, `channel-full` or `bot-channel`.
 */
export async function addMember(
  client: PoolClient,
  channel: LockedChannel,
  userId: string,
  { rank, bannedForMs }: ChannelMembership,
  by: string,
): Promise<void> {
  if (rank !== 'none') return;
  if (bannedForMs > 0 && channel.kind === 'direct') throw refuse('channel-not-found');
  if (bannedForMs > 0) throw refuse('banned', { retryAfterMs: bannedForMs });
  await checkRoom(client, channel, userId);
  const { before } = await recordChange(client, channel, { userId, joined: true, role: MemberRole.MEMBER, by });
  await enter.run(client, { channelId: channel.id, userId, afterSeq: before, isOpenHistory: channel.openHistory });
  if (by !== userId) await notifyUser.run(client, { kind: 'added', channelId: channel.id, byId: by, userId });
}
