import { MemberChange, MemberRole, User } from '@parley/contract';
import { db, type Pool, type PoolClient, type Queryable, type Rate } from '@parley/database';
import { isUserId, refuse } from '@parley/runtime';
import { ranks, type UserCaller } from '@parley/service-kit';
import { limitRate } from '../requests/rate-limit.js';
import type { LockedChannel } from '../transactions/locks.js';
import {
  appendMemberChange,
  type ChangePosition,
  countMembers,
  enter,
  type FoundUser,
  findUser,
  type ListedMember,
  nextRevision,
  notifyUsers,
  type OfferedRole,
} from './member-store.js';
import type { ChannelMembership } from './membership-rules.js';

const changeRate: Rate = { key: 'change', secondsPerCall: 1, burst: 100 };

/** Counts changes by the caller against their rate limit: all of them or none. */
export function throttleChanges(pool: Pool, me: UserCaller, changes = 1): Promise<void> {
  return limitRate(pool, changeRate, me, 'change-too-often', changes);
}

/** Checks the form of a user id. */
export function requireUserId(id: string): void {
  if (!isUserId(id)) throw refuse('invalid-user-id');
}

/**
 * Reads a user by id, in any case, even one whom the caller cannot find. For `met` and
 * `seen` in the channel `channelId`, see findUser in memberships.sql; both are false for null.
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

/**
 * Reads a user whom the caller can find or has met in the channel. An operator may read anyone.
 * @throws {Refusal} `invalid-user-id` or `user-not-found`.
 */
export async function readUserIn(
  client: Queryable,
  { id }: LockedChannel,
  me: UserCaller,
  userId: string,
): Promise<FoundUser> {
  const user = await readUser(client, me, userId, id);
  if (!user.reachable && !user.met && me.role !== 'admin') throw refuse('user-not-found');
  return user;
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
  change: Omit<MemberChange, '$type' | 'moreUserIds'> & Partial<Pick<MemberChange, 'moreUserIds'>>,
): Promise<ChangePosition> {
  const bytes = MemberChange.encode(MemberChange.fromPartial(change)).finish();
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

/** Checks that a channel has space for `added` more members. */
async function checkSpace(client: Queryable, { id: channelId, userLimit }: LockedChannel, added: number) {
  const [counted] = await countMembers.run(client, { channelId });
  if (counted === undefined) throw new Error(`channel ${channelId} has no head`);
  if (counted.members + added <= userLimit) return;
  const free = userLimit - counted.members;
  if (free <= 0) throw refuse('channel-full');
  const members = free === 1 ? 'member' : 'members';
  throw refuse('channel-full', { message: `The channel has space for ${free} more ${members}. Add fewer users.` });
}

/**
 * Makes users members, with one entry for all of them. None of them may be a member already, or
 * banned. Notifies each user whom somebody else adds.
 * @throws {Refusal} `channel-full`, unless all of them fit.
 */
export async function addMembers(
  client: PoolClient,
  channel: LockedChannel,
  userIds: readonly string[],
  by: string,
): Promise<void> {
  const [userId, ...moreUserIds] = userIds;
  if (userId === undefined) return;
  const { id: channelId, openHistory: isOpenHistory } = channel;
  await checkSpace(client, channel, userIds.length);
  const change = { userId, moreUserIds, joined: true, role: MemberRole.MEMBER, by };
  const { before } = await recordChange(client, channel, change);
  await enter.run(client, { channelId, userIds, afterSeq: before, isOpenHistory });
  if (by !== userId) await notifyUsers.run(client, { kind: 'added', channelId, byId: by, userIds });
}

/**
 * Makes a user a member by their own choice, or does nothing if they are one.
 * @throws {Refusal} `banned` or `channel-full`.
 */
export async function enterChannel(
  client: PoolClient,
  channel: LockedChannel,
  userId: string,
  { rank, bannedForMs }: ChannelMembership,
): Promise<void> {
  if (rank !== 'none') return;
  if (bannedForMs > 0 && channel.kind === 'direct') throw refuse('channel-not-found');
  if (bannedForMs > 0) throw refuse('banned', { retryAfterMs: bannedForMs });
  await addMembers(client, channel, [userId], userId);
}
