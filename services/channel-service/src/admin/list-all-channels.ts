import { type ListAllChannelsRequest, ListAllChannelsResponse } from '@parley/contract';
import type { Pool } from '@parley/database';
import type { UserCaller } from '@parley/service-kit';
import { describeChannels } from '../channels/describe.js';
import { nextAfter, pageNumber, pageSize } from '../requests/page.js';
import { findChannelIds, listChannelIds } from './list-store.js';
import { searchedPrefix } from './list-users.js';

/**
 * Handles ListAllChannels: returns a page of channels of every kind, ordered by id, each as List
 * would show it to this operator.
 */
export function createListAllChannels(pool: Pool) {
  return async ({ text, page }: ListAllChannelsRequest, me: UserCaller): Promise<ListAllChannelsResponse> => {
    const size = pageSize(page?.size ?? 0);
    const range = { afterId: pageNumber(page) ?? 0, size: size + 1 };
    const prefix = searchedPrefix(text);
    const found = await (prefix === ''
      ? listChannelIds.run(pool, range)
      : findChannelIds.run(pool, { prefix, ...range }));
    const ids = found.slice(0, size).map(({ id }) => id);
    const channels = await describeChannels(pool, me, ids);
    return ListAllChannelsResponse.fromPartial({ channels, next: nextAfter(found, size, ({ id }) => String(id)) });
  };
}
