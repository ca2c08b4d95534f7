import type { Chat, UpdateReceiptRequest } from '@parley/contract';
import type { Pool, Rate } from '@parley/database';
import { refuse } from '@parley/runtime';
import type { Call, UserCaller } from '@parley/service-kit';
import type { Access } from '../members/member-store.js';
import { oneChannel } from '../requests/channel-id.js';
import { limitRate } from '../requests/rate-limit.js';
import { readChat } from './chats.js';
import { readAsMember } from './membership.js';
import { moveReceipt } from './receipt-store.js';

const receiptRate: Rate = { key: 'receipt', secondsPerCall: 0.1, burst: 200 };

function checkLog({ log, readSeq, deliveredSeq }: UpdateReceiptRequest, { hasHistory, logId }: Access): void {
  if (readSeq === 0 && deliveredSeq === 0) return;
  if (!hasHistory)
    throw refuse('no-history', {
      message: 'This channel stores no messages, so it has no receipts. Leave out the seqs.',
    });
  if (log !== logId) throw refuse('other-log');
}

/** Moves the receipt of a member. Returns false if the membership or the log changed meanwhile. */
async function move(pool: Pool, me: UserCaller, id: number, request: UpdateReceiptRequest): Promise<boolean> {
  const access = await readAsMember(pool, me, id);
  checkLog(request, access);
  const { readSeq, deliveredSeq, markedUnread } = request;
  const target = { channelId: id, userId: me.id, logId: access.logId };
  return (await moveReceipt.run(pool, { ...target, readSeq, deliveredSeq, markedUnread })).length > 0;
}

/**
 * Handles UpdateReceipt: moves the caller's watermarks forward, never back and never beyond the end
 * of the log, and marks the chat as unread or read.
 */
export function createUpdateReceipt(pool: Pool) {
  return async (request: UpdateReceiptRequest, me: UserCaller, call: Call): Promise<Chat> => {
    const id = oneChannel({ id: request.channelId });
    call.facts.channel = id;
    await limitRate(pool, receiptRate, me, 'change-too-often');
    // After false, the second attempt throws the refusal of a user who was removed, or of an old
    // log.
    const isMoved = (await move(pool, me, id, request)) || (await move(pool, me, id, request));
    if (!isMoved) throw refuse('too-busy');
    return readChat(pool, me, id);
  };
}
