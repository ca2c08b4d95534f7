import { type Channel, Kind, MemberChange, MemberRole, type Message, type Reaction, type User } from '@parley/contract';
import type { Reason } from '@parley/runtime/refusals';
import type { LogPosition } from './core/bookmark.js';

/** An entry of the log. */
interface EntryFacts {
  readonly seq: number;
  /** Unix ms, given by the server. */
  readonly timestamp: number;
  /** The user id of who made it. */
  readonly sender: string;
  /** A UUID by the sender; empty where it gave none. */
  readonly clientId: string;
}

/** What somebody said, as bytes. */
interface Said {
  readonly data: Uint8Array;
  readonly contentType: string;
}

/** An entry about an earlier one. */
interface About extends EntryFacts {
  /** The seq of that one. */
  readonly target: number;
}

export interface MessageReaction {
  readonly emoji: string;
  /** How many users reacted with it; `userIds` may name only the first of them. */
  readonly count: number;
  readonly userIds: readonly string[];
  /** The caller is one of them. */
  readonly mine: boolean;
}

export interface MessageEvent extends EntryFacts, Said {
  readonly type: 'message';
  readonly replyTo: number | undefined;
  readonly mentions: readonly string[];
  /** In History: when its data was last replaced, Unix ms. */
  readonly editedAt: number | undefined;
  /** In History: its data is gone. */
  readonly deleted: boolean;
  /** In History: who reacted with what. */
  readonly reactions: readonly MessageReaction[];
}

export type EntryEvent =
  | MessageEvent
  | ({ readonly type: 'edit' } & About & Said)
  | ({ readonly type: 'delete' | 'pin' | 'unpin' } & About)
  | ({ readonly type: 'react' | 'unreact'; readonly emoji: string } & About)
  | ({
      readonly type: 'member';
      readonly userId: string;
      readonly joined: boolean;
      readonly role: 'member' | 'admin' | 'owner';
      readonly by: string;
    } & EntryFacts);

/** What is said and shown to those who are here now, and never comes again. */
export type PassingEvent =
  | ({ readonly type: 'lossy'; readonly sender: string; readonly timestamp: number } & Said)
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
 * Entries that did not come on the stream. `filled`: all of them follow from History, as they are now: edits, deletions and reactions among
 * them are in the messages that they are about, older ones too. Otherwise they are missing.
 */
export interface GapEvent {
  readonly type: 'gap';
  readonly from: number;
  readonly to: number;
  readonly filled: boolean;
}

/** About the conversation itself. */
export type StateEvent =
  | {
      readonly type: 'welcome';
      readonly channel: Channel;
      readonly me: User;
      readonly place: LogPosition /** The server's clock, Unix ms. */;
      readonly now: number;
      /** How many are here; in large channels more than `channel.users` names. */
      readonly here: number;
    }
  | GapEvent
  /** The log is another one: seqs of before mean nothing, and what was missed is not known. */
  | { readonly type: 'reset'; readonly place: LogPosition }
  /** All that was missed has come; from here on entries come as they are made. */
  | { readonly type: 'live'; readonly missed: number }
  | { readonly type: 'reconnecting'; readonly reason: Reason; readonly message: string; readonly inMs: number }
  /**
   * A send of this user was refused for now, by slow mode for instance, and goes out again by itself. The server's own estimate is `inMs`;
   * it is tried every few seconds, since the reason may go away earlier. Told once for each send and reason.
   */
  | {
      readonly type: 'held';
      readonly clientId: string;
      readonly reason: Reason;
      readonly message: string;
      readonly inMs: number;
    }
  /** The last event. `left`: by `leave` or a signal. */
  | { readonly type: 'ended'; readonly reason: Reason | 'left'; readonly message: string };

export type ConversationEvent = EntryEvent | PassingEvent | StateEvent;

const roles = { [MemberRole.ADMIN]: 'admin', [MemberRole.OWNER]: 'owner' } as const;

function memberEvent(facts: EntryFacts, data: Uint8Array): EntryEvent {
  const { userId, joined, role, by } = MemberChange.decode(data);
  return { type: 'member', ...facts, userId, joined, role: roles[role as keyof typeof roles] ?? 'member', by };
}

function messageEvent(facts: EntryFacts, message: Message): MessageEvent {
  const { data, contentType, targetSeq, mentions, editedAt, deleted, reactions } = message;
  const said = { data, contentType, replyTo: targetSeq || undefined, mentions };
  const folded = { editedAt: editedAt || undefined, deleted, reactions: reactions.map(reactionOf) };
  return { type: 'message', ...facts, ...said, ...folded };
}

/** A server of before counts nothing and names everybody. */
function reactionOf({ emoji, userIds, count, mine }: Reaction): MessageReaction {
  return { emoji, userIds, count: count || userIds.length, mine };
}

function changeEvent(about: About, { kind, data, contentType, deleted }: Message): EntryEvent | undefined {
  switch (kind) {
    case Kind.EDIT: // one whose words are gone changes nothing
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

/** An entry as an event; undefined where it is an edit that is void, or of a later version's kind. */
export function entryEvent(message: Message): EntryEvent | undefined {
  const { seq, timestamp, sender, clientId, kind, targetSeq } = message;
  const facts = { seq, timestamp, sender, clientId };
  if (kind === Kind.UNSPECIFIED) return messageEvent(facts, message);
  if (kind === Kind.MEMBER) return memberEvent(facts, message.data);
  return changeEvent({ ...facts, target: targetSeq }, message);
}

/** A frame that is no entry, as an event; undefined where it tells the user nothing. */
export function passingEvent(frame: Message): PassingEvent | undefined {
  const { presence, typing, receipt, lossy, sender, timestamp, data, contentType } = frame;
  if (presence !== undefined) return { type: 'presence', ...presence };
  if (typing !== undefined) return { type: 'typing', ...typing };
  if (receipt !== undefined) return { type: 'receipt', ...receipt };
  return lossy ? { type: 'lossy', sender, timestamp, data, contentType } : undefined;
}

const strict = new TextDecoder('utf-8', { fatal: true });

/** What was said as text; undefined where it is no text. */
export function textOf({ data, contentType }: Said): string | undefined {
  if (contentType !== '' && !contentType.startsWith('text/')) return undefined;
  try {
    return strict.decode(data);
  } catch {
    return undefined;
  }
}
