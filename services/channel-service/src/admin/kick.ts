import type { KickRequest } from '@parley/contract';
import type { Pool, PoolClient, Queryable } from '@parley/database';
import { limits, refuse } from '@parley/runtime';
import type { UserCaller } from '@parley/service-kit';
import { isStorable } from '../channels/fields.js';
import { access } from '../members/member-store.js';
import { readUserId } from '../members/membership.js';
import type { ChatServers, StreamSelector } from '../placement/chat-servers.js';
import { type KickedSeat, kick } from '../placement/seat-store.js';
import { oneChannel } from '../requests/channel-id.js';
import { audit } from '../transactions/audit.js';
import { endingSeats } from '../transactions/locked.js';
import { account } from './admin-store.js';

export interface KickDeps {
  readonly pool: Pool;
  readonly servers: ChatServers;
}

function selectorOf({ channelId, userId, reason }: KickRequest): StreamSelector {
  const hasTarget = channelId !== 0 || userId !== '';
  if (!hasTarget || [...reason].length > limits.kickReasonCharacters || !isStorable(reason))
    throw refuse('invalid-kick');
  if (userId !== '') readUserId(userId);
  return {
    ...(channelId !== 0 && { channelId: oneChannel({ id: channelId }) }),
    ...(userId !== '' && { userId }),
  };
}

/** Resolves the target; a user id may be in any case. */
async function find(client: Queryable, { channelId, userId }: StreamSelector, me: UserCaller): Promise<StreamSelector> {
  const [user] = userId === undefined ? [] : await account.run(client, [userId]);
  if (userId !== undefined && user === undefined) throw refuse('user-not-found');
  if (channelId !== undefined && (await access.run(client, [channelId, me.id])).length === 0)
    throw refuse('channel-not-found');
  return { ...(channelId !== undefined && { channelId }), ...(user !== undefined && { userId: user.id }) };
}

interface KickOutcome {
  readonly whom: StreamSelector;
  readonly ended: readonly KickedSeat[];
}

function note(
  client: PoolClient,
  { channelId, userId }: StreamSelector,
  reason: string,
  seats: number,
  me: UserCaller,
) {
  if (userId === undefined) return audit.run(client, [me.id, 'channel.kick', String(channelId), { reason, seats }]);
  return audit.run(client, [me.id, 'user.kick', userId, { channel: channelId ?? null, reason, seats }]);
}

/**
 * Handles Kick: ends seats and their streams, at once if the server is reachable, otherwise within
 * a second.
 */
export function createKick({ pool, servers }: KickDeps) {
  async function kickIn(
    client: PoolClient,
    requested: StreamSelector,
    reason: string,
    me: UserCaller,
  ): Promise<KickOutcome> {
    const whom = await find(client, requested, me);
    const ended = await kick.run(client, [whom.channelId ?? null, whom.userId ?? null]);
    const seats = ended.reduce((sum, server) => sum + server.seats, 0);
    await note(client, whom, reason, seats, me);
    return { whom, ended };
  }

  return async (request: KickRequest, me: UserCaller): Promise<object> => {
    const requested = selectorOf(request);
    const { whom, ended } = await endingSeats(pool, (client) => kickIn(client, requested, request.reason, me));
    for (const server of ended) servers.endStreams(server, whom, 'kicked');
    return {};
  };
}
