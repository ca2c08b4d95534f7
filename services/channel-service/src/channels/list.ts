import type { Channel } from '@parley/contract';
import type { Pool } from '@parley/database';
import { limits, refuse } from '@parley/runtime';
import type { Call, UserCaller } from '@parley/service-kit';
import { oneChannel } from '../requests/channel-id.js';
import { type ChannelQuery, findChannels, first } from './channel-search.js';
import { describeChannel, describeChannels } from './describe.js';
import { findVisible } from './list-store.js';

/**
 * Streams at most 1,000 channels. Reads the next page only after the client has taken the current
 * one.
 */
async function* walk(pool: Pool, me: UserCaller, wanted: ChannelQuery, known: Set<number>): AsyncGenerator<Channel> {
  let from = first;
  for (let left: number = limits.channelsPerList; left > 0; left -= limits.pageEntries) {
    const places = await findChannels(pool, wanted, from, Math.min(limits.pageEntries, left));
    const fresh = places.map(({ id }) => id).filter((id) => !known.has(id));
    for (const id of fresh) known.add(id);
    yield* await describeChannels(pool, me, fresh);
    if (places.length < limits.pageEntries) return;
    from = places.at(-1) ?? from;
  }
}

async function* listAll(pool: Pool, me: UserCaller, listedDays: number): AsyncGenerator<Channel> {
  const known = new Set<number>();
  yield* walk(pool, me, { userId: me.id, name: '', listedDays }, known);
  yield* walk(pool, me, { name: '', listedDays }, known);
}

async function* listOne(pool: Pool, me: UserCaller, id: number): AsyncGenerator<Channel> {
  if ((await findVisible.run(pool, { channelId: id, userId: me.id })).length === 0) throw refuse('channel-not-found');
  yield await describeChannel(pool, me, id);
}

/**
 * Handles List. Id 0 streams the caller's own channels, then the listed ones, at most 1,000 of
 * each. Any other id streams only that channel.
 */
export function createList(pool: Pool, listedDays: number) {
  return (request: Channel, me: UserCaller, call: Call): AsyncGenerator<Channel> => {
    call.quiet = true;
    return request.id === 0 ? listAll(pool, me, listedDays) : listOne(pool, me, oneChannel(request));
  };
}
