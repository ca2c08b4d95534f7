import {
  AddMembersRequest,
  ChangeMemberRequest,
  Channel,
  ChannelKind,
  ChannelService,
  MemberRole,
  UpdateChannelRequest,
  User,
} from '@parley/contract';
import { limits, refuse } from '@parley/runtime';
import type { ServiceCalls } from '../../api/service-calls.js';
import type { Directory, KnownUser } from './directory.js';
import { type Chat001, unnamedMark, wireChat } from './shapes.js';

/** Returns a name for a chat without one, because the other doors of Parley show a name. */
function namesOf(users: readonly KnownUser[]): string {
  return [...users.map(({ name }) => name).join(', ')].slice(0, limits.nameCharacters).join('').trim();
}

/** Creates and changes chats on behalf of one caller. */
export class ChatEditor {
  readonly #calls: ServiceCalls;
  readonly #directory: Directory;

  constructor(calls: ServiceCalls, directory: Directory) {
    this.#calls = calls;
    this.#directory = directory;
  }

  /** Returns a chat with its members. */
  async show(channel: Channel): Promise<Chat001> {
    const members = await this.#directory.members(this.#calls, channel);
    const numbers = members.map(({ number }) => number);
    return wireChat(channel, numbers);
  }

  /** Reads a chat. @throws {Refusal} `not-a-member` if the caller is not in the chat. */
  async read(id: number): Promise<Channel> {
    const channel = await this.#calls.channel(id);
    if (channel.myRole === MemberRole.UNSPECIFIED || channel.kind === ChannelKind.ROOM) throw refuse('not-a-member');
    return channel;
  }

  /** Opens the chat with one other user. */
  openSingle({ id }: KnownUser): Promise<Channel> {
    return this.#calls.managers(ChannelService.openDirect, User.fromPartial({ id }));
  }

  /** Creates a chat with members. Creates none if one of them cannot be added. */
  async create(kind: ChannelKind, name: string | undefined, others: readonly KnownUser[]): Promise<Channel> {
    const named = name === undefined ? { name: namesOf(others), metadata: unnamedMark } : { name };
    const limit = Math.max(limits.chatMembersDefault, others.length + 1);
    const { id } = await this.#calls.managers(ChannelService.create, Channel.fromPartial({ ...named, kind, limit }));
    try {
      await this.#add(id, others);
    } catch (thrown) {
      await this.delete(id);
      throw thrown;
    }
    return this.read(id);
  }

  async delete(id: number): Promise<void> {
    await this.#calls.managers(ChannelService.delete, Channel.fromPartial({ id }));
  }

  async rename(id: number, name: string): Promise<void> {
    const change = UpdateChannelRequest.fromPartial({ id, name, metadata: '' });
    await this.#calls.managers(ChannelService.update, change);
  }

  async setKind(id: number, kind: ChannelKind): Promise<void> {
    await this.#calls.managers(ChannelService.update, UpdateChannelRequest.fromPartial({ id, kind }));
  }

  /** Makes these users the members of a chat. Changes nothing if one of them cannot be added. */
  async setMembers(channel: Channel, wanted: readonly KnownUser[]): Promise<void> {
    const present = await this.#directory.members(this.#calls, channel);
    if (present.length < channel.memberCount)
      throw refuse('invalid-member-change', {
        message: `The members of a chat with more than ${present.length} cannot be replaced.`,
      });
    const [has, wants] = [present, wanted].map((users) => new Set(users.map(({ id }) => id))) as [
      Set<string>,
      Set<string>,
    ];
    await this.#add(
      channel.id,
      wanted.filter(({ id }) => !has.has(id)),
    );
    for (const { id } of present) if (!wants.has(id)) await this.#remove(channel.id, id);
  }

  /** Adds users. If one of them cannot be added, removes the others again. */
  async #add(channelId: number, users: readonly KnownUser[]): Promise<void> {
    const added: string[] = [];
    for (let at = 0; at < users.length; at += limits.membersAddedAtOnce) {
      const userIds = users.slice(at, at + limits.membersAddedAtOnce).map(({ id }) => id);
      const request = AddMembersRequest.fromPartial({ channelId, userIds });
      const { additions } = await this.#calls.managers(ChannelService.addMembers, request);
      added.push(...userIds.filter((_, n) => additions[n]?.user?.memberRole === MemberRole.MEMBER));
      const refusal = additions.find((one) => one.refusal !== undefined)?.refusal;
      if (refusal === undefined) continue;
      for (const id of added) await this.#remove(channelId, id);
      throw refuse('invalid-member-change', { message: refusal.message });
    }
  }

  async #remove(channelId: number, userId: string): Promise<void> {
    const request = ChangeMemberRequest.fromPartial({ channelId, userId, remove: true });
    await this.#calls.managers(ChannelService.changeMember, request);
  }
}
