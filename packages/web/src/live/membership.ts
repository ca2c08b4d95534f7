import {
  type Addition,
  type BotCommand,
  type Channel,
  type ChannelKind,
  type DatedReceipt,
  type GivenRole,
  type Invite,
  MemberRole,
  type NewChannel,
  type NewInvite,
  type ParleyClient,
  type User,
} from '@parley/client';
import { KnownMembers, type MembersPage } from './known-members.js';
import type { KnownPeople } from './known-people.js';
import type { UserChats } from './user-chats.js';

/** A new group or channel, and the users to add to it. */
export interface NewChatFields {
  readonly channel: NewChannel & { readonly kind: ChannelKind };
  readonly userIds: readonly string[];
}

const foundAtOnce = 20;
/** Maximum number of members whose receipts are shown. */
const mostReaders = 1_000;
/** Maximum number of commands of a chat that are offered. */
const mostCommands = 1_000;

/** Returns the first items of a list, and reads no further. */
async function firstOf<T>(items: AsyncIterable<T>, most: number): Promise<readonly T[]> {
  const found: T[] = [];
  for await (const item of items) if (found.push(item) >= most) break;
  return found;
}

/** Creates, joins and leaves chats, and changes their members. */
export class ChatMembership {
  readonly #client: ParleyClient;
  readonly #chats: UserChats;
  readonly #people: KnownPeople;
  readonly #me: string;
  /** Members of the chat in which the user last wrote a mention. */
  #known: KnownMembers | undefined;

  constructor(client: ParleyClient, chats: UserChats, people: KnownPeople, me: string) {
    this.#client = client;
    this.#chats = chats;
    this.#people = people;
    this.#me = me;
  }

  /** Finds users by the start of their id or name, without this user. @throws {Refusal} */
  async findUsers(text: string, signal: AbortSignal): Promise<readonly User[]> {
    const found: User[] = [];
    for await (const user of this.#client.people.search(text, { size: foundAtOnce, signal })) {
      if (user.id !== this.#me) found.push(user);
      if (found.length >= foundAtOnce) break;
    }
    this.#people.learn(found);
    return found;
  }

  /** Opens the direct chat with a user. Resolves with its id. @throws {Refusal} */
  async direct(userId: string): Promise<number> {
    const { id } = await this.#client.chats.direct(userId);
    await this.#chats.refresh(id);
    return id;
  }

  /**
   * Creates a group or channel and adds users to it. Resolves with its id, and with the users who
   * could not be added.
   * @throws {Refusal}
   */
  async create({ channel, userIds }: NewChatFields): Promise<{ id: number; refused: readonly Addition[] }> {
    const { id } = await this.#client.create(channel);
    const additions = userIds.length === 0 ? [] : await this.#client.members.addAll(id, userIds);
    await this.#chats.refresh(id);
    return { id, refused: additions.filter(({ refusal }) => refusal !== undefined) };
  }

  /** Returns the description of a channel. @throws {Refusal} */
  channel(id: number): Promise<Channel> {
    return this.#client.channel(id);
  }

  /** Joins a public channel, or accepts the offer of a chat. @throws {Refusal} */
  async join(id: number): Promise<void> {
    await this.#client.chats.join(id);
    await this.#chats.refresh(id);
  }

  /** Gives a group or channel another name. @throws {Refusal} */
  async rename(id: number, name: string): Promise<void> {
    await this.#client.chats.update(id, { name });
  }

  /** Leaves a chat. @throws {Refusal} */
  async leave(id: number): Promise<void> {
    await this.#client.members.remove(id, this.#me);
    await this.#chats.removed(id);
  }

  /** Declines the offer of a chat. @throws {Refusal} */
  async decline(id: number): Promise<void> {
    await this.#client.members.remove(id, this.#me);
  }

  /** Deletes a chat for everyone. @throws {Refusal} */
  async delete(id: number): Promise<void> {
    await this.#client.delete(id);
    await this.#chats.removed(id);
  }

  /** Returns a page of the current members. @throws {Refusal} */
  async members(id: number, after: string): Promise<MembersPage> {
    const { users, next } = await this.#client.members.page(id, { after, size: 100 });
    this.#people.learn(users);
    return { users: users.filter(({ memberRole }) => memberRole !== MemberRole.UNSPECIFIED), next };
  }

  /** Returns the members of a chat, as far as they are loaded, to offer them for mentions. */
  knownMembers(id: number): KnownMembers {
    if (this.#known?.channelId !== id) {
      this.#known = new KnownMembers(id, (after) => this.members(id, after));
    }
    return this.#known;
  }

  /** Returns whether each other member has received and read a message. @throws {Refusal} */
  readers(id: number, seq: number, signal: AbortSignal): Promise<readonly DatedReceipt[]> {
    return firstOf(this.#client.chats.receipts(id, seq, { size: 100, signal }), mostReaders);
  }

  /** Returns the commands of the bots in a chat. @throws {Refusal} */
  commands(id: number, signal: AbortSignal): Promise<readonly BotCommand[]> {
    return firstOf(this.#client.bots.commands(id, { signal }), mostCommands);
  }

  /** Adds users. Resolves with those who could not be added. @throws {Refusal} */
  async add(id: number, userIds: readonly string[]): Promise<readonly Addition[]> {
    const additions = await this.#client.members.addAll(id, userIds);
    return additions.filter(({ refusal }) => refusal !== undefined);
  }

  /** Removes a member. Resolves with the user, who has no role then. @throws {Refusal} */
  remove(id: number, userId: string): Promise<User> {
    return this.#client.members.remove(id, userId);
  }

  /** Makes a member an admin or a plain member. Resolves with the member. @throws {Refusal} */
  setRole(id: number, userId: string, role: GivenRole): Promise<User> {
    return this.#client.members.setRole(id, userId, role);
  }

  /** Returns the invite links of a chat: the valid ones, and then the others. @throws {Refusal} */
  invites(id: number): Promise<readonly Invite[]> {
    return this.#client.invites.list(id);
  }

  /** Creates an invite link of a chat. @throws {Refusal} */
  createInvite(id: number, limits: Pick<NewInvite, 'maxUses' | 'expiresAt'>): Promise<Invite> {
    return this.#client.invites.create(id, limits);
  }

  /** Revokes an invite link. @throws {Refusal} */
  async revokeInvite(inviteId: string): Promise<void> {
    await this.#client.invites.revoke(inviteId);
  }

  /** Returns the chat of an invite link without joining it. @throws {Refusal} */
  preview(inviteId: string): Promise<Channel> {
    return this.#client.invites.preview(inviteId);
  }

  /** Joins the chat of an invite link. @throws {Refusal} */
  async accept(inviteId: string): Promise<void> {
    const { id } = await this.#client.invites.join(inviteId);
    await this.#chats.refresh(id);
  }
}
