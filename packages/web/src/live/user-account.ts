import {
  type ParleyClient,
  type ProfileChange,
  Refusal,
  type Session as ServerSession,
  type User,
} from '@parley/client';
import { type BrowserDatabase, renameSession } from '../storage/database.js';
import type { UserChats } from './user-chats.js';

/** The user's account: profile, password, sessions and blocks; and the profiles of other people. */
export class UserAccount {
  readonly #client: ParleyClient;
  readonly #chats: UserChats;
  readonly #database: BrowserDatabase;
  readonly #me: string;

  constructor(client: ParleyClient, chats: UserChats, database: BrowserDatabase, me: string) {
    this.#client = client;
    this.#chats = chats;
    this.#database = database;
    this.#me = me;
  }

  /** Returns the user's own profile. @throws {Refusal} */
  async own(signal: AbortSignal): Promise<User> {
    return this.#learn(await this.#client.user(this.#me, { signal }));
  }

  /** Changes the profile, and shows a new name in every tab. Returns the changed profile. @throws {Refusal} */
  async update(change: ProfileChange): Promise<User> {
    return this.#learn(await this.#client.account.update(change));
  }

  /** Changes the password, and ends the other sessions. @throws {Refusal} */
  async changePassword(current: string, newPassword: string): Promise<void> {
    await this.#client.account.changePassword(current, newPassword);
  }

  /** Returns the sessions that have not ended, this one first, then the newest. @throws {Refusal} */
  async sessions(): Promise<readonly ServerSession[]> {
    const all = await this.#client.sessions.list();
    return [...all.filter(({ current }) => current), ...all.filter(({ current }) => !current)];
  }

  /** Ends sessions. A session that has ended meanwhile is no failure. @throws {Refusal} */
  async endSessions(ids: readonly string[]): Promise<void> {
    for (const id of ids) {
      await this.#client.sessions.end(id).catch((thrown: unknown) => {
        if (!(thrown instanceof Refusal) || thrown.reason !== 'session-not-found') throw thrown;
      });
    }
  }

  /** Returns the part of a profile that this user may see. @throws {Refusal} */
  person(id: string, signal: AbortSignal): Promise<User> {
    return this.#client.user(id, { signal });
  }

  /** Returns all blocked users; the server allows 1,000. @throws {Refusal} */
  async blocked(signal: AbortSignal): Promise<readonly User[]> {
    const users: User[] = [];
    for await (const user of this.#client.people.blocked({ size: 100, signal })) users.push(user);
    return users;
  }

  /** Blocks a user, or lifts the block. @throws {Refusal} */
  block(userId: string, isBlocked: boolean): Promise<void> {
    return isBlocked ? this.#client.people.block(userId) : this.#client.people.unblock(userId);
  }

  /** Shows the user's current name in every tab, and after a reload. */
  async #learn(user: User): Promise<User> {
    if (this.#chats.state().names[this.#me] !== user.name) {
      this.#chats.share({ type: 'introduced', user: { id: user.id, name: user.name } });
      await renameSession(this.#database, this.#me, user.name);
    }
    return user;
  }
}
