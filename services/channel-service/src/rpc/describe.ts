import { Channel, ChannelStatus, Keep } from '@parley/contract';
import type { Queryable } from '@parley/database';
import { limits } from '@parley/runtime';
import { type ChannelRow, describe } from '../store/channels.js';
import { kinds } from './kinds.js';

function ruleOf(seconds: number | null) {
  if (seconds === null) return { everything: true };
  return seconds === 0 ? { nothing: true } : { seconds };
}

function toChannel(row: ChannelRow): Channel {
  return Channel.fromPartial({
    id: row.id,
    name: row.name,
    users: [...row.users],
    limit: row.user_limit,
    status: row.serving ? ChannelStatus.SERVING : ChannelStatus.IDLE,
    kind: kinds[row.kind],
    ownerId: row.owner_id,
    description: row.description,
    iconId: row.icon_id ?? '',
    keep: Keep.fromPartial({ ...ruleOf(row.keep_seconds), maxCount: row.keep_count ?? 0 }),
    slowModeS: row.slow_mode_s,
    closedHistory: !row.open_history,
    memberCount: row.member_count,
    createdAt: row.created_ms,
    metadata: row.metadata,
  });
}

/** These channels, in the order of their ids, with who is inside now; deleted ones are left out. Never tells an epoch. */
export async function describeChannels(pool: Queryable, ids: readonly number[]): Promise<Channel[]> {
  const rows = await describe.run(pool, [ids, limits.usersListedOfRoom, limits.usersListedOfChat]);
  return rows.map(toChannel);
}
