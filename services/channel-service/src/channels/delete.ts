import type { Channel } from '@parley/contract';
import type { Pool, PoolClient } from '@parley/database';
import { type Refusal, refuse } from '@parley/runtime';
import type { Call, UserCaller } from '@parley/service-kit';
import { deleteChannel } from '../members/heirs.js';
import type { ChatServers } from '../placement/chat-servers.js';
import { type ChannelState, type Owner, readChannelState } from '../placement/seat-store.js';
import { oneChannel } from '../requests/channel-id.js';
import { isListed } from '../requests/kinds.js';
import { audit } from '../transactions/audit.js';
import { withVisibleChannel } from '../transactions/locked.js';
import type { LockedChannel } from '../transactions/locks.js';

export interface DeleteDeps {
  readonly pool: Pool;
  readonly servers: ChatServers;
}

function refusalOf({ kind }: LockedChannel, state: ChannelState | undefined): Refusal {
  const visible = isListed(kind) || state?.member === true;
  if (visible && kind === 'direct')
    return refuse('wrong-kind', { message: 'A direct chat cannot be deleted. Leave it instead.' });
  return refuse(visible ? 'not-owner' : 'channel-not-found');
}

function auditDelete(client: PoolClient, { id, name, kind, ownerId }: LockedChannel, me: UserCaller): Promise<void> {
  const detail = kind === 'direct' ? { kind, opener: ownerId } : { kind, name, owner: ownerId };
  return audit(client, { actor: me.id, action: 'channel.delete', target: String(id), detail });
}

/** Deletes the channel and returns the live server that owned it, or undefined. */
async function deleteIn(client: PoolClient, channel: LockedChannel, me: UserCaller): Promise<Owner | undefined> {
  const isOwner = channel.kind !== 'direct' && channel.ownerId === me.id;
  const state = await readChannelState(client, channel.id, me.id);
  if (!isOwner && me.role !== 'admin') throw refusalOf(channel, state);
  await deleteChannel.run(client, { channelId: channel.id });
  if (!isOwner) await auditDelete(client, channel, me);
  return state?.owner;
}

/**
 * Handles Delete, for the owner or an operator. Disconnects users at once if the server is
 * reachable, otherwise within a second.
 */
export function createDelete({ pool, servers }: DeleteDeps) {
  return async (request: Channel, me: UserCaller, call: Call): Promise<object> => {
    const id = oneChannel(request);
    call.facts.channel = id;
    const owner = await withVisibleChannel(pool, me, id, (client, channel) => deleteIn(client, channel, me));
    if (owner !== undefined) servers.endChannel(owner, id);
    return {};
  };
}
