import { type HistoryRequest, HistoryResponse, Message } from '@parley/contract';
import type { Queryable } from '@parley/database';
import { limits, refuse } from '@parley/runtime';
import type { Call, UserCaller } from '@parley/service-kit';
import { type Access, access } from '../members/member-store.js';
import { oneChannel } from '../requests/channel-id.js';
import { isListed } from '../requests/kinds.js';
import { fitting, pageSize } from '../requests/page.js';
import { type EntryRow, type HistoryPosition, newestFirst, oldestFirst, readEntries } from './history-store.js';

/** First and last seq that a user may read. */
type Readable = readonly [first: number, last: number];

const nothing: Readable = [1, 0];

/**
 * Returns the range a user may read: a past member up to the end of their membership, any other
 * non-member nothing.
 */
function lastOfMember({ kind, inside, left_seq, last_seq, banned }: Access): number {
  if (inside) return last_seq;
  if ((left_seq ?? 0) > 0) return Math.min(left_seq ?? 0, last_seq);
  if (!isListed(kind)) throw refuse('channel-not-found');
  throw refuse(banned ? 'banned' : 'not-a-member');
}

function readable(seen: Access): Readable {
  const { kind, has_history, banned, open_history, first_seq, joined_seq } = seen;
  if (kind === 'room' && banned) throw refuse('banned');
  const last = kind === 'room' ? seen.last_seq : lastOfMember(seen);
  const first = open_history ? first_seq : Math.max(first_seq, (joined_seq ?? 0) + 1);
  return has_history ? [first, last] : nothing;
}

/** Maximum number of emoji per message and of users per emoji. */
const reactionLimits = [limits.emojiListed, limits.reactorsListed] as const;

const goesForward = ({ afterSeq, oldestFirst }: HistoryRequest) => afterSeq > 0 || oldestFirst;

/** Reads one entry more than the page holds, to learn whether more follow. */
function findPlaces(
  pool: Queryable,
  request: HistoryRequest,
  [first, last]: Readable,
  size: number,
): Promise<HistoryPosition[]> {
  const { channelId, beforeSeq, afterSeq } = request;
  if (goesForward(request)) {
    return oldestFirst.run(pool, [channelId, Math.max(first, afterSeq + 1), last, size + 1, ...reactionLimits]);
  }
  const end = beforeSeq > 0 ? Math.min(last, beforeSeq - 1) : last;
  return newestFirst.run(pool, [channelId, first, end, size + 1, ...reactionLimits]);
}

function toMessage(row: EntryRow): Message {
  return Message.fromPartial({
    userId: row.number,
    timestamp: row.sent_ms,
    data: row.data,
    sender: row.sender_id,
    seq: row.seq,
    clientId: row.client_id,
    contentType: row.content_type,
    kind: row.kind as Message['kind'],
    targetSeq: row.target_seq ?? 0,
    fileIds: row.file_ids,
    mentions: row.mentions,
    editedAt: row.edited_ms ?? 0,
    deleted: row.deleted,
    reactions: row.reactions,
  });
}

const sizeOnTheWire = (message: Message) => Message.encode(message).finish().length;

/**
 * Handles History: a page of the log in its current state, newest or oldest first, after a seq or
 * from the first entry. Only a channel with history has a log id.
 */
export function createHistory(pool: Queryable) {
  return async (request: HistoryRequest, me: UserCaller, call: Call): Promise<HistoryResponse> => {
    call.quiet = true;
    const id = oneChannel({ id: request.channelId });
    call.facts.channel = id;
    const size = pageSize(request.size);
    if (request.beforeSeq > 0 && goesForward(request)) throw refuse('invalid-page');
    const [seen] = await access.run(pool, [id, me.id]);
    if (seen === undefined) throw refuse('channel-not-found');
    const found = await findPlaces(pool, request, readable(seen), size);
    const wanted = fitting(found.slice(0, size), limits.pageBytes, ({ bytes }) => bytes);
    const rows = await readEntries.run(pool, [id, wanted.map(({ seq }) => seq), ...reactionLimits, me.id]);
    const messages = fitting(rows.map(toMessage), limits.pageBytes, sizeOnTheWire);
    const more = messages.length < found.length && messages.length > 0;
    return HistoryResponse.fromPartial({ messages: [...messages], more, log: seen.has_history ? seen.log_id : '' });
  };
}
