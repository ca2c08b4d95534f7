import type { Chat, OverviewRequest, OverviewResponse } from '@parley/contract';
import { type Pool, type PoolClient, type RowOf, snapshot } from '@parley/database';
import type { Call, UserCaller } from '@parley/service-kit';
import { positionAfter, tokenOf } from '../channels/channel-search.js';
import type { ListPosition } from '../channels/list-store.js';
import { pageSize } from '../requests/page.js';
import { findChats, readPosition } from './chat-store.js';
import { readChatsOf } from './chats.js';

/**
 * Encodes the position of a snapshot among all events and entries. Clients send it back unchanged.
 * The snapshot contains every event whose transaction id is below `txid`, and every entry up to
 * `at` by the clock of the database. `life` is the time at which the database server started.
 */
const inboxPosition = ({ txid, at, life }: RowOf<typeof readPosition>) => `1-${txid}-${at}-${life}`;

/**
 * Returns the token of the next page, which starts after the last of `chats`, or '' if this page is
 * the last.
 */
function nextToken(found: readonly ListPosition[], size: number, chats: readonly Chat[]): string {
  const places = found.slice(0, size);
  const last = chats.at(-1)?.channel?.id;
  const cut = places.findIndex(({ id }) => id === last);
  const place = places[cut];
  return place !== undefined && cut < found.length - 1 ? tokenOf(place) : '';
}

async function readOverview(
  client: PoolClient,
  me: UserCaller,
  from: ListPosition,
  size: number,
): Promise<OverviewResponse> {
  const [position] = await readPosition.run(client);
  const found = await findChats.run(client, { userId: me.id, ...from, size: size + 1 });
  const ids = found.slice(0, size).map(({ id }) => id);
  const chats = await readChatsOf(client, me, ids);
  return {
    chats: [...chats],
    next: nextToken(found, size, chats),
    inbox: position === undefined ? '' : inboxPosition(position),
  };
}

/** Handles Overview: returns a page of the caller's chats, most active first, from one snapshot. */
export function createOverview(pool: Pool) {
  return async ({ page }: OverviewRequest, me: UserCaller, call: Call): Promise<OverviewResponse> => {
    call.quiet = true;
    const size = pageSize(page?.size ?? 0);
    const from = positionAfter(page);
    return snapshot(pool, (client) => readOverview(client, me, from, size));
  };
}
