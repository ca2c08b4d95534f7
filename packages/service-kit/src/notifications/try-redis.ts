import { randomUUID } from 'node:crypto';
import type { RedisClientType } from '@redis/client';
import { createRedis, type RedisConfig, respondsInTime } from './redis-client.js';
import { type RedisProblem, redisProblem } from './redis-problem.js';

/** Subscribes to a channel of its own, publishes to it, and waits for what it has published. */
async function roundTrip(client: RedisClientType, channel: string): Promise<void> {
  await client.connect();
  let arrive = () => {};
  const arrived = new Promise<void>((resolve) => {
    arrive = resolve;
  });
  await client.subscribe(channel, () => arrive());
  await client.publish(channel, '');
  await arrived;
}

/**
 * Sends a notification through Redis to itself. Returns the problem, or undefined if it arrived.
 * `name` is the name of the connection in Redis, without spaces.
 * @example
 * ```ts
 * import { tryRedis } from '@parley/service-kit';
 *
 * const problem = await tryRedis({ url: 'redis://localhost', prefix: 'parley' }, 'parley-doctor');
 * if (problem !== undefined) console.error(problem.words, problem.change);
 * ```
 */
export async function tryRedis({ url, prefix }: RedisConfig, name: string): Promise<RedisProblem | undefined> {
  const client = await createRedis(url, name);
  const lost = new Promise<never>((_, reject) => client.on('error', reject));
  try {
    await Promise.race([respondsInTime(roundTrip(client, `${prefix}:check_${randomUUID()}`)), lost]);
    return undefined;
  } catch (cause) {
    return redisProblem(url, cause);
  } finally {
    client.destroy();
  }
}
