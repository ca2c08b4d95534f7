import type { Page } from '@parley/contract';
import type { Queryable } from '@parley/database';
import { limits, refuse } from '@parley/runtime';
import { type ChannelPlace, channelsNamed, listed, own } from './list-store.js';

/** Search criteria for channels. */
export interface ChannelQuery {
  /** User whose own channels are searched; undefined searches the public listing. */
  readonly userId?: string;
  /** Exact name to search for; empty matches any. */
  readonly name: string;
  /** Days without use after which a channel is no longer listed. */
  readonly listedDays: number;
}

/** Position before the first channel, in order of activity. */
export const first: ChannelPlace = { at: Number.MAX_SAFE_INTEGER, id: limits.channelId };

const token = /^(\d{1,16})-(\d{1,10})$/;

/**
 * Decodes a page token, the position at the end of the previous page.
 * @throws {Refusal} `invalid-page`.
 */
export function placeAfter(page: Page | undefined): ChannelPlace {
  const after = page?.after ?? '';
  if (after === '') return first;
  const [, at, id] = token.exec(after) ?? [];
  const place = { at: Number(at), id: Number(id) };
  if (!Number.isSafeInteger(place.at) || !(place.id <= limits.channelId)) throw refuse('invalid-page');
  return place;
}

/** Encodes the page token for a position. */
export const tokenOf = ({ at, id }: ChannelPlace) => `${at}-${id}`;

/** Returns at most `size` channels after a position, most active first. */
export function findChannels(
  pool: Queryable,
  { userId, name, listedDays }: ChannelQuery,
  { at, id }: ChannelPlace,
  size: number,
): Promise<ChannelPlace[]> {
  if (userId !== undefined) return own.run(pool, [at, id, size, userId, name === '' ? null : name]);
  if (name !== '') return channelsNamed.run(pool, [at, id, size, name]);
  return listed.run(pool, [at, id, size, listedDays]);
}
