import { type Channel, ChannelKind, InboxEvent, MemberChange, MemberRole, type Message } from '@parley/contract';
import { eventBlock, recordKinds, recordMark } from './event-framing.js';
import type { EventIds } from './resume-point.js';

/** Events about a chat, for which its members must be read first. */
export type ChatEventName = 'NewChat' | 'AddToChat' | 'RemoveFromChat' | 'ChatNameUpdated';

/** What the machine must be told before it can go on. */
export type EventsNeed =
  | {
      readonly kind: 'chat';
      readonly name: ChatEventName;
      readonly channelId: number;
      /** The log has at least this entry, which changed the members. */
      readonly seq: number;
      /** The chat as the event shows it; undefined: it must be read. */
      readonly channel: Channel | undefined;
    }
  | { readonly kind: 'gap'; readonly channelId: number; readonly from: number; readonly to: number };

/** Next thing to do: write bytes, or find something out and call `answer`. */
export type EventsStep =
  | { readonly write: Buffer; readonly need?: undefined }
  | { readonly need: EventsNeed; readonly write?: undefined };

const mark = recordMark.charCodeAt(0);
const newline = 0x0a;
const keepAlive = ':keep-alive-text\n\n';

/**
 * The stream of events of document 001, without I/O: reads the frames of an inbox, and says what to
 * write. It says one thing at a time, so that events keep their order while a chat is looked up.
 */
export class EventsMachine {
  readonly #userId: string;
  readonly #ids: EventIds;
  /** Chats that the user has joined, whose entry about it comes next. */
  readonly #joining = new Set<number>();
  #frames: Buffer = Buffer.alloc(0);
  #at = 0;
  #need: EventsNeed | undefined;

  constructor(userId: string, ids: EventIds) {
    this.#userId = userId;
    this.#ids = ids;
  }

  /** Takes frames of the inbox. The frames before them must have been read to their end. */
  take(frames: Buffer): void {
    this.#frames = frames;
    this.#at = 0;
  }

  /** Returns what to do next, or undefined if nothing is left of the frames. */
  next(): EventsStep | undefined {
    if (this.#need !== undefined) return { need: this.#need };
    const parts: Uint8Array[] = [];
    while (this.#at < this.#frames.length && this.#need === undefined) this.#readRecord(parts);
    if (parts.length > 0) return { write: Buffer.concat(parts) };
    return this.#need === undefined ? undefined : { need: this.#need };
  }

  /** Returns the answer to a need as bytes to write, and goes on. Without a block, nothing is said. */
  answer(block: string | undefined): Buffer {
    this.#need = undefined;
    return Buffer.from(block === undefined ? '' : this.#ids.line + block);
  }

  /** Returns a message of a gap as bytes to write. */
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
   * In a chat with history, the entry about the join follows, and says whether the chat is new. Only
   * a creator and the two users of a direct chat have no such entry.
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
