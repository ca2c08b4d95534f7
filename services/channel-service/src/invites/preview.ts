import { Channel, type Invite } from '@parley/contract';
import type { Pool } from '@parley/database';
import { refuse } from '@parley/runtime';
import type { Call, UserCaller } from '@parley/service-kit';
import { describeChannel } from '../channels/describe.js';
import { throttleChanges } from '../members/membership.js';
import { readInvite } from './invite-store.js';
import { inviteIdOf, withoutTrace } from './invites.js';

/** Handles PreviewInvite: returns what the holder of an invite link may know before joining. */
export function createPreviewInvite(pool: Pool) {
  return async (request: Invite, me: UserCaller, call: Call): Promise<Channel> => {
    await throttleChanges(pool, me);
    const [found] = await readInvite.run(pool, { id: inviteIdOf(request) });
    if (found === undefined || found.expired || found.channelId === null) throw refuse('invite-not-found');
    call.facts.channel = found.channelId;
    const channel = await describeChannel(pool, me, found.channelId).catch((thrown) => {
      throw withoutTrace(thrown);
    });
    const { id, name, description, iconId, kind, memberCount, myRole } = channel;
    return Channel.fromPartial({ id, name, description, iconId, kind, memberCount, myRole });
  };
}
