import type { Channel } from '@parley/contract';
import type { Pool } from '@parley/database';
import type { UserCaller } from '@parley/rpc';
import { limits, refuse } from '@parley/runtime';
import { listed, visible } from '../store/channels.js';
import { oneChannel } from './channel-id.js';
import { describeChannels } from './describe.js';

const pageSize = 100;

/** What the caller may see, a page at a time: the next page is read when this one has been taken. */
async function* listAll(pool: Pool, me: UserCaller): AsyncGenerator<Channel> {
  let after = 0;
  for (let left: number = limits.channelsPerList; left > 0; left -= pageSize) {
    const ids = (await listed.run(pool, [me.id, after, Math.min(pageSize, left)])).map(({ id }) => id);
    yield* await describeChannels(pool, ids);
    if (ids.length < pageSize) return;
    after = ids.at(-1) ?? after;
  }
}

async function* listOne(pool: Pool, me: UserCaller, id: number): AsyncGenerator<Channel> {
  const seen = await visible.run(pool, [id, me.id]);
  const [channel] = seen.length > 0 ? await describeChannels(pool, [id]) : [];
  if (channel === undefined) throw refuse('channel-not-found');
  yield channel;
}

/** List: id 0 is everything that the caller may see, at most 10,000. */
export function createList(pool: Pool) {
  return (request: Channel, me: UserCaller): AsyncGenerator<Channel> =>
    request.id === 0 ? listAll(pool, me) : listOne(pool, me, oneChannel(request));
}
