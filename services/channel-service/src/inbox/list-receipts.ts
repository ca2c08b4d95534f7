import { type ListReceiptsRequest, ListReceiptsResponse } from '@parley/contract';
import type { Pool } from '@parley/database';
import { refuse } from '@parley/runtime';
import type { Call, UserCaller } from '@parley/service-kit';
import { readable } from '../history/readable.js';
import { oneChannel } from '../requests/channel-id.js';
import { nextAfter, pageAfter, pageSize } from '../requests/page.js';
import { readAsMember } from './membership.js';
import { listReceipts, readSender } from './receipt-store.js';

/**
 * Handles ListReceipts for a message that the caller may read: returns the receipts of the members,
 * without the sender of the message and without members who read in private.
 */
export function createListReceipts(pool: Pool) {
  return async ({ channelId, seq, page }: ListReceiptsRequest, me: UserCaller, call: Call) => {
    const id = oneChannel({ id: channelId });
    call.facts.channel = id;
    const size = pageSize(page?.size ?? 0);
    const afterId = pageAfter(page);
    const [first, last] = readable(await readAsMember(pool, me, id));
    const [message] = seq >= first && seq <= last ? await readSender.run(pool, { channelId: id, seq }) : [];
    if (message === undefined) throw refuse('message-not-found');
    const found = await listReceipts.run(pool, { channelId: id, afterId, senderId: message.senderId, size: size + 1 });
    const next = nextAfter(found, size, ({ userId }) => userId);
    return ListReceiptsResponse.fromPartial({ receipts: found.slice(0, size), next });
  };
}
