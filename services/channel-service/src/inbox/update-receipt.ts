import type { Chat, UpdateReceiptRequest } from '@parley/contract';
import type { Bell, Pool, Rate } from '@parley/database';
import { refuse } from '@parley/runtime';
import type { Call, UserCaller } from '@parley/service-kit';
import type { Access } from '../members/member-store.js';
import type { ChatServers } from '../placement/chat-servers.js';
import { oneChannel } from '../requests/channel-id.js';
import { limitRate } from '../requests/rate-limit.js';
import { readChat } from './chats.js';
import { readAsMember } from './membership.js';
import { moveReceipt } from './receipt-store.js';

export interface UpdateReceiptDeps {
  readonly pool: Pool;
  readonly servers: ChatServers;
  /** Notifies the gateways of a receipt that no chat server shows. */
  readonly receiptBell: Bell;
  /** Notifies the gateways of a mark, for the devices of its user. */
  readonly membershipBell: Bell;
}

const receiptRate: Rate = { key: 'receipt', secondsPerCall: 0.1, burst: 200 };

function checkLog({ log, readSeq, deliveredSeq }: UpdateReceiptRequest, { hasHistory, logId }: Access): void {
  if (readSeq === 0 && deliveredSeq === 0) return;
  if (!hasHistory)
    throw refuse('no-history', {
      message: 'This channel stores no messages, so it has no receipts. Leave out the seqs.',
    });
  if (log !== logId) throw refuse('other-log');
}

/**
 * Moves the receipt of a member. Returns whether the receipt has moved, and the live chat server
 * that shows it, if there is one. Returns undefined if the membership or the log has changed
 * meanwhile.
 */
async function move(pool: Pool, me: UserCaller, id: number, request: UpdateReceiptRequest) {
  const access = await readAsMember(pool, me, id);
  checkLog(request, access);
  const { readSeq, deliveredSeq, markedUnread } = request;
  const target = { channelId: id, userId: me.id, logId: access.logId };
  const [moved] = await moveReceipt.run(pool, { ...target, readSeq, deliveredSeq, markedUnread });
  return moved;
}

/**
 * Handles UpdateReceipt: moves the caller's receipt forward, never back and never beyond the end of
 * the log, and marks the chat as unread or read. The streams of the chat show the new receipt.
 */
export function createUpdateReceipt({ pool, servers, receiptBell, membershipBell }: UpdateReceiptDeps) {
  return async (request: UpdateReceiptRequest, me: UserCaller, call: Call): Promise<Chat> => {
    const id = oneChannel({ id: request.channelId });
    call.facts.channel = id;
    await limitRate(pool, receiptRate, me, 'change-too-often');
    // After undefined, the second attempt throws the refusal for a removed user or for an old log.
    const moved = (await move(pool, me, id, request)) ?? (await move(pool, me, id, request));
    if (moved === undefined) throw refuse('too-busy');
    const { instanceId, internalAddr, hasMoved } = moved;
    const isShown = instanceId !== null && internalAddr !== null;
    if (isShown) servers.showReceipt({ instanceId, internalAddr }, id, me.id);
    else if (hasMoved) receiptBell.ring(`${id} ${me.id}`);
    if (!hasMoved || request.markedUnread !== undefined) membershipBell.ring(`${id} ${me.id}`); // The mark may have changed.
    return readChat(pool, me, id);
  };
}
