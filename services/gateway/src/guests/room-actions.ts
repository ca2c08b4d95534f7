import {
  type Ack,
  ChangeMemberRequest,
  Channel,
  ChannelKind,
  ChannelService,
  Invite,
  Message,
  User,
} from '@parley/contract';
import { limits, Refusal, refusalFromFrame } from '@parley/runtime';
import { asRefusal } from '@parley/service-kit';
import { membersOf } from '../api/members.js';
import type { ServiceCalls } from '../api/service-calls.js';
import type { GuestStore, PublicRoom } from '../store/guest-store.js';
import { accountOf, byName, guestDoorName } from './guest-names.js';
import type { RoomCommand, RoomOutcome } from './rooms-machine.js';

export interface RoomActionsDeps {
  readonly calls: Pick<ServiceCalls, 'managers'>;
  readonly store: Pick<GuestStore, 'find' | 'rooms' | 'room' | 'channelsOf' | 'whileNamed'>;
  readonly post: (message: Message) => Promise<Partial<Ack>>;
  readonly userId: string;
}

/** Retention of a room that a guest creates: a week, and at most 10,000 messages. */
const retention = { seconds: 7 * 86_400, maxCount: 10_000 };
const mostMembers = 1_000;

/** The actions of one guest in rooms, which are public chats that are found by name. */
export class RoomActions {
  readonly #deps: RoomActionsDeps;

  constructor(deps: RoomActionsDeps) {
    this.#deps = deps;
  }

  /** Runs a command. Never throws. */
  async run(command: RoomCommand): Promise<RoomOutcome> {
    try {
      return await this.#run(command);
    } catch (thrown) {
      return { kind: 'refused', refusal: asRefusal(thrown) };
    }
  }

  async #run(command: RoomCommand): Promise<RoomOutcome> {
    const { store } = this.#deps;
    switch (command.act) {
      case 'join':
        return { kind: 'joined', room: await this.enter(command.room, command.from) };
      case 'leave':
        await this.leave(command.channelId);
        return { kind: 'left' };
      case 'say':
        return this.#say(command.channelId, command.text);
      case 'say in':
        return this.#sayIn(command.room, command.text);
      case 'tell':
        return this.#tell(command.to, command.text);
      case 'rooms':
        return { kind: 'names', names: [...new Set((await store.rooms()).map(({ name }) => name))] };
      case 'participants': {
        const room = await store.room(command.room, true);
        return room === undefined ? { kind: 'missing' } : { kind: 'names', names: await this.#members(room) };
      }
    }
  }

  /** Creates a room. */
  async create(name: string): Promise<PublicRoom> {
    const { calls, userId } = this.#deps;
    const fields = { name, kind: ChannelKind.PUBLIC, limit: limits.chatMembersDefault, retention };
    const { id } = await calls.managers(ChannelService.create, Channel.fromPartial(fields));
    return { id, name, ownerId: userId };
  }

  /** Joins a room by its id. */
  async join(channelId: number): Promise<void> {
    await this.#deps.calls.managers(ChannelService.join, Invite.fromPartial({ channelId }));
  }

  /** Leaves a room. A room without members ends. */
  async leave(channelId: number): Promise<void> {
    const { calls, userId } = this.#deps;
    const request = ChangeMemberRequest.fromPartial({ channelId, userId, remove: true });
    await calls.managers(ChannelService.changeMember, request).catch(ignoreGone);
  }

  /**
   * Joins the room with a name, after leaving another room. If no room has the name, creates one.
   */
  async enter(name: string, from: number | undefined): Promise<PublicRoom> {
    if (from !== undefined) await this.leave(from);
    const { store } = this.#deps;
    const known = await store.room(name, true);
    if (known !== undefined && (await this.#joinKnown(known))) return known;
    return store.whileNamed(name, async () => {
      const made = await store.room(name, true);
      return made !== undefined && (await this.#joinKnown(made)) ? made : this.create(name);
    });
  }

  /** Returns false if the room has ended meanwhile. */
  async #joinKnown({ id }: PublicRoom): Promise<boolean> {
    try {
      await this.join(id);
      return true;
    } catch (thrown) {
      if (thrown instanceof Refusal && thrown.reason === 'channel-not-found') return false;
      throw thrown;
    }
  }

  async #members({ id: channelId }: PublicRoom): Promise<string[]> {
    const members = await membersOf(this.#deps.calls, channelId, mostMembers);
    return members.map(({ id }) => guestDoorName(id)).sort(byName);
  }

  async #say(channelId: number, text: string): Promise<RoomOutcome> {
    const data = Buffer.from(text);
    const message = Message.fromPartial({ channelId, data, contentType: 'text/plain', clientId: crypto.randomUUID() });
    const { refusal } = await this.#deps.post(message);
    return refusal === undefined
      ? { kind: 'sent', channelId }
      : { kind: 'refused', refusal: refusalFromFrame(refusal) };
  }

  async #sayIn(name: string, text: string): Promise<RoomOutcome> {
    const { store, userId } = this.#deps;
    const room = await store.room(name, false);
    if (room === undefined || !(await store.channelsOf(userId)).includes(room.id)) return { kind: 'missing' };
    return this.#say(room.id, text);
  }

  async #tell(to: string, text: string): Promise<RoomOutcome> {
    const id = accountOf(to) ?? (await this.#deps.store.find(to))?.userId;
    if (id === undefined) return { kind: 'missing' };
    try {
      const channel = await this.#deps.calls.managers(ChannelService.openDirect, User.fromPartial({ id }));
      return await this.#say(channel.id, text);
    } catch (thrown) {
      const { reason } = asRefusal(thrown);
      if (reason === 'user-not-found' || reason === 'invalid-user-id') return { kind: 'missing' };
      throw thrown;
    }
  }
}

/** Ignores the refusal if the guest is no longer in the room. */
function ignoreGone(thrown: unknown): void {
  const { reason } = asRefusal(thrown);
  if (reason !== 'not-a-member' && reason !== 'channel-not-found') throw thrown;
}
