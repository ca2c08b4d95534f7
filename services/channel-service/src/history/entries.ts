import { Message } from '@parley/contract';
import type { Queryable } from '@parley/database';
import { limits } from '@parley/runtime';
import { fitting } from '../requests/page.js';
import { type HistoryEntry, type HistoryPosition, readEntries, type StoredMessage } from './history-store.js';

/** Maximum number of emoji per message and of users per emoji. */
export const reactionLimits = { maxEmoji: limits.emojiListed, maxReactors: limits.reactorsListed };

function repliesOf({ replies, lastReplySeq, lastReplyMs, lastReplier }: HistoryEntry) {
  if (replies === 0) return undefined;
  return { count: replies, lastSeq: lastReplySeq, lastAt: lastReplyMs, lastSender: lastReplier };
}

/**
 * Builds the message of a row, without its pin and its replies. Does not use fromPartial, which would copy
 * every list.
 */
export function toMessage(row: StoredMessage): Message {
  return {
    channelId: row.channelId,
    userId: row.number,
    timestamp: row.sentMs,
    data: row.data,
    sender: row.senderId,
    seq: row.seq,
    clientId: row.clientId,
    contentType: row.contentType,
    kind: row.kind as Message['kind'],
    targetSeq: row.targetSeq ?? 0,
    fileIds: row.fileIds,
    mentions: row.mentions,
    editedAt: row.editedMs ?? 0,
    deleted: row.deleted,
    reactions: row.reactions,
    replies: undefined,
    pinnedAt: 0,
    lossy: false,
  };
}

const toEntry = (row: HistoryEntry): Message => ({
  ...toMessage(row),
  replies: repliesOf(row),
  pinnedAt: row.pinnedMs ?? 0,
});

const sizeOnTheWire = (message: Message) => Message.encode(message).finish().length;

/**
 * Reads the messages at the positions of a page, in their order, until the page has
 * `limits.pageBytes`.
 */
export async function readPage(
  pool: Queryable,
  positions: readonly HistoryPosition[],
  readerId: string,
): Promise<readonly Message[]> {
  const wanted = fitting(positions, limits.pageBytes, ({ bytes }) => bytes);
  const channelIds = wanted.map(({ channelId }) => channelId);
  const seqs = wanted.map(({ seq }) => seq);
  const rows = await readEntries.run(pool, {
    channelIds,
    seqs,
    ...reactionLimits,
    maxReplies: limits.repliesCounted,
    readerId,
  });
  return fitting(rows.map(toEntry), limits.pageBytes, sizeOnTheWire);
}
