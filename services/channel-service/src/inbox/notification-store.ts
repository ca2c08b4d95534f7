import { array, bool, int4, int8, loadSql, type NotificationKind, text } from '@parley/database';

const sql = loadSql('notifications.sql', import.meta.url);

export const listNotifications = sql.statement(
  'listNotifications',
  { userId: text, beforeId: int8, unreadOnly: bool, size: int8 },
  {
    id: int8,
    kind: text.as<NotificationKind>(),
    channelId: int4,
    /** Seq of the message; 0 for a notification without a message. */
    seq: int8,
    createdMs: int8,
    byId: text,
    read: bool,
  },
);
export const countUnread = sql.statement('countUnread', { userId: text, maxCounted: int8 }, { unread: int8 });
export const markNotifications = sql.statement('markNotifications', { userId: text, upTo: int8, ids: array(int8) });
