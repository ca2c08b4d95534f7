import type { KickRequest } from '@parley/contract';
import type { Pool, PoolClient, Queryable } from '@parley/database';
import { isPrintable, limits, refuse } from '@parley/runtime';
import type { UserCaller } from '@parley/service-kit';
import { requireUserId } from '../members/membership.js';
import { accessOf } from '../members/membership-rules.js';
import type { ChatServers, StreamSelector } from '../placement/chat-servers.js';
import { type EndedSeats, kickSeats } from '../placement/seat-store.js';
import { liveServers } from '../placement/server-store.js';
import { oneChannel } from '../requests/channel-id.js';
import { audit } from '../transactions/audit.js';
import { endingSeats } from '../transactions/locked.js';
import { readAccount } from './operator-store.js';

export interface KickDeps {
  readonly pool: Pool;
  readonly servers: ChatServers;
}

function selectorOf({ channelId, userId, reason }: KickRequest): StreamSelector {
  const hasTarget = channelId !== 0 || userId !== '';
  if (!hasTarget || [...reason].length > limits.kickReasonCharacters || !isPrintable(reason))
    throw refuse('invalid-kick');
  if (userId !== '') requireUserId(userId);
  return {
    ...(channelId !== 0 && { channelId: oneChannel({ id: channelId }) }),
    ...(userId !== '' && { userId }),
  };
}

/**
 * Returns the target with the user id as it is stored. The request may write the id in any case.
 */
async function find(client: Queryable, { channelId, userId }: StreamSelector, me: UserCaller): Promise<StreamSelector> {
  const [user] = userId === undefined ? [] : await readAccount.run(client, { userId });
  if (userId !== undefined && user === undefined) throw refuse('user-not-found');
  if (channelId !== undefined) await accessOf(client, me, channelId);
  return { ...(channelId !== undefined && { channelId }), ...(user !== undefined && { userId: user.id }) };
}

interface KickOutcome {
  readonly target: StreamSelector;
  readonly ended: readonly EndedSeats[];
}

function auditKick(
  client: PoolClient,
  { channelId, userId }: StreamSelector,
  reason: string,
  seats: number,
  me: UserCaller,
) {
  const actor = me.id;
  if (userId === undefined) {
    return audit(client, { actor, action: 'channel.kick', target: String(channelId), detail: { reason, seats } });
  }
  const detail = { channel: channelId ?? null, reason, seats };
  return audit(client, { actor, action: 'user.kick', target: userId, detail });
}

/**
 * Handles Kick: ends seats and their streams, at once if the server is reachable, otherwise within
 * a second. Tells every chat server, because users of gateways have no seats in chats.
 */
export function createKick({ pool, servers }: KickDeps) {
  async function kickIn(
    client: PoolClient,
    requested: StreamSelector,
    reason: string,
    me: UserCaller,
  ): Promise<KickOutcome> {
    const target = await find(client, requested, me);
    const ended = await kickSeats.run(client, { channelId: target.channelId, userId: target.userId });
    const seats = ended.reduce((sum, server) => sum + server.seats, 0);
    await auditKick(client, target, reason, seats, me);
    return { target, ended };
  }

  return async (request: KickRequest, me: UserCaller): Promise<object> => {
    const requested = selectorOf(request);
    const { target } = await endingSeats(pool, (client) => kickIn(client, requested, request.reason, me));
    for (const server of await liveServers.run(pool)) servers.endStreams(server, target, 'kicked');
    return {};
  };
}
