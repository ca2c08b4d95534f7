import { type Channel, User, UserService } from '@parley/contract';
import { Refusal, refuse } from '@parley/runtime';
import { membersOf } from '../../api/members.js';
import type { ServiceCalls } from '../../api/service-calls.js';

/** A user in the form that chats of document 001 show. */
export interface KnownUser {
  readonly id: string;
  readonly number: number;
  readonly name: string;
}

/** The channel whose members are requested, as the caller has just seen it. */
export interface SeenChannel {
  readonly id: number;
  readonly log: string;
  readonly lastSeq: number;
}

interface MemberList {
  readonly channel: SeenChannel;
  readonly readAtMs: number;
  readonly members: Promise<readonly KnownUser[]>;
}

/** Maximum number of members that a chat of document 001 names. */
export const maxMembersShown = 1_000;
/**
 * Time for which members are cached. In a channel without history, no seq shows a change of
 * members.
 */
const keptMs = 60_000;
const keptWithoutHistoryMs = 1_000;
/** Time for which readers share the result of one read about an entry. */
const sharedMs = 1_000;
/** Maximum numbers of channels and of users that are remembered. */
const maxLists = 2_000;
const maxUsers = 100_000;

/**
 * Members of channels and numbers of users, in the memory of this process. Document 001 names the
 * members in each chat, so each list of chats needs all of them. Every change of members is an
 * entry of the log, so a cached list is current until the log grows. A caller gets a cached list
 * only after a manager has returned the channel to that caller.
 */
export class Directory {
  readonly #lists = new Map<number, MemberList>();
  readonly #users = new Map<number, KnownUser>();
  readonly #channels = new Map<string, Promise<Channel>>();

  /** Returns the members of a channel, at most `maxMembersShown`. @throws {Refusal} of the manager. */
  async members(calls: ServiceCalls, channel: SeenChannel): Promise<readonly KnownUser[]> {
    const known = this.#lists.get(channel.id);
    if (known !== undefined && this.#isCurrent(known, channel)) return known.members;
    const list = { channel, readAtMs: performance.now(), members: this.#read(calls, channel.id) };
    this.#lists.delete(channel.id); // The map stays in the order of the last read.
    this.#lists.set(channel.id, list);
    const [oldest] = this.#lists.keys();
    if (this.#lists.size > maxLists && oldest !== undefined) this.#lists.delete(oldest);
    list.members.catch(() => this.#lists.get(channel.id) === list && this.#lists.delete(channel.id));
    return list.members;
  }

  /**
   * Reads a channel whose log has at least the entry `seq`. All readers get the same entry at
   * nearly the same time, so they share one call.
   */
  channel(calls: ServiceCalls, channelId: number, seq: number): Promise<Channel> {
    const key = `${channelId} ${seq}`;
    const known = this.#channels.get(key);
    if (known !== undefined) return known;
    const read = calls.channel(channelId);
    this.#channels.set(key, read);
    const forget = () => this.#channels.delete(key);
    read.then(() => setTimeout(forget, sharedMs).unref(), forget);
    return read;
  }

  /** Remembers users by their numbers, which never change. */
  note(users: Iterable<KnownUser>): void {
    for (const { id, number, name } of users) this.#users.set(number, { id, number, name });
    for (const number of this.#users.keys()) {
      if (this.#users.size <= maxUsers) return;
      this.#users.delete(number);
    }
  }

  /**
   * Returns users by number, in the same order. @throws {Refusal} `invalid-member-change` if a user
   * does not exist, or any refusal of the user-service.
   */
  async usersOf(calls: ServiceCalls, numbers: readonly number[]): Promise<KnownUser[]> {
    const users: KnownUser[] = [];
    for (const number of numbers) users.push(this.#users.get(number) ?? (await this.#readUser(calls, number)));
    return users;
  }

  async #readUser(calls: ServiceCalls, number: number): Promise<KnownUser> {
    const user = await calls.users(UserService.get, User.fromPartial({ number })).catch((thrown: unknown) => {
      if (!(thrown instanceof Refusal) || thrown.reason !== 'user-not-found') throw thrown;
      throw refuse('invalid-member-change', { message: `There is no user ${number}.`, cause: thrown });
    });
    this.note([user]);
    return user;
  }

  #isCurrent({ channel: { log, lastSeq }, readAtMs }: MemberList, asked: SeenChannel): boolean {
    const isFresh = performance.now() - readAtMs < (log === '' ? keptWithoutHistoryMs : keptMs);
    return isFresh && log === asked.log && lastSeq >= asked.lastSeq;
  }

  async #read(calls: ServiceCalls, channelId: number): Promise<readonly KnownUser[]> {
    const members = await membersOf(calls, channelId, maxMembersShown);
    const found = members.map(({ id, number, name }) => ({ id, number, name }));
    this.note(found);
    return found.sort((one, other) => one.number - other.number);
  }
}
