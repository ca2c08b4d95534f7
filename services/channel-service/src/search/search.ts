import { HistoryResponse, type Message, type SearchRequest } from '@parley/contract';
import { type DatabaseClock, isBusy, type Pool, type Queryable } from '@parley/database';
import { isUserId, limits, refuse } from '@parley/runtime';
import type { Call, UserCaller } from '@parley/service-kit';
import { reactionLimits, readPage } from '../history/entries.js';
import type { HistoryPosition } from '../history/history-store.js';
import { oneChannel } from '../requests/channel-id.js';
import { pageSize } from '../requests/page.js';
import { windowsUntil } from './labels.js';
import { queryOf, termsOf } from './query.js';
import { allChannelsScope, oneChannelScope, type ReadablePart, type Scope, type Span } from './scope.js';
import { findMatches, type SearchMatch } from './search-store.js';

/**
 * Maximum number of calls that wait for a connection of the search pool. Each takes at most 2 s.
 */
const maxWaiting = 16;

/** Position of a message in the order of the results. */
type MatchPosition = Pick<SearchMatch, 'channelId' | 'seq' | 'sentMs'>;

/** The terms to look for, and the messages to search. */
interface MessageQuery {
  readonly terms: readonly string[];
  readonly scope: Scope;
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

/** Parts that searches use. */
export interface SearchDeps {
  readonly pool: Pool;
  /** Few connections with a short statement timeout, so that searches do not hold up other calls. */
  readonly searchPool: Pool;
  /** Clock of the database, which also gives messages their times. */
  readonly clock: Pick<DatabaseClock, 'now'>;
}

/** Matches, and the parts of channels to which they belong. */
interface Matches {
  readonly found: readonly SearchMatch[];
  readonly parts: readonly ReadablePart[];
}

async function findIn(pool: Pool, { at, size, scope }: MessageQuery, span: Span): Promise<Matches> {
  const parts = await scope(span);
  if (parts.length === 0) return { found: [], parts };
  const { terms, labels, sinceMs, beforeMs } = span;
  const channelIds = parts.map(({ channelId }) => channelId);
  const found = await findMatches.run(pool, {
    query: queryOf(terms, channelIds, labels),
    ...{ sinceMs, beforeMs, channelIds },
    firstSeqs: parts.map(({ firstSeq }) => firstSeq),
    lastSeqs: parts.map(({ lastSeq }) => lastSeq),
    ...{ atMs: at.sentMs, atChannelId: at.channelId, atSeq: at.seq },
    ...reactionLimits,
    size: size + 1,
  });
  return { found, parts };
}

/**
 * Finds the newest matches, first in the last days before `nowMs`, then further back until the page
 * is full.
 */
async function findNewest(pool: Pool, query: MessageQuery, nowMs: number): Promise<Matches> {
  if (pool.waitingCount >= maxWaiting) throw refuse('too-busy');
  const { terms, at, size } = query;
  const beforeMs = Math.min(query.beforeMs, at.sentMs + 1);
  let matches: Matches = { found: [], parts: [] };
  for (const { sinceMs, labels } of windowsUntil(Math.min(beforeMs, nowMs))) {
    matches = await findIn(pool, query, { terms, labels, sinceMs: query.sinceMs, beforeMs });
    if (matches.found.length > size || sinceMs <= query.sinceMs) break;
  }
  return matches;
}

/**
 * Returns the matches whose stored words belong to the current log and to the current text of the
 * message.
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
  { found, parts }: Matches,
  size: number,
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
 * Handles Search: returns a page of the messages that the caller may read and that match the
 * request, newest first. A page may be short although more pages follow, because a message that has
 * just changed is left out.
 */
export function createSearch({ pool, searchPool, clock }: SearchDeps, few?: number) {
  const findFor = async (request: SearchRequest, me: UserCaller, size: number): Promise<Matches> => {
    const { channelId, before, after, page } = request;
    const at = positionAfter(page?.after ?? '');
    const terms = termsIn(request);
    const scope = await (channelId === 0
      ? allChannelsScope(pool, searchPool, me, few)
      : oneChannelScope(pool, oneChannel({ id: channelId }), me));
    const beforeMs = before === 0 ? Number.MAX_SAFE_INTEGER : before;
    return findNewest(searchPool, { terms, scope, sinceMs: after, beforeMs, at, size }, clock.now());
  };
  return async (request: SearchRequest, me: UserCaller, call: Call): Promise<HistoryResponse> => {
    call.quiet = true;
    const size = pageSize(request.page?.size ?? 0);
    const matches = await findFor(request, me, size).catch((error: unknown) => {
      throw isBusy(error) ? refuse('search-too-broad') : error;
    });
    return respond(pool, matches, size, me.id);
  };
}
