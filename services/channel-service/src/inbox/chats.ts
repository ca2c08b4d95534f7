import { Chat, type Message, Notify, type Receipt, User } from '@parley/contract';
import type { Notify as NotifyWord, Pool, PoolClient } from '@parley/database';
import { snapshot } from '@parley/database';
import { limits, refuse } from '@parley/runtime';
import { profileFields, type UserCaller } from '@parley/service-kit';
import { toChannel } from '../channels/describe.js';
import { readPage } from '../history/entries.js';
import { fitting } from '../requests/page.js';
import { readChats, readPeers, type StoredChat, type StoredReceipt } from './chat-store.js';

export const notifyWords: Readonly<Record<NotifyWord, Notify>> = {
  all: Notify.ALL,
  mentions: Notify.MENTIONS,
  none: Notify.NONE,
};

/** Reads the other users of direct chats, by the id of the chat. */
async function readPeersOf(client: PoolClient, me: UserCaller, chats: readonly StoredChat[]) {
  const channelIds = chats.flatMap(({ id, kind }) => (kind === 'direct' ? [id] : []));
  if (channelIds.length === 0) return new Map<number, User>();
  const rows = await readPeers.run(client, { userId: me.id, userRole: me.role, channelIds });
  return new Map(
    rows.map(({ channelId, id, name, number, blocked, ...profile }) => [
      channelId,
      User.fromPartial({ id, name, number, blocked, ...profileFields(profile) }),
    ]),
  );
}

function receiptOf([userId, deliveredSeq, readSeq]: StoredReceipt): Receipt {
  return { userId, deliveredSeq, readSeq, log: '', updatedAt: 0 };
}

/**
 * Builds the Chat message without fromPartial, which would copy every receipt. A page has thousands
 * of them.
 */
function toChat(me: UserCaller, row: StoredChat, last?: Message, peer?: User): Chat {
  const { deliveredSeq, readSeq, unread, mentions, markedUnread, notify, others } = row;
  return {
    channel: toChannel(row),
    last,
    unread,
    mentions,
    mine: receiptOf([me.id, deliveredSeq, readSeq]),
    log: row.logId,
    markedUnread,
    notify: notifyWords[notify],
    others: others.map(receiptOf),
    peer,
  };
}

const sizeOnTheWire = (chat: Chat) => Chat.encode(chat).finish().length;

const hasLast = ({ saidSeq }: StoredChat) => saidSeq !== null;

/** Reads the last messages of the chats, from the first chat on, as many as fit into a page. */
async function readLast(client: PoolClient, me: UserCaller, rows: readonly StoredChat[]) {
  const positions = rows.flatMap(({ id, saidSeq, saidBytes }) =>
    saidSeq === null ? [] : [{ channelId: id, seq: saidSeq, bytes: saidBytes ?? 0 }],
  );
  const messages = await readPage(client, positions, me.id);
  return new Map(messages.map((message) => [message.channelId, message]));
}

/**
 * Reads chats as the caller sees them, in the order of `ids`, as many as fit into a page. Leaves
 * out chats that the caller is not in. Run in a snapshot.
 */
export async function readChatsOf(
  client: PoolClient,
  me: UserCaller,
  ids: readonly number[],
): Promise<readonly Chat[]> {
  const {
    usersCounted: maxPresent,
    unreadCounted: maxUnread,
    unreadLookedAt: maxLooked,
    membersToldReceipts: maxTold,
  } = limits;
  const rows = await readChats.run(client, {
    userId: me.id,
    channelIds: ids,
    maxPresent,
    maxLooked,
    maxUnread,
    maxTold,
  });
  const peers = await readPeersOf(client, me, rows);
  const last = await readLast(client, me, rows);
  const over = rows.findIndex((row) => hasLast(row) && !last.has(row.id));
  const chats = rows
    .slice(0, over === -1 ? rows.length : over)
    .map((row) => toChat(me, row, last.get(row.id), peers.get(row.id)));
  return fitting(chats, limits.pageBytes, sizeOnTheWire);
}

/**
 * Reads one chat as the caller sees it.
 * @throws {Refusal} `channel-not-found`.
 */
export async function readChat(pool: Pool, me: UserCaller, id: number): Promise<Chat> {
  const [chat] = await snapshot(pool, (client) => readChatsOf(client, me, [id]));
  if (chat === undefined) throw refuse('channel-not-found');
  return chat;
}
