-- One thing at a time for this channel until the transaction ends: $1 the channel. What depends on it is read by the next statement.
SELECT id, name, kind, user_limit, owner_id, keep_seconds IS DISTINCT FROM 0 AS keeps, open_history
FROM chat.channel WHERE id = $1 AND deleted_at IS NULL FOR NO KEY UPDATE;
