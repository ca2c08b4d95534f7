import type { Channel, Invite } from '@parley/contract';
import type { Pool, PoolClient } from '@parley/database';
import { refuse } from '@parley/runtime';
import type { Call, UserCaller } from '@parley/service-kit';
import { describeChannel } from '../channels/describe.js';
import { enterChannel, throttleChanges } from '../members/membership.js';
import { type ChannelMembership, checkVisible, readMemberships } from '../members/membership-rules.js';
import { checkBotChannel } from '../requests/bot-channel.js';
import { oneChannel } from '../requests/channel-id.js';
import { withChannel, withVisibleChannel } from '../transactions/locked.js';
import type { LockedChannel } from '../transactions/locks.js';
import { readInvite, spendInvite } from './invite-store.js';
import { inviteIdOf, noChannelId, withoutTrace } from './invites.js';

type Enter = (client: PoolClient, channel: LockedChannel, mine: ChannelMembership) => Promise<void>;

/**
 * Runs `enter` with the channel locked. If `invited` is set, the channel may be hidden from the
 * caller.
 */
async function enterAs(
  pool: Pool,
  me: UserCaller,
  id: number,
  enter: Enter,
  { invited }: { readonly invited: boolean },
): Promise<Channel> {
  const work = async (client: PoolClient, channel: LockedChannel) => {
    const [mine] = await readMemberships(client, channel, [me.id]);
    if (mine === undefined) throw refuse('channel-not-found');
    checkBotChannel(me, id);
    await enter(client, channel, mine);
  };
  await (invited ? withChannel(pool, id, work) : withVisibleChannel(pool, me, id, work));
  return describeChannel(pool, me, id);
}

function joinById(pool: Pool, me: UserCaller, id: number): Promise<Channel> {
  const enter: Enter = async (client, channel, mine) => {
    checkVisible(channel, mine);
    if (channel.kind === 'room')
      throw refuse('wrong-kind', { message: 'A room has no members to join. Call Listen instead.' });
    await enterChannel(client, channel, me.id, mine);
  };
  return enterAs(pool, me, id, enter, { invited: false });
}

/**
 * Joins by an invite link. A member who uses a link, even an expired one, succeeds and does not use
 * it up.
 */
async function joinByLink(pool: Pool, me: UserCaller, inviteId: string, call: Call): Promise<Channel> {
  const [found] = await readInvite.run(pool, { id: inviteId });
  const channelId = found?.channelId ?? noChannelId;
  const invited = channelId !== noChannelId && found?.expired === false;
  if (channelId !== noChannelId) call.facts.channel = channelId;
  const enter: Enter = async (client, channel, mine) => {
    if (mine.rank !== 'none') return;
    const [spent] = await spendInvite.run(client, { id: inviteId, channelId });
    if (spent === undefined) throw refuse('invite-not-found');
    await enterChannel(client, channel, me.id, mine);
  };
  return enterAs(pool, me, channelId, enter, { invited }).catch((thrown) => {
    throw withoutTrace(thrown);
  });
}

/**
 * Handles Join: enters a channel by an invite link or by its id. An id works for a public channel,
 * for a direct chat that the caller left, and for a channel whose offer the caller accepts. Does
 * nothing for a member.
 */
export function createJoin(pool: Pool) {
  return async (invite: Invite, me: UserCaller, call: Call): Promise<Channel> => {
    await throttleChanges(pool, me);
    if (invite.id !== '') return joinByLink(pool, me, inviteIdOf(invite), call);
    const id = oneChannel({ id: invite.channelId });
    call.facts.channel = id;
    return joinById(pool, me, id);
  };
}
