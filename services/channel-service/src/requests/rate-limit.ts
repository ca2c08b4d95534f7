import { type Queryable, type Rate, spend } from '@parley/database';
import { type Reason, refuse } from '@parley/runtime';
import type { UserCaller } from '@parley/service-kit';

/**
 * Counts one call of a user.
 * @throws {Refusal} `reason`, with the milliseconds until the next call is free.
 */
export async function limitRate(
  pool: Queryable,
  rate: Rate,
  me: Pick<UserCaller, 'id'>,
  reason: Reason,
): Promise<void> {
  const retryAfterMs = await spend(pool, rate, me.id);
  if (retryAfterMs > 0) throw refuse(reason, { retryAfterMs });
}
