import type { UpdateUserRequest, User } from '@parley/contract';
import { type Pool, transaction } from '@parley/database';
import { displayName, isUuid, type Refusal, refuse } from '@parley/runtime';
import { type Call, isBotToken, type UserCaller } from '@parley/service-kit';
import type { Passwords } from '../passwords/passwords.js';
import { ownProfile, ownsFile, passwordOf, updateAccount } from '../store/accounts.js';
import { endSessions } from '../store/sessions.js';
import { checkAbout, checkEmail, checkPassword, type PasswordRules, visibilityOf } from './checks.js';
import { userFrom } from './profiles.js';
import { failuresOfOwner, nameOfUser, passwordOfUser, profileOfUser, throttle, throttleFailures } from './throttle.js';

export interface UpdateUserDeps {
  readonly pool: Pool;
  readonly passwords: Passwords;
  readonly passwordRules: PasswordRules;
}

function wrongPassword(given: string): Refusal {
  const message =
    given === ''
      ? 'The current password is missing. Give it to change the password or the email address.'
      : 'The current password is wrong.';
  return refuse('wrong-credentials', { message });
}

function checkForms({ about, email, newPassword }: UpdateUserRequest, rules: PasswordRules): void {
  if (about !== undefined) checkAbout(about);
  if (email) checkEmail(email);
  if (newPassword !== undefined) checkPassword(newPassword, rules);
}

/**
 * Handles Update: changes the caller's account. A new email or password needs the current password,
 * and a new password ends the other sessions.
 */
export function createUpdateUser({ pool, passwords, passwordRules }: UpdateUserDeps) {
  async function checkAvatar(userId: string, fileId: string | undefined): Promise<void> {
    if (!fileId) return;
    if (!isUuid(fileId) || !(await ownsFile(pool, userId, fileId))) throw refuse('invalid-profile');
  }

  /**
   * Returns the hash that the current password matches. Counts failures, so a stolen token cannot
   * be used to guess passwords.
   */
  async function verify(userId: string, password: string): Promise<string> {
    await throttle(pool, passwordOfUser, userId);
    const hash = (await passwordOf(pool, userId))?.passwordHash;
    const attempt = () => passwords.verify(password, hash, userId);
    const fit = await throttleFailures(pool, failuresOfOwner, `${userId}:session`, attempt, (found) => found === 'no');
    if (hash === undefined || fit === 'no') throw wrongPassword(password);
    return hash;
  }

  /** Refuses any change by a caller with a one-time password, unless it replaces the password. */
  async function checkChange(userId: string, { password, newPassword }: UpdateUserRequest): Promise<void> {
    const isReplaced = newPassword !== undefined && newPassword !== password;
    if (!isReplaced && (await passwordOf(pool, userId))?.passwordState === 'used') throw refuse('must-change-password');
  }

  return async (request: UpdateUserRequest, me: UserCaller, call: Call): Promise<User> => {
    const { about, email, avatarId, newPassword, privateReads } = request;
    checkForms(request, passwordRules);
    const name = request.name === undefined ? undefined : displayName(request.name);
    const visibility = visibilityOf(request.visibility);
    await throttle(pool, profileOfUser, me.id, 'change-too-often');
    await checkChange(me.id, request);
    if (name !== undefined && name !== me.name) await throttle(pool, nameOfUser, me.id, 'change-too-often');
    await checkAvatar(me.id, avatarId);
    const needsPassword = email !== undefined || newPassword !== undefined;
    if (needsPassword && isBotToken(call.bearer())) throw refuse('no-password');
    const hashes = {
      verifiedHash: needsPassword ? await verify(me.id, request.password) : undefined,
      newHash: newPassword === undefined ? undefined : await passwords.hash(newPassword, me.id),
    };
    return transaction(pool, async (client) => {
      const change = { userId: me.id, name, about, visibility, privateReads, email, avatarId, ...hashes };
      const [updated] = await updateAccount.run(client, change);
      if (updated === undefined) throw wrongPassword(request.password);
      if (newPassword !== undefined) await endSessions(client, me.id, { except: me.sessionId });
      return userFrom(await ownProfile(client, me.id));
    });
  };
}
