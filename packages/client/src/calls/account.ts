import { UpdateUserRequest, type User, type Visibility } from '@parley/contract';
import type { Abortable, Ask } from './ask.js';
import { calls } from './methods.js';

/** Fields of the user's own profile to change; absent ones stay as they are. */
export interface ProfileChange {
  readonly name?: string;
  readonly about?: string;
  /** Id of an uploaded picture, of which others see the thumbnail; empty: none. */
  readonly avatarId?: string;
  /** Users who may see the rest of the profile and `online`, and may find the user. */
  readonly visibility?: Visibility;
  /** Whether to hide from other users what this user has read. */
  readonly privateReads?: boolean;
}

/**
 * The user's own account. Each change resolves with the changed profile.
 * @example
 * ```ts
 * import { type ParleyClient, Visibility } from '@parley/client';
 *
 * export async function hide(client: ParleyClient): Promise<void> {
 *   await client.account.update({ about: 'On holiday', visibility: Visibility.CONTACTS });
 *   await client.account.changePassword('correct horse', 'battery staple');
 * }
 * ```
 */
export class OwnAccount {
  readonly #ask: Ask;

  constructor(ask: Ask) {
    this.#ask = ask;
  }

  /**
   * Changes the profile.
   * @throws {Refusal} `invalid-name`, `invalid-profile` or `change-too-often`
   */
  update(change: ProfileChange, { signal }: Abortable = {}): Promise<User> {
    return this.#update(change, signal);
  }

  /**
   * Changes the password, and ends every other session. After a login with a one-time password
   * (`mustChangePassword`), every other call but `logout` is refused until this one has succeeded.
   * @throws {Refusal} `wrong-credentials`, `invalid-password` or `common-password`
   */
  changePassword(current: string, newPassword: string, { signal }: Abortable = {}): Promise<User> {
    return this.#update({ password: current, newPassword }, signal);
  }

  /**
   * Changes the email address; an empty one removes it. The user can log in with it once an
   * operator has verified it.
   * @throws {Refusal} `wrong-credentials` or `invalid-email`
   */
  changeEmail(password: string, email: string, { signal }: Abortable = {}): Promise<User> {
    return this.#update({ password, email }, signal);
  }

  #update(change: Parameters<typeof UpdateUserRequest.fromPartial>[0], signal: AbortSignal | undefined): Promise<User> {
    return this.#ask(calls.updateUser, UpdateUserRequest.fromPartial(change), signal);
  }
}
