import type { Channel } from '@parley/contract';
import { isLockTimeout, type Pool, type PoolClient, transaction } from '@parley/database';
import type { Call, UserCaller } from '@parley/rpc';
import { type Refusal, refuse } from '@parley/runtime';
import type { ChatServers } from '../clients/chat-servers.js';
import { audit, deleteChannel, type LockedChannel, lockChannel } from '../store/channels.js';
import { type Look, look, type Place } from '../store/seats.js';
import { oneChannel } from './channel-id.js';

export interface DeleteDeps {
  readonly pool: Pool;
  readonly servers: ChatServers;
}

function whyNot({ kind }: LockedChannel, seen: Look | undefined): Refusal {
  const visible = kind === 'room' || kind === 'public' || seen?.member === true;
  return refuse(visible ? 'not-owner' : 'channel-not-found');
}

function auditDelete(client: PoolClient, id: number, channel: LockedChannel, me: UserCaller): Promise<never[]> {
  const detail = { name: channel.name, owner: channel.owner_id };
  return audit.run(client, [me.id, 'channel.delete', String(id), detail]);
}

/** Answers the server that had the channel, where it lives. */
async function deleteIn(client: PoolClient, id: number, me: UserCaller): Promise<Place | undefined> {
  const [channel] = await lockChannel.run(client, [id]);
  if (channel === undefined) throw refuse('channel-not-found');
  const mine = channel.owner_id === me.id;
  const [seen] = await look.run(client, [id, me.id]);
  if (!mine && me.role !== 'admin') throw whyNot(channel, seen);
  await deleteChannel.run(client, [id]);
  if (!mine) await auditDelete(client, id, channel, me);
  return seen?.alive === true ? seen : undefined;
}

/** A chat server that ends several seats may be waiting for the other half of ours: then we are the ones who try again. */
async function deleteOnce(pool: Pool, id: number, me: UserCaller): Promise<Place | undefined> {
  const attempt = () => transaction(pool, (client) => deleteIn(client, id, me));
  try {
    return await attempt();
  } catch (thrown) {
    if (isLockTimeout(thrown)) return attempt();
    throw thrown;
  }
}

/** Delete: by the owner or an administrator. Its people are told at once where that is possible, within a second otherwise. */
export function createDelete({ pool, servers }: DeleteDeps) {
  return async (request: Channel, me: UserCaller, call: Call): Promise<object> => {
    const id = oneChannel(request);
    call.facts.channel = id;
    const owner = await deleteOnce(pool, id, me);
    if (owner !== undefined) servers.endChannel(owner, id);
    return {};
  };
}
