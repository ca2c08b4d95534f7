import type { KickRequest } from '@parley/contract';
import type { Pool, PoolClient, Queryable } from '@parley/database';
import { limits, refuse } from '@parley/runtime';
import type { UserCaller } from '@parley/service-kit';
import type { ChatServers, Whom } from '../clients/chat-servers.js';
import { account, type KickedSeat, kick } from '../store/admin.js';
import { audit } from '../store/channels.js';
import { access } from '../store/history.js';
import { oneChannel } from './channel-id.js';
import { isStorable } from './fields.js';
import { endingSeats } from './locked.js';
import { readUserId } from './membership.js';

export interface KickDeps {
  readonly pool: Pool;
  readonly servers: ChatServers;
}

function whomOf({ channelId, userId, reason }: KickRequest): Whom {
  const channelsNamed = channelId !== 0 || userId !== '';
  if (!channelsNamed || [...reason].length > limits.kickReasonCharacters || !isStorable(reason))
    throw refuse('invalid-kick');
  if (userId !== '') readUserId(userId);
  return {
    ...(channelId !== 0 && { channelId: oneChannel({ id: channelId }) }),
    ...(userId !== '' && { userId }),
  };
}

/** Whom exactly: a user id may be given in capital letters or not. */
async function find(client: Queryable, { channelId, userId }: Whom, me: UserCaller): Promise<Whom> {
  const [user] = userId === undefined ? [] : await account.run(client, [userId]);
  if (userId !== undefined && user === undefined) throw refuse('user-not-found');
  if (channelId !== undefined && (await access.run(client, [channelId, me.id])).length === 0)
    throw refuse('channel-not-found');
  return { ...(channelId !== undefined && { channelId }), ...(user !== undefined && { userId: user.id }) };
}

interface Done {
  readonly whom: Whom;
  readonly ended: readonly KickedSeat[];
}

function note(client: PoolClient, { channelId, userId }: Whom, reason: string, seats: number, me: UserCaller) {
  if (userId === undefined) return audit.run(client, [me.id, 'channel.kick', String(channelId), { reason, seats }]);
  return audit.run(client, [me.id, 'user.kick', userId, { channel: channelId ?? null, reason, seats }]);
}

/** Kick: ends seats, and with them their streams: at once where that is possible, within a second otherwise. */
export function createKick({ pool, servers }: KickDeps) {
  async function kickIn(client: PoolClient, channelsNamed: Whom, reason: string, me: UserCaller): Promise<Done> {
    const whom = await find(client, channelsNamed, me);
    const ended = await kick.run(client, [whom.channelId ?? null, whom.userId ?? null]);
    const seats = ended.reduce((sum, server) => sum + server.seats, 0);
    await note(client, whom, reason, seats, me);
    return { whom, ended };
  }

  return async (request: KickRequest, me: UserCaller): Promise<object> => {
    const channelsNamed = whomOf(request);
    const { whom, ended } = await endingSeats(pool, (client) => kickIn(client, channelsNamed, request.reason, me));
    for (const server of ended) servers.endStreams(server, whom, 'kicked');
    return {};
  };
}
