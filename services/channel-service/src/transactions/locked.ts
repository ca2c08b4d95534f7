import { isLockTimeout, type Pool, type PoolClient, transaction } from '@parley/database';
import { refuse } from '@parley/runtime';
import type { UserCaller } from '@parley/service-kit';
import { type LockedChannel, lockChannel, lockVisibleChannel } from './locks.js';

/**
 * Runs `work` in a transaction that ends several seats. Retries once after a deadlock or a lock
 * timeout.
 * @throws what `work` throws.
 */
export async function endingSeats<T>(pool: Pool, work: (client: PoolClient) => Promise<T>): Promise<T> {
  try {
    return await transaction(pool, work);
  } catch (thrown) {
    if (isLockTimeout(thrown)) return transaction(pool, work);
    throw thrown;
  }
}

/**
 * Runs `work` in a transaction that holds the lock of the channel.
 * @throws {Refusal} `channel-not-found`, or what `work` throws.
 */
export function withChannel<T>(
  pool: Pool,
  id: number,
  work: (client: PoolClient, channel: LockedChannel) => Promise<T>,
): Promise<T> {
  return endingSeats(pool, async (client) => {
    const [channel] = await lockChannel.run(client, { channelId: id });
    if (channel === undefined) throw refuse('channel-not-found');
    return work(client, channel);
  });
}

/**
 * Runs `work` in a transaction that holds the lock of a channel that the user may know of.
 * @throws {Refusal} `channel-not-found`, or what `work` throws.
 */
export function withVisibleChannel<T>(
  pool: Pool,
  me: UserCaller,
  id: number,
  work: (client: PoolClient, channel: LockedChannel) => Promise<T>,
): Promise<T> {
  return endingSeats(pool, async (client) => work(client, await lockVisibleChannel(client, me, id)));
}
