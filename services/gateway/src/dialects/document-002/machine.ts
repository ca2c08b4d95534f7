import {
  type Channel,
  ChannelKind,
  type InboxEvent,
  Kind,
  MemberChange,
  MemberRole,
  type Message,
} from '@parley/contract';
import { displayName, type Refusal } from '@parley/runtime';
import { asRefusal } from '@parley/service-kit';
import { entryTextOf } from '../../guests/entry-text.js';
import { guestDoorName } from '../../guests/guest-names.js';
import type { RoomCommand, RoomOutcome, RoomsMachine } from '../../guests/rooms-machine.js';
import type { PublicRoom } from '../../store/guest-store.js';
import { type ClientAction, errorFrame, readAction, systemMessage } from './frames.js';

/** A chat of the guest: a room by its name, or the chat with one other user. */
interface Place {
  readonly room?: string;
  /** Name of the other user, if the guest has written to that user. */
  readonly peer?: string;
}

/** Document 002, without I/O: numbered users, each in one room at a time. */
export class Document002 implements RoomsMachine {
  readonly #userId: string;
  readonly #places = new Map<number, Place>();
  /** Members of the current room, as far as its entries have named them. */
  readonly #known = new Set<string>();
  /** Chats that the guest has left, before the inbox has reported it. */
  readonly #leaving = new Set<number>();
  #room: number | undefined;
  #isWaiting = false;

  constructor(userId: string) {
    this.#userId = userId;
  }

  get channelIds(): Iterable<number> {
    return this.#room === undefined ? [] : [this.#room];
  }

  get isWaiting(): boolean {
    return this.#isWaiting;
  }

