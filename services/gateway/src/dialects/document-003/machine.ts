import { type Channel, ChannelKind, type InboxEvent, type Message } from '@parley/contract';
import type { Refusal } from '@parley/runtime';
import { asRefusal } from '@parley/service-kit';
import { entryTextOf } from '../../guests/entry-text.js';
import { guestDoorName } from '../../guests/guest-names.js';
import type { RoomCommand, RoomOutcome, RoomsMachine } from '../../guests/rooms-machine.js';
import type { PublicRoom } from '../../store/guest-store.js';
import { createdRoom, type RoomMessage, readClientMessage, serverTime } from './frames.js';

/** Document 003, without I/O: named users, each in several rooms. They join by HTTP. */
export class Document003 implements RoomsMachine {
  readonly #userId: string;
  readonly #now: () => number;
  /** Names of the rooms of the user, by channel. */
  readonly #rooms = new Map<number, string>();
  #isWaiting = false;

  /** `now` returns the time for notifications of errors, in Unix ms. */
  constructor(userId: string, now: () => number) {
    this.#userId = userId;
    this.#now = now;
  }

  get channelIds(): Iterable<number> {
    return this.#rooms.keys();
  }

  get isWaiting(): boolean {
    return this.#isWaiting;
  }

  hello(): string[] {
    return [];
  }

  read(payload: Buffer, isBinary: boolean): RoomCommand | string[] {
    try {
      const { room, value } = readClientMessage(payload, isBinary);
      const [channelId] = [...this.#rooms].find(([, name]) => name === room) ?? [];
      return channelId === undefined ? { act: 'say in', room, text: value } : { act: 'say', channelId, text: value };
    } catch (thrown) {
      return this.#failed(asRefusal(thrown).message);
    }
  }

  answer(command: RoomCommand, outcome: RoomOutcome): string[] {
    this.#isWaiting = outcome.kind === 'sent';
    const room = roomOf(command, this.#rooms);
    if (outcome.kind === 'missing') return this.#failed('join the room before you write in it', room);
    return outcome.kind === 'refused' ? this.#failed(outcome.refusal.message, room) : [];
  }

  created({ name, ownerId }: PublicRoom): string[] {
    return [JSON.stringify(createdRoom(guestDoorName(ownerId), name.toLowerCase(), this.#now()))];
  }

  tell({ message, added, changed, removed }: InboxEvent): string[] {
    if (added !== undefined) this.#note(added);
    if (changed !== undefined && this.#rooms.has(changed.id)) this.#note(changed);
    if (removed !== undefined) this.#rooms.delete(removed.id);
    return message === undefined ? [] : this.#tellText(message);
  }

  giveUp(): string[] {
    this.#isWaiting = false;
    return this.#failed('the message was not confirmed');
  }

  goodbye({ message }: Refusal): string[] {
    return this.#failed(message);
  }

  #note({ id, kind, name }: Channel): void {
    if (kind !== ChannelKind.DIRECT) this.#rooms.set(id, name.toLowerCase());
  }

  /** The document has no frame for errors: a notification, which its page ignores. */
  #failed(why: string, room = ''): string[] {
    const frame: RoomMessage = {
      ...{ user: '', room, isNotification: true, value: `error: ${why}` },
      serverTime: serverTime(this.#now()),
    };
    return [JSON.stringify(frame)];
  }

  #tellText(message: Message): string[] {
    const room = this.#rooms.get(message.channelId);
    const value = entryTextOf(message);
    if (room === undefined || value === undefined) return [];
    if (message.sender === this.#userId) this.#isWaiting = false;
    const user = guestDoorName(message.sender);
    const frame: RoomMessage = { user, room, isNotification: false, value, serverTime: serverTime(message.timestamp) };
    return [JSON.stringify(frame)];
  }
}

function roomOf(command: RoomCommand, rooms: ReadonlyMap<number, string>): string | undefined {
  if (command.act === 'say in') return command.room;
  return command.act === 'say' ? rooms.get(command.channelId) : undefined;
}
