import {
  ChangeMemberRequest,
  type ListMembersResponse,
  type MemberAddition,
  MemberRole,
  type User,
} from '@parley/contract';
import { type Refusal, refusalFromFrame, refuse } from '@parley/runtime/refusal';
import { type Abortable, type Ask, allPages, type ListOptions, type PageRange } from './ask.js';
import { calls } from './methods.js';

const roles = { member: MemberRole.MEMBER, admin: MemberRole.ADMIN } as const;

/** Roles that an owner can give to a member. */
export type GivenRole = keyof typeof roles;

/** The result for one user whom `addAll` named: either the user, or why they were not added. */
export type Addition =
  | { readonly userId: string; readonly user: User; readonly refusal?: undefined }
  | { readonly userId: string; readonly user?: undefined; readonly refusal: Refusal };

function additionOf(userId: string, result: MemberAddition | undefined): Addition {
  const { user, refusal } = result ?? {};
  if (user !== undefined) return { userId, user };
  return { userId, refusal: refusal === undefined ? refuse('internal') : refusalFromFrame(refusal) };
}

type Change = Parameters<typeof ChangeMemberRequest.fromPartial>[0];

/**
 * Members of channels. Each change resolves with the changed user: `memberRole` is unspecified if
 * the user is not a member, and `offered` is the role that the user has not accepted yet.
 * @example
 * ```ts
 * import type { ParleyClient } from '@parley/client';
 *
 * export async function moderate(client: ParleyClient, channelId: number): Promise<void> {
 *   await client.members.add(channelId, 'bob');
 *   for (const { userId, refusal } of await client.members.addAll(channelId, ['cy', 'dee']))
 *     if (refusal !== undefined) console.log(`${userId} was not added: ${refusal.message}`);
 *   await client.members.setRole(channelId, 'bob', 'admin');
 *   await client.members.mute(channelId, 'cy', Date.now() + 3_600_000);
 *   for await (const user of client.members.list(channelId)) console.log(user.id, user.memberRole);
 * }
 * ```
 */
export class Members {
  readonly #ask: Ask;

  constructor(ask: Ask) {
    this.#ask = ask;
  }

  /**
   * Yields the members of a channel, ordered by id. For the owner and admins, also yields former
   * members and banned users, who have no role.
   * @throws {Refusal} `channel-not-found` if there is none or the user may not see it
   */
  list(channelId: number, options: ListOptions = {}): AsyncGenerator<User, void> {
    return allPages(async (after) => {
      const { users, next } = await this.page(channelId, { ...options, after });
      return { items: users, next };
    });
  }

  /**
   * Fetches one page of `list`. Pass its `next` as `after` to get the next page; at the end it is
   * empty.
   */
  page(channelId: number, { after = '', size = 0, signal }: PageRange = {}): Promise<ListMembersResponse> {
    return this.#ask(calls.listMembers, { channelId, page: { size, after } }, signal);
  }

  /**
   * Adds a user. A user who left earlier gets an offer instead, and accepts it with `chats.join`.
   * @throws {Refusal} `user-not-found`, `banned`, `channel-full`, `not-channel-admin` and others
   */
  add(channelId: number, userId: string, options: Abortable = {}): Promise<User> {
    return this.#change({ channelId, userId, add: true }, options);
  }

  /**
   * Adds up to 100 users, with one entry in the channel for all of them. Resolves with the result
   * for each one, in the order of `userIds`: what `add` would return, or the refusal for this user.
   * Existing members are not changed.
   * @throws {Refusal} `channel-full` if not all of them fit, `not-channel-admin`, and others that
   * concern the channel or the caller. Then nobody is added.
   */
  async addAll(channelId: number, userIds: readonly string[], { signal }: Abortable = {}): Promise<Addition[]> {
    const request = { channelId, userIds: [...userIds] };
    const { additions } = await this.#ask(calls.addMembers, request, signal);
    return userIds.map((userId, n) => additionOf(userId, additions[n]));
  }

  /**
   * Removes a member, or withdraws an offer. With this user's own id, leaves the channel or
   * declines the offer.
   * @throws {Refusal} `member-not-found`, `not-channel-admin`; `owner-stays` for the owner
   */
  remove(channelId: number, userId: string, options: Abortable = {}): Promise<User> {
    return this.#change({ channelId, userId, remove: true }, options);
  }

  /**
   * Makes a member a channel admin, or a channel admin a plain member. Only the owner may do this.
   * @throws {Refusal} `not-owner` or `member-not-found`
   */
  setRole(channelId: number, userId: string, role: GivenRole, options: Abortable = {}): Promise<User> {
    return this.#change({ channelId, userId, role: roles[role] }, options);
  }

  /**
   * Offers a channel to a user, who becomes its owner by accepting. If `userId` is this user,
   * accepts such an offer.
   * @throws {Refusal} `not-owner`, `user-not-found` or `too-many-offers`
   */
  transfer(channelId: number, userId: string, options: Abortable = {}): Promise<User> {
    return this.#change({ channelId, userId, role: MemberRole.OWNER }, options);
  }

  /**
   * Forbids a user to send until a time, in Unix ms; 0 lifts the mute.
   * @throws {Refusal} `not-channel-admin`, `member-not-found` or `owner-stays`
   */
  mute(channelId: number, userId: string, until: number, options: Abortable = {}): Promise<User> {
    return this.#change({ channelId, userId, muteUntil: until }, options);
  }

  /**
   * Removes a user and keeps them out until a time, in Unix ms; 0 lifts the ban.
   * @throws {Refusal} as `mute` does
   */
  ban(channelId: number, userId: string, until: number, options: Abortable = {}): Promise<User> {
    return this.#change({ channelId, userId, banUntil: until }, options);
  }

  #change(change: Change, { signal }: Abortable): Promise<User> {
    return this.#ask(calls.changeMember, ChangeMemberRequest.fromPartial(change), signal);
  }
}
