import type { Page } from '@parley/contract';
import type { Queryable } from '@parley/database';
import { limits, refuse } from '@parley/runtime';
import { type ChannelPlace, channelsNamed, listed, own } from '../store/channels.js';

/** What is looked for. */
export interface WantedUser {
  /** Whose own channels; undefined: what is listed for all. */
  readonly userId?: string;
  /** Of this name only; empty: any. */
  readonly name: string;
  /** After so many days that nobody used it, a channel is not listed any more. */
  readonly listedDays: number;
}

/** Before the first one, in the order of activity. */
export const first: ChannelPlace = { at: Number.MAX_SAFE_INTEGER, id: limits.channelId };

const token = /^(\d{1,16})-(\d{1,10})$/;

/**
 * Where the page before ended.
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

/** The token for what comes after a place. */
export const tokenOf = ({ at, id }: ChannelPlace) => `${at}-${id}`;

/** At most `size` channels behind a place, the most active first. */
export function findChannels(
  pool: Queryable,
  { userId, name, listedDays }: WantedUser,
  { at, id }: ChannelPlace,
  size: number,
): Promise<ChannelPlace[]> {
  if (userId !== undefined) return own.run(pool, [at, id, size, userId, name === '' ? null : name]);
  if (name !== '') return channelsNamed.run(pool, [at, id, size, name]);
  return listed.run(pool, [at, id, size, listedDays]);
}
