-- Locks channel $1 until the transaction ends. Read anything that depends on the lock in the next
-- statement.
SELECT id, name, kind, user_limit, owner_id, retention_seconds IS DISTINCT FROM 0 AS has_history, open_history
FROM chat.channel WHERE id = $1 AND deleted_at IS NULL FOR NO KEY UPDATE;
