import { isLockTimeout, type Pool, type PoolClient, transaction } from '@parley/database';
import { refuse } from '@parley/runtime';
import { type LockedChannel, lockChannel } from '../store/channels.js';

/**
 * A transaction that has the channel for itself. Who ends several seats may be waiting for the other half of ours: then we are the ones
 * who try again, once.
 * @throws {Refusal} `channel-not-found`, or what `work` throws.
 */
export async function withChannel<T>(
  pool: Pool,
  id: number,
  work: (client: PoolClient, channel: LockedChannel) => Promise<T>,
): Promise<T> {
  const attempt = () =>
    transaction(pool, async (client) => {
      const [channel] = await lockChannel.run(client, [id]);
      if (channel === undefined) throw refuse('channel-not-found');
      return work(client, channel);
    });
  try {
    return await attempt();
  } catch (thrown) {
    if (isLockTimeout(thrown)) return attempt();
    throw thrown;
  }
}
