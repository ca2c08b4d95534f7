import { type Channel, Kind, MemberChange, MemberRole, type Message, type Reaction, type User } from '@parley/contract';
import type { Reason } from '@parley/runtime/refusals';
import type { LogPosition } from './core/bookmark.js';

/** Common fields of log entries. */
interface EntryBase {
  /** Position in the log: 1, 2, 3 and so on. */
  readonly seq: number;
  /** Unix ms, set by the server. */
  readonly timestamp: number;
  /** User id of the sender. */
  readonly sender: string;
  /** UUID that the sender chose; empty if it chose none. */
  readonly clientId: string;
}

/** The data of a message or edit. */
interface Payload {
  readonly data: Uint8Array;
  /** MIME type; empty if the sender gave none. */
  readonly contentType: string;
}

/** An entry about an earlier one. */
interface TargetedEntry extends EntryBase {
  /** Seq of the earlier entry. */
  readonly target: number;
}

/** All reactions with one emoji. */
export interface MessageReaction {
  readonly emoji: string;
  /** Number of users; `userIds` may name only the first of them. */
  readonly count: number;
  readonly userIds: readonly string[];
  /** Whether this user is one of them. */
  readonly mine: boolean;
}

/** A message. */
export interface MessageEvent extends EntryBase, Payload {
  readonly type: 'message';
  /** Seq of the message that this one replies to. */
  readonly replyTo: number | undefined;
  /** Ids of the mentioned users. */
  readonly mentions: readonly string[];
  /** Ids of its files, in their order. Read them with `UserFiles`. */
  readonly fileIds: readonly string[];
  /** Time of the last edit, in Unix ms. Only set in History. */
  readonly editedAt: number | undefined;
  /** Whether the message was deleted; `data` is then empty. Only true in History. */
  readonly deleted: boolean;
  /** Reactions to the message. Only set in History. */
  readonly reactions: readonly MessageReaction[];
  /** Time of the pin, in Unix ms; undefined if the message is not pinned. Only set in History. */
  readonly pinnedAt: number | undefined;
}

/** An entry of the log. `by` in `member` is the user who added or removed the member. */
export type EntryEvent =
  | MessageEvent
  | ({ readonly type: 'edit' } & TargetedEntry & Payload)
  | ({ readonly type: 'delete' | 'pin' | 'unpin' } & TargetedEntry)
  | ({ readonly type: 'react' | 'unreact'; readonly emoji: string } & TargetedEntry)
  | ({
      readonly type: 'member';
      readonly userId: string;
      /** All users of the change: several if they were added together. `userId` is the first. */
      readonly userIds: readonly string[];
      readonly joined: boolean;
      readonly role: 'member' | 'admin' | 'owner';
      readonly by: string;
    } & EntryBase);

/** Events that are neither stored nor replayed. `here` is the number of users in the channel. */
export type PassingEvent =
  | ({ readonly type: 'lossy'; readonly sender: string; readonly timestamp: number } & Payload)
  | {
      readonly type: 'presence';
      readonly came: readonly User[];
      readonly went: readonly User[];
      readonly here: number;
    }
  | { readonly type: 'typing'; readonly userId: string; readonly stopped: boolean }
  | {
      readonly type: 'receipt';
      readonly userId: string;
      readonly deliveredSeq: number;
      readonly readSeq: number;
    };

/**
 * A range of entries, `from` to `to`, that did not arrive on the stream. If `filled` is true,
 * History supplies all of them, and they follow in their current state: edits, deletions and
 * reactions in the range are folded into their messages, and changes of messages before `from` are
 * not reported. If `filled` is false, the entries are missing.
 */
export interface GapEvent {
  readonly type: 'gap';
  readonly from: number;
  readonly to: number;
  readonly filled: boolean;
}

/** Events about the conversation itself. */
export type StateEvent =
  | {
      readonly type: 'welcome';
      readonly channel: Channel;
      readonly me: User;
      /** The log and its last seq. */
      readonly place: LogPosition;
      /** Time of the server's clock, in Unix ms. */
      readonly now: number;
      /** Number of users here. In a large channel it exceeds the length of `channel.users`. */
      readonly here: number;
    }
  | GapEvent
  /**
   * The channel has another log now, or its log ends before the position. Earlier seqs are void,
   * and missed entries are lost.
   */
  | { readonly type: 'reset'; readonly place: LogPosition }
  /**
   * All entries since the last stream have arrived; `missed` is their number. From now on, entries
   * arrive live.
   */
  | { readonly type: 'live'; readonly missed: number }
  /** The connection was lost or refused. The next attempt starts in `inMs` milliseconds. */
  | { readonly type: 'reconnecting'; readonly reason: Reason; readonly message: string; readonly inMs: number }
  /**
   * A send was refused for now, for example by slow mode, and will be retried. `inMs` is the
   * server's estimate; the SDK retries every few seconds, because the cause may end earlier.
   * Reported once for each send and reason.
   */
  | {
      readonly type: 'held';
      readonly clientId: string;
      readonly reason: Reason;
      readonly message: string;
      readonly inMs: number;
    }
  /**
   * The last event. The reason is `left` after `leave` or an aborted signal, else the final
   * refusal.
   */
  | {
      readonly type: 'ended';
      readonly reason: Reason | 'left';
      readonly message: string;
      /**
       * Milliseconds until another attempt may succeed, for example the rest of a ban. 0 if no
       * attempt can.
       */
      readonly retryAfterMs: number;
    };

