import type { Channel, Invite } from '@parley/contract';
import type { Pool } from '@parley/database';
import { refuse } from '@parley/runtime';
import type { Call, UserCaller } from '@parley/service-kit';
import { oneChannel } from './channel-id.js';
import { describeChannel } from './describe.js';
import { withChannel } from './locked.js';
import { admit, throttleChanges } from './membership.js';
import { mustSee, readStandings } from './standing.js';

/** Join: into a public channel by its id, back into a direct one, or where the caller was offered to. Who is a member already stays one. */
export function createJoin(pool: Pool) {
  return async (invite: Invite, me: UserCaller, call: Call): Promise<Channel> => {
    if (invite.id !== '') throw refuse('not-implemented', { words: 'links are not offered yet' });
    const id = oneChannel({ id: invite.channelId });
    call.facts.channel = id;
    await throttleChanges(pool, me);
    await withChannel(pool, id, async (client, channel) => {
      const [mine] = await readStandings(client, channel, [me.id]);
      if (mine === undefined) throw refuse('channel-not-found');
      mustSee(channel, mine);
      if (channel.kind === 'room') throw refuse('wrong-kind', { words: 'a room has no members: listen to it' });
      await admit(client, channel, me.id, mine, me.id);
    });
    return describeChannel(pool, me, id);
  };
}
