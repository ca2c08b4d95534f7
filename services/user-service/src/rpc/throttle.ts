import { type Queryable, type Rate, spend } from '@parley/database';
import { type Reason, refuse } from '@parley/runtime';

/** Of one address: it may be a whole office. */
export const loginOfAddress: Rate = { key: 'login-address', secondsPerCall: 1, burst: 50 };
/** Of one account: far higher, for these are others' failures, and nobody may lock its owner out for long. */
export const loginOfAccount: Rate = { key: 'login-account', secondsPerCall: 0.2, burst: 500 };
/** Of one user who changes what wants the present password: each costs one or two hashes, for which everybody's login waits. */
export const passwordOfUser: Rate = { key: 'password-user', secondsPerCall: 10, burst: 10 };
export const registerOfAddress: Rate = { key: 'register-address', secondsPerCall: 2, burst: 100 };

/**
 * Counts one attempt.
 * @throws {Refusal} `reason`, with the milliseconds until the next one is free.
 */
export async function throttle(
  pool: Queryable,
  rate: Rate,
  who: string,
  reason: Reason = 'login-too-often',
): Promise<void> {
  const retryAfterMs = await spend(pool, rate, who);
  if (retryAfterMs > 0) throw refuse(reason, { retryAfterMs });
}
