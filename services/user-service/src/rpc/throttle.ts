import { type Queryable, type Rate, refund, spend } from '@parley/database';
import { type Reason, refuse } from '@parley/runtime';

/** Limits the logins from one address. An address may be shared by a whole office. */
export const loginOfAddress: Rate = { key: 'login-address', secondsPerCall: 1, burst: 50 };
/**
 * Limits wrong passwords from unfamiliar addresses, for each typed user id or email address: 50 in
 * the first hour, then 40 an hour. The user id and the email address of an account have separate
 * budgets.
 */
export const failuresOfStrangers: Rate = { key: 'login-account', secondsPerCall: 90, burst: 10 };
/**
 * Limits wrong passwords from one familiar address or session, per user id or email address. The
 * budget is separate, so that strangers cannot use it up.
 */
export const failuresOfOwner: Rate = { key: 'login-owner', secondsPerCall: 45, burst: 20 };
/**
 * Limits how often one user makes a change that needs the current password, or resets the password
 * of another user. Each call costs one or two hashes, which delay every login.
 */
export const passwordOfUser: Rate = { key: 'password-user', secondsPerCall: 10, burst: 10 };
/**
 * Limits the name changes of one user. Others see a name at once, so it must not become a way to
 * chat.
 */
export const nameOfUser: Rate = { key: 'name-user', secondsPerCall: 3_600, burst: 5 };
/** Limits the profile changes of one user. */
export const profileOfUser: Rate = { key: 'profile-user', secondsPerCall: 60, burst: 20 };
export const registerOfAddress: Rate = { key: 'register-address', secondsPerCall: 2, burst: 100 };
/** Limits the profile lookups of one user. */
export const getOfUser: Rate = { key: 'get-user', secondsPerCall: 0.1, burst: 200 };
/** Limits the bots that one user creates, revokes or gives other commands. */
export const botOfUser: Rate = { key: 'bot-user', secondsPerCall: 30, burst: 30 };
/** Limits the calls of one user that end another session. */
export const sessionsOfUser: Rate = { key: 'sessions-user', secondsPerCall: 1, burst: 60 };
/**
 * Limits how often one user looks up users by number, because numbers are sequential and could be
 * enumerated.
 */
export const numbersOfUser: Rate = { key: 'get-number', secondsPerCall: 2, burst: 30 };

/**
 * Counts one attempt.
 * @throws {Refusal} `reason`, with the milliseconds until the next attempt is allowed.
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
 * Runs `attempt`, and counts it against `who` if `failed` is true for its outcome. The attempt
 * counts while it runs, so that parallel attempts count too.
 * @throws {Refusal} `login-too-often`, or the error of the attempt.
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
