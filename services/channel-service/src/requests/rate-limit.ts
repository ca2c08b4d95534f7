import { type Queryable, type Rate, spend } from '@parley/database';
import { type Reason, refuse } from '@parley/runtime';
import type { UserCaller } from '@parley/service-kit';

/**
 * Counts calls of a user, all of them or none.
 * @throws {Refusal} `reason`, with the milliseconds until the calls are allowed.
 */
export async function limitRate(
  pool: Queryable,
  rate: Rate,
  me: Pick<UserCaller, 'id'>,
  reason: Reason,
  calls = 1,
): Promise<void> {
  const retryAfterMs = await spend(pool, rate, me.id, calls);
  if (retryAfterMs > 0) throw refuse(reason, { retryAfterMs });
}
