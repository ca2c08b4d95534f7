import { type Channel, ChannelKind, type InboxEvent, MemberChange, MemberRole, type Message } from '@parley/contract';
import { type EventRecord, eventBlock, recordsIn } from './event-framing.js';
import type { EventIds } from './resume-point.js';

/** Events about a chat, for which its members must be read first. */
export type ChatEventName = 'NewChat' | 'AddToChat' | 'RemoveFromChat' | 'ChatNameUpdated';

/** A fact that the machine needs before it can continue. */
export type EventsNeed =
  | {
      readonly kind: 'chat';
      readonly name: ChatEventName;
      readonly channelId: number;
      /** The log has at least this entry, which changed the members. */
      readonly seq: number;
      /** The chat that the event shows; undefined: it must be read. */
      readonly channel: Channel | undefined;
    }
  | { readonly kind: 'gap'; readonly channelId: number; readonly from: number; readonly to: number };

/** Parts of a write, in order: a line with an id, which has only ASCII, or bytes. */
export type EventParts = readonly (string | Uint8Array)[];

/** Next step: write parts, or look up a fact and call `answer`. */
export type EventsStep =
  | { readonly write: EventParts; readonly need?: undefined }
  | { readonly need: EventsNeed; readonly write?: undefined };

const keepAlive = Buffer.from(':keep-alive-text\n\n');

/**
 * The stream of events of document 001, without I/O: reads the frames of an inbox and returns the
 * steps to take. It returns one step at a time, so that events keep their order during a look-up.
 */
export class EventsMachine {
  readonly #userId: string;
  readonly #ids: EventIds;
  /** Chats that the user has joined and whose entry of the join has not come yet. */
  readonly #joining = new Set<number>();
  #records: readonly EventRecord[] = [];
  #at = 0;
  #need: EventsNeed | undefined;

  constructor(userId: string, ids: EventIds) {
    this.#userId = userId;
    this.#ids = ids;
  }

  /**
   * Accepts frames of the inbox. Call `next` until it returns undefined before you pass more
   * frames.
   */
  take(frames: Buffer): void {
    this.#records = recordsIn(frames);
    this.#at = 0;
  }

  /** Returns the next step, or undefined if all frames have been read. */
  next(): EventsStep | undefined {
    if (this.#need !== undefined) return { need: this.#need };
    if (this.#at >= this.#records.length) return undefined;
    const parts: (string | Uint8Array)[] = [];
    while (this.#need === undefined) {
      const record = this.#records[this.#at];
      if (record === undefined) break;
      this.#at += 1;
      this.#read(record, parts);
    }
    if (parts.length > 0) return { write: parts };
    return this.#need === undefined ? undefined : { need: this.#need };
  }

  /**
   * Takes the block that was looked up, and returns the parts to write. Without a block, there is
   * no event.
   */
  answer(block: string | undefined): EventParts {
    this.#need = undefined;
    return block === undefined ? [] : [this.#ids.line, Buffer.from(block)];
  }

  /** Returns the parts to write for a message of a gap. */
  fill(channelId: number, seq: number, block: string): EventParts {
    this.#ids.note(channelId, String(seq));
    return [this.#ids.line, Buffer.from(block)];
  }

  #read(record: EventRecord, parts: (string | Uint8Array)[]): void {
    if (record.event !== undefined) this.#readEvent(record.event, parts);
    else {
      this.#ids.note(record.channelId, record.seq);
      if (record.block !== undefined) parts.push(this.#ids.line, record.block);
    }
  }

  #readEvent(event: InboxEvent, parts: (string | Uint8Array)[]): void {
    const { id, ping, message, added, removed, changed, gap, chatReset, reset } = event;
    if (ping !== undefined) {
      this.#ids.restart(id);
      parts.push(this.#ids.line, keepAlive);
    }
    if (message !== undefined) this.#readMemberEntry(message);
    if (added !== undefined) this.#readAdded(added);
    if (removed !== undefined) this.#needChat('RemoveFromChat', removed.id);
    if (changed !== undefined) this.#needChat('ChatNameUpdated', changed.id, changed.lastSeq, changed);
    if (gap !== undefined) this.#need = { kind: 'gap', channelId: gap.channelId, from: gap.from, to: gap.to };
    if (chatReset !== undefined) this.#ids.forget(chatReset.channelId);
    if (reset === true) parts.push(Buffer.from(eventBlock('reset', {})));
  }

  /**
   * In a chat with history, the entry of the join follows and shows whether the chat is new. Only a
   * creator and the two users of a direct chat have no such entry.
   */
  #readAdded(channel: Channel): void {
    const { id, kind, log, myRole, lastSeq } = channel;
    const hasEntry = log !== '' && kind !== ChannelKind.DIRECT && myRole !== MemberRole.OWNER;
    if (hasEntry) this.#joining.add(id);
    else this.#needChat('NewChat', id, lastSeq, channel);
  }

  #readMemberEntry({ channelId, seq, data }: Message): void {
    this.#ids.note(channelId, String(seq));
    const { userId, moreUserIds, joined } = MemberChange.decode(data);
    const isMe = userId === this.#userId || moreUserIds.includes(this.#userId);
    if (isMe && !joined) return; // The event of the removal follows.
    const isJoining = isMe && this.#joining.delete(channelId);
    // The first members of a chat come with its first entry.
    this.#needChat(isJoining && seq === 1 ? 'NewChat' : 'AddToChat', channelId, seq);
  }

  #needChat(name: ChatEventName, channelId: number, seq = 0, channel?: Channel): void {
    this.#need = { kind: 'chat', name, channelId, seq, channel };
  }
}
