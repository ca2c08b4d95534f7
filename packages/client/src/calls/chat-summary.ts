import { Channel, type Chat, Notify, type User } from '@parley/contract';
import { type EntryEvent, entryEvent } from '../events.js';
import type { MemberReceipt, ReceiptSeqs } from '../receipt-seqs.js';

/** Value in the contract for each level of notifications. */
export const notifyLevels = { all: Notify.ALL, mentions: Notify.MENTIONS, none: Notify.NONE } as const;

/** Messages of a chat that notify the user: all, only mentions, or none. */
export type NotifyLevel = keyof typeof notifyLevels;

/** Receipt of a member, with the time of its last change. */
export interface DatedReceipt extends MemberReceipt {
  /** Unix ms of the last change; 0: none yet. */
  readonly updatedAt: number;
}

/** The view that one member has of a chat. */
export interface ChatSummary {
  readonly channel: Channel;
  /** The other user of a direct chat. */
  readonly peer: User | undefined;
  /** The last message that the user may read. */
  readonly last: EntryEvent | undefined;
  /** Unread messages of others, counted up to 100. */
  readonly unread: number;
  /** Unread messages that mention the user, counted up to 100. */
  readonly mentions: number;
  /** Whether the user has marked the chat as unread. */
  readonly markedUnread: boolean;
  /** The log of all seqs here. */
  readonly log: string;
  readonly mine: ReceiptSeqs;
  /** Receipts of the others, in chats of at most 100 members. */
  readonly others: readonly MemberReceipt[];
  readonly notify: NotifyLevel;
}

/** All chats of the user, and the position of the inbox at the time of the first page. */
export interface ChatsNow {
  readonly chats: readonly ChatSummary[];
  readonly position: string;
}

/** Converts a level of notifications of the contract. */
export function levelOf(notify: Notify): NotifyLevel {
  if (notify === Notify.NONE) return 'none';
  return notify === Notify.MENTIONS ? 'mentions' : 'all';
}

/** Converts a chat of the contract. */
export function summaryOf(chat: Chat): ChatSummary {
  const { channel, peer, last, unread, mentions, markedUnread, log, mine, others, notify } = chat;
  const { deliveredSeq = 0, readSeq = 0 } = mine ?? {};
  return {
    channel: channel ?? Channel.fromPartial({}),
    peer,
    last: last && entryEvent(last),
    ...{ unread, mentions, markedUnread, log },
    mine: { deliveredSeq, readSeq },
    others,
    notify: levelOf(notify),
  };
}
