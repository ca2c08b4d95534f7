import { type HistoryRequest, HistoryResponse, Message } from '@parley/contract';
import type { Queryable } from '@parley/database';
import { limits, refuse } from '@parley/runtime';
import type { Call, UserCaller } from '@parley/service-kit';
import { type Access, readAccess } from '../members/member-store.js';
import { oneChannel } from '../requests/channel-id.js';
import { isListed } from '../requests/kinds.js';
import { fitting, pageSize } from '../requests/page.js';
import { findNewest, findOldest, type HistoryEntry, type HistoryPosition, readEntries } from './history-store.js';

/** First and last seq that a user may read. */
type Readable = readonly [first: number, last: number];

const nothing: Readable = [1, 0];

/**
 * Returns the last seq that a user may read; for a past member, the one that ended the membership.
 * @throws {Refusal} `channel-not-found`, `banned` or `not-a-member`.
 */
function lastOfMember({ kind, inside, leftSeq, lastSeq, banned }: Access): number {
  if (inside) return lastSeq;
  if ((leftSeq ?? 0) > 0) return Math.min(leftSeq ?? 0, lastSeq);
  if (!isListed(kind)) throw refuse('channel-not-found');
  throw refuse(banned ? 'banned' : 'not-a-member');
}

function readable(access: Access): Readable {
  const { kind, hasHistory, banned, openHistory, firstSeq, joinedSeq } = access;
  if (kind === 'room' && banned) throw refuse('banned');
  const last = kind === 'room' ? access.lastSeq : lastOfMember(access);
  const first = openHistory ? firstSeq : Math.max(firstSeq, (joinedSeq ?? 0) + 1);
  return hasHistory ? [first, last] : nothing;
}

/** Maximum number of emoji per message and of users per emoji. */
const reactionLimits = { maxEmoji: limits.emojiListed, maxReactors: limits.reactorsListed };

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
    const firstSeq = Math.max(first, afterSeq + 1);
    return findOldest.run(pool, { channelId, firstSeq, lastSeq: last, size: size + 1, ...reactionLimits });
  }
  const lastSeq = beforeSeq > 0 ? Math.min(last, beforeSeq - 1) : last;
  return findNewest.run(pool, { channelId, firstSeq: first, lastSeq, size: size + 1, ...reactionLimits });
}

function toMessage(row: HistoryEntry): Message {
  return Message.fromPartial({
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
    const [access] = await readAccess.run(pool, { channelId: id, userId: me.id });
    if (access === undefined) throw refuse('channel-not-found');
    const found = await findPlaces(pool, request, readable(access), size);
    const wanted = fitting(found.slice(0, size), limits.pageBytes, ({ bytes }) => bytes);
    const seqs = wanted.map(({ seq }) => seq);
    const rows = await readEntries.run(pool, { channelId: id, seqs, ...reactionLimits, readerId: me.id });
    const messages = fitting(rows.map(toMessage), limits.pageBytes, sizeOnTheWire);
    const more = messages.length < found.length && messages.length > 0;
    return HistoryResponse.fromPartial({ messages: [...messages], more, log: access.hasHistory ? access.logId : '' });
  };
}
