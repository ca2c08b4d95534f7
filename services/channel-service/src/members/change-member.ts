import type { ChangeMemberRequest, User } from '@parley/contract';
import type { DatabaseClock, Pool, PoolClient } from '@parley/database';
import { refuse } from '@parley/runtime';
import type { Call, UserCaller } from '@parley/service-kit';
import type { ChatServers, ServerTarget } from '../placement/chat-servers.js';
import { endSeatsInChannel } from '../placement/seat-store.js';
import { checkBotChannel } from '../requests/bot-channel.js';
import { oneChannel } from '../requests/channel-id.js';
import { audit } from '../transactions/audit.js';
import { withVisibleChannel } from '../transactions/locked.js';
import type { LockedChannel } from '../transactions/locks.js';
import type { Change, ChangedMember } from './change-context.js';
import { changeOf } from './member-changes.js';
import type { FoundUser } from './member-store.js';
import { asMember, readUserIn, requireUserId, throttleChanges } from './membership.js';
import { checkVisible, readMemberships } from './membership-rules.js';

export interface ChangeMemberDeps {
  readonly pool: Pool;
  readonly servers: ChatServers;
  readonly clock: Pick<DatabaseClock, 'now'>;
}

interface ChangeOutcome {
  readonly user: FoundUser;
  readonly changed: ChangedMember;
  /** Servers that must end the user's stream in the channel. */
  readonly ended: readonly ServerTarget[];
}

async function changeIn(
  client: PoolClient,
  channel: LockedChannel,
  me: UserCaller,
  userId: string,
  change: Change,
): Promise<ChangeOutcome> {
  const [mine, theirs] = await readMemberships(client, channel, [me.id, userId]);
  if (mine === undefined || theirs === undefined) throw refuse('channel-not-found');
  if (me.role !== 'admin') checkVisible(channel, mine);
  const applyToSelf = userId.toLowerCase() === me.id.toLowerCase() ? change.applyToSelf : undefined;
  if (applyToSelf === undefined) change.checkCaller({ client, channel, me, mine });
  const user = await readUserIn(client, channel, me, userId);
  const changed = await (applyToSelf ?? change.apply)({ client, channel, me, mine, user, theirs });
  if (changed.audit !== undefined) {
    const detail = { user: user.id, ...changed.audit };
    await audit(client, { actor: me.id, action: 'channel.member', target: String(channel.id), detail });
  }
  const ended = changed.out ? await endSeatsInChannel.run(client, { channelId: channel.id, userId: user.id }) : [];
  return { user, changed, ended };
}

/**
 * Handles ChangeMember: applies one change to one member. Disconnects a removed user at once if the
 * server is reachable, otherwise within a second.
 */
export function createChangeMember({ pool, servers, clock }: ChangeMemberDeps) {
  return async (request: ChangeMemberRequest, me: UserCaller, call: Call): Promise<User> => {
    const id = oneChannel({ id: request.channelId });
    call.facts.channel = id;
    checkBotChannel(me, id);
    requireUserId(request.userId);
    const change = changeOf(request, clock.now());
    await throttleChanges(pool, me);
    const { user, changed, ended } = await withVisibleChannel(pool, me, id, (client, channel) =>
      changeIn(client, channel, me, request.userId, change),
    );
    for (const server of ended) servers.endUser(server, id, user.id);
    return asMember(user, changed.rank, changed.offered);
  };
}
