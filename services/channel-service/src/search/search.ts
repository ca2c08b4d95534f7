import { HistoryResponse, type Message, type SearchRequest } from '@parley/contract';
import { isBusy, type Pool, type Queryable } from '@parley/database';
import { isUserId, limits, refuse } from '@parley/runtime';
import type { Call, UserCaller } from '@parley/service-kit';
import { reactionLimits, readPage } from '../history/entries.js';
import type { HistoryPosition } from '../history/history-store.js';
import { readable } from '../history/readable.js';
import { accessOf } from '../members/membership-rules.js';
import { oneChannel } from '../requests/channel-id.js';
import { pageSize } from '../requests/page.js';
import { windowsUntil } from './labels.js';
import { queryOf, termsOf } from './query.js';
import { findMatches, findSearchable, type SearchMatch } from './search-store.js';

/** Calls that may wait for a connection of the search pool; each takes at most 2 s. */
const maxWaiting = 16;

/** The part of a channel that the caller may read. */
interface ReadablePart {
  readonly channelId: number;
  readonly logId: string;
  readonly firstSeq: number;
  readonly lastSeq: number;
}

/** Position of a message in the order of the results. */
type MatchPosition = Pick<SearchMatch, 'channelId' | 'seq' | 'sentMs'>;

/** What to look for, and where. */
interface MessageQuery {
  readonly terms: readonly string[];
  readonly parts: readonly ReadablePart[];
  readonly sinceMs: number;
  readonly beforeMs: number;
  readonly at: MatchPosition;
  readonly size: number;
}

const newest: MatchPosition = {
  sentMs: Number.MAX_SAFE_INTEGER,
  channelId: limits.channelId,
  seq: Number.MAX_SAFE_INTEGER,
};
const token = /^(\d{1,16})-(\d{1,10})-(\d{1,16})$/;

const tokenOf = ({ sentMs, channelId, seq }: MatchPosition) => `${sentMs}-${channelId}-${seq}`;

function positionAfter(after: string): MatchPosition {
  if (after === '') return newest;
  const [sentMs = Number.NaN, channelId = Number.NaN, seq = Number.NaN] = (token.exec(after) ?? [])
    .slice(1)
    .map(Number);
  const isValid = Number.isSafeInteger(sentMs) && Number.isSafeInteger(seq) && channelId <= limits.channelId;
  if (!isValid) throw refuse('invalid-page');
  return { sentMs, channelId, seq };
}

function termsIn({ text, sender }: SearchRequest): string[] {
  if (sender !== '' && !isUserId(sender)) throw refuse('invalid-user-id');
  if ([...text].length > limits.searchCharacters) throw refuse('invalid-search');
  const terms = termsOf(text, sender);
  if (terms.length === 0 || (text.trim() !== '' && termsOf(text, '').length === 0)) throw refuse('invalid-search');
  return terms;
}

/**
 * Returns the readable part of one channel.
 * @throws {Refusal} like History.
 */
async function partOf(pool: Queryable, channelId: number, me: UserCaller): Promise<ReadablePart> {
  const access = await accessOf(pool, me, channelId);
  const [firstSeq, lastSeq] = readable(access);
  return { channelId, logId: access.logId, firstSeq, lastSeq };
}

async function partsOf(pool: Queryable, me: UserCaller): Promise<ReadablePart[]> {
  const found = await findSearchable.run(pool, { userId: me.id, maxChannels: limits.channelsSearched });
  return found.map((access) => {
    const [firstSeq, lastSeq] = readable(access);
    return { channelId: access.channelId, logId: access.logId, firstSeq, lastSeq };
  });
}

async function findIn(pool: Pool, query: MessageQuery, labels: readonly string[]): Promise<SearchMatch[]> {
  const { terms, parts, sinceMs, beforeMs, at, size } = query;
  const channelIds = parts.map(({ channelId }) => channelId);
  try {
    return await findMatches.run(pool, {
      query: queryOf(terms, channelIds, labels),
      ...{ sinceMs, beforeMs, channelIds },
      firstSeqs: parts.map(({ firstSeq }) => firstSeq),
      lastSeqs: parts.map(({ lastSeq }) => lastSeq),
      ...{ atMs: at.sentMs, atChannelId: at.channelId, atSeq: at.seq },
      ...reactionLimits,
      size: size + 1,
    });
  } catch (error) {
    throw isBusy(error) ? refuse('search-too-broad') : error;
  }
}

/** Finds the newest matches, first in the last days, then further back until the page is full. */
async function findNewest(pool: Pool, query: MessageQuery): Promise<SearchMatch[]> {
  if (pool.waitingCount >= maxWaiting) throw refuse('too-busy');
  let found: SearchMatch[] = [];
  for (const { sinceMs, labels } of windowsUntil(Math.min(query.beforeMs, query.at.sentMs, Date.now()))) {
    found = await findIn(pool, query, labels);
    if (found.length > query.size || sinceMs <= query.sinceMs) break;
  }
  return found;
}

/**
 * Returns the matches whose stored words are up to date: from the current log, and from the current
 * text of the message.
 */
function current(found: readonly SearchMatch[], parts: readonly ReadablePart[]): HistoryPosition[] {
  const logs = new Map(parts.map(({ channelId, logId }) => [channelId, logId]));
  return found.flatMap(({ channelId, seq, logId, bytes }) =>
    bytes !== null && logs.get(channelId) === logId ? [{ channelId, seq, bytes }] : [],
  );
}

/** Returns the position at which the next page continues, if there is one. */
function endOf(
  found: readonly SearchMatch[],
  size: number,
  shown: readonly Message[],
  wanted: number,
): MatchPosition | undefined {
  const last = shown.at(-1);
  if (last !== undefined && shown.length < wanted)
    return found.find(({ channelId, seq }) => channelId === last.channelId && seq === last.seq);
  return found.length > size ? found[size - 1] : undefined;
}

/** Reads the messages of a page. */
async function respond(
  pool: Queryable,
  found: readonly SearchMatch[],
  { parts, size }: MessageQuery,
  readerId: string,
): Promise<HistoryResponse> {
  const wanted = current(found.slice(0, size), parts);
  const messages = await readPage(pool, wanted, readerId);
  const end = endOf(found, size, messages, wanted.length);
  return HistoryResponse.fromPartial({
    messages: messages.filter(({ deleted }) => !deleted),
    more: end !== undefined,
    next: end === undefined ? '' : tokenOf(end),
  });
}

/**
 * Handles Search: a page of the messages that the caller may read and that have these words, newest
 * first. A page may be short although more pages follow, because a message that has just changed is
 * left out.
 * @param searchPool few connections with a short statement timeout, so that searches do not hold up
 * other calls
 */
export function createSearch(pool: Pool, searchPool: Pool) {
  return async (request: SearchRequest, me: UserCaller, call: Call): Promise<HistoryResponse> => {
    call.quiet = true;
    const { channelId, before, after, page } = request;
    const size = pageSize(page?.size ?? 0);
    const at = positionAfter(page?.after ?? '');
    const terms = termsIn(request);
    const parts = channelId === 0 ? await partsOf(pool, me) : [await partOf(pool, oneChannel({ id: channelId }), me)];
    const beforeMs = before === 0 ? Number.MAX_SAFE_INTEGER : before;
    const query = { terms, parts, sinceMs: after, beforeMs, at, size };
    const found = parts.length === 0 ? [] : await findNewest(searchPool, query);
    return respond(pool, found, query, me.id);
  };
}
