import type { UpdateUserRequest, User } from '@parley/contract';
import { type Pool, transaction } from '@parley/database';
import { displayName, refuse } from '@parley/runtime';
import type { UserCaller } from '@parley/service-kit';
import type { Passwords } from '../passwords/passwords.js';
import { endSessions } from '../store/sessions.js';
import { hashOf, ownsFile, updateUser } from '../store/users.js';
import { checkAbout, checkEmail, checkPassword, visibilityOf } from './checks.js';
import { userFrom } from './profiles.js';
import { failuresOfOwner, nameOfUser, passwordOfUser, profileOfUser, throttle, throttleFailures } from './throttle.js';

export interface UpdateUserDeps {
  readonly pool: Pool;
  readonly passwords: Passwords;
}

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

function checkForms({ about, email, newPassword }: UpdateUserRequest): void {
  if (about !== undefined) checkAbout(about);
  if (email) checkEmail(email);
  if (newPassword !== undefined) checkPassword(newPassword);
}

/**
 * Handles Update: changes the caller's account. A new email or password needs the current password,
 * and a new password ends the other sessions.
 */
export function createUpdateUser({ pool, passwords }: UpdateUserDeps) {
  async function checkAvatar(userId: string, fileId: string | undefined): Promise<void> {
    if (!fileId) return;
    if (!uuid.test(fileId)) throw refuse('invalid-profile');
    if ((await ownsFile.run(pool, [userId, fileId])).length === 0) throw refuse('invalid-profile');
  }

  /**
   * Returns the hash that the current password matches. Counts failures, so a stolen token does not
   * allow guessing.
   */
  async function verifiedHash(userId: string, password: string): Promise<string> {
    await throttle(pool, passwordOfUser, userId);
    const [row] = await hashOf.run(pool, [userId]);
    const attempt = () => passwords.verify(password, row?.password_hash, userId);
    const fit = await throttleFailures(pool, failuresOfOwner, `${userId}:session`, attempt, (found) => found === 'no');
    if (row === undefined || fit === 'no') throw refuse('wrong-credentials');
    return row.password_hash;
  }

  return async (request: UpdateUserRequest, me: UserCaller): Promise<User> => {
    const { about = null, email = null, avatarId = null, newPassword } = request;
    checkForms(request);
    const name = request.name === undefined ? null : displayName(request.name);
    const visibility = request.visibility === undefined ? null : visibilityOf(request.visibility);
    await throttle(pool, profileOfUser, me.id, 'change-too-often');
    if (name !== null && name !== me.name) await throttle(pool, nameOfUser, me.id, 'change-too-often');
    await checkAvatar(me.id, request.avatarId);
    const guarded = email !== null || newPassword !== undefined;
    const present = guarded ? await verifiedHash(me.id, request.password) : null;
    const fresh = newPassword === undefined ? null : await passwords.hash(newPassword, me.id);
    return transaction(pool, async (client) => {
      const row = await updateUser(client, me.id, name, about, visibility, email, avatarId, fresh, present);
      if (row === undefined) throw refuse('wrong-credentials');
      if (fresh !== null) await endSessions(client, me.id, { except: me.sessionId });
      return userFrom(row);
    });
  };
}
