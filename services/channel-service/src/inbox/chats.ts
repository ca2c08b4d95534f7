import { Chat, type Message, type Receipt, User } from '@parley/contract';
import type { Queryable } from '@parley/database';
import { limits, refuse } from '@parley/runtime';
import { notifyWords, type UserCaller } from '@parley/service-kit';
import { first } from '../channels/channel-search.js';
import { toChannel } from '../channels/describe.js';
import type { ListPosition } from '../channels/list-store.js';
import { reactionLimits, toMessage } from '../history/entries.js';
import { fitting } from '../requests/page.js';
import { hasChat, hasLast, readChats, type SnapshotPosition, type StoredChat } from './chat-store.js';

const chatLimits = {
  ...reactionLimits,
  maxBytes: limits.pageBytes,
  maxPresent: limits.usersCounted,
  maxUnread: limits.unreadCounted,
  maxLooked: limits.unreadLookedAt,
  maxTold: limits.membersToldReceipts,
};

function receiptOf(userId: string, deliveredSeq: number, readSeq: number): Receipt {
  return { userId, deliveredSeq, readSeq, log: '', updatedAt: 0 };
}

function receiptsOf(others: string): Receipt[] {
  const words = others === '' ? [] : others.split(' ');
  const receipts: Receipt[] = [];
  for (let at = 0; at < words.length; at += 3)
    receipts.push(receiptOf(words[at] as string, Number(words[at + 1]), Number(words[at + 2])));
  return receipts;
}

/** Returns the last message of a chat, or undefined if there is none or it does not fit. */
function lastOf(row: StoredChat): Message | undefined {
  if (!hasLast(row) || row.data === null) return undefined;
  return toMessage({
    channelId: row.id,
    seq: row.saidSeq,
    kind: row.saidKind,
    senderId: row.senderId,
    number: row.number,
    clientId: row.clientId,
    sentMs: row.sentMs,
    targetSeq: row.targetSeq,
    data: row.data,
    contentType: row.contentType,
    mentions: row.mentioned,
    editedMs: row.editedMs,
    deleted: row.deleted,
    reactions: row.reactions,
    fileIds: row.fileIds,
  });
}

/**
 * Builds the Chat message without fromPartial, which would copy every receipt. A page has thousands
 * of them.
 */
function toChat(me: UserCaller, row: StoredChat): Chat {
  const { deliveredSeq, readSeq, unread, mentions, markedUnread, notify, peer } = row;
  return {
    channel: toChannel(row),
    last: lastOf(row),
    unread,
    mentions,
    mine: receiptOf(me.id, deliveredSeq, readSeq),
    log: row.logId,
    markedUnread,
    notify: notifyWords[notify],
    others: receiptsOf(row.others),
    peer: peer === null ? undefined : User.fromPartial(peer),
  };
}

const sizeOnTheWire = (chat: Chat) => Chat.encode(chat).finish().length;

const exceedsPage = (row: StoredChat) => hasLast(row) && row.data === null;

/** Returns the chats of the first rows, as many as fit into a page. */
export function chatsOf(me: UserCaller, rows: readonly StoredChat[]): readonly Chat[] {
  const over = rows.findIndex(exceedsPage);
  const chats = (over === -1 ? rows : rows.slice(0, over)).map((row) => toChat(me, row));
  return fitting(chats, limits.pageBytes, sizeOnTheWire);
}

/** Reads `size` chats of the caller after a position, and the position of the snapshot. */
export async function readPageOfChats(
  pool: Queryable,
  me: UserCaller,
  page: ListPosition & { readonly size: number; readonly channelId: number | null },
): Promise<{ readonly rows: readonly StoredChat[]; readonly position: SnapshotPosition | undefined }> {
  const rows = await readChats.run(pool, { readerId: me.id, readerRole: me.role, ...page, ...chatLimits });
  return { rows: rows.filter(hasChat), position: rows[0] };
}

/**
 * Reads one chat as the caller sees it.
 * @throws {Refusal} `channel-not-found`.
 */
export async function readChat(pool: Queryable, me: UserCaller, channelId: number): Promise<Chat> {
  const { rows } = await readPageOfChats(pool, me, { ...first, size: 1, channelId });
  const [chat] = chatsOf(me, rows);
  if (chat === undefined) throw refuse('channel-not-found');
  return chat;
}
