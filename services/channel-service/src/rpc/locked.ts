import { isLockTimeout, type Pool, type PoolClient, transaction } from '@parley/database';
import { refuse } from '@parley/runtime';
import { type LockedChannel, lockChannel } from '../store/channels.js';

/**
 * A transaction that ends several seats. Who else does may be waiting for the other half of ours: then we are the ones who try again, once.
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
 * A transaction that has the channel for itself.
 * @throws {Refusal} `channel-not-found`, or what `work` throws.
 */
export function withChannel<T>(
  pool: Pool,
  id: number,
  work: (client: PoolClient, channel: LockedChannel) => Promise<T>,
): Promise<T> {
  return endingSeats(pool, async (client) => {
    const [channel] = await lockChannel.run(client, [id]);
    if (channel === undefined) throw refuse('channel-not-found');
    return work(client, channel);
  });
}
