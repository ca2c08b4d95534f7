import type { Page } from '@parley/contract';
import type { Queryable } from '@parley/database';
import { limits, refuse } from '@parley/runtime';
import { type ListPosition, listNamed, listOwn, listPublic } from './list-store.js';

/** Search criteria for channels. */
export interface ChannelQuery {
  /** User whose own channels are searched; undefined searches the public listing. */
  readonly userId?: string;
  /** Whether the chats of that user are left out. Default: false. */
  readonly withoutChats?: boolean;
  /** Name to search for, ignoring case; empty matches any. */
  readonly name: string;
  /** Days without use after which a channel is no longer listed. */
  readonly listedDays: number;
}

/** Position before the first channel, in order of activity. */
export const first: ListPosition = { at: Number.MAX_SAFE_INTEGER, id: limits.channelId };

const token = /^(\d{1,16})-(\d{1,10})$/;

/**
 * Decodes a page token, the position at the end of the previous page.
 * @throws {Refusal} `invalid-page`.
 */
export function positionAfter(page: Page | undefined): ListPosition {
  const after = page?.after ?? '';
  if (after === '') return first;
  const [, at, id] = token.exec(after) ?? [];
  const position = { at: Number(at), id: Number(id) };
  if (!Number.isSafeInteger(position.at) || !(position.id <= limits.channelId)) throw refuse('invalid-page');
  return position;
}

/** Encodes the page token for a position. */
export const tokenOf = ({ at, id }: ListPosition) => `${at}-${id}`;

/** Returns at most `size` channels after a position, most active first. */
export function findChannels(
  pool: Queryable,
  { userId, withoutChats = false, name, listedDays }: ChannelQuery,
  { at, id }: ListPosition,
  size: number,
): Promise<ListPosition[]> {
  const page = { at, id, size };
  if (userId !== undefined)
    return listOwn.run(pool, { ...page, userId, withoutChats, name: name === '' ? null : name });
  if (name !== '') return listNamed.run(pool, { ...page, name });
  return listPublic.run(pool, { ...page, maxAgeDays: listedDays });
}
