import type { MemberReceipt } from '@parley/client';
import { textTable } from '@parley/runtime';
import { findOnly } from './find-channel.js';
import { firstOf } from './first-of.js';
import { chatName } from './my-chats.js';
import { output } from './output.js';
import { terminalLine } from './plain-text.js';
import type { CommandSession } from './session.js';

/** Marks a chat as read up to its last message, or as unread. */
export async function mark(session: CommandSession, wanted: string, as: 'read' | 'unread'): Promise<void> {
  const client = await session.loggedIn();
  const { id } = await findOnly(client, wanted);
  const chat = await client.chats.get(id);
  const { log, last, unread, markedUnread } = chat;
  if (as === 'unread') await client.chats.markUnread(id);
  else if (unread > 0 && last !== undefined) await client.chats.markRead(id, { log, seq: last.seq });
  if (as === 'read' && markedUnread) await client.chats.markUnread(id, false);
  session.print(`${chatName(chat)} is marked as ${as}.`, { id, marked_as: as });
}

/** Maximum number of receipts that the list prints. */
const mostListed = 1_000;

function stateOf({ deliveredSeq, readSeq }: MemberReceipt, seq: number): 'read' | 'delivered' | 'sent' {
  if (readSeq >= seq) return 'read';
  return deliveredSeq >= seq ? 'delivered' : 'sent';
}

/** Lists the members who have received and read a message of a chat. */
export async function receipts(session: CommandSession, wanted: string, seq: number): Promise<void> {
  const client = await session.loggedIn();
  const { id } = await findOnly(client, wanted);
  const onMore = () =>
    output.complain(`* there are more than ${mostListed} receipts; the list shows the first ones by user id`);
  const listed = await firstOf(client.chats.receipts(id, seq), mostListed, onMore);
  const rows = listed.map((receipt) => [terminalLine(receipt.userId), stateOf(receipt, seq)]);
  const values = listed.map((receipt) => ({ user_id: receipt.userId, state: stateOf(receipt, seq) }));
  const none = 'No other member shows receipts.';
  session.print(rows.length === 0 ? none : textTable(['id', 'message'], rows), values);
}
