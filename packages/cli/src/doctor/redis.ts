import { tryRedis } from '@parley/service-kit';
import { type Check, type Finding, fault, skipped, works } from './check.js';
import type { Surroundings } from './surroundings.js';

/** Redis carries notifications, if it is set. */
export function redisCheck({ redis }: Surroundings): Check {
  const run = async (): Promise<Finding[]> => {
    if (redis === undefined) return [skipped('Redis', 'PARLEY_REDIS_URL is not set here.')];
    const about = new URL(redis.url).host;
    const problem = await tryRedis(redis, 'parley-doctor');
    return [
      problem === undefined ? works(about, 'Notifications arrive.') : fault(about, problem.words, problem.change),
    ];
  };
  return { name: 'redis', run };
}
