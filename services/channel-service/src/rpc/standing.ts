import type { PoolClient } from '@parley/database';
import { refuse } from '@parley/runtime';
import type { LockedChannel } from '../store/channels.js';
import { standings } from '../store/members.js';
import { isListed } from './kinds.js';

/** What a user is in a channel. */
export interface Standing {
  readonly rank: 'owner' | 'admin' | 'member' | 'none';
  readonly banned: boolean;
}

/** What these users are in the channel, in their order. The channel is locked. */
export async function readStandings(
  client: PoolClient,
  channel: LockedChannel,
  userIds: readonly string[],
): Promise<Standing[]> {
  const rows = await standings.run(client, [channel.id, userIds]);
  return userIds.map((id) => {
    const row = rows.find(({ user_id }) => user_id === id);
    const rank = row?.inside === true ? row.role : 'none';
    return { rank: channel.owner_id === id ? 'owner' : rank, banned: row?.banned === true };
  });
}

/**
 * Whether one of such a standing knows of the channel at all.
 * @throws {Refusal} `channel-not-found`.
 */
export function mustSee({ kind }: LockedChannel, { rank }: Standing): void {
  if (rank === 'none' && !isListed(kind)) throw refuse('channel-not-found');
}

/**
 * Whether one of such a standing runs the channel: the owner of a room, the owner and the admins of a chat.
 * @throws {Refusal} `channel-not-found`, `not-owner`, `not-a-member` or `not-an-admin`.
 */
export function mustManage(channel: LockedChannel, standing: Standing): void {
  mustSee(channel, standing);
  if (standing.rank === 'owner' || standing.rank === 'admin') return;
  if (channel.kind === 'room') throw refuse('not-owner', { words: 'only the owner of the room may do this' });
  throw refuse(standing.rank === 'none' ? 'not-a-member' : 'not-an-admin');
}
