import { Channel, ChannelStatus, User } from '@parley/contract';
import type { Queryable } from '@parley/database';
import { limits, refuse } from '@parley/runtime';
import { channelFieldsOf, ranks, type UserCaller } from '@parley/service-kit';
import { type ChannelView, describe } from './channel-store.js';

/** Builds the message for a channel as one user sees it, without the users who are present. */
export function toChannel(row: ChannelView): Channel {
  return Channel.fromPartial({
    id: row.id,
    ...channelFieldsOf(row),
    userCount: row.people,
    status: row.serving ? ChannelStatus.SERVING : ChannelStatus.IDLE,
    memberCount: row.memberCount,
    lastAt: row.lastMs,
    myRole: ranks[row.myRank],
    offered: ranks[row.offered ?? 'none'],
    lastSeq: row.lastSeq,
    log: row.logId,
  });
}

/**
 * Returns channels as the caller sees them, in the order of `ids`, without deleted ones. Never
 * includes an epoch.
 */
export async function describeChannels(
  pool: Queryable,
  { id: me }: Pick<UserCaller, 'id'>,
  ids: readonly number[],
): Promise<Channel[]> {
  const rows = await describe.run(pool, {
    channelIds: ids,
    maxUsersOfRoom: limits.usersListedOfRoom,
    maxUsersOfChat: limits.usersListedOfChat,
    readerId: me,
    maxCounted: limits.usersCounted,
  });
  const byId = new Map(rows.map((row) => [row.id, { ...toChannel(row), users: row.users.map(User.fromPartial) }]));
  return ids.flatMap((id) => byId.get(id) ?? []);
}

/**
 * Returns one channel as the caller sees it.
 * @throws {Refusal} `channel-not-found`.
 */
export async function describeChannel(pool: Queryable, me: Pick<UserCaller, 'id'>, id: number): Promise<Channel> {
  const [channel] = await describeChannels(pool, me, [id]);
  if (channel === undefined) throw refuse('channel-not-found');
  return channel;
}
