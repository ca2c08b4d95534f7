import {
  type ParleyClient,
  type ProfileChange,
  Refusal,
  type Session as ServerSession,
  type User,
} from '@parley/client';
import { type BrowserDatabase, renameSession } from '../storage/database.js';
import type { KnownPeople } from './known-people.js';
import type { UserChats } from './user-chats.js';
import type { WorkspaceFiles } from './workspace-files.js';

/** The parts of the workspace that an account uses. */
export interface UserAccountDeps {
  readonly client: ParleyClient;
  readonly chats: UserChats;
  readonly people: KnownPeople;
  readonly files: WorkspaceFiles;
  readonly database: BrowserDatabase;
  readonly me: string;
}

/** The user's account: profile, picture, password, sessions and blocks; and the profiles of other people. */
export class UserAccount {
  readonly #deps: UserAccountDeps;
  readonly #client: ParleyClient;
  readonly #me: string;

  constructor(deps: UserAccountDeps) {
    this.#deps = deps;
    this.#client = deps.client;
    this.#me = deps.me;
  }

  /** Returns the user's own profile. @throws {Refusal} */
  async own(signal: AbortSignal): Promise<User> {
    return this.#learn(await this.#client.user(this.#me, { signal }));
  }

  /** Changes the profile, and shows a new name in every tab. Returns the changed profile. @throws {Refusal} */
  async update(change: ProfileChange): Promise<User> {
    return this.#learn(await this.#client.account.update(change));
  }

  /**
   * Uploads a picture and makes it the user's. Returns whether the server can show pictures. Others
   * see a new picture when they load the page.
   * @throws {Refusal}
   */
  async setPicture(picture: Blob): Promise<boolean> {
    const calls = await this.#deps.files.calls();
    const file = await calls.upload(picture, { name: 'picture.jpg' });
    if (file.picture !== undefined) await this.update({ avatarId: file.id });
    return file.picture !== undefined;
  }

  /** Removes the user's picture. @throws {Refusal} */
  async removePicture(): Promise<void> {
    await this.update({ avatarId: '' });
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
  async person(id: string, signal: AbortSignal): Promise<User> {
    const user = await this.#client.user(id, { signal });
    this.#deps.people.learn([user]);
    return user;
  }

  /** Returns all blocked users; the server allows 1,000. @throws {Refusal} */
  async blocked(signal: AbortSignal): Promise<readonly User[]> {
    const users: User[] = [];
    for await (const user of this.#client.people.blocked({ size: 100, signal })) users.push(user);
    this.#deps.people.learn(users);
    return users;
  }

  /** Blocks a user, or lifts the block. @throws {Refusal} */
  async block(userId: string, isBlocked: boolean): Promise<void> {
    const { people, chats } = this.#client;
    const direct = Object.values(this.#deps.chats.state().items).find(({ peer }) => peer?.id === userId);
    await (isBlocked ? people.block(userId) : people.unblock(userId));
    if (direct === undefined) return;
    if (!isBlocked) await chats.direct(userId).catch(() => {}); // Brings the other user back, whom the block has removed.
    await this.#deps.chats.tryRefresh(direct.channel.id);
  }

  /** Reports a message of a channel to the operators. @throws {Refusal} */
  async report(channelId: number, seq: number, reason: string): Promise<void> {
    await this.#client.people.report({ channelId, seq }, reason);
  }

  /** Shows the user's current name in every tab, and after a reload, and the current picture. */
  async #learn(user: User): Promise<User> {
    const { chats, people, database } = this.#deps;
    people.learn([user]);
    if (chats.state().names[this.#me] !== user.name) {
      chats.share({ type: 'introduced', user: { id: user.id, name: user.name } });
      await renameSession(database, this.#me, user.name);
    }
    return user;
  }
}
