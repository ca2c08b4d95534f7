import type { OverviewRequest, OverviewResponse } from '@parley/contract';
import type { Queryable } from '@parley/database';
import type { Call, TurnQueue, UserCaller } from '@parley/service-kit';
import { positionAfter, tokenOf } from '../channels/channel-search.js';
import { nextAfter, pageSize } from '../requests/page.js';
import type { SnapshotPosition } from './chat-store.js';
import { chatsOf, readPageOfChats } from './chats.js';

/**
 * Encodes the position of a snapshot among all events and entries, for one user. Clients pass it to
 * the inbox unchanged. The snapshot contains every event whose transaction id is below `txid`, and
 * every entry up to `readAt` by the clock of the database. `life` is the time when the database
 * server started.
 */
const inboxPosition = ({ txid, readAt, life }: SnapshotPosition, { number }: UserCaller) =>
  `1-${txid}-${readAt}-${life}-${number}`;

/**
 * Handles Overview: returns a page of the caller's chats, most active first, from one snapshot. It
 * waits for its turn, because many clients may call it at once.
 */
export function createOverview(pool: Queryable, turns: TurnQueue) {
  return async ({ page }: OverviewRequest, me: UserCaller, call: Call): Promise<OverviewResponse> => {
    call.quiet = true;
    const size = pageSize(page?.size ?? 0);
    const wanted = { ...positionAfter(page), size: size + 1, channelId: null };
    const onLeave = (listener: () => void) => call.onOver(listener);
    const read = () => readPageOfChats(pool, me, wanted);
    const { rows, position } = await turns.run(onLeave, read, call.startedAtMs);
    const chats = chatsOf(me, rows.slice(0, size));
    return {
      chats: [...chats],
      next: nextAfter(rows, chats.length, tokenOf),
      inbox: position === undefined ? '' : inboxPosition(position, me),
    };
  };
}
