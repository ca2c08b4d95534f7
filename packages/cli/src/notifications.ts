import type { NotificationItem } from '@parley/client';
import { textTable } from '@parley/runtime';
import { dateAndClock } from './entry-lines.js';
import { firstOf } from './first-of.js';
import { terminalLine } from './plain-text.js';
import type { CommandSession } from './session.js';

/** The options of `notifications`. */
export interface NotificationOptions {
  /** Marks the listed ones and all older ones as read. */
  readonly read?: true;
  readonly all?: true;
  readonly size: number;
}

const kindWords: Readonly<Record<NotificationItem['kind'], string>> = {
  mention: 'mentioned you',
  reply: 'replied to you',
  direct: 'wrote to you',
  added: 'added you',
  offered: 'offered you a role',
  role: 'changed your role',
  unknown: 'did something',
};

function notificationTable(items: readonly NotificationItem[]): string {
  const rows = items.map(({ createdAt, by, kind, channelId, seq, read }) => [
    dateAndClock(createdAt),
    read ? '' : 'new',
    `${terminalLine(by)} ${kindWords[kind]}`,
    `channel ${channelId}${seq === 0 ? '' : ` #${seq}`}`,
  ]);
  return textTable(['at', '', 'what', 'where'], rows);
}

function notificationValue({ id, kind, channelId, seq, createdAt, read, by }: NotificationItem) {
  return { id, kind, channel_id: channelId, seq: seq || undefined, created_at: createdAt, read, by };
}

/**
 * Lists the newest notifications, by default the unread ones. With `read`, marks them and all older
 * ones as read.
 */
export async function notifications(session: CommandSession, { read, all, size }: NotificationOptions): Promise<void> {
  const client = await session.loggedIn();
  const items = await firstOf(client.notifications.list({ unreadOnly: all !== true, size }), size);
  const [first] = items;
  if (read && first !== undefined) await client.notifications.markRead({ upTo: first.id });
  const none = all ? 'You have no notifications.' : 'You have no unread notifications.';
  session.print(first === undefined ? none : notificationTable(items), items.map(notificationValue));
}
