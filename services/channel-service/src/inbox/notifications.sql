-- Lists the notifications of a user with ids below `beforeId`, newest first. A notification of a
-- message counts as read if the user has read the message. Leaves out notifications of chats that
-- the user is not in, except offers, and of messages that were deleted or that retention has
-- removed.
-- name: listNotifications
SELECT n.id, n.kind, n.channel_id, coalesce(n.seq, 0) AS seq, floor(extract(epoch FROM n.created_at) * 1000)::bigint AS created_ms, n.by_id, state.read
FROM chat.notification n LEFT JOIN chat.member m ON m.channel_id = n.channel_id AND m.user_id = n.user_id
CROSS JOIN LATERAL (SELECT n.read_at IS NOT NULL OR coalesce(n.seq <= m.read_seq, false) AS read) state
WHERE n.user_id = :userId AND n.id < :beforeId AND (n.kind = 'offered' OR m.user_id IS NOT NULL AND m.left_seq IS NULL)
  AND NOT (:unreadOnly AND state.read)
  AND :SHOWN
ORDER BY n.id DESC LIMIT :size;

-- Counts the unread notifications of a user that listNotifications returns, up to `maxCounted`.
-- name: countUnread
SELECT count(*) AS unread FROM (
  SELECT FROM chat.notification n LEFT JOIN chat.member m ON m.channel_id = n.channel_id AND m.user_id = n.user_id
  WHERE n.user_id = :userId AND (n.kind = 'offered' OR m.user_id IS NOT NULL AND m.left_seq IS NULL)
    AND n.read_at IS NULL AND NOT coalesce(n.seq <= m.read_seq, false)
    AND :SHOWN
  LIMIT :maxCounted
) counted;

-- Marks notifications of a user as read: those named, and all with ids up to `upTo`. Skips locked
-- rows: another call marks or deletes them.
-- name: markNotifications
UPDATE chat.notification SET read_at = now() WHERE id IN (
  SELECT n.id FROM chat.notification n
  WHERE n.user_id = :userId AND n.read_at IS NULL AND (n.id <= :upTo OR n.id = ANY (:ids::bigint[])) FOR UPDATE SKIP LOCKED
);
