import type { Channel, Invite } from '@parley/contract';
import type { Pool } from '@parley/database';
import { refuse } from '@parley/runtime';
import type { Call, UserCaller } from '@parley/service-kit';
import { addMember, throttleChanges } from '../members/membership.js';
import { checkVisible, readMemberships } from '../members/membership-rules.js';
import { oneChannel } from '../requests/channel-id.js';
import { withChannel } from '../transactions/locked.js';
import { describeChannel } from './describe.js';

/**
 * Handles Join: enters a public channel by id, returns to a direct chat, or accepts an offer. Does
 * nothing for a member.
 */
export function createJoin(pool: Pool) {
  return async (invite: Invite, me: UserCaller, call: Call): Promise<Channel> => {
    if (invite.id !== '')
      throw refuse('not-implemented', { message: 'Invite links are not supported yet. Join by channel id.' });
    const id = oneChannel({ id: invite.channelId });
    call.facts.channel = id;
    await throttleChanges(pool, me);
    await withChannel(pool, id, async (client, channel) => {
      const [mine] = await readMemberships(client, channel, [me.id]);
      if (mine === undefined) throw refuse('channel-not-found');
      checkVisible(channel, mine);
      if (channel.kind === 'room')
        throw refuse('wrong-kind', { message: 'A room has no members to join. Call Listen instead.' });
      await addMember(client, channel, me.id, mine, me.id);
    });
    return describeChannel(pool, me, id);
  };
}
