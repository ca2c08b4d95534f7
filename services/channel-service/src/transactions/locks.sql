-- Locks a channel until the transaction ends. Read anything that depends on the lock in the next
-- statement.
-- name: lockChannel
SELECT id, name, kind, user_limit, owner_id, retention_seconds IS DISTINCT FROM 0 AS has_history, open_history
FROM chat.channel WHERE id = :channelId AND deleted_at IS NULL FOR NO KEY UPDATE;

-- Locks a user until the transaction ends. Count what the lock protects in the next statement.
-- `is_new`: the account is less than a day old.
-- name: lockUser
SELECT id, created_at > now() - interval '1 day' AS is_new FROM chat.users WHERE id = :userId FOR NO KEY UPDATE;