/** Everything a conversation yields, discriminated by `type`. */
export type ConversationEvent = EntryEvent | PassingEvent | StateEvent;

const roles = { [MemberRole.ADMIN]: 'admin', [MemberRole.OWNER]: 'owner' } as const;

function memberEvent(facts: EntryBase, data: Uint8Array): EntryEvent {
  const { userId, moreUserIds, joined, role: given, by } = MemberChange.decode(data);
  const role = roles[given as keyof typeof roles] ?? 'member';
  return { type: 'member', ...facts, userId, userIds: [userId, ...moreUserIds], joined, role, by };
}

function messageEvent(facts: EntryBase, message: Message): MessageEvent {
  const { data, contentType, targetSeq, mentions, editedAt, deleted, reactions, pinnedAt } = message;
  const payload = { data, contentType, replyTo: targetSeq || undefined, mentions, fileIds: message.fileIds };
  const folded = {
    editedAt: editedAt || undefined,
    deleted,
    reactions: reactions.map(reactionOf),
    pinnedAt: pinnedAt || undefined,
  };
  return { type: 'message', ...facts, ...payload, ...folded };
}

/** Converts a reaction. Older servers send no count but name every user. */
function reactionOf({ emoji, userIds, count, mine }: Reaction): MessageReaction {
  return { emoji, userIds, count: count || userIds.length, mine };
}

function changeEvent(about: TargetedEntry, { kind, data, contentType, deleted }: Message): EntryEvent | undefined {
  switch (kind) {
    case Kind.EDIT: // an edit of a deleted message is empty
      return deleted ? undefined : { type: 'edit', ...about, data, contentType };
    case Kind.DELETE:
      return { type: 'delete', ...about };
    case Kind.REACT:
      return { type: 'react', ...about, emoji: decoder.decode(data) };
    case Kind.UNREACT:
      return { type: 'unreact', ...about, emoji: decoder.decode(data) };
    case Kind.PIN:
      return { type: 'pin', ...about };
    case Kind.UNPIN:
      return { type: 'unpin', ...about };
    default:
      return undefined;
  }
}

const decoder = new TextDecoder();

/**
 * Converts an entry to an event. Returns undefined for an edit of a deleted message, or
 * an unknown kind.
 */
export function entryEvent(message: Message): EntryEvent | undefined {
  const { seq, timestamp, sender, clientId, kind, targetSeq } = message;
  const facts = { seq, timestamp, sender, clientId };
  if (kind === Kind.UNSPECIFIED) return messageEvent(facts, message);
  if (kind === Kind.MEMBER) return memberEvent(facts, message.data);
  return changeEvent({ ...facts, target: targetSeq }, message);
}

/** Converts a frame that is not an entry to an event. Returns undefined if it is not for the user. */
export function passingEvent(frame: Message): PassingEvent | undefined {
  const { presence, typing, receipt, lossy, sender, timestamp, data, contentType } = frame;
  if (presence !== undefined) return { type: 'presence', ...presence };
  if (typing !== undefined) return { type: 'typing', ...typing };
  if (receipt !== undefined) return { type: 'receipt', ...receipt };
  return lossy ? { type: 'lossy', sender, timestamp, data, contentType } : undefined;
}

const transientTypes: ReadonlySet<string> = new Set<PassingEvent['type']>(['presence', 'typing', 'receipt', 'lossy']);

/** Returns whether an event is neither stored nor replayed. */
export function isTransient({ type }: { readonly type: string }): boolean {
  return transientTypes.has(type);
}

/**
 * Returns whether an event is a message, and not a change of a message or of the members.
 * @example
 * ```ts
 * import { type HistoryPage, isSaid } from '@parley/client';
 *
 * export function unread(page: HistoryPage, me: string): number {
 *   return page.entries.filter((entry) => isSaid(entry) && entry.sender !== me).length;
 * }
 * ```
 */
export function isSaid(event: ConversationEvent): event is MessageEvent {
  return event.type === 'message';
}

const strict = new TextDecoder('utf-8', { fatal: true });

/**
 * Decodes the payload of an event as UTF-8. Returns undefined if it is not text.
 * @example
 * ```ts
 * import { type ConversationEvent, textOf } from '@parley/client';
 *
 * export function show(event: ConversationEvent): void {
 *   if (event.type === 'message') console.log(textOf(event) ?? `(${event.contentType})`);
 * }
 * ```
 */
export function textOf({ data, contentType }: Payload): string | undefined {
  if (contentType !== '' && !contentType.startsWith('text/')) return undefined;
  try {
    return strict.decode(data);
  } catch {
    return undefined;
  }
}
