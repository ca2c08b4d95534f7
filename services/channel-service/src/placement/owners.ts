import type { PoolClient } from '@parley/database';
import { refuse } from '@parley/runtime';
import { type ChannelState, claimChannel, type Owner } from './seat-store.js';

/**
 * How the owning server was found: the channel already had one, it had none, or the lease of the
 * previous one lapsed `afterMs` milliseconds ago.
 */
export type OwnerLookup = { readonly how: 'kept' | 'placed' } | { readonly how: 'recovered'; readonly afterMs: number };

/** The owning server of a channel, and how it was found. */
export interface FoundOwner {
  readonly owner: Owner;
  readonly lookup: OwnerLookup;
}

/**
 * Returns the owning server if its lease is live, even if it is draining. Otherwise assigns the
 * channel to a server that accepts channels. The caller holds the lock of the channel.
 */
export async function findOwner(client: PoolClient, channelId: number, state: ChannelState): Promise<FoundOwner> {
  const { epoch, lapsedMs, waitMs } = state;
  if (state.owner !== undefined) return { owner: state.owner, lookup: { how: 'kept' } };
  if (waitMs > 0) throw refuse('no-server', { retryAfterMs: waitMs });
  const [owner] = await claimChannel.run(client, { channelId, epoch });
  if (owner === undefined) throw refuse('no-server');
  return { owner, lookup: lapsedMs === null ? { how: 'placed' } : { how: 'recovered', afterMs: lapsedMs } };
}
