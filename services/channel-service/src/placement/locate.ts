import { type Channel, ChannelServer, ServerState } from '@parley/contract';
import { type Pool, type Rate, spend, transaction } from '@parley/database';
import { refuse } from '@parley/runtime';
import type { Call } from '@parley/service-kit';
import { oneChannel } from '../requests/channel-id.js';
import { lockChannel } from '../transactions/locks.js';
import type { ChatServers } from './chat-servers.js';
import { type FoundOwner, findOwner } from './owners.js';
import { readChannelState, reserveChannel } from './seat-store.js';

export interface LocateDeps {
  readonly pool: Pool;
  readonly servers: ChatServers;
}

/**
 * Limits the calls of one gateway. A gateway asks only about chats that have no owning server and
 * in which a user acts.
 */
const locateRate: Rate = { key: 'locate', secondsPerCall: 0.005, burst: 2_000 };
/**
 * Time within which the gateway must reach the owning server. After that, the server gives an empty
 * chat back.
 */
const reserveSeconds = 10;
const nobody = '';

/** Finds the owning server of a chat, or places the chat, and reserves the chat for that server. */
function reserve(pool: Pool, channelId: number): Promise<FoundOwner> {
  return transaction(pool, async (client) => {
    const [channel] = await lockChannel.run(client, { channelId });
    if (channel === undefined) throw refuse('channel-not-found');
    if (channel.kind === 'room') throw refuse('wrong-kind');
    const state = await readChannelState(client, channelId, nobody);
    if (state === undefined) throw refuse('channel-not-found');
    const found = await findOwner(client, channelId, state);
    await reserveChannel.run(client, { channelId, seconds: reserveSeconds });
    return found;
  });
}

/** Handles Locate: returns the chat server of a chat, for a gateway. */
export function createLocate({ pool, servers }: LocateDeps) {
  return async (request: Channel, gatewayId: string, call: Call): Promise<ChannelServer> => {
    const id = oneChannel(request);
    call.facts.channel = id;
    const retryAfterMs = await spend(pool, locateRate, gatewayId);
    if (retryAfterMs > 0) throw refuse('read-too-often', { retryAfterMs });
    const { owner, lookup } = await reserve(pool, id);
    const { instanceId, internalAddr, name, epoch } = owner;
    if (lookup.how !== 'kept') servers.announce(owner, id, epoch);
    const channels = [{ id, epoch }];
    return ChannelServer.fromPartial({ id: instanceId, internalAddr, name, state: ServerState.SERVING, channels });
  };
}
