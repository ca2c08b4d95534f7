import { Channel, ChannelStatus } from '@parley/contract';
import type { Queryable } from '@parley/database';
import { limits, refuse } from '@parley/runtime';
import { channelKinds, retentionOf, type UserCaller } from '@parley/service-kit';
import { ranks } from '../requests/ranks.js';
import { type ChannelRow, describe } from './channel-store.js';

function toChannel(row: ChannelRow): Channel {
  return Channel.fromPartial({
    id: row.id,
    name: row.name,
    users: [...row.users],
    userCount: row.people,
    limit: row.user_limit,
    status: row.serving ? ChannelStatus.SERVING : ChannelStatus.IDLE,
    kind: channelKinds[row.kind],
    ownerId: row.owner_id,
    description: row.description,
    iconId: row.icon_id ?? '',
    retention: retentionOf(row.retention_seconds, row.retention_count),
    slowModeS: row.slow_mode_s,
    closedHistory: !row.open_history,
    memberCount: row.member_count,
    createdAt: row.created_ms,
    metadata: row.metadata,
    lastAt: row.last_ms,
    myRole: ranks[row.my_rank],
    offered: ranks[row.offered ?? 'none'],
    lastSeq: row.last_seq,
    log: row.log_id,
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
  const { usersListedOfRoom, usersListedOfChat, usersCounted } = limits;
  const rows = await describe.run(pool, [ids, usersListedOfRoom, usersListedOfChat, me, usersCounted]);
  const byId = new Map(rows.map((row) => [row.id, row]));
  return ids.flatMap((id) => byId.get(id) ?? []).map(toChannel);
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
