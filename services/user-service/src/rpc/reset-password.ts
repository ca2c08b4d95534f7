import { randomInt } from 'node:crypto';
import { ResetPasswordResponse, type User } from '@parley/contract';
import type { Pool } from '@parley/database';
import { refuse } from '@parley/runtime';
import type { Call, UserCaller } from '@parley/service-kit';
import type { Passwords } from '../passwords/passwords.js';
import { resetPassword } from '../store/accounts.js';
import { checkUserId } from './checks.js';
import { passwordOfUser, throttle } from './throttle.js';

export interface ResetPasswordDeps {
  readonly pool: Pool;
  readonly passwords: Passwords;
}

/** Characters that nobody confuses when they read a password aloud. */
const alphabet = 'abcdefghijkmnpqrstuvwxyz23456789';
const groups = 5;
const groupCharacters = 4;

/** Returns a random password of 100 bits, in groups. */
function randomPassword(): string {
  const character = () => alphabet.charAt(randomInt(alphabet.length));
  const group = () => Array.from({ length: groupCharacters }, character).join('');
  return Array.from({ length: groups }, group).join('-');
}

/**
 * Handles ResetPassword: an operator gives a user a random password that opens one session. That
 * session can only set a new password or log out. Ends all earlier sessions of the user; their
 * streams end within about a second.
 */
export function createResetPassword({ pool, passwords }: ResetPasswordDeps) {
  return async ({ id }: User, me: UserCaller, call: Call): Promise<ResetPasswordResponse> => {
    if (me.role !== 'admin') throw refuse('not-operator');
    checkUserId(id);
    await throttle(pool, passwordOfUser, me.id, 'change-too-often');
    const password = randomPassword();
    const hash = await passwords.hash(password, me.id);
    const [row] = await resetPassword.run(pool, { actorId: me.id, userId: id, hash });
    if (row === undefined) throw refuse('user-not-found');
    if (row.outcome !== 'done') throw refuse(row.outcome);
    call.facts.target = id;
    return ResetPasswordResponse.fromPartial({ password });
  };
}