  hello(): string[] {
    return [systemMessage({ action: 'connection', user_id: guestDoorName(this.#userId) })];
  }

  read(payload: Buffer, isBinary: boolean): RoomCommand | string[] {
    try {
      return this.#commandOf(readAction(payload, isBinary));
    } catch (thrown) {
      return [errorFrame(asRefusal(thrown).message)];
    }
  }

  #commandOf(asked: ClientAction): RoomCommand | string[] {
    const channelId = this.#room;
    switch (asked.action) {
      case 'join': {
        const room = displayName(asked.room);
        if (channelId !== undefined && this.#places.get(channelId)?.room === room)
          return [systemMessage({ action: 'join', room })];
        return { act: 'join', room, from: channelId };
      }
      case 'leave':
        return channelId === undefined ? [errorFrame('user was not in a room')] : { act: 'leave', channelId };
      case 'room_message':
        if (channelId === undefined) return [errorFrame('user is not in a room')];
        return { act: 'say', channelId, text: asked.message };
      case 'private_message':
        return this.#tellOf(asked.userId, asked.message);
      case 'participants':
        return { act: 'participants', room: asked.room };
      case 'rooms':
        return { act: 'rooms' };
    }
  }

  /** A message to oneself is echoed and delivered, and needs no chat. */
  #tellOf(to: string, text: string): RoomCommand | string[] {
    if (to !== guestDoorName(this.#userId)) return { act: 'tell', to, text };
    const frame = systemMessage({ action: 'private_message', user_id: to, message: text });
    return [frame, frame];
  }

  answer(command: RoomCommand, outcome: RoomOutcome): string[] {
    if (outcome.kind === 'refused') return [errorFrame(outcome.refusal.message)];
    if (outcome.kind === 'missing') return [errorFrame(missing(command))];
    switch (command.act) {
      case 'join':
        return outcome.kind === 'joined' ? this.#joined(outcome.room) : [];
      case 'leave':
        return this.#left(command.channelId);
      case 'say':
      case 'say in':
        return this.#sent(outcome);
      case 'tell':
        return this.#sent(outcome, command.to);
      case 'rooms':
        return outcome.kind === 'names' ? [systemMessage({ action: 'rooms', rooms: outcome.names })] : [];
      case 'participants': {
        const { room } = command;
        return outcome.kind === 'names'
          ? [systemMessage({ action: 'participants', room, participants: outcome.names })]
          : [];
      }
    }
  }

  #joined(room: PublicRoom): string[] {
    if (this.#room !== undefined) this.#leaving.add(this.#room);
    this.#room = room.id;
    this.#known.clear();
    this.#places.set(room.id, { room: room.name });
    return [systemMessage({ action: 'join', room: room.name })];
  }

  #left(channelId: number): string[] {
    const { room = '' } = this.#places.get(channelId) ?? {};
    this.#room = undefined;
    this.#leaving.add(channelId);
    return [systemMessage({ action: 'leave', room })];
  }

  #sent(outcome: RoomOutcome, peer?: string): string[] {
    if (outcome.kind !== 'sent') return [];
    if (peer !== undefined) this.#places.set(outcome.channelId, { peer });
    this.#isWaiting = true;
    return [];
  }

  tell({ message, added, changed, removed }: InboxEvent): string[] {
    if (added !== undefined) this.#note(added);
    if (changed !== undefined && this.#places.has(changed.id)) this.#note(changed);
    if (removed !== undefined) return this.#removed(removed.id);
    if (message === undefined) return [];
    if (message.kind === Kind.MEMBER) return this.#tellMembers(message);
    return this.#tellText(message);
  }

  /** The document has no word for a new room. */
  created(): string[] {
    return [];
  }

  giveUp(): string[] {
    this.#isWaiting = false;
    return [errorFrame('the message was not confirmed')];
  }

  goodbye({ message }: Refusal): string[] {
    return [errorFrame(message)];
  }

  #note({ id, kind, name }: Channel): void {
    this.#leaving.delete(id);
    this.#places.set(id, kind === ChannelKind.DIRECT ? (this.#places.get(id) ?? {}) : { room: name });
  }

  /** Handles the end of a chat for the guest, who has left or was removed, or the chat was deleted. */
  #removed(channelId: number): string[] {
    const { room = '' } = this.#places.get(channelId) ?? {};
    const isExpected = this.#leaving.delete(channelId);
    if (this.#room !== channelId) this.#places.delete(channelId);
    if (isExpected || this.#room !== channelId) return [];
    this.#room = undefined;
    return [systemMessage({ action: 'leave', room })];
  }

  /** Tells the others in the current room who comes and goes. */
  #tellMembers({ channelId, data }: Message): string[] {
    const { room } = this.#places.get(channelId) ?? {};
    if (channelId !== this.#room || room === undefined) return [];
    const { userId, moreUserIds, joined, role } = MemberChange.decode(data);
    const others = [userId, ...moreUserIds].filter((id) => id !== this.#userId);
    if (!joined) for (const id of others) this.#known.delete(id);
    const told = joined && role === MemberRole.MEMBER ? others.filter((id) => !this.#known.has(id)) : others;
    if (joined) for (const id of others) this.#known.add(id);
    if (joined && role !== MemberRole.MEMBER) return [];
    return told.map((id) => systemMessage({ action: joined ? 'join' : 'leave', user_id: guestDoorName(id), room }));
  }

  #tellText(message: Message): string[] {
    const place = this.#places.get(message.channelId);
    const text = entryTextOf(message);
    if (place === undefined || text === undefined) return [];
    const isOwn = message.sender === this.#userId;
    if (isOwn) this.#isWaiting = false;
    const { room, peer } = place;
    const sender = isOwn ? {} : { user_id: guestDoorName(message.sender) };
    if (room !== undefined) return [systemMessage({ action: 'room_message', ...sender, room, message: text })];
    return [
      systemMessage({
        action: 'private_message',
        user_id: isOwn ? (peer ?? '') : guestDoorName(message.sender),
        message: text,
      }),
    ];
  }
}

function missing(command: RoomCommand): string {
  return command.act === 'tell'
    ? `user ${command.to} is not on the server`
    : `room ${'room' in command ? command.room : ''} does not exist`;
}
