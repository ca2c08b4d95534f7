import { type Queryable, type Rate, refund, spend } from '@parley/database';
import { type Reason, refuse } from '@parley/runtime';

/** Of one address: it may be a whole office. */
export const loginOfAddress: Rate = { key: 'login-address', secondsPerCall: 1, burst: 50 };
/** Wrong passwords of one account from addresses it has not been at: 100 in the first hour, then 80 an hour. */
export const failuresOfStrangers: Rate = { key: 'login-account', secondsPerCall: 45, burst: 20 };
/** The same from one address or session that its owner has been at: strangers cannot use it up. */
export const failuresOfOwner: Rate = { key: 'login-owner', secondsPerCall: 45, burst: 20 };
/** Of one user who changes what wants the present password: each costs one or two hashes, for which everybody's login waits. */
export const passwordOfUser: Rate = { key: 'password-user', secondsPerCall: 10, burst: 10 };
/** Of one user: others see a name at once, so it must not become a way to talk. */
export const nameOfUser: Rate = { key: 'name-user', secondsPerCall: 3_600, burst: 5 };
/** Of one user, every change of the profile. */
export const profileOfUser: Rate = { key: 'profile-user', secondsPerCall: 60, burst: 20 };
export const registerOfAddress: Rate = { key: 'register-address', secondsPerCall: 2, burst: 100 };
/** Of one user who looks at profiles. */
export const getOfUser: Rate = { key: 'get-user', secondsPerCall: 0.1, burst: 200 };
/** The numbers of all users are 1, 2, 3 and so on. */
export const numbersOfUser: Rate = { key: 'get-number', secondsPerCall: 2, burst: 30 };

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

/**
 * Counts one failure of `who` where `attempt` answers that it was one. It is counted first, so that many at once are counted too.
 * @throws {Refusal} `login-too-often`, or what the attempt throws.
 */
export async function throttleFailures<T>(
  pool: Queryable,
  rate: Rate,
  who: string,
  attempt: () => Promise<T>,
  failed: (outcome: T) => boolean,
): Promise<T> {
  await throttle(pool, rate, who);
  let isCounted = false;
  try {
    const outcome = await attempt();
    isCounted = failed(outcome);
    return outcome;
  } finally {
    if (!isCounted) await refund(pool, rate, who);
  }
}
