import { type Channel, ChannelKind, InboxEvent, MemberChange, MemberRole, type Message } from '@parley/contract';
import { eventBlock, recordKinds, recordMark } from './event-framing.js';
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

/** Next step: write bytes, or look up a fact and call `answer`. */
export type EventsStep =
  | { readonly write: Buffer; readonly need?: undefined }
  | { readonly need: EventsNeed; readonly write?: undefined };

const mark = recordMark.charCodeAt(0);
const newline = 0x0a;
const keepAlive = ':keep-alive-text\n\n';

/**
 * The stream of events of document 001, without I/O: reads the frames of an inbox and returns the
 * steps to take. It returns one step at a time, so that events keep their order during a look-up.
 */
export class EventsMachine {
  readonly #userId: string;
  readonly #ids: EventIds;
  /** Chats that the user has joined and whose entry of the join has not come yet. */
  readonly #joining = new Set<number>();
  #frames: Buffer = Buffer.alloc(0);
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
    this.#frames = frames;
    this.#at = 0;
  }

  /** Returns the next step, or undefined if all frames have been read. */
  next(): EventsStep | undefined {
    if (this.#need !== undefined) return { need: this.#need };
    const parts: Uint8Array[] = [];
    while (this.#at < this.#frames.length && this.#need === undefined) this.#readRecord(parts);
    if (parts.length > 0) return { write: Buffer.concat(parts) };
    return this.#need === undefined ? undefined : { need: this.#need };
  }

  /**
   * Takes the block that was looked up, and returns the bytes to write. Without a block, there is
   * no event.
   */
  answer(block: string | undefined): Buffer {
    this.#need = undefined;
    return Buffer.from(block === undefined ? '' : this.#ids.line + block);
  }

  /** Returns the bytes to write for a message of a gap. */
  fill(channelId: number, seq: number, block: string): Buffer {
    this.#ids.note(channelId, String(seq));
    return Buffer.from(this.#ids.line + block);
  }

  #readRecord(parts: Uint8Array[]): void {
    const endOfLine = this.#frames.indexOf(newline, this.#at);
    const kind = this.#frames.toString('latin1', this.#at + 1, this.#at + 2);
    const line = this.#frames.toString('latin1', this.#at + 2, endOfLine);
    const following = this.#frames.indexOf(mark, endOfLine);
    const end = following < 0 ? this.#frames.length : following;
    this.#at = end;
    if (kind === recordKinds.event) this.#readEvent(InboxEvent.decode(Buffer.from(line, 'base64')), parts);
    else
      this.#readEntry(line, parts, kind === recordKinds.block ? this.#frames.subarray(endOfLine + 1, end) : undefined);
  }

  #readEntry(place: string, parts: Uint8Array[], block: Uint8Array | undefined): void {
    const dot = place.indexOf('.');
    this.#ids.note(Number(place.slice(0, dot)), place.slice(dot + 1));
    if (block !== undefined) parts.push(Buffer.from(this.#ids.line), block);
  }

  #readEvent(event: InboxEvent, parts: Uint8Array[]): void {
    const { id, ping, message, added, removed, changed, gap, chatReset, reset } = event;
    if (ping !== undefined) {
      this.#ids.restart(id);
      parts.push(Buffer.from(this.#ids.line + keepAlive));
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
