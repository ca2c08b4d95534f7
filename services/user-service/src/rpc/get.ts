import type { User } from '@parley/contract';
import type { Pool } from '@parley/database';
import { isUserId, refuse } from '@parley/runtime';
import type { UserCaller } from '@parley/service-kit';
import { readProfile } from '../store/accounts.js';
import { userFrom } from './profiles.js';
import { getOfUser, numbersOfUser, throttle } from './throttle.js';

const maxNumber = 2_147_483_647;

/**
 * Handles Get: returns a profile by id, or else by number. A profile that the caller may not see
 * appears not to exist.
 */
export function createGet(pool: Pool) {
  return async (request: User, me: UserCaller): Promise<User> => {
    await throttle(pool, getOfUser, me.id, 'read-too-often');
    const userId = isUserId(request.id) ? request.id : null;
    const number = request.id === '' && request.number <= maxNumber ? request.number : null;
    if (number !== null) await throttle(pool, numbersOfUser, me.id, 'read-too-often');
    const [profile] = await readProfile.run(pool, { readerId: me.id, readerRole: me.role, userId, number });
    if (profile === undefined) throw refuse('user-not-found');
    return userFrom(profile);
  };
}
