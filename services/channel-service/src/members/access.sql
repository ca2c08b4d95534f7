-- Reads which part of channel $1 the user $2 may read.
SELECT c.kind, c.owner_id, c.retention_seconds IS DISTINCT FROM 0 AS has_history, c.open_history, h.log_id, h.first_seq, h.last_seq,
  m.role, m.joined_seq, m.left_seq, m.user_id IS NOT NULL AND m.left_seq IS NULL AS inside, coalesce(m.banned_until > now(), false) AS banned
FROM chat.channel c JOIN chat.channel_head h ON h.channel_id = c.id
LEFT JOIN chat.member m ON m.channel_id = c.id AND m.user_id = $2
WHERE c.id = $1 AND c.deleted_at IS NULL;
