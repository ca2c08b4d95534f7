import type { Channel, EntryEvent, LogPosition, ReceiptSeqs, User } from '@parley/client';
import type { Budget, Line } from './lines.js';
import type { Link } from './link.js';
import type { Names } from './names.js';
import type { HeldBack, Outgoing } from './outgoing.js';

/** A user who is typing. */
export interface Typist {
  readonly userId: string;
  /** Time when the typing indicator disappears, in Unix ms. */
  readonly untilMs: number;
}

/** The part of a conversation that the browser stores in addition to its lines. */
export interface Bookmarked {
  /** Position up to which the log was received. The stored lines have no gaps up to here. */
  readonly place: LogPosition | undefined;
  readonly readSeq: number;
  readonly outgoing: readonly Outgoing[];
  readonly names: Names;
  /** The last known description of the channel, or undefined. */
  readonly channel: Channel | undefined;
  /** Milliseconds by which the server's clock is ahead of `steadyNow`. */
  readonly aheadMs: number;
  /**
   * Whether entries before `place`, or changes of them, were missed. The lines are then shown only
   * until the latest page is loaded.
   */
  readonly isStale?: boolean;
}

export interface ConversationState extends Bookmarked {
  readonly me: string;
  /** Maximum size of a message in bytes; undefined until the server sends it. */
  readonly maxBytes: number | undefined;
  readonly link: Link;
  readonly lines: readonly Line[];
  /** Lines of logs that no longer exist. They cannot be changed. */
  readonly earlier: readonly Line[];
  /** Whether older lines may exist on the server. */
  readonly hasOlder: boolean;
  /** Ids of the users in the room, this user included. */
  readonly here: readonly string[];
  readonly hereCount: number;
  readonly typing: readonly Typist[];
  /**
   * Value of `readSeq` when this page opened the channel, or when it last reconnected after it had
   * missed entries.
   */
  readonly openedAtSeq: number;
  /** Receipts of the other members, by user id. */
  readonly receipts: Readonly<Record<string, ReceiptSeqs>>;
}

/** Actions that every tab of the channel applies. */
export type SharedAction =
  | {
      readonly type: 'welcome';
      readonly channel: Channel;
      readonly here: readonly User[];
      readonly count: number;
      readonly place: LogPosition;
      readonly maxBytes: number | undefined;
      readonly aheadMs: number;
    }
  /** Sets the description of the channel, which comes from the list of channels. */
  | { readonly type: 'described'; readonly channel: Channel }
  /**
   * Removes messages from before `beforeMs`, by the server's clock, because the server no longer
   * stores them.
   */
  | { readonly type: 'expired'; readonly beforeMs: number }
  /** Marks the entries before a seq as possibly changed, so that they are loaded again. */
  | { readonly type: 'stale'; readonly beforeSeq: number }
  | { readonly type: 'entries'; readonly entries: readonly EntryEvent[]; readonly place: LogPosition | undefined }
  | { readonly type: 'missing'; readonly from: number; readonly to: number; readonly at: number }
  | { readonly type: 'reset'; readonly place: LogPosition }
  /**
   * Applies the server's summary of a chat: the end of its log, and the receipts of its members.
   */
  | {
      readonly type: 'summary';
      readonly channel: Channel;
      readonly place: LogPosition;
      readonly readSeq: number;
      readonly receipts: ConversationState['receipts'];
    }
  /** Applies the facts about the server that a connection delivers. */
  | { readonly type: 'server'; readonly aheadMs: number; readonly maxBytes: number | undefined }
  /** Notes that entries were missed, which the latest page contains. */
  | { readonly type: 'outdated' }
  /** Applies the last page of the log, which replaces all older lines. */
  | { readonly type: 'latest'; readonly log: string; readonly entries: readonly EntryEvent[]; readonly more: boolean }
  | { readonly type: 'receipt'; readonly userId: string; readonly seqs: ReceiptSeqs }
  | { readonly type: 'link'; readonly link: Link }
  | { readonly type: 'presence'; readonly here: readonly User[]; readonly count: number }
  | { readonly type: 'typing'; readonly userId: string; readonly untilMs: number }
  | { readonly type: 'queued'; readonly outgoing: Outgoing }
  | { readonly type: 'taken'; readonly id: string; readonly seq: number; readonly at: number }
  /** For a rejected message or change. `withoutMentions`: the next attempt mentions nobody. */
  | { readonly type: 'failed'; readonly id: string; readonly why: string; readonly withoutMentions?: boolean }
  | { readonly type: 'held'; readonly id: string; readonly held: HeldBack }
  | { readonly type: 'retried'; readonly id: string; readonly at: number }
  | { readonly type: 'discarded'; readonly id: string }
  | { readonly type: 'read'; readonly seq: number }
  | { readonly type: 'introduced'; readonly user: Pick<User, 'id' | 'name'> }
  | { readonly type: 'snapshot'; readonly state: ConversationState };

/** Actions of one tab only. */
export type LocalAction =
  /** Notes that the user opens a chat. Messages after `readSeq` count as new. */
  | { readonly type: 'opened' }
  | { readonly type: 'cached'; readonly bookmarked: Bookmarked; readonly lines: readonly Line[] }
  | { readonly type: 'page'; readonly log: string; readonly entries: readonly EntryEvent[]; readonly more: boolean }
  /** If all lines together exceed `over`, drops the oldest until the rest fits `to`. */
  | { readonly type: 'cut'; readonly over: Budget; readonly to: Budget };

export type ConversationAction = SharedAction | LocalAction;

/** Returns the initial state, which knows only some names. */
export function noConversation(me: string, names: Names = {}): ConversationState {
  return {
    me,
    channel: undefined,
    aheadMs: 0,
    maxBytes: undefined,
    place: undefined,
    readSeq: 0,
    outgoing: [],
    names,
    link: { state: 'connecting' },
    lines: [],
    earlier: [],
    hasOlder: true,
    here: [],
    hereCount: 0,
    typing: [],
    openedAtSeq: 0,
    receipts: {},
  };
}

/** Returns the first loaded seq, or Infinity if there is none. */
export function firstSeq({ lines }: ConversationState): number {
  return lines[0]?.seq ?? Number.POSITIVE_INFINITY;
}

/** Returns the last seq of the log that this page knows. */
export function lastSeq({ lines, place }: ConversationState): number {
  return Math.max(place?.seq ?? 0, lines.at(-1)?.seq ?? 0);
}
