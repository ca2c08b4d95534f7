import type { Pool, Queryable } from '@parley/database';
import { limits } from '@parley/runtime';
import type { UserCaller } from '@parley/service-kit';
import { readable } from '../history/readable.js';
import type { Access } from '../members/member-store.js';
import { accessOf } from '../members/membership-rules.js';
import { queryOf } from './query.js';
import { countSearchable, findMatchedChannels, findSearchable, findSearchableOf } from './search-store.js';

/**
 * Maximum number of channels for which a user's rights are read before the search. With more
 * channels, the search comes first.
 */
const fewChannels = 200;
/**
 * Maximum number of channels with matches for which the rights are read one by one. With more
 * matches, the rights in all channels of the user are read.
 */
const maxMatched = 2_000;
/** Maximum number of matching messages that are read to find these channels. */
const maxHits = 20_000;

/** The part of a channel that the caller may read. */
export interface ReadablePart {
  readonly channelId: number;
  readonly logId: string;
  readonly firstSeq: number;
  readonly lastSeq: number;
}

/** A stretch of time in which to look for words. */
export interface Span {
  readonly terms: readonly string[];
  /** Labels of the time; none: all time. */
  readonly labels: readonly string[];
  readonly sinceMs: number;
  readonly beforeMs: number;
}

/** Function that returns the readable parts of the channels in which a span can have matches. */
export type Scope = (span: Span) => Promise<readonly ReadablePart[]>;

type Searchable = Parameters<typeof readable>[0] & Pick<Access, 'logId'>;

function partOf(channelId: number, access: Searchable): ReadablePart {
  const [firstSeq, lastSeq] = readable(access);
  return { channelId, logId: access.logId, firstSeq, lastSeq };
}

/**
 * Returns the scope of one channel.
 * @throws {Refusal} like History.
 */
export async function oneChannelScope(pool: Queryable, channelId: number, me: UserCaller): Promise<Scope> {
  const part = partOf(channelId, await accessOf(pool, me, channelId));
  return async () => [part];
}

async function allParts(pool: Queryable, { id: userId }: UserCaller): Promise<ReadablePart[]> {
  const found = await findSearchable.run(pool, { userId, maxChannels: limits.channelsSearched });
  return found.map((access) => partOf(access.channelId, access));
}

/**
 * Returns the scope of a user of many channels. It finds the channels with matches first, whether
 * the user may read them or not, and then reads the user's rights in these channels.
 */
function matchedScope(pool: Pool, searchPool: Pool, me: UserCaller): Scope {
  const known = new Map<number, ReadablePart | undefined>();
  return async ({ terms, labels, sinceMs, beforeMs }) => {
    const query = queryOf(terms, [], labels);
    const bounds = { most: maxMatched + 1, mostHits: maxHits + 1 };
    const matched = await findMatchedChannels.run(searchPool, { query, sinceMs, beforeMs, ...bounds });
    if (matched.length > maxMatched || matched[0]?.isCut) return allParts(pool, me);
    const ids = matched.map(({ channelId }) => channelId);
    const channelIds = ids.filter((id) => !known.has(id));
    for (const id of channelIds) known.set(id, undefined);
    const found = channelIds.length === 0 ? [] : await findSearchableOf.run(pool, { userId: me.id, channelIds });
    for (const access of found) known.set(access.channelId, partOf(access.channelId, access));
    return ids.flatMap((id) => known.get(id) ?? []);
  };
}

/** Returns the scope of all channels of a user. */
export async function allChannelsScope(
  pool: Pool,
  searchPool: Pool,
  me: UserCaller,
  few = fewChannels,
): Promise<Scope> {
  const [counted] = await countSearchable.run(pool, { userId: me.id, most: few + 1 });
  if ((counted?.channels ?? 0) > few) return matchedScope(pool, searchPool, me);
  const parts = await allParts(pool, me);
  return async () => parts;
}
