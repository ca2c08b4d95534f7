import { type HistoryRequest, HistoryResponse } from '@parley/contract';
import type { Queryable } from '@parley/database';
import { refuse } from '@parley/runtime';
import type { Call, UserCaller } from '@parley/service-kit';
import { accessOf } from '../members/membership-rules.js';
import { oneChannel } from '../requests/channel-id.js';
import { pageSize } from '../requests/page.js';
import { reactionLimits, readPage } from './entries.js';
import { findNewest, findOldest, findPinned, type HistoryPosition } from './history-store.js';
import { isFormer, type Readable, readable } from './readable.js';

const goesForward = ({ afterSeq, oldestFirst }: HistoryRequest) => afterSeq > 0 || oldestFirst;
const goesBackward = ({ beforeSeq, pinned }: HistoryRequest) => beforeSeq > 0 || pinned;

/** Finds the positions of a page and one more, which tells whether another page follows. */
function findPlaces(
  pool: Queryable,
  request: HistoryRequest,
  [first, last]: Readable,
  size: number,
): Promise<HistoryPosition[]> {
  const { channelId, beforeSeq, afterSeq, pinned } = request;
  if (goesForward(request)) {
    const firstSeq = Math.max(first, afterSeq + 1);
    return findOldest.run(pool, { channelId, firstSeq, lastSeq: last, size: size + 1, ...reactionLimits });
  }
  const lastSeq = beforeSeq > 0 ? Math.min(last, beforeSeq - 1) : last;
  const find = pinned ? findPinned : findNewest;
  return find.run(pool, { channelId, firstSeq: first, lastSeq, size: size + 1, ...reactionLimits });
}

/**
 * Handles History: returns a page of the log as it is now. Pages run backwards from the newest
 * entry or a seq, or forwards from the oldest entry or a seq. A page of pinned messages runs
 * backwards, and is empty for a former member, because a pin may be newer than the removal. The log
 * id is empty for a channel without history.
 */
export function createHistory(pool: Queryable) {
  return async (request: HistoryRequest, me: UserCaller, call: Call): Promise<HistoryResponse> => {
    call.quiet = true;
    const id = oneChannel({ id: request.channelId });
    call.facts.channel = id;
    const size = pageSize(request.size);
    if (goesBackward(request) && goesForward(request)) throw refuse('invalid-page');
    const access = await accessOf(pool, me, id);
    const range = readable(access);
    const found = request.pinned && isFormer(access) ? [] : await findPlaces(pool, request, range, size);
    const messages = await readPage(pool, found.slice(0, size), me.id);
    const more = messages.length < found.length && messages.length > 0;
    return HistoryResponse.fromPartial({ messages: [...messages], more, log: access.hasHistory ? access.logId : '' });
  };
}
