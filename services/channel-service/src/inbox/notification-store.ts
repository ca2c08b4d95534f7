import { array, bool, int4, int8, loadSql, type NotificationKind, text } from '@parley/database';

/** SQL condition: the notification `n` has no message, or its message can still be shown. */
const shown = `(n.seq IS NULL OR coalesce((
    SELECT x.seq >= (SELECT h.first_seq FROM chat.channel_head h WHERE h.channel_id = x.channel_id)
    FROM chat.message x WHERE x.channel_id = n.channel_id AND x.seq = n.seq AND x.deleted_at IS NULL
  ), false))`;

const sql = loadSql('notifications.sql', import.meta.url, { SHOWN: shown });

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
