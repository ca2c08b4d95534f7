import { MemberChange, MemberRole, User } from '@parley/contract';
import type { Pool, PoolClient, Queryable, Rate } from '@parley/database';
import { limits, refuse } from '@parley/runtime';
import type { UserCaller } from '@parley/service-kit';
import { ranks } from '../requests/ranks.js';
import { limitRate } from '../requests/rate-limit.js';
import type { LockedChannel } from '../transactions/locks.js';
import {
  appendMember,
  enter,
  type MemberRow,
  memberCount,
  type NotedEntry,
  nextRoster,
  type OfferResult,
  type PersonRow,
  person,
} from './member-store.js';
import type { MembershipRules } from './membership-rules.js';

const changeRate: Rate = { key: 'change', secondsPerCall: 1, burst: 100 };
const userId = /^[A-Za-z0-9][A-Za-z0-9._-]*$/;

/** @throws {Refusal} `change-too-often`. */
export function throttleChanges(pool: Pool, me: UserCaller): Promise<void> {
  return limitRate(pool, changeRate, me, 'change-too-often');
}

/** @throws {Refusal} `invalid-user-id`. */
export function readUserId(id: string): void {
  if (!userId.test(id) || id.length > limits.userIdCharacters) throw refuse('invalid-user-id');
}

/**
 * Reads a user with an account, reachable or not. `met` refers to the channel, if the caller may
 * see it.
 * @throws {Refusal} `invalid-user-id` or `user-not-found`.
 */
export async function findPerson(
  client: Queryable,
  me: UserCaller,
  id: string,
  channelId: number | null,
): Promise<PersonRow> {
  readUserId(id);
  const [found] = await person.run(client, [me.id, id, channelId]);
  if (found === undefined) throw refuse('user-not-found');
  return found;
}

/** Builds a member with a rank. */
export function asMember(
  { id, name, number }: Pick<MemberRow, 'id' | 'name' | 'number'>,
  rank: MembershipRules['rank'],
  offered: OfferResult | 'none' = 'none',
): User {
  return User.fromPartial({ id, name, number, memberRole: ranks[rank], offered: ranks[offered] });
}

/**
 * Appends a membership change to the log of the channel, if it has one. No other process writes to
 * the log until the commit.
 */
export async function note(
  client: PoolClient,
  { id, has_history: hasHistory }: LockedChannel,
  change: Omit<MemberChange, '$type'>,
): Promise<NotedEntry> {
  const bytes = MemberChange.encode(change).finish();
  const [noted] = await (hasHistory ? appendMember.run(client, [id, change.by, bytes]) : nextRoster.run(client, [id]));
  if (noted === undefined) throw new Error(`channel ${id} has no head`);
  return noted;
}

/**
 * Makes a user a member, or does nothing if they are one.
 * @throws {Refusal} `banned` or `channel-full`.
 */
export async function admit(
  client: PoolClient,
  channel: LockedChannel,
  userId: string,
  { rank, banned }: MembershipRules,
  by: string,
): Promise<void> {
  if (rank !== 'none') return;
  if (banned) throw refuse(channel.kind === 'direct' ? 'channel-not-found' : 'banned');
  const [count] = await memberCount.run(client, [channel.id]);
  if (count === undefined || count.members >= channel.user_limit) throw refuse('channel-full');
  const { before } = await note(client, channel, { userId, joined: true, role: MemberRole.MEMBER, by });
  await enter.run(client, [channel.id, userId, before, channel.open_history]);
}
