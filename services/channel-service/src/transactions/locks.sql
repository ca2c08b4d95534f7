-- Locks a channel until the transaction ends. Read anything that depends on the lock in the next
-- statement.
-- name: lockChannel
SELECT id, name, kind, user_limit, owner_id, retention_seconds IS DISTINCT FROM 0 AS has_history, open_history
FROM chat.channel WHERE id = :channelId AND deleted_at IS NULL FOR NO KEY UPDATE;

-- Locks a channel that a user may know of, until the transaction ends. An operator may know of any
-- channel. Does not wait for the lock of a channel that appears not to exist. Check the access of
-- the user again in the next statement.
-- name: lockVisibleChannel
SELECT c.id, c.name, c.kind, c.user_limit, c.owner_id, c.retention_seconds IS DISTINCT FROM 0 AS has_history, c.open_history
FROM chat.channel c
WHERE c.id = :channelId AND c.deleted_at IS NULL AND (:isOperator OR c.kind IN ('room', 'public')
  OR c.owner_id = :userId AND c.kind <> 'direct'
  OR EXISTS (SELECT FROM chat.member m WHERE m.channel_id = c.id AND m.user_id = :userId AND (m.left_seq IS NULL OR c.kind = 'direct'))
  OR EXISTS (SELECT FROM chat.offer o WHERE o.channel_id = c.id AND o.user_id = :userId AND o.lapses_at > statement_timestamp()))
FOR NO KEY UPDATE OF c;

-- Locks a user until the transaction ends. In the next statement, count the rows that the lock
-- protects. `is_new`: the account is less than a day old.
-- name: lockUser
SELECT id, created_at > now() - interval '1 day' AS is_new FROM chat.users WHERE id = :userId FOR NO KEY UPDATE;
