import type { Pool, PoolClient } from '@parley/database';
import { refuse } from '@parley/runtime';
import type { UserCaller } from '@parley/service-kit';
import { withVisibleChannel } from '../transactions/locked.js';
import type { LockedChannel } from '../transactions/locks.js';
import { checkManages, readMemberships } from './membership-rules.js';

/**
 * Runs `work` with a chat locked, for a caller who may manage it. `things` names what is managed, for
 * the refusal of rooms and direct chats, which have none.
 * @throws {Refusal} `channel-not-found`, `wrong-kind`, what `checkManages` throws, or what `work`
 * throws.
 */
export function withManagedChat<T>(
  pool: Pool,
  me: UserCaller,
  { channelId, things }: { readonly channelId: number; readonly things: 'invite links' | 'webhooks' },
  work: (client: PoolClient, channel: LockedChannel) => Promise<T>,
): Promise<T> {
  return withVisibleChannel(pool, me, channelId, async (client, channel) => {
    const [mine] = await readMemberships(client, channel, [me.id]);
    if (mine === undefined) throw refuse('channel-not-found');
    checkManages(channel, mine);
    if (channel.kind === 'room' || channel.kind === 'direct') {
      throw refuse('wrong-kind', {
        message: `A room or a direct chat has no ${things}. Choose a group, or a public or private chat.`,
      });
    }
    return work(client, channel);
  });
}
