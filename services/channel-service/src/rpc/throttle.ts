import { type Queryable, type Rate, spend } from '@parley/database';
import type { UserCaller } from '@parley/rpc';
import { type Reason, refuse } from '@parley/runtime';

/**
 * Counts one call of a user.
 * @throws {Refusal} `reason`, with the milliseconds until the next call is free.
 */
export async function throttle(pool: Queryable, rate: Rate, me: Pick<UserCaller, 'id'>, reason: Reason): Promise<void> {
  const retryAfterMs = await spend(pool, rate, me.id);
  if (retryAfterMs > 0) throw refuse(reason, { retryAfterMs });
}
