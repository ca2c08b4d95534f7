import { AbuseReport, User } from '@parley/contract';
import { type Abortable, type Ask, allPages, type ListOptions } from './ask.js';
import { calls } from './methods.js';

/**
 * A user or a message to report to the operators. If the caller cannot find the user in any other
 * way, `channelId` names a channel in which they met.
 */
export type ReportTarget =
  | { readonly userId: string; readonly channelId?: number }
  | { readonly channelId: number; readonly seq: number };

/**
 * Other users: search, blocks and reports of abuse.
 * @example
 * ```ts
 * import type { ParleyClient } from '@parley/client';
 *
 * export async function find(client: ParleyClient, text: string): Promise<void> {
 *   for await (const { id, name, online } of client.people.search(text)) console.log(id, name, online);
 * }
 *
 * export async function complain(client: ParleyClient, channelId: number, seq: number): Promise<void> {
 *   await client.people.report({ channelId, seq }, 'Advertises the same shop again and again.');
 *   await client.people.block('mallory');
 * }
 * ```
 */
export class PeopleDirectory {
  readonly #ask: Ask;

  constructor(ask: Ask) {
    this.#ask = ask;
  }

  /**
   * Yields the users whose id or name begins with `text`, ignoring case and accents, or whose
   * number is `text`. Leaves out users whose profile the caller may not see.
   * @throws {Refusal} `invalid-search` or `read-too-often`
   */
  search(text: string, { size = 0, signal }: ListOptions = {}): AsyncGenerator<User, void> {
    return allPages(async (after) => {
      const { users, next } = await this.#ask(calls.searchUsers, { text, page: { size, after } }, signal);
      return { items: users, next };
    });
  }

  /**
   * Blocks a user. The blocked user can no longer open the direct chat with this user, write to it
   * or notify this user, and does not learn of the block.
   * @throws {Refusal} `user-not-found`
   */
  async block(userId: string, { signal }: Abortable = {}): Promise<void> {
    await this.#ask(calls.setBlock, { userId, blocked: true }, signal);
  }

  /** Lifts a block. */
  async unblock(userId: string, { signal }: Abortable = {}): Promise<void> {
    await this.#ask(calls.setBlock, { userId, blocked: false }, signal);
  }

  /** Yields the users whom this user has blocked, by id. */
  blocked({ size = 0, signal }: ListOptions = {}): AsyncGenerator<User, void> {
    return allPages(async (after) => {
      const { users, next } = await this.#ask(calls.listBlocked, { size, after }, signal);
      return { items: users, next };
    });
  }

  /**
   * Reports a user or a message. The operators get a copy of the message. A second report of the
   * same user or message does nothing while the first is open. `reason` has at most 1,000
   * characters.
   * @throws {Refusal} `message-not-found`, `user-not-found`, `invalid-abuse-report` (also for a
   * report of oneself) or `too-many-abuse-reports`
   */
  async report(target: ReportTarget, reason: string, { signal }: Abortable = {}): Promise<void> {
    await this.#ask(calls.reportAbuse, AbuseReport.fromPartial({ ...target, reason }), signal);
  }

  /**
   * Gives a user a random one-time password and returns it. Ends the user's sessions. After logging
   * in with this password, the user must first call `account.changePassword`. Only operators may do
   * this.
   * @throws {Refusal} `not-operator`, `user-not-found`, `own-account` or `no-password`
   */
  async resetPassword(userId: string, { signal }: Abortable = {}): Promise<string> {
    return (await this.#ask(calls.resetPassword, User.fromPartial({ id: userId }), signal)).password;
  }
}
